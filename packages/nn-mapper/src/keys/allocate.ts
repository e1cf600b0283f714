/** Key allocation: a range of the 32-bit key space for every partition, a key and mask for every net. */
import { type Graph, NONE } from '../graph/graph.js';
import { type Cluster, clusterOf, clustersOf } from './clusters.js';

/** Keys of partitions and nets. */
export interface KeyAllocation {
  /** First key of each partition. */
  readonly partitionKey: Uint32Array;
  /** First key of each net. */
  readonly netKey: Uint32Array;
  /** Mask of each net: ones above its bits. */
  readonly netMask: Uint32Array;
}

/** The partitions do not fit in the 32-bit key space, or two fixed ones overlap. */
export class KeySpaceError extends Error {
  readonly partition: string;

  constructor(partition: string, problem: string) {
    super(`key partition "${partition}" ${problem}`);
    this.name = 'KeySpaceError';
    this.partition = partition;
  }
}

/** Mask of an aligned range of 2^bits keys. */
export const maskOfBits = (bits: number): number => (2 ** 32 - 2 ** bits) >>> 0;

/** Keys from `start` to before `end`. */
interface KeyRange {
  readonly start: number;
  readonly end: number;
}

/** A range and its partition. */
interface TakenRange extends KeyRange {
  readonly partition: number;
}

/**
 * Gives every partition an aligned range: fixed ones first, then from the coarsest alignment to
 * the finest, each at the lowest keys that are free, so that nothing is lost between them.
 * Partitions of single nets with the same sinks are neighbours in a range of their own, so that one prefix
 * stands for all of them; where keys are too few for that, they are treated like all others.
 * @throws KeySpaceError when there is no room
 */
export function allocateKeys(graph: Graph): KeyAllocation {
  const { partitions, nets } = graph;
  const partitionKey = new Uint32Array(partitions.count);
  const fixed = fixedRanges(graph);
  for (const { partition, start } of fixed) partitionKey[partition] = start;
  const free = [...partitions.fixedKey.keys()].filter(
    (partition) => partitions.fixedKey[partition] === NONE,
  );
  const noRoomTogether = placeClusters(clustersOf(graph, free), gapsBetween(fixed), partitionKey);
  if (noRoomTogether) {
    const alone = free.map((partition) => clusterOf(graph, [partition]));
    const noRoom = placeClusters(alone, gapsBetween(fixed), partitionKey);
    if (noRoom) throw noRoomFor(graph, noRoom.members[0] as number);
  }
  const netKey = nets.offset.map(
    (offset, net) => (partitionKey[nets.partition[net] as number] as number) + offset,
  );
  return { partitionKey, netKey, netMask: Uint32Array.from(nets.bits, maskOfBits) };
}

/** Ranges of partitions whose keys are prescribed, ascending. */
function fixedRanges({ partitions }: Graph): TakenRange[] {
  const { names, bits, fixedKey } = partitions;
  const ranges = [...fixedKey.keys()]
    .filter((partition) => fixedKey[partition] !== NONE)
    .map((partition) => {
      const start = fixedKey[partition] as number;
      return { partition, start, end: start + 2 ** (bits[partition] as number) };
    })
    .sort((a, b) => a.start - b.start || a.partition - b.partition);
  ranges.forEach(({ partition, start }, index) => {
    const before = ranges[index - 1];
    if (before === undefined || before.end <= start) return;
    throw new KeySpaceError(
      names[partition] as string,
      `is fixed to keys that partition "${names[before.partition]}" has already`,
    );
  });
  return ranges;
}

function gapsBetween(taken: readonly KeyRange[]): KeyRange[] {
  const edges = [{ start: 0, end: 0 }, ...taken, { start: 2 ** 32, end: 2 ** 32 }];
  return edges
    .slice(1)
    .map(({ start }, index) => ({ start: edges[index]?.end ?? 0, end: start }))
    .filter(({ start, end }) => start < end);
}

/**
 * Places clusters in gaps, which shrink, from the coarsest alignment to the finest; equal ones go on where
 * the last of them was.
 * @returns the first cluster that finds no room
 */
function placeClusters(
  clusters: Cluster[],
  gaps: KeyRange[],
  partitionKey: Uint32Array,
): Cluster | undefined {
  clusters.sort((a, b) => b.alignment - a.alignment || (a.members[0] ?? 0) - (b.members[0] ?? 0));
  let [lastSize, lastAlignment, from] = [0, 0, 0];
  for (const cluster of clusters) {
    const { members, alignment, size } = cluster;
    if (size !== lastSize || alignment !== lastAlignment) from = 0;
    [lastSize, lastAlignment] = [size, alignment];
    const alignUp = (key: number) => Math.ceil(key / alignment) * alignment;
    while (from < gaps.length && !holds(gaps[from] as KeyRange, alignUp, size)) from++;
    const gap = gaps[from];
    if (gap === undefined) return cluster;
    const start = alignUp(gap.start);
    members.forEach((partition, index) => {
      partitionKey[partition] = start + index * cluster.step;
    });
    const left = [
      { start: gap.start, end: start },
      { start: start + size, end: gap.end },
    ].filter((range) => range.start < range.end);
    if (left.length === 1) gaps[from] = left[0] as KeyRange;
    else gaps.splice(from, 1, ...left);
  }
  return undefined;
}

const holds = (gap: KeyRange, alignUp: (key: number) => number, size: number): boolean =>
  alignUp(gap.start) + size <= gap.end;

function noRoomFor({ partitions }: Graph, partition: number): KeySpaceError {
  return new KeySpaceError(
    partitions.names[partition] as string,
    `finds no room for its 2^${partitions.bits[partition]} keys; use fewer bits or a smaller alignment`,
  );
}
