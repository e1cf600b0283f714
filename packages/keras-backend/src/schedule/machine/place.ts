/** Which chips and cores a schedule runs on. */
import { type Chip, distance, type Machine } from '@spin-tools/machine-model';
import { ROUTING_ENTRIES } from '@spin-tools/nn-mapper';
import { OptionError } from '../../errors.js';
import { MOST_REPLICAS } from '../../layouts/index.js';
import { neighboursOf } from './trees.js';

/** Workers of one chip, with their part of the batch. */
export interface ReplicaPlace {
  readonly x: number;
  readonly y: number;
  /** Cores of the workers, by number. */
  readonly workers: readonly number[];
}

/** A schedule's cores on a machine. */
export interface SchedulePlaces {
  /** By number; all have the same number of workers. The first is on the chip that the host talks to. */
  readonly replicas: readonly ReplicaPlace[];
  readonly sequencer: { readonly x: number; readonly y: number; readonly core: number };
}

/** Fewest cores that a replica needs: a worker and the sequencer. */
const FEWEST_CORES = 2;
/** Routing entries for sums to our workers and neighbours, control packets, barriers and done packets. */
const OTHER_ENTRIES = 32;

/** Multiples of it, modulo 1, keep away from each other. */
const GOLDEN_RATIO = 0.618034;

/** What a machine has room for. */
export interface ScheduleRoom {
  /** Workers of each replica. */
  readonly workers: number;
  /** Chips with so many cores that hang together, those first that are well connected with the ones before. */
  readonly chips: readonly Chip[];
}

/**
 * Finds the chips for replicas, beginning where the host is.
 *
 * @param workers of each replica, at most; all cores of the first chip but the sequencer's unless told
 * @throws OptionError when there are no cores
 */
export function roomFor(machine: Machine, workers?: number): ScheduleRoom {
  const root = machine.chipAt(0, 0) ?? machine.chips[0];
  const cores = (root?.cores ?? 1) - 1;
  if (root === undefined || cores < FEWEST_CORES) {
    const expected = `a chip at (0, 0) with ${FEWEST_CORES} application cores is needed`;
    throw new OptionError('machine', `${cores} application cores`, expected);
  }
  const own = Math.min(workers ?? cores - 1, cores - 1);
  // A router has an entry for each worker that sends its words to it, and for each chip that is ready.
  const most = Math.min(MOST_REPLICAS, Math.floor((ROUTING_ENTRIES - OTHER_ENTRIES) / (own + 1)));
  const others = machine.chips.filter(
    ({ x, y, cores }) => (x !== root.x || y !== root.y) && cores > own,
  );
  return { workers: own, chips: neighbourhood(machine, root, others, most) };
}

/** Chips in an order in which each has as many links as can be to those before it. */
function neighbourhood(
  machine: Machine,
  root: Chip,
  candidates: readonly Chip[],
  most: number,
): Chip[] {
  const chosen = [root];
  const left = new Set(candidates);
  const links = new Map<Chip, number>();
  const count = (chip: Chip) => {
    left.delete(chip);
    for (const { x, y } of neighboursOf(machine, chip)) {
      const other = [...left].find((each) => each.x === x && each.y === y);
      if (other) links.set(other, (links.get(other) ?? 0) + 1);
    }
  };
  count(root);
  while (chosen.length < most) {
    const rank = (chip: Chip) => 100 * (links.get(chip) ?? 0) - distance(machine, root, chip);
    const linked = [...left].filter((chip) => links.has(chip));
    if (linked.length === 0) break;
    const next = linked.reduce((best, chip) => (rank(chip) > rank(best) ? chip : best));
    chosen.push(next);
    count(next);
  }
  return chosen;
}

/**
 * Places replicas, and the sequencer on the chip of the first.
 *
 * @throws OptionError when there are too few chips
 */
export function placeSchedule({ workers, chips }: ScheduleRoom, replicas: number): SchedulePlaces {
  const [root, ...others] = chips.slice(0, replicas);
  if (!Number.isInteger(replicas) || root === undefined || others.length < replicas - 1) {
    const expected = `a whole number from 1 to ${chips.length}, with ${workers} workers each`;
    throw new OptionError('replicas', replicas, expected);
  }
  const cores = Array.from({ length: workers }, (_, index) => 1 + index);
  return {
    replicas: [root, ...scattered(others)].map(({ x, y }) => ({ x, y, workers: cores })),
    sequencer: { x: root.x, y: root.y, core: root.cores - 1 },
  };
}

/**
 * Neighbours far apart. Where trained numbers do not suffice for all replicas, only the first have some to add up and
 * to share: their trees fill links more evenly when those are all over the machine.
 */
function scattered(chips: readonly Chip[]): Chip[] {
  const turn = (index: number) => (index * GOLDEN_RATIO) % 1;
  return chips
    .map((chip, index) => ({ chip, at: turn(index) }))
    .sort((a, b) => a.at - b.at)
    .map(({ chip }) => chip);
}
