/** What a machine has done so far. */

import type { ArmCore } from '../arm/arm-core.js';
import type { Chip } from '../chip/chip.js';

/** Traffic of one direction of a link that was used. */
export interface LinkTraffic {
  readonly x: number;
  readonly y: number;
  /** Link by which packets left that chip, 0 to 5. */
  readonly link: number;
  readonly packets: number;
  /** Packets dropped because the link stayed blocked. */
  readonly dropped: number;
}

/** Packets that one chip dropped. */
export interface DroppedPackets {
  readonly x: number;
  readonly y: number;
  /** Blocked link, or undefined when a core did not take packets or there was no route. */
  readonly link: number | undefined;
  readonly packets: number;
}

/** Counts since the machine was made. */
export interface MachineStatistics {
  /** Simulated time, ns. */
  readonly timeNs: number;
  readonly boards: number;
  readonly chips: number;
  /** ARM cores that were started at least once. */
  readonly cores: number;
  /** Instructions of ARM cores. */
  readonly instructions: number;
  /** Time that ARM cores were awake, ns, summed over cores. */
  readonly awakeNs: number;
  /** Packets that cores sent. */
  readonly packetsSent: number;
  /** Copies of packets that cores took. */
  readonly packetsDelivered: number;
  /** Packets of cores that no routing entry matched; they were dropped. */
  readonly packetsUnrouted: number;
  /** Packets dropped because an output stayed blocked for the time-out. */
  readonly packetsDropped: number;
  /** Copies of packets for cores on which no program ran. */
  readonly packetsUnclaimed: number;
  /** Hops between chips of one board. */
  readonly linkPackets: number;
  /** Hops between boards. */
  readonly boardCrossings: number;
  /** Bytes of SDRAM that cores read and wrote, by themselves and by DMA. */
  readonly sdramBytes: number;
  /** Bytes moved by DMA controllers. */
  readonly dmaBytes: number;
  /**
   * Bytes of this computer's memory that SDRAM and System RAM take; what chips share counts once, in each thread
   * that runs some of them.
   */
  readonly committedBytes: number;
  readonly droppedPackets: readonly DroppedPackets[];
  readonly links: readonly LinkTraffic[];
}

/** Nanoseconds of a cycle at 200 MHz. */
const CYCLE_NS = 5;

/** What one chip has done, as plain data. */
export interface ChipCounts {
  readonly x: number;
  readonly y: number;
  /** By link. */
  readonly links: readonly LinkCounts[];
  readonly packetsSent: number;
  readonly packetsDelivered: number;
  readonly packetsUnrouted: number;
  readonly packetsDropped: number;
  readonly packetsUnclaimed: number;
  /** Packets dropped of which a core did not take its copies. */
  readonly blockedByCores: number;
  readonly sdramBytes: number;
  readonly dmaBytes: number;
}

interface LinkCounts {
  readonly packets: number;
  readonly dropped: number;
  readonly crossesBoards: boolean;
}

/** What the chips and cores have done that one thread runs. */
export interface ThreadCounts {
  /** Chips by their numbers. */
  readonly chips: readonly (readonly [number: number, counts: ChipCounts])[];
  readonly cores: number;
  readonly instructions: number;
  readonly cyclesAwake: number;
  readonly committedBytes: number;
}

/** Counts of some chips and ARM cores. */
export function countsOf(chips: readonly Chip[], cores: readonly ArmCore[]): ThreadCounts {
  const counted = new Set<object>();
  return {
    chips: chips.map((chip) => [chip.index, countsOfChip(chip)]),
    cores: cores.length,
    instructions: sum(cores, (core) => core.statistics.instructions),
    cyclesAwake: sum(cores, (core) => core.statistics.cyclesAwake),
    committedBytes: sum(chips, (chip) => chip.committedBytes(counted)),
  };
}

function countsOfChip(chip: Chip): ChipCounts {
  const { address, router, ports, sdramBytes, dmaBytes } = chip;
  return {
    ...{ x: address.x, y: address.y, sdramBytes, dmaBytes },
    links: chip.links.map(({ packets, dropped, crossesBoards }) => ({
      packets,
      dropped,
      crossesBoards,
    })),
    packetsSent: router.injected,
    packetsDelivered: sum(ports, (port) => port.delivered),
    packetsUnrouted: router.unrouted,
    packetsDropped: router.timedOut,
    packetsUnclaimed: sum(ports, (port) => port.unclaimed),
    blockedByCores: router.blockedByCores,
  };
}

/** Adds up the counts of a machine. */
export function collectStatistics(
  timeNs: number,
  boards: number,
  threads: readonly ThreadCounts[],
): MachineStatistics {
  const chips = threads
    .flatMap((thread) => thread.chips)
    .sort(([one], [other]) => one - other)
    .map(([, counts]) => counts);
  const hops = (crossing: boolean) =>
    sum(chips, (chip) =>
      sum(chip.links, (link) => (link.crossesBoards === crossing ? link.packets : 0)),
    );
  const total = (name: NumberOfChip) => sum(chips, (chip) => chip[name]);
  return {
    timeNs,
    boards,
    chips: chips.length,
    cores: sum(threads, ({ cores }) => cores),
    instructions: sum(threads, ({ instructions }) => instructions),
    awakeNs: sum(threads, ({ cyclesAwake }) => cyclesAwake) * CYCLE_NS,
    packetsSent: total('packetsSent'),
    packetsDelivered: total('packetsDelivered'),
    packetsUnrouted: total('packetsUnrouted'),
    packetsDropped: total('packetsDropped'),
    packetsUnclaimed: total('packetsUnclaimed'),
    linkPackets: hops(false),
    boardCrossings: hops(true),
    sdramBytes: total('sdramBytes'),
    dmaBytes: total('dmaBytes'),
    committedBytes: sum(threads, ({ committedBytes }) => committedBytes),
    droppedPackets: chips.flatMap(dropsOf),
    links: chips.flatMap(trafficOf),
  };
}

type NumberOfChip = Exclude<keyof ChipCounts, 'links'>;

function trafficOf({ x, y, links }: ChipCounts): LinkTraffic[] {
  return links.flatMap(({ packets, dropped }, link) =>
    packets > 0 || dropped > 0 ? [{ x, y, link, packets, dropped }] : [],
  );
}

function dropsOf({ x, y, links, blockedByCores, packetsUnrouted }: ChipCounts): DroppedPackets[] {
  const byLink = links.flatMap(({ dropped }, link) =>
    dropped > 0 ? [{ x, y, link, packets: dropped }] : [],
  );
  const elsewhere = blockedByCores + packetsUnrouted;
  return elsewhere > 0 ? [...byLink, { x, y, link: undefined, packets: elsewhere }] : byLink;
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
