/** Penalties on weights, as in keras.regularizers. */
import { OptionError, UnsupportedError } from '../errors.js';

/** `l1 * sum |w| + l2 * sum w^2`, added to the loss. Keras's `L1`, `L2` and `L1L2` are all of this. */
export interface Regulariser {
  readonly l1?: number;
  readonly l2?: number;
}

/** Keras's factor where only the name is given. */
const DEFAULT_FACTOR = 0.01;
const NAMES = ['l1', 'l2', 'l1_l2'];

/**
 * A regulariser from its factors, or by a name with Keras's factors of 0.01.
 *
 * @throws OptionError UnsupportedError when it is none
 */
export function checkRegulariser(given: Regulariser | string): Regulariser {
  if (typeof given === 'string') {
    if (!NAMES.includes(given)) throw new UnsupportedError('regularizer', given, NAMES);
    return {
      ...(given !== 'l2' && { l1: DEFAULT_FACTOR }),
      ...(given !== 'l1' && { l2: DEFAULT_FACTOR }),
    };
  }
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'l1' && name !== 'l2') throw new UnsupportedError('regularizer', name, NAMES);
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new OptionError(`regularizer ${name}`, value, 'give a number of at least 0');
    }
  }
  return given;
}

/** What a regulariser adds to the loss. */
export function penaltyOf({ l1 = 0, l2 = 0 }: Regulariser, weights: Float32Array): number {
  let penalty = 0;
  for (const weight of weights) penalty += l1 * Math.abs(weight) + l2 * weight * weight;
  return penalty;
}

/** Adds the gradient of a regulariser to that of its weights. */
export function addPenaltyGradient(
  { l1 = 0, l2 = 0 }: Regulariser,
  weights: Float32Array,
  gradient: Float32Array,
): void {
  for (const [i, weight] of weights.entries()) {
    gradient[i] = (gradient[i] as number) + l1 * Math.sign(weight) + 2 * l2 * weight;
  }
}
