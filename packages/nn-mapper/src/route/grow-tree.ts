/**
 * Grows the multicast tree of one net: from the tree so far, search outwards over working links for
 * the closest chip still to be reached, add the path to it, and go on from the larger tree
 * (Takahashi and Matsuyama's Steiner heuristic, 1980: at most twice the least hops). The search
 * sees only working links, so detours are found, and parents never form a cycle.
 *
 * Among paths of equal hops it prefers few turns, since packets that go straight on need no
 * routing entry, then links with little traffic.
 */
import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import { NO_CHIP } from '../machine/topology.js';
import { addChip, type GrowingTree, plantTree } from './tree.js';
import { LOCAL } from './trees.js';

/** Cost of a turn among paths of equal hops; the traffic of a hop costs from 0 to 1. */
const TURN_COST = 1;

/** Memory of the search, reused from net to net. Columns are indexed by chip. */
export interface TreeSearch {
  readonly tree: GrowingTree;
  /** Hops from the tree, valid where `seen` has the stamp of the net. */
  readonly hops: Int32Array;
  readonly cost: Float64Array;
  readonly seen: Int32Array;
  stamp: number;
  readonly wanted: Uint8Array;
  /** Chips to search from, by hops. */
  readonly levels: number[][];
}

/** An idle search. */
export function treeSearch(tree: GrowingTree): TreeSearch {
  const { chips } = tree.topology;
  return {
    tree,
    hops: new Int32Array(chips),
    cost: new Float64Array(chips),
    seen: new Int32Array(chips),
    stamp: 0,
    wanted: new Uint8Array(chips),
    levels: [],
  };
}

/**
 * Leaves the tree from `source` to all wanted chips in `search.tree`.
 * @returns {@link NO_CHIP}, or a wanted chip that cannot be reached
 */
export function growTree(search: TreeSearch, source: number, wantedChips: Int32Array): number {
  const { wanted, levels, tree } = search;
  for (const level of levels) level.length = 0;
  search.stamp++;
  for (const chip of wantedChips) wanted[chip] = 1;
  plantTree(tree, source);
  searchFromTree(search, source);
  let missing = wantedChips.length - (wanted[source] as number);
  wanted[source] = 0;

  for (let level = 0; missing > 0 && level < levels.length; ) {
    const chip = (levels[level] as number[]).pop();
    if (chip === undefined) level++;
    else if (search.hops[chip] === level) {
      if (wanted[chip]) {
        missing -= addPath(search, chip);
        level = 0;
      } else searchFrom(search, chip);
    }
  }
  const unreached = wantedChips.find((chip) => wanted[chip] !== 0) ?? NO_CHIP;
  for (const chip of wantedChips) wanted[chip] = 0;
  return unreached;
}

/** Adds the path that reached `chip` to the tree; returns how many wanted chips are on it. */
function addPath(search: TreeSearch, chip: number): number {
  const path: number[] = [];
  const { tree } = search;
  for (let at = chip; tree.inTree[at] === 0; at = tree.parent[at] as number) path.push(at);
  let found = 0;
  for (const at of path.reverse()) {
    found += search.wanted[at] as number;
    search.wanted[at] = 0;
    addChip(tree, at);
    searchFromTree(search, at);
  }
  return found;
}

function searchFromTree(search: TreeSearch, chip: number): void {
  search.seen[chip] = search.stamp;
  search.hops[chip] = 0;
  search.cost[chip] = 0;
  enqueue(search, chip, 0);
}

function enqueue({ levels }: TreeSearch, chip: number, level: number): void {
  const queue = levels[level];
  if (queue) queue.push(chip);
  else levels[level] = [chip];
}

function searchFrom(search: TreeSearch, chip: number): void {
  const { tree, seen, stamp } = search;
  const { topology, load, mostLoad, arrival, parent } = tree;
  const hops = (search.hops[chip] as number) + 1;
  const straightOn = arrival[chip] === LOCAL ? LOCAL : oppositeLink(arrival[chip] as number);
  for (let link = 0; link < LINKS; link++) {
    const next = topology.neighbours[chip * LINKS + link] as number;
    if (next === NO_CHIP) continue;
    const known = seen[next] === stamp ? (search.hops[next] as number) : Number.POSITIVE_INFINITY;
    if (known < hops) continue;
    const busy = (load[chip * LINKS + link] as number) / (mostLoad + 1);
    const turn = link === straightOn ? 0 : TURN_COST;
    const cost = (search.cost[chip] as number) + turn + busy;
    if (known === hops && (search.cost[next] as number) <= cost) continue;
    seen[next] = stamp;
    search.hops[next] = hops;
    search.cost[next] = cost;
    parent[next] = chip;
    arrival[next] = oppositeLink(link);
    if (known !== hops) enqueue(search, next, hops);
  }
}
