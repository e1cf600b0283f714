/**
 * The clock of a machine of several boards. Time advances in windows, in which every board runs by itself. What goes
 * from board to board comes later than the window ends, since links between boards are slow, and is handed over at
 * its end, in the order of the boards that it comes from; what monitors and hosts do is done between windows. So
 * boards may run one after the other or at once, in any number of threads, and nothing depends on it.
 */
import { EventQueue } from '../clock/event-queue.js';
import { CORE_TO_ROUTER_NS, ROUTER_TO_CORE_NS } from '../router/timing.js';
import type { Clock } from './clock.js';
import type { Crossings } from './crossings.js';
import { latestEndAfterPacket } from './lookahead.js';

const QUANTUM_NS = CORE_TO_ROUTER_NS + ROUTER_TO_CORE_NS;
/** Longest window, ns: as far as cores run ahead of others, so that hosts and monitors see no more of it than of that. */
const LONGEST_WINDOW_NS = 2000;

/** Boards that one thread runs. */
export interface BoardGroup {
  /** Whether nothing will ever happen by itself. */
  readonly isIdle: boolean;
  /** Time of the next thing that happens by itself, ns; no more than the present while a core is awake. */
  readonly nextTime: number;
  /** Time of the next thing that is done by a device, ns. */
  readonly nextAction: number;
  /** When a window has to end in which these boards run, so that nothing reaches others too late, ns. */
  readonly latestEnd: number;
  /** What has left for other boards in the last window, in the order of the boards it comes from. */
  readonly crossings: Crossings;
  /** Whether it has the board of a chip. */
  has(chip: number): boolean;
  /** Tells the time that the machine has reached, ns. */
  setPresent(time: number): void;
  /** Lets the boards begin to run to the end of a window, ns. */
  begin(until: number): void;
  /** Waits until they have; returns how much there was to do. */
  finish(): number;
  /** What is to be done since the window is over, in the order in which the boards asked for it. */
  takeReports(): readonly (() => void)[];
  /** Takes what comes from another board; what it answers at once is among the crossings of the next window. */
  take(crossings: Crossings, index: number): void;
}

/** What runs at present in the thread of this clock. */
export interface RunningBoards {
  /** Simulated time, ns: that of the board that runs, if one does. */
  readonly time: number;
  /** Does something as soon as no board runs. */
  betweenWindows(action: () => void): void;
}

/** Lets boards run. */
export class WindowClock implements Clock {
  time = 0;
  isHeld = false;
  /** A board has something to hand over at the end of the next window, whether it runs in it or not. */
  private hasAnswers = false;
  /** First arrival of what was handed over for the next window, whether boards take it or not, ns. */
  private nextArrival = Number.POSITIVE_INFINITY;
  private readonly actions = new EventQueue<() => void>();
  /** What happens when its time comes, and does not make time pass. */
  private readonly backgroundActions = new EventQueue<() => void>();

  /** @param groups in the order of their boards */
  constructor(
    private readonly groups: readonly BoardGroup[],
    private readonly running: RunningBoards,
  ) {}

  get isIdle(): boolean {
    if (this.actions.length > 0 || this.hasAnswers) return false;
    return this.groups.every((group) => group.isIdle);
  }

  get nextTime(): number {
    if (this.hasAnswers) return this.time;
    const next = this.groups.reduce((time, group) => Math.min(time, group.nextTime), this.nextOwn);
    return Math.max(this.time, next);
  }

  get nextAction(): number {
    return this.groups.reduce(
      (time, group) => Math.min(time, group.nextAction),
      this.actions.nextTime,
    );
  }

  after(delay: number, action: () => void): void {
    this.plan(this.actions, delay, action);
  }

  background(delay: number, action: () => void): void {
    this.plan(this.backgroundActions, delay, action);
  }

  skipTo(time: number): void {
    this.reach(Math.max(this.time, Math.floor(time / QUANTUM_NS) * QUANTUM_NS));
  }

  /** Simulates one window. */
  runQuantum(limit = Number.POSITIVE_INFINITY): number {
    const next = this.nextTime;
    if (next !== Number.POSITIVE_INFINITY) this.skipTo(next);
    const actions = this.runActions(this.time + CORE_TO_ROUTER_NS);
    const amount = this.runBoards(this.windowEnd(limit));
    return actions + amount + 1;
  }

  private plan(queue: EventQueue<() => void>, delay: number, action: () => void): void {
    const at = this.running.time + delay;
    this.running.betweenWindows(() => queue.push(at, 0, action));
  }

  private reach(time: number): void {
    this.time = time;
    for (const group of this.groups) group.setPresent(time);
  }

  private get nextOwn(): number {
    return Math.min(this.actions.nextTime, this.backgroundActions.nextTime);
  }

  /** A window ends before the next thing that is done between windows, and before boards can reach one another. */
  private windowEnd(limit: number): number {
    const { time } = this;
    const longest = Math.min(this.latestEnd, limit);
    const lastBefore = Math.floor((this.nextOwn - CORE_TO_ROUTER_NS) / QUANTUM_NS) + 1;
    const end = Math.min(Math.floor(longest / QUANTUM_NS), lastBefore) * QUANTUM_NS;
    return Math.max(time + QUANTUM_NS, end);
  }

  private get latestEnd(): number {
    const { time, groups } = this;
    if (this.isHeld) return time + QUANTUM_NS;
    const longest = Math.min(time + LONGEST_WINDOW_NS, latestEndAfterPacket(this.nextArrival));
    return groups.reduce((end, group) => Math.min(end, group.latestEnd), longest);
  }

  private runActions(until: number): number {
    const { actions, backgroundActions } = this;
    let count = 0;
    for (; this.nextOwn < until; count++) {
      const queue = actions.nextTime <= backgroundActions.nextTime ? actions : backgroundActions;
      queue.take();
      queue.item?.();
    }
    return count;
  }

  private runBoards(until: number): number {
    const { groups } = this;
    this.hasAnswers = false;
    this.nextArrival = Number.POSITIVE_INFINITY;
    for (const group of groups) group.begin(until);
    // The first group is run by this thread, so that the others run meanwhile.
    const amount = groups.reduce((sum, group) => sum + group.finish(), 0);
    this.reach(until);
    for (const group of groups) this.handOver(group.crossings);
    for (const group of groups) for (const report of group.takeReports()) report();
    return amount;
  }

  /** What a board answers to what it is handed leaves it with the next window, as it does in another thread. */
  private handOver(crossings: Crossings): void {
    const { length } = crossings;
    for (let index = 0; index < length; index++) {
      const chip = crossings.chipOf(index);
      this.groups.find((group) => group.has(chip))?.take(crossings, index);
      this.hasAnswers ||= crossings.isRepeated(index);
      this.nextArrival = Math.min(this.nextArrival, crossings.arrivalOf(index));
    }
    crossings.remove(length);
  }
}
