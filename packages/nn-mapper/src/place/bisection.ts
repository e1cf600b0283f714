/**
 * Placement by dividing the machine in two, again and again, and with each part the blocks that lie
 * on it, so that those that talk stay together.
 *
 * The blocks of a part are lined up by a breadth-first search from one end of it, the line is turned
 * the way its talk with other parts pulls, smoothed (each block to the middle of those it talks to:
 * power iteration towards the Fiedler vector), and cut where the two halves of the part fill up.
 * Recursive bisection: Breuer, "Min-cut placement" (1977); pulls from outside: Dunlop and Kernighan
 * (1985). Time is proportional to pins times the logarithm of chips.
 */
import type { Graph } from '../graph/graph.js';
import { sinkGroups } from '../graph/sink-groups.js';
import { findChip, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';
import { type Bundles, formBundles } from './bundles.js';
import { lineUp, moveTo, sumBundles, type Traversal, traversal } from './line-up.js';
import { compactRegion, measure, type Region, regionRoom, type Sizes } from './regions.js';

/**
 * Smoothing rounds before each cut. Measured on 100,000 vertices: 2 rounds give 3.1 million hops, 4 give
 * 2.8, 6 give 2.6, more give no fewer.
 */
const ROUNDS = 6;

/** Parts with fewer blocks keep the order they have: smoothing reaches through them. */
const LEAST_LINE_UP = 400;

/** Bundles that touch more than this share of all blocks pull everything alike. */
const MOST_SHARE = 0.5;

/** Blocks of a region: `order[from .. to]`. */
interface Part extends Region {
  readonly from: number;
  readonly to: number;
}

interface State {
  readonly blocks: Blocks;
  readonly sizes: Sizes;
  readonly room: (region: Region) => number;
  readonly search: Traversal;
  /** Traffic of each bundle for each of its pins, and the traffic at each block. */
  readonly share: Float64Array;
  readonly weight: Float64Array;
  /** Movable blocks, those of a part side by side. */
  readonly order: Int32Array;
  /** Coordinates of each block, in chips. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * A chip for each block, near those it talks to; chips may be overfull by little.
 * @param density share of the room of the chips in use to fill, above 0, up to 1
 */
export function bisect(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  density: number,
): Int32Array {
  const state = initialState(graph, topology, blocks);
  let parts = [wholePart(state, topology, density)];
  while (parts.some((part) => !isSingle(part))) {
    const alongX = parts.some((part) => part.x1 - part.x0 >= part.y1 - part.y0 && !isSingle(part));
    const along = alongX ? state.x : state.y;
    sumBundles(state.search, along);
    for (const part of parts) {
      if (part.to - part.from >= LEAST_LINE_UP) {
        lineUp(state.search, part, along, alongX ? [part.x0, part.x1] : [part.y0, part.y1]);
      }
    }
    for (let round = 0; round < ROUNDS; round++) smooth(state, along, round);
    parts = parts.flatMap((part) => cut(state, part, alongX));
  }
  const chipOf = blocks.fixedChip.slice();
  for (const { x0, y0, from, to } of parts) {
    const chip = findChip(topology, x0, y0);
    for (let index = from; index < to; index++) chipOf[state.order[index] as number] = chip;
  }
  return chipOf;
}

const isSingle = ({ x0, y0, x1, y1 }: Region): boolean => x1 - x0 <= 1 && y1 - y0 <= 1;

function initialState(graph: Graph, topology: Topology, blocks: Blocks): State {
  const mostPins = Math.max(2, MOST_SHARE * blocks.count);
  const bundles = formBundles(graph, blocks, sinkGroups(graph), mostPins);
  const sizes = measure(topology, blocks);
  const order = Int32Array.from(blocks.fixedChip.keys()).filter(
    (block) => blocks.fixedChip[block] === NO_CHIP,
  );
  const x = new Float64Array(blocks.count);
  const y = new Float64Array(blocks.count);
  blocks.fixedChip.forEach((chip, block) => {
    if (chip === NO_CHIP) return;
    x[block] = (topology.x[chip] as number) + 0.5;
    y[block] = (topology.y[chip] as number) + 0.5;
  });
  return {
    blocks,
    sizes,
    room: regionRoom(topology, sizes),
    search: traversal(bundles, order, blocks.count),
    ...weights(bundles, blocks.count),
    order,
    x,
    y,
  };
}

function weights({ count, traffic, pins, pinStart }: Bundles, blockCount: number) {
  const share = new Float64Array(count);
  const weight = new Float64Array(blockCount);
  for (let bundle = 0; bundle < count; bundle++) {
    const end = pinStart[bundle + 1] as number;
    share[bundle] = (traffic[bundle] as number) / (end - (pinStart[bundle] as number));
    for (let pin = pinStart[bundle] as number; pin < end; pin++) {
      const block = pins[pin] as number;
      weight[block] = (weight[block] as number) + (traffic[bundle] as number);
    }
  }
  return { share, weight };
}

function wholePart({ order, sizes, room, x, y }: State, topology: Topology, density: number): Part {
  const needed = order.reduce((sum, block) => sum + (sizes.ofBlock[block] as number), 0);
  const region = compactRegion(topology, room, needed / density);
  for (const block of order) {
    x[block] = (region.x0 + region.x1) / 2;
    y[block] = (region.y0 + region.y1) / 2;
  }
  return { ...region, from: 0, to: order.length };
}

/**
 * Moves each movable block to the middle of the bundles at it, one after another, each time in the
 * opposite order so that nothing drifts.
 */
function smooth({ search, order, weight, share }: State, along: Float64Array, round: number): void {
  const { bundles, sums } = search;
  const { bundleStart } = bundles;
  for (let index = 0; index < order.length; index++) {
    const block = order[round % 2 === 0 ? index : order.length - 1 - index] as number;
    const total = weight[block] as number;
    if (total === 0) continue;
    const end = bundleStart[block + 1] as number;
    let pull = 0;
    for (let at = bundleStart[block] as number; at < end; at++) {
      const bundle = bundles.bundles[at] as number;
      pull += (sums[bundle] as number) * (share[bundle] as number);
    }
    moveTo(search, along, block, pull / total);
  }
}

/** The two halves of a part; a part of one chip across stays whole. */
function cut(state: State, part: Part, alongX: boolean): Part[] {
  const { order, sizes, room } = state;
  const along = alongX ? state.x : state.y;
  const [low, high] = alongX ? [part.x0, part.x1] : [part.y0, part.y1];
  if (high - low <= 1) return [part];
  const middle = (low + high) >>> 1;
  const lower: Region = alongX ? { ...part, x1: middle } : { ...part, y1: middle };
  const upper: Region = alongX ? { ...part, x0: middle } : { ...part, y0: middle };
  const blocks = order.subarray(part.from, part.to);
  sortBy(blocks, along);
  const lowerRoom = room(lower);
  const bothRoom = Math.max(lowerRoom + room(upper), Number.MIN_VALUE);
  let total = 0;
  for (const block of blocks) total += sizes.ofBlock[block] as number;
  const wanted = (total * lowerRoom) / bothRoom;
  let filled = 0;
  let split = 0;
  while (split < blocks.length) {
    const size = sizes.ofBlock[blocks[split] as number] as number;
    if (filled + size / 2 > wanted) break;
    filled += size;
    split++;
  }
  spread(blocks.subarray(0, split), along, low, middle);
  spread(blocks.subarray(split), along, middle, high);
  return [
    { ...lower, from: part.from, to: part.from + split },
    { ...upper, from: part.from + split, to: part.to },
  ];
}

/** Steps of a chip that coordinates are told apart by, and ranks below them in one number. */
const FINE = 2 ** 20;
const RANKS = 2 ** 24;

/** Sorts by coordinate; equal ones stay in the order they had. Numbers sort fast without a comparator. */
function sortBy(blocks: Int32Array, along: Float64Array): void {
  const keys = Float64Array.from(
    blocks,
    (block, rank) => Math.round((along[block] as number) * FINE) * RANKS + rank,
  ).sort();
  blocks.set(Int32Array.from(keys, (key) => blocks[key % RANKS] as number));
}

function spread(blocks: Int32Array, along: Float64Array, low: number, high: number): void {
  const step = (high - low) / blocks.length;
  for (let rank = 0; rank < blocks.length; rank++) {
    along[blocks[rank] as number] = low + (rank + 0.5) * step;
  }
}
