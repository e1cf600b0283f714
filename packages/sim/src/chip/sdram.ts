/**
 * SDRAM of one chip: 128 MB that takes memory of this computer only where something was written that
 * other chips do not hold too. SpiNN-2 data sheet, chapter on the memory map.
 */
import { arena, takeArenaBlock } from '../arm/arena.js';
import type { DirectSdram } from '../core/core.js';
import { Page } from './page.js';

/** Address of SDRAM. */
export const SDRAM_BASE = 0x60000000;
/** Size of a chip's SDRAM, bytes. */
export const SDRAM_BYTES = 0x8000000;
/** End of the addresses that reach SDRAM: it shows there four times. */
const WINDOW_END = 0x80000000;
const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const REGION_SHIFT = 20;
const REGIONS = SDRAM_BYTES >> REGION_SHIFT;
const PAGES_OF_REGION = 1 << (REGION_SHIFT - PAGE_SHIFT);

const PAGES = SDRAM_BYTES >> PAGE_SHIFT;
/** Accesses of translated code by the bus after which it gets a table of pages. */
const USES_BEFORE_TABLE = 1000;

/** Whether all of a range of addresses reaches SDRAM. */
export function isSdram(address: number, length: number): boolean {
  return address >= SDRAM_BASE && address + length <= WINDOW_END;
}

/** Pages of 1 MB; shared, and then never changed again, when it has no owner. */
export interface Region {
  owner: Sdram | undefined;
  readonly pages: (Page | undefined)[];
}

/** What SDRAM holds, by regions, while no chip may change it. */
export type SharedSdram = readonly (Region | undefined)[];

/** Of one write to many chips: what those hold now that came first, by what they held before. */
export type CommonWrite = Map<SharedSdram, SharedSdram>;

const NOTHING_WRITTEN: SharedSdram = new Array<undefined>(REGIONS).fill(undefined);

/** SDRAM, addressed by offset; offsets wrap around at its size, as the chip's address window does. */
export class Sdram implements DirectSdram {
  /** Bytes that translated code read and wrote past the bus. */
  bytesPastBus = 0;
  private regions: SharedSdram = NOTHING_WRITTEN;
  /** The same while it is this chip's own, so that it may be changed. */
  private ownRegions: (Region | undefined)[] | undefined;
  /** For each page its address in the arena, or 0, for translated code. */
  private pageTable: Int32Array | undefined;
  private uses = 0;

  /** Whether nothing was written. */
  get isBlank(): boolean {
    return this.regions === NOTHING_WRITTEN;
  }

  /** Unsigned value of `size` bytes at an aligned offset; 0 where nothing was written. */
  read(offset: number, size: 1 | 2 | 4): number {
    const page = this.page(offset);
    return page === undefined ? 0 : page.read(offset & (PAGE_BYTES - 1), size);
  }

  /** Writes `size` bytes at an aligned offset. */
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    this.ownPage(offset).write(offset & (PAGE_BYTES - 1), value, size);
  }

  /** Copies bytes out, from any offset. */
  readBlock(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const inPage = (offset + done) & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, target.length - done);
      const page = this.page(offset + done);
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(page.bytes.subarray(inPage, inPage + length), done);
      done += length;
    }
  }

  /** Copies bytes in, to any offset. */
  writeBlock(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const inPage = (offset + done) & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, source.length - done);
      this.ownPage(offset + done).bytes.set(source.subarray(done, done + length), inPage);
      done += length;
    }
  }

  /** Copies bytes in that many chips get: those that share all before the write share all after it. */
  writeCommonBlock(offset: number, source: Uint8Array, write: CommonWrite): void {
    const before = this.regions;
    const after = write.get(before);
    if (after !== undefined) {
      this.adopt(after);
      return;
    }
    const isShared = this.ownRegions === undefined;
    this.writeBlock(offset, source);
    if (isShared) write.set(before, this.share());
  }

  /** All that was written; it is shared from now on. */
  share(): SharedSdram {
    for (const region of this.regions) {
      if (region?.owner !== this) continue;
      region.owner = undefined;
      for (const page of region.pages) if (page?.owner === this) page.owner = undefined;
    }
    this.ownRegions = undefined;
    this.pageTable?.fill(0);
    return this.regions;
  }

  /** Takes over what another chip shared, in place of everything here. */
  adopt(regions: SharedSdram): void {
    this.regions = regions;
    this.ownRegions = undefined;
    this.pageTable?.fill(0);
  }

  get table(): number {
    return this.pageTable?.byteOffset ?? 0;
  }

  /** After many uses a page is put into the table: it becomes this chip's own then, if it exists. */
  used(address: number): void {
    if (++this.uses < USES_BEFORE_TABLE) return;
    this.pageTable ??= this.newTable();
    const offset = address & (SDRAM_BYTES - 1);
    const page = this.page(offset);
    if (page === undefined || this.pageTable?.[offset >> PAGE_SHIFT] !== 0) return;
    const direct = Page.copyOf(page, PAGE_BYTES, this, true);
    if (direct.arenaAddress === undefined) return;
    this.setOwnPage(offset, direct);
    this.pageTable[offset >> PAGE_SHIFT] = direct.arenaAddress;
  }

  count(bytes: number): void {
    this.bytesPastBus += bytes;
  }

  private newTable(): Int32Array | undefined {
    const block = takeArenaBlock(this, PAGES * Int32Array.BYTES_PER_ELEMENT);
    return block && new Int32Array(arena.buffer, block.address, PAGES);
  }

  /** Bytes of this computer's memory in use. Pages in `counted` do not count; those that do are added. */
  committedBytes(counted: Set<object>): number {
    let pages = 0;
    for (const region of this.regions) {
      if (region === undefined || counted.has(region)) continue;
      counted.add(region);
      for (const page of region.pages) {
        if (page === undefined || counted.has(page)) continue;
        counted.add(page);
        pages++;
      }
    }
    return pages * PAGE_BYTES;
  }

  private page(offset: number): Page | undefined {
    const region = this.regions[(offset & (SDRAM_BYTES - 1)) >> REGION_SHIFT];
    return region?.pages[(offset >> PAGE_SHIFT) & (PAGES_OF_REGION - 1)];
  }

  /** The page at an offset, made this chip's own. */
  private ownPage(offset: number): Page {
    const page = this.page(offset);
    if (page !== undefined && page.owner === this) return page;
    const own = Page.copyOf(page, PAGE_BYTES, this);
    this.setOwnPage(offset, own);
    return own;
  }

  private setOwnPage(offset: number, page: Page): void {
    const region = this.ownRegion((offset & (SDRAM_BYTES - 1)) >> REGION_SHIFT);
    region.pages[(offset >> PAGE_SHIFT) & (PAGES_OF_REGION - 1)] = page;
  }

  private ownRegion(index: number): Region {
    const region = this.regions[index];
    if (region?.owner === this) return region;
    const pages = region?.pages.slice() ?? new Array<undefined>(PAGES_OF_REGION).fill(undefined);
    const own = { owner: this, pages };
    if (this.ownRegions === undefined) {
      this.ownRegions = this.regions.slice();
      this.regions = this.ownRegions;
    }
    this.ownRegions[index] = own;
    return own;
  }
}
