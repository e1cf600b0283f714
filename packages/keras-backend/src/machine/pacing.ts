/**
 * How fast each core may send, so that no router ever has to drop.
 *
 * Each receiver and each link needs some time for a sample: a receiver for all packets of those that
 * send to it, a link for those that pass. A core spreads its own packets of a sample over the longest
 * such time on their ways. So even if all send at the same time, receivers and links keep up.
 */
import { LINK_VECTORS, type Machine } from '@spin-tools/machine-model';
import type { Mapping } from '@spin-tools/nn-mapper';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { CONTROL, DONE, type NetworkGraph, RECEIVE_CYCLES } from '../tiles/index.js';

/**
 * Core cycles that a link needs for a packet with payload: 3.47 million a second. Source: Temple,
 * "SpiNNaker Chip Resources": 250 Mbit/s, 72 bits.
 */
const LINK_CYCLES = 58;
/** Links between boards carry half as many. Source: the same slides. */
const BOARD_LINK_CYCLES = 2 * LINK_CYCLES;
/** Part of a link's time that may be used: the rest is room for bursts. */
const LINK_UTILISATION = 0.5;
/** Multiples of it, modulo 1, keep away from each other. */
const GOLDEN_RATIO = 0.618034;

/** Core cycles between two packets of each vertex. */
export function sendGaps({ graph }: NetworkGraph, mapping: Mapping, machine: Machine): number[] {
  const sent = sentPackets(graph);
  const receivers = receiverCycles(graph, sent);
  const links = linkCycles(mapping, machine, dataTraffic(graph));
  const cycles = new Float64Array(graph.vertices.count);
  for (const net of dataNets(graph)) {
    const source = graph.nets.source[net] as number;
    const ways = [
      ...sinksOf(graph, net).map((sink) => receivers[sink] as number),
      ...linksOf(mapping, net).map((link) => links.get(link) as number),
    ];
    cycles[source] = Math.max(cycles[source] as number, ...ways);
  }
  return Array.from(cycles, (spread, vertex) =>
    Math.max(MINIMUM_SEND_GAP, Math.ceil(spread / Math.max(sent[vertex] as number, 1))),
  );
}

/**
 * Core cycles before the first packet of a burst, by vertex: cores of a chip, and chips, take turns
 * within their gaps, since equal tiles have something to send in the same microsecond. Without that,
 * two routers can each fill up with packets for the other, and both stand still.
 */
export function sendDelays(gaps: readonly number[], chipOf: ArrayLike<number>): number[] {
  const cores = new Map<number, number>();
  const ranks = gaps.map((_, vertex) => {
    const rank = cores.get(chipOf[vertex] as number) ?? 0;
    cores.set(chipOf[vertex] as number, rank + 1);
    return rank;
  });
  return gaps.map((gap, vertex) => {
    const chip = chipOf[vertex] as number;
    const turn = (ranks[vertex] as number) / (cores.get(chip) as number) + chip * GOLDEN_RATIO;
    return Math.max(MINIMUM_SEND_GAP, Math.round(gap * (turn % 1)));
  });
}

/**
 * Core cycles before the done packet of each dense core: one after the other as fast as the
 * sequencer takes them and as links on the way to it can carry, neighbours far apart.
 */
export function doneDelays({ graph }: NetworkGraph, mapping: Mapping, machine: Machine): number[] {
  const nets = [...netsOf(graph, (partition) => partition === DONE)];
  const traffic = nets.map((net): NetTraffic => ({ net, packets: 1 }));
  const busiest = Math.max(0, ...linkCycles(mapping, machine, traffic).values());
  const all = Math.max(nets.length * RECEIVE_CYCLES, busiest);
  return nets.map((_, core) => Math.round(all * ((core * GOLDEN_RATIO) % 1)));
}

type Graph = NetworkGraph['graph'];

/** Packets that a net carries. */
interface NetTraffic {
  readonly net: number;
  readonly packets: number;
}

/** Nets of some key partitions. */
function* netsOf(
  { nets, partitions }: Graph,
  wanted: (partition: string) => boolean,
): Generator<number> {
  for (let net = 0; net < nets.count; net++) {
    if (wanted(partitions.names[nets.partition[net] as number] as string)) yield net;
  }
}

/** Nets that carry data: cores send them again and again during a batch. */
const dataNets = (graph: Graph): Generator<number> =>
  netsOf(graph, (partition) => partition !== CONTROL && partition !== DONE);

/** Packets a sample of each of them. */
const dataTraffic = (graph: Graph): NetTraffic[] =>
  Array.from(dataNets(graph), (net) => ({ net, packets: graph.nets.traffic[net] as number }));

const sinksOf = ({ nets }: Graph, net: number): number[] =>
  Array.from(nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1]));

/** Links of a net's tree, as chip * 6 + link. */
function linksOf({ stages: { trees } }: Mapping, net: number): number[] {
  const links: number[] = [];
  const end = trees.start[net + 1] as number;
  for (let node = trees.start[net] as number; node < end; node++) {
    for (let link = 0; link < LINK_VECTORS.length; link++) {
      if (((trees.route[node] as number) & (1 << link)) === 0) continue;
      links.push((trees.chip[node] as number) * LINK_VECTORS.length + link);
    }
  }
  return links;
}

/** Packets a sample that each vertex sends. */
function sentPackets(graph: Graph): Float64Array {
  const sent = new Float64Array(graph.vertices.count);
  for (const net of dataNets(graph)) {
    const source = graph.nets.source[net] as number;
    sent[source] = (sent[source] as number) + (graph.nets.traffic[net] as number);
  }
  return sent;
}

/** Core cycles a sample in which a receiver could take all packets of all who send to it. */
function receiverCycles(graph: Graph, sent: Float64Array): Float64Array {
  const senders = Array.from({ length: graph.vertices.count }, () => new Set<number>());
  for (const net of dataNets(graph)) {
    const source = graph.nets.source[net] as number;
    for (const sink of sinksOf(graph, net)) senders[sink]?.add(source);
  }
  return Float64Array.from(senders, (sources) =>
    [...sources].reduce((sum, source) => sum + RECEIVE_CYCLES * (sent[source] as number), 0),
  );
}

/** Core cycles that each link in use needs for some packets. */
function linkCycles(
  mapping: Mapping,
  machine: Machine,
  traffic: readonly NetTraffic[],
): Map<number, number> {
  const { topology } = mapping.stages;
  const counts = new Map<number, number>();
  for (const { net, packets } of traffic) {
    for (const link of linksOf(mapping, net)) counts.set(link, (counts.get(link) ?? 0) + packets);
  }
  const cyclesOf = (index: number) => {
    const chip = Math.floor(index / LINK_VECTORS.length);
    const at = { x: topology.x[chip] as number, y: topology.y[chip] as number };
    const crosses = leavesBoard(machine, at, index % LINK_VECTORS.length);
    return (crosses ? BOARD_LINK_CYCLES : LINK_CYCLES) / LINK_UTILISATION;
  };
  return new Map([...counts].map(([link, count]) => [link, count * cyclesOf(link)]));
}

function leavesBoard(machine: Machine, { x, y }: { x: number; y: number }, link: number): boolean {
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const { width, height } = machine;
  const here = machine.chipAt(x, y)?.ethernet;
  const there = machine.chipAt((x + dx + width) % width, (y + dy + height) % height)?.ethernet;
  return here?.x !== there?.x || here?.y !== there?.y;
}
