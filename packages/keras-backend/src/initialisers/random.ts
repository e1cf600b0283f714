/** Random numbers that a seed fixes on every host. */
import { randomWord } from '@spin-tools/sim/fixed';

/** A stream of random numbers: element i depends on seed and i only. */
export interface RandomStream {
  /** Uniform in 0 .. 1, 1 excluded, with 53 bits. */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
}

/** @param seed unsigned 32 bit */
export function randomStream(seed: number): RandomStream {
  let counter = 0;
  const word = () => {
    counter += 1;
    return randomWord(seed, counter >>> 0);
  };
  const uniform = () => (Math.floor(word() / 32) * 2 ** 26 + Math.floor(word() / 64)) * 2 ** -53;
  return {
    uniform,
    // Box and Muller's transform; 1 - u is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
