/** Ways from a real number to an integer, and the rounding shift that the on-core programs use. */

/** From a finite real number to an integer. */
export type Rounding = (value: number) => number;

/** To the nearest integer, halves up. */
export const nearest: Rounding = Math.round;

/** To the next lower integer: what a bare right shift does. */
export const floor: Rounding = Math.floor;

/**
 * A random 32-bit word that depends only on its two arguments, so that results do not depend on
 * the order in which, or on the core on which, values are rounded.
 *
 * @param seed unsigned 32 bit: names a run, a tensor and a step
 * @param counter unsigned 32 bit: names an element
 */
export function randomWord(seed: number, counter: number): number {
  let word = mixed(counter ^ 0x9e3779b9);
  word = mixed(word + seed);
  return mixed(word ^ seed) >>> 0;
}

/**
 * Rounds up with the probability of the part that is cut off, so that the mean is right.
 *
 * @param seed names a run, a tensor and a step
 * @param counter names the element
 */
export function stochastic(seed: number, counter: number): Rounding {
  const threshold = randomWord(seed, counter) * 2 ** -32;
  return (value) => {
    const whole = Math.floor(value);
    return value - whole > threshold ? whole + 1 : whole;
  };
}

const LARGEST_POWER = 128;
const POWERS = Float64Array.from(
  { length: 2 * LARGEST_POWER + 1 },
  (_, i) => 2 ** (i - LARGEST_POWER),
);

/** 2^exponent from a table: `**` takes longer than the rest of a rounding. `exponent` is a whole number of -128 .. 128. */
export function powerOfTwo(exponent: number): number {
  return POWERS[exponent + LARGEST_POWER] as number;
}

/**
 * `(value + 2^(shift - 1)) >> shift`, to nearest with halves up; for a negative shift `value << -shift`.
 *
 * @param value a safe integer whose result is safe too
 * @param shift at most 52
 */
export function round(value: number, shift: number): number {
  if (shift <= 0) return value * powerOfTwo(-shift);
  return Math.floor((value + powerOfTwo(shift - 1)) * powerOfTwo(-shift));
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): every bit of the argument moves every bit of the result. */
export function mixed(word: number): number {
  let result = word | 0;
  result = Math.imul(result ^ (result >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return result ^ (result >>> 16);
}
