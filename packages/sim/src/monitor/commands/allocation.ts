/** CMD_ALLOC: SDRAM and routing entries by application. */
import { Allocate, type AllocationRequest, ReturnCode } from '@spin-tools/scp';
import {
  allocateSdram,
  freeSdram,
  freeSdramOfApplication,
  sdramOfTag,
} from '../application-sdram.js';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

export const allocationCommands = [command(Allocate, allocate)];

/** SC&MP stops with a run-time error when it is to free an address that is no block's; here it is refused. */
function allocate(monitor: ChipMonitor, request: AllocationRequest): readonly number[] {
  const { entries } = monitor;
  switch (request.operation) {
    case 'allocateSdram':
      return [allocateSdram(monitor, request)];
    case 'freeSdram':
      if (!freeSdram(monitor, request.address)) throw new Refusal(ReturnCode.Argument);
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
    case 'sdramSpace': {
      const { freeBytes, largestFree } = monitor.heap('sdramHeap');
      return [freeBytes, largestFree];
    }
    case 'tagAddress':
      return [sdramOfTag(monitor, request.appId, request.tag)];
  }
}
