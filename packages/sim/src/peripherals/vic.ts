/**
 * Vectored interrupt controller: an ARM PL190 (DDI 0181), as the SpiNN-2 data sheet connects it.
 *
 * Each vectored slot is a priority, slot 0 the highest. Reading the vector address enters the highest
 * pending slot and masks it and all below until the end of the interrupt is written; entries nest.
 */
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

export class InterruptController implements Peripheral {
  private lines = 0;
  private soft = 0;
  private enabled = 0;
  private select = 0;
  private protection = 0;
  private defaultVector = 0;
  private readonly vectors = new Int32Array(SLOTS);
  private readonly controls = new Int32Array(SLOTS);
  private readonly inService: number[] = [];
  /** Level of the core's IRQ input. */
  interrupt = false;
  /** Level of the core's FIQ input. */
  fastInterrupt = false;

  /** Sets the level of one line. */
  setLine(source: number, level: boolean): void {
    this.setLines(1 << source, level ? -1 : 0);
  }

  /** Sets the levels of the lines in a mask from the same bits of a word. */
  setLines(mask: number, levels: number): void {
    const lines = (this.lines & ~mask) | (levels & mask);
    if (lines === this.lines) return;
    this.lines = lines;
    this.update();
  }

  /** Whether a source may ask for anything. */
  isEnabled(source: number): boolean {
    return ((this.enabled >>> source) & 1) === 1;
  }

  /** True when the core is asked for anything: what ends a wait for interrupt. */
  get isRequesting(): boolean {
    return this.interrupt || this.fastInterrupt;
  }

  reset(): void {
    this.soft = 0;
    this.enabled = 0;
    this.select = 0;
    this.protection = 0;
    this.defaultVector = 0;
    this.vectors.fill(0);
    this.controls.fill(0);
    this.inService.length = 0;
    this.update();
  }

  private get raw(): number {
    return this.lines | this.soft;
  }

  private get pending(): number {
    return this.raw & this.enabled & ~this.select;
  }

  private get priority(): number {
    return this.inService.at(-1) ?? IDLE;
  }

  /** The highest priority with a pending request. */
  private highestPending(): number {
    const { pending } = this;
    if (pending === 0) return IDLE;
    for (let slot = 0; slot < SLOTS; slot++) {
      const control = this.controls[slot] as number;
      if ((control & SLOT_ENABLE) !== 0 && ((pending >>> (control & 31)) & 1) !== 0) return slot;
    }
    return UNVECTORED;
  }

  private update(): void {
    this.fastInterrupt = (this.raw & this.enabled & this.select) !== 0;
    this.interrupt = this.pending !== 0 && this.highestPending() < this.priority;
  }

  read(offset: number): number {
    if (offset >= VECTORS && offset < VECTORS + 4 * SLOTS)
      return this.vectors[(offset - VECTORS) >> 2] as number;
    if (offset >= VECTOR_CONTROLS && offset < VECTOR_CONTROLS + 4 * SLOTS) {
      return this.controls[(offset - VECTOR_CONTROLS) >> 2] as number;
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
        return this.raw & this.enabled & this.select;
      case RAW_INTERRUPT:
        return this.raw;
      case SELECT:
        return this.select;
      case ENABLE:
        return this.enabled;
      case SOFT:
        return this.soft;
      case PROTECTION:
        return this.protection;
      case VECTOR_ADDRESS:
        return this.enterHighest();
      case DEFAULT_VECTOR:
        return this.defaultVector;
      default:
        throw new BusError(offset);
    }
  }

  private enterHighest(): number {
    const highest = this.highestPending();
    if (highest >= this.priority) return this.defaultVector;
    this.inService.push(highest);
    this.update();
    return highest === UNVECTORED ? this.defaultVector : (this.vectors[highest] as number);
  }

  write(offset: number, value: number): void {
    if (offset >= VECTORS && offset < VECTORS + 4 * SLOTS)
      this.vectors[(offset - VECTORS) >> 2] = value;
    else if (offset >= VECTOR_CONTROLS && offset < VECTOR_CONTROLS + 4 * SLOTS) {
      this.controls[(offset - VECTOR_CONTROLS) >> 2] = value & 63;
    } else this.writeControl(offset, value);
    this.update();
  }

  private writeControl(offset: number, value: number): void {
    switch (offset) {
      case SELECT:
        this.select = value;
        return;
      case ENABLE:
        this.enabled |= value;
        return;
      case ENABLE_CLEAR:
        this.enabled &= ~value;
        return;
      case SOFT:
        this.soft |= value;
        return;
      case SOFT_CLEAR:
        this.soft &= ~value;
        return;
      case PROTECTION:
        this.protection = value & 1;
        return;
      case VECTOR_ADDRESS:
        this.inService.pop();
        return;
      case DEFAULT_VECTOR:
        this.defaultVector = value;
        return;
      default:
        throw new BusError(offset);
    }
  }
}
