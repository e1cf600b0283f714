/** Losses by Keras's names, and what each asks of the output layer. */
import type { Accuracy, Activation, Loss } from '../engine.js';
import { LOSS_SCALE_FRACTION } from '../engine.js';
import { ModelDefinitionError, UnsupportedError } from '../errors.js';

const LOSSES: readonly Loss[] = [
  'mean_squared_error',
  'categorical_crossentropy',
  'binary_crossentropy',
];

const ALIASES: Readonly<Record<string, Loss>> = {
  mse: 'mean_squared_error',
  MSE: 'mean_squared_error',
  meanSquaredError: 'mean_squared_error',
  categoricalCrossentropy: 'categorical_crossentropy',
  binaryCrossentropy: 'binary_crossentropy',
};

/** The output activation that a loss must stand on; its derivative then cancels. */
const OUTPUT_ACTIVATION: Readonly<Partial<Record<Loss, Activation>>> = {
  categorical_crossentropy: 'softmax',
  binary_crossentropy: 'sigmoid',
};

/**
 * The loss of a name of Keras or TensorFlow.js.
 *
 * @throws {@link UnsupportedError} when it is none of them
 */
export function lossOf(name: string): Loss {
  const loss = ALIASES[name] ?? LOSSES.find((each) => each === name);
  if (loss === undefined) throw new UnsupportedError('loss', String(name), LOSSES);
  return loss;
}

/**
 * Checks that a loss can stand on an output layer.
 *
 * @throws {@link ModelDefinitionError} when it cannot
 */
export function checkOutput(loss: Loss, layer: string, activation: Activation): void {
  const needed = OUTPUT_ACTIVATION[loss];
  if (needed !== undefined && needed !== activation) {
    const message = `has activation ${activation}, but ${loss} needs ${needed}: change the activation or use mean_squared_error`;
    throw new ModelDefinitionError(layer, message);
  }
}

/** The factor of the difference between output and target in its gradient, with {@link LOSS_SCALE_FRACTION}. */
export function lossScale(loss: Loss, units: number): number {
  const factor = {
    categorical_crossentropy: 1,
    binary_crossentropy: 1 / units,
    mean_squared_error: 2 / units,
  };
  return Math.round(factor[loss] * 2 ** LOSS_SCALE_FRACTION);
}

/** What Keras's metric `accuracy` means for a number of outputs. */
export function accuracyOf(units: number): Accuracy {
  return units === 1 ? 'binary' : 'categorical';
}
