/**
 * A heap in the memory of a chip, laid out as SARK does: a header, then blocks in the order of their
 * addresses, the last of them empty. Source: spinnaker_tools 4.0 `sark_alloc.c` conventions.
 */
import { heapBlockLayout, heapLayout } from '@spin-tools/scp';
import type { MonitorMemory } from './memory.js';

const BLOCK_BYTES = heapBlockLayout.size;
const FREE = heapLayout.places.free.offset;
const FIRST = heapLayout.places.first.offset;
const LAST = heapLayout.places.last.offset;
const FREE_BYTES = heapLayout.places.freeBytes.offset;
/** In a block, after the pointer to the next block: the next free block, or this and app id and tag. */
const ALLOCATED = 0xffff0000;
const BLOCK_FREE = heapBlockLayout.places.free.offset;

/** Allocates and frees blocks of one heap. */
export class Heap {
  /** @param base address of the heap's header */
  constructor(
    private readonly memory: MonitorMemory,
    readonly base: number,
  ) {}

  /** Makes one free block of everything between header and `top`. */
  initialise(top: number): void {
    const first = this.base + heapLayout.size;
    const last = top - BLOCK_BYTES;
    this.writeBlock(first, last, 0);
    this.writeBlock(last, 0, 0);
    this.set(FREE, first);
    this.set(FIRST, first);
    this.set(LAST, last);
    this.set(FREE_BYTES, last - first - BLOCK_BYTES);
  }

  get freeBytes(): number {
    return this.get(FREE_BYTES);
  }

  /** Bytes of the largest block that can be allocated. */
  get largestFree(): number {
    let largest = 0;
    for (const block of this.freeBlocks()) {
      largest = Math.max(largest, this.next(block) - block - BLOCK_BYTES);
    }
    return largest;
  }

  /** Address of `size` bytes, or 0 when there is no room. */
  allocate(size: number, appId: number, tag: number): number {
    const needed = ((size + 3) & ~3) + BLOCK_BYTES;
    if (size <= 0 || size > 0x10000000) return 0;
    let previous = 0;
    for (const block of this.freeBlocks()) {
      const room = this.next(block) - block;
      if (room >= needed) {
        this.take(block, previous, room, needed);
        this.memory.setWord(block + BLOCK_FREE, ALLOCATED + ((appId << 8) | tag));
        return block + BLOCK_BYTES;
      }
      previous = block;
    }
    return 0;
  }

  /** Frees the block whose payload starts at an address; false when there is no such block. */
  free(address: number): boolean {
    let previousFree = 0;
    for (const block of this.blocks()) {
      if (block + BLOCK_BYTES === address) {
        if (!this.isAllocated(block)) return false;
        this.release(block, previousFree);
        return true;
      }
      if (!this.isAllocated(block)) previousFree = block;
    }
    return false;
  }

  /** Frees all blocks of an application; calls back with each one's tag. Returns how many. */
  freeOfApplication(appId: number, freed: (tag: number) => void): number {
    const owned = [...this.blocks()].filter(
      (block) => this.isAllocated(block) && ((this.owner(block) >>> 8) & 0xff) === appId,
    );
    for (const block of owned) {
      freed(this.owner(block) & 0xff);
      this.free(block + BLOCK_BYTES);
    }
    return owned.length;
  }

  /** App id << 8 | tag of the block whose payload starts at an address, if it is allocated. */
  ownerOf(address: number): number | undefined {
    for (const block of this.blocks()) {
      if (block + BLOCK_BYTES === address && this.isAllocated(block))
        return this.owner(block) & 0xffff;
    }
    return undefined;
  }

  /** Bytes of the block whose payload starts at an address. */
  sizeOf(address: number): number {
    return this.next(address - BLOCK_BYTES) - address;
  }

  private take(block: number, previous: number, room: number, needed: number): void {
    const nextFree = this.memory.word(block + BLOCK_FREE);
    const splits = room - needed > BLOCK_BYTES;
    const rest = block + needed;
    if (splits) {
      this.writeBlock(rest, this.next(block), nextFree);
      this.memory.setWord(block, rest);
    }
    this.linkFree(previous, splits ? rest : nextFree);
    // What is left over of a block that is not split still counts as free. Source: `sark_xalloc`.
    this.set(FREE_BYTES, this.freeBytes - needed);
  }

  private release(block: number, previousFree: number): void {
    const size = this.next(block) - block;
    const nextFree =
      previousFree === 0 ? this.get(FREE) : this.memory.word(previousFree + BLOCK_FREE);
    this.memory.setWord(block + BLOCK_FREE, nextFree);
    this.linkFree(previousFree, block);
    this.set(FREE_BYTES, this.freeBytes + size);
    if (nextFree !== 0 && this.next(block) === nextFree) this.merge(block, nextFree);
    if (previousFree !== 0 && this.next(previousFree) === block) this.merge(previousFree, block);
  }

  private merge(block: number, second: number): void {
    this.writeBlock(block, this.next(second), this.memory.word(second + BLOCK_FREE));
  }

  private linkFree(previous: number, block: number): void {
    if (previous === 0) this.set(FREE, block);
    else this.memory.setWord(previous + BLOCK_FREE, block);
  }

  private *blocks(): Generator<number> {
    let before = 0;
    for (let block = this.get(FIRST); this.isBlock(block, before); block = this.next(block)) {
      yield block;
      before = block;
    }
  }

  private *freeBlocks(): Generator<number> {
    let before = 0;
    for (let block = this.get(FREE); this.isBlock(block, before); ) {
      const nextFree = this.memory.word(block + BLOCK_FREE);
      yield block;
      before = block;
      block = nextFree;
    }
  }

  /** Whether an address can be the next block: programs that write where they should not end a walk. */
  private isBlock(block: number, before: number): boolean {
    return block > before && (block & 3) === 0 && block < this.get(LAST);
  }

  private isAllocated(block: number): boolean {
    return this.owner(block) >= ALLOCATED;
  }

  private owner(block: number): number {
    return this.memory.word(block + BLOCK_FREE);
  }

  private next(block: number): number {
    return this.memory.word(block);
  }

  private writeBlock(block: number, next: number, free: number): void {
    this.memory.setWord(block, next);
    this.memory.setWord(block + BLOCK_FREE, free);
  }

  private get(offset: number): number {
    return this.memory.word(this.base + offset);
  }

  private set(offset: number, value: number): void {
    this.memory.setWord(this.base + offset, value);
  }
}
