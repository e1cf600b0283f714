/**
 * How fast each core may send, so that no router ever has to drop: even if all cores that send to
 * a receiver do so at the same time, they send no more than it can take, each as much of that as
 * its packets are of all that come in; and links that they share can carry it.
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
  const gaps = receiverGaps(graph);
  for (const { shares, cycles } of sharedLinks(graph, mapping, machine)) {
    const excess = (linkRate(shares, gaps) * cycles) / LINK_UTILISATION;
    if (excess <= 1) continue;
    for (const source of shares.keys()) gaps[source] = (gaps[source] as number) * excess;
  }
  return gaps.map(Math.ceil);
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

/** Packets a sample between each pair of vertices that talk. */
function* flows(graph: Graph): Generator<{ source: number; sink: number; packets: number }> {
  const { nets } = graph;
  for (const net of dataNets(graph)) {
    const end = nets.sinkStart[net + 1] as number;
    for (let index = nets.sinkStart[net] as number; index < end; index++) {
      yield {
        source: nets.source[net] as number,
        sink: nets.sinks[index] as number,
        packets: nets.traffic[net] as number,
      };
    }
  }
}

function receiverGaps(graph: Graph): number[] {
  const { count } = graph.vertices;
  const received = new Float64Array(count);
  for (const { sink, packets } of flows(graph)) {
    received[sink] = (received[sink] as number) + packets;
  }
  const gaps = new Array<number>(count).fill(MINIMUM_SEND_GAP);
  for (const { source, sink, packets } of flows(graph)) {
    const gap = (RECEIVE_CYCLES * (received[sink] as number)) / packets;
    gaps[source] = Math.max(gaps[source] as number, gap);
  }
  return gaps;
}

/** What part of the packets of each vertex passes a link. */
type Shares = Map<number, number>;

/** Packets a core cycle over a link when all its vertices send. */
const linkRate = (shares: Shares, gaps: readonly number[]): number =>
  [...shares].reduce((sum, [source, share]) => sum + share / (gaps[source] as number), 0);

/** Links in use, who shares them, and the cycles that each packet takes. */
function sharedLinks(graph: Graph, { stages }: Mapping, machine: Machine) {
  const { trees, topology } = stages;
  const links = new Map<number, Shares>();
  const sent = sentPackets(graph);
  for (const net of dataNets(graph)) {
    const source = graph.nets.source[net] as number;
    const share = (graph.nets.traffic[net] as number) / (sent[source] as number);
    const end = trees.start[net + 1] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      for (let link = 0; link < LINK_VECTORS.length; link++) {
        if (((trees.route[node] as number) & (1 << link)) === 0) continue;
        const index = (trees.chip[node] as number) * LINK_VECTORS.length + link;
        const shares: Shares = links.get(index) ?? new Map();
        shares.set(source, (shares.get(source) ?? 0) + share);
        links.set(index, shares);
      }
    }
  }
  return [...links].map(([index, shares]) => {
    const chip = Math.floor(index / LINK_VECTORS.length);
    const at = { x: topology.x[chip] as number, y: topology.y[chip] as number };
    const crosses = leavesBoard(machine, at, index % LINK_VECTORS.length);
    return { shares, cycles: crosses ? BOARD_LINK_CYCLES : LINK_CYCLES };
  });
}

/** Packets a sample of each vertex. */
function sentPackets(graph: Graph): Float64Array {
  const sent = new Float64Array(graph.vertices.count);
  for (const net of dataNets(graph)) {
    const source = graph.nets.source[net] as number;
    sent[source] = (sent[source] as number) + (graph.nets.traffic[net] as number);
  }
  return sent;
}

function leavesBoard(machine: Machine, { x, y }: { x: number; y: number }, link: number): boolean {
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const { width, height } = machine;
  const here = machine.chipAt(x, y)?.ethernet;
  const there = machine.chipAt((x + dx + width) % width, (y + dy + height) % height)?.ethernet;
  return here?.x !== there?.x || here?.y !== there?.y;
}
