/** What the stages decided, for one vertex, net or chip at a time. */
import type { NetId, VertexId } from './graph/graph.js';
import { maskOfBits } from './keys/allocate.js';
import type { MappingStages } from './stages.js';

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

/** Where a vertex lies. Throws RangeError when the graph has no such vertex. */
export function placeOf({ topology, placement }: MappingStages, vertex: VertexId): VertexPlace {
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

/** The keys that the packets of a net carry. */
export function keyOfNet({ keys }: MappingStages, net: NetId): KeyAndMask {
  return { key: keys.netKey[net] as number, mask: keys.netMask[net] as number };
}

/** The keys of a partition, by its index. */
export function keyOfPartition({ graph, keys }: MappingStages, partition: number): KeyAndMask {
  return {
    key: keys.partitionKey[partition] as number,
    mask: maskOfBits(graph.partitions.bits[partition] as number),
  };
}

/** Links that the tree of a net uses. */
export function hopsOf({ trees }: MappingStages, net: NetId): number {
  return (trees.start[net + 1] as number) - (trees.start[net] as number) - 1;
}

/** Tables of the chips that need any. */
export function routingTables({ topology, tables }: MappingStages): ChipRoutingTable[] {
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
