/** Bits of keys and masks. */

/** Bits of a key. SpiNNaker data sheet, section 10.4. */
export const KEY_BITS = 32;

/** Set bits of a word, without a loop. Source: Warren, Hacker's Delight, figure 5-2. */
export function countOnes(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
