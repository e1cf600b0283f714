/** A permutation that every core can compute for itself; docs/on-core-programs.md, section 1. */
import { mixed } from './rounding.js';

const ROUNDS = 6;
const ROUND_STEP = 0x9e3779b9;

/**
 * Place of the sample that comes at a position of a shuffled epoch: a Feistel network over the
 * next even number of bits, walked until it lands below `samples`.
 *
 * @param position 0 .. samples - 1
 * @param samples 1 .. 2^30
 * @param seed unsigned 32 bit
 */
export function shuffledIndex(position: number, samples: number, seed: number): number {
  if (samples <= 1) return 0;
  const halfBits = Math.max(1, Math.ceil((32 - Math.clz32(samples - 1)) / 2));
  const mask = 2 ** halfBits - 1;
  let index = position;
  do {
    let left = index >>> halfBits;
    let right = index & mask;
    for (let round = 0; round < ROUNDS; round++) {
      const mixture = mixed(right + seed + Math.imul(round, ROUND_STEP));
      [left, right] = [right, left ^ (mixture & mask)];
    }
    index = ((left << halfBits) | right) >>> 0;
  } while (index >= samples);
  return index;
}
