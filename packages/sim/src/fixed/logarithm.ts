/** The natural logarithm in integers, for losses; docs/on-core-programs.md, section 1. */
import { multiplyShift } from './wide.js';

/** Fraction bits of {@link ln31}. */
export const LOGARITHM_FRACTION = 24;
/** ln(2) with 24 fraction bits. */
const LN_2 = 11629080;

/** 2^32 / (1 + i / 256) for i in 0..255, to nearest, at most 2^32 - 1. */
export const RECIPROCAL_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) =>
  Math.min(2 ** 32 - 1, Math.round(2 ** 32 / (1 + i / 256))),
);

/** ln(1 + i / 256) for i in 0..255 with 31 fraction bits, to nearest. */
export const LOGARITHM_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) =>
  Math.round(Math.log(1 + i / 256) * 2 ** 31),
);

/**
 * ln(v / 2^31) with 24 fraction bits. The error is below 2^-22.
 *
 * @param v 1 .. 2^31 - 1
 */
export function ln31(v: number): number {
  const shift = Math.clz32(v);
  const normal = (v << shift) >>> 0;
  const index = (normal >>> 23) & 255;
  const part = multiplyShift(RECIPROCAL_TABLE[index] as number, normal & 0x7fffff, 32);
  const slope = part - Math.floor((part * part) / 2 ** 32);
  return (((LOGARITHM_TABLE[index] as number) + slope) >>> 7) - shift * LN_2;
}
