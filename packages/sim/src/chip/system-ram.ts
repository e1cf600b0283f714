/** System RAM of one chip: 32 KB that all its cores share. SpiNN-2 data sheet, chapter on the memory map. */
import { takeArenaBlock } from '../arm/arena.js';
import { Page } from './page.js';

/** Size of the System RAM, bytes. */
export const SYSTEM_RAM_BYTES = 0x8000;
const PAGE_SHIFT = 10;
const PAGE_BYTES = 1 << PAGE_SHIFT;

/** The clocks among the system variables: what is in these 16 bytes changes by itself. */
const CLOCKS = 0x7f10;
const CLOCK_BYTES = 16;

/** Accesses of translated code by the bus after which it gets past it. */
const USES_BEFORE_DIRECT = 1000;

/** What System RAM holds, by pages, while no chip may change it. */
export type SharedSystemRam = readonly Page[];

/** Of all chips to which nothing was written. */
const BLANK: SharedSystemRam = new Array<Page>(SYSTEM_RAM_BYTES >> PAGE_SHIFT).fill(
  new Page(PAGE_BYTES, undefined),
);

/** System RAM, addressed by offset; offsets wrap around at its size. */
export class SystemRam {
  /** Brings the clocks up to date before they are read. */
  updateClocks: (() => void) | undefined;
  private pages: SharedSystemRam = BLANK;
  /** The same while it is this chip's own, so that it may be changed. */
  private ownPages: Page[] | undefined;
  /** Where all pages are in the arena, in a row and this chip's own; 0 when they are elsewhere. */
  private arenaAddress = 0;
  private uses = 0;

  /** Whether nothing was written. */
  get isBlank(): boolean {
    return this.pages === BLANK;
  }

  /** Unsigned value of `size` bytes at an aligned offset. */
  read(offset: number, size: 1 | 2 | 4): number {
    const at = offset & (SYSTEM_RAM_BYTES - 1);
    if ((at & -CLOCK_BYTES) === CLOCKS) this.updateClocks?.();
    return this.page(at).read(at & (PAGE_BYTES - 1), size);
  }

  /** Writes `size` bytes at an aligned offset. */
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    const at = offset & (SYSTEM_RAM_BYTES - 1);
    this.ownPage(at).write(at & (PAGE_BYTES - 1), value, size);
  }

  /** Copies bytes out; they lie within the memory. */
  readBlock(offset: number, target: Uint8Array): void {
    const end = offset + target.length;
    if (offset < CLOCKS + CLOCK_BYTES && end > CLOCKS) this.updateClocks?.();
    for (let at = offset; at < end; ) {
      const inPage = at & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, end - at);
      target.set(this.page(at).bytes.subarray(inPage, inPage + length), at - offset);
      at += length;
    }
  }

  /** Copies bytes in; they lie within the memory. */
  writeBlock(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const inPage = (offset + done) & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, source.length - done);
      this.ownPage(offset + done).bytes.set(source.subarray(done, done + length), inPage);
      done += length;
    }
  }

  /** Address in the arena of all of it; 0 when translated code has to go by the bus. */
  get address(): number {
    return this.updateClocks === undefined ? this.arenaAddress : 0;
  }

  /** Translated code used it by the bus: after many times it is put where that is not needed. */
  used(): void {
    if (++this.uses < USES_BEFORE_DIRECT || this.arenaAddress !== 0) return;
    if (this.updateClocks !== undefined) return;
    const address = takeArenaBlock(this, SYSTEM_RAM_BYTES)?.address;
    if (address === undefined) return;
    this.replacePages((page, index) =>
      Page.copyOf(page, PAGE_BYTES, this, address + index * PAGE_BYTES),
    );
    this.arenaAddress = address;
  }

  /** All that was written; it is shared from now on. */
  share(): SharedSystemRam {
    // The block in the arena is given back with this memory, which other chips can outlive.
    if (this.arenaAddress !== 0) this.replacePages((page) => Page.copyOf(page, PAGE_BYTES, this));
    for (const page of this.pages) if (page.owner === this) page.owner = undefined;
    this.ownPages = undefined;
    this.leaveArena();
    return this.pages;
  }

  /** Takes over what another chip shared, in place of everything here. */
  adopt(pages: SharedSystemRam): void {
    this.pages = pages;
    this.ownPages = undefined;
    this.leaveArena();
  }

  /** Bytes of this computer's memory in use. Pages in `counted` do not count; those that do are added. */
  committedBytes(counted: Set<object>): number {
    if (counted.has(this.pages)) return 0;
    counted.add(this.pages);
    const pages = new Set<Page>(this.pages.filter((page) => !counted.has(page)));
    for (const page of pages) counted.add(page);
    return pages.size * PAGE_BYTES;
  }

  private replacePages(replace: (page: Page, index: number) => Page): void {
    this.ownPages = this.pages.map(replace);
    this.pages = this.ownPages;
  }

  private leaveArena(): void {
    this.arenaAddress = 0;
    this.uses = 0;
  }

  private page(offset: number): Page {
    return this.pages[offset >> PAGE_SHIFT] as Page;
  }

  /** The page at an offset, made this chip's own. */
  private ownPage(offset: number): Page {
    const page = this.page(offset);
    if (page.owner === this) return page;
    const own = Page.copyOf(page, PAGE_BYTES, this);
    if (this.ownPages === undefined) {
      this.ownPages = this.pages.slice();
      this.pages = this.ownPages;
    }
    this.ownPages[offset >> PAGE_SHIFT] = own;
    return own;
  }
}
