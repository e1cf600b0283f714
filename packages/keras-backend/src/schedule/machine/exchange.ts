/** How fast replicas may send to one another, how long that takes, and how many of them are worth it. */
import { LINKS, type Machine } from '@spin-tools/machine-model';
import { LAYERS_ARENA_BYTES } from '../../layouts/index.js';
import { linksOf } from '../../machine/pacing.js';
import { CHIP_BYTES, CYCLE_SECONDS } from '../cost.js';
import type { ExchangeSize, Explain } from '../explain.js';
import { placeSchedule, type ReplicaPlace, roomFor, type SchedulePlaces } from './place.js';
import { backwards, routeSchedule, type ScheduleRoutes } from './routes.js';

/** Packets that a worker sends before it waits for as many from the others: so many fit the links. */
export interface ExchangeBursts {
  /** Sums to each replica. */
  readonly reduce: number;
  /** Words, which go to all. */
  readonly share: number;
  /** Whether links hold even one packet from each to each. Else routers may stand still, and packets be lost. */
  readonly fits: boolean;
}

/** Largest number of words that a worker shares at a time, as a binary logarithm: its key has so many bits for them. */
const LONGEST_SHARE = 10;
const WORD_BYTES = 4;
/** Packets that a link and the routers at its ends hold. */
const LINK_PACKETS = 6;
/** Core cycles to send a packet and to take one, and from the last packet of a burst to the next burst. */
const PACKET_CYCLES = 100;
const BURST_CYCLES = 400;
/** Core cycles in which all workers of a number find one another, and pass their turn on. */
const TURN_CYCLES = 1000;
/** Numbers of replicas that are tried. */
const TRIED = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64];

/** Binary logarithm of the words that a worker shares at a time: there is room for those of all replicas. */
export const shareShift = (replicas: number): number =>
  Math.min(LONGEST_SHARE, Math.floor(Math.log2(LAYERS_ARENA_BYTES / WORD_BYTES / replicas)));

/** How many packets may be on their way at the same time. One worker of each chip sends at a time. */
export function exchangeBursts(
  { replicas }: SchedulePlaces,
  { mapping, shares }: ScheduleRoutes,
): ExchangeBursts {
  if (replicas.length === 1) return { reduce: 1, share: 1, fits: true };
  const { topology, placement } = mapping.stages;
  const workers = (replicas[0] as ReplicaPlace).workers.length;
  const sources = replicas.map((_, replica) => placement.chipOf[replica * workers] as number);
  /** Packets over each link when a worker of each chip sends a sum to each other, and when it shares a word. */
  const sums = new Map<number, number>();
  const words = new Map<number, number>();
  const add = (loads: Map<number, number>, link: number) =>
    loads.set(link, (loads.get(link) ?? 0) + 1);
  for (const [owner, net] of shares.entries()) {
    for (const link of linksOf(mapping, net)) add(words, link);
    const back = new Map(backwards(mapping, net).map((node) => [node.at, node.back]));
    for (const [sender, source] of sources.entries()) {
      if (sender === owner) continue;
      let chip = source;
      for (let link = back.get(chip); link !== undefined; link = back.get(chip)) {
        add(sums, chip * LINKS + link);
        chip = topology.neighbours[chip * LINKS + link] as number;
      }
    }
  }
  const burst = (loads: ReadonlyMap<number, number>) =>
    Math.floor(LINK_PACKETS / Math.max(...loads.values()));
  const [reduce, share] = [burst(sums), burst(words)];
  return { reduce: Math.max(1, reduce), share: Math.max(1, share), fits: reduce > 0 && share > 0 };
}

/** Estimated time of the exchanges of one batch, seconds. Sums are taken to have 32 bits, as most have. */
export function exchangeSeconds(
  sizes: readonly ExchangeSize[],
  { reduce, share }: ExchangeBursts,
  { replicas, workers }: { readonly replicas: number; readonly workers: number },
): number {
  if (replicas === 1) return 0;
  const packets = (replicas - 1) * PACKET_CYCLES;
  const cycles = sizes.reduce((sum, { kind, count }) => {
    const burst = kind === 'reduce' ? reduce : share;
    return sum + (count / replicas) * (packets + BURST_CYCLES / burst) + workers * TURN_CYCLES;
  }, 0);
  return cycles * CYCLE_SECONDS;
}

/** Time of a batch on so many replicas, seconds. */
export interface ReplicaTime {
  readonly replicas: number;
  readonly seconds: number;
  /** Of that, what replicas take to add up and share. */
  readonly exchange: number;
}

/**
 * Times of a training step on different numbers of replicas whose chips have room for it, the quickest first.
 *
 * @param explain without what the exchanges take
 * @param workers of each replica, at most
 */
export function replicaTimes(machine: Machine, explain: Explain, workers?: number): ReplicaTime[] {
  const room = roomFor(machine, workers);
  const { batchSize } = explain({ workers: room.workers, replicas: 1 });
  const most = Math.min(batchSize, room.chips.length);
  const times = TRIED.filter((replicas) => replicas <= most).flatMap((replicas): ReplicaTime[] => {
    // One worker of each chip shows the ways of all, and is quicker to route.
    const places = placeSchedule({ ...room, workers: 1 }, replicas);
    const bursts = exchangeBursts(places, routeSchedule(places, machine));
    if (!bursts.fits) return [];
    const target = { replicas, workers: room.workers };
    const { exchanges, seconds, memoryBytes } = explain(target);
    if (memoryBytes > CHIP_BYTES) return [];
    const exchange = exchangeSeconds(exchanges, bursts, target);
    return [{ replicas, exchange, seconds: seconds.training + exchange }];
  });
  return times.sort((a, b) => a.seconds - b.seconds || a.replicas - b.replicas);
}
