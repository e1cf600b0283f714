/**
 * One tree for many nets with the same sinks, as between layers. All enter it at one chip, by ways
 * that join and never part, so that what they need in the routers differs nowhere: a layer of 800
 * takes one entry a chip instead of hundreds.
 */
import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import { NO_CHIP } from '../machine/topology.js';
import { type Explorer, exploreTree } from './explore.js';
import { addChip, addStep, plantTree } from './tree.js';
import { LOCAL } from './trees.js';

/** The common part of some trees, and the ways that lead to it. */
export interface SharedTree {
  /** Chips from the entrance on, parents first. */
  readonly chips: Int32Array;
  /** Place of each chip in `chips` by chip; -1 outside. */
  readonly rankOf: Int32Array;
  /** Parent and arrival of each of `chips`. */
  readonly parent: Int32Array;
  readonly arrival: Int8Array;
  /** Link towards the entrance by chip outside the tree; -1 where none leads there. */
  readonly towards: Int8Array;
}

/**
 * The tree over some sinks that many sources share; undefined when a sink cannot be reached.
 * @param sources chips of the sources, repeated as often as they have nets
 * @param sinks distinct chips; their order changes
 */
export function shareTree(
  explorer: Explorer,
  sources: Int32Array,
  sinks: Int32Array,
): SharedTree | undefined {
  const entrance = closestToAll(explorer, sources, sinks);
  if (exploreTree(explorer, entrance, sinks) !== NO_CHIP) return undefined;
  const { tree } = explorer;
  const chips = tree.chips.slice(0, tree.size);
  const rankOf = new Int32Array(tree.topology.chips).fill(-1);
  chips.forEach((chip, rank) => {
    rankOf[chip] = rank;
  });
  return {
    chips,
    rankOf,
    parent: chips.map((chip) => tree.parent[chip] as number),
    arrival: Int8Array.from(chips, (chip) => tree.arrival[chip] as number),
    towards: waysTo(explorer, entrance, rankOf),
  };
}

/** The sink chip with the fewest hops from all sources together. */
function closestToAll({ tree, vectors }: Explorer, sources: Int32Array, sinks: Int32Array): number {
  const { hops, place, origin } = vectors;
  const netsAt = new Int32Array(tree.topology.chips);
  for (const source of sources) netsAt[source] = (netsAt[source] as number) + 1;
  const distinct = Int32Array.from(new Set(sources));
  let closest = sinks[0] as number;
  let least = Number.POSITIVE_INFINITY;
  for (const sink of sinks) {
    const to = (place[sink] as number) + origin;
    let total = 0;
    for (const source of distinct) {
      total += (netsAt[source] as number) * (hops[to - (place[source] as number)] as number);
    }
    if (total > least || (total === least && sink > closest)) continue;
    closest = sink;
    least = total;
  }
  return closest;
}

/** Breadth-first against the direction of packets, round the tree. */
function waysTo({ incoming, queue }: Explorer, entrance: number, rankOf: Int32Array): Int8Array {
  const towards = new Int8Array(rankOf.length).fill(-1);
  queue[0] = entrance;
  for (let head = 0, tail = 1; head < tail; head++) {
    const chip = queue[head] as number;
    for (let link = 0; link < LINKS; link++) {
      const before = incoming[chip * LINKS + link] as number;
      if (before === NO_CHIP || towards[before] !== -1 || rankOf[before] !== -1) continue;
      towards[before] = oppositeLink(link);
      queue[tail++] = before;
    }
  }
  return towards;
}

/**
 * Leaves the tree of a source in `explorer.tree`: its way to the entrance, then the shared tree; or
 * the shared tree turned round, when the source is part of it.
 * @returns false when the source does not reach it so
 */
export function enterTree({ tree }: Explorer, shared: SharedTree, source: number): boolean {
  const { topology } = tree;
  plantTree(tree, source);
  const isInside = shared.rankOf[source] !== -1;
  if (isInside && !climb(tree, shared, source)) return false;
  for (let chip = source; shared.rankOf[chip] === -1; ) {
    const link = shared.towards[chip] as number;
    if (link === -1) return false;
    const next = topology.neighbours[chip * LINKS + link] as number;
    addStep(tree, chip, link, next);
    chip = next;
  }
  shared.chips.forEach((chip, rank) => {
    if (tree.inTree[chip]) return;
    tree.parent[chip] = shared.parent[rank] as number;
    tree.arrival[chip] = shared.arrival[rank] as number;
    addChip(tree, chip);
  });
  return true;
}

/** From a chip of the shared tree up to its entrance, against its direction. */
function climb(tree: Explorer['tree'], shared: SharedTree, source: number): boolean {
  for (let chip = source; ; ) {
    const rank = shared.rankOf[chip] as number;
    const up = shared.arrival[rank] as number;
    if (up === LOCAL) return true;
    const next = shared.parent[rank] as number;
    if (tree.topology.neighbours[chip * LINKS + up] !== next) return false;
    addStep(tree, chip, up, next);
    chip = next;
  }
}
