/** A core's two timers in one block of registers, and its identification; SpiNN-2 data sheet. */
import { BusError } from '../core/core.js';
import type { Peripheral } from './peripheral.js';

const SECOND = 0x20;
const END = 0x40;
const IDENTIFICATION = 0xfe0;
/** Peripheral and PrimeCell identification bytes of the SP804. */
const IDENTIFICATION_BYTES = [0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1] as const;

export class TimerPair implements Peripheral {
  constructor(private readonly timers: readonly [Peripheral, Peripheral]) {}

  read(offset: number): number {
    if (offset >= IDENTIFICATION)
      return IDENTIFICATION_BYTES[(offset - IDENTIFICATION) >> 2] as number;
    return this.timer(offset).read(offset & (SECOND - 1));
  }

  write(offset: number, value: number): void {
    this.timer(offset).write(offset & (SECOND - 1), value);
  }

  private timer(offset: number): Peripheral {
    if (offset >= END) throw new BusError(offset);
    return offset < SECOND ? this.timers[0] : this.timers[1];
  }
}
