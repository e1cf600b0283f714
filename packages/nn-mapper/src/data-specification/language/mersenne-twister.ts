/**
 * The Mersenne Twister MT19937: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally
 * equidistributed uniform pseudo-random number generator" (ACM TOMACS 8, 1998), seeded as their program
 * of 2002 is.
 */

/** Words of the state, and how far apart words are that are mixed. */
const WORDS = 624;
const DISTANCE = 397;

/** Whole numbers of 32 bits, from a seed of 32 bits. */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let word = 1; word < WORDS; word++) {
    const before = state[word - 1] as number;
    state[word] = Math.imul(1812433253, before ^ (before >>> 30)) + word;
  }
  let next = WORDS;
  return () => {
    if (next === WORDS) {
      twist(state);
      next = 0;
    }
    return temper(state[next++] as number);
  };
}

function twist(state: Uint32Array): void {
  for (let word = 0; word < WORDS; word++) {
    const upper = (state[word] as number) & 0x80000000;
    const lower = (state[(word + 1) % WORDS] as number) & 0x7fffffff;
    const joined = upper | lower;
    const other = state[(word + DISTANCE) % WORDS] as number;
    state[word] = other ^ (joined >>> 1) ^ (lower & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  let tempered = word ^ (word >>> 11);
  tempered ^= (tempered << 7) & 0x9d2c5680;
  tempered ^= (tempered << 15) & 0xefc60000;
  return (tempered ^ (tempered >>> 18)) >>> 0;
}
