/** From populations to a machine graph: slices become vertices, edges become nets between them. */
import { type GraphBuilder, graphBuilder } from '../graph/builder.js';
import { InvalidGraphError } from '../graph/errors.js';
import type { Graph, VertexId } from '../graph/graph.js';
import type {
  ApplicationEdge,
  ApplicationGraph,
  ApplicationVertex,
  CoreLimits,
} from './application-graph.js';
import { type Slice, sliceVertex } from './slices.js';

/** A partitioned application. */
export interface PartitionedApplication {
  readonly graph: Graph;
  /** The slice that each vertex of the graph runs. */
  readonly slices: readonly Slice[];
}

/**
 * Cuts every vertex into slices that fit a core and rewrites the edges. All packets of one kind
 * from one vertex share a key partition named `vertex/kind`, in which atom a of slice s has key
 * offset s * 2^b + a, b being enough bits for the largest slice.
 * @throws UnsplittableVertexError when one atom exceeds a limit
 * @throws InvalidGraphError when a name is used twice or unknown, or atoms are not 1 or more
 */
export function partition(
  application: ApplicationGraph,
  limits: CoreLimits,
): PartitionedApplication {
  const builder = graphBuilder();
  const sliced = new Map<string, SlicedVertex>();
  const slices: Slice[] = [];
  for (const vertex of application.vertices) {
    checkApplicationVertex(vertex, sliced);
    const own = sliceVertex(vertex, limits);
    sliced.set(vertex.name, { vertex, slices: own, first: slices.length });
    for (const slice of own) addSlice(builder, vertex, slice);
    slices.push(...own);
  }
  for (const edges of edgesByKeys(application.edges)) addNets(builder, sliced, edges);
  return { graph: builder.build(), slices };
}

interface SlicedVertex {
  readonly vertex: ApplicationVertex;
  readonly slices: readonly Slice[];
  /** Vertex of the first slice in the machine graph; the others follow it. */
  readonly first: VertexId;
}

function checkApplicationVertex(
  { name, atoms, mostAtoms = 1 }: ApplicationVertex,
  known: ReadonlyMap<string, SlicedVertex>,
): void {
  const element = `application vertex "${name}"`;
  if (known.has(name)) throw new InvalidGraphError(element, 'was added before');
  if (!Number.isInteger(atoms) || atoms < 1) {
    throw new InvalidGraphError(element, `has ${atoms} atoms; give 1 or more`);
  }
  if (!Number.isInteger(mostAtoms) || mostAtoms < 1) {
    throw new InvalidGraphError(element, `allows ${mostAtoms} atoms to a core; give 1 or more`);
  }
}

function addSlice(builder: GraphBuilder, vertex: ApplicationVertex, slice: Slice): void {
  const { perAtom = 0, perSlice = 0 } = vertex.sdramBytes ?? {};
  builder.addVertex({
    name: sliceName(slice),
    sdramBytes: perSlice + perAtom * (slice.to - slice.from),
  });
}

const sliceName = ({ vertex, from, to }: Slice): string => `${vertex}[${from}:${to}]`;

const kindOf = ({ kind = 'packets' }: ApplicationEdge): string => kind;

/** Groups of edges whose packets have the same keys. */
function edgesByKeys(edges: readonly ApplicationEdge[]): ApplicationEdge[][] {
  const groups = new Map<string, ApplicationEdge[]>();
  for (const edge of edges) {
    const keys = JSON.stringify([edge.source, kindOf(edge)]);
    const group = groups.get(keys);
    if (group) group.push(edge);
    else groups.set(keys, [edge]);
  }
  return [...groups.values()];
}

/** One net for every slice of the source that anyone listens to. */
function addNets(
  builder: GraphBuilder,
  sliced: ReadonlyMap<string, SlicedVertex>,
  edges: readonly ApplicationEdge[],
): void {
  const [edge] = edges as [ApplicationEdge];
  const source = findVertex(sliced, edge.source);
  const partitionName = `${edge.source}/${kindOf(edge)}`;
  const largest = Math.max(...source.slices.map(({ from, to }) => to - from));
  const atomBits = Math.ceil(Math.log2(largest));
  const bits = atomBits + Math.ceil(Math.log2(source.slices.length));
  builder.addKeyPartition({ name: partitionName, bits });
  source.slices.forEach((slice, index) => {
    const sinks = edges.flatMap((each) => listeners(sliced, each, slice));
    if (sinks.length === 0) return;
    const perAtom = Math.max(...edges.map(({ trafficPerAtom = 1 }) => trafficPerAtom));
    builder.addNet({
      name: `${sliceName(slice)}/${kindOf(edge)}`,
      source: source.first + index,
      sinks,
      traffic: perAtom * (slice.to - slice.from),
      keys: { partition: partitionName, offset: index * 2 ** atomBits, bits: atomBits },
    });
  });
}

function listeners(
  sliced: ReadonlyMap<string, SlicedVertex>,
  { sink: name, connector }: ApplicationEdge,
  { from, to }: Slice,
): VertexId[] {
  const sink = findVertex(sliced, name);
  return sink.slices
    .map((slice, index) => ({ slice, vertex: sink.first + index }))
    .filter(({ slice }) => connector === 'all-to-all' || (slice.from < to && from < slice.to))
    .map(({ vertex }) => vertex);
}

function findVertex(sliced: ReadonlyMap<string, SlicedVertex>, name: string): SlicedVertex {
  const vertex = sliced.get(name);
  if (vertex === undefined) {
    throw new InvalidGraphError(`application vertex "${name}"`, 'is used by an edge but missing');
  }
  return vertex;
}
