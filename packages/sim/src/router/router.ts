/**
 * The router of one chip: takes packets from cores and links, one after the other, and sends each to
 * all its outputs at once. A packet with a blocked output holds up those behind it until the first
 * time-out; then it may go around blocked links until the second, then it is dropped. SpiNN-2 data sheet,
 * chapter on the router. SC&MP and the built-in monitor set the second time to 0: no way around.
 */
import { type Packet, PacketKind } from '../core/core.js';
import type { CorePort } from './core-port.js';
import { Diagnostics, EMERGENCY_FIELD_SHIFT, PacketClass } from './diagnostics.js';
import { isDirectAccess } from './direct-access.js';
import { Diversion } from './diversion.js';
import { DropRegisters } from './drop-registers.js';
import {
  detours,
  EmergencyField,
  emergencyField,
  emergencyLinks,
  fieldOf,
  linkAfterEmergency,
  linkAround,
  onlyField,
  withEmergencyField,
} from './emergency.js';
import type { Link } from './link.js';
import { P2P_HERE, P2P_NO_WAY } from './point-to-point.js';
import { NO_MATCH, RoutingTable } from './routing-table.js';
import {
  BLOCKED_POLL_NS,
  INJECTION_FIFO_PACKETS,
  ROUTER_CLOCK_NS,
  ROUTER_TO_CORE_NS,
} from './timing.js';
import { WaitTime } from './wait-time.js';

/** Port number of packets from this chip's own cores; 0 to 5 are the links. */
export const LOCAL_PORT = 7;
/** Port number of a packet that a core sends as if it came by a link, less the link. */
const FAKE_PORT = 8;
/** Part of a port number that says by which way a packet came, or seems to have come. */
const WAY = 7;
/** Largest control byte. */
const CONTROL_BYTE = 0xff;
const LINKS = 6;
const ALL_LINKS = 0x3f;
const MONITOR_OUTPUT = 6;
const RESET_FIRST_WAIT = new WaitTime(0x40);
const NO_WAIT = new WaitTime(0);
/** All links for nearest-neighbour packets, nothing for fixed-route ones. */
const RESET_FIXED_ROUTE = 0xfc000000;
const NEIGHBOUR_LINKS_SHIFT = 26;

/** What a router sees of its surroundings. */
export interface RouterWiring {
  readonly links: readonly Link[];
  readonly ports: readonly CorePort[];
  /** Physical number of the monitor. */
  monitor(): number;
  /** Entry of the point-to-point table for a chip address. */
  pointToPoint(address: number): number;
  /** A packet leaves by a link and reaches the next router at time `at`. */
  sendOn(link: number, packet: Packet, at: number): void;
  /** A packet that came by a link is dealt with: its place at the link's end is free. */
  release(link: number): void;
  /** A core gets something to do. */
  wakeCore(core: number): void;
  /** Asks for {@link Router.retry} at a time. */
  retryAt(at: number): void;
  /** A packet was dropped. */
  dropped(): void;
  /** Whether a fault plan has the router drop the multicast packet that it is about to route. */
  loses?(): boolean;
  /** Reads or writes a word for a neighbour; see `direct-access.ts`. */
  access(request: Packet): Packet;
}

/** Packets in line behind one that is blocked. */
interface Waiting {
  readonly packet: Packet;
  readonly port: number;
}

/** Bits above the control byte of a packet that a core sends as if it came by a link: that link plus 1. */
export const FAKE_ROUTE_SHIFT = 8;

/** Routes packets; see the top of the file. */
export class Router {
  readonly table = new RoutingTable();
  readonly diagnostics = new Diagnostics();
  readonly drops = new DropRegisters();
  /**
   * Links in 5:0 and physical cores in 23:6 for fixed-route packets; in 31:26 links for nearest-neighbour
   * packets that name none.
   */
  fixedRoute = RESET_FIXED_ROUTE;
  /** What becomes of packets that no entry matches. */
  readonly diversion = new Diversion();
  private firstWait = RESET_FIRST_WAIT;
  private secondWait = NO_WAIT;
  /** Packets that no entry matched although they came from a core of this chip. */
  unrouted = 0;
  /** Packets dropped because an output stayed blocked. */
  timedOut = 0;
  /** Those of them of which a core did not take its copies, and no link was blocked. */
  blockedByCores = 0;
  /** Packets from this chip's cores. */
  injected = 0;
  private injecting = 0;
  private freeAt = 0;
  private readonly waiting: Waiting[] = [];
  private held: Waiting | undefined;
  private heldOutputs = 0;
  /** Emergency fields of its copies, see `emergency.ts`. */
  private heldFields = 0;
  private heldClass = 0;
  private heldSince = 0;

  constructor(private readonly wiring: RouterWiring) {}

  /** Whether another packet of a core may start on its way to the router. */
  get takesInjection(): boolean {
    return this.injecting < INJECTION_FIFO_PACKETS;
  }

  /** How many packets of cores may start on their way to the router. */
  get injectionRoom(): number {
    return INJECTION_FIFO_PACKETS - this.injecting;
  }

  /** Bytes of the control register that say how long a blocked packet waits; see {@link WaitTime}. */
  get wait1(): number {
    return this.firstWait.byte;
  }

  set wait1(byte: number) {
    this.firstWait = new WaitTime(byte);
  }

  get wait2(): number {
    return this.secondWait.byte;
  }

  set wait2(byte: number) {
    this.secondWait = new WaitTime(byte);
  }

  /** How the output stage stands: 0 empty, 2 waiting for an output, 3 looking for a way around it. */
  get outputStage(): number {
    if (this.held === undefined) return 0;
    return this.heldFields === 0 ? 2 : 3;
  }

  /** Counts a packet that a core of this chip sends. */
  inject(): void {
    this.injecting++;
    this.injected++;
  }

  /** A packet arrives by a link, or from a core by {@link LOCAL_PORT}. */
  arrive(packet: Packet, port: number, time: number): void {
    if (packet.control > CONTROL_BYTE) {
      const { control, key, payload } = packet;
      const link = (control >>> FAKE_ROUTE_SHIFT) - 1;
      this.take({ control: control & CONTROL_BYTE, key, payload }, FAKE_PORT + link, time);
    } else this.take(packet, port, time);
  }

  private take(packet: Packet, port: number, time: number): void {
    if (this.held !== undefined) this.waiting.push({ packet, port });
    else this.dispatch(packet, port, Math.max(time, this.freeAt));
  }

  /** Back to the state after a reset; tables keep what they hold, packets under way are gone. */
  reset(): void {
    this.fixedRoute = RESET_FIXED_ROUTE;
    this.diversion.setting = 0;
    this.drops.readStatus();
    const lost = this.held === undefined ? this.waiting : [this.held, ...this.waiting];
    for (const { port } of lost) this.leaveInput(port);
    this.held = undefined;
    this.waiting.length = 0;
  }

  /** Looks again at a blocked packet, and at those behind it. */
  retry(time: number): void {
    const { held } = this;
    if (held === undefined) return;
    if (time >= this.detourTime) this.findDetour(time);
    if (this.blockedUntil(this.heldOutputs | emergencyLinks(this.heldFields), time) <= time) {
      this.held = undefined;
      this.send(held.packet, held.port, this.heldClass, this.heldOutputs, this.heldFields, time);
    } else if (time >= this.dropTime) {
      this.held = undefined;
      this.drop(held, time);
    } else {
      this.hold(time);
      return;
    }
    this.continue(time);
  }

  private get detourTime(): number {
    return this.heldSince + this.firstWait.ns;
  }

  private get dropTime(): number {
    return this.detourTime + this.secondWait.ns;
  }

  /** Lets a blocked packet go around the links that block it, if all of it can leave so. */
  private findDetour(time: number): void {
    const { held, heldOutputs } = this;
    const isPossible = this.wait2 !== 0 && held !== undefined && this.heldFields === 0;
    if (!isPossible || !mayDetour(held.packet)) return;
    const blocked = this.blockedOutputs(time);
    const rest = heldOutputs & ~blocked;
    const fields = detours(rest, blocked);
    const needed = rest | emergencyLinks(fields);
    if ((blocked & ~ALL_LINKS) !== 0 || this.blockedUntil(needed, time) > time) return;
    this.heldOutputs = rest;
    this.heldFields = fields;
  }

  private continue(time: number): void {
    while (this.held === undefined) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.dispatch(next.packet, next.port, Math.max(time, this.freeAt));
    }
  }

  private dispatch(received: Packet, port: number, time: number): void {
    const way = port & WAY;
    const isAnswered = way < LINKS && isDirectAccess(received);
    const packet = isAnswered ? this.wiring.access(received) : received;
    const field = emergencyField(packet);
    const isPassing = field === EmergencyField.First;
    const routed = isAnswered ? 1 << way : isPassing ? 0 : this.outputs(packet, way);
    const isDefault = routed === NO_MATCH;
    const outputs = isDefault ? this.defaultOutputs(way, field) : routed;
    const fields =
      isPassing || field === EmergencyField.FirstAndNormal
        ? onlyField(linkAround(way), EmergencyField.Second)
        : 0;
    const packetClass =
      (packet.control >>> 6) |
      (way === LOCAL_PORT ? PacketClass.Local : 0) |
      (isDefault ? PacketClass.DefaultRouted : 0) |
      (packet.payload !== undefined ? PacketClass.Payload : 0) |
      (field << EMERGENCY_FIELD_SHIFT);
    const all = fields === 0 ? outputs : outputs | emergencyLinks(fields);
    if (all === 0 || (isMulticast(packet) && this.wiring.loses?.() === true)) {
      this.discard(packet, port, packetClass);
    } else if (this.blockedUntil(all, time) <= time) {
      this.send(packet, port, packetClass, outputs, fields, time);
    } else {
      this.held = { packet, port };
      this.heldOutputs = outputs;
      this.heldFields = fields;
      this.heldClass = packetClass;
      this.heldSince = time;
      this.hold(time);
    }
  }

  /** Outputs by the packet's kind, or {@link NO_MATCH}. */
  private outputs(packet: Packet, port: number): number {
    switch ((packet.control >>> 6) & 3) {
      case PacketKind.Multicast:
        return this.table.route(packet.key);
      case PacketKind.PointToPoint:
        return this.pointToPointOutputs(packet.key & 0xffff);
      case PacketKind.NearestNeighbour:
        return this.neighbourOutputs(packet.control, port);
      default:
        return this.fixedRoute & 0xffffff;
    }
  }

  private pointToPointOutputs(address: number): number {
    const entry = this.wiring.pointToPoint(address);
    if (entry === P2P_HERE) return this.monitorOutput;
    return entry === P2P_NO_WAY ? 0 : 1 << entry;
  }

  private neighbourOutputs(control: number, port: number): number {
    if (port !== LOCAL_PORT) return this.monitorOutput;
    const route = (control >>> 2) & 7;
    if (route < LINKS) return 1 << route;
    return route === LINKS ? this.fixedRoute >>> NEIGHBOUR_LINKS_SHIFT : this.monitorOutput;
  }

  private get monitorOutput(): number {
    return 1 << (MONITOR_OUTPUT + this.wiring.monitor());
  }

  /** Straight on; nowhere for packets of this chip's own cores. */
  private defaultOutputs(port: number, field: number): number {
    if (port === LOCAL_PORT || this.diversion.isDestroyed(port)) return 0;
    if (this.diversion.isForMonitor(port)) return this.monitorOutput;
    return 1 << (field === EmergencyField.Second ? linkAfterEmergency(port) : (port + 3) % LINKS);
  }

  /** When all outputs may take a packet, ns; Infinity when that is not known. */
  private blockedUntil(outputs: number, time: number): number {
    let latest = time;
    const { links, ports } = this.wiring;
    for (let rest = outputs; rest !== 0; rest &= rest - 1) {
      const output = 31 - Math.clz32(rest & -rest);
      if (output < LINKS) latest = Math.max(latest, (links[output] as Link).freeAt(time));
      else if (!(ports[output - LINKS] as CorePort).hasRoom) return Number.POSITIVE_INFINITY;
    }
    return latest;
  }

  private hold(time: number): void {
    const free = this.blockedUntil(this.heldOutputs | emergencyLinks(this.heldFields), time);
    const next = free === Number.POSITIVE_INFINITY ? time + BLOCKED_POLL_NS : free;
    this.wiring.retryAt(Math.min(next, Math.max(time, this.dropTime)));
  }

  private send(
    packet: Packet,
    port: number,
    packetClass: number,
    outputs: number,
    fields: number,
    time: number,
  ): void {
    const { wiring } = this;
    const all = fields === 0 ? outputs : outputs | emergencyLinks(fields);
    this.freeAt = time + ROUTER_CLOCK_NS;
    this.diagnostics.sent(packetClass, all, wiring.monitor());
    this.leaveInput(port);
    for (let rest = all; rest !== 0; rest &= rest - 1) {
      const output = 31 - Math.clz32(rest & -rest);
      if (output < LINKS) {
        const link = wiring.links[output] as Link;
        const copy = isOrdinary(packet, fields)
          ? packet
          : withEmergencyField(packet, fieldOf(fields, output));
        wiring.sendOn(output, copy, link.send(copy, time));
      } else {
        const core = output - LINKS;
        (wiring.ports[core] as CorePort).push(packet, port & WAY, time + ROUTER_TO_CORE_NS);
        wiring.wakeCore(core);
      }
    }
  }

  private leaveInput(port: number): void {
    if (port >= LOCAL_PORT) this.injecting--;
    else this.wiring.release(port);
  }

  private discard(packet: Packet, port: number, packetClass: number): void {
    this.unrouted++;
    this.diagnostics.dropped(packetClass);
    this.drops.record(packet, port & WAY, 0);
    this.leaveInput(port);
    this.wiring.dropped();
  }

  private drop({ packet, port }: Waiting, time: number): void {
    const blocked = this.blockedOutputs(time);
    this.timedOut++;
    if ((blocked & ALL_LINKS) === 0) this.blockedByCores++;
    for (let link = 0; link < LINKS; link++) {
      if (((blocked >>> link) & 1) === 1) (this.wiring.links[link] as Link).dropped++;
    }
    this.diagnostics.dropped(this.heldClass);
    this.drops.record(packet, port & WAY, blocked);
    this.leaveInput(port);
    this.wiring.dropped();
  }

  private blockedOutputs(time: number): number {
    let blocked = 0;
    const all = this.heldOutputs | emergencyLinks(this.heldFields);
    for (let rest = all; rest !== 0; rest &= rest - 1) {
      const output = rest & -rest;
      if (this.blockedUntil(output, time) > time) blocked |= output;
    }
    return blocked;
  }
}

function isOrdinary(packet: Packet, fields: number): boolean {
  return fields === 0 && emergencyField(packet) === EmergencyField.None;
}

const isMulticast = ({ control }: Packet): boolean =>
  ((control >>> 6) & 3) === PacketKind.Multicast;

function mayDetour(packet: Packet): boolean {
  const kind = (packet.control >>> 6) & 3;
  return kind === PacketKind.Multicast || kind === PacketKind.FixedRoute;
}
