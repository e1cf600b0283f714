/**
 * The watchdog of a chip: an ARM SP805 (DDI 0270). It counts down at the clock of the system bus. When it gets
 * to zero it interrupts all cores and starts again; when it gets there a second time it resets the chip.
 */
import { BusError } from '../core/core.js';

const LOAD = 0x00;
const VALUE = 0x04;
const CONTROL = 0x08;
const INTERRUPT_CLEAR = 0x0c;
const RAW_INTERRUPT = 0x10;
const MASKED_INTERRUPT = 0x14;
const LOCK = 0xc00;
const IDENTIFICATION = 0xfe0;
const END = 0x1000;

const INTERRUPT_ENABLE = 1;
const RESET_ENABLE = 2;
/** Value that makes the registers writable. */
const UNLOCK = 0x1acce551;
const BASE = 0xe3000000;
const WHOLE_COUNT = 0xffffffff;
/** A clock of the system bus at 133 MHz, ns. Source: SC&MP's clock set-up. */
const CLOCK_NS = 7.5;
/** Peripheral and PrimeCell identification bytes of the SP805. */
const IDENTIFICATION_BYTES = [0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1] as const;

/** What a watchdog needs of its chip. */
export interface WatchdogWiring {
  /** Simulated time, ns. */
  now(): number;
  /** Does something after a simulated time, ns. */
  after(ns: number, action: () => void): void;
  setInterrupt(level: boolean): void;
  /** The count got to zero for the first time. */
  warned(): void;
  /** It got there a second time. */
  expired(): void;
}

/** Registers by their byte offsets. */
export class Watchdog {
  private load = WHOLE_COUNT;
  private control = 0;
  private raw = false;
  private isLocked = false;
  /** When the count last started from {@link load}, ns. */
  private since = 0;
  /** The count while it does not run. */
  private stoppedAt = WHOLE_COUNT;
  /** Which of the alarms that were set still counts. */
  private alarm = 0;

  constructor(private readonly wiring: WatchdogWiring) {}

  /** Back to the state after a reset: not counting. */
  reset(): void {
    this.load = WHOLE_COUNT;
    this.control = 0;
    this.isLocked = false;
    this.stoppedAt = WHOLE_COUNT;
    this.alarm++;
    this.setRaw(false);
  }

  /** Value of a register, unsigned. Throws BusError where there is none. */
  read(offset: number): number {
    switch (offset) {
      case LOAD:
        return this.load;
      case VALUE:
        return this.value;
      case CONTROL:
        return this.control;
      case RAW_INTERRUPT:
        return this.raw ? 1 : 0;
      case MASKED_INTERRUPT:
        return this.raw && this.isCounting ? 1 : 0;
      case LOCK:
        return this.isLocked ? 1 : 0;
      default:
        if (offset >= IDENTIFICATION && offset < END)
          return IDENTIFICATION_BYTES[(offset - IDENTIFICATION) >> 2] as number;
        throw new BusError(BASE + offset);
    }
  }

  /** Writes a register; locked ones do not change. Throws BusError where there is none. */
  write(offset: number, value: number): void {
    if (offset === LOCK) this.isLocked = value !== UNLOCK;
    else if (offset > INTERRUPT_CLEAR) throw new BusError(BASE + offset);
    else if (!this.isLocked) this.writeUnlocked(offset, value);
  }

  private writeUnlocked(offset: number, value: number): void {
    switch (offset) {
      case LOAD:
        this.load = value;
        this.start();
        return;
      case CONTROL: {
        const wasCounting = this.isCounting;
        if (wasCounting) this.stoppedAt = this.value;
        this.control = value & (INTERRUPT_ENABLE | RESET_ENABLE);
        if (this.isCounting && !wasCounting) this.start();
        if (!this.isCounting) this.alarm++;
        this.setRaw(this.raw);
        return;
      }
      case INTERRUPT_CLEAR:
        this.setRaw(false);
        this.start();
        return;
      default:
    }
  }

  private get isCounting(): boolean {
    return (this.control & INTERRUPT_ENABLE) !== 0;
  }

  private get value(): number {
    if (!this.isCounting) return this.stoppedAt;
    const counted = Math.floor((this.wiring.now() - this.since) / CLOCK_NS);
    return Math.max(0, this.load - counted);
  }

  /** Counts from the load value on, if it counts at all. */
  private start(): void {
    this.stoppedAt = this.load;
    const alarm = ++this.alarm;
    if (!this.isCounting) return;
    this.since = this.wiring.now();
    this.wiring.after(Math.max(1, this.load) * CLOCK_NS, () => {
      if (alarm === this.alarm) this.ring();
    });
  }

  private ring(): void {
    if (this.raw && (this.control & RESET_ENABLE) !== 0) {
      this.alarm++;
      this.wiring.expired();
      return;
    }
    const isFirst = !this.raw;
    this.setRaw(true);
    this.start();
    if (isFirst) this.wiring.warned();
  }

  private setRaw(raw: boolean): void {
    this.raw = raw;
    this.wiring.setInterrupt(raw && this.isCounting);
  }
}
