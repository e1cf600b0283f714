/** CMD_AR, CMD_AS, CMD_APP_COPY_RUN, CMD_NNP, CMD_FFD: programs and how they reach their cores. */
import {
  ApplicationCopyRun,
  ApplicationRun,
  ApplicationStart,
  FloodFillData,
  NearestNeighbourPacket,
  ReturnCode,
  type StartOptions,
} from '@spin-tools/scp';
import { Refusal } from '../refusal.js';
import type { ChipMonitor } from '../world.js';
import { command } from './command.js';

/** Bits of the checksum that CMD_APP_COPY_RUN carries. */
const CHECKSUM_MASK = 0x1fffffff;
const MOST_COPY_BYTES = 0x40000;

export const applicationCommands = [
  command(ApplicationRun, (monitor, request) =>
    start(monitor, monitor.memory.variable('sdramSystem'), request),
  ),
  command(ApplicationStart, (monitor, request) => start(monitor, request.address, request)),
  command(ApplicationCopyRun, (monitor, request) => {
    copyFromNeighbour(monitor, request.link, request.length, request.checksum);
    if (request.cores !== 0) start(monitor, monitor.memory.variable('sdramSystem'), request);
  }),
  command(NearestNeighbourPacket, (monitor, { key, payload }) =>
    monitor.floodFill.packet(monitor, key, payload),
  ),
  command(FloodFillData, (monitor, { id, block, address, data }) =>
    monitor.floodFill.data(monitor, id, block, address, data),
  ),
];

function start(monitor: ChipMonitor, table: number, options: StartOptions): void {
  if ((options.cores & 1) === 1) throw new Refusal(ReturnCode.Argument);
  monitor.programs.start(table, options, monitor.updateClocks());
}

function copyFromNeighbour(
  monitor: ChipMonitor,
  link: number,
  length: number,
  checksum: number,
): void {
  const neighbour = monitor.world.neighbour(monitor, link);
  if (neighbour === undefined) throw new Refusal(ReturnCode.Timeout);
  if (length % 4 !== 0 || length > MOST_COPY_BYTES) throw new Refusal(ReturnCode.Argument);
  const image = neighbour.memory.bytes(neighbour.memory.variable('sdramSystem'), length);
  monitor.memory.setBytes(monitor.memory.variable('sdramSystem'), image);
  const sum = new Uint32Array(image.buffer).reduce((total, word) => (total + word) >>> 0, 0);
  if (checksum !== 0 && checksum !== (sum & CHECKSUM_MASK)) throw new Refusal(ReturnCode.Sum);
}
