/**
 * Vectored interrupt controller: an ARM PL190 (DDI 0181), as the SpiNN-2 data sheet connects it.
 *
 * Each vectored slot is a priority, slot 0 the highest. Reading the vector address enters the highest
 * pending slot and masks it and all below until the end of the interrupt is written; entries nest.
 */
import { Kept, type KeptState, newKeptState } from '../arm/state.js';
import { BusError } from '../core/core.js';
import type { Peripheral } from './peripheral.js';

/** Interrupt sources by bit number; data sheet, chapter on the interrupt controller. */
export const Source = {
  Timer1: 4,
  Timer2: 5,
  PacketReceived: 6,
  TransmitFull: 9,
  TransmitOverrun: 10,
  TransmitEmpty: 11,
  DmaDone: 12,
  DmaError: 13,
  DmaTimeout: 14,
  SystemController: 18,
  TransmitNotFull: 23,
  MulticastReceived: 24,
} as const;

const IRQ_STATUS = 0x00;
const FIQ_STATUS = 0x04;
const RAW_INTERRUPT = 0x08;
const SELECT = 0x0c;
const ENABLE = 0x10;
const ENABLE_CLEAR = 0x14;
const SOFT = 0x18;
const SOFT_CLEAR = 0x1c;
const PROTECTION = 0x20;
const VECTOR_ADDRESS = 0x30;
const DEFAULT_VECTOR = 0x34;
const VECTORS = 0x100;
const VECTOR_CONTROLS = 0x200;
const IDENTIFICATION = 0xfe0;

const SLOTS = 16;
const SLOT_ENABLE = 1 << 5;
/** Priority of a request without a slot: behind all slots. */
const UNVECTORED = SLOTS;
/** Priority while no interrupt is in service. */
const IDLE = SLOTS + 1;
/** Peripheral and PrimeCell identification bytes of the PL190. */
const IDENTIFICATION_BYTES = [0x90, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1] as const;

/** Words of the controller among what a core keeps, one after the other from {@link Kept.Interrupts} on. */
export const InterruptWord = {
  Lines: Kept.Interrupts,
  Soft: Kept.Interrupts + 1,
  Enabled: Kept.Interrupts + 2,
  Select: Kept.Interrupts + 3,
  Protection: Kept.Interrupts + 4,
  DefaultVector: Kept.Interrupts + 5,
  /** Priorities in service, one bit each. Each is higher than those entered before: the lowest bit is the present one. */
  InService: Kept.Interrupts + 6,
} as const;
type InterruptWord = (typeof InterruptWord)[keyof typeof InterruptWord];

export class InterruptController implements Peripheral {
  private readonly words: Int32Array;

  /** @param kept what its core keeps, where its registers are too */
  constructor(private readonly kept: KeptState = newKeptState()) {
    this.words = this.kept.words;
  }

  /** Level of the core's IRQ input. */
  get interrupt(): boolean {
    return this.words[Kept.Interrupt] !== 0;
  }

  /** Level of the core's FIQ input. */
  get fastInterrupt(): boolean {
    return this.words[Kept.FastInterrupt] !== 0;
  }

  private word(at: InterruptWord): number {
    return this.words[at] as number;
  }

  private setWord(at: InterruptWord, value: number): void {
    this.words[at] = value;
  }

  /** Sets the level of one line. */
  setLine(source: number, level: boolean): void {
    this.setLines(1 << source, level ? -1 : 0);
  }

  /** Sets the levels of the lines in a mask from the same bits of a word. */
  setLines(mask: number, levels: number): void {
    const before = this.word(InterruptWord.Lines);
    const lines = (before & ~mask) | (levels & mask);
    if (lines === before) return;
    this.setWord(InterruptWord.Lines, lines);
    this.update();
  }

  /** Whether a source may ask for anything. */
  isEnabled(source: number): boolean {
    return ((this.word(InterruptWord.Enabled) >>> source) & 1) === 1;
  }

  /** True when the core is asked for anything: what ends a wait for interrupt. */
  get isRequesting(): boolean {
    return this.interrupt || this.fastInterrupt;
  }

  reset(): void {
    this.words.fill(0, InterruptWord.Soft, InterruptWord.InService + 1);
    this.words.fill(0, Kept.Vectors, Kept.Vectors + SLOTS);
    this.words.fill(0, Kept.VectorControls, Kept.VectorControls + SLOTS);
    this.update();
  }

  private get raw(): number {
    return this.word(InterruptWord.Lines) | this.word(InterruptWord.Soft);
  }

  private get pending(): number {
    return this.raw & this.word(InterruptWord.Enabled) & ~this.word(InterruptWord.Select);
  }

  private get fastPending(): number {
    return this.raw & this.word(InterruptWord.Enabled) & this.word(InterruptWord.Select);
  }

  private get priority(): number {
    const inService = this.word(InterruptWord.InService);
    return inService === 0 ? IDLE : 31 - Math.clz32(inService & -inService);
  }

  /** The highest priority with a pending request. */
  private highestPending(): number {
    const { pending } = this;
    if (pending === 0) return IDLE;
    for (let slot = 0; slot < SLOTS; slot++) {
      const control = this.words[Kept.VectorControls + slot] as number;
      if ((control & SLOT_ENABLE) !== 0 && ((pending >>> (control & 31)) & 1) !== 0) return slot;
    }
    return UNVECTORED;
  }

  private update(): void {
    const isInterrupt = this.pending !== 0 && this.highestPending() < this.priority;
    this.words[Kept.FastInterrupt] = this.fastPending !== 0 ? 1 : 0;
    this.words[Kept.Interrupt] = isInterrupt ? 1 : 0;
  }

  read(offset: number): number {
    if (offset >= VECTORS && offset < VECTORS + 4 * SLOTS)
      return this.words[Kept.Vectors + ((offset - VECTORS) >> 2)] as number;
    if (offset >= VECTOR_CONTROLS && offset < VECTOR_CONTROLS + 4 * SLOTS) {
      return this.words[Kept.VectorControls + ((offset - VECTOR_CONTROLS) >> 2)] as number;
    }
    if (offset >= IDENTIFICATION && offset <= 0xffc) {
      return IDENTIFICATION_BYTES[(offset - IDENTIFICATION) >> 2] as number;
    }
    return this.readControl(offset);
  }

  private readControl(offset: number): number {
    switch (offset) {
      case IRQ_STATUS:
        return this.pending;
      case FIQ_STATUS:
        return this.fastPending;
      case RAW_INTERRUPT:
        return this.raw;
      case SELECT:
        return this.word(InterruptWord.Select);
      case ENABLE:
        return this.word(InterruptWord.Enabled);
      case SOFT:
        return this.word(InterruptWord.Soft);
      case PROTECTION:
        return this.word(InterruptWord.Protection);
      case VECTOR_ADDRESS:
        return this.enterHighest();
      case DEFAULT_VECTOR:
        return this.word(InterruptWord.DefaultVector);
      default:
        throw new BusError(offset);
    }
  }

  private enterHighest(): number {
    const highest = this.highestPending();
    const defaultVector = this.word(InterruptWord.DefaultVector);
    if (highest >= this.priority) return defaultVector;
    this.setWord(InterruptWord.InService, this.word(InterruptWord.InService) | (1 << highest));
    this.update();
    return highest === UNVECTORED ? defaultVector : (this.words[Kept.Vectors + highest] as number);
  }

  write(offset: number, value: number): void {
    if (offset >= VECTORS && offset < VECTORS + 4 * SLOTS)
      this.words[Kept.Vectors + ((offset - VECTORS) >> 2)] = value;
    else if (offset >= VECTOR_CONTROLS && offset < VECTOR_CONTROLS + 4 * SLOTS) {
      this.words[Kept.VectorControls + ((offset - VECTOR_CONTROLS) >> 2)] = value & 63;
    } else this.writeControl(offset, value);
    this.update();
  }

  private leaveHighest(): void {
    const inService = this.word(InterruptWord.InService);
    this.setWord(InterruptWord.InService, inService & (inService - 1));
  }

  private writeControl(offset: number, value: number): void {
    switch (offset) {
      case SELECT:
        this.setWord(InterruptWord.Select, value);
        return;
      case ENABLE:
        this.setWord(InterruptWord.Enabled, this.word(InterruptWord.Enabled) | value);
        return;
      case ENABLE_CLEAR:
        this.setWord(InterruptWord.Enabled, this.word(InterruptWord.Enabled) & ~value);
        return;
      case SOFT:
        this.setWord(InterruptWord.Soft, this.word(InterruptWord.Soft) | value);
        return;
      case SOFT_CLEAR:
        this.setWord(InterruptWord.Soft, this.word(InterruptWord.Soft) & ~value);
        return;
      case PROTECTION:
        this.setWord(InterruptWord.Protection, value & 1);
        return;
      case VECTOR_ADDRESS:
        this.leaveHighest();
        return;
      case DEFAULT_VECTOR:
        this.setWord(InterruptWord.DefaultVector, value);
        return;
      default:
        throw new BusError(offset);
    }
  }
}
