/** Random numbers that a seed fixes, for instruction sequences. */

/** Gives a whole number from 0 up to, not including, its argument. */
export type Random = (below: number) => number;

/** mulberry32. */
export function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

const INTERESTING = [
  ...[0, 1, 2, 0xffffffff, 0x7fffffff, 0x80000000, 0x80000001, 0x7fff, 0x8000, 0xffff8000],
  ...[0x80008000, 0x7fff7fff, 0x80007fff, 0xffff, 0x10000, 31, 32, 33, 63, 64, 255, 256],
];

/** A register value: one third of them where carries, shifts and saturation change. */
export function value(random: Random): number {
  return (random(3) === 0 ? pick(random, INTERESTING) : random(2 ** 32)) >>> 0;
}
