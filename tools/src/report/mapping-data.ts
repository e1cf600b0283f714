/** What the mapping report shows, small enough for one file: columns of bytes, and the largest nets. */
import type { Mapping } from '@spin-tools/nn-mapper';

/** Data of the report's script; columns are little-endian, in base 64. */
export interface MappingData {
  readonly width: number;
  readonly height: number;
  readonly chips: number;
  /** Coordinates, 16 bits each. */
  readonly x: string;
  readonly y: string;
  /** Number of each chip's board, 16 bits. */
  readonly board: string;
  /** Cores in use, and cores there are, 8 bits each. */
  readonly used: string;
  readonly cores: string;
  /** Routing entries, 16 bits. */
  readonly entries: string;
  /** Traffic of link l of chip c at 6 c + l, 32-bit floating point. */
  readonly load: string;
  /** Names of the vertices of each chip; empty when there are too many to show. */
  readonly vertices: readonly (readonly string[])[];
  readonly nets: readonly ShownNet[];
  /** Nets that are left out. */
  readonly netsLeftOut: number;
}

/** A net and its tree: chip and route of each node, in turn. */
export interface ShownNet {
  readonly name: string;
  readonly tree: readonly number[];
}

/** Vertices whose names still fit a page that opens quickly. */
const MOST_VERTICES = 200_000;

/** Nodes of all trees that are shown: about 2 MB of text. */
const MOST_NODES = 200_000;

/** Collects what is shown of a mapping. */
export function mappingData(mapping: Mapping): MappingData {
  const { topology, placement, graph, tables } = mapping.stages;
  const { chips, x, y, width, height } = topology;
  const boards = new Map<number, number>();
  const board = Uint16Array.from(topology.ethernetOf, (ethernet) => {
    const known = boards.get(ethernet) ?? boards.size;
    boards.set(ethernet, known);
    return known;
  });
  const used = new Uint8Array(chips);
  placement.chipOf.forEach((chip, vertex) => {
    used[chip] = (used[chip] as number) + (graph.vertices.cores[vertex] as number);
  });
  const load = new Float32Array(6 * chips);
  for (const { x: column, y: row, link, traffic } of mapping.linkLoad()) {
    const chip = topology.chipAt[column + row * width] as number;
    load[6 * chip + link] = traffic;
  }
  const entries = Uint16Array.from(
    { length: chips },
    (_, chip) => (tables.start[chip + 1] as number) - (tables.start[chip] as number),
  );
  const nets = shownNets(mapping);
  return {
    width,
    height,
    chips,
    x: base64(Uint16Array.from(x)),
    y: base64(Uint16Array.from(y)),
    board: base64(board),
    used: base64(used),
    cores: base64(Uint8Array.from(topology.coreMask, ones)),
    entries: base64(entries),
    load: base64(load),
    vertices: verticesByChip(mapping),
    nets,
    netsLeftOut: graph.nets.count - nets.length,
  };
}

function verticesByChip({ stages: { graph, placement, topology } }: Mapping): string[][] {
  if (graph.vertices.count > MOST_VERTICES) return [];
  const names: string[][] = Array.from({ length: topology.chips }, () => []);
  placement.chipOf.forEach((chip, vertex) => {
    names[chip]?.push(graph.vertices.names[vertex] as string);
  });
  return names;
}

/** Those with the most traffic times hops, as long as their trees fit. */
function shownNets({ stages: { graph, trees } }: Mapping): ShownNet[] {
  const sizeOf = (net: number) => (trees.start[net + 1] as number) - (trees.start[net] as number);
  const weights = Float64Array.from(
    { length: graph.nets.count },
    (_, net) => (graph.nets.traffic[net] as number) * (sizeOf(net) - 1),
  );
  const order = Uint32Array.from(weights.keys()).sort(
    (a, b) => (weights[b] as number) - (weights[a] as number) || a - b,
  );
  const shown: ShownNet[] = [];
  let left = MOST_NODES;
  for (const net of order) {
    left -= sizeOf(net);
    if (left < 0) break;
    const tree: number[] = [];
    for (let node = trees.start[net] as number; node < (trees.start[net + 1] as number); node++) {
      tree.push(trees.chip[node] as number, trees.route[node] as number);
    }
    shown.push({ name: graph.nets.names[net] as string, tree });
  }
  return shown;
}

const base64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

function ones(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
