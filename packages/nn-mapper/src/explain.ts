/** A mapping as plain JSON, for reports and for people: every decision by name. */
import type { MappingStages } from './stages.js';
import { type LinkLoad, linkLoads, type MappingStatistics } from './statistics.js';
import {
  hopsOf,
  keyOfNet,
  keyOfPartition,
  placeOf,
  routingTables,
  type VertexPlace,
} from './views.js';

/** A key or mask in the usual notation, such as `0x00010000`. */
export type HexWord = string;

/** A whole mapping as JSON. */
export interface MappingExplanation {
  readonly machine: { readonly width: number; readonly height: number; readonly chips: number };
  readonly statistics: MappingStatistics;
  readonly vertices: readonly ({ readonly name: string } & VertexPlace)[];
  readonly keyPartitions: readonly {
    readonly name: string;
    readonly key: HexWord;
    readonly mask: HexWord;
  }[];
  readonly nets: readonly {
    readonly name: string;
    readonly source: string;
    readonly sinks: number;
    readonly key: HexWord;
    readonly mask: HexWord;
    readonly hops: number;
  }[];
  readonly routingTables: readonly {
    readonly x: number;
    readonly y: number;
    readonly entries: readonly {
      readonly key: HexWord;
      readonly mask: HexWord;
      readonly links: readonly number[];
      readonly cores: readonly number[];
    }[];
  }[];
  readonly linkLoad: readonly LinkLoad[];
}

/** Every decision of a mapping. */
export function explain(stages: MappingStages, statistics: MappingStatistics): MappingExplanation {
  const { graph, topology } = stages;
  const { vertices, nets, partitions } = graph;
  return {
    machine: { width: topology.width, height: topology.height, chips: topology.chips },
    statistics,
    vertices: vertices.names.map((name, vertex) => ({ name, ...placeOf(stages, vertex) })),
    keyPartitions: partitions.names.map((name, partition) => ({
      name,
      ...inHex(keyOfPartition(stages, partition)),
    })),
    nets: nets.names.map((name, net) => ({
      name,
      source: vertices.names[nets.source[net] as number] as string,
      sinks: (nets.sinkStart[net + 1] as number) - (nets.sinkStart[net] as number),
      ...inHex(keyOfNet(stages, net)),
      hops: hopsOf(stages, net),
    })),
    routingTables: routingTables(stages).map(({ x, y, entries }) => ({
      x,
      y,
      entries: entries.map((entry) => ({
        ...inHex(entry),
        links: bitsOf(entry.route, 0, 6),
        cores: bitsOf(entry.route, 6, 18),
      })),
    })),
    linkLoad: linkLoads(stages),
  };
}

const hexWord = (word: number): HexWord => `0x${word.toString(16).padStart(8, '0')}`;

const inHex = ({ key, mask }: { readonly key: number; readonly mask: number }) => ({
  key: hexWord(key),
  mask: hexWord(mask),
});

const bitsOf = (word: number, from: number, count: number): number[] =>
  [...Array(count).keys()].filter((bit) => word & (1 << (from + bit)));
