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
  const links = linkCycles(graph, mapping, machine);
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

type Graph = NetworkGraph['graph'];

/** Nets that carry data: cores send them again and again during a batch. */
function* dataNets({ nets, partitions }: Graph): Generator<number> {
  for (let net = 0; net < nets.count; net++) {
    const name = partitions.names[nets.partition[net] as number];
    if (name !== CONTROL && name !== DONE) yield net;
  }
}

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

/** Core cycles a sample that each link in use needs. */
function linkCycles(graph: Graph, mapping: Mapping, machine: Machine): Map<number, number> {
  const { topology } = mapping.stages;
  const packets = new Map<number, number>();
  for (const net of dataNets(graph)) {
    const traffic = graph.nets.traffic[net] as number;
    for (const link of linksOf(mapping, net)) {
      packets.set(link, (packets.get(link) ?? 0) + traffic);
    }
  }
  const cyclesOf = (index: number) => {
    const chip = Math.floor(index / LINK_VECTORS.length);
    const at = { x: topology.x[chip] as number, y: topology.y[chip] as number };
    const crosses = leavesBoard(machine, at, index % LINK_VECTORS.length);
    return (crosses ? BOARD_LINK_CYCLES : LINK_CYCLES) / LINK_UTILISATION;
  };
  return new Map([...packets].map(([link, count]) => [link, count * cyclesOf(link)]));
}

function leavesBoard(machine: Machine, { x, y }: { x: number; y: number }, link: number): boolean {
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const { width, height } = machine;
  const here = machine.chipAt(x, y)?.ethernet;
  const there = machine.chipAt((x + dx + width) % width, (y + dy + height) % height)?.ethernet;
  return here?.x !== there?.x || here?.y !== there?.y;
}
