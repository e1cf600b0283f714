/** Key partitions that belong side by side: what is sent to the same sinks goes the same ways. */
import type { Graph } from '../graph/graph.js';
import { sinkGroups } from '../graph/sink-groups.js';

/** Partitions that take one aligned range together. */
export interface Cluster {
  /** Partitions, ascending; the first keys of two in a row are `step` apart. */
  readonly members: readonly number[];
  readonly step: number;
  /** Keys of the range, a multiple of which, `alignment`, it starts at. */
  readonly size: number;
  readonly alignment: number;
}

/** The cluster of partitions of equal bits and alignment. */
export function clusterOf({ partitions }: Graph, members: readonly number[]): Cluster {
  const first = members[0] as number;
  const step = 2 ** (partitions.alignBits[first] as number);
  if (members.length === 1) {
    return { members, step, size: 2 ** (partitions.bits[first] as number), alignment: step };
  }
  const size = step * 2 ** Math.ceil(Math.log2(members.length));
  return { members, step, size, alignment: size };
}

/** Clusters of the given partitions: those of single nets with the same sinks together, others alone. */
export function clustersOf(graph: Graph, free: readonly number[]): Cluster[] {
  const { nets, partitions } = graph;
  const netOf = new Int32Array(partitions.count).fill(NO_NET);
  nets.partition.forEach((partition, net) => {
    netOf[partition] = netOf[partition] === NO_NET ? net : SEVERAL_NETS;
  });
  const { groupOf } = sinkGroups(graph);
  const together = new Map<string, number[]>();
  for (const partition of free) {
    const net = netOf[partition] as number;
    const shape = `${partitions.bits[partition]} ${partitions.alignBits[partition]}`;
    const name = net >= 0 ? `${groupOf[net]} ${shape}` : `partition ${partition}`;
    const members = together.get(name);
    if (members) members.push(partition);
    else together.set(name, [partition]);
  }
  return [...together.values()].map((members) => clusterOf(graph, members));
}

const NO_NET = -1;
const SEVERAL_NETS = -2;
