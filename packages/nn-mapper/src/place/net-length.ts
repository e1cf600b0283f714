/**
 * An estimate of the hops of a net's multicast tree that is cheap enough for annealing: half the
 * sum of the extents along the three axes of the hexagonal mesh. Exact for one sink, a lower bound
 * for more; vectors are taken from the source, so wrap-around counts.
 */
import type { Graph } from '../graph/graph.js';
import type { ChipPlaces } from '../machine/vectors.js';
import type { Blocks } from './blocks.js';
import { usersOfPins } from './pins.js';

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
  const stamps = new Int32Array(blocks.count).fill(-1);
  const pins = new Int32Array(nets.sinks.length + nets.count);
  const pinStart = new Int32Array(nets.count + 1);
  const traffic = new Float64Array(nets.count);
  let count = 0;
  for (let net = 0; net < nets.count; net++) {
    const first = pinStart[count] as number;
    let end = first;
    const touch = (vertex: number) => {
      const block = blocks.blockOf[vertex] as number;
      if (stamps[block] === net) return;
      stamps[block] = net;
      pins[end++] = block;
    };
    touch(nets.source[net] as number);
    const last = nets.sinkStart[net + 1] as number;
    for (
      let index = nets.sinkStart[net] as number;
      index < last && end - first <= mostPins;
      index++
    ) {
      touch(nets.sinks[index] as number);
    }
    if (end - first < 2 || end - first > mostPins || nets.traffic[net] === 0) continue;
    traffic[count++] = nets.traffic[net] as number;
    pinStart[count] = end;
  }
  const starts = pinStart.slice(0, count + 1);
  const used = pins.slice(0, starts[count]);
  const { start, members } = usersOfPins(blocks.count, starts, used);
  return {
    count,
    pinStart: starts,
    pins: used,
    traffic: traffic.slice(0, count),
    netStart: start,
    nets: members,
  };
}

/**
 * Estimated hops of a net times its traffic.
 * @param placeOf place of each block's chip in `places`
 */
export function netCost(
  nets: BlockNets,
  net: number,
  placeOf: Int32Array,
  { both, origin }: ChipPlaces,
): number {
  const { pins } = nets;
  const start = nets.pinStart[net] as number;
  const end = nets.pinStart[net + 1] as number;
  const source = (placeOf[pins[start] as number] as number) - origin;
  let lowX = 0;
  let highX = 0;
  let lowY = 0;
  let highY = 0;
  let lowZ = 0;
  let highZ = 0;
  for (let pin = start + 1; pin < end; pin++) {
    const vector = both[(placeOf[pins[pin] as number] as number) - source] as number;
    const x = vector >> 16;
    const y = (vector << 16) >> 16;
    const z = x - y;
    lowX += belowZero(x - lowX);
    highX -= belowZero(highX - x);
    lowY += belowZero(y - lowY);
    highY -= belowZero(highY - y);
    lowZ += belowZero(z - lowZ);
    highZ -= belowZero(highZ - z);
  }
  const extents = highX - lowX + (highY - lowY) + (highZ - lowZ);
  return 0.5 * extents * (nets.traffic[net] as number);
}

/** A small number, or 0 when it is more: without a branch, which would go either way at random. */
const belowZero = (value: number): number => value & (value >> 31);

/** Place of each block's chip, for {@link netCost}. */
export const placesOf = (chipOf: Int32Array, { place }: ChipPlaces): Int32Array =>
  chipOf.map((chip) => place[chip] as number);

/** Estimated hops times traffic of all nets. */
export function totalCost(nets: BlockNets, chipOf: Int32Array, places: ChipPlaces): number {
  const placeOf = placesOf(chipOf, places);
  let total = 0;
  for (let net = 0; net < nets.count; net++) total += netCost(nets, net, placeOf, places);
  return total;
}
