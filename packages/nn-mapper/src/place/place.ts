/** Placement: a chip and cores for every vertex. */
import type { Graph } from '../graph/graph.js';
import type { Topology } from '../machine/topology.js';
import { chipPlaces } from '../machine/vectors.js';
import { seededRandom } from '../random.js';
import { anneal, MOST_PINS } from './annealing.js';
import { bisect } from './bisection.js';
import { additionOrder, breadthFirstOrder } from './block-order.js';
import { type Blocks, formBlocks } from './blocks.js';
import { hilbertChips, sequentialChips } from './chip-order.js';
import { assignCores } from './cores.js';
import { fillChips } from './fill.js';
import { blockNets, totalCost } from './net-length.js';
import { settle } from './settle.js';

/**
 * How vertices are laid out.
 * - `sequential`: chips row by row, vertices as added.
 * - `hilbert`: chips along a space-filling curve, vertices as added; the default.
 * - `breadth-first`: chips along the curve, vertices by breadth-first search over the nets.
 * - `bisection`: machine and graph are divided in two again and again; best for large graphs.
 * - `annealing`: the better of `hilbert` and `bisection`, improved by simulated annealing; slow.
 */
export type Placer = 'sequential' | 'hilbert' | 'breadth-first' | 'bisection' | 'annealing';

/** Options of {@link place}. */
export interface PlaceOptions {
  readonly placer?: Placer;
  /** Fixes every random choice. Default 1. */
  readonly seed?: number;
  /** Work of the `annealing` placer: its time is proportional. Default 1. */
  readonly effort?: number;
  /**
   * Time of the `annealing` placer instead of `effort`, seconds. Counted in work, not by the clock, so
   * that every host gives the same placement; a fast one takes less.
   */
  readonly budgetSeconds?: number;
  /**
   * Share of the cores and SDRAM of the chips in use that `bisection` fills, above 0, up to 1. Less of it
   * makes shorter routing tables and slightly longer ways. Default 0.99.
   */
  readonly density?: number;
}

/** Where every vertex is. */
export interface Placement {
  /** Chip index of each vertex. */
  readonly chipOf: Int32Array;
  /** Cores of each vertex, bit v for virtual core v. */
  readonly coreMask: Uint32Array;
}

/**
 * Places a graph on a machine.
 * @throws MachineTooSmallError when a vertex finds no room
 * @throws ImpossiblePlacementError when a fixed place is absent, dead or taken
 * @throws RangeError when the density is not a share
 */
export function place(graph: Graph, topology: Topology, options: PlaceOptions = {}): Placement {
  const { placer = 'hilbert', seed = 1, effort = 1, budgetSeconds } = options;
  const { density = DENSITY } = options;
  if (!(density > 0 && density <= 1)) {
    throw new RangeError(`density is ${density}; give a share above 0, up to 1`);
  }
  const blocks = formBlocks(graph, topology);
  const lay = LAYOUTS[placer === 'annealing' ? 'hilbert' : placer];
  let chipOfBlock = lay(graph, topology, blocks, density);
  if (placer === 'annealing') {
    chipOfBlock = better(graph, topology, blocks, chipOfBlock, density);
    const random = seededRandom(seed);
    anneal(graph, topology, blocks, chipOfBlock, { random, effort, budgetSeconds });
  }
  const chipOf = blocks.blockOf.map((block) => chipOfBlock[block] as number);
  return { chipOf, coreMask: assignCores(graph, topology, chipOf) };
}

/** Some room is left over, so that blocks of several cores find chips that are not full. */
const DENSITY = 0.99;

type Layout = (graph: Graph, topology: Topology, blocks: Blocks, density: number) => Int32Array;

const LAYOUTS: Readonly<Record<Exclude<Placer, 'annealing'>, Layout>> = {
  sequential: (graph, topology, blocks) =>
    fillChips(graph, topology, blocks, additionOrder(blocks), sequentialChips(topology)),
  hilbert: (graph, topology, blocks) =>
    fillChips(graph, topology, blocks, additionOrder(blocks), hilbertChips(topology)),
  'breadth-first': (graph, topology, blocks) =>
    fillChips(graph, topology, blocks, breadthFirstOrder(graph, blocks), hilbertChips(topology)),
  bisection(graph, topology, blocks, density) {
    const chipOf = bisect(graph, topology, blocks, density);
    settle(graph, topology, blocks, chipOf);
    return chipOf;
  },
};

/** The bisection where its nets are shorter, otherwise what there is. */
function better(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  chipOf: Int32Array,
  density: number,
): Int32Array {
  const nets = blockNets(graph, blocks, MOST_PINS);
  const places = chipPlaces(topology);
  const bisected = LAYOUTS.bisection(graph, topology, blocks, density);
  return totalCost(nets, bisected, places) < totalCost(nets, chipOf, places) ? bisected : chipOf;
}
