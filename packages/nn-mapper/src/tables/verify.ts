/**
 * The proof that tables do what the graph asks: every key range of every net is followed from its
 * source through all routers, default routing included, and must reach exactly its sinks' cores,
 * each once.
 */

import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import type { Graph } from '../graph/graph.js';
import type { KeyAllocation } from '../keys/allocate.js';
import { chipName, NO_CHIP, type Topology } from '../machine/topology.js';
import type { Placement } from '../place/place.js';
import { CORE_SHIFT, LOCAL } from '../route/trees.js';
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
    tables,
    delivered: new Uint32Array(topology.chips),
    visited: new Int32Array(topology.chips),
    range: 0,
    queue: [],
  };
  const expected = new Uint32Array(topology.chips);
  for (const net of netsBySource(graph, placement)) {
    const report = (chip: number, problem: string) => {
      faults.push({
        net: graph.nets.names[net] as string,
        chip: chipName(topology, chip),
        problem,
      });
    };
    const sinks = graph.nets.sinks.subarray(
      graph.nets.sinkStart[net],
      graph.nets.sinkStart[net + 1],
    );
    for (const sink of sinks) {
      const chip = placement.chipOf[sink] as number;
      expected[chip] = (expected[chip] as number) | (placement.coreMask[sink] as number);
    }
    const source = placement.chipOf[graph.nets.source[net] as number] as number;
    const [key, mask] = [keys.netKey[net] as number, keys.netMask[net] as number];
    const chips = sinks.map((sink) => placement.chipOf[sink] as number);
    followRange(walk, source, key, mask, { cores: expected, chips }, report);
    for (const sink of sinks) expected[placement.chipOf[sink] as number] = 0;
  }
  return faults;
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
  readonly tables: Tables;
  readonly delivered: Uint32Array;
  /** Number of the key range that last came to each chip. */
  readonly visited: Int32Array;
  range: number;
  /** Chips and arrivals still to look at, two numbers each; then all chips visited. */
  queue: number[];
}

/** What a net should do. */
interface Expected {
  /** Cores to reach, by chip; 0 elsewhere. */
  readonly cores: Uint32Array;
  /** Chips where that is not 0; they may repeat. */
  readonly chips: Int32Array;
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
  const queue = [source, LOCAL];
  walk.range++;
  walk.queue = queue;
  walk.visited[source] = walk.range;
  walk.delivered[source] = 0;
  for (let head = 0; head < queue.length; head += 2) {
    const chip = queue[head] as number;
    const arrival = queue[head + 1] as number;
    const row = firstMatch(walk.tables, chip, key, mask);
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
      row === NO_ENTRY ? 1 << oppositeLink(arrival) : (walk.tables.route[row] as number);
    walk.delivered[chip] = routed >>> CORE_SHIFT;
    sendOn(walk, chip, routed, report);
  }
  compareDeliveries(walk, expected, report);
}

function sendOn(walk: Walk, chip: number, routed: number, report: Report): void {
  const { topology, visited, delivered, queue, range } = walk;
  for (let link = 0; link < LINKS; link++) {
    if ((routed & (1 << link)) === 0) continue;
    const next = topology.neighbours[chip * LINKS + link] as number;
    if (next === NO_CHIP) report(chip, `is sent to link ${link}, which is dead`);
    else if (visited[next] === range) report(next, 'arrives twice');
    else {
      visited[next] = range;
      delivered[next] = 0;
      queue.push(next, oppositeLink(link));
    }
  }
}

/** Every chip visited must have delivered what it should; the others must expect nothing. */
function compareDeliveries(walk: Walk, { cores, chips }: Expected, report: Report): void {
  const { queue, visited, delivered, range } = walk;
  for (let index = 0; index < queue.length; index += 2) {
    const chip = queue[index] as number;
    compare(chip, cores[chip] as number, delivered[chip] as number, report);
  }
  for (const chip of chips) {
    if (visited[chip] !== range) compare(chip, cores[chip] as number, 0, report);
  }
}

function compare(chip: number, wanted: number, got: number, report: Report): void {
  if (wanted === got) return;
  const cores = (mask: number) =>
    `cores {${[...Array(18).keys()].filter((core) => mask & (1 << core)).join(', ')}}`;
  report(chip, `reaches ${cores(got)} instead of ${cores(wanted)}`);
}

const NO_ENTRY = -1;
const PARTIAL = -2;

/** The row that all keys of a range match first, {@link NO_ENTRY}, or {@link PARTIAL}. */
function firstMatch(tables: Tables, chip: number, key: number, mask: number): number {
  const end = tables.start[chip + 1] as number;
  for (let row = tables.start[chip] as number; row < end; row++) {
    const entryMask = tables.mask[row] as number;
    if ((((tables.key[row] as number) ^ key) & entryMask & mask) !== 0) continue;
    return (entryMask & ~mask) === 0 ? row : PARTIAL;
  }
  return NO_ENTRY;
}
