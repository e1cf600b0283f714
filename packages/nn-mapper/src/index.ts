export { checkChipMemory, type ImageOnChip } from './data-specification/chip-memory.js';
export {
  type ArrayData,
  addresses,
  array,
  type FieldType,
  type RegionAddress,
  type RegionContent,
  reserved,
  type StructureFields,
  type StructureValues,
  structure,
} from './data-specification/contents.js';
export { InvalidImageError, SdramOverflowError } from './data-specification/errors.js';
export {
  type BuiltImage,
  buildImage,
  type ImageLayout,
  type ImageSegment,
  layoutImage,
  type Region,
  type RegionTableFormat,
  regionAddresses,
  type SdramImage,
} from './data-specification/image.js';
export { DataSpecificationError } from './data-specification/language/errors.js';
export {
  type ExecutedSpecification,
  type ExecuteOptions,
  executeSpecification,
} from './data-specification/language/execute.js';
export { imageOfSpecification } from './data-specification/language/image.js';
export {
  decodeSpecification,
  disassembleSpecification,
  encodeSpecification,
  type Instruction,
  instruction,
  type LocatedInstruction,
} from './data-specification/language/instructions.js';
export type { ExecutedRegion } from './data-specification/language/memory.js';
export type { FieldName, OpcodeName } from './data-specification/language/opcodes.js';
export type { MappingExplanation } from './explain.js';
export { type GraphBuilder, graphBuilder, graphFromJson } from './graph/builder.js';
export { type GraphColumns, graphFromColumns } from './graph/columns.js';
export type {
  GraphDescription,
  KeyPartitionDescription,
  NetDescription,
  NetKeys,
  VertexDescription,
} from './graph/description.js';
export { InvalidGraphError } from './graph/errors.js';
export type { Graph, NetId, VertexId } from './graph/graph.js';
export { graphToJson } from './graph/json.js';
export { allocateKeys, type KeyAllocation, KeySpaceError } from './keys/allocate.js';
export { type BitFields, bitFields } from './keys/bit-fields.js';
export {
  InvalidReservationError,
  indexMachine,
  type MappableMachine,
  type Reservation,
  type Topology,
} from './machine/topology.js';
export { type MapOptions, map, VERIFIED_HOPS } from './map.js';
export type { Mapping } from './mapping.js';
export type {
  ApplicationEdge,
  ApplicationGraph,
  ApplicationVertex,
  Connector,
  CoreLimits,
  ResourceUse,
} from './partition/application-graph.js';
export { type PartitionedApplication, partition } from './partition/partition.js';
export { type Slice, UnsplittableVertexError } from './partition/slices.js';
export { ImpossiblePlacementError, MachineTooSmallError } from './place/errors.js';
export { type Placement, type PlaceOptions, type Placer, place } from './place/place.js';
export { UnreachableSinkError } from './route/errors.js';
export { type RouteOptions, type Router, route } from './route/route.js';
export type { Trees } from './route/trees.js';
export type { MappingStages } from './stages.js';
export type { LinkLoad, MappingStatistics, TableSizes } from './statistics.js';
export {
  type FitOptions,
  fitTables,
  type Minimisation,
  RoutingTableOverflowError,
} from './tables/capacity.js';
export { removeDefaultRoutes } from './tables/default-routes.js';
export { generateTables } from './tables/generate.js';
export { minimise } from './tables/minimise.js';
export { type ChipTable, chipTable, ROUTING_ENTRIES, type Tables } from './tables/tables.js';
export { MappingVerificationError, type RoutingFault, verify } from './tables/verify.js';
export {
  allocateTags,
  type IpTagRequest,
  type PlacedTag,
  type ReverseIpTagRequest,
  type TagRequest,
  TagShortageError,
} from './tags/allocate.js';
export type { ChipRoutingTable, KeyAndMask, RoutingEntry, VertexPlace } from './views.js';
