/** Placement: a chip and cores for every vertex. */
import type { Graph } from '../graph/graph.js';
import type { Topology } from '../machine/topology.js';
import { seededRandom } from '../random.js';
import { anneal } from './annealing.js';
import { additionOrder, breadthFirstOrder } from './block-order.js';
import { formBlocks } from './blocks.js';
import { hilbertChips, sequentialChips } from './chip-order.js';
import { assignCores } from './cores.js';
import { fillChips } from './fill.js';

/**
 * How vertices are laid out.
 * - `sequential`: chips row by row, vertices as added.
 * - `hilbert`: chips along a space-filling curve, vertices as added; the default.
 * - `breadth-first`: chips along the curve, vertices by breadth-first search over the nets.
 * - `annealing`: the hilbert layout improved by simulated annealing; slow, and best.
 */
export type Placer = 'sequential' | 'hilbert' | 'breadth-first' | 'annealing';

/** Options of {@link place}. */
export interface PlaceOptions {
  readonly placer?: Placer;
  /** Fixes every random choice. Default 1. */
  readonly seed?: number;
  /** Work of the `annealing` placer: its time is proportional. Default 1. */
  readonly effort?: number;
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
 */
export function place(graph: Graph, topology: Topology, options: PlaceOptions = {}): Placement {
  const { placer = 'hilbert', seed = 1, effort = 1 } = options;
  const blocks = formBlocks(graph, topology);
  const chipOrder = placer === 'sequential' ? sequentialChips(topology) : hilbertChips(topology);
  const blockOrder =
    placer === 'breadth-first' ? breadthFirstOrder(graph, blocks) : additionOrder(blocks);
  const chipOfBlock = fillChips(graph, topology, blocks, blockOrder, chipOrder);
  if (placer === 'annealing') {
    anneal(graph, topology, blocks, chipOfBlock, { random: seededRandom(seed), effort });
  }
  const chipOf = blocks.blockOf.map((block) => chipOfBlock[block] as number);
  return { chipOf, coreMask: assignCores(graph, topology, chipOf) };
}
