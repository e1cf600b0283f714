/** Activation layers as `activate` has them. */
import { toFixed } from '@spin-tools/sim/fixed';
import type { ActivationName } from '../../layers/activations.js';
import type { ComputedLayer } from '../../layers/layers.js';
import {
  ActivationFunction,
  type activationFields,
  type FieldValues,
  NO_LIMIT,
  PARAMETER_FRACTION,
} from '../operations.js';

/** What `activate` is told of its function. */
export type ActivationParameters = FieldValues<typeof activationFields>;

/** Constants of self-normalising networks (Klambauer et al. 2017), as Keras has them. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const RELU6_LIMIT = 6;
/** Half the width of the slope of hard_sigmoid, and of Keras 2's. */
const HARD_SIGMOID_HALF = 3;
const HARD_SIGMOID_KERAS2_HALF = 2.5;

const int32 = { signed: true, bits: 32, fraction: 0 } as const;
const parameter = (value: number) => toFixed(value, { ...int32, fraction: PARAMETER_FRACTION });

interface Real {
  readonly slope?: number;
  readonly scale?: number;
  readonly threshold?: number;
  readonly limit?: number | undefined;
}

/** The parameters of a layer that is an activation; undefined of others. @param fraction of its source */
export function activationOf(
  layer: ComputedLayer,
  fraction: number,
): ActivationParameters | undefined {
  const inSource = (value: number) => toFixed(value, { ...int32, fraction });
  const make = (
    name: keyof typeof ActivationFunction,
    { slope = 0, scale = 1, threshold = 0, limit }: Real = {},
  ): ActivationParameters => ({
    function: ActivationFunction[name],
    slope: parameter(slope),
    scale: parameter(scale),
    threshold: inSource(threshold),
    limit: limit === undefined ? NO_LIMIT : inSource(limit),
  });
  switch (layer.className) {
    case 'Activation':
      return make(...named(layer.activation));
    case 'ReLU':
      return make('Relu', {
        slope: layer.negativeSlope,
        threshold: layer.threshold,
        limit: layer.maxValue,
      });
    case 'LeakyReLU':
      return make('Relu', { slope: layer.negativeSlope });
    case 'ELU':
      return make('Elu', { slope: layer.alpha });
    case 'Softmax':
      return make('Softmax');
    default:
      return undefined;
  }
}

function named(activation: ActivationName): [keyof typeof ActivationFunction, Real?] {
  switch (activation) {
    case 'linear':
      return ['Linear'];
    case 'relu':
      return ['Relu'];
    case 'relu6':
      return ['Relu', { limit: RELU6_LIMIT }];
    case 'sigmoid':
      return ['Sigmoid'];
    case 'hard_sigmoid':
      return ['HardSigmoid', { threshold: HARD_SIGMOID_HALF }];
    case 'hard_sigmoid_keras2':
      return ['HardSigmoid', { threshold: HARD_SIGMOID_KERAS2_HALF }];
    case 'tanh':
      return ['Tanh'];
    case 'softmax':
      return ['Softmax'];
    case 'elu':
      return ['Elu', { slope: 1 }];
    case 'selu':
      return ['Elu', { slope: SELU_SCALE * SELU_ALPHA, scale: SELU_SCALE }];
    case 'softplus':
      return ['Softplus'];
    case 'softsign':
      return ['Softsign'];
    case 'swish':
      return ['Swish'];
    case 'gelu':
      return ['Gelu'];
    case 'exponential':
      return ['Exponential'];
  }
}
