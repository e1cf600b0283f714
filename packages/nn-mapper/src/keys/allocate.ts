/** Key allocation: a range of the 32-bit key space for every partition, a key and mask for every net. */
import { type Graph, NONE } from '../graph/graph.js';

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

interface KeyRange {
  readonly partition: number;
  readonly start: number;
  /** First key after the range. */
  readonly end: number;
}

/**
 * Gives every partition an aligned range: fixed ones first, then from the coarsest alignment to
 * the finest, each at the lowest keys that are free, so that nothing is lost between them.
 * @throws KeySpaceError when there is no room
 */
export function allocateKeys(graph: Graph): KeyAllocation {
  const { partitions, nets } = graph;
  const taken: KeyRange[] = [];
  for (const partition of allocationOrder(graph)) {
    const fixed = partitions.fixedKey[partition] as number;
    if (fixed === NONE) takeLowest(graph, taken, partition);
    else takeRange(graph, taken, partition, fixed);
  }
  const partitionKey = new Uint32Array(partitions.count);
  for (const { partition, start } of taken) partitionKey[partition] = start;
  const netKey = nets.offset.map(
    (offset, net) => (partitionKey[nets.partition[net] as number] as number) + offset,
  );
  return { partitionKey, netKey, netMask: Uint32Array.from(nets.bits, maskOfBits) };
}

function allocationOrder({ partitions }: Graph): number[] {
  const isFree = (partition: number) => Number(partitions.fixedKey[partition] === NONE);
  const alignment = (partition: number) => partitions.alignBits[partition] as number;
  return [...partitions.bits.keys()].sort(
    (a, b) => isFree(a) - isFree(b) || alignment(b) - alignment(a) || a - b,
  );
}

function takeLowest(graph: Graph, taken: KeyRange[], partition: number): void {
  const alignment = 2 ** (graph.partitions.alignBits[partition] as number);
  const size = 2 ** (graph.partitions.bits[partition] as number);
  const alignUp = (key: number) => Math.ceil(key / alignment) * alignment;
  let start = 0;
  for (const range of taken) {
    if (start + size <= range.start) break;
    start = Math.max(start, alignUp(range.end));
  }
  takeRange(graph, taken, partition, start);
}

/** Keeps `taken` sorted by key. */
function takeRange(graph: Graph, taken: KeyRange[], partition: number, start: number): void {
  const { names, bits } = graph.partitions;
  const name = names[partition] as string;
  const end = start + 2 ** (bits[partition] as number);
  if (end > 2 ** 32) {
    throw new KeySpaceError(
      name,
      `finds no room for its 2^${bits[partition]} keys; use fewer bits or a smaller alignment`,
    );
  }
  const after = taken.findIndex((range) => range.end > start);
  const next = taken[after];
  if (next !== undefined && next.start < end) {
    throw new KeySpaceError(
      name,
      `is fixed to keys that partition "${names[next.partition]}" has already`,
    );
  }
  taken.splice(next === undefined ? taken.length : after, 0, { partition, start, end });
}
