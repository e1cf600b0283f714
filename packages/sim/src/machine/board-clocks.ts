/**
 * The clocks of the boards that one thread runs. Each board has a scheduler of its own; what goes from board to
 * board is kept until the window of time is over in which it began, see `window-clock.ts`.
 */
import type { Chip } from '../chip/chip.js';
import type { BoardPlan } from './board-plan.js';
import { Crossings } from './crossings.js';
import { latestEndAfterCore, latestEndAfterPacket } from './lookahead.js';
import { Scheduler } from './scheduler.js';

const NONE = -1;

/** One board of this thread. */
interface BoardClock {
  readonly chips: Chip[];
  readonly scheduler: Scheduler;
  /** Time of the next thing that happens there by itself, ns, unless {@link isTouched}. */
  nextTime: number;
  /** See {@link BoardClocks.latestEnd}, unless {@link isTouched}. */
  latestEnd: number;
  /** Whether nothing will ever happen there by itself, unless {@link isTouched}. */
  isIdle: boolean;
  /** Something was done there since that was found out. */
  isTouched: boolean;
}

/** Runs boards. */
export class BoardClocks {
  private reports: (() => void)[] = [];
  private readonly boards: BoardClock[];
  private present = 0;
  private running = NONE;

  /**
   * @param first number of the first board that this thread runs
   * @param end number behind the last
   * @param crossings where it is noted what has left for other boards
   */
  constructor(
    private readonly plan: BoardPlan,
    chips: readonly Chip[],
    private readonly first = 0,
    private readonly end = plan.count,
    readonly crossings = new Crossings(),
  ) {
    const boards = Array.from({ length: plan.count }, (): Chip[] => []);
    for (const chip of chips) boards[plan.boardOf[chip.index] as number]?.push(chip);
    this.boards = boards.map((own) => ({
      chips: own,
      scheduler: new Scheduler(own),
      nextTime: Number.POSITIVE_INFINITY,
      latestEnd: Number.POSITIVE_INFINITY,
      isIdle: true,
      isTouched: false,
    }));
  }

  /** The scheduler of a chip's board, brought to the present. */
  of(chip: number): Scheduler {
    const number = this.plan.boardOf[chip] as number;
    const board = this.boards[number] as BoardClock;
    if (number !== this.running) {
      board.isTouched = true;
      board.scheduler.skipTo(this.present);
    }
    return board.scheduler;
  }

  /** Number by which the scheduler of its board knows a chip. */
  placeOf(chip: number): number {
    return this.plan.placeOf[chip] as number;
  }

  /** Whether two chips are on one board. */
  areTogether(chip: number, other: number): boolean {
    return this.plan.boardOf[chip] === this.plan.boardOf[other];
  }

  /** A chip has taken the place of the one before. */
  replace(chip: Chip): void {
    const board = this.boards[this.plan.boardOf[chip.index] as number];
    if (board === undefined) return;
    board.chips[this.placeOf(chip.index)] = chip;
    board.scheduler.cleared(this.placeOf(chip.index));
  }

  /** Simulated time, ns: that of the board that runs, if one does. */
  get time(): number {
    return this.running === NONE
      ? this.present
      : (this.boards[this.running] as BoardClock).scheduler.time;
  }

  set time(time: number) {
    this.present = time;
  }

  /** Whether a board runs at present. */
  get isRunning(): boolean {
    return this.running !== NONE;
  }

  /** Does something that is not for one board alone: as soon as the window is over, in the order of the boards. */
  betweenWindows(action: () => void): void {
    if (this.isRunning) this.reports.push(action);
    else action();
  }

  /** What is to be done since the window is over, in the order in which boards asked for it. */
  takeReports(): readonly (() => void)[] {
    const { reports } = this;
    this.reports = [];
    return reports;
  }

  /** Whether nothing will ever happen by itself. */
  get isIdle(): boolean {
    for (let number = this.first; number < this.end; number++) {
      if (!this.known(number).isIdle) return false;
    }
    return true;
  }

  /** Time of the next thing that happens by itself, ns; no more than the present while a core is awake. */
  get nextTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let number = this.first; number < this.end; number++) {
      next = Math.min(next, this.known(number).nextTime);
    }
    return next;
  }

  /** When a window has to end in which these boards run, so that nothing reaches others too late, ns. */
  get latestEnd(): number {
    let latest = Number.POSITIVE_INFINITY;
    for (let number = this.first; number < this.end; number++) {
      latest = Math.min(latest, this.known(number).latestEnd);
    }
    return latest;
  }

  /** Time of the next thing that is done by a device, ns. */
  get nextAction(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let number = this.first; number < this.end; number++) {
      if (!this.known(number).isIdle)
        next = Math.min(next, this.known(number).scheduler.nextAction);
    }
    return next;
  }

  /** Runs all boards to the end of a window, ns; returns how much there was to do. */
  run(until: number): number {
    let amount = 0;
    for (let number = this.first; number < this.end; number++) {
      if (this.known(number).nextTime < until) amount += this.runBoard(number, until);
    }
    this.present = until;
    return amount;
  }

  private runBoard(number: number, until: number): number {
    const board = this.boards[number] as BoardClock;
    const { scheduler } = board;
    let amount = 0;
    this.running = number;
    board.isTouched = true;
    scheduler.skipTo(this.present);
    while (scheduler.time < until && scheduler.nextTime < until) {
      amount += scheduler.runQuantum(until);
    }
    this.running = NONE;
    return amount;
  }

  private known(number: number): BoardClock {
    const board = this.boards[number] as BoardClock;
    if (board.isTouched) {
      const { scheduler } = board;
      board.nextTime = scheduler.nextTime;
      board.latestEnd = Math.min(
        latestEndAfterPacket(scheduler.nextPacket),
        latestEndAfterCore(scheduler.nextCore),
      );
      board.isIdle = scheduler.isIdle;
      board.isTouched = false;
    }
    return board;
  }
}
