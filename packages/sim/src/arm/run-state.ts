/** Times and counts of a core's runs, among what it keeps: see {@link Kept}. Times are cycles of its clock. */
import { Kept, type KeptState } from './state.js';

export class RunState {
  constructor(readonly kept: KeptState) {
    this.setNumber(Kept.NextEvent, Number.POSITIVE_INFINITY);
    this.setNumber(Kept.TransferEnd, Number.POSITIVE_INFINITY);
    kept.words[Kept.KnowsNextEvent] = 1;
    kept.words[Kept.LastStop] = -1;
  }

  /** Local time at the beginning of the present slice. */
  get cycle(): number {
    return this.number(Kept.Cycle);
  }

  set cycle(value: number) {
    this.setNumber(Kept.Cycle, value);
  }

  /** To which the core has to run. */
  get turn(): number {
    return this.number(Kept.Turn);
  }

  set turn(value: number) {
    this.setNumber(Kept.Turn, value);
  }

  /** At which it stops: later than its turn while it runs ahead. */
  get end(): number {
    return this.number(Kept.End);
  }

  set end(value: number) {
    this.setNumber(Kept.End, value);
  }

  /** Until which it does not run ahead: the end of a window. */
  get turnsUntil(): number {
    return this.number(Kept.TurnsUntil);
  }

  set turnsUntil(value: number) {
    this.setNumber(Kept.TurnsUntil, value);
  }

  /** At which the present slice ends. */
  get sliceEnd(): number {
    return this.number(Kept.SliceEnd);
  }

  set sliceEnd(value: number) {
    this.setNumber(Kept.SliceEnd, value);
  }

  /** At which a delay loop that the core is in ends; in the past when it is in none. */
  get delayEnd(): number {
    return this.number(Kept.DelayEnd);
  }

  set delayEnd(value: number) {
    this.setNumber(Kept.DelayEnd, value);
  }

  /** Instructions executed. */
  get instructions(): number {
    return this.number(Kept.Instructions);
  }

  set instructions(value: number) {
    this.setNumber(Kept.Instructions, value);
  }

  /** Cycles in which instructions were executed or waited for memory. */
  get cyclesAwake(): number {
    return this.number(Kept.CyclesAwake);
  }

  set cyclesAwake(value: number) {
    this.setNumber(Kept.CyclesAwake, value);
  }

  /** Cycles spent waiting for an interrupt. */
  get cyclesAsleep(): number {
    return this.number(Kept.CyclesAsleep);
  }

  set cyclesAsleep(value: number) {
    this.setNumber(Kept.CyclesAsleep, value);
  }

  /** At which the active DMA transfer ends. */
  get transferEnd(): number {
    return this.number(Kept.TransferEnd);
  }

  set transferEnd(value: number) {
    this.setNumber(Kept.TransferEnd, value);
  }

  /** Of the next timer, DMA or transmission event; undefined while that is not known. */
  get nextEvent(): number | undefined {
    return this.kept.words[Kept.KnowsNextEvent] === 0 ? undefined : this.number(Kept.NextEvent);
  }

  set nextEvent(cycle: number | undefined) {
    this.kept.words[Kept.KnowsNextEvent] = cycle === undefined ? 0 : 1;
    if (cycle !== undefined) this.setNumber(Kept.NextEvent, cycle);
  }

  /** Whether a program was started and not stopped since. */
  get started(): boolean {
    return this.kept.words[Kept.Started] !== 0;
  }

  set started(isStarted: boolean) {
    this.kept.words[Kept.Started] = isStarted ? 1 : 0;
  }

  /** See {@link Kept.Plain}. */
  get isPlain(): boolean {
    return this.kept.words[Kept.Plain] !== 0;
  }

  set isPlain(isPlain: boolean) {
    this.kept.words[Kept.Plain] = isPlain ? 1 : 0;
  }

  /** r15 where the last run ended. */
  get lastStop(): number {
    return this.kept.words[Kept.LastStop] as number;
  }

  set lastStop(address: number) {
    this.kept.words[Kept.LastStop] = address;
  }

  /** Notes which interrupts are asked for when a slice begins. */
  noteRequests(isInterrupt: boolean, isFastInterrupt: boolean): void {
    this.kept.words[Kept.WasInterrupt] = isInterrupt ? 1 : 0;
    this.kept.words[Kept.WasFastInterrupt] = isFastInterrupt ? 1 : 0;
  }

  /** Whether one is asked for that was not when the slice began. */
  isAsked(isInterrupt: boolean, isFastInterrupt: boolean): boolean {
    const { words } = this.kept;
    const isNew = isInterrupt && words[Kept.WasInterrupt] === 0;
    return isNew || (isFastInterrupt && words[Kept.WasFastInterrupt] === 0);
  }

  private number(at: number): number {
    return this.kept.numbers[at / 2] as number;
  }

  private setNumber(at: number, value: number): void {
    this.kept.numbers[at / 2] = value;
  }
}
