/** How large compressed data of a model file can be, so that a file that claims more is refused before memory is taken. */

/** Deflate could make 1032 bytes of one, but only of zeros: weights, and what optimisers remember of them, shrink far less. */
const MOST_INFLATION = 64;
/** What there may be besides, so that small models of zeros can be read. */
const SPARE_BYTES = 16 * 2 ** 20;

/** Most bytes that compressed ones can be made of. */
export const mostInflated = (compressed: number): number =>
  SPARE_BYTES + compressed * MOST_INFLATION;
