/** A core's own time: what its state says, and while it runs the cycles of its slice besides. */
import { endSlice } from './general.js';
import type { RunState } from './run-state.js';
import { WINDOW_CYCLES } from './slice-times.js';
import { activeState, Slot } from './state.js';

let runNumbers = 0;

/** For a core that is not in the arena. */
function newRunNumber(): number {
  runNumbers--;
  return runNumbers;
}

/** Times are cycles. */
export class LocalTime {
  /** Stands for the core in {@link Slot.Running}. */
  readonly runNumber: number;

  constructor(private readonly state: RunState) {
    this.runNumber = state.kept.words.byteOffset || newRunNumber();
  }

  /** Whether the core runs. */
  get isRunning(): boolean {
    return activeState[Slot.Running] === this.runNumber;
  }

  /** Exact while instructions are executed. */
  get present(): number {
    if (!this.isRunning) return this.state.cycle;
    return (
      this.state.cycle +
      (activeState[Slot.Stalled] as number) +
      ((activeState[Slot.Elapsed] as number) & 0xffff)
    );
  }

  /** Adds what was executed in the slice to the counts and to the time; returns the cycles that it took. */
  account(): number {
    const { state } = this;
    const spent = this.present - state.cycle;
    state.instructions += (activeState[Slot.Elapsed] as number) >>> 16;
    activeState[Slot.Elapsed] = 0;
    activeState[Slot.Stalled] = 0;
    this.passAwake(spent);
    return spent;
  }

  /** Cycles pass in which the core does something. */
  passAwake(cycles: number): void {
    this.state.cycle += cycles;
    this.state.cyclesAwake += cycles;
  }

  /** Time passes in which it waits for an interrupt. */
  sleepUntil(cycle: number): void {
    const { state } = this;
    if (cycle <= state.cycle) return;
    this.takeTurns(cycle - 1);
    state.cyclesAsleep += cycle - state.cycle;
    state.cycle = cycle;
  }

  /** The core waits for what others do, or does what they notice. */
  stayInTurn(): void {
    if (!this.isRunning) return;
    if (this.state.end > this.state.turn) endSlice();
    this.takeTurns(this.present);
  }

  /** It does not run ahead in the window of a cycle. */
  takeTurns(cycle: number): void {
    const { state } = this;
    state.turnsUntil = (Math.floor(cycle / WINDOW_CYCLES) + 1) * WINDOW_CYCLES;
    state.end = Math.min(state.end, state.turn);
  }
}
