/** CMD_ALLOC: SDRAM and routing entries by application. */
import { Allocate, type AllocationRequest, ReturnCode } from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

export const allocationCommands = [command(Allocate, allocate)];

function allocate(monitor: ChipMonitor, request: AllocationRequest): readonly number[] {
  const { entries } = monitor;
  const heap = monitor.heap('sdramHeap');
  switch (request.operation) {
    case 'allocateSdram':
      return [allocateSdram(monitor, request)];
    case 'freeSdram':
      freeSdram(monitor, request.address);
      return [];
    case 'freeSdramOfApp':
      return [freeSdramOfApplication(monitor, request.appId)];
    case 'allocateRoutingEntries':
      return [entries.allocate(request.count, request.appId)];
    case 'freeRoutingEntries':
      if (!entries.release(request.entry, request.clear)) throw new Refusal(ReturnCode.Argument);
      return [];
    case 'freeRoutingEntriesOfApp':
      return [entries.releaseOfApplication(request.appId, request.clear)];
    case 'sdramSpace':
      return [heap.freeBytes, heap.largestFree];
    case 'tagAddress':
      return [monitor.memory.word(tagPlace(monitor, request.appId, request.tag))];
  }
}

/** Frees the SDRAM of an application and forgets its tags; returns the number of blocks. */
export function freeSdramOfApplication(monitor: ChipMonitor, appId: number): number {
  return monitor
    .heap('sdramHeap')
    .freeOfApplication(appId, (tag) => monitor.memory.setWord(tagPlace(monitor, appId, tag), 0));
}

function allocateSdram(
  monitor: ChipMonitor,
  { appId, size, tag, retry }: AllocationRequest & { operation: 'allocateSdram' },
): number {
  const heap = monitor.heap('sdramHeap');
  const place = tagPlace(monitor, appId, tag);
  const tagged = tag === 0 ? 0 : monitor.memory.word(place);
  if (tagged !== 0) {
    const isSame = retry && heap.sizeOf(tagged) === ((size + 3) & ~3);
    return isSame ? tagged : 0;
  }
  const address = heap.allocate(size, appId, tag);
  if (tag !== 0 && address !== 0) monitor.memory.setWord(place, address);
  return address;
}

/** Frees a block. SC&MP stops with a run-time error for an address that is no block's; here it is refused. */
function freeSdram(monitor: ChipMonitor, address: number): void {
  const heap = monitor.heap('sdramHeap');
  const owner = heap.ownerOf(address);
  if (owner === undefined) throw new Refusal(ReturnCode.Argument);
  if ((owner & 0xff) !== 0) {
    monitor.memory.setWord(tagPlace(monitor, owner >>> 8, owner & 0xff), 0);
  }
  heap.free(address);
}

function tagPlace(monitor: ChipMonitor, appId: number, tag: number): number {
  return monitor.memory.variable('allocationTags') + 4 * ((appId << 8) | (tag & 0xff));
}
