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
  /** Bytes of this computer's memory that SDRAM and System RAM take; what chips share counts once. */
  readonly committedBytes: number;
  readonly droppedPackets: readonly DroppedPackets[];
  readonly links: readonly LinkTraffic[];
}

/** Nanoseconds of a cycle at 200 MHz. */
const CYCLE_NS = 5;

/** Adds up the counts of a machine. */
export function collectStatistics(
  timeNs: number,
  boards: number,
  chips: readonly Chip[],
  cores: readonly ArmCore[],
): MachineStatistics {
  const links = chips.flatMap(trafficOf);
  const counted = new Set<object>();
  const hops = (crossing: boolean) =>
    sum(chips, (chip) =>
      sum(chip.links, (link) => (link.crossesBoards === crossing ? link.packets : 0)),
    );
  return {
    timeNs,
    boards,
    chips: chips.length,
    cores: cores.length,
    instructions: sum(cores, (core) => core.statistics.instructions),
    awakeNs: sum(cores, (core) => core.statistics.cyclesAwake) * CYCLE_NS,
    packetsSent: sum(chips, (chip) => chip.router.injected),
    packetsDelivered: sum(chips, (chip) => sum(chip.ports, (port) => port.delivered)),
    packetsUnrouted: sum(chips, (chip) => chip.router.unrouted),
    packetsDropped: sum(chips, (chip) => chip.router.timedOut),
    packetsUnclaimed: sum(chips, (chip) => sum(chip.ports, (port) => port.unclaimed)),
    linkPackets: hops(false),
    boardCrossings: hops(true),
    sdramBytes: sum(chips, (chip) => chip.sdramBytes),
    dmaBytes: sum(chips, (chip) => chip.dmaBytes),
    committedBytes: sum(chips, (chip) => chip.committedBytes(counted)),
    droppedPackets: chips.flatMap(dropsOf),
    links,
  };
}

function trafficOf({ address: { x, y }, links }: Chip): LinkTraffic[] {
  return links.flatMap(({ packets, dropped }, link) =>
    packets > 0 || dropped > 0 ? [{ x, y, link, packets, dropped }] : [],
  );
}

function dropsOf({ address: { x, y }, links, router }: Chip): DroppedPackets[] {
  const byLink = links.flatMap(({ dropped }, link) =>
    dropped > 0 ? [{ x, y, link, packets: dropped }] : [],
  );
  const elsewhere = router.blockedByCores + router.unrouted;
  return elsewhere > 0 ? [...byLink, { x, y, link: undefined, packets: elsewhere }] : byLink;
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
