/** Routing: a multicast tree for every net. */

import { oppositeLink } from '@spin-tools/machine-model';
import type { Graph } from '../graph/graph.js';
import { netsOfGroups, sinkGroups } from '../graph/sink-groups.js';
import { NO_CHIP, type Topology } from '../machine/topology.js';
import { LEAST_SHARED } from '../place/layers.js';
import type { Placement } from '../place/place.js';
import { UnreachableSinkError } from './errors.js';
import { type Explorer, explorer, exploreTree } from './explore.js';
import { growTree, type TreeSearch, treeSearch } from './grow-tree.js';
import { enterTree, type SharedTree, shareTree } from './shared-tree.js';
import { type GrowingTree, growingTree, loadLinks } from './tree.js';
import { CORE_SHIFT, type Trees, type TreesBuilder, treesBuilder } from './trees.js';

/**
 * How trees grow.
 * - `exploring`: the closest sink first, each to the closest chip of the tree; many nets with the
 *   same sinks share one tree; the default.
 * - `balanced`: every net by itself, over the quietest of the shortest ways.
 */
export type Router = 'exploring' | 'balanced';

/** Options of {@link route}. */
export interface RouteOptions {
  readonly router?: Router;
}

/** Trees to more chips than this grow by a search of the machine, whatever the router. */
const MOST_EXPLORED = 256;

/**
 * Routes the nets, those with the same sinks one after another; later nets avoid links that earlier
 * ones loaded, where that costs no hops.
 * @throws UnreachableSinkError when dead parts cut a sink off
 */
export function route(
  graph: Graph,
  topology: Topology,
  placement: Placement,
  { router = 'exploring' }: RouteOptions = {},
): Trees {
  const tree = growingTree(topology);
  const routing: Routing = {
    graph,
    placement,
    tree,
    explorer: explorer(tree),
    search: treeSearch(tree),
    isBalanced: router === 'balanced',
  };
  const groups = sinkGroups(graph);
  const { start, members } = netsOfGroups(groups);
  const trees = treesBuilder(graph.nets.count);
  const coresAt = new Uint32Array(topology.chips);
  const routeAt = new Uint32Array(topology.chips);
  const sinks = new Int32Array(topology.chips);
  for (let group = 0; group < groups.count; group++) {
    const nets = members.subarray(start[group], start[group + 1]);
    const chips = sinks.subarray(0, findSinks(routing, nets[0] as number, coresAt, sinks));
    const shared = nets.length < LEAST_SHARED ? undefined : shareBetween(routing, nets, chips);
    for (const net of nets) {
      growNet(routing, net, chips, shared);
      loadLinks(tree, graph.nets.traffic[net] as number);
      recordTree(tree, coresAt, routeAt, trees, net);
    }
    for (const chip of chips) coresAt[chip] = 0;
  }
  return trees.finish();
}

interface Routing {
  readonly graph: Graph;
  readonly placement: Placement;
  readonly tree: GrowingTree;
  readonly explorer: Explorer;
  readonly search: TreeSearch;
  readonly isBalanced: boolean;
}

/** Finds the distinct chips of a net's sinks; their cores, as routes, go into `coresAt`. */
function findSinks(
  { graph: { nets }, placement }: Routing,
  net: number,
  coresAt: Uint32Array,
  chips: Int32Array,
): number {
  let count = 0;
  const end = nets.sinkStart[net + 1] as number;
  for (let index = nets.sinkStart[net] as number; index < end; index++) {
    const sink = nets.sinks[index] as number;
    const chip = placement.chipOf[sink] as number;
    if (coresAt[chip] === 0) chips[count++] = chip;
    coresAt[chip] =
      (coresAt[chip] as number) | ((placement.coreMask[sink] as number) << CORE_SHIFT);
  }
  return count;
}

const sourceChip = ({ graph, placement }: Routing, net: number): number =>
  placement.chipOf[graph.nets.source[net] as number] as number;

function shareBetween(
  routing: Routing,
  nets: Int32Array,
  chips: Int32Array,
): SharedTree | undefined {
  if (routing.isBalanced || chips.length > MOST_EXPLORED) return undefined;
  const sources = nets.map((net) => sourceChip(routing, net));
  return shareTree(routing.explorer, sources, chips);
}

function growNet(
  routing: Routing,
  net: number,
  chips: Int32Array,
  shared: SharedTree | undefined,
): void {
  const { explorer, search, isBalanced } = routing;
  const source = sourceChip(routing, net);
  if (shared && enterTree(explorer, shared, source)) return;
  const unreached =
    isBalanced || chips.length > MOST_EXPLORED
      ? growTree(search, source, chips)
      : exploreTree(explorer, source, chips);
  if (unreached !== NO_CHIP) throw unreachable(routing, net, source, unreached);
}

/** Writes the tree down; `routeAt` is all zero before and after. */
function recordTree(
  tree: GrowingTree,
  coresAt: Uint32Array,
  routeAt: Uint32Array,
  trees: TreesBuilder,
  net: number,
): void {
  const { chips, size, parent, arrival } = tree;
  for (let index = 1; index < size; index++) {
    const chip = chips[index] as number;
    const from = parent[chip] as number;
    routeAt[from] = (routeAt[from] as number) | (1 << oppositeLink(arrival[chip] as number));
  }
  trees.startNet(net);
  for (let index = 0; index < size; index++) {
    const chip = chips[index] as number;
    const route = (routeAt[chip] as number) | (coresAt[chip] as number);
    trees.addNode(chip, route, arrival[chip] as number);
    routeAt[chip] = 0;
  }
}

function unreachable({ graph, tree }: Routing, net: number, source: number, sink: number) {
  const { x, y } = tree.topology;
  const at = (chip: number) => ({ x: x[chip] as number, y: y[chip] as number });
  return new UnreachableSinkError(graph.nets.names[net] as string, at(source), at(sink));
}
