/**
 * The seeded generator behind every random choice of the mapper: Mulberry32 (Tommy Ettinger, 2017,
 * public domain), 32 bits of state, so that a seed fixes a mapping on every host.
 */

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** A generator that always gives the same sequence for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `count - 1`. */
export const randomIndex = (random: Random, count: number): number => Math.floor(random() * count);
