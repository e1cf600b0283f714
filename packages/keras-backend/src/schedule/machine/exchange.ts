/** How fast replicas may send to one another, how long that takes, and how many of them are worth it. */
import { LINKS, type Machine } from '@spin-tools/machine-model';
import { LAYERS_ARENA_BYTES, MINIMUM_SEND_GAP } from '../../layouts/index.js';
import { linkPacketCycles, linksOf } from '../../machine/pacing.js';
import { RECEIVE_CYCLES } from '../../tiles/index.js';
import type { ExchangeSize, ScheduleExplanation } from '../explain.js';
import { placeSchedule, type ReplicaPlace, roomFor, type SchedulePlaces } from './place.js';
import { backwards, routeSchedule, type ScheduleRoutes } from './routes.js';

/** Core cycles between two packets of a worker. */
export interface ExchangeGaps {
  /** Of sums, each of which goes to one replica. */
  readonly reduce: number;
  /** Of words, which go to all. */
  readonly share: number;
}

/** Largest number of words that a worker shares at a time, as a binary logarithm: its key has so many bits for them. */
const LONGEST_SHARE = 10;
const WORD_BYTES = 4;
/** Core cycles in which all workers of a number find one another, and begin and end an exchange. */
const EXCHANGE_CYCLES = 2000;
/** Seconds of a core cycle at the 200 MHz that the monitor sets. */
const CYCLE_SECONDS = 5e-9;
/** Numbers of replicas that are tried. */
const TRIED = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64];

/** Binary logarithm of the words that a worker shares at a time: there is room for those of all replicas. */
export const shareShift = (replicas: number): number =>
  Math.min(LONGEST_SHARE, Math.floor(Math.log2(LAYERS_ARENA_BYTES / WORD_BYTES / replicas)));

/**
 * The pace at which links and receivers keep up even if all workers send at the same time.
 *
 * @param workers of each replica, where the places have fewer
 */
export function exchangeGaps(
  { replicas }: SchedulePlaces,
  { mapping, shares }: ScheduleRoutes,
  machine: Machine,
  workers: number,
): ExchangeGaps {
  const others = replicas.length - 1;
  if (others === 0) return { reduce: MINIMUM_SEND_GAP, share: MINIMUM_SEND_GAP };
  const { topology, placement } = mapping.stages;
  const placed = (replicas[0] as ReplicaPlace).workers.length;
  const sources = replicas.map((_, replica) => placement.chipOf[replica * placed] as number);
  /** Packets over each link when every worker sends a sum to each other replica, and when it shares a word. */
  const sums = new Map<number, number>();
  const words = new Map<number, number>();
  const add = (loads: Map<number, number>, link: number) =>
    loads.set(link, (loads.get(link) ?? 0) + workers);
  for (const [owner, net] of shares.entries()) {
    for (const link of linksOf(mapping, net)) add(words, link);
    const back = new Map(backwards(mapping, net).map((node) => [node.at, node.back]));
    for (const [sender, source] of sources.entries()) {
      if (sender === owner) continue;
      for (let chip = source, link = back.get(chip); link !== undefined; link = back.get(chip)) {
        add(sums, chip * LINKS + link);
        chip = topology.neighbours[chip * LINKS + link] as number;
      }
    }
  }
  const busiest = (loads: ReadonlyMap<number, number>) =>
    Math.max(
      ...[...loads].map(([index, packets]) => {
        const chip = Math.floor(index / LINKS);
        const at = { x: topology.x[chip] as number, y: topology.y[chip] as number };
        return packets * linkPacketCycles(machine, at, index % LINKS);
      }),
    );
  const atLeast = (cycles: number) => Math.max(MINIMUM_SEND_GAP, Math.ceil(cycles));
  return {
    reduce: atLeast(busiest(sums) / others),
    share: atLeast(Math.max(busiest(words), others * RECEIVE_CYCLES)),
  };
}

/** Estimated time of the exchanges of one batch, seconds. Sums are taken to have 32 bits, as most have. */
export function exchangeSeconds(
  sizes: readonly ExchangeSize[],
  { reduce, share }: ExchangeGaps,
  { replicas, workers }: { readonly replicas: number; readonly workers: number },
): number {
  if (replicas === 1) return 0;
  const cycles = sizes.reduce((sum, { kind, count }) => {
    const per = Math.ceil(count / (replicas * workers));
    const packets = kind === 'reduce' ? (per + 1) * (replicas - 1) * reduce : per * share;
    return sum + packets + EXCHANGE_CYCLES;
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
 * Times of a training step on different numbers of replicas, the quickest first.
 *
 * @param explain gives what a schedule for so many workers costs on one replica
 * @param workers of each replica, at most
 */
export function replicaTimes(
  machine: Machine,
  explain: (workers: number) => ScheduleExplanation,
  workers?: number,
): ReplicaTime[] {
  const room = roomFor(machine, workers);
  const { batchSize, exchanges, layers } = explain(room.workers);
  const total = (of: (layer: ScheduleExplanation['layers'][number]) => number) =>
    layers.reduce((sum, layer) => sum + of(layer), 0);
  const sample = (total(({ cycles }) => cycles.training) * CYCLE_SECONDS) / room.workers;
  const step = (total(({ stepCycles }) => stepCycles) * CYCLE_SECONDS) / room.workers;
  const most = Math.min(batchSize, room.chips.length);
  const times = TRIED.filter((replicas) => replicas <= most).map((replicas): ReplicaTime => {
    // One worker of each chip shows the ways of all, and is quicker to route.
    const places = placeSchedule({ ...room, workers: 1 }, replicas);
    const gaps = exchangeGaps(places, routeSchedule(places, machine), machine, room.workers);
    const exchange = exchangeSeconds(exchanges, gaps, { replicas, workers: room.workers });
    return {
      replicas,
      exchange,
      seconds: Math.ceil(batchSize / replicas) * sample + step + exchange,
    };
  });
  return times.sort((a, b) => a.seconds - b.seconds || a.replicas - b.replicas);
}
