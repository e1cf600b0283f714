/** Over how many chips and cores a schedule is spread: as suits a board, or a simulation, and has room for a batch. */
import { FREE_SDRAM_BYTES, type Machine } from '@spin-tools/machine-model';
import type { MachineSpread } from '../../engine.js';
import { MOST_REPLICAS } from '../../layouts/index.js';
import { ScheduleTooLargeError } from '../../machine/errors.js';
import { machineAhead } from '../../machine/machine-ahead.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import type { Explain, ScheduleExplanation } from '../explain.js';
import { replicaTime, replicaTimes, TRIED } from './exchange.js';
import { roomFor, type ScheduleRoom } from './place.js';

/** SDRAM of a chip for programs, tables, and the host's own buffers, bytes. */
const MARGIN_BYTES = 2 * 2 ** 20;
/** Workers of a chip where no machine is known yet. */
const CHIP_WORKERS = 16;
/**
 * Workers of a chip that are simulated. Measured with LeNet-5 in batches of 8: with 16, a sample takes 1.5
 * times as long, and the start 1.3 times; with one, a sample takes 0.9 times as long; with 4 chips of 16, some 4 times.
 */
const SIMULATED_WORKERS = 4;

/** Bytes of SDRAM that each replica takes, one batch of samples among them. */
export const replicaBytes = ({
  memoryBytes,
  sampleBytes,
  batchSize,
}: ScheduleExplanation): number => memoryBytes + batchSize * sampleBytes + MARGIN_BYTES;

/** Whether the engine simulates a machine of its own, so that nobody else cares how much of it is used. */
export const simulates = ({
  machine = 'virtual',
  transport,
  virtualMachine,
  chooseFor = machine === 'virtual' && !transport && !virtualMachine ? 'simulation' : 'board',
}: MachineEngineOptions): boolean => chooseFor === 'simulation';

/**
 * Chooses chips and cores.
 *
 * @param explain what a batch costs
 * @throws ScheduleTooLargeError when there is no room for a batch
 * @throws OptionError for more replicas than there are chips
 */
export function chooseSpread(
  machine: Machine,
  options: MachineEngineOptions,
  explain: Explain,
): MachineSpread {
  const isSimulated = simulates(options) && options.replicas === undefined;
  const few = isSimulated ? SIMULATED_WORKERS : undefined;
  const room = roomFor(machine, options.workers ?? few);
  const { workers } = room;
  const { batchSize } = explain({ workers, replicas: 1 });
  const most = Math.min(batchSize, room.chips.length);
  const tried =
    options.replicas === undefined
      ? TRIED.filter((replicas) => replicas <= most)
      : [options.replicas];
  const spread = (replicas: number): MachineSpread => spreadOver(machine, room, explain, replicas);
  const fewest = tried.find(
    (replicas) => replicaBytes(explain({ replicas, workers })) <= freeBytes(room, replicas),
  );
  if (fewest === undefined) {
    const last = tried.at(-1) ?? 1;
    throw tooLarge(explain, workers, last, freeBytes(room, last));
  }
  if (options.replicas !== undefined) return spread(options.replicas);
  const all = roomFor(machine, options.workers);
  const best = replicaTimes(machine, explain, options.workers)[0]?.replicas ?? fewest;
  const board = spreadOver(machine, all, explain, best);
  if (!isSimulated) return board;
  return { ...spread(fewest), board };
}

function spreadOver(
  machine: Machine,
  room: ScheduleRoom,
  explain: Explain,
  replicas: number,
): MachineSpread {
  const { seconds } = replicaTime(machine, room, explain, replicas);
  return { chips: replicas, workers: room.workers, batchSeconds: seconds };
}

/**
 * Refuses what no machine of the kind that the options name has room for, before one is opened.
 *
 * @throws ScheduleTooLargeError
 */
export function checkRoom(options: MachineEngineOptions, explain: Explain): void {
  const machine = machineAhead(options);
  if (machine !== undefined) {
    chooseSpread(machine, options, explain);
    return;
  }
  const { workers = CHIP_WORKERS } = options;
  const { batchSize } = explain({ workers, replicas: 1 });
  const replicas = options.replicas ?? Math.min(batchSize, MOST_REPLICAS);
  if (replicaBytes(explain({ workers, replicas })) <= FREE_SDRAM_BYTES) return;
  throw tooLarge(explain, workers, replicas, FREE_SDRAM_BYTES);
}

const freeBytes = ({ chips }: ScheduleRoom, replicas: number): number =>
  Math.min(...chips.slice(0, replicas).map(({ sdramBytes }) => sdramBytes));

function tooLarge(
  explain: Explain,
  workers: number,
  replicas: number,
  bytesFree: number,
): ScheduleTooLargeError {
  const explanation = explain({ workers, replicas });
  const { batchSize, mode } = explanation;
  return new ScheduleTooLargeError({
    batchSize,
    chips: replicas,
    bytes: replicaBytes(explanation),
    bytesFree,
    isExact: mode === 'exact',
  });
}
