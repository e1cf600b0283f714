/**
 * A graph of whole populations or layers, before they are cut to the size of cores. An atom is the
 * smallest part that can go to a core by itself: a neuron, a unit, a row of weights.
 */

/** What part of a core or chip something takes: a share for each atom, and one for each slice. */
export interface ResourceUse {
  readonly perAtom?: number;
  readonly perSlice?: number;
}

/** A population of equal atoms. */
export interface ApplicationVertex {
  /** Unique among the vertices. */
  readonly name: string;
  /** 1 or more. */
  readonly atoms: number;
  /** Most atoms to a core, whatever the resources say. */
  readonly mostAtoms?: number;
  /** SDRAM, bytes; limited by the chip, not by the core. */
  readonly sdramBytes?: ResourceUse;
  /** Resources of a core by the names of {@link CoreLimits}, such as `dtcmBytes`. */
  readonly resources?: Readonly<Record<string, ResourceUse>>;
}

/** Resources of one core by name, such as `{ dtcmBytes: 65536, cyclesPerStep: 200000 }`. */
export type CoreLimits = Readonly<Record<string, number>>;

/**
 * Which atoms of the sink listen to an atom of the source: all of them, or the one of the same
 * number.
 */
export type Connector = 'all-to-all' | 'one-to-one';

/** Packets from every atom of one vertex to another vertex. */
export interface ApplicationEdge {
  readonly source: string;
  readonly sink: string;
  readonly connector: Connector;
  /**
   * Kind of packet: edges of one source and one kind share keys, and so their packets. Default
   * `packets`.
   */
  readonly kind?: string;
  /** Packets of one atom, per unit of time or work. Default 1. */
  readonly trafficPerAtom?: number;
}

/** Populations and their connections. */
export interface ApplicationGraph {
  readonly vertices: readonly ApplicationVertex[];
  readonly edges: readonly ApplicationEdge[];
}
