/** The plain data that the stages of a mapping hand on. */
import type { Graph } from './graph/graph.js';
import type { KeyAllocation } from './keys/allocate.js';
import type { Topology } from './machine/topology.js';
import type { Placement } from './place/place.js';
import type { Trees } from './route/trees.js';
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
