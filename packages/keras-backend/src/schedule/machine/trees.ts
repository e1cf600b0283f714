/**
 * By which ways replicas exchange: each is the root of a tree over the chips of all. Sums for a replica go up its tree,
 * from chip to chip, and each chip adds its own before it sends them on; words of a replica go down it.
 */
import { LINKS, type Link, type Machine, neighbour, oppositeLink } from '@spin-tools/machine-model';
import type { ChipAddress } from '@spin-tools/scp';
import type { ReplicaPlace } from './place.js';

/** A replica next to another. */
export interface ReplicaLink {
  readonly replica: number;
  /** The link that leads there. */
  readonly link: Link;
}

/** The tree of one replica; everything is by replica. */
export interface ReplicaTree {
  /** What comes next on the way to the root; undefined of the root. */
  readonly parents: readonly (ReplicaLink | undefined)[];
  /** Replicas from which sums come directly. */
  readonly children: readonly number[];
  /** Steps from the farthest replica whose sums come by; 0 of leaves. */
  readonly heights: readonly number[];
}

/** The chips behind those links of a chip that work in both directions. */
export function neighboursOf(
  machine: Machine,
  chip: ChipAddress,
): (ChipAddress & { readonly link: Link })[] {
  return (machine.chipAt(chip.x, chip.y)?.links ?? []).flatMap((link) => {
    const at = neighbour(machine, chip, link);
    const there = at && machine.chipAt(at.x, at.y);
    return there?.links.includes(oppositeLink(link)) ? [{ x: there.x, y: there.y, link }] : [];
  });
}

/**
 * The tree of each replica. All ways are as short as they can be over chips of replicas; of those, each replica
 * spreads the trees evenly over its links.
 *
 * @param replicas chips that hang together, see {@link roomFor}
 */
export function treesOf(machine: Machine, replicas: readonly ReplicaPlace[]): ReplicaTree[] {
  const numbers = new Map(replicas.map(({ x, y }, replica) => [`${x},${y}`, replica]));
  const links = replicas.map((place) => {
    const found = new Map<number, ReplicaLink>();
    for (const { x, y, link } of neighboursOf(machine, place)) {
      const replica = numbers.get(`${x},${y}`);
      if (replica !== undefined && !found.has(replica)) found.set(replica, { replica, link });
    }
    return [...found.values()];
  });
  const used = replicas.map(() => new Array<number>(LINKS).fill(0));
  return replicas.map((_, root) => {
    const order = outwards(links, root);
    const parents = replicas.map((_, replica): ReplicaLink | undefined => {
      const loads = used[replica] as number[];
      const steps = order.get(replica) as number;
      const nearer = (links[replica] as ReplicaLink[])
        .filter((each) => order.get(each.replica) === steps - 1)
        .sort((a, b) => (loads[a.link] as number) - (loads[b.link] as number));
      const [parent] = nearer;
      if (parent) loads[parent.link] = (loads[parent.link] as number) + 1;
      return parent;
    });
    const children = replicas.map(() => 0);
    const heights = replicas.map(() => 0);
    for (const replica of [...order.keys()].reverse()) {
      const parent = parents[replica]?.replica;
      if (parent === undefined) continue;
      children[parent] = (children[parent] as number) + 1;
      heights[parent] = Math.max(heights[parent] as number, (heights[replica] as number) + 1);
    }
    return { parents, children, heights };
  });
}

/** All replicas from near to far, with their steps from one of them. */
function outwards(links: readonly (readonly ReplicaLink[])[], root: number): Map<number, number> {
  const steps = new Map([[root, 0]]);
  for (const [replica, count] of steps) {
    for (const next of links[replica] ?? []) {
      if (!steps.has(next.replica)) steps.set(next.replica, count + 1);
    }
  }
  return steps;
}
