/**
 * What makes simulated time pass: as fast as this computer can while something happens, or in step with
 * the wall clock. Simulates in slices, between which the event loop gets its turn.
 */

import type { Clock } from './clock.js';
import { nextTurn } from './next-turn.js';

/**
 * How simulated time passes. `fast`: as fast as possible while something happens, and not at all while
 * nothing does. `paced`: like the wall clock, or slower where this computer is too slow for that. A number
 * above 0: so many simulated seconds for each of the wall clock, or fewer.
 */
export type Pace = 'fast' | 'paced' | number;

/** How much is simulated before the event loop gets its turn: core quanta and events, about 5 ms. */
const SLICE = 2000;
const NS_PER_MS = 1_000_000;
/** A machine that is later than this, ms of the wall clock, does not try to catch up. */
const MOST_LAG_MS = 100;
/** Longest sleep of a paced machine, ms; what sets timers cannot sleep longer than 2^31. */
const LONGEST_SLEEP_MS = 60_000;
const QUANTUM_NS = 500;
/**
 * Time from one message of a host to the next that it sends because of the reply, at least, ns. An ethernet
 * chip and its host need more; a signal needs 84,000 to the farthest chip of the largest machine.
 */
const LEAST_MESSAGE_GAP_NS = 100_000;

/** Drives a scheduler. */
export class Pump {
  /** Simulated time for each of the wall clock; undefined for as fast as possible. */
  private rate: number | undefined;
  /** A turn of the event loop is asked for, in which time will pass. */
  private isPumping = false;
  private isSimulating = false;
  /** A debugger holds the time. */
  private held = false;
  /** Until then the last message of a host may still have effects, ns. */
  private effectsUntil = 0;
  private isClosed = false;
  /** Time that was asked for, ns. */
  private goal = 0;
  private wallOrigin = 0;
  private timeOrigin = 0;
  private stopSleep: (() => void) | undefined;
  private readonly idleListeners: (() => void)[] = [];
  private goalListeners: { readonly goal: number; readonly reached: () => void }[] = [];

  /** @param simulated called after each quantum with how much there was to do, and with 0 at each turn */
  constructor(
    private readonly scheduler: Clock,
    private readonly simulated: (amount: number) => void,
  ) {}

  get isPaced(): boolean {
    return this.rate !== undefined;
  }

  /** Changes how time passes from now on. Throws RangeError for a number that is not above 0. */
  setPace(pace: Pace): void {
    this.rate = rateOf(pace);
    this.setOrigin(this.scheduler.time);
    this.poke();
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** Lets no time pass from the end of the present quantum on. */
  hold(): void {
    this.held = true;
    this.scheduler.isHeld = true;
    this.stopSleep?.();
    this.stopSleep = undefined;
  }

  /** Lets time pass again, as if none had passed meanwhile. */
  release(): void {
    if (!this.held) return;
    this.held = false;
    this.scheduler.isHeld = false;
    this.setOrigin(this.scheduler.time);
    this.poke();
  }

  /** Something may have come to do. */
  poke(): void {
    if (this.isPumping || this.isClosed || !this.hasWork) return;
    this.wake();
  }

  /** Brings a paced machine to the present, or to what is due before. */
  catchUp(): void {
    const { scheduler } = this;
    if (!this.isPaced || this.isPumping || this.isSimulating || this.held) return;
    scheduler.skipTo(Math.min(this.wallTime, scheduler.nextTime));
  }

  /**
   * A message of a host comes in. What was due before it must not be overtaken by it, nor must the effects
   * of the message before: signals reach all chips sooner than a host can ask again.
   */
  beforeMessage(): void {
    const { scheduler } = this;
    if (this.isSimulating || this.isClosed || this.held) return;
    if (this.isPaced && !this.isPumping) this.simulate();
    this.isSimulating = true;
    while (scheduler.nextAction < this.effectsUntil && !this.held)
      this.simulated(scheduler.runQuantum());
    this.isSimulating = false;
    this.effectsUntil = scheduler.time + LEAST_MESSAGE_GAP_NS;
  }

  /** Resolves when nothing will happen by itself, or after {@link close}. */
  whenIdle(): Promise<void> {
    if (this.isClosed || (this.scheduler.isIdle && !this.isPumping)) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleListeners.push(resolve);
      this.poke();
    });
  }

  /** Resolves when that much simulated time has passed, ns, or after {@link close}. */
  advance(ns: number): Promise<void> {
    const goal = Math.ceil((this.scheduler.time + ns) / QUANTUM_NS) * QUANTUM_NS;
    if (this.isClosed) return Promise.resolve();
    return new Promise((reached) => {
      this.goal = Math.max(this.goal, goal);
      this.goalListeners.push({ goal, reached });
      this.poke();
    });
  }

  /** Stops for good. */
  close(): void {
    this.isClosed = true;
    this.stopSleep?.();
    this.tell();
  }

  /** Whether something is to be simulated, now or at a later moment of the wall clock. */
  private get hasWork(): boolean {
    const { scheduler } = this;
    if (this.held) return false;
    return this.isPaced || !scheduler.isIdle || scheduler.time < this.goal;
  }

  private wake(): void {
    this.stopSleep?.();
    this.stopSleep = undefined;
    this.isPumping = true;
    nextTurn(() => this.pump());
  }

  private pump(): void {
    this.simulated(0);
    const isDone = this.simulate();
    this.isPumping = false;
    this.tell();
    if (this.isClosed || this.held) return;
    if (!isDone) this.wake();
    else if (this.isPaced) this.sleep();
  }

  /** Simulates a slice; says whether there is nothing to do at present. */
  private simulate(): boolean {
    const { scheduler } = this;
    const until = this.isPaced ? this.wallTime : this.goal;
    const isDue = () => scheduler.nextTime < until || (!this.isPaced && !scheduler.isIdle);
    this.isSimulating = true;
    let done = 0;
    while (done < SLICE && !this.isClosed && !this.held && isDue()) {
      const amount = scheduler.runQuantum(scheduler.time < until ? until : undefined);
      this.simulated(amount);
      done += amount;
    }
    this.isSimulating = false;
    const isDone = done < SLICE;
    if (isDone && !this.isClosed && !this.held) scheduler.skipTo(until);
    return isDone;
  }

  /** Sleeps until the next thing that happens by itself; only what the machine works on keeps Node.js running. */
  private sleep(): void {
    const next = Math.min(this.scheduler.nextTime, ...this.goalListeners.map(({ goal }) => goal));
    const wait = (next - this.wallTime) / NS_PER_MS / (this.rate ?? 1);
    const ms = Math.min(LONGEST_SLEEP_MS, Math.max(0, Math.ceil(wait)));
    const timer: unknown = setTimeout(() => this.wake(), ms);
    const keepsRunning = !this.scheduler.isIdle || this.goalListeners.length > 0;
    if (!keepsRunning && isNodeTimer(timer)) timer.unref();
    this.stopSleep = () => clearTimeout(timer as number);
  }

  /** The time that a paced machine should have, ns. It is late by what was due and is not done yet. */
  private get wallTime(): number {
    const passed = (performance.now() - this.wallOrigin) * NS_PER_MS;
    const wanted = this.timeOrigin + passed * (this.rate ?? 1);
    const due = this.scheduler.nextTime;
    if (wanted - due <= MOST_LAG_MS * NS_PER_MS) return wanted;
    this.setOrigin(due);
    return due;
  }

  /** From now on the present is `time`, ns. */
  private setOrigin(time: number): void {
    this.wallOrigin = performance.now();
    this.timeOrigin = time;
  }

  private tell(): void {
    if (this.isClosed || this.scheduler.isIdle) {
      for (const listener of this.idleListeners.splice(0)) listener();
    }
    const { time } = this.scheduler;
    const reached = this.goalListeners.filter(({ goal }) => this.isClosed || goal <= time);
    this.goalListeners = this.goalListeners.filter((listener) => !reached.includes(listener));
    for (const listener of reached) listener.reached();
  }
}

function rateOf(pace: Pace): number | undefined {
  if (pace === 'fast') return undefined;
  if (pace === 'paced') return 1;
  if (Number.isFinite(pace) && pace > 0) return pace;
  throw new RangeError(`"pace" must be "fast", "paced" or a number above 0: ${pace}`);
}

function isNodeTimer(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
