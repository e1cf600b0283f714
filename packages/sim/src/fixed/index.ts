/**
 * Fixed-point arithmetic as cores without floating point do it: formats, rounding modes, and
 * functions in integers that give the same bits as the on-core programs.
 */
export {
  EXPONENTIAL_TABLE,
  expNegative,
  sigmoid31,
  softmax31,
  tanh31,
} from './exponential.js';
export {
  type FixedFormat,
  FixedFormatError,
  formatName,
  fractionFor,
  fromFixed,
  highest,
  lowest,
  parseFormat,
  saturate,
  saturate16,
  saturate32,
  toFixed,
} from './formats.js';
export { LOGARITHM_FRACTION, LOGARITHM_TABLE, ln31, RECIPROCAL_TABLE } from './logarithm.js';
export {
  floor,
  nearest,
  powerOfTwo,
  type Rounding,
  randomWord,
  round,
  stochastic,
} from './rounding.js';
export { shuffledIndex } from './shuffle.js';
export {
  multiplyRound,
  multiplyRoundWide,
  multiplyShift,
  type ScaleFactor,
  scaled,
  scaledWide,
  scaleFactor,
} from './wide.js';
