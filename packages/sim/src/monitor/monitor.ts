/**
 * The monitor that is built into virtual machines: what SC&MP is to hosts and to application cores, 3.x or 4.0
 * as the boot image says. `docs/monitor.md` tells what it does. It costs no simulated time; messages between
 * chips take the time of `World.latency`.
 */
import {
  type ChipAddress,
  chipToAddress,
  HOST_CORE,
  HOST_PORT,
  ReturnCode,
  replyHeader,
  SCP_REPLY_HEADER_BYTES,
  SdpFlag,
  type SdpMessage,
  SYSTEM_VARIABLES_ADDRESS,
  systemVariablesLayout,
} from '@spin-tools/scp';
import type { ArmCore } from '../arm/arm-core.js';
import type { Chip } from '../chip/chip.js';
import type { Core } from '../core/core.js';
import { answerOf } from './answer.js';
import { Beacons } from './beacons.js';
import { Clocks } from './clocks.js';
import { idleCommand, monitorCommand } from './commands/table.js';
import { CoreMap } from './core-map.js';
import { CoreView } from './core-view.js';
import { FloodFill } from './flood-fill.js';
import { Heap } from './heap.js';
import { Mailboxes } from './mailboxes.js';
import { MonitorMemory } from './memory.js';
import { pointToPointPackets } from './point-to-point.js';
import { Programs } from './programs.js';
import { type Release, releaseOf } from './release.js';
import { RoutingEntries } from './routing-entries.js';
import { SerialRom } from './serial-rom.js';
import { signal } from './signals.js';
import { survives } from './survive.js';
import { Tags } from './tags.js';
import { Watchdog } from './watchdog.js';
import type { ChipMonitor, HeapName, Traffic, World } from './world.js';

const ROOT_ADDRESS = 0xffff;
const SDP_HEADER_BYTES = 8;
/** Run-time error of an access to where nothing is. Source: `sark.h`. */
const DATA_ABORT = 5;
/** How long the monitor takes to look into the mailboxes once it was interrupted, ns. An estimate. */
const MAILBOX_NS = 1000;
/** Multicast keys by which the root's signals travel. Source: SC&MP 4.0. */
const SIGNAL_KEY = 0xffff5555;
/** Time per byte of a message between chips, ns: 2 MB/s. Source: Temple, slides of 2015. */
const MESSAGE_BYTE_NS = 500;

/** The monitor of one chip. */
export class Monitor implements ChipMonitor {
  readonly memory: MonitorMemory;
  readonly cores: CoreMap;
  readonly entries: RoutingEntries;
  readonly tags: Tags;
  readonly programs: Programs;
  readonly mailboxes: Mailboxes;
  readonly floodFill = new FloodFill();
  readonly beacons = new Beacons();
  serialRom: SerialRom | undefined;
  release: Release = releaseOf(0);
  private watchdog: Watchdog | undefined;
  private ownCore: ArmCore | undefined;
  private readonly clocks: Clocks;

  constructor(
    readonly chip: Chip,
    readonly world: World,
    readonly position: ChipAddress,
  ) {
    this.memory = new MonitorMemory(chip);
    this.clocks = new Clocks(this.memory, () => world.time);
    this.cores = new CoreMap(chip.coreMask);
    this.entries = new RoutingEntries(this.memory, this.cores);
    this.tags = new Tags(
      () => world.time,
      () => world.isIdle,
    );
    this.programs = new Programs(
      this.memory,
      this.cores,
      () => world.time,
      () => this.watch(),
    );
    this.mailboxes = new Mailboxes(this.memory, this.cores, (ns, action) =>
      world.after(ns, action),
    );
  }

  /** The chip's own address, x << 8 | y. */
  get address(): number {
    return chipToAddress(this.position);
  }

  /** The heap for users in SDRAM, System RAM, or the monitor's own in SDRAM. */
  heap(name: HeapName): Heap {
    return new Heap(this.memory, this.memory.variable(name));
  }

  /** Takes the monitor's place among the cores; memory has been set up. */
  start(): void {
    const { chip } = this;
    const physical = this.cores.physical(0);
    chip.setMonitor(physical);
    chip.setOkCores(chip.coreMask);
    this.release = releaseOf(this.memory.variable('softwareVersion'));
    this.serialRom = this.findSerialRom();
    this.clocks.start();
    chip.keepClocks(this.clocks);
    chip.setMonitorCore(physical, new MonitorCore(physical, this));
  }

  /** Brings the clocks in the system variables up to date. */
  updateClocks(): number {
    return this.clocks.update();
  }

  /** Sends a message on its way from this chip. */
  route(message: SdpMessage, traffic: Traffic, sender?: string): void {
    const resolved = this.resolve(message);
    const destination = chipToAddress(resolved.destination);
    const isHere =
      destination === this.address ||
      destination === chipToAddress(resolved.source) ||
      (resolved.flags & SdpFlag.NoRoute) !== 0;
    if (isHere) this.receive(resolved, traffic, sender);
    else this.forward(resolved, destination, traffic);
  }

  /** An application core has put something into its mailbox. @param ago when, ns before the present */
  interrupted(ago = 0): void {
    this.world.after(MAILBOX_NS - ago, () => this.collectMessages());
  }

  private collectMessages(): void {
    this.chip.setInterrupts(1 << this.cores.physical(0), false);
    this.mailboxes.collect((message) => this.route(message, 'machine'));
  }

  /** A packet for the monitor. */
  takePacket(key: number, payload: number): void {
    if (key === SIGNAL_KEY) survives(() => signal(this, payload));
  }

  private resolve(message: SdpMessage): SdpMessage {
    const { flags, tag, destination, source, data } = message;
    const toRoot = chipToAddress(destination) === ROOT_ADDRESS;
    const fromRoot = chipToAddress(source) === ROOT_ADDRESS;
    if (!toRoot && !fromRoot && (flags & SdpFlag.Checksum) === 0) return message;
    const root = this.world.root.position;
    return {
      flags: flags & ~SdpFlag.Checksum,
      tag,
      destination: toRoot ? { ...destination, ...root } : destination,
      source: fromRoot ? { ...source, ...root } : source,
      data,
    };
  }

  private forward(message: SdpMessage, destination: number, traffic: Traffic): void {
    const { world } = this;
    const way = world.wayTo(this, destination);
    const target = world.monitorAt(destination);
    if (way === 'open' && target !== undefined) this.countMessage(target, message);
    if (way === 'none') this.refuse(message, ReturnCode.Route, traffic);
    else if (way === 'broken' || target === undefined) {
      this.refuse(message, ReturnCode.P2pNoReply, traffic);
    } else if (traffic === 'host') {
      target.receive(message, traffic);
    } else {
      const ns = world.latency(this, target) + message.data.length * MESSAGE_BYTE_NS;
      world.after(ns, () => target.receive(message, traffic));
    }
  }

  /** Takes a message that has reached this chip. */
  receive(message: SdpMessage, traffic: Traffic, sender?: string): void {
    const { core, port } = message.destination;
    if (core === HOST_CORE && port === HOST_PORT) this.sendOut(message);
    else if (core >= this.cores.count) this.refuse(message, ReturnCode.Core, traffic);
    else if (core !== 0 && this.programs.isIdle(core)) this.answerForIdle(message, traffic);
    else if (core !== 0) this.deliver(message, traffic);
    else if (port !== 0) this.refuse(message, ReturnCode.Port, traffic);
    else this.answer(message, traffic, sender);
  }

  private sendOut(message: SdpMessage): void {
    const outgoing = this.tags.outgoing(message);
    if (outgoing === undefined) return;
    this.world.sendDatagram(this, outgoing.datagram, outgoing.to, outgoing.sourcePort);
  }

  private deliver(message: SdpMessage, traffic: Traffic): void {
    this.mailboxes.send(message.destination.core, message, (code) =>
      this.refuse(message, code, traffic),
    );
  }

  private answer(message: SdpMessage, traffic: Traffic, sender: string | undefined): void {
    const view = new CoreView(this.chip, () => this.armCore());
    const place = { monitor: this, core: 0, view, message, sender };
    const answer = answerOf(place, (code) => monitorCommand(code, this.release));
    if (answer === undefined) return;
    const isHidden = this.release.hidesRefusals && !answer.isLate;
    this.reply(message, isHidden ? ReturnCode.Ok : answer.code, answer.payload, traffic);
  }

  /**
   * The idle program of a core knows a few commands, and answers whatever it gets. Two that are told to
   * answer each other would do so for ever; here what looks like an answer ends it.
   */
  private answerForIdle(message: SdpMessage, traffic: Traffic): void {
    const { core, port } = message.destination;
    if (!this.mailboxes.passThrough(core, message)) {
      this.refuse(message, ReturnCode.Buffer, traffic);
      return;
    }
    if (port !== 0 || isReturnCode(message)) return;
    const view = new CoreView(this.chip, () => this.programs.coreOf(core));
    const answer = answerOf({ monitor: this, core, view, message, sender: undefined }, idleCommand);
    if (answer === undefined) this.programs.fail(core, DATA_ABORT);
    else {
      const data = replyData(message, answer.code, answer.payload);
      this.route({ ...replyHeader(message), flags: message.flags, data }, traffic);
    }
  }

  refuse(message: SdpMessage, code: number, traffic: Traffic): void {
    this.reply(message, code, new Uint8Array(0), traffic);
  }

  private reply(message: SdpMessage, code: number, payload: Uint8Array, traffic: Traffic): void {
    if ((message.flags & SdpFlag.Reply) === 0) return;
    const { flags, tag, destination, source } = replyHeader(message);
    const data = replyData(message, code, payload);
    this.route({ flags, tag, destination, source, data }, traffic);
  }

  /** Only chips on which programs were started are watched. */
  private watch(): void {
    this.watchdog ??= new Watchdog(this);
    this.watchdog.start();
  }

  private countMessage(target: ChipMonitor, message: SdpMessage): void {
    const packets = pointToPointPackets(SDP_HEADER_BYTES + message.data.length);
    this.world.countPointToPoint(this, target, packets.there);
    this.world.countPointToPoint(target, this, packets.back);
  }

  /** Its own memories are only made when somebody looks into them. */
  private armCore(): ArmCore {
    this.ownCore ??= this.chip.newArmCore(this.cores.physical(0), false);
    return this.ownCore;
  }

  private findSerialRom(): SerialRom | undefined {
    const { memory } = this;
    const { offset, size } = systemVariablesLayout.places.ipAddress;
    const ip = memory.bytes(SYSTEM_VARIABLES_ADDRESS + offset, size);
    const hasEthernet = memory.variable('ethernetAddress') === this.address;
    return hasEthernet ? new SerialRom(memory.variable('hardwareVersion'), ip) : undefined;
  }
}

/** The monitor in its place among the cores: it takes packets and interrupts, and needs no time. */
class MonitorCore implements Core {
  readonly asleep = true;
  readonly nextEvent = Number.POSITIVE_INFINITY;
  time = 0;

  constructor(
    readonly id: number,
    private readonly monitor: Monitor,
  ) {}

  run(until: number): void {
    this.time = until;
  }

  deliver(packet: { readonly key: number; readonly payload: number | undefined }): boolean {
    const { monitor } = this;
    monitor.world.betweenWindows(() => monitor.takePacket(packet.key, packet.payload ?? 0));
    return true;
  }

  setInterrupt(_source: number, level: boolean): void {
    if (level) this.monitor.interrupted();
  }
}

function isReturnCode({ data }: SdpMessage): boolean {
  return data[1] === 0 && ((data[0] ?? 0) & 0xf0) === ReturnCode.Ok;
}

function replyData(message: SdpMessage, code: number, payload: Uint8Array): Uint8Array {
  const data = new Uint8Array(SCP_REPLY_HEADER_BYTES + payload.length);
  data[0] = code;
  data[2] = message.data[2] ?? 0;
  data[3] = message.data[3] ?? 0;
  data.set(payload, SCP_REPLY_HEADER_BYTES);
  return data;
}
