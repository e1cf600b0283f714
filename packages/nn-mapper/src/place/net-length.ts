/**
 * An estimate of the hops of a net's multicast tree that is cheap enough for annealing: half the
 * sum of the extents along the three axes of the hexagonal mesh. Exact for one sink, a lower bound
 * for more; vectors are taken from the source, so wrap-around counts.
 */
import type { Graph } from '../graph/graph.js';
import type { Topology } from '../machine/topology.js';
import { type VectorTable, vectorIndex } from '../machine/vectors.js';
import type { Blocks } from './blocks.js';

/** Nets reduced to the distinct blocks they touch; pins of net n start with its source. */
export interface BlockNets {
  readonly count: number;
  readonly pinStart: Int32Array;
  readonly pins: Int32Array;
  readonly traffic: Float64Array;
  /** Nets at each block: `nets[netStart[b] .. netStart[b + 1]]`. */
  readonly netStart: Int32Array;
  readonly nets: Int32Array;
}

/**
 * The nets that placement can shorten: those that touch 2 blocks or more, and at most `mostPins`
 * (a tree that visits much of the machine has about the same length wherever its ends are).
 */
export function blockNets(graph: Graph, blocks: Blocks, mostPins: number): BlockNets {
  const { nets } = graph;
  const pins: number[] = [];
  const pinStart = [0];
  const traffic: number[] = [];
  for (let net = 0; net < nets.count; net++) {
    const sinks = nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1]);
    const distinct = new Set([blocks.blockOf[nets.source[net] as number] as number]);
    for (const sink of sinks) distinct.add(blocks.blockOf[sink] as number);
    if (distinct.size < 2 || distinct.size > mostPins || nets.traffic[net] === 0) continue;
    pins.push(...distinct);
    pinStart.push(pins.length);
    traffic.push(nets.traffic[net] as number);
  }
  return {
    count: traffic.length,
    pinStart: Int32Array.from(pinStart),
    pins: Int32Array.from(pins),
    traffic: Float64Array.from(traffic),
    ...netsAtBlocks(blocks.count, pinStart, pins),
  };
}

function netsAtBlocks(blockCount: number, pinStart: readonly number[], pins: readonly number[]) {
  const netStart = new Int32Array(blockCount + 1);
  for (const block of pins) netStart[block + 1] = (netStart[block + 1] as number) + 1;
  for (let block = 0; block < blockCount; block++) {
    netStart[block + 1] = (netStart[block + 1] as number) + (netStart[block] as number);
  }
  const next = netStart.slice();
  const nets = new Int32Array(pins.length);
  for (let net = 0; net + 1 < pinStart.length; net++) {
    for (let pin = pinStart[net] as number; pin < (pinStart[net + 1] as number); pin++) {
      const block = pins[pin] as number;
      nets[next[block] as number] = net;
      next[block] = (next[block] as number) + 1;
    }
  }
  return { netStart, nets };
}

/** Estimated hops of a net times its traffic. */
export function netCost(
  nets: BlockNets,
  net: number,
  chipOf: Int32Array,
  topology: Topology,
  vectors: VectorTable,
): number {
  const start = nets.pinStart[net] as number;
  const end = nets.pinStart[net + 1] as number;
  const source = chipOf[nets.pins[start] as number] as number;
  let [lowX, highX, lowY, highY, lowZ, highZ] = [0, 0, 0, 0, 0, 0];
  for (let pin = start + 1; pin < end; pin++) {
    const chip = chipOf[nets.pins[pin] as number] as number;
    const index = vectorIndex(vectors, topology, source, chip);
    const dx = vectors.dx[index] as number;
    const dy = vectors.dy[index] as number;
    const dz = dx - dy;
    if (dx < lowX) lowX = dx;
    else if (dx > highX) highX = dx;
    if (dy < lowY) lowY = dy;
    else if (dy > highY) highY = dy;
    if (dz < lowZ) lowZ = dz;
    else if (dz > highZ) highZ = dz;
  }
  const extents = highX - lowX + (highY - lowY) + (highZ - lowZ);
  return 0.5 * extents * (nets.traffic[net] as number);
}
