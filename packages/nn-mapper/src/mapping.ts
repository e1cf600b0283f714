/** A finished mapping: the plain data of every stage, and views of it in the graph's terms. */
import { explain, type MappingExplanation } from './explain.js';
import type { Graph, NetId, VertexId } from './graph/graph.js';
import { type KeyAllocation, maskOfBits } from './keys/allocate.js';
import type { Topology } from './machine/topology.js';
import type { Placement } from './place/place.js';
import type { Trees } from './route/trees.js';
import {
  type LinkLoad,
  linkLoads,
  type MappingStatistics,
  mappingStatistics,
} from './statistics.js';
import type { Tables } from './tables/tables.js';

/** The data of each stage of a mapping. */
export interface MappingStages {
  readonly graph: Graph;
  readonly topology: Topology;
  readonly placement: Placement;
  readonly keys: KeyAllocation;
  readonly trees: Trees;
  /** Tables before default routes are left out and tables minimised. */
  readonly complete: Tables;
  readonly tables: Tables;
}

/** Place of a vertex. */
export interface VertexPlace {
  readonly x: number;
  readonly y: number;
  /** Its lowest virtual core. */
  readonly core: number;
  /** All its virtual cores, ascending. */
  readonly cores: readonly number[];
}

/** A range of multicast keys: those equal to `key` where `mask` has ones. */
export interface KeyAndMask {
  readonly key: number;
  readonly mask: number;
}

/** A row of a router. */
export interface RoutingEntry extends KeyAndMask {
  /** Links 5:0 (E, NE, N, W, SW, S), virtual core v at bit 6 + v. */
  readonly route: number;
}

/** The routing table of one chip; the first matching entry wins. */
export interface ChipRoutingTable {
  readonly x: number;
  readonly y: number;
  readonly entries: readonly RoutingEntry[];
}

/** Answers about a mapping. */
export interface Mapping {
  readonly stages: MappingStages;
  readonly statistics: MappingStatistics;
  placement(vertex: VertexId): VertexPlace;
  key(net: NetId): KeyAndMask;
  /** @throws RangeError when the graph has no such partition */
  partitionKey(name: string): KeyAndMask;
  /** Tables of the chips that need any. */
  tables(): ChipRoutingTable[];
  /** Links that carry any net, the busiest first. */
  linkLoad(): LinkLoad[];
  /** Links that the tree of a net uses. */
  hops(net: NetId): number;
  /** Everything as plain JSON. */
  explain(): MappingExplanation;
}

/** Views of the stages. */
export function mappingOf(stages: MappingStages): Mapping {
  const { graph, keys, trees } = stages;
  const partitions = new Map(graph.partitions.names.map((name, index) => [name, index]));
  const mapping: Mapping = {
    stages,
    statistics: mappingStatistics(stages),
    placement: (vertex) => placeOf(stages, vertex),
    key: (net) => ({ key: keys.netKey[net] as number, mask: keys.netMask[net] as number }),
    partitionKey(name) {
      const index = partitions.get(name);
      if (index === undefined) throw new RangeError(`the graph has no key partition "${name}"`);
      return {
        key: keys.partitionKey[index] as number,
        mask: maskOfBits(graph.partitions.bits[index] as number),
      };
    },
    tables: () => routingTables(stages),
    linkLoad: () => linkLoads(stages),
    hops: (net) => (trees.start[net + 1] as number) - (trees.start[net] as number) - 1,
    explain: () => explain(mapping),
  };
  return mapping;
}

function placeOf({ topology, placement }: MappingStages, vertex: VertexId): VertexPlace {
  const chip = placement.chipOf[vertex];
  if (chip === undefined) throw new RangeError(`the graph has no vertex ${vertex}`);
  const mask = placement.coreMask[vertex] as number;
  const cores = [...Array(18).keys()].filter((core) => mask & (1 << core));
  return {
    x: topology.x[chip] as number,
    y: topology.y[chip] as number,
    core: cores[0] as number,
    cores,
  };
}

function routingTables({ topology, tables }: MappingStages): ChipRoutingTable[] {
  const result: ChipRoutingTable[] = [];
  for (let chip = 0; chip < topology.chips; chip++) {
    const entries: RoutingEntry[] = [];
    const end = tables.start[chip + 1] as number;
    for (let row = tables.start[chip] as number; row < end; row++) {
      entries.push({
        key: tables.key[row] as number,
        mask: tables.mask[row] as number,
        route: tables.route[row] as number,
      });
    }
    if (entries.length === 0) continue;
    result.push({ x: topology.x[chip] as number, y: topology.y[chip] as number, entries });
  }
  return result;
}
