/** The router's wait times. SpiNN-2 data sheet, router control register. */
import { ROUTER_CLOCK_NS } from './timing.js';

/** A wait time. */
export class WaitTime {
  readonly ns: number;

  /** @param byte as the control register has it, see {@link waitClocks} */
  constructor(readonly byte: number) {
    this.ns = waitClocks(byte) * ROUTER_CLOCK_NS;
  }
}

/** Clocks that a byte of the control register stands for: exponent in 7:4, mantissa in 3:0, 0xff for ever. */
export function waitClocks(byte: number): number {
  if (byte === 0) return 0;
  if (byte === 0xff) return Number.POSITIVE_INFINITY;
  const exponent = byte >>> 4;
  const mantissa = byte & 0xf;
  const denormal = exponent <= 4 ? 2 ** (4 - exponent) : 0;
  return (mantissa + 16 - denormal) * 2 ** exponent;
}
