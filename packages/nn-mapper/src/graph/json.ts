/** Columns back to the JSON form; {@link graphFromJson} in builder.ts is the other way. */
import type {
  GraphDescription,
  KeyPartitionDescription,
  NetDescription,
  VertexDescription,
} from './description.js';
import { type Graph, NONE } from './graph.js';

/** The graph as plain JSON; `graphFromJson` of it gives an equal graph. */
export function graphToJson(graph: Graph): GraphDescription {
  return {
    version: 1,
    vertices: graph.vertices.names.map((_, vertex) => describeVertex(graph, vertex)),
    sameChip: describeChipGroups(graph),
    keyPartitions: graph.partitions.names.map((_, index) => describePartition(graph, index)),
    nets: graph.nets.names.map((_, net) => describeNet(graph, net)),
  };
}

function describeVertex({ vertices }: Graph, vertex: number): VertexDescription {
  const given = (value: number | undefined): value is number => value !== NONE;
  const [x, y] = [vertices.fixedX[vertex] as number, vertices.fixedY[vertex] as number];
  const core = vertices.fixedCore[vertex] as number;
  const near = vertices.near[vertex] as number;
  return {
    name: vertices.names[vertex] as string,
    sdramBytes: vertices.sdramBytes[vertex] as number,
    cores: vertices.cores[vertex] as number,
    ...(given(x) && { chip: { x, y } }),
    ...(given(core) && { core }),
    ...(given(near) && { near }),
    ...(vertices.nearEthernet[vertex] === 1 && { nearEthernet: true }),
  };
}

function describeChipGroups({ vertices }: Graph): number[][] {
  const groups = new Map<number, number[]>();
  vertices.chipGroup.forEach((root, vertex) => {
    const group = groups.get(root);
    if (group) group.push(vertex);
    else groups.set(root, [vertex]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

function describePartition({ partitions }: Graph, index: number): KeyPartitionDescription {
  const fixedKey = partitions.fixedKey[index] as number;
  return {
    name: partitions.names[index] as string,
    bits: partitions.bits[index] as number,
    alignBits: partitions.alignBits[index] as number,
    ...(fixedKey !== NONE && { fixedKey }),
  };
}

function describeNet({ nets, partitions }: Graph, net: number): NetDescription {
  return {
    name: nets.names[net] as string,
    source: nets.source[net] as number,
    sinks: [...nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1])],
    traffic: nets.traffic[net] as number,
    keys: {
      partition: partitions.names[nets.partition[net] as number] as string,
      offset: nets.offset[net] as number,
      bits: nets.bits[net] as number,
    },
  };
}
