/**
 * The monitor that is built into virtual machines: what SC&MP 4.0 is to hosts and to application cores, and
 * 3.x where a host needs it and booted such an image.
 * It costs no simulated time; messages between chips take the time of `World.latency`.
 */
import {
  type ChipAddress,
  chipToAddress,
  decodeScpRequest,
  HOST_CORE,
  HOST_PORT,
  MalformedMessageError,
  ReturnCode,
  replyHeader,
  SCP_REPLY_HEADER_BYTES,
  SCP_REQUEST_HEADER_BYTES,
  SdpFlag,
  type SdpMessage,
} from '@spin-tools/scp';
import type { Chip } from '../chip/chip.js';
import { BusError, type Core } from '../core/core.js';
import { commandOfCode } from './commands/table.js';
import { CoreMap } from './core-map.js';
import { FloodFill } from './flood-fill.js';
import { Heap } from './heap.js';
import { Mailboxes } from './mailboxes.js';
import { MonitorMemory } from './memory.js';
import { Programs } from './programs.js';
import { Refusal } from './refusal.js';
import { RoutingEntries } from './routing-entries.js';
import { signal } from './signals.js';
import { Tags } from './tags.js';
import type { ChipMonitor, HeapName, Traffic, World } from './world.js';

const ROOT_ADDRESS = 0xffff;
const NS_PER_MS = 1_000_000;
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
  private unixTimeAtStart = 0;
  private timeAtStart = 0;

  constructor(
    readonly chip: Chip,
    readonly world: World,
    readonly position: ChipAddress,
  ) {
    this.memory = new MonitorMemory(chip);
    this.cores = new CoreMap(chip.coreMask);
    this.entries = new RoutingEntries(this.memory, this.cores);
    this.tags = new Tags(() => world.time);
    this.programs = new Programs(this.memory, this.cores, () => world.time);
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
    chip.systemController.monitor = physical;
    chip.systemController.okCores = chip.coreMask;
    this.unixTimeAtStart = this.memory.variable('unixTime');
    this.timeAtStart = this.world.time;
    chip.systemRam.updateClocks = () => this.updateClocks();
    chip.setCore(physical, new MonitorCore(physical, this));
  }

  /** Brings the clocks in the system variables up to date. */
  updateClocks(): number {
    const { memory } = this;
    const ms = Math.floor((this.world.time - this.timeAtStart) / NS_PER_MS);
    const unixTime = this.unixTimeAtStart + Math.floor(ms / 1000);
    memory.setVariable('timeMs', ms % 1000);
    memory.setVariable('unixTime', unixTime);
    memory.setClockMs(ms);
    return unixTime;
  }

  /** Sends a message on its way from this chip. */
  route(message: SdpMessage, traffic: Traffic): void {
    const resolved = this.resolve(message);
    const destination = chipToAddress(resolved.destination);
    const isHere =
      destination === this.address ||
      destination === chipToAddress(resolved.source) ||
      (resolved.flags & SdpFlag.NoRoute) !== 0;
    if (isHere) this.receive(resolved, traffic);
    else this.forward(resolved, destination, traffic);
  }

  /** What an application core put into its mailbox. */
  collectMessages(): void {
    this.chip.systemController.setInterrupts(1 << this.cores.physical(0), false);
    this.mailboxes.collect((message) => this.route(message, 'machine'));
  }

  /** A packet for the monitor. */
  takePacket(key: number, payload: number): void {
    if (key === SIGNAL_KEY) signal(this, payload);
  }

  private resolve(message: SdpMessage): SdpMessage {
    const { destination, source } = message;
    const root = this.world.root.position;
    return {
      ...message,
      destination:
        chipToAddress(destination) === ROOT_ADDRESS ? { ...destination, ...root } : destination,
      source: chipToAddress(source) === ROOT_ADDRESS ? { ...source, ...root } : source,
    };
  }

  private forward(message: SdpMessage, destination: number, traffic: Traffic): void {
    const { world } = this;
    const way = world.wayTo(this, destination);
    const target = world.monitorAt(destination);
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
  receive(message: SdpMessage, traffic: Traffic): void {
    const { core, port } = message.destination;
    if (core === HOST_CORE && port === HOST_PORT) this.sendOut(message);
    else if (core >= this.cores.count) this.refuse(message, ReturnCode.Core, traffic);
    else if (core !== 0 && this.programs.isRunning(core)) this.deliver(message, traffic);
    else if (port !== 0) this.refuse(message, ReturnCode.Port, traffic);
    else this.answer(message, traffic);
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

  private answer(message: SdpMessage, traffic: Traffic): void {
    if (message.data.length < SCP_REQUEST_HEADER_BYTES) {
      this.refuse(message, ReturnCode.Length, traffic);
      return;
    }
    try {
      this.reply(message, ReturnCode.Ok, this.carryOut(message), traffic);
    } catch (error) {
      this.refuse(message, codeOf(error), traffic);
    }
  }

  private carryOut(message: SdpMessage): Uint8Array {
    const request = decodeScpRequest(message.data);
    const command = commandOfCode(request.command, message.destination.core);
    if (command === undefined) throw new Refusal(ReturnCode.Command);
    return command(this, request, message);
  }

  refuse(message: SdpMessage, code: number, traffic: Traffic): void {
    this.reply(message, code, new Uint8Array(0), traffic);
  }

  private reply(message: SdpMessage, code: number, payload: Uint8Array, traffic: Traffic): void {
    if ((message.flags & SdpFlag.Reply) === 0) return;
    const data = new Uint8Array(SCP_REPLY_HEADER_BYTES + payload.length);
    data[0] = code;
    data[2] = message.data[2] ?? 0;
    data[3] = message.data[3] ?? 0;
    data.set(payload, SCP_REPLY_HEADER_BYTES);
    this.route({ ...replyHeader(message), data }, traffic);
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
    this.monitor.takePacket(packet.key, packet.payload ?? 0);
    return true;
  }

  setInterrupt(_source: number, level: boolean): void {
    if (level) this.monitor.world.after(MAILBOX_NS, () => this.monitor.collectMessages());
  }
}

/** The return code of what went wrong with a command; failures of our own are passed on. */
function codeOf(error: unknown): number {
  if (error instanceof Refusal) return error.code;
  if (error instanceof MalformedMessageError || error instanceof BusError)
    return ReturnCode.Argument;
  throw error;
}
