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

/** Core cycles between two packets of each vertex. */
export function sendGaps({ graph }: NetworkGraph, mapping: Mapping, machine: Machine): number[] {
  const gaps = receiverGaps(graph);
  for (const { sources, cycles } of sharedLinks(graph, mapping, machine)) {
    const rate = sources.reduce((sum, source) => sum + 1 / (gaps[source] as number), 0);
    const excess = rate * cycles;
    if (excess <= 1) continue;
    for (const source of sources) gaps[source] = (gaps[source] as number) * excess;
  }
  return gaps.map(Math.ceil);
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

/** Links in use, the vertices whose packets share each, and the cycles that each packet takes. */
function sharedLinks(graph: Graph, { stages }: Mapping, machine: Machine) {
  const { trees, topology } = stages;
  const links = new Map<number, Set<number>>();
  for (const net of dataNets(graph)) {
    const end = trees.start[net + 1] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      for (let link = 0; link < LINK_VECTORS.length; link++) {
        if (((trees.route[node] as number) & (1 << link)) === 0) continue;
        const index = (trees.chip[node] as number) * LINK_VECTORS.length + link;
        const sources = links.get(index) ?? new Set();
        sources.add(graph.nets.source[net] as number);
        links.set(index, sources);
      }
    }
  }
  return [...links].map(([index, sources]) => {
    const chip = Math.floor(index / LINK_VECTORS.length);
    const at = { x: topology.x[chip] as number, y: topology.y[chip] as number };
    const crosses = leavesBoard(machine, at, index % LINK_VECTORS.length);
    return { sources: [...sources], cycles: crosses ? BOARD_LINK_CYCLES : LINK_CYCLES };
  });
}

function leavesBoard(machine: Machine, { x, y }: { x: number; y: number }, link: number): boolean {
  const { dx, dy } = LINK_VECTORS[link] as (typeof LINK_VECTORS)[number];
  const { width, height } = machine;
  const here = machine.chipAt(x, y)?.ethernet;
  const there = machine.chipAt((x + dx + width) % width, (y + dy + height) % height)?.ethernet;
  return here?.x !== there?.x || here?.y !== there?.y;
}
