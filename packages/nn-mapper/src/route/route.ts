/** Routing: a multicast tree for every net. */

import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import type { Graph } from '../graph/graph.js';
import { NO_CHIP, type Topology } from '../machine/topology.js';
import type { Placement } from '../place/place.js';
import { UnreachableSinkError } from './errors.js';
import { growTree, type TreeSearch, treeSearch } from './grow-tree.js';
import { CORE_SHIFT, type Trees, type TreesBuilder, treesBuilder } from './trees.js';

/**
 * Routes every net in turn; later nets avoid links that earlier ones loaded, where that costs no
 * hops.
 * @throws UnreachableSinkError when dead parts cut a sink off
 */
export function route(graph: Graph, topology: Topology, placement: Placement): Trees {
  const search = treeSearch(topology);
  const trees = treesBuilder(graph.nets.count);
  const routeAt = new Uint32Array(topology.chips);
  for (let net = 0; net < graph.nets.count; net++) {
    const chips = sinkChips(graph, placement, net, routeAt);
    const source = placement.chipOf[graph.nets.source[net] as number] as number;
    const unreached = growTree(search, source, chips);
    if (unreached !== NO_CHIP) throw unreachable(graph, topology, net, source, unreached);
    recordTree(search, routeAt, graph.nets.traffic[net] as number, trees);
  }
  return trees.finish();
}

/** The distinct chips of the sinks; their cores go into `routeAt`, which was all zero. */
function sinkChips(
  { nets }: Graph,
  placement: Placement,
  net: number,
  routeAt: Uint32Array,
): number[] {
  const chips: number[] = [];
  const end = nets.sinkStart[net + 1] as number;
  for (let index = nets.sinkStart[net] as number; index < end; index++) {
    const sink = nets.sinks[index] as number;
    const chip = placement.chipOf[sink] as number;
    if (routeAt[chip] === 0) chips.push(chip);
    routeAt[chip] =
      (routeAt[chip] as number) | ((placement.coreMask[sink] as number) << CORE_SHIFT);
  }
  return chips;
}

/** Adds links to the routes of the tree's chips, and clears `routeAt` behind it. */
function recordTree(
  search: TreeSearch,
  routeAt: Uint32Array,
  traffic: number,
  trees: TreesBuilder,
): void {
  const { tree, treeSize, parent, arrival, load } = search;
  for (let index = 1; index < treeSize; index++) {
    const chip = tree[index] as number;
    const from = parent[chip] as number;
    const link = oppositeLink(arrival[chip] as number);
    routeAt[from] = (routeAt[from] as number) | (1 << link);
    const total = (load[from * LINKS + link] as number) + traffic;
    load[from * LINKS + link] = total;
    if (total > search.mostLoad) search.mostLoad = total;
  }
  for (let index = 0; index < treeSize; index++) {
    const chip = tree[index] as number;
    trees.addNode(chip, routeAt[chip] as number, arrival[chip] as number);
    routeAt[chip] = 0;
  }
  trees.finishNet();
}

function unreachable(
  { nets }: Graph,
  { x, y }: Topology,
  net: number,
  source: number,
  sink: number,
) {
  const at = (chip: number) => ({ x: x[chip] as number, y: y[chip] as number });
  return new UnreachableSinkError(nets.names[net] as string, at(source), at(sink));
}
