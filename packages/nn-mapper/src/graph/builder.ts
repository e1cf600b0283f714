/** The friendly edge of a {@link Graph}: add descriptions, get columns. */
import type {
  GraphDescription,
  KeyPartitionDescription,
  NetDescription,
  VertexDescription,
} from './description.js';
import { InvalidGraphError } from './errors.js';
import { type Graph, type NetId, NONE, type PartitionColumns, type VertexId } from './graph.js';
import {
  checkKeyPartition,
  checkKeysDisjoint,
  checkNet,
  checkNetKeys,
  checkVertex,
} from './validation.js';

/** Collects vertices, nets and key partitions; every mistake is refused where it is made. */
export interface GraphBuilder {
  /** @throws InvalidGraphError when the name is taken or a field is out of range */
  addVertex(vertex: VertexDescription): VertexId;
  /** Puts all these vertices on one chip. */
  sameChip(vertices: readonly VertexId[]): void;
  /** @throws InvalidGraphError when the name is taken or a field is out of range */
  addKeyPartition(partition: KeyPartitionDescription): void;
  /** @throws InvalidGraphError when the name is taken, or a vertex or the partition is unknown */
  addNet(net: NetDescription): NetId;
  /** @throws InvalidGraphError when two nets share a key */
  build(): Graph;
}

/** An empty graph to add to. */
export function graphBuilder(): GraphBuilder {
  const vertices: VertexDescription[] = [];
  const nets: NetDescription[] = [];
  const partitions = new Map<string, KeyPartitionDescription>();
  const chipGroups: VertexId[][] = [];
  const vertexNames = new Set<string>();
  const netNames = new Set<string>();

  const addKeyPartition = (partition: KeyPartitionDescription) => {
    checkKeyPartition(partition);
    if (partitions.has(partition.name)) {
      throw new InvalidGraphError(`key partition "${partition.name}"`, 'was added before');
    }
    partitions.set(partition.name, partition);
  };

  return {
    addVertex(vertex) {
      checkVertex(vertex, vertices.length);
      claimName(vertexNames, 'vertex', vertex.name);
      return vertices.push(vertex) - 1;
    },
    sameChip(group) {
      for (const vertex of group) {
        if (vertices[vertex] === undefined) {
          throw new InvalidGraphError(`vertex ${vertex}`, 'is not part of this graph');
        }
      }
      chipGroups.push([...group]);
    },
    addKeyPartition,
    addNet(net) {
      checkNet(net, vertices.length);
      if (net.keys) checkNetKeys(net.name, net.keys, partitions);
      claimName(netNames, 'net', net.name);
      if (!net.keys) addKeyPartition({ name: net.name, bits: 0 });
      return nets.push(net) - 1;
    },
    build() {
      const graph: Graph = {
        vertices: vertexColumns(vertices, chipGroups),
        partitions: partitionColumns([...partitions.values()]),
        nets: netColumns(nets, [...partitions.keys()]),
      };
      checkKeysDisjoint(graph);
      return graph;
    },
  };
}

/**
 * Builds a graph from its JSON form.
 * @throws InvalidGraphError as the builder does, and when the version is not 1
 */
export function graphFromJson(description: GraphDescription): Graph {
  const { version = 1 } = description;
  if (version !== 1) {
    throw new InvalidGraphError(
      'the graph',
      `has version ${version}; this program reads version 1`,
    );
  }
  const builder = graphBuilder();
  for (const vertex of description.vertices) builder.addVertex(vertex);
  for (const group of description.sameChip) builder.sameChip(group);
  for (const partition of description.keyPartitions) builder.addKeyPartition(partition);
  for (const net of description.nets) builder.addNet(net);
  return builder.build();
}

function claimName(names: Set<string>, kind: string, name: string): void {
  if (names.has(name)) throw new InvalidGraphError(`${kind} "${name}"`, 'was added before');
  names.add(name);
}

function vertexColumns(
  vertices: readonly VertexDescription[],
  chipGroups: readonly (readonly VertexId[])[],
): Graph['vertices'] {
  return {
    count: vertices.length,
    names: vertices.map(({ name }) => name),
    sdramBytes: Float64Array.from(vertices, ({ sdramBytes }) => sdramBytes ?? 0),
    cores: Uint8Array.from(vertices, ({ cores }) => cores ?? 1),
    fixedX: Int32Array.from(vertices, ({ chip }) => chip?.x ?? NONE),
    fixedY: Int32Array.from(vertices, ({ chip }) => chip?.y ?? NONE),
    fixedCore: Int32Array.from(vertices, ({ core }) => core ?? NONE),
    near: Int32Array.from(vertices, ({ near }) => near ?? NONE),
    nearEthernet: Uint8Array.from(vertices, ({ nearEthernet }) => Number(nearEthernet === true)),
    chipGroup: smallestOfEachGroup(vertices.length, chipGroups),
  };
}

/** Union-find with the smallest member as the root. */
function smallestOfEachGroup(
  count: number,
  groups: readonly (readonly VertexId[])[],
): Int32Array<ArrayBuffer> {
  const parent = Int32Array.from({ length: count }, (_, vertex) => vertex);
  const root = (vertex: number): number => {
    let at = vertex;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  for (const group of groups) {
    for (const vertex of group) {
      const one = root(group[0] as number);
      const other = root(vertex);
      parent[Math.max(one, other)] = Math.min(one, other);
    }
  }
  return parent.map((_, vertex) => root(vertex));
}

function netColumns(nets: readonly NetDescription[], partitionNames: readonly string[]) {
  const partitionIndex = new Map(partitionNames.map((name, index) => [name, index]));
  const sinks = nets.map((net) => [...new Set(net.sinks)]);
  const sinkStart = new Int32Array(nets.length + 1);
  sinks.forEach((list, net) => {
    sinkStart[net + 1] = (sinkStart[net] as number) + list.length;
  });
  return {
    count: nets.length,
    names: nets.map(({ name }) => name),
    source: Int32Array.from(nets, ({ source }) => source),
    sinkStart,
    sinks: flatten(sinks, sinkStart),
    traffic: Float64Array.from(nets, ({ traffic }) => traffic ?? 1),
    partition: Int32Array.from(nets, ({ name, keys }) =>
      Number(partitionIndex.get(keys?.partition ?? name)),
    ),
    offset: Uint32Array.from(nets, ({ keys }) => keys?.offset ?? 0),
    bits: Uint8Array.from(nets, ({ keys }) => keys?.bits ?? 0),
  };
}

function flatten(lists: readonly (readonly number[])[], start: Int32Array): Int32Array {
  const flat = new Int32Array(start[lists.length] as number);
  lists.forEach((list, index) => {
    flat.set(list, start[index]);
  });
  return flat;
}

function partitionColumns(partitions: readonly KeyPartitionDescription[]): PartitionColumns {
  return {
    count: partitions.length,
    names: partitions.map(({ name }) => name),
    bits: Uint8Array.from(partitions, ({ bits }) => bits),
    alignBits: Uint8Array.from(partitions, ({ bits, alignBits }) => Math.max(bits, alignBits ?? 0)),
    fixedKey: Float64Array.from(partitions, ({ fixedKey }) => fixedKey ?? NONE),
  };
}
