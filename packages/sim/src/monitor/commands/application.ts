/** CMD_AR, CMD_AS, CMD_APP_COPY_RUN, CMD_NNP, CMD_FFD: programs and how they reach their cores. */
import {
  ApplicationCopyRun,
  ApplicationRun,
  ApplicationStart,
  Count,
  decodeStart,
  FloodFillData,
  NearestNeighbourPacket,
  ReturnCode,
  type ScpRequest,
} from '@spin-tools/scp';
import { BusError } from '../../core/core.js';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { type CommandEntry, command, dataOf, type Place } from './command.js';

const LINKS = 6;
/** Bits of the checksum that CMD_APP_COPY_RUN carries. */
const CHECKSUM_MASK = 0x1fffffff;
/** A monitor that is told to copy more than the memory after its staging area runs into nothing. */
const MOST_COPY_BYTES = 0x800000;
const NOTHING = new Uint8Array(0);

export const applicationCommands: readonly CommandEntry[] = [
  command(ApplicationRun, (monitor, start) => {
    refuseMonitor(start.cores);
    monitor.programs.start(monitor.memory.variable('sdramSystem'), start);
  }),
  command(ApplicationStart, (monitor, { address, ...start }) =>
    monitor.programs.start(address, start),
  ),
  command(NearestNeighbourPacket, (monitor, packet) => monitor.floodFill.send(monitor, packet)),
  [FloodFillData.code, floodFillData],
];

/** Since 4.0. */
export const copyCommands: readonly CommandEntry[] = [[ApplicationCopyRun.code, copyAndRun]];

function refuseMonitor(cores: number): void {
  if ((cores & 1) === 1) throw new Refusal(ReturnCode.Argument);
}

/** Words that a block names and the message does not have are what was in the buffer: zeros here. */
function floodFillData({ monitor }: Place, request: ScpRequest): Uint8Array {
  const words = ((request.arguments[1] >>> 8) & 0xff) + 1;
  const data = dataOf(request, Math.min(words * 4, 256));
  monitor.floodFill.data(monitor, FloodFillData.decodeRequest({ ...request, data }));
  return NOTHING;
}

/** A wrong sum comes back in full as the first argument; what was copied stays. */
function copyAndRun({ monitor }: Place, request: ScpRequest): Uint8Array {
  const [first, length, start] = request.arguments;
  const [link, checksum] = [first & 7, first >>> 3];
  const options = decodeStart(start);
  refuseMonitor(options.cores);
  if (link >= LINKS || length % 4 !== 0) throw new Refusal(ReturnCode.Argument);
  const sum = copyFromNeighbour(monitor, link, length);
  if (checksum !== 0 && checksum !== (sum & CHECKSUM_MASK)) {
    throw new Refusal(ReturnCode.Sum, Count.encodeReply([sum]));
  }
  monitor.programs.start(monitor.memory.variable('sdramSystem'), options);
  return NOTHING;
}

/** Copies from the same addresses behind a link; gives the sum of the words. */
function copyFromNeighbour(monitor: ChipMonitor, link: number, length: number): number {
  const neighbour = monitor.world.neighbour(monitor, link);
  if (neighbour === undefined || length > MOST_COPY_BYTES) throw new Refusal(ReturnCode.Timeout);
  const address = monitor.memory.variable('sdramSystem');
  const image = new Uint8Array(length);
  try {
    neighbour.chip.copyOut(address, image);
  } catch (error) {
    throw error instanceof BusError ? new Refusal(ReturnCode.Timeout) : error;
  }
  monitor.memory.setBytes(address, image);
  return new Uint32Array(image.buffer).reduce((total, word) => (total + word) >>> 0, 0);
}
