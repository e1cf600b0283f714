/**
 * How the packets of a schedule find their way. The mapper makes the tree of control packets, and done packets go it
 * backwards. What replicas exchange goes by trees of our own, see trees.ts: sums from chip to chip, with the next replica
 * in their keys, so that entries do not ask who sent; words by multicast. All tables together are verified by the mapper.
 */
import { LINKS, type Machine, oppositeLink } from '@spin-tools/machine-model';
import {
  type ChipRoutingTable,
  type Graph,
  graphBuilder,
  type Mapping,
  MappingVerificationError,
  map,
  type RoutingEntry,
  verify,
} from '@spin-tools/nn-mapper';
import type { ReplicaPlace, SchedulePlaces } from './place.js';
import { type ReplicaTree, treesOf } from './trees.js';

/** Classes of packets: the top byte of their keys. kernels/layers/machine/receive.S knows them. */
export const CONTROL_KEY = 0x01000000;
/** First key of done packets. */
export const DONE_KEY = 0x02000000;
/** A worker has come to a barrier of its chip. */
export const ARRIVE_KEY = 0x03000000;
/** Sums: 23:18 are the replica that takes them next, 17:14 its worker. With the top byte 5, too: see SumPacket. */
export const REDUCE_KEY = 0x04000000;
/** Words: 23:18 are the replica that they come from, 17:14 its worker. */
export const SHARE_KEY = 0x06000000;
/** All workers of a replica can take packets: 23:18. */
export const READY_KEY = 0x07000000;

/** Where the replica is in a key. */
const REPLICA_SHIFT = 18;
/** Where the worker is. */
const WORKER_SHIFT = 14;
const CLASS_BITS = 24;
const CLASS_MASK = 0xff000000;
const REPLICA_MASK = 0xfffc0000;
const WORKER_MASK = 0xffffc000;
/** Sums have two top bytes. */
const SUM_MASK = 0xfeffffff;
/** Bit of core 0 in a route, behind those of the links. */
const FIRST_CORE_BIT = LINKS;

/** First key of what a worker of a replica sends or takes. */
export const workerKey = (first: number, replica: number, worker: number): number =>
  (first | (replica << REPLICA_SHIFT) | (worker << WORKER_SHIFT)) >>> 0;

/** Keys that a net sends, and whom they are for; vertices are those of {@link builderOf}. */
interface Way {
  readonly source: number;
  readonly sinks: readonly number[];
  readonly key: number;
  readonly mask: number;
}

/** The routes of a schedule. */
export interface ScheduleRoutes {
  /** Of the replicas, by their number. */
  readonly trees: readonly ReplicaTree[];
  readonly tables: readonly ChipRoutingTable[];
}

/**
 * Routes a schedule.
 *
 * @throws MappingVerificationError when some packets do not reach whom they are for; what the mapper throws
 */
export function routeSchedule(places: SchedulePlaces, machine: Machine): ScheduleRoutes {
  const { replicas, sequencer } = places;
  const mapping = map(controlGraph(places), machine, { verify: false });
  const trees = treesOf(machine, replicas);
  const own = new Map<number, RoutingEntry[]>();
  const add = (chip: number, key: number, mask: number, route: number) => {
    const entries = own.get(chip) ?? [];
    own.set(chip, entries);
    entries.push({ key: key >>> 0, mask: mask >>> 0, route });
  };
  const { chipOf } = mapping.stages.placement;
  for (const [replica, { workers }] of replicas.entries()) {
    const chip = chipOf[vertexOf(places, replica)] as number;
    add(chip, ARRIVE_KEY, CLASS_MASK, routeTo(workers));
    for (const [next, link] of linksUp(trees, replica)) {
      add(chip, workerKey(REDUCE_KEY, next, 0), REPLICA_MASK & SUM_MASK, 1 << link);
    }
    for (const [worker, core] of workers.entries()) {
      add(chip, workerKey(REDUCE_KEY, replica, worker), WORKER_MASK & SUM_MASK, routeTo([core]));
    }
    if (replicas.length === 1) continue;
    for (const [source, tree] of trees.entries()) {
      const down = linksDown(tree, replica);
      const isSource = source === replica;
      add(
        chip,
        workerKey(READY_KEY, source, 0),
        REPLICA_MASK,
        isSource ? down : down | routeTo(workers),
      );
      if (isSource) add(chip, workerKey(SHARE_KEY, source, 0), REPLICA_MASK, down);
      for (const [worker, core] of isSource ? [] : workers.entries()) {
        add(chip, workerKey(SHARE_KEY, source, worker), WORKER_MASK, down | routeTo([core]));
      }
    }
  }
  const root = chipOf[sequencerVertex(places)] as number;
  add(root, DONE_KEY, CLASS_MASK, routeTo([sequencer.core]));
  for (const { at, back } of backwards(mapping, CONTROL_NET)) {
    add(at, DONE_KEY, CLASS_MASK, 1 << back);
  }
  const tables = joined(mapping, own);
  check(places, trees, mapping, tables);
  return { trees, tables };
}

/** The replicas to which one sends sums, each with the link that leads there. */
function linksUp(trees: readonly ReplicaTree[], replica: number): Map<number, number> {
  return new Map(
    trees.flatMap(({ parents }) => {
      const parent = parents[replica];
      return parent ? [[parent.replica, parent.link] as const] : [];
    }),
  );
}

/** The links by which what comes down a tree goes on from a replica. */
function linksDown({ parents }: ReplicaTree, replica: number): number {
  return parents.reduce(
    (links, parent) =>
      parent?.replica === replica ? links | (1 << oppositeLink(parent.link)) : links,
    0,
  );
}

/** The control net is added first. */
const CONTROL_NET = 0;

const vertexOf = ({ replicas }: SchedulePlaces, replica: number, worker = 0): number =>
  replica * (replicas[0] as ReplicaPlace).workers.length + worker;
const sequencerVertex = (places: SchedulePlaces): number =>
  vertexOf(places, places.replicas.length);

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

/** The sequencer and whom it tells what to do. */
function controlGraph(places: SchedulePlaces): Graph {
  const builder = builderOf(places);
  builder.addKeyPartition({ name: 'control', bits: CLASS_BITS, fixedKey: CONTROL_KEY });
  builder.addNet({
    name: 'control',
    source: sequencerVertex(places),
    sinks: Array.from({ length: sequencerVertex(places) }, (_, vertex) => vertex),
    keys: { partition: 'control', bits: CLASS_BITS },
  });
  return builder.build();
}

const othersOf = ({ replicas }: SchedulePlaces, replica: number): number[] =>
  [...replicas.keys()].filter((other) => other !== replica);

/** The chips of a net's tree but the first, and the link by which each comes closer to that. */
function backwards({ stages: { trees } }: Mapping, net: number): { at: number; back: number }[] {
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
  trees: readonly ReplicaTree[],
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
  const builder = builderOf(places);
  const ways = waysOf(places, trees);
  for (const { source, sinks, key } of ways) {
    builder.addNet({ name: `${key.toString(16)} from ${source}`, source, sinks });
  }
  const netKey = Uint32Array.from(ways, ({ key }) => key);
  const netMask = Uint32Array.from(ways, ({ mask }) => mask);
  const faults = [
    ...verify(graph, topology, placement, keys, columns),
    ...verify(builder.build(), topology, placement, { ...keys, netKey, netMask }, columns),
  ];
  if (faults.length > 0) throw new MappingVerificationError(faults);
}

/** All that workers send. */
function waysOf(places: SchedulePlaces, trees: readonly ReplicaTree[]): Way[] {
  const { replicas } = places;
  const ways: Way[] = [];
  for (const [replica, { workers }] of replicas.entries()) {
    const others = othersOf(places, replica);
    for (const worker of workers.keys()) {
      const source = vertexOf(places, replica, worker);
      const add = (sinks: readonly number[], key: number, mask: number) =>
        ways.push({ source, sinks, key, mask });
      const own = workers.map((_, each) => vertexOf(places, replica, each));
      add(own, ARRIVE_KEY, CLASS_MASK);
      add([sequencerVertex(places)], DONE_KEY, CLASS_MASK);
      for (const next of linksUp(trees, replica).keys()) {
        const key = workerKey(REDUCE_KEY, next, worker);
        add([vertexOf(places, next, worker)], key, WORKER_MASK & SUM_MASK);
      }
      if (others.length === 0) continue;
      const same = others.map((other) => vertexOf(places, other, worker));
      add(same, workerKey(SHARE_KEY, replica, worker), WORKER_MASK);
      if (worker > 0) continue;
      const all = others.flatMap((other) =>
        workers.map((_, each) => vertexOf(places, other, each)),
      );
      add(all, workerKey(READY_KEY, replica, 0), REPLICA_MASK);
    }
  }
  return ways;
}
