/**
 * How the packets of a schedule find their way. The mapper makes the trees of what one core sends to many: control
 * packets, and words of replicas. What many send to one (sums to their owner, done packets to the sequencer) goes the
 * same trees backwards, by entries that do not ask who sent. All tables together are verified by the mapper.
 */
import { LINKS } from '@spin-tools/machine-model';
import {
  type ChipRoutingTable,
  type Graph,
  graphBuilder,
  type MappableMachine,
  type Mapping,
  MappingVerificationError,
  map,
  type RoutingEntry,
  verify,
} from '@spin-tools/nn-mapper';
import type { ReplicaPlace, SchedulePlaces } from './place.js';

/** Classes of packets: the top byte of their keys. kernels/layers/machine/receive.S knows them. */
export const CONTROL_KEY = 0x01000000;
/** First key of done packets. */
export const DONE_KEY = 0x02000000;
/** A worker has come to a barrier of its chip. */
export const ARRIVE_KEY = 0x03000000;
/** Sums: 23:16 are the replica that they are for, 15:11 its worker. */
export const REDUCE_KEY = 0x04000000;
/** Words: 23:16 are the replica that they come from, 15:11 its worker. */
export const SHARE_KEY = 0x05000000;

/** Where the replica is in a key. */
const REPLICA_SHIFT = 16;
/** Where the worker is. */
export const WORKER_SHIFT = 11;
const CLASS_BITS = 24;
const CLASS_MASK = 0xff000000;
const REPLICA_MASK = 0xffff0000;
const WORKER_MASK = 0xfffff800;
/** Bit of core 0 in a route, behind those of the links. */
const FIRST_CORE_BIT = LINKS;

/** First key of what a worker of a replica sends or takes. */
export const workerKey = (first: number, replica: number, worker: number): number =>
  (first | (replica << REPLICA_SHIFT) | (worker << WORKER_SHIFT)) >>> 0;

/** The routes of a schedule. */
export interface ScheduleRoutes {
  readonly mapping: Mapping;
  /** Net of the words that the first worker of each replica shares; none where there is one replica. */
  readonly shares: readonly number[];
  readonly tables: readonly ChipRoutingTable[];
}

/**
 * Routes a schedule.
 *
 * @throws MappingVerificationError when some packets do not reach whom they are for, as where a link works in one
 *   direction only; what the mapper throws
 */
export function routeSchedule(places: SchedulePlaces, machine: MappableMachine): ScheduleRoutes {
  const { replicas, sequencer } = places;
  const { graph, shares } = spreadGraph(places);
  const mapping = map(graph, machine, { verify: false });
  const own = new Map<number, RoutingEntry[]>();
  const add = (chip: number, key: number, mask: number, route: number) => {
    const entries = own.get(chip) ?? [];
    own.set(chip, entries);
    entries.push({ key: key >>> 0, mask: mask >>> 0, route });
  };
  const { chipOf } = mapping.stages.placement;
  for (const [replica, place] of replicas.entries()) {
    const chip = chipOf[firstVertex(places, replica)] as number;
    add(chip, ARRIVE_KEY, CLASS_MASK, routeTo(place.workers));
    const net = shares[replica];
    if (net === undefined) continue;
    for (const [worker, core] of place.workers.entries()) {
      add(chip, workerKey(REDUCE_KEY, replica, worker), WORKER_MASK, routeTo([core]));
    }
    for (const { at, back } of backwards(mapping, net)) {
      add(at, workerKey(REDUCE_KEY, replica, 0), REPLICA_MASK, 1 << back);
    }
  }
  const root = chipOf[sequencerVertex(places)] as number;
  add(root, DONE_KEY, CLASS_MASK, routeTo([sequencer.core]));
  for (const { at, back } of backwards(mapping, CONTROL_NET)) {
    add(at, DONE_KEY, CLASS_MASK, 1 << back);
  }
  const tables = joined(mapping, own);
  check(places, mapping, tables);
  return { mapping, shares, tables };
}

/** The control net is added first. */
const CONTROL_NET = 0;

const firstVertex = ({ replicas }: SchedulePlaces, replica: number): number =>
  replica * (replicas[0] as ReplicaPlace).workers.length;
const sequencerVertex = (places: SchedulePlaces): number =>
  firstVertex(places, places.replicas.length);

const routeTo = (cores: readonly number[]): number =>
  cores.reduce((bits, core) => bits | (1 << (FIRST_CORE_BIT + core)), 0);

/** A graph with the cores of a schedule, workers first. */
function builderOf({ replicas, sequencer }: SchedulePlaces) {
  const builder = graphBuilder();
  for (const [replica, { x, y, workers }] of replicas.entries()) {
    for (const [worker, core] of workers.entries()) {
      builder.addVertex({ name: `worker ${worker} of replica ${replica}`, chip: { x, y }, core });
    }
  }
  const { x, y, core } = sequencer;
  builder.addVertex({ name: 'sequencer', chip: { x, y }, core });
  return builder;
}

/** What one core sends to many. */
function spreadGraph(places: SchedulePlaces): { graph: Graph; shares: number[] } {
  const { replicas } = places;
  const builder = builderOf(places);
  const all = Array.from({ length: sequencerVertex(places) }, (_, vertex) => vertex);
  const shares: number[] = [];
  builder.addKeyPartition({ name: 'control', bits: CLASS_BITS, fixedKey: CONTROL_KEY });
  builder.addKeyPartition({ name: 'words', bits: CLASS_BITS, fixedKey: SHARE_KEY });
  builder.addNet({
    name: 'control',
    source: sequencerVertex(places),
    sinks: all,
    keys: { partition: 'control', bits: CLASS_BITS },
  });
  for (const [replica, { workers }] of replicas.length > 1 ? replicas.entries() : []) {
    for (const worker of workers.keys()) {
      const offset = workerKey(0, replica, worker);
      const net = builder.addNet({
        name: `words of worker ${worker} of replica ${replica}`,
        source: firstVertex(places, replica) + worker,
        sinks: othersOf(places, replica).map((other) => firstVertex(places, other) + worker),
        keys: { partition: 'words', offset, bits: WORKER_SHIFT },
      });
      if (worker === 0) shares.push(net);
    }
  }
  return { graph: builder.build(), shares };
}

const othersOf = ({ replicas }: SchedulePlaces, replica: number): number[] =>
  [...replicas.keys()].filter((other) => other !== replica);

/** The chips of a net's tree but the first, and the link by which each comes closer to that. */
export function backwards(
  { stages: { trees } }: Mapping,
  net: number,
): { at: number; back: number }[] {
  const result: { at: number; back: number }[] = [];
  const end = trees.start[net + 1] as number;
  for (let node = (trees.start[net] as number) + 1; node < end; node++) {
    result.push({ at: trees.chip[node] as number, back: trees.arrival[node] as number });
  }
  return result;
}

/** The mapper's tables behind ours, so that what it may have merged cannot take our packets. */
function joined(
  mapping: Mapping,
  own: ReadonlyMap<number, readonly RoutingEntry[]>,
): ChipRoutingTable[] {
  const { topology } = mapping.stages;
  const theirs = new Map(mapping.tables().map((table) => [`${table.x},${table.y}`, table.entries]));
  return Array.from({ length: topology.chips }, (_, chip) => {
    const [x, y] = [topology.x[chip] as number, topology.y[chip] as number];
    return { x, y, entries: [...(own.get(chip) ?? []), ...(theirs.get(`${x},${y}`) ?? [])] };
  }).filter(({ entries }) => entries.length > 0);
}

/** Follows every packet of every core through the tables. */
function check(
  places: SchedulePlaces,
  { stages: { graph, topology, placement, keys } }: Mapping,
  tables: readonly ChipRoutingTable[],
): void {
  const start = new Int32Array(topology.chips + 1);
  const rows: RoutingEntry[] = [];
  const byPlace = new Map(tables.map((table) => [`${table.x},${table.y}`, table.entries]));
  for (let chip = 0; chip < topology.chips; chip++) {
    rows.push(...(byPlace.get(`${topology.x[chip]},${topology.y[chip]}`) ?? []));
    start[chip + 1] = rows.length;
  }
  const columns = {
    start,
    key: Uint32Array.from(rows, ({ key }) => key),
    mask: Uint32Array.from(rows, ({ mask }) => mask),
    route: Uint32Array.from(rows, ({ route }) => route),
    arrival: new Int8Array(rows.length),
  };
  const gathered = gatherGraph(places);
  const { netKey, netMask } = gathered;
  const faults = [
    ...verify(graph, topology, placement, keys, columns),
    ...verify(gathered.graph, topology, placement, { ...keys, netKey, netMask }, columns),
  ];
  if (faults.length > 0) throw new MappingVerificationError(faults);
}

/** What many cores send with the same keys: barriers, done packets, sums. */
function gatherGraph(places: SchedulePlaces) {
  const { replicas } = places;
  const builder = builderOf(places);
  const keys: number[] = [];
  const masks: number[] = [];
  const add = (source: number, sinks: readonly number[], key: number, mask: number) => {
    builder.addNet({ name: `net ${keys.length}`, source, sinks });
    keys.push(key);
    masks.push(mask);
  };
  for (const [replica, { workers }] of replicas.entries()) {
    const first = firstVertex(places, replica);
    const own = workers.map((_, worker) => first + worker);
    for (const [worker, vertex] of own.entries()) {
      add(vertex, own, ARRIVE_KEY, CLASS_MASK);
      add(vertex, [sequencerVertex(places)], DONE_KEY, CLASS_MASK);
      for (const other of othersOf(places, replica)) {
        const sink = firstVertex(places, other) + worker;
        add(vertex, [sink], workerKey(REDUCE_KEY, other, worker), WORKER_MASK);
      }
    }
  }
  return {
    graph: builder.build(),
    netKey: Uint32Array.from(keys),
    netMask: Uint32Array.from(masks, (mask) => mask >>> 0),
  };
}
