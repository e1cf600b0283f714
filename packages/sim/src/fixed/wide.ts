/**
 * Products and quotients of more than 53 bits, exactly, in double-precision arithmetic: one factor
 * is split so that every partial product is an exact double. No BigInt: these are called per value.
 */
import { saturate32 } from './formats.js';
import { powerOfTwo } from './rounding.js';

const HALF_WORD = 0x10000;
const LIMB = 2 ** 21;
const TWO_LIMBS = 2 ** 42;

/**
 * `floor(a * b / 2^shift)`, exactly.
 *
 * @param a an integer of at most 33 bits with its sign
 * @param b 0 .. 2^32 - 1
 * @param shift at least 16
 */
export function multiplyShift(a: number, b: number, shift: number): number {
  const low = b & 0xffff;
  const high = (b - low) / HALF_WORD;
  return Math.floor((a * high + Math.floor((a * low) / HALF_WORD)) * powerOfTwo(16 - shift));
}

/**
 * `round(a * b, shift)` clamped to 32 bits, exactly.
 *
 * @param a an integer of at most 33 bits with its sign
 * @param b 0 .. 2^32 - 1
 * @param shift any whole number up to 64
 */
export function multiplyRound(a: number, b: number, shift: number): number {
  return saturate32(multiplyRoundWide(a, b, shift));
}

/** {@link multiplyRound} before it is clamped: exact as far as it fits 32 bits, else beyond them on the right side. */
export function multiplyRoundWide(a: number, b: number, shift: number): number {
  if (shift < 17) {
    // Beyond 2^52 the product is inexact, but then the result is past 32 bits anyway.
    const product = a * b;
    return shift <= 0
      ? product * powerOfTwo(-shift)
      : Math.floor((product + powerOfTwo(shift - 1)) * powerOfTwo(-shift));
  }
  const low = b & 0xffff;
  const high = (b - low) / HALF_WORD;
  const upper = a * high + Math.floor((a * low) / HALF_WORD) + powerOfTwo(shift - 17);
  return Math.floor(upper * powerOfTwo(16 - shift));
}

/**
 * `floor((numerator + (denominator >> 1)) / denominator)`, exactly.
 *
 * @param numerator an exact double of at most 2^62, not negative
 * @param denominator 1 .. 2^32, with a quotient of at most 2^32
 */
export function roundedQuotient(numerator: number, denominator: number): number {
  const remainder = numerator % denominator;
  const whole = wholeQuotient(numerator, denominator, remainder);
  return remainder + Math.floor(denominator / 2) >= denominator ? whole + 1 : whole;
}

/**
 * `floor(2^62 / denominator)`, exactly.
 *
 * @param denominator 2^30 .. 2^52
 */
export function reciprocal62(denominator: number): number {
  return wholeQuotient(2 ** 62, denominator, 2 ** 62 % denominator);
}

/** The remainder of doubles is exact, and the quotient is off by less than one half. */
function wholeQuotient(numerator: number, denominator: number, remainder: number): number {
  return Math.round((numerator - remainder) / denominator);
}

/** A positive factor as `mantissa * 2^-exponent`. */
export interface ScaleFactor {
  /** 2^30 .. 2^31 - 1. */
  readonly mantissa: number;
  readonly exponent: number;
}

/**
 * A positive number, such as learning rate / samples, with a mantissa of 31 bits.
 *
 * @throws RangeError when `value` is not positive and finite
 */
export function scaleFactor(value: number): ScaleFactor {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${value} is not a positive finite factor`);
  }
  let exponent = 30 - Math.floor(Math.log2(value));
  while (Math.round(value * 2 ** exponent) >= 2 ** 31) exponent -= 1;
  while (Math.round(value * 2 ** exponent) < 2 ** 30) exponent += 1;
  return { mantissa: Math.round(value * 2 ** exponent), exponent };
}

/**
 * `floor((value * mantissa + 2^(shift - 1)) / 2^shift)` clamped to 32 bits, exactly.
 *
 * @param value a safe integer
 * @param mantissa 0 .. 2^31 - 1
 * @param shift 1 .. 95
 */
export function scaled(value: number, mantissa: number, shift: number): number {
  return saturate32(scaledWide(value, mantissa, shift));
}

/** {@link scaled} before it is clamped: exact as far as it fits 32 bits, else beyond them on the right side. */
export function scaledWide(value: number, mantissa: number, shift: number): number {
  const limb0 = modulo(value, LIMB);
  const rest = (value - limb0) / LIMB;
  const limb1 = modulo(rest, LIMB);
  const limb2 = (rest - limb1) / LIMB;
  const half = powerOfTwo(shift - 1);
  const sum0 = limb0 * mantissa + (half < LIMB ? half : 0);
  const sum1 =
    limb1 * mantissa +
    (half >= LIMB && half < TWO_LIMBS ? half / LIMB : 0) +
    Math.floor(sum0 / LIMB);
  const top =
    limb2 * mantissa + (half >= TWO_LIMBS ? half / TWO_LIMBS : 0) + Math.floor(sum1 / LIMB);
  return shifted(top, modulo(sum1, LIMB), modulo(sum0, LIMB), shift);
}

/** `floor((top * 2^42 + middle * 2^21 + low) / 2^shift)`, exact as far as it fits 32 bits, else beyond them on the right side. */
function shifted(top: number, middle: number, low: number, shift: number): number {
  if (shift >= 42) return Math.floor(top * powerOfTwo(42 - shift));
  if (Math.abs(top) > 2 ** 31) return top;
  const upper = top * LIMB + middle;
  if (shift >= 21) return Math.floor(upper * powerOfTwo(21 - shift));
  if (Math.abs(upper) > 2 ** 52 / LIMB) return upper * LIMB * powerOfTwo(-shift);
  return Math.floor((upper * LIMB + low) * powerOfTwo(-shift));
}

function modulo(value: number, modulus: number): number {
  const remainder = value % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}
