/** Data types of the language, by number, and how many bytes each takes. Command reference 2.0. */

/** Bytes of each type: integers, then fixed point, floating point, and fractions. */
const BYTES = [1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 2, 4, 8, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/** Bytes of a value of that type; undefined when there is no such type. */
export const bytesOfType = (type: number): number | undefined => BYTES[type];
