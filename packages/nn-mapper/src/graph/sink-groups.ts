/**
 * Nets with the same sinks, as between two layers: what is worked out for the sinks of one holds for
 * all of them.
 */
import type { Graph } from './graph.js';

/** Groups of nets whose lists of sinks are equal. */
export interface SinkGroups {
  readonly count: number;
  /** Group of each net, numbered in the order of their first nets. */
  readonly groupOf: Int32Array;
  /** First net of each group. */
  readonly firstNet: Int32Array;
}

/** Offset basis and prime of FNV-1a, 32 bits. Source: draft-eastlake-fnv-17. */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Groups that are known: placing, keys and routing all ask for those of one graph. */
const known = new WeakMap<Graph, SinkGroups>();

/** The nets with equal sinks in the same order. */
export function sinkGroups(graph: Graph): SinkGroups {
  const before = known.get(graph);
  if (before) return before;
  const groups = findGroups(graph);
  known.set(graph, groups);
  return groups;
}

function findGroups({ nets }: Graph): SinkGroups {
  const groupOf = new Int32Array(nets.count);
  const firstNet: number[] = [];
  const groupsByHash = new Map<number, number[]>();
  for (let net = 0; net < nets.count; net++) {
    const hash = hashOfSinks(nets, net);
    const candidates = groupsByHash.get(hash);
    const same = candidates?.find((group) => sameSinks(nets, firstNet[group] as number, net));
    const group = same ?? firstNet.push(net) - 1;
    groupOf[net] = group;
    if (same !== undefined) continue;
    if (candidates) candidates.push(group);
    else groupsByHash.set(hash, [group]);
  }
  return { count: firstNet.length, groupOf, firstNet: Int32Array.from(firstNet) };
}

/** Nets of group g: `members[start[g] .. start[g + 1]]`, ascending. */
export function netsOfGroups({ count, groupOf }: SinkGroups) {
  const start = new Int32Array(count + 1);
  for (const group of groupOf) start[group + 1] = (start[group + 1] as number) + 1;
  for (let group = 0; group < count; group++) {
    start[group + 1] = (start[group + 1] as number) + (start[group] as number);
  }
  const next = start.slice();
  const members = new Int32Array(groupOf.length);
  groupOf.forEach((group, net) => {
    members[next[group] as number] = net;
    next[group] = (next[group] as number) + 1;
  });
  return { start, members };
}

function hashOfSinks({ sinks, sinkStart }: Graph['nets'], net: number): number {
  const end = sinkStart[net + 1] as number;
  let hash = FNV_BASIS;
  for (let index = sinkStart[net] as number; index < end; index++) {
    hash = Math.imul(hash ^ (sinks[index] as number), FNV_PRIME);
  }
  return hash;
}

/** Whether two nets have equal lists of sinks. */
export function sameSinks(
  { sinks, sinkStart }: Graph['nets'],
  one: number,
  other: number,
): boolean {
  const start = sinkStart[one] as number;
  const length = (sinkStart[one + 1] as number) - start;
  const otherStart = sinkStart[other] as number;
  if ((sinkStart[other + 1] as number) - otherStart !== length) return false;
  for (let index = 0; index < length; index++) {
    if (sinks[start + index] !== sinks[otherStart + index]) return false;
  }
  return true;
}
