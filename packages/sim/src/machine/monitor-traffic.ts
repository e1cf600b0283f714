/**
 * Packets that monitors send each other. They are not simulated one by one, but routers count them: what is
 * under way is noted here and counted in all routers when somebody looks at a counter.
 */
import type { Chip } from '../chip/chip.js';
import { PacketKind } from '../core/core.js';
import type { Monitor } from '../monitor/monitor.js';
import { PacketClass } from '../router/diagnostics.js';
import { P2P_HERE, P2P_NO_WAY } from '../router/point-to-point.js';

const LINKS = 6;
const MONITOR_ROUTE = 1 << 6;
const CHIPS = 65536;

/** Where the packets go. */
export interface Ways {
  /** Monitors in the order of their chips. */
  monitors(): readonly Monitor[];
  /** Link from a chip towards an address, 6 for none, 7 at the address itself. */
  entry(chip: number, address: number): number;
  /** Number of the chip behind a link that works, or -1. */
  behind(chip: number, link: number): number;
  chip(number: number): Chip;
}

/** Counts what the monitors of one region send. */
export class MonitorTraffic {
  /** Point-to-point packets by sender * 65536 + receiver, chip numbers. */
  private readonly messages = new Map<number, { from: Monitor; to: Monitor; packets: number }>();
  /** Signals by the chip that sends them. */
  private readonly signals = new Map<Monitor, number>();
  private nearestNeighbour = 0;

  constructor(private readonly ways: Ways) {}

  /** Packets of a message from one chip to another. */
  pointToPoint(from: Monitor, to: Monitor, packets: number): void {
    const key = from.chip.index * CHIPS + to.chip.index;
    const known = this.messages.get(key);
    if (known === undefined) this.messages.set(key, { from, to, packets });
    else known.packets += packets;
  }

  /** A multicast packet that reaches all monitors by routing entry 0. */
  signal(from: Monitor): void {
    this.signals.set(from, (this.signals.get(from) ?? 0) + 1);
  }

  /** Packets that all chips pass on to all their neighbours. */
  flood(packets: number): void {
    this.nearestNeighbour += packets;
  }

  /** Counts in the routers what was noted. */
  settle(): void {
    for (const { from, to, packets } of this.messages.values()) this.countWay(from, to, packets);
    this.messages.clear();
    for (const [from, packets] of this.signals) this.countSignals(from, packets);
    this.signals.clear();
    if (this.nearestNeighbour > 0) this.countFlood(this.nearestNeighbour);
    this.nearestNeighbour = 0;
  }

  /**
   * Chips learn the way to another from packets that came from there by the other's table, so that both ways
   * are one. Source: SC&MP 4.0, `nn_rcv_p2pc_reth_pct`. The end with an ethernet is the one that is asked for most.
   */
  private countWay(from: Monitor, to: Monitor, packets: number): void {
    const isTowardsHub = to.memory.variable('ethernetAddress') === to.address;
    const way = isTowardsHub ? this.way(from, to) : this.way(to, from).reverse();
    way.forEach((chip, index) => {
      const next = way[index + 1];
      const output = next === undefined ? -1 : this.linkBetween(chip, next);
      this.count(PacketKind.PointToPoint, chip, output, index === 0, packets);
    });
  }

  /** Chips from one to another, both included; as far as links work. */
  private way(from: Monitor, to: Monitor): number[] {
    const way = [];
    for (let chip = from.chip.index; chip >= 0; ) {
      way.push(chip);
      const link = this.ways.entry(chip, to.address);
      chip = link === P2P_HERE || link === P2P_NO_WAY ? -1 : this.ways.behind(chip, link);
    }
    return way;
  }

  private linkBetween(chip: number, next: number): number {
    for (let link = 0; link < LINKS; link++) {
      if (this.ways.behind(chip, link) === next) return link;
    }
    return -1;
  }

  /** Counts packets at one router: by a link, or with a link below 0 to the monitor. */
  private count(kind: number, chip: number, link: number, isOwn: boolean, packets: number): void {
    const hardware = this.ways.chip(chip);
    const output = link < 0 ? MONITOR_ROUTE << hardware.systemController.monitor : 1 << link;
    const packetClass = kind | PacketClass.Payload | (isOwn ? PacketClass.Local : 0);
    hardware.countSent(packetClass, output, packets);
  }

  private countSignals(from: Monitor, packets: number): void {
    for (const monitor of this.ways.monitors()) {
      const { chip } = monitor;
      const local = monitor === from ? PacketClass.Local : 0;
      const packetClass = PacketKind.Multicast | PacketClass.Payload | local;
      chip.countSentByFirstEntry(packetClass, packets);
    }
  }

  private countFlood(packets: number): void {
    for (const { chip } of this.ways.monitors()) {
      for (let link = 0; link < LINKS; link++) {
        if (this.ways.behind(chip.index, link) < 0) continue;
        this.count(PacketKind.NearestNeighbour, chip.index, link, true, packets);
        this.count(PacketKind.NearestNeighbour, chip.index, -1, false, packets);
      }
    }
  }
}
