/** How a caller describes vertices, nets and key partitions; also the JSON form of a graph. */
import type { VertexId } from './graph.js';

/** A program on one or more cores of one chip. */
export interface VertexDescription {
  /** Unique among the vertices; used in errors and explanations. */
  readonly name: string;
  /** SDRAM needed on the chip, bytes. Default 0. */
  readonly sdramBytes?: number;
  /** Cores occupied, 1 to 17; packets go to all of them. Default 1. */
  readonly cores?: number;
  /** The chip it must be on. */
  readonly chip?: { readonly x: number; readonly y: number };
  /** The virtual core it must be on, 1 to 17; only for a vertex of one core. */
  readonly core?: number;
  /** A vertex added before, whose chip (or a close one) suits this vertex best. */
  readonly near?: VertexId;
  /** Close to an ethernet chip, for a vertex that talks with a host. */
  readonly nearEthernet?: boolean;
}

/** Which keys a net sends: `offset .. offset + 2^bits` inside a partition. */
export interface NetKeys {
  /** Name of a partition added with `addKeyPartition`. */
  readonly partition: string;
  /** A multiple of 2^bits. Default 0. */
  readonly offset?: number;
  /** The net owns 2^bits keys. Default 0: a single key. */
  readonly bits?: number;
}

/** Packets from one vertex to all sinks. */
export interface NetDescription {
  /** Unique among the nets; used in errors and explanations. */
  readonly name: string;
  readonly source: VertexId;
  /** At least one vertex; repeated ones count once. */
  readonly sinks: readonly VertexId[];
  /** Packets per unit of time or work, 0 or more; only ratios between nets matter. Default 1. */
  readonly traffic?: number;
  /** Default: a partition of a single key for this net alone, beside those of nets with the same sinks. */
  readonly keys?: NetKeys;
}

/** A contiguous range of 2^bits multicast keys that starts at a multiple of its size. */
export interface KeyPartitionDescription {
  /** Unique among the partitions. */
  readonly name: string;
  /** 0 to 32. */
  readonly bits: number;
  /** The first key, where a program or protocol prescribes it. */
  readonly fixedKey?: number;
  /** Start at a multiple of 2^alignBits; default (and least) `bits`. */
  readonly alignBits?: number;
}

/** A graph as plain JSON: descriptions whose indices are positions in these arrays. */
export interface GraphDescription {
  /** Version of this form; default 1, the only one so far. */
  readonly version?: 1;
  readonly vertices: readonly VertexDescription[];
  readonly sameChip: readonly (readonly VertexId[])[];
  readonly keyPartitions: readonly KeyPartitionDescription[];
  readonly nets: readonly NetDescription[];
}
