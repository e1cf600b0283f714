/**
 * Who owns which entries of the multicast table: a copy of the table in SDRAM whose records are linked
 * into blocks, as SARK does. Source: spinnaker_tools 4.0 `sark_alloc.c` conventions.
 */
import { FREE_ROUTE, ROUTER_ENTRIES, routingRecordLayout } from '@spin-tools/scp';
import type { CoreMap } from './core-map.js';
import type { MonitorMemory } from './memory.js';

const RECORD_BYTES = routingRecordLayout.size;
const { next: NEXT, free: FREE, route: ROUTE, key: KEY, mask: MASK } = routingRecordLayout.places;
const ALLOCATED = 0x8000;
/** Bits of `free` that name an allocated block's application. */
const OWNER_MASK = 0xe0ff;
const UNUSED_KEY = 0xffffffff;
const ROUTER_BASE = 0xf1000000;
const ROUTES = 0x4000;
const KEYS = 0x8000;
const MASKS = 0xc000;
const FIRST = 1;
/** What the copy has for an entry that is not used. */
const UNUSED = { route: FREE_ROUTE, key: UNUSED_KEY, mask: 0 };
/** Unused records of entries 1 to 1,023. */
const CLEARED = unusedRecords(ROUTER_ENTRIES - FIRST);
/** Entries by which SC&MP 4.0 checks links while it starts; their records keep their owner, application 0. */
const CHECKED_LINKS = 12;

/** A routing entry in virtual cores. */
export interface VirtualEntry {
  readonly route: number;
  readonly key: number;
  readonly mask: number;
}

/** Entries 1 to 1,023 of a chip's table; entry 0 carries signals. */
export class RoutingEntries {
  constructor(
    private readonly memory: MonitorMemory,
    private readonly cores: CoreMap,
  ) {}

  /** Makes the copy in memory, all unused. @param checksLinks whether the monitor used some to check links */
  start(checksLinks: boolean): void {
    this.memory.setBytes(this.record(FIRST), CLEARED);
    for (let entry = FIRST; checksLinks && entry < CHECKED_LINKS; entry++) {
      this.setFree(entry, ALLOCATED);
    }
    this.makeFree();
  }

  /** Clears all entries and makes one free block of them. Records keep the owners of what they were. */
  clearAll(): void {
    for (let entry = FIRST; entry < ROUTER_ENTRIES; entry++) this.writeCopy(entry, UNUSED);
    this.makeFree();
  }

  /** Clears all entries but one in the router alone, whose copy in memory says so already. */
  restart(entry: number, { route, key, mask }: VirtualEntry): void {
    this.memory.chip.clearRoutes(FIRST);
    this.writeRouter(entry, { route: this.cores.toPhysicalRoute(route), key, mask });
  }

  /** First entry of a block of `count`, or 0 when there is no room. */
  allocate(count: number, appId: number): number {
    if (count <= 0) return 0;
    let previous = 0;
    for (const block of this.freeBlocks()) {
      const size = this.next(block) - block;
      if (size >= count) {
        this.take(block, previous, size, count);
        this.setFree(block, ALLOCATED | appId);
        return block;
      }
      previous = block;
    }
    return 0;
  }

  /** Frees the block that starts at an entry; false when there is none. */
  release(entry: number, clear: boolean): boolean {
    let previousFree = 0;
    for (const block of this.blocks()) {
      if (block > entry) return false;
      if (block === entry) {
        if (!this.isAllocated(block)) return false;
        if (clear) this.clearRange(block, this.next(block) - block);
        this.giveBack(block, previousFree);
        return true;
      }
      if (!this.isAllocated(block)) previousFree = block;
    }
    return false;
  }

  /** Frees all blocks of an application; returns how many. */
  releaseOfApplication(appId: number, clear: boolean): number {
    const owned = [...this.blocks()].filter(
      (block) => (this.free(block) & OWNER_MASK) === (ALLOCATED | appId),
    );
    for (const block of owned) this.release(block, clear);
    return owned.length;
  }

  /** Entries of the largest free block. */
  get largestFree(): number {
    let largest = 0;
    for (const block of this.freeBlocks()) {
      largest = Math.max(largest, this.next(block) - block);
    }
    return largest;
  }

  /** Sets an entry in the router and in the copy, where its owner is noted. */
  set(entry: number, { route, key, mask }: VirtualEntry, appId: number): void {
    this.writeCopy(entry, { route, key, mask });
    this.setFree(entry, ALLOCATED | appId);
    this.writeRouter(entry, { route: this.cores.toPhysicalRoute(route), key, mask });
  }

  /** Clears entries without freeing them. */
  clearRange(first: number, count: number): void {
    for (let entry = first; entry < first + count; entry++) this.clear(entry);
  }

  private makeFree(): void {
    this.memory.chip.clearRoutes(FIRST);
    this.link(FIRST, ROUTER_ENTRIES, 0);
    this.link(ROUTER_ENTRIES, 0, 0);
    this.memory.setWord(this.record(ROUTER_ENTRIES) + ROUTE.offset, FREE_ROUTE);
    this.firstFree = FIRST;
  }

  private clear(entry: number): void {
    this.writeCopy(entry, UNUSED);
    this.writeRouter(entry, { ...UNUSED, route: 0 });
  }

  private take(block: number, previous: number, size: number, count: number): void {
    const nextFree = this.free(block);
    const rest = block + count;
    if (size > count) {
      this.link(rest, this.next(block), nextFree);
      this.setNext(block, rest);
    }
    this.linkFree(previous, size > count ? rest : nextFree);
  }

  private giveBack(block: number, previousFree: number): void {
    const nextFree = previousFree === 0 ? this.firstFree : this.free(previousFree);
    this.setFree(block, nextFree);
    this.linkFree(previousFree, block);
    if (nextFree !== 0 && this.next(block) === nextFree) this.merge(block, nextFree);
    if (previousFree !== 0 && this.next(previousFree) === block) this.merge(previousFree, block);
  }

  private merge(block: number, second: number): void {
    this.link(block, this.next(second), this.free(second));
  }

  private linkFree(previous: number, block: number): void {
    if (previous === 0) this.firstFree = block;
    else this.setFree(previous, block);
  }

  private *blocks(): Generator<number> {
    for (let block = FIRST; block < ROUTER_ENTRIES; ) {
      const next = this.next(block);
      yield block;
      if (next <= block) return;
      block = next;
    }
  }

  /** Ends where an entry that was loaded over a free block, or a program, has broken the list. */
  private *freeBlocks(): Generator<number> {
    let before = 0;
    for (let block = this.firstFree; block > before && block < ROUTER_ENTRIES; ) {
      const nextFree = this.free(block);
      yield block;
      before = block;
      block = nextFree;
    }
  }

  private isAllocated(block: number): boolean {
    return (this.free(block) & ALLOCATED) !== 0;
  }

  private get firstFree(): number {
    return this.memory.variable('routerFree');
  }

  private set firstFree(block: number) {
    this.memory.setVariable('routerFree', block);
  }

  private next(entry: number): number {
    return this.memory.half(this.record(entry) + NEXT.offset);
  }

  private setNext(entry: number, next: number): void {
    this.memory.setHalf(this.record(entry) + NEXT.offset, next);
  }

  private free(entry: number): number {
    return this.memory.half(this.record(entry) + FREE.offset);
  }

  private setFree(entry: number, free: number): void {
    this.memory.setHalf(this.record(entry) + FREE.offset, free);
  }

  private link(entry: number, next: number, free: number): void {
    this.setNext(entry, next);
    this.setFree(entry, free);
  }

  private writeCopy(entry: number, { route, key, mask }: VirtualEntry): void {
    const record = this.record(entry);
    this.memory.setWord(record + ROUTE.offset, route);
    this.memory.setWord(record + KEY.offset, key);
    this.memory.setWord(record + MASK.offset, mask);
  }

  private writeRouter(entry: number, { route, key, mask }: VirtualEntry): void {
    this.memory.setWord(ROUTER_BASE + ROUTES + 4 * entry, route);
    this.memory.setWord(ROUTER_BASE + KEYS + 4 * entry, key);
    this.memory.setWord(ROUTER_BASE + MASKS + 4 * entry, mask);
  }

  private record(entry: number): number {
    return this.memory.variable('routerCopy') + entry * RECORD_BYTES;
  }
}

function unusedRecords(count: number): Uint8Array {
  const bytes = new Uint8Array(count * RECORD_BYTES);
  const unused = { next: 0, free: 0, ...UNUSED };
  for (let record = 0; record < count; record++) {
    routingRecordLayout.encode(unused, bytes, record * RECORD_BYTES);
  }
  return bytes;
}
