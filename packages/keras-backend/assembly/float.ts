/** What the float engine's WebAssembly module exports; docs of each function are where it is. */

export {
  columnProducts,
  columnSquares,
  columnSums,
  normalise,
  normalisedGradient,
} from './columns';
export { addTo, pooledGradient, poolMaximum, rectifiedGradient, rectify } from './elements';
export { correlate, multiply, pack } from './products';
export { convolve, convolveByImages, convolveByKernel } from './windows';

/** First address that the caller may use. */
export function firstFreeAddress(): usize {
  return (__heap_base + 15) & ~15;
}
