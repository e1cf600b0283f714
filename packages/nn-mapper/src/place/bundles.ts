/**
 * Bundles: all nets with the same sinks as one, reduced to the distinct blocks at their ends. Layers
 * that talk all to all become a few bundles instead of millions of pins.
 */
import type { Graph } from '../graph/graph.js';
import { netsOfGroups, type SinkGroups } from '../graph/sink-groups.js';
import type { Blocks } from './blocks.js';
import { usersOfPins } from './pins.js';

/** Pins of bundle b are `pins[pinStart[b] .. pinStart[b + 1]]`, distinct blocks, 2 or more. */
export interface Bundles {
  readonly count: number;
  readonly pinStart: Int32Array;
  readonly pins: Int32Array;
  /** Traffic of all nets of the bundle together. */
  readonly traffic: Float64Array;
  /** Bundles at each block: `bundles[bundleStart[k] .. bundleStart[k + 1]]`. */
  readonly bundleStart: Int32Array;
  readonly bundles: Int32Array;
}

/** The bundles that touch at most `mostPins` blocks. */
export function formBundles(
  graph: Graph,
  blocks: Blocks,
  groups: SinkGroups,
  mostPins: number,
): Bundles {
  const { nets } = graph;
  const { start, members } = netsOfGroups(groups);
  const stamps = new Int32Array(blocks.count).fill(-1);
  const pinStart = new Int32Array(groups.count + 1);
  const pins = new Int32Array(nets.count + distinctSinks(graph, groups));
  const traffic = new Float64Array(groups.count);
  let count = 0;
  for (let group = 0; group < groups.count; group++) {
    const first = pinStart[count] as number;
    let end = first;
    const touch = (vertex: number) => {
      const block = blocks.blockOf[vertex] as number;
      if (stamps[block] === group) return;
      stamps[block] = group;
      pins[end++] = block;
    };
    let total = 0;
    for (let index = start[group] as number; index < (start[group + 1] as number); index++) {
      const net = members[index] as number;
      touch(nets.source[net] as number);
      total += nets.traffic[net] as number;
    }
    const net = groups.firstNet[group] as number;
    const lastSink = nets.sinkStart[net + 1] as number;
    for (let index = nets.sinkStart[net] as number; index < lastSink; index++) {
      touch(nets.sinks[index] as number);
    }
    if (end - first < 2 || end - first > mostPins || total === 0) continue;
    traffic[count++] = total;
    pinStart[count] = end;
  }
  const used = pins.slice(0, pinStart[count]);
  const starts = pinStart.slice(0, count + 1);
  const { start: bundleStart, members: bundles } = usersOfPins(blocks.count, starts, used);
  return {
    count,
    pinStart: starts,
    pins: used,
    traffic: traffic.slice(0, count),
    bundleStart,
    bundles,
  };
}

function distinctSinks({ nets }: Graph, { firstNet }: SinkGroups): number {
  let total = 0;
  for (const net of firstNet) {
    total += (nets.sinkStart[net + 1] as number) - (nets.sinkStart[net] as number);
  }
  return total;
}

/**
 * The same bundles for blocks with other numbers, themselves numbered in the order in which the blocks
 * come upon them; what a block or bundle lists stays in the order it had.
 * @param order present number of each block
 */
export function renumberBundles(
  { count, pinStart, pins, traffic, bundleStart, bundles }: Bundles,
  order: Int32Array,
): Bundles {
  const blockNumber = new Int32Array(order.length);
  const bundleNumber = new Int32Array(count).fill(-1);
  const bundleOrder = new Int32Array(count);
  const newBundles = new Int32Array(bundles.length);
  const newBundleStart = new Int32Array(bundleStart.length);
  const newTraffic = new Float64Array(count);
  let known = 0;
  let written = 0;
  for (let number = 0; number < order.length; number++) {
    const block = order[number] as number;
    blockNumber[block] = number;
    const end = bundleStart[block + 1] as number;
    for (let index = bundleStart[block] as number; index < end; index++) {
      const bundle = bundles[index] as number;
      if (bundleNumber[bundle] === -1) {
        bundleOrder[known] = bundle;
        bundleNumber[bundle] = known++;
      }
      newBundles[written++] = bundleNumber[bundle] as number;
    }
    newBundleStart[number + 1] = written;
  }
  const newPins = new Int32Array(pins.length);
  const newPinStart = new Int32Array(pinStart.length);
  written = 0;
  for (let number = 0; number < count; number++) {
    const bundle = bundleOrder[number] as number;
    newTraffic[number] = traffic[bundle] as number;
    const end = pinStart[bundle + 1] as number;
    for (let pin = pinStart[bundle] as number; pin < end; pin++) {
      newPins[written++] = blockNumber[pins[pin] as number] as number;
    }
    newPinStart[number + 1] = written;
  }
  return {
    count,
    pinStart: newPinStart,
    pins: newPins,
    traffic: newTraffic,
    bundleStart: newBundleStart,
    bundles: newBundles,
  };
}
