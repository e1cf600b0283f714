/**
 * Fixed-point formats: an integer v with fraction f stands for v / 2^f.
 *
 * A format is written sI.F or uI.F: sign, integer bits, fraction bits, as in s4.27 (32 bits with the sign).
 */
import { floor, nearest, powerOfTwo, type Rounding } from './rounding.js';

/** A fixed-point number format of 1 to 32 bits. */
export interface FixedFormat {
  readonly signed: boolean;
  /** Bits with the sign, 1..32. */
  readonly bits: number;
  /** Fraction bits; may be negative or exceed `bits`. */
  readonly fraction: number;
}

/** The name of a format cannot be read, or the format has no bits or more than 32. */
export class FixedFormatError extends RangeError {
  override readonly name = 'FixedFormatError';
  constructor(readonly format: string) {
    super(`${format} is not a fixed-point format of 1 to 32 bits: write s4.27, s0.15 or u0.8`);
  }
}

const FORMAT_NAME = /^([su])(\d+)\.(\d+)$/;

/**
 * Reads the name of a format, for example `s4.27`.
 *
 * @throws {@link FixedFormatError} when it is none
 */
export function parseFormat(name: string): FixedFormat {
  const match = FORMAT_NAME.exec(name);
  if (match === null) throw new FixedFormatError(name);
  const signed = match[1] === 's';
  const fraction = Number(match[3]);
  const bits = Number(match[2]) + fraction + (signed ? 1 : 0);
  if (bits < 1 || bits > 32) throw new FixedFormatError(name);
  return { signed, bits, fraction };
}

/** The name of a format, for example `s4.27`. */
export function formatName({ signed, bits, fraction }: FixedFormat): string {
  return `${signed ? 's' : 'u'}${bits - fraction - (signed ? 1 : 0)}.${fraction}`;
}

/** Smallest integer of a format. */
export function lowest({ signed, bits }: FixedFormat): number {
  return signed ? -(2 ** (bits - 1)) : 0;
}

/** Largest integer of a format. */
export function highest({ signed, bits }: FixedFormat): number {
  return 2 ** (signed ? bits - 1 : bits) - 1;
}

/** The nearest integer that a format holds. */
export function saturate(value: number, format: FixedFormat): number {
  return Math.min(highest(format), Math.max(lowest(format), value));
}

/** The nearest 32-bit signed integer. */
export function saturate32(value: number): number {
  return Math.min(0x7fffffff, Math.max(-0x80000000, value));
}

/** The nearest 16-bit signed integer. */
export function saturate16(value: number): number {
  return Math.min(0x7fff, Math.max(-0x8000, value));
}

/**
 * The integer that stands for a real number, clamped to the format. Infinities clamp too; NaN gives 0.
 *
 * @param rounding to nearest with halves up unless told
 */
export function toFixed(value: number, format: FixedFormat, rounding: Rounding = nearest): number {
  if (Number.isNaN(value)) return 0;
  const scaledValue = value * 2 ** format.fraction;
  return saturate(Number.isFinite(scaledValue) ? rounding(scaledValue) : scaledValue, format);
}

/** The real number that an integer of a fraction stands for; exact. */
export function fromFixed(value: number, fraction: number): number {
  return value * powerOfTwo(-fraction);
}

/**
 * The largest fraction with which `bits` signed bits hold every value of a magnitude.
 *
 * @param magnitude largest absolute value, above 0
 */
export function fractionFor(magnitude: number, bits: number): number {
  const fraction = bits - 1 - Math.max(-1074, Math.ceil(Math.log2(magnitude)));
  return floor(magnitude * 2 ** fraction) > 2 ** (bits - 1) - 1 ? fraction - 1 : fraction;
}
