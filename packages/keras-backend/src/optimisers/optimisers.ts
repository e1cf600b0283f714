/** Optimisers by Keras's names. */
import { OptionError, UnsupportedError } from '../errors.js';

/** Stochastic gradient descent: weight -= learningRate * gradient of the batch mean. */
export interface Optimiser {
  readonly kind: 'sgd';
  readonly learningRate: number;
}

/** Keras's default. */
const DEFAULT_LEARNING_RATE = 0.01;
const OPTIMISERS = ['sgd'];

/**
 * Stochastic gradient descent.
 *
 * @throws {@link OptionError} for a learning rate that is not positive, or for momentum, which is not supported
 */
export function sgd(options: { readonly learningRate?: number } = {}): Optimiser {
  const { learningRate = DEFAULT_LEARNING_RATE, ...others } = options;
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw new OptionError('learningRate', learningRate, 'give a positive number');
  }
  for (const [name, value] of Object.entries(others)) {
    if (value) throw new UnsupportedError('option of sgd', name, ['learningRate']);
  }
  return { kind: 'sgd', learningRate };
}

/** The optimiser itself, or the one of a name with Keras's defaults. */
export function optimiserOf(given: Optimiser | string): Optimiser {
  if (typeof given !== 'string') {
    if (given?.kind !== 'sgd') {
      throw new UnsupportedError('optimizer', String(given?.kind ?? given), OPTIMISERS);
    }
    return sgd({ learningRate: given.learningRate });
  }
  if (given.toLowerCase() !== 'sgd') throw new UnsupportedError('optimizer', given, OPTIMISERS);
  return sgd();
}
