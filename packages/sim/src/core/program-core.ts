/** Cores that run a TypeScript program instead of ARM code: event callbacks with declared costs. */
import type { ChipBus, Core, Packet } from './core.js';

/** What a program can do. */
export interface ProgramContext {
  /** Physical core number. */
  readonly id: number;
  /** The chip around the core. */
  readonly bus: ChipBus;
  /** Local simulated time, ns. */
  readonly time: number;
  /** Hands a packet to the router; kept and offered again while the router takes none. */
  send(packet: Packet): void;
  /** Calls {@link CoreProgram.timer} at a time, ns; one call at most is outstanding, the latest asked for. */
  wakeAt(time: number): void;
}

/** A program of callbacks. Each returns what it costs, ns of core time. */
export interface CoreProgram {
  /** Called when the core starts. */
  start?(context: ProgramContext): number;
  /** Called for a packet; route is the link it came by, or 7 from this chip. */
  packet?(packet: Packet, route: number, context: ProgramContext): number;
  /** Called at the time asked for by {@link ProgramContext.wakeAt}. */
  timer?(context: ProgramContext): number;
  /** Called when an interrupt line rises. */
  interrupt?(source: number, context: ProgramContext): number;
}

/** How long a packet that the router did not take waits before it is offered again, ns. */
const OFFER_AGAIN_NS = 200;

/** A core that runs a {@link CoreProgram}. Work takes the time that the program says. */
export class ProgramCore implements Core, ProgramContext {
  time = 0;
  private busyUntil = 0;
  private received: { packet: Packet; route: number } | undefined;
  private readonly interrupts: number[] = [];
  private readonly outgoing: Packet[] = [];
  private timerAt = Number.POSITIVE_INFINITY;
  private started = false;
  private levels = 0;

  constructor(
    readonly id: number,
    readonly bus: ChipBus,
    private readonly program: CoreProgram,
  ) {}

  get asleep(): boolean {
    return this.started && this.busyUntil <= this.time && !this.hasWork;
  }

  get nextEvent(): number {
    return this.timerAt;
  }

  private get hasWork(): boolean {
    return (
      this.received !== undefined ||
      this.interrupts.length > 0 ||
      this.outgoing.length > 0 ||
      this.timerAt <= this.time
    );
  }

  run(until: number): void {
    while (this.time < until) {
      if (this.busyUntil > this.time) this.time = Math.min(this.busyUntil, until);
      else if (!this.work()) this.time = Math.min(until, Math.max(this.time, this.timerAt));
    }
  }

  send(packet: Packet): void {
    if (this.outgoing.length > 0 || !this.bus.send(this.id, packet, this.time)) {
      this.outgoing.push(packet);
    }
  }

  wakeAt(time: number): void {
    this.timerAt = time;
  }

  deliver(packet: Packet, route: number): boolean {
    if (this.received !== undefined) return false;
    this.received = { packet, route };
    return true;
  }

  setInterrupt(source: number, level: boolean): void {
    const bit = 1 << source;
    const before = this.levels;
    this.levels = level ? before | bit : before & ~bit;
    if (level && (before & bit) === 0) this.interrupts.push(source);
  }

  /** Does one thing; false when there is nothing to do now. */
  private work(): boolean {
    const { program } = this;
    if (!this.started) {
      this.started = true;
      return this.spend(program.start?.(this));
    }
    if (this.outgoing.length > 0) return this.offerAgain();
    const { received } = this;
    if (received !== undefined) {
      this.received = undefined;
      return this.spend(program.packet?.(received.packet, received.route, this));
    }
    const source = this.interrupts.shift();
    if (source !== undefined) return this.spend(program.interrupt?.(source, this));
    if (this.timerAt > this.time) return false;
    this.timerAt = Number.POSITIVE_INFINITY;
    return this.spend(program.timer?.(this));
  }

  private offerAgain(): boolean {
    const packet = this.outgoing[0] as Packet;
    if (this.bus.send(this.id, packet, this.time)) this.outgoing.shift();
    return this.spend(OFFER_AGAIN_NS);
  }

  private spend(ns = 0): boolean {
    this.busyUntil = this.time + ns;
    return true;
  }
}
