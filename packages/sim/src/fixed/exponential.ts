/**
 * exp and the activations made of it, in integers; docs/on-core-programs.md, section 1.
 *
 * Results are on the 1.31 scale: 2^31 stands for 1. The C programs compute the same bits.
 */
import { powerOfTwo } from './rounding.js';
import { multiplyRoundWide, multiplyShift, reciprocal62, roundedQuotient } from './wide.js';

/** log2(e) with 31 fraction bits. */
const LOG2_E = 3098164009;
/** ln(2) with 32 fraction bits. */
const LN_2 = 2977044472;
/** exp(-24) is below 2^-34: nothing of it is left on the 1.31 scale. */
const LARGEST_EXPONENT = 24;
const ONE = 2 ** 31;
const LARGEST = 2 ** 31 - 1;

/** 2^(31 - i / 256) for i in 0..255, to nearest. */
export const EXPONENTIAL_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) =>
  Math.round(2 ** (31 - i / 256)),
);

/**
 * exp(-t / 2^fraction), 0 .. 2^31. The error is below 2^-27.
 *
 * @param t unsigned 32 bit
 * @param fraction at most 26
 */
export function expNegative(t: number, fraction: number): number {
  if (t >= LARGEST_EXPONENT * powerOfTwo(fraction)) return 0;
  const quotient = multiplyShift(LOG2_E, t * powerOfTwo(26 - fraction), 25);
  const halvings = Math.floor(quotient / 2 ** 32);
  if (halvings > 31) return 0;
  const part = quotient >>> 0;
  const rest = multiplyShift(LN_2, part & 0xffffff, 32);
  const slope = rest - Math.floor((rest * rest) / 2 ** 33);
  const entry = EXPONENTIAL_TABLE[part >>> 24] as number;
  const result = entry - multiplyShift(entry, slope, 32);
  return halvings === 0
    ? result
    : ((result + powerOfTwo(halvings - 1)) * powerOfTwo(-halvings)) >>> 0;
}

/**
 * 1 / (1 + exp(-z / 2^fraction)), 0 .. 2^31 - 1.
 *
 * @param z signed 32 bit
 */
export function sigmoid31(z: number, fraction: number): number {
  const e = expNegative(Math.abs(z), fraction);
  return Math.min(LARGEST, roundedQuotient((z >= 0 ? ONE : e) * ONE, ONE + e));
}

/**
 * tanh(z / 2^fraction), -(2^31 - 1) .. 2^31 - 1; odd.
 *
 * @param z signed 32 bit
 */
export function tanh31(z: number, fraction: number): number {
  const e = expNegative(Math.abs(z), fraction - 1);
  const magnitude = Math.min(LARGEST, roundedQuotient((ONE - e) * ONE, ONE + e));
  return z < 0 ? -magnitude : magnitude;
}

/**
 * exp(z) / sum of exp(z), each 0 .. 2^31 - 1.
 *
 * @param z signed 32 bit, at most 2^21 of them
 * @param result receives as many values as `z` has
 */
export function softmax31(
  z: Int32Array,
  fraction: number,
  result: Int32Array | Float64Array,
): void {
  const { length } = z;
  let maximum = z[0] as number;
  for (let i = 1; i < length; i++) maximum = Math.max(maximum, z[i] as number);
  const exponentials = new Float64Array(length);
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const e = expNegative(maximum - (z[i] as number), fraction);
    exponentials[i] = e;
    sum += e;
  }
  const reciprocal = reciprocal62(sum);
  for (let i = 0; i < length; i++) {
    result[i] = Math.min(LARGEST, multiplyRoundWide(exponentials[i] as number, reciprocal, 31));
  }
}
