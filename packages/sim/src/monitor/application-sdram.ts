/** SDRAM of applications, and the table of tags by which they find it. Source: SC&MP 4.0 `CMD_ALLOC`. */
import type { ChipMonitor } from './world.js';

/** What is asked for. */
interface WantedBlock {
  readonly appId: number;
  /** Bytes. */
  readonly size: number;
  /** 1 to 255, or 0 for none. */
  readonly tag: number;
  /** A block that has the tag and the very size is given again; blocks have multiples of 4 bytes. */
  readonly retry: boolean;
}

/** Address of a new block, or 0 when there is no room or its tag is taken. */
export function allocateSdram(
  monitor: ChipMonitor,
  { appId, size, tag, retry }: WantedBlock,
): number {
  const heap = monitor.heap('sdramHeap');
  const tagged = tag === 0 ? 0 : sdramOfTag(monitor, appId, tag);
  if (tagged !== 0) {
    const isSame = retry && heap.sizeOf(tagged) === size;
    return isSame ? tagged : 0;
  }
  const address = heap.allocate(size, appId, tag);
  if (tag !== 0 && address !== 0) setTag(monitor, appId, tag, address);
  return address;
}

/** Frees a block and forgets its tag; false when the address is no block's. */
export function freeSdram(monitor: ChipMonitor, address: number): boolean {
  const heap = monitor.heap('sdramHeap');
  const owner = heap.ownerOf(address);
  if (owner === undefined) return false;
  const tag = owner & 0xff;
  if (tag !== 0) setTag(monitor, owner >>> 8, tag, 0);
  return heap.free(address);
}

/** Frees the SDRAM of an application and forgets its tags; returns the number of blocks. */
export function freeSdramOfApplication(monitor: ChipMonitor, appId: number): number {
  return monitor
    .heap('sdramHeap')
    .freeOfApplication(appId, (tag) => setTag(monitor, appId, tag, 0));
}

/** Address of the block with a tag, 0 when there is none. */
export function sdramOfTag(monitor: ChipMonitor, appId: number, tag: number): number {
  return monitor.memory.word(tagPlace(monitor, appId, tag));
}

function setTag(monitor: ChipMonitor, appId: number, tag: number, address: number): void {
  monitor.memory.setWord(tagPlace(monitor, appId, tag), address);
}

function tagPlace(monitor: ChipMonitor, appId: number, tag: number): number {
  return monitor.memory.variable('allocationTags') + 4 * ((appId << 8) | (tag & 0xff));
}
