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
const LINK_UTILISATION = 0.75;
/** Multiples of it, modulo 1, keep away from each other. */
const GOLDEN_RATIO = 0.618034;

/** Core cycles from a packet of each vertex to its next one. */
export interface SendGaps {
  /** After packets of all classes but back sums. */
  readonly gaps: readonly number[];
  /** After back sums, which go to other receivers than the rest. */
  readonly backGaps: readonly number[];
}

/** Core cycles between two packets of each vertex. */
export function sendGaps(
  { graph }: NetworkGraph,
  mapping: Mapping,
  machine: Machine,
  separate: boolean,
): SendGaps {
  const streamOf = (net: number): number =>
    2 * (graph.nets.source[net] as number) + (separate && isBack(graph, net) ? 1 : 0);
  const sent = sentPackets(graph, streamOf);
  const gaps = new Float64Array(sent.length).fill(MINIMUM_SEND_GAP);
  const atLeast = (stream: number, gap: number): void => {
    gaps[stream] = Math.max(gaps[stream] as number, Math.ceil(gap));
  };
  const receivers = receiverCycles(graph, sent, streamOf);
  for (const net of dataNets(graph)) {
    const stream = streamOf(net);
    for (const sink of sinksOf(graph, net)) {
      atLeast(stream, (receivers[sink] as number) / (sent[stream] as number));
    }
  }
  for (const { cycles, passing } of linkShares(graph, mapping, machine, streamOf)) {
    for (const [stream, packets] of passing) {
      const ofSource = packets + (passing.get(stream ^ 1) ?? 0);
      const share = packets / (sent[stream] as number);
      atLeast(stream, (share * cycles) / ofSource);
    }
  }
  const vertices = [...Array(graph.vertices.count).keys()];
  return {
    gaps: vertices.map((vertex) => gaps[2 * vertex] as number),
    backGaps: vertices.map((vertex) => gaps[2 * vertex + (separate ? 1 : 0)] as number),
  };
}

/** Whether a net carries back sums. */
const isBack = ({ nets, partitions }: Graph, net: number): boolean =>
  (partitions.names[nets.partition[net] as number] as string).startsWith('back');

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
export function linksOf({ stages: { trees } }: Mapping, net: number): number[] {
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

/** Packets a sample of each stream: two for each vertex, by {@link SendGaps}. */
function sentPackets(graph: Graph, streamOf: (net: number) => number): Float64Array {
  const sent = new Float64Array(2 * graph.vertices.count);
  for (const net of dataNets(graph)) {
    const stream = streamOf(net);
    sent[stream] = (sent[stream] as number) + (graph.nets.traffic[net] as number);
  }
  return sent;
}

/** Core cycles a sample in which a receiver could take all packets of all streams that lead to it. */
function receiverCycles(
  graph: Graph,
  sent: Float64Array,
  streamOf: (net: number) => number,
): Float64Array {
  const streams = Array.from({ length: graph.vertices.count }, () => new Set<number>());
  for (const net of dataNets(graph)) {
    for (const sink of sinksOf(graph, net)) streams[sink]?.add(streamOf(net));
  }
  return Float64Array.from(streams, (incoming) =>
    [...incoming].reduce((sum, stream) => sum + RECEIVE_CYCLES * (sent[stream] as number), 0),
  );
}

/** A link: core cycles that it needs for all packets of a sample, and how many of each stream pass it. */
interface LinkShares {
  readonly cycles: number;
  readonly passing: ReadonlyMap<number, number>;
}

function linkShares(
  graph: Graph,
  mapping: Mapping,
  machine: Machine,
  streamOf: (net: number) => number,
): LinkShares[] {
  const traffic = dataTraffic(graph);
  const passing = new Map<number, Map<number, number>>();
  for (const { net, packets } of traffic) {
    const stream = streamOf(net);
    for (const link of linksOf(mapping, net)) {
      const streams = passing.get(link) ?? new Map<number, number>();
      passing.set(link, streams.set(stream, (streams.get(stream) ?? 0) + packets));
    }
  }
  return [...linkCycles(mapping, machine, traffic)].map(([link, cycles]) => ({
    cycles,
    passing: passing.get(link) ?? new Map(),
  }));
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
    return packetCycles(machine, at, index % LINK_VECTORS.length);
  };
  return new Map([...counts].map(([link, count]) => [link, count * cyclesOf(link)]));
}

/** Core cycles between packets with payload that a link bears for long. */
export const packetCycles = (
  machine: Machine,
  chip: { readonly x: number; readonly y: number },
  link: number,
): number =>
  (leavesBoard(machine, chip, link) ? BOARD_LINK_CYCLES : LINK_CYCLES) / LINK_UTILISATION;

function leavesBoard(machine: Machine, { x, y }: { x: number; y: number }, link: number): boolean {
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const { width, height } = machine;
  const here = machine.chipAt(x, y)?.ethernet;
  const there = machine.chipAt((x + dx + width) % width, (y + dy + height) % height)?.ethernet;
  return here?.x !== there?.x || here?.y !== there?.y;
}
