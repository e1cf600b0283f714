/** Every rule a graph must obey, one function for each kind of element. */
import type {
  KeyPartitionDescription,
  NetDescription,
  NetKeys,
  VertexDescription,
} from './description.js';
import { InvalidGraphError } from './errors.js';
import type { Graph } from './graph.js';

/** Virtual cores 1 to 17 run applications; 0 is the monitor. SpiNNaker data sheet, section 1. */
const MOST_APPLICATION_CORES = 17;

/** Keys are 32 bits wide. */
const KEY_BITS = 32;

const isWholeNumber = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** @throws InvalidGraphError when a field is out of range; `known` vertices exist already */
export function checkVertex(vertex: VertexDescription, known: number): void {
  const { sdramBytes = 0, cores = 1, chip, core, near } = vertex;
  const refuse = (problem: string): never => {
    throw new InvalidGraphError(`vertex "${vertex.name}"`, problem);
  };
  if (!Number.isFinite(sdramBytes) || sdramBytes < 0) {
    refuse(`has sdramBytes ${sdramBytes}; give 0 or more bytes`);
  }
  if (!isWholeNumber(cores, 1, MOST_APPLICATION_CORES)) {
    refuse(`has cores ${cores}; a chip has 1 to ${MOST_APPLICATION_CORES} application cores`);
  }
  if (chip && !(isWholeNumber(chip.x, 0, 255) && isWholeNumber(chip.y, 0, 255))) {
    refuse(`is fixed to chip (${chip.x}, ${chip.y}); coordinates are whole numbers from 0 to 255`);
  }
  if (core !== undefined && !isWholeNumber(core, 1, MOST_APPLICATION_CORES)) {
    refuse(`is fixed to core ${core}; application cores are 1 to ${MOST_APPLICATION_CORES}`);
  }
  if (core !== undefined && cores > 1) refuse(`needs ${cores} cores and cannot be fixed to one`);
  if (near !== undefined && !isWholeNumber(near, 0, known - 1)) {
    refuse(`wants to be near vertex ${near}, which was not added before it`);
  }
}

/** @throws InvalidGraphError when a field is out of range or a vertex unknown */
export function checkNet(net: NetDescription, vertices: number): void {
  const refuse = (problem: string): never => {
    throw new InvalidGraphError(`net "${net.name}"`, problem);
  };
  if (net.sinks.length === 0) refuse('has no sinks; leave it out or give at least one');
  for (const vertex of [net.source, ...net.sinks]) {
    if (!isWholeNumber(vertex, 0, vertices - 1)) refuse(`uses vertex ${vertex}, not of this graph`);
  }
  const { traffic = 1 } = net;
  if (!Number.isFinite(traffic) || traffic < 0) refuse(`has traffic ${traffic}; give 0 or more`);
}

/** @throws InvalidGraphError when the keys do not fit their partition */
export function checkNetKeys(
  name: string,
  keys: NetKeys,
  partitions: ReadonlyMap<string, KeyPartitionDescription>,
): void {
  const { offset = 0, bits = 0 } = keys;
  const partition = partitions.get(keys.partition);
  if (partition === undefined) {
    throw new InvalidGraphError(
      `net "${name}"`,
      `uses key partition "${keys.partition}", which was not added before it`,
    );
  }
  if (!isWholeNumber(bits, 0, partition.bits)) {
    throw new InvalidGraphError(
      `net "${name}"`,
      `wants 2^${bits} keys of partition "${partition.name}", which has 2^${partition.bits}`,
    );
  }
  const most = 2 ** partition.bits - 2 ** bits;
  if (!isWholeNumber(offset, 0, most) || offset % 2 ** bits !== 0) {
    throw new InvalidGraphError(
      `net "${name}"`,
      `starts at key offset ${offset}; give a multiple of ${2 ** bits} from 0 to ${most}`,
    );
  }
}

/** @throws InvalidGraphError when a field is out of range */
export function checkKeyPartition(partition: KeyPartitionDescription): void {
  const { bits, alignBits = bits, fixedKey } = partition;
  const refuse = (problem: string): never => {
    throw new InvalidGraphError(`key partition "${partition.name}"`, problem);
  };
  if (!isWholeNumber(bits, 0, KEY_BITS)) refuse(`has ${bits} bits; keys have ${KEY_BITS}`);
  if (!isWholeNumber(alignBits, bits, KEY_BITS)) {
    refuse(`is aligned to ${alignBits} bits; give ${bits} to ${KEY_BITS}`);
  }
  if (fixedKey === undefined) return;
  if (!isWholeNumber(fixedKey, 0, 2 ** KEY_BITS - 2 ** bits) || fixedKey % 2 ** alignBits !== 0) {
    refuse(`is fixed to key ${fixedKey}; give a multiple of 2^${alignBits} below 2^${KEY_BITS}`);
  }
}

/** @throws InvalidGraphError when two nets of a partition share a key */
export function checkKeysDisjoint({ nets, partitions }: Graph): void {
  const offsetOf = (net: number) => nets.offset[net] as number;
  const partitionOf = (net: number) => nets.partition[net] as number;
  const order = Uint32Array.from({ length: nets.count }, (_, net) => net).sort(
    (a, b) => partitionOf(a) - partitionOf(b) || offsetOf(a) - offsetOf(b) || a - b,
  );
  for (let index = 1; index < order.length; index++) {
    const before = order[index - 1] as number;
    const net = order[index] as number;
    if (partitionOf(before) !== partitionOf(net)) continue;
    if (offsetOf(before) + 2 ** (nets.bits[before] as number) > offsetOf(net)) {
      throw new InvalidGraphError(
        `net "${nets.names[net]}"`,
        `shares keys of partition "${partitions.names[partitionOf(net)]}" with net "${nets.names[before]}"`,
      );
    }
  }
}
