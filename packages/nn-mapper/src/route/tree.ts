/** The tree of one net while it grows, in columns indexed by chip that serve net after net. */
import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import { NO_CHIP, type Topology } from '../machine/topology.js';
import { LOCAL } from './trees.js';

/** A tree that grows, and the traffic that earlier trees left on the links. */
export interface GrowingTree {
  readonly topology: Topology;
  /** Traffic on link l of chip c so far, at c * 6 + l. */
  readonly load: Float64Array;
  mostLoad: number;
  /** Chip from which the chip is reached, {@link NO_CHIP} at the source. */
  readonly parent: Int32Array;
  /** Link through which packets come, as a link of the chip itself; {@link LOCAL} at the source. */
  readonly arrival: Int8Array;
  readonly inTree: Uint8Array;
  /** Chips of the tree, parents first. */
  readonly chips: Int32Array;
  size: number;
}

/** No tree, on quiet links. */
export function growingTree(topology: Topology): GrowingTree {
  const { chips } = topology;
  return {
    topology,
    load: new Float64Array(chips * LINKS),
    mostLoad: 0,
    parent: new Int32Array(chips),
    arrival: new Int8Array(chips),
    inTree: new Uint8Array(chips),
    chips: new Int32Array(chips),
    size: 0,
  };
}

/** Forgets the tree and starts another one at `source`. */
export function plantTree(tree: GrowingTree, source: number): void {
  const { inTree, chips } = tree;
  for (let index = 0; index < tree.size; index++) inTree[chips[index] as number] = 0;
  tree.size = 0;
  tree.parent[source] = NO_CHIP;
  tree.arrival[source] = LOCAL;
  addChip(tree, source);
}

/** Adds the chip behind a link of a chip of the tree. */
export function addStep(tree: GrowingTree, from: number, link: number, to: number): void {
  tree.parent[to] = from;
  tree.arrival[to] = oppositeLink(link);
  addChip(tree, to);
}

/** Adds a chip whose `parent` and `arrival` are known. */
export function addChip(tree: GrowingTree, chip: number): void {
  tree.inTree[chip] = 1;
  tree.chips[tree.size++] = chip;
}

/** Counts the traffic of a net on the links of its tree. */
export function loadLinks(tree: GrowingTree, traffic: number): void {
  const { chips, size, parent, arrival, load } = tree;
  for (let index = 1; index < size; index++) {
    const chip = chips[index] as number;
    const link = (parent[chip] as number) * LINKS + oppositeLink(arrival[chip] as number);
    const total = (load[link] as number) + traffic;
    load[link] = total;
    if (total > tree.mostLoad) tree.mostLoad = total;
  }
}
