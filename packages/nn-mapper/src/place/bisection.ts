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
import { type Bundles, formBundles, renumberBundles } from './bundles.js';
import { lineUp, replaceBundles, sumBundles, type Traversal, traversal } from './line-up.js';
import { compactRegion, measure, type Region, regionRoom } from './regions.js';

/**
 * Smoothing rounds before each cut. Measured on 100,000 vertices: 2 rounds give 3.1 million hops, 4 give
 * 2.8, 6 give 2.6, more give no fewer.
 */
const ROUNDS = 6;

/**
 * Rounds once no part is lined up any more: smoothing then only settles what the lines began. What talks is close in
 * memory by then, too, so that blocks need no new numbers. Measured, 100,000 and 10,000 vertices: 2 rounds give 2.59
 * and 0.249 million hops, longest table 352; 3 give 2.59 and 0.256, 330; 4 give 2.60 and 0.262, 339.
 */
const FINE_ROUNDS = 3;

/**
 * Parts with fewer blocks keep the order they have, as smoothing reaches through them, unless they are the
 * whole or one of its halves: each axis is lined up once. Measured: 100,000 vertices of 16 local sinks take
 * 2.609 million hops, and 2.632 when parts of 400 are lined up as well; a grid of 10,000 takes 18,942 and
 * 24,456.
 */
const LEAST_LINE_UP = 3000;

/**
 * Nor are parts of a smaller share of all blocks, of which smoothing makes better lines. Measured, with shares of 1/40, 1/20
 * and 1/10: 100,000 vertices of 16 local sinks take 2.59, 2.58 and 2.57 million hops, a million 36.4, 35.8 and 34.1, in
 * 131, 122 and 119 s.
 */
const LEAST_SHARE = 1 / 10;

/** Parts with fewer blocks than this are never lined up. */
const FEW_BLOCKS = 400;

/** Bundles that touch more than this share of all blocks pull everything alike. */
const MOST_SHARE = 0.5;

/** Blocks of a region: those at `from` to before `to` of the order in hand. */
interface Part extends Region {
  readonly from: number;
  readonly to: number;
}

interface State {
  /** Movable blocks come first, those of a part side by side: what talks is close in memory. */
  readonly movable: number;
  readonly room: (region: Region) => number;
  readonly search: Traversal;
  numbered: Numbered;
}

/** Columns by the number that a block has at present, and by that of a bundle. */
interface Numbered {
  /** Which of the caller's blocks it is. */
  readonly block: Int32Array;
  readonly size: Float64Array;
  /** Traffic at each block. */
  readonly weight: Float64Array;
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
  const { movable } = state;
  const leastLineUp = Math.max(
    FEW_BLOCKS,
    LEAST_SHARE * movable,
    Math.min(LEAST_LINE_UP, movable / 3),
  );
  let parts = [wholePart(state, topology, density)];
  let order = identity(blocks.count);
  while (parts.some((part) => !isSingle(part))) {
    const alongX = parts.some((part) => part.x1 - part.x0 >= part.y1 - part.y0 && !isSingle(part));
    const along = alongX ? state.numbered.x : state.numbered.y;
    sumBundles(state.search, along);
    for (const part of parts) {
      if (part.to - part.from >= leastLineUp) {
        lineUp(state.search, part, along, alongX ? [part.x0, part.x1] : [part.y0, part.y1]);
      }
    }
    const isFine = parts.every((part) => part.to - part.from < leastLineUp);
    const rounds = isFine ? FINE_ROUNDS : ROUNDS;
    for (let round = 0; round < rounds; round++) smooth(state, along, round);
    parts = parts.flatMap((part) => cut(state, order, part, alongX));
    if (isFine) continue;
    renumber(state, order);
    order = identity(blocks.count);
  }
  const chipOf = blocks.fixedChip.slice();
  for (const { x0, y0, from, to } of parts) {
    const chip = findChip(topology, x0, y0);
    for (let index = from; index < to; index++) {
      chipOf[state.numbered.block[order[index] as number] as number] = chip;
    }
  }
  return chipOf;
}

const identity = (count: number): Int32Array => new Int32Array(count).map((_, index) => index);

const isSingle = ({ x0, y0, x1, y1 }: Region): boolean => x1 - x0 <= 1 && y1 - y0 <= 1;

function initialState(graph: Graph, topology: Topology, blocks: Blocks): State {
  const mostPins = Math.max(2, MOST_SHARE * blocks.count);
  const bundles = formBundles(graph, blocks, sinkGroups(graph), mostPins);
  const sizes = measure(topology, blocks);
  const isFixed = (block: number) => blocks.fixedChip[block] !== NO_CHIP;
  const all = [...blocks.fixedChip.keys()];
  const order = Int32Array.from([
    ...all.filter((block) => !isFixed(block)),
    ...all.filter(isFixed),
  ]);
  const x = new Float64Array(blocks.count);
  const y = new Float64Array(blocks.count);
  blocks.fixedChip.forEach((chip, block) => {
    if (chip === NO_CHIP) return;
    x[block] = (topology.x[chip] as number) + 0.5;
    y[block] = (topology.y[chip] as number) + 0.5;
  });
  const weight = weights(bundles, blocks.count);
  const block = Int32Array.from(all);
  const state = {
    movable: blocks.count - all.filter(isFixed).length,
    room: regionRoom(topology, sizes),
    search: traversal(bundles, blocks.count),
    numbered: { block, size: sizes.ofBlock, weight, x, y },
  };
  renumber(state, order);
  return state;
}

/**
 * Gives the blocks numbers in the order of their present ones, and the bundles in the order in which
 * the blocks come upon them.
 */
function renumber(state: State, order: Int32Array): void {
  const { search, numbered } = state;
  replaceBundles(search, renumberBundles(search.bundles, order));
  state.numbered = {
    block: order.map((block) => numbered.block[block] as number),
    size: reordered(numbered.size, order),
    weight: reordered(numbered.weight, order),
    x: reordered(numbered.x, order),
    y: reordered(numbered.y, order),
  };
}

function reordered(column: Float64Array, order: Int32Array): Float64Array {
  const to = new Float64Array(order.length);
  for (let index = 0; index < to.length; index++) {
    to[index] = column[order[index] as number] as number;
  }
  return to;
}

function weights({ count, traffic, pins, pinStart }: Bundles, blockCount: number): Float64Array {
  const weight = new Float64Array(blockCount);
  for (let bundle = 0; bundle < count; bundle++) {
    const end = pinStart[bundle + 1] as number;
    for (let pin = pinStart[bundle] as number; pin < end; pin++) {
      const block = pins[pin] as number;
      weight[block] = (weight[block] as number) + (traffic[bundle] as number);
    }
  }
  return weight;
}

function wholePart({ movable, numbered, room }: State, topology: Topology, density: number): Part {
  const { size, x, y } = numbered;
  const needed = size.subarray(0, movable).reduce((sum, each) => sum + each, 0);
  const region = compactRegion(topology, room, needed / density);
  x.fill((region.x0 + region.x1) / 2, 0, movable);
  y.fill((region.y0 + region.y1) / 2, 0, movable);
  return { ...region, from: 0, to: movable };
}

/**
 * Moves each movable block to the middle of the bundles at it, one after another, each time in the
 * opposite order so that nothing drifts.
 */
function smooth({ search, movable, numbered }: State, along: Float64Array, round: number): void {
  const { weight } = numbered;
  const { pulls } = search;
  const { bundleStart, bundles } = search.bundles;
  for (let index = 0; index < movable; index++) {
    const block = round % 2 === 0 ? index : movable - 1 - index;
    const total = weight[block] as number;
    if (total === 0) continue;
    const start = bundleStart[block] as number;
    const end = bundleStart[block + 1] as number;
    let pull = 0;
    for (let at = start; at < end; at++) {
      const bundle = bundles[at] as number;
      pull += (pulls[2 * bundle] as number) * (pulls[2 * bundle + 1] as number);
    }
    const to = pull / total;
    const step = to - (along[block] as number);
    along[block] = to;
    for (let at = start; at < end; at++) {
      const bundle = bundles[at] as number;
      pulls[2 * bundle] = (pulls[2 * bundle] as number) + step;
    }
  }
}

/** The two halves of a part, whose blocks in `order` are sorted; a part of one chip across stays whole. */
function cut(state: State, order: Int32Array, part: Part, alongX: boolean): Part[] {
  const { numbered, room } = state;
  const along = alongX ? numbered.x : numbered.y;
  const [low, high] = alongX ? [part.x0, part.x1] : [part.y0, part.y1];
  if (high - low <= 1) return [part];
  const middle = (low + high) >>> 1;
  const lower: Region = alongX ? { ...part, x1: middle } : { ...part, y1: middle };
  const upper: Region = alongX ? { ...part, x0: middle } : { ...part, y0: middle };
  const blocks = order.subarray(part.from, part.to);
  sortBy(blocks, along);
  const lowerRoom = room(lower);
  const bothRoom = Math.max(lowerRoom + room(upper), Number.MIN_VALUE);
  const { size } = numbered;
  const split = fillUp(blocks, size, (sumOf(blocks, size) * lowerRoom) / bothRoom);
  spread(blocks.subarray(0, split), along, low, middle);
  spread(blocks.subarray(split), along, middle, high);
  return [
    { ...lower, from: part.from, to: part.from + split },
    { ...upper, from: part.from + split, to: part.to },
  ];
}

function sumOf(blocks: Int32Array, size: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < blocks.length; index++) {
    sum += size[blocks[index] as number] as number;
  }
  return sum;
}

/** How many of the blocks, from the first on, come closest to a sum of sizes. */
function fillUp(blocks: Int32Array, size: Float64Array, wanted: number): number {
  let filled = 0;
  for (let index = 0; index < blocks.length; index++) {
    const next = size[blocks[index] as number] as number;
    if (filled + next / 2 > wanted) return index;
    filled += next;
  }
  return blocks.length;
}

/** Steps of a chip that coordinates are told apart by, and blocks below them in one number. */
const FINE = 2 ** 20;
const BLOCKS = 2 ** 24;

/** Sorts by coordinate, equal ones by number. Numbers sort fast without a comparator. */
function sortBy(blocks: Int32Array, along: Float64Array): void {
  const keys = sortKeys(blocks, along).sort();
  for (let rank = 0; rank < keys.length; rank++) blocks[rank] = (keys[rank] as number) % BLOCKS;
}

function sortKeys(blocks: Int32Array, along: Float64Array): Float64Array {
  const keys = new Float64Array(blocks.length);
  for (let rank = 0; rank < keys.length; rank++) {
    const block = blocks[rank] as number;
    keys[rank] = Math.round((along[block] as number) * FINE) * BLOCKS + block;
  }
  return keys;
}

function spread(blocks: Int32Array, along: Float64Array, low: number, high: number): void {
  const step = (high - low) / blocks.length;
  for (let rank = 0; rank < blocks.length; rank++) {
    along[blocks[rank] as number] = low + (rank + 0.5) * step;
  }
}
