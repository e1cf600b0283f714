/** Where workers and the sequencer run, and how their packets find each other. */
import type { Machine } from '@spin-tools/machine-model';
import type { RoutingEntry } from '@spin-tools/nn-mapper';
import { OptionError } from '../../errors.js';

/** Workers of one chip, with their part of the batch. */
export interface ReplicaPlace {
  readonly x: number;
  readonly y: number;
  /** Cores of the workers, by number. */
  readonly workers: readonly number[];
}

/** A schedule's cores on a machine. */
export interface SchedulePlaces {
  readonly replica: ReplicaPlace;
  readonly sequencer: { readonly x: number; readonly y: number; readonly core: number };
}

/** Classes of packets: the top byte of their keys. kernels/layers/machine/receive.S knows them. */
export const CONTROL_KEY = 0x01000000;
/** First key of done packets. */
export const DONE_KEY = 0x02000000;
/** A worker has come to a barrier. */
export const ARRIVE_KEY = 0x03000000;
const CLASS_MASK = 0xff000000;

/** Bit of core 0 in a route, behind those of the six links. */
const FIRST_CORE_BIT = 6;
/** Fewest cores that a replica needs: a worker and the sequencer. */
const FEWEST_CORES = 2;

/**
 * Places a replica on the chip that the host talks to, as all data go there.
 *
 * @param workers at most so many; all cores but the sequencer's unless told
 * @throws OptionError when there are no cores
 */
export function placeSchedule(machine: Machine, workers?: number): SchedulePlaces {
  const root = machine.chips.find(({ x, y }) => x === 0 && y === 0) ?? machine.chips[0];
  const cores = root === undefined ? [] : range(1, root.cores);
  if (root === undefined || cores.length < FEWEST_CORES) {
    const expected = `a chip at (0, 0) with ${FEWEST_CORES} application cores is needed`;
    throw new OptionError('machine', `${cores.length} application cores`, expected);
  }
  const { x, y } = root;
  const sequencer = cores.at(-1) as number;
  const own = cores.slice(0, Math.min(workers ?? cores.length - 1, cores.length - 1));
  return { replica: { x, y, workers: own }, sequencer: { x, y, core: sequencer } };
}

/** Routing entries of the chip of the replica. */
export function entriesOf({ replica: { workers }, sequencer }: SchedulePlaces): RoutingEntry[] {
  const route = (cores: readonly number[]) =>
    cores.reduce((bits, core) => bits | (1 << (FIRST_CORE_BIT + core)), 0);
  const all = route(workers);
  return [
    { key: CONTROL_KEY, mask: CLASS_MASK, route: all },
    { key: DONE_KEY, mask: CLASS_MASK, route: route([sequencer.core]) },
    { key: ARRIVE_KEY, mask: CLASS_MASK, route: all },
  ].map(({ key, mask, route: bits }) => ({ key, mask: mask >>> 0, route: bits }));
}

function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, index) => from + index);
}
