/** Graphs straight from typed arrays, for millions of vertices: no object for each of them. */
import { InvalidGraphError } from './errors.js';
import { type Graph, NONE, type PartitionColumns } from './graph.js';
import { checkKeysDisjoint } from './validation.js';

/** A graph as the caller's columns; they are taken over, not copied. Absent ones have defaults. */
export interface GraphColumns {
  /** Number of vertices; they are named `v0`, `v1`, ... */
  readonly vertices: number;
  /** SDRAM of each vertex, bytes. Default 0. */
  readonly sdramBytes?: Float64Array;
  /** Cores of each vertex, 1 to 17. Default 1. */
  readonly cores?: Uint8Array;
  /** Source of each net; nets are named `n0`, `n1`, ... */
  readonly source: Int32Array;
  /** Sinks of net n are `sinks[sinkStart[n] .. sinkStart[n + 1]]`, distinct, at least one. */
  readonly sinkStart: Int32Array;
  readonly sinks: Int32Array;
  /** Traffic of each net, 0 or more. Default 1. */
  readonly traffic?: Float64Array;
  /** Every net owns 2^netBits keys. */
  readonly netBits: number;
  /**
   * Keys that are prescribed: the first of each net, a multiple of 2^netBits. By default the mapper
   * chooses them, so that tables get short; then `keyBits` and `fixedKey` mean nothing.
   */
  readonly offset?: Uint32Array;
  /** Bits of the only key partition, `keys`, that offsets count in. Default 32. */
  readonly keyBits?: number;
  /** First key of the partition. Default 0. */
  readonly fixedKey?: number;
}

/**
 * A graph from columns.
 * @throws InvalidGraphError naming the vertex or net whose column is wrong
 */
export function graphFromColumns(columns: GraphColumns): Graph {
  const { vertices: count, source, sinkStart, sinks, offset, netBits } = columns;
  const nets = source.length;
  checkColumns(columns);
  const none = () => new Int32Array(count).fill(NONE);
  const graph: Graph = {
    vertices: {
      count,
      names: numbered('v', count),
      sdramBytes: columns.sdramBytes ?? new Float64Array(count),
      cores: columns.cores ?? new Uint8Array(count).fill(1),
      fixedX: none(),
      fixedY: none(),
      fixedCore: none(),
      near: none(),
      nearEthernet: new Uint8Array(count),
      chipGroup: Int32Array.from({ length: count }, (_, vertex) => vertex),
    },
    nets: {
      count: nets,
      names: numbered('n', nets),
      source,
      sinkStart,
      sinks,
      traffic: columns.traffic ?? new Float64Array(nets).fill(1),
      partition: offset ? new Int32Array(nets) : Int32Array.from({ length: nets }, (_, net) => net),
      offset: offset ?? new Uint32Array(nets),
      bits: new Uint8Array(nets).fill(netBits),
    },
    partitions: offset ? prescribedPartition(columns) : chosenPartitions(nets, netBits),
  };
  checkKeysDisjoint(graph);
  return graph;
}

const prescribedPartition = ({ keyBits = KEY_BITS, fixedKey = 0 }: GraphColumns) => ({
  count: 1,
  names: ['keys'],
  bits: Uint8Array.of(keyBits),
  alignBits: Uint8Array.of(keyBits),
  fixedKey: Float64Array.of(fixedKey),
});

const chosenPartitions = (nets: number, netBits: number): PartitionColumns => ({
  count: nets,
  names: numbered('n', nets),
  bits: new Uint8Array(nets).fill(netBits),
  alignBits: new Uint8Array(nets).fill(netBits),
  fixedKey: new Float64Array(nets).fill(NONE),
});

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index}`);

/** Most application cores of a chip. SpiNNaker data sheet, section 1. */
const MOST_CORES = 17;

const KEY_BITS = 32;

function checkColumns(columns: GraphColumns): void {
  const { vertices, source, sinkStart, sinks, offset, keyBits = KEY_BITS, netBits } = columns;
  const refuse = (element: string, problem: string): never => {
    throw new InvalidGraphError(element, problem);
  };
  checkLengths(columns, refuse);
  if (!(netBits >= 0 && netBits <= keyBits && keyBits <= KEY_BITS)) {
    refuse('the graph', `has keyBits ${keyBits} and netBits ${netBits}; give 0 to 32, in order`);
  }
  const isVertex = (vertex: number) => vertex >= 0 && vertex < vertices;
  const stamps = new Int32Array(vertices).fill(NONE);
  for (let net = 0; net < source.length; net++) {
    const start = sinkStart[net] as number;
    const end = sinkStart[net + 1] as number;
    if (end <= start) refuse(`net "n${net}"`, 'has no sinks; leave it out or give at least one');
    if (!isVertex(source[net] as number)) refuse(`net "n${net}"`, `has source ${source[net]}`);
    for (let index = start; index < end; index++) {
      const sink = sinks[index] as number;
      if (!isVertex(sink))
        refuse(`net "n${net}"`, `has sink ${sink}; vertices end at ${vertices - 1}`);
      if (stamps[sink] === net) refuse(`net "n${net}"`, `has sink ${sink} twice`);
      stamps[sink] = net;
    }
    const first = offset?.[net] ?? 0;
    if (first % 2 ** netBits !== 0 || first >= 2 ** keyBits) {
      refuse(`net "n${net}"`, `starts at key offset ${first}; give a multiple of ${2 ** netBits}`);
    }
  }
  columns.cores?.forEach((cores, vertex) => {
    if (cores < 1 || cores > MOST_CORES) refuse(`vertex "v${vertex}"`, `has cores ${cores}`);
  });
  columns.sdramBytes?.forEach((bytes, vertex) => {
    if (!(bytes >= 0)) refuse(`vertex "v${vertex}"`, `has sdramBytes ${bytes}; give 0 or more`);
  });
  columns.traffic?.forEach((traffic, net) => {
    if (!(traffic >= 0)) refuse(`net "n${net}"`, `has traffic ${traffic}; give 0 or more`);
  });
}

function checkLengths(
  columns: GraphColumns,
  refuse: (element: string, problem: string) => never,
): void {
  const { vertices, source, sinkStart, sinks } = columns;
  const nets = source.length;
  const lengths: readonly [string, number | undefined, number][] = [
    ['sdramBytes', columns.sdramBytes?.length, vertices],
    ['cores', columns.cores?.length, vertices],
    ['sinkStart', sinkStart.length, nets + 1],
    ['sinks', sinks.length, sinkStart[nets] ?? 0],
    ['traffic', columns.traffic?.length, nets],
    ['offset', columns.offset?.length, nets],
  ];
  for (const [name, length, wanted] of lengths) {
    if (length !== undefined && length !== wanted) {
      refuse(`column ${name}`, `has ${length} rows; ${wanted} are needed`);
    }
  }
}
