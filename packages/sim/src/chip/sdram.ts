/**
 * SDRAM of one chip: 128 MB that takes memory of this computer only where something was written.
 * SpiNN-2 data sheet, chapter on the memory map.
 */

/** Address of SDRAM. */
export const SDRAM_BASE = 0x60000000;
/** Size of a chip's SDRAM, bytes. */
export const SDRAM_BYTES = 0x8000000;
/** End of the addresses that reach SDRAM: it shows there four times. */
const WINDOW_END = 0x80000000;
const PAGE_SHIFT = 14;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const REGION_SHIFT = 20;
const PAGES_OF_REGION = 1 << (REGION_SHIFT - PAGE_SHIFT);

/** Whether all of a range of addresses reaches SDRAM. */
export function isSdram(address: number, length: number): boolean {
  return address >= SDRAM_BASE && address + length <= WINDOW_END;
}

/** One page, seen in three sizes. */
interface Page {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
}

function newPage(): Page {
  const block = new ArrayBuffer(PAGE_BYTES);
  return {
    bytes: new Uint8Array(block),
    halves: new Uint16Array(block),
    words: new Uint32Array(block),
  };
}

/** SDRAM, addressed by offset; offsets wrap around at its size, as the chip's address window does. */
export class Sdram {
  private readonly regions: (Page[] | undefined)[] = new Array(SDRAM_BYTES >> REGION_SHIFT).fill(
    undefined,
  );

  /** Bytes of this computer's memory in use. */
  get committedBytes(): number {
    const pages = this.regions.reduce(
      (count, region) => count + Object.keys(region ?? []).length,
      0,
    );
    return pages * PAGE_BYTES;
  }

  /** Unsigned value of `size` bytes at an aligned offset; 0 where nothing was written. */
  read(offset: number, size: 1 | 2 | 4): number {
    const page = this.page(offset);
    if (page === undefined) return 0;
    const inPage = offset & (PAGE_BYTES - 1);
    if (size === 4) return page.words[inPage >> 2] as number;
    return size === 2 ? (page.halves[inPage >> 1] as number) : (page.bytes[inPage] as number);
  }

  /** Writes `size` bytes at an aligned offset. */
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    const page = this.page(offset) ?? this.commit(offset);
    const inPage = offset & (PAGE_BYTES - 1);
    if (size === 4) page.words[inPage >> 2] = value;
    else if (size === 2) page.halves[inPage >> 1] = value;
    else page.bytes[inPage] = value;
  }

  /** Copies bytes out, from any offset. */
  readBlock(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const at = (offset + done) & (SDRAM_BYTES - 1);
      const inPage = at & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, target.length - done);
      const page = this.page(at);
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(page.bytes.subarray(inPage, inPage + length), done);
      done += length;
    }
  }

  /** Copies bytes in, to any offset. */
  writeBlock(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const at = (offset + done) & (SDRAM_BYTES - 1);
      const inPage = at & (PAGE_BYTES - 1);
      const length = Math.min(PAGE_BYTES - inPage, source.length - done);
      const page = this.page(at) ?? this.commit(at);
      page.bytes.set(source.subarray(done, done + length), inPage);
      done += length;
    }
  }

  private page(offset: number): Page | undefined {
    const region = this.regions[(offset & (SDRAM_BYTES - 1)) >> REGION_SHIFT];
    return region?.[(offset >> PAGE_SHIFT) & (PAGES_OF_REGION - 1)];
  }

  private commit(offset: number): Page {
    const index = (offset & (SDRAM_BYTES - 1)) >> REGION_SHIFT;
    let region = this.regions[index];
    if (region === undefined) {
      region = [];
      this.regions[index] = region;
    }
    const page = newPage();
    region[(offset >> PAGE_SHIFT) & (PAGES_OF_REGION - 1)] = page;
    return page;
  }
}
