/**
 * The proof that tables do what the graph asks: every key range of every net is followed from its
 * source through all routers, default routing included, and must reach exactly its sinks' cores,
 * each once.
 */

import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import type { Graph } from '../graph/graph.js';
import { sameSinks } from '../graph/sink-groups.js';
import type { KeyAllocation } from '../keys/allocate.js';
import { chipName, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Placement } from '../place/place.js';
import { CORE_SHIFT, LOCAL } from '../route/trees.js';
import { firstMatch, indexTables, NO_ENTRY, PARTIAL, type TableIndex } from './match.js';
import type { Tables } from './tables.js';

/** One way in which a net goes wrong. */
export interface RoutingFault {
  readonly net: string;
  /** Where the fault shows, such as `chip (3, 4)`. */
  readonly chip: string;
  readonly problem: string;
}

/** Tables of the mapper that fail their proof: a defect of the mapper, never of the caller. */
export class MappingVerificationError extends Error {
  readonly faults: readonly RoutingFault[];

  constructor(faults: readonly RoutingFault[]) {
    const [first] = faults;
    super(
      `the mapper made ${faults.length} routing faults; the first: net "${first?.net}" ` +
        `${first?.problem} at ${first?.chip}. This is a defect of nn-mapper; please report the graph.`,
    );
    this.name = 'MappingVerificationError';
    this.faults = faults;
  }
}

/** All faults of all nets; none when the tables are right. */
export function verify(
  graph: Graph,
  topology: Topology,
  placement: Placement,
  keys: KeyAllocation,
  tables: Tables,
): RoutingFault[] {
  const faults: RoutingFault[] = [];
  const walk: Walk = {
    topology,
    index: indexTables(tables),
    delivered: new Uint32Array(topology.chips),
    visited: new Int32Array(topology.chips),
    range: 0,
    queue: new Int32Array(topology.chips),
    arrival: new Int8Array(topology.chips),
    length: 0,
  };
  const expected = {
    cores: new Uint32Array(topology.chips),
    chips: new Int32Array(topology.chips),
    count: 0,
  };
  let before = NO_NET;
  for (const net of netsBySource(graph, placement)) {
    const report = (chip: number, problem: string) => {
      faults.push({
        net: graph.nets.names[net] as string,
        chip: chipName(topology, chip),
        problem,
      });
    };
    if (before === NO_NET || !sameSinks(graph.nets, before, net)) {
      expectSinks(expected, graph, placement, net);
    }
    before = net;
    const source = placement.chipOf[graph.nets.source[net] as number] as number;
    const [key, mask] = [keys.netKey[net] as number, keys.netMask[net] as number];
    followRange(walk, source, key, mask, expected, report);
  }
  return faults;
}

const NO_NET = -1;

/** Replaces what the net before should do by what a net should. */
function expectSinks(expected: Expected, graph: Graph, placement: Placement, net: number): void {
  const { cores, chips } = expected;
  const { sinks, sinkStart } = graph.nets;
  for (let index = 0; index < expected.count; index++) cores[chips[index] as number] = 0;
  let count = 0;
  const end = sinkStart[net + 1] as number;
  for (let index = sinkStart[net] as number; index < end; index++) {
    const sink = sinks[index] as number;
    const chip = placement.chipOf[sink] as number;
    if (cores[chip] === 0) chips[count++] = chip;
    cores[chip] = (cores[chip] as number) | (placement.coreMask[sink] as number);
  }
  expected.count = count;
}

/** Nets that start side by side pass the same routers, whose tables are then at hand. */
function netsBySource({ nets }: Graph, { chipOf }: Placement): Float64Array {
  const order = Float64Array.from(
    nets.source,
    (source, net) => (chipOf[source] as number) * 2 ** 32 + net,
  ).sort();
  return order.map((both) => both % 2 ** 32);
}

interface Walk {
  readonly topology: Topology;
  readonly index: TableIndex;
  readonly delivered: Uint32Array;
  /** Number of the key range that last came to each chip. */
  readonly visited: Int32Array;
  range: number;
  /** Chips visited, those still to look at last. */
  readonly queue: Int32Array;
  /** Link through which the range came to each chip. */
  readonly arrival: Int8Array;
  length: number;
}

/** What a net should do. */
interface Expected {
  /** Cores to reach, by chip; 0 elsewhere. */
  readonly cores: Uint32Array;
  /** Chips where that is not 0: the first `count` of these. */
  readonly chips: Int32Array;
  count: number;
}

type Report = (chip: number, problem: string) => void;

/** Follows one aligned key range; where an entry matches only part of it, its halves. */
function followRange(
  walk: Walk,
  source: number,
  key: number,
  mask: number,
  expected: Expected,
  report: Report,
): void {
  const { queue, delivered } = walk;
  walk.range++;
  walk.length = 0;
  visit(walk, source, LOCAL);
  for (let head = 0; head < walk.length; head++) {
    const chip = queue[head] as number;
    const arrival = walk.arrival[chip] as number;
    const row = firstMatch(walk.index, chip, key, mask);
    if (row === PARTIAL) {
      const lowestBit = (mask & -mask) >>> 0 || 2 ** 32;
      const half = lowestBit / 2;
      const halfMask = (mask | half) >>> 0;
      followRange(walk, source, key, halfMask, expected, report);
      followRange(walk, source, (key | half) >>> 0, halfMask, expected, report);
      return;
    }
    if (row === NO_ENTRY && arrival === LOCAL) {
      report(chip, 'is dropped: no entry matches its packets where they are sent');
      continue;
    }
    const routed =
      row === NO_ENTRY ? 1 << oppositeLink(arrival) : (walk.index.tables.route[row] as number);
    delivered[chip] = routed >>> CORE_SHIFT;
    sendOn(walk, chip, routed, report);
  }
  compareDeliveries(walk, expected, report);
}

function visit(walk: Walk, chip: number, arrival: number): void {
  walk.visited[chip] = walk.range;
  walk.delivered[chip] = 0;
  walk.arrival[chip] = arrival;
  walk.queue[walk.length++] = chip;
}

function sendOn(walk: Walk, chip: number, routed: number, report: Report): void {
  const { topology, visited, range } = walk;
  for (let links = routed & ALL_LINKS; links !== 0; links &= links - 1) {
    const link = 31 - Math.clz32(links & -links);
    const next = topology.neighbours[chip * LINKS + link] as number;
    if (next === NO_CHIP) report(chip, `is sent to link ${link}, which is dead`);
    else if (visited[next] === range) report(next, 'arrives twice');
    else visit(walk, next, oppositeLink(link));
  }
}

const ALL_LINKS = (1 << LINKS) - 1;

/** Every chip visited must have delivered what it should; the others must expect nothing. */
function compareDeliveries(walk: Walk, { cores, chips, count }: Expected, report: Report): void {
  const { queue, length, visited, delivered, range } = walk;
  for (let index = 0; index < length; index++) {
    const chip = queue[index] as number;
    compare(chip, cores[chip] as number, delivered[chip] as number, report);
  }
  for (let index = 0; index < count; index++) {
    const chip = chips[index] as number;
    if (visited[chip] !== range) compare(chip, cores[chip] as number, 0, report);
  }
}

function compare(chip: number, wanted: number, got: number, report: Report): void {
  if (wanted === got) return;
  const cores = (mask: number) =>
    `cores {${[...Array(18).keys()].filter((core) => mask & (1 << core)).join(', ')}}`;
  report(chip, `reaches ${cores(got)} instead of ${cores(wanted)}`);
}
