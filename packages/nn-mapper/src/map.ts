/** The whole way from a graph to routing tables. */
import type { Graph } from './graph/graph.js';
import { allocateKeys } from './keys/allocate.js';
import { indexMachine, type MappableMachine, type Reservation } from './machine/topology.js';
import { type Mapping, mappingOf } from './mapping.js';
import { type PlaceOptions, place } from './place/place.js';
import { type RouteOptions, route } from './route/route.js';
import { type FitOptions, fitTables } from './tables/capacity.js';
import { generateTables } from './tables/generate.js';
import { MappingVerificationError, verify } from './tables/verify.js';

/** Options of {@link map}. */
export interface MapOptions extends PlaceOptions, RouteOptions, FitOptions {
  /** Application cores to keep free on every chip. Default 0. */
  readonly reservedCores?: number;
  /** Cores and SDRAM to keep free, on one chip or on all. */
  readonly reserved?: readonly Reservation[];
  /**
   * Prove the tables before handing them out. Default: when the net trees have at most
   * {@link VERIFIED_HOPS} hops, which takes well under a second.
   */
  readonly verify?: boolean;
}

/** Trees with more chips than this in all are not verified unless asked for. */
export const VERIFIED_HOPS = 500_000;

/**
 * Maps a graph onto a machine: placement, keys, multicast trees, routing tables. The same graph,
 * machine and options always give the same mapping.
 * @throws InvalidReservationError, MachineTooSmallError, ImpossiblePlacementError, KeySpaceError, UnreachableSinkError,
 * RoutingTableOverflowError: the stages say when
 */
export function map(graph: Graph, machine: MappableMachine, options: MapOptions = {}): Mapping {
  const topology = indexMachine(machine, options.reservedCores, options.reserved);
  const placement = place(graph, topology, options);
  const keys = allocateKeys(graph);
  const trees = route(graph, topology, placement, options);
  const complete = generateTables(trees, keys, topology.chips);
  const tables = fitTables(complete, topology, options);
  if (options.verify ?? trees.chip.length <= VERIFIED_HOPS) {
    const faults = verify(graph, topology, placement, keys, tables);
    if (faults.length > 0) throw new MappingVerificationError(faults);
  }
  return mappingOf({ graph, topology, placement, keys, trees, complete, tables });
}
