/** CMD_ALLOC: SDRAM and routing entries by application. Source: `cmd_alloc`, `sark_alloc.c`. */
import { Allocate, type AllocationRequest, type ScpRequest } from '@spin-tools/scp';
import {
  allocateSdram,
  freeSdram,
  freeSdramOfApplication,
  sdramOfTag,
} from '../application-sdram.js';
import { RunTimeError } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import type { CommandEntry, Place } from './command.js';

export const allocationCommands: readonly CommandEntry[] = [[Allocate.code, run]];

/** Tags above this are answered by 0. */
const MOST_TAG = 255;
const ALLOCATE_SDRAM = 0;

function run({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [first, , tag] = request.arguments;
  if ((first & 0xff) === ALLOCATE_SDRAM && tag > MOST_TAG) return Allocate.encodeReply([0]);
  return Allocate.encodeReply(allocate(monitor, Allocate.decodeRequest(request)));
}

/**
 * SC&MP stops with a run-time error when it is to free nothing, and ruins its heap when an address is no
 * block's; here the one has no answer, and the other no effect.
 */
function allocate(monitor: ChipMonitor, request: AllocationRequest): readonly number[] {
  const { entries, programs, release } = monitor;
  switch (request.operation) {
    case 'allocateSdram': {
      const retry = request.retry && release.hasLaterCommands;
      programs.soil(request.appId);
      return [allocateSdram(monitor, { ...request, retry })];
    }
    case 'freeSdram':
      if (request.address === 0) throw new RunTimeError();
      freeSdram(monitor, request.address);
      return [];
    case 'freeSdramOfApp':
      return [freeSdramOfApplication(monitor, request.appId)];
    case 'allocateRoutingEntries':
      programs.soil(request.appId);
      return [entries.allocate(request.count, request.appId)];
    case 'freeRoutingEntries':
      entries.release(request.entry, request.clear);
      return [];
    case 'freeRoutingEntriesOfApp':
      return [entries.releaseOfApplication(request.appId, request.clear)];
    case 'sdramSpace': {
      const { freeBytes, largestFree } = monitor.heap('sdramHeap');
      return [freeBytes, largestFree];
    }
    case 'tagAddress':
      return [sdramOfTag(monitor, request.appId, request.tag & 0xff)];
  }
}
