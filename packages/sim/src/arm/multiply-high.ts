/** Upper parts of products wider than a JavaScript integer multiplication gives. Hacker's Delight, 8-2. */

/** Upper 32 bits of the signed 64-bit product. */
export function highSigned(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >> 16;
  const b0 = b & 0xffff;
  const b1 = b >> 16;
  const middle = Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16);
  const rest = (middle & 0xffff) + Math.imul(a0, b1);
  return (Math.imul(a1, b1) + (middle >> 16) + (rest >> 16)) | 0;
}

/** Upper 32 bits of the unsigned 64-bit product. */
export function highUnsigned(a: number, b: number): number {
  return (highSigned(a, b) + (a & (b >> 31)) + (b & (a >> 31))) | 0;
}

/** Bits 47:16 of the product of a word and a signed 16-bit number. */
export function highOfWordByHalf(word: number, half: number): number {
  return (Math.imul(word >> 16, half) + (Math.imul(word & 0xffff, half) >> 16)) | 0;
}
