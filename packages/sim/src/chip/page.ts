/**
 * Pages of a chip's memory. Most pages of a machine hold the same on all its chips, so chips share them:
 * a page without an owner is never written again, and a chip that wants to write copies it first.
 */

/** Part of a memory, seen in three sizes. */
export class Page {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;

  /**
   * @param size bytes, a multiple of 4
   * @param owner the memory that may write into the page; undefined when it is shared
   */
  constructor(
    size: number,
    public owner: object | undefined,
  ) {
    const block = new ArrayBuffer(size);
    this.bytes = new Uint8Array(block);
    this.halves = new Uint16Array(block);
    this.words = new Uint32Array(block);
  }

  /** A page of its own for `owner` with what is in `from`, or zeros. */
  static copyOf(from: Page | undefined, size: number, owner: object | undefined): Page {
    const page = new Page(size, owner);
    if (from !== undefined) page.words.set(from.words);
    return page;
  }

  /** Unsigned value of `size` bytes at an aligned place within the page. */
  read(at: number, size: 1 | 2 | 4): number {
    if (size === 4) return this.words[at >> 2] as number;
    return size === 2 ? (this.halves[at >> 1] as number) : (this.bytes[at] as number);
  }

  /** Writes `size` bytes at an aligned place within the page. */
  write(at: number, value: number, size: 1 | 2 | 4): void {
    if (size === 4) this.words[at >> 2] = value;
    else if (size === 2) this.halves[at >> 1] = value;
    else this.bytes[at] = value;
  }
}
