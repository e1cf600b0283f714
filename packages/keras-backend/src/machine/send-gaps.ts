/**
 * How fast each core may send, so that no router ever has to drop: as often as the busiest of its
 * receivers can take packets if all that send to it do so at the same time, and as the links that
 * they share can carry.
 */
import type { Mapping } from '@spin-tools/nn-mapper';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { CONTROL, DONE, type NetworkGraph, RECEIVE_CYCLES } from '../tiles/index.js';

/**
 * Core cycles that a link needs for a packet with payload: 3.47 million a second. Source: Temple,
 * "SpiNNaker Chip Resources": 250 Mbit/s, 72 bits.
 */
const LINK_CYCLES = 58;

/** Links of a chip. */
const LINKS = 6;

/** Core cycles between two packets of each vertex. */
export function sendGaps({ graph }: NetworkGraph, mapping: Mapping): number[] {
  const gaps = receiverGaps(graph);
  for (const sources of sourcesOfLinks(graph, mapping)) {
    const rate = sources.reduce((sum, source) => sum + 1 / (gaps[source] as number), 0);
    const excess = rate * LINK_CYCLES;
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

function receiverGaps(graph: Graph): number[] {
  const { nets, vertices } = graph;
  const senders = Array.from({ length: vertices.count }, () => new Set<number>());
  const sinksOf = (net: number) =>
    nets.sinks.subarray(nets.sinkStart[net] as number, nets.sinkStart[net + 1] as number);
  for (const net of dataNets(graph)) {
    for (const sink of sinksOf(net)) senders[sink]?.add(nets.source[net] as number);
  }
  const gaps = new Array<number>(vertices.count).fill(MINIMUM_SEND_GAP);
  for (const net of dataNets(graph)) {
    const source = nets.source[net] as number;
    for (const sink of sinksOf(net)) {
      const gap = (senders[sink] as Set<number>).size * RECEIVE_CYCLES;
      gaps[source] = Math.max(gaps[source] as number, gap);
    }
  }
  return gaps;
}

/** Vertices whose packets share each link in use. */
function sourcesOfLinks(graph: Graph, { stages }: Mapping): number[][] {
  const { trees } = stages;
  const sources = new Map<number, Set<number>>();
  for (const net of dataNets(graph)) {
    const end = trees.start[net + 1] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      for (let link = 0; link < LINKS; link++) {
        if (((trees.route[node] as number) & (1 << link)) === 0) continue;
        const index = (trees.chip[node] as number) * LINKS + link;
        const known = sources.get(index) ?? new Set();
        known.add(graph.nets.source[net] as number);
        sources.set(index, known);
      }
    }
  }
  return [...sources.values()].map((set) => [...set]);
}
