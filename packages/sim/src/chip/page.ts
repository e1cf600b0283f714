/**
 * Pages of a chip's memory. Most pages of a machine hold the same on all its chips, so chips share them:
 * a page without an owner is never written again, and a chip that wants to write copies it first.
 */

import { arena, takeArenaBlock } from '../arm/arena.js';

/** Part of a memory, seen in three sizes. */
export class Page {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** Where the page is in the arena; undefined when it is elsewhere. */
  readonly arenaAddress: number | undefined;

  /**
   * @param size bytes, a multiple of 4
   * @param owner the memory that may write into the page; undefined when it is shared
   * @param direct whether it is to be in the arena if there is room, where its size is a multiple of 4096; or its
   * address there, in a block that its owner has taken
   */
  constructor(
    size: number,
    public owner: object | undefined,
    direct: boolean | number = false,
  ) {
    this.arenaAddress = typeof direct === 'number' ? direct : newBlock(this, size, direct);
    const buffer = this.arenaAddress === undefined ? new ArrayBuffer(size) : arena.buffer;
    const start = this.arenaAddress ?? 0;
    this.bytes = new Uint8Array(buffer, start, size);
    this.halves = new Uint16Array(buffer, start, size >> 1);
    this.words = new Uint32Array(buffer, start, size >> 2);
  }

  /** A page of its own for `owner` with what is in `from`, or zeros. */
  static copyOf(
    from: Page | undefined,
    size: number,
    owner: object | undefined,
    direct: boolean | number = false,
  ): Page {
    const page = new Page(size, owner, direct);
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

function newBlock(page: Page, size: number, isDirect: boolean): number | undefined {
  return isDirect ? takeArenaBlock(page, size)?.address : undefined;
}
