/**
 * Layers: blocks that the same nets lead to. A layer that begins on a chip of its own keeps its tree apart
 * from what the layer before sends: where the last of one and the first of the next share a chip, nets of
 * that chip start in the middle of their own tree, and every chip of it needs entries just for them.
 */
import type { Graph } from '../graph/graph.js';
import { netsOfGroups, sinkGroups } from '../graph/sink-groups.js';
import { countBits, type Topology } from '../machine/topology.js';
import type { Blocks } from './blocks.js';

/** So many nets with the same sinks make a layer of them; as many share a tree. */
export const LEAST_SHARED = 32;

/**
 * The blocks with which a layer begins or ends, 1 each, in an order of placing; none where the machine has
 * no room to leave the rest of a chip free at each of them.
 */
export function layerStarts(
  graph: Graph,
  topology: Topology,
  blocks: Blocks,
  order: Int32Array,
): Uint8Array {
  const starts = new Uint8Array(blocks.count);
  const layers = layersOfBlocks(graph, blocks);
  let count = 0;
  for (let index = 1; index < order.length; index++) {
    const block = order[index] as number;
    if (layers[block] === layers[order[index - 1] as number]) continue;
    starts[block] = 1;
    count++;
  }
  return count === 0 || hasRoomFor(count, topology, blocks) ? starts : starts.fill(0);
}

/** A number for each combination of layers that a block is part of; 0 for none. */
function layersOfBlocks(graph: Graph, blocks: Blocks): Int32Array {
  const { nets } = graph;
  const groups = sinkGroups(graph);
  const { start } = netsOfGroups(groups);
  const layers = new Int32Array(blocks.count);
  const known = new Map<string, number>();
  for (let group = 0; group < groups.count; group++) {
    if ((start[group + 1] as number) - (start[group] as number) < LEAST_SHARED) continue;
    const net = groups.firstNet[group] as number;
    const sinks = nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1]);
    for (const block of new Set(sinks.map((sink) => blocks.blockOf[sink] as number))) {
      const combination = `${layers[block]} ${group}`;
      const number = known.get(combination) ?? known.size + 1;
      known.set(combination, number);
      layers[block] = number;
    }
  }
  return layers;
}

function hasRoomFor(starts: number, topology: Topology, blocks: Blocks): boolean {
  const cores = Float64Array.from(topology.coreMask, countBits);
  const isAmple = (needed: ArrayLike<number>, room: Float64Array) =>
    sum(needed) + starts * room.reduce((most, each) => Math.max(most, each), 0) <= sum(room);
  return isAmple(blocks.cores, cores) && isAmple(blocks.sdramBytes, topology.sdramBytes);
}

const sum = (column: ArrayLike<number>): number =>
  Array.from(column).reduce((total, each) => total + each, 0);
