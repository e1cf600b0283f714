/**
 * The machine graph: what is mapped. Vertices run on cores, nets carry multicast packets from one
 * vertex to many, and key partitions say which keys a net uses. Structure of arrays: a vertex, a
 * net or a partition is an index, so that a million of them stay cheap.
 */

/** Index of a vertex in {@link Graph.vertices}, in the order of addition. */
export type VertexId = number;

/** Index of a net in {@link Graph.nets}, in the order of addition. */
export type NetId = number;

/** "No value" in the integer columns of a graph. */
export const NONE = -1;

/** Columns indexed by vertex. */
export interface VertexColumns {
  readonly count: number;
  readonly names: readonly string[];
  /** SDRAM the vertex needs on its chip, bytes. */
  readonly sdramBytes: Float64Array;
  /** Cores the vertex occupies, all on one chip. */
  readonly cores: Uint8Array;
  /** Chip the vertex must be on, or {@link NONE}. */
  readonly fixedX: Int32Array;
  readonly fixedY: Int32Array;
  /** Virtual core the vertex must be on, or {@link NONE}. */
  readonly fixedCore: Int32Array;
  /** Vertex that this one wants to be close to, or {@link NONE}. */
  readonly near: Int32Array;
  /** 1 for a vertex that wants to be close to an ethernet chip. */
  readonly nearEthernet: Uint8Array;
  /** Smallest vertex of those that must share a chip with this one (itself when alone). */
  readonly chipGroup: Int32Array;
}

/** Columns indexed by net; sinks of net n are `sinks[sinkStart[n] .. sinkStart[n + 1]]`. */
export interface NetColumns {
  readonly count: number;
  readonly names: readonly string[];
  readonly source: Int32Array;
  readonly sinkStart: Int32Array;
  readonly sinks: Int32Array;
  /** Packets per unit of time or work; only ratios between nets matter. */
  readonly traffic: Float64Array;
  /** Index of the key partition the net's keys come from. */
  readonly partition: Int32Array;
  /** First key of the net, counted from the start of its partition. */
  readonly offset: Uint32Array;
  /** The net owns 2^bits keys. */
  readonly bits: Uint8Array;
}

/** Columns indexed by key partition: contiguous ranges of 2^bits keys. */
export interface PartitionColumns {
  readonly count: number;
  readonly names: readonly string[];
  readonly bits: Uint8Array;
  /** The partition starts at a multiple of 2^alignBits; at least `bits`. */
  readonly alignBits: Uint8Array;
  /** First key, when the caller fixed it; otherwise {@link NONE}. Float64: keys fill 32 bits. */
  readonly fixedKey: Float64Array;
}

/** A validated machine graph, as {@link GraphBuilder.build} makes it. */
export interface Graph {
  readonly vertices: VertexColumns;
  readonly nets: NetColumns;
  readonly partitions: PartitionColumns;
}
