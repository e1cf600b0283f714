/** A finished mapping: the plain data of every stage, and views of it in the graph's terms. */
import { explain, type MappingExplanation } from './explain.js';
import type { NetId, VertexId } from './graph/graph.js';
import type { MappingStages } from './stages.js';
import {
  type LinkLoad,
  linkLoads,
  type MappingStatistics,
  mappingStatistics,
} from './statistics.js';
import {
  type ChipRoutingTable,
  hopsOf,
  type KeyAndMask,
  keyOfNet,
  keyOfPartition,
  placeOf,
  routingTables,
  type VertexPlace,
} from './views.js';

/** Answers about a mapping. */
export interface Mapping {
  readonly stages: MappingStages;
  readonly statistics: MappingStatistics;
  /** Chip and virtual cores of a vertex. */
  placement(vertex: VertexId): VertexPlace;
  /** Key and mask that match the packets of a net. */
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
  const statistics = mappingStatistics(stages);
  const partitions = new Map(stages.graph.partitions.names.map((name, index) => [name, index]));
  return {
    stages,
    statistics,
    placement: (vertex) => placeOf(stages, vertex),
    key: (net) => keyOfNet(stages, net),
    partitionKey(name) {
      const index = partitions.get(name);
      if (index === undefined) throw new RangeError(`the graph has no key partition "${name}"`);
      return keyOfPartition(stages, index);
    },
    tables: () => routingTables(stages),
    linkLoad: () => linkLoads(stages),
    hops: (net) => hopsOf(stages, net),
    explain: () => explain(stages, statistics),
  };
}
