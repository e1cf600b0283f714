/** How fast replicas may send to one another, how long that takes, and how many of them are worth it. */
import { LINKS, type Machine } from '@spin-tools/machine-model';
import {
  encodeLayout,
  LAYERS_ARENA_BYTES,
  MOST_REPLICAS,
  REDUCE_PART,
  replicaExchange,
} from '../../layouts/index.js';
import { packetCycles } from '../../machine/pacing.js';
import { CHIP_BYTES, CYCLE_SECONDS } from '../cost.js';
import type { ExchangeSize, Explain } from '../explain.js';
import { placeSchedule, type ReplicaPlace, roomFor, type ScheduleRoom } from './place.js';
import { type ReplicaTree, treesOf } from './trees.js';

/** Core cycles between two packets of a worker, so that links can bear those of all. */
export interface ExchangeGaps {
  /** Of sums over the same link, by replica and link. */
  readonly sums: readonly (readonly number[])[];
  /** Of words, by the number of replicas that share, less 1. */
  readonly words: readonly number[];
}

/** A sum to send up a tree: by whom, over which link, to whom. */
interface Branch {
  readonly root: number;
  readonly replica: number;
  readonly link: number;
  readonly next: number;
  readonly height: number;
}

/** Least gap between packets of a worker over the same link, core cycles: it serves six links in that time. */
const LEAST_GAP = 450;
/**
 * Sums leave over all links of a chip at once, and its router takes packets in their order: it waits for the link that is
 * behind. So their gaps are longer than one link alone can bear, by this; 1 has made 48 chips stand still, 1.25 has not.
 */
const SUM_SPACING = 1.5;
/** Core cycles between done packets of neighbours: the sequencer takes one in some 30. */
export const DONE_SPACING = 100;
/**
 * Core cycles from the end of the operation before to the meeting of all replicas, and until their first packet.
 * Measured, as what follows: kernels/scripts/measure-exchange.mjs.
 */
const MEETING_CYCLES = 7000;
/** Core cycles to copy a replica's numbers of a worker from or to SDRAM, and for each byte. */
const COPY_CYCLES = 500;
const COPY_CYCLES_PER_BYTE = 0.75;
const SUM_BYTES = 8;
const WORD_BYTES = 4;
/** Numbers of replicas that are tried. */
export const TRIED: readonly number[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64,
];

/** The gaps for some trees, when each chip has so many workers. */
export function exchangeGaps(
  machine: Machine,
  replicas: readonly ReplicaPlace[],
  trees: readonly ReplicaTree[],
): ExchangeGaps {
  const workers = (replicas[0] as ReplicaPlace).workers.length;
  const cycles = replicas.map((chip) =>
    Array.from({ length: LINKS }, (_, link) => packetCycles(machine, chip, link)),
  );
  const busy = replicas.map(() => new Array<number>(LINKS).fill(0));
  let most = LEAST_GAP;
  const words = trees.map(({ parents }) => {
    for (const [replica, parent] of parents.entries()) {
      if (parent === undefined) continue;
      // Words come by the same link in the other direction.
      const own = busy[replica] as number[];
      own[parent.link] = (own[parent.link] as number) + (cycles[replica]?.[parent.link] as number);
      most = Math.max(most, workers * (own[parent.link] as number));
    }
    return Math.ceil(most);
  });
  const sums = cycles.map((own) =>
    own.map((each) => Math.max(LEAST_GAP, Math.ceil(SUM_SPACING * workers * each))),
  );
  return { sums, words };
}

/** What workers of a replica read about the exchange. */
export function encodeExchange(
  trees: readonly ReplicaTree[],
  { sums, words }: ExchangeGaps,
  replica: number,
): Uint8Array {
  const own = branchesOf(trees).filter((branch) => branch.replica === replica);
  const last = { root: replica, link: LINKS, next: replica };
  return encodeLayout(replicaExchange, {
    branches: padded([...own, last], ({ root, link, next }) => {
      const children = trees[root]?.children[replica] as number;
      return (root | (children << 8) | (link << 16) | (next << 24)) >>> 0;
    }),
    linkGaps: sums[replica] as readonly number[],
    shareGaps: padded(words, (gap) => gap),
  });
}

function padded<Value>(values: readonly Value[], word: (value: Value) => number): number[] {
  return Array.from({ length: MOST_REPLICAS }, (_, index) => {
    const value = values[index];
    return value === undefined ? 0 : word(value);
  });
}

/** All that is sent up trees, in an order in which nothing waits for what comes behind it. */
function branchesOf(trees: readonly ReplicaTree[]): Branch[] {
  return trees
    .flatMap(({ parents, heights }, root) =>
      parents.flatMap((parent, replica): Branch[] => {
        if (parent === undefined) return [];
        const height = heights[replica] as number;
        return [{ root, replica, link: parent.link, next: parent.replica, height }];
      }),
    )
    .sort((a, b) => a.height - b.height || a.root - b.root);
}

/** What an exchange takes, core cycles. */
export interface ExchangeCycles {
  readonly kind: ExchangeSize['kind'];
  /** Until all replicas are ready to take packets. */
  readonly before: number;
  /** From then to the last packet. */
  readonly packets: number;
  /** From then to the end. */
  readonly after: number;
}

/** Estimates what exchanges take, one by one. */
export function exchangeCycles(
  sizes: readonly ExchangeSize[],
  trees: readonly ReplicaTree[],
  gaps: ExchangeGaps,
  workers: number,
): ExchangeCycles[] {
  if (trees.length === 1) return [];
  const branches = branchesOf(trees);
  return sizes.map(({ kind, count, per, isWide }) => {
    const bytes = kind === 'reduce' ? SUM_BYTES : WORD_BYTES;
    const sharing = Math.min(trees.length, Math.ceil(count / (per * workers)));
    const room = roomInArena(bytes, trees.length);
    const parts = Math.ceil(per / room);
    const copies = (replicas: number) =>
      replicas * (parts * COPY_CYCLES + per * bytes * COPY_CYCLES_PER_BYTE);
    let packets = 0;
    for (let part = 0; part < parts; part++) {
      const numbers = Math.min(room, per - part * room);
      packets +=
        kind === 'share'
          ? numbers * (gaps.words[sharing - 1] as number)
          : sumCycles(branches, gaps, sharing, numbers, isWide ? 2 : 1);
    }
    const isReduce = kind === 'reduce';
    return {
      kind,
      before: parts * MEETING_CYCLES + copies(isReduce ? sharing : 1),
      packets,
      after: copies(isReduce ? 1 : sharing - 1),
    };
  });
}

/** Numbers of each replica for which a worker has room at a time. */
const roomInArena = (bytes: number, replicas: number): number =>
  Math.floor(LAYERS_ARENA_BYTES / bytes / replicas / REDUCE_PART) * REDUCE_PART;

/** Core cycles until so many numbers of each worker of the first replicas have come up their trees. */
function sumCycles(
  branches: readonly Branch[],
  gaps: ExchangeGaps,
  sharing: number,
  numbers: number,
  packets: number,
): number {
  /** When each link is free, and when each replica has the first part of a tree's numbers, and all of them. */
  const free = new Map<string, number>();
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  let end = 0;
  for (const { root, replica, link, next } of branches) {
    if (root >= sharing) continue;
    const [line, here, there] = [`${replica},${link}`, `${root},${replica}`, `${root},${next}`];
    const gap = packets * (gaps.sums[replica]?.[link] as number);
    const part = Math.min(REDUCE_PART, numbers) * gap;
    const start = Math.max(free.get(line) ?? 0, first.get(here) ?? 0);
    const done = Math.max(start + numbers * gap, (last.get(here) ?? 0) + part);
    free.set(line, done);
    first.set(there, Math.max(first.get(there) ?? 0, start + part));
    last.set(there, Math.max(last.get(there) ?? 0, done));
    end = Math.max(end, done);
  }
  return end;
}

/** Time of a batch on so many replicas, seconds. */
export interface ReplicaTime {
  readonly replicas: number;
  readonly seconds: number;
  /** Of that, what replicas take to add up and share. */
  readonly exchange: number;
}

const cyclesOf = ({ before, packets, after }: ExchangeCycles): number => before + packets + after;

/**
 * Time of a training step on so many replicas, and whether their chips have room for it.
 *
 * @param explain without what the exchanges take
 * @throws OptionError when there is no room for so many
 */
export function replicaTime(
  machine: Machine,
  room: ScheduleRoom,
  explain: Explain,
  replicas: number,
): ReplicaTime & { readonly cycles: readonly ExchangeCycles[]; readonly fits: boolean } {
  const { workers } = room;
  const { replicas: places } = placeSchedule(room, replicas);
  const trees = treesOf(machine, places);
  const { exchanges, seconds, memoryBytes } = explain({ replicas, workers });
  const gaps = exchangeGaps(machine, places, trees);
  const cycles = exchangeCycles(exchanges, trees, gaps, workers);
  const done = (replicas - 1) * workers * DONE_SPACING;
  const exchange = CYCLE_SECONDS * cycles.reduce((sum, each) => sum + cyclesOf(each), done);
  const fits = memoryBytes <= CHIP_BYTES;
  return { replicas, exchange, seconds: seconds.training + exchange, cycles, fits };
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
  return TRIED.filter((replicas) => replicas <= most)
    .flatMap((replicas) => {
      const { cycles, fits, ...time } = replicaTime(machine, room, explain, replicas);
      return fits ? [time] : [];
    })
    .sort((a, b) => a.seconds - b.seconds || a.replicas - b.replicas);
}
