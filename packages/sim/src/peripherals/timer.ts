/**
 * One of a core's two counters, as in ARM's SP804 dual timer (DDI 0271); SpiNN-2 data sheet, chapter on
 * the counter/timer. It counts down at the core's clock. Nothing happens per tick: the count is computed
 * when it is read, and the time of the next zero is known.
 */
import { Kept, type KeptState, newKeptState } from '../arm/state.js';
import { BusError } from '../core/core.js';
import type { Peripheral } from './peripheral.js';

const LOAD = 0x00;
const VALUE = 0x04;
const CONTROL = 0x08;
const INTERRUPT_CLEAR = 0x0c;
const RAW_INTERRUPT = 0x10;
const MASKED_INTERRUPT = 0x14;
const BACKGROUND_LOAD = 0x18;

const ENABLE = 1 << 7;
const PERIODIC = 1 << 6;
const INTERRUPT_ENABLE = 1 << 5;
const WIDE = 1 << 1;
const ONE_SHOT = 1 << 0;
const RESET_CONTROL = INTERRUPT_ENABLE;

/** Clocks per count by control bits 3:2; the fourth value is undefined and taken as the third. */
const PRESCALE = [1, 16, 256, 256] as const;

/** Words of a timer among what a core keeps: those of the second follow those of the first. */
export const TimerWord = { Control: 0, Reload: 1, Count: 2, Stopped: 3, Raw: 4 } as const;
/** Words of one timer. */
export const TIMER_WORDS = 5;
type TimerWord = (typeof TimerWord)[keyof typeof TimerWord];

export class Timer implements Peripheral {
  private readonly first: number;

  /**
   * @param now - present time in cycles of the core
   * @param setLine - sets the level of this timer's interrupt line
   * @param changed - called when {@link nextEvent} may have changed
   * @param kept - what its core keeps, where its registers are too
   * @param number - 0 for the first, 1 for the second
   */
  constructor(
    private readonly now: () => number,
    private readonly setLine: (level: boolean) => void,
    private readonly changed: () => void = () => undefined,
    private readonly kept: KeptState = newKeptState(),
    private readonly number: 0 | 1 = 0,
  ) {
    this.first = Kept.Timers + number * TIMER_WORDS;
    this.control = RESET_CONTROL;
    this.count = 0xffffffff;
  }

  private word(at: TimerWord): number {
    return this.kept.words[this.first + at] as number;
  }

  private setWord(at: TimerWord, value: number): void {
    this.kept.words[this.first + at] = value;
  }

  private get control(): number {
    return this.word(TimerWord.Control);
  }

  private set control(value: number) {
    this.setWord(TimerWord.Control, value);
  }

  private get reload(): number {
    return this.word(TimerWord.Reload) >>> 0;
  }

  private set reload(value: number) {
    this.setWord(TimerWord.Reload, value);
  }

  /** The count at the cycle {@link since}; the count stands still while the timer does not run. */
  private get count(): number {
    return this.word(TimerWord.Count) >>> 0;
  }

  private set count(value: number) {
    this.setWord(TimerWord.Count, value);
  }

  private get since(): number {
    return this.kept.numbers[Kept.TimerSince / 2 + this.number] as number;
  }

  private set since(cycle: number) {
    this.kept.numbers[Kept.TimerSince / 2 + this.number] = cycle;
  }

  private get stopped(): boolean {
    return this.word(TimerWord.Stopped) !== 0;
  }

  private set stopped(isStopped: boolean) {
    this.setWord(TimerWord.Stopped, isStopped ? 1 : 0);
  }

  private get raw(): boolean {
    return this.word(TimerWord.Raw) !== 0;
  }

  private set raw(isRaised: boolean) {
    this.setWord(TimerWord.Raw, isRaised ? 1 : 0);
  }

  reset(): void {
    this.control = RESET_CONTROL;
    this.reload = 0;
    this.count = 0xffffffff;
    this.since = this.now();
    this.stopped = false;
    this.raw = false;
    this.changed();
    this.setLine(false);
  }

  /** Cycle at which the count reaches zero and interrupts; Infinity when it does not. */
  get nextEvent(): number {
    const interrupts = (this.control & INTERRUPT_ENABLE) !== 0 && !this.raw;
    return interrupts && this.isRunning ? this.zeroAt : Number.POSITIVE_INFINITY;
  }

  /** Brings count and interrupt up to date. */
  settle(): void {
    if (!this.isRunning) return;
    const now = this.now();
    if (now < this.zeroAt) return;
    this.changed();
    this.raw = true;
    if ((this.control & ONE_SHOT) !== 0) {
      this.stopped = true;
      this.count = 0;
    } else this.wrap(now);
    this.updateLine();
  }

  private get isRunning(): boolean {
    return (this.control & ENABLE) !== 0 && !this.stopped;
  }

  private get prescale(): number {
    return PRESCALE[((this.control >>> 2) & 3) as 0 | 1 | 2 | 3];
  }

  private get mask(): number {
    return (this.control & WIDE) !== 0 ? 0xffffffff : 0xffff;
  }

  private get zeroAt(): number {
    return this.since + Math.max(1, this.masked(this.count)) * this.prescale;
  }

  private masked(count: number): number {
    return (count & this.mask) >>> 0;
  }

  /** Starts over from the reload value, or from all ones, as often as time has passed. */
  private wrap(now: number): void {
    const start = this.zeroAt;
    const isPeriodic = (this.control & PERIODIC) !== 0;
    const period =
      Math.max(1, isPeriodic ? this.masked(this.reload) : this.mask + 1) * this.prescale;
    this.since = start + Math.floor((now - start) / period) * period;
    this.count = isPeriodic ? this.reload : this.mask;
  }

  private get value(): number {
    if (!this.isRunning) return this.masked(this.count);
    const counted = Math.floor((this.now() - this.since) / this.prescale);
    return Math.max(0, this.masked(this.count) - counted);
  }

  /** All bits of the counter: while it stands still, those beyond a size of 16 bits as well. */
  private get held(): number {
    if (this.stopped) return 0;
    return this.isRunning ? this.value : this.count;
  }

  private updateLine(): void {
    this.setLine(this.raw && (this.control & INTERRUPT_ENABLE) !== 0);
  }

  private start(count: number): void {
    this.count = count;
    this.since = this.now();
    this.stopped = false;
  }

  read(offset: number): number {
    this.settle();
    switch (offset) {
      case LOAD:
      case BACKGROUND_LOAD:
        return this.reload;
      case VALUE:
        return this.value;
      case CONTROL:
        return this.control;
      case RAW_INTERRUPT:
        return this.raw ? 1 : 0;
      case MASKED_INTERRUPT:
        return this.raw && (this.control & INTERRUPT_ENABLE) !== 0 ? 1 : 0;
      default:
        throw new BusError(offset);
    }
  }

  write(offset: number, value: number): void {
    this.settle();
    this.changed();
    switch (offset) {
      case LOAD:
        this.reload = value >>> 0;
        this.start(value >>> 0);
        return;
      case BACKGROUND_LOAD:
        this.reload = value >>> 0;
        return;
      case CONTROL:
        this.start(this.held);
        this.control = value & 0xff;
        this.updateLine();
        return;
      case INTERRUPT_CLEAR:
        this.raw = false;
        this.updateLine();
        return;
      default:
        throw new BusError(offset);
    }
  }
}
