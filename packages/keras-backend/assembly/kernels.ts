/**
 * Matrix arithmetic of the functional engine, in AssemblyScript with 128-bit vectors;
 * docs/on-core-programs.md, section 1, states what it computes.
 *
 * Every matrix is row-major with rows padded by zeros to `stride`, a multiple of 8 values, and has
 * a multiple of 4 rows. Pointers are 16-byte aligned. Zero padding adds nothing to any sum and
 * leaves padded weights at zero. Rebuild kernels.generated.ts with `node assembly/build.mjs`.
 */

export { takeSaturations } from './arithmetic';
export { backwardExact, forwardExact, updateExact } from './exact';
export { backwardFast, forwardFast, interleavePairs, refreshOperands, updateFast } from './fast';

/** First address that the caller may use. */
export function firstFreeAddress(): usize {
  return (__heap_base + 15) & ~15;
}
