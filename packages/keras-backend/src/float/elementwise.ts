/** Activations as layers and dropout, in float32. */
import { randomWord } from '@spin-tools/sim/fixed';
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { sampleAxis } from '../layers/kinds/merging.js';
import {
  type Activated,
  activateEach,
  exponentialLinear,
  leaky,
  rectify,
  throughActivation,
} from './activations.js';
import { axisLastOrder, transpose } from './axes.js';
import { type Backward, type Compute, only, type Pass } from './compute.js';
import { inOrder } from './convolution.js';

type Of<Name extends keyof typeof KINDS> = LayerOf<(typeof KINDS)[Name]>;

const asIs: Backward = (gradient) => ({ inputs: [gradient], weights: [] });

/** Activation. */
export const activation: Compute<Of<'Activation'>> = ({ activation }, inputs, _, pass) => {
  const { data, shape } = only(inputs);
  const size = shape.at(-1) as number;
  const { values, ...way } = throughActivation(activation, data, size, asIs, pass);
  return { output: { data: values, shape }, ...way };
};

function each<Layer>(
  activated: (layer: Layer, data: Float32Array, pass: Pass) => Activated,
): Compute<Layer> {
  return (layer, inputs, _, pass) => {
    const { data, shape } = only(inputs);
    const { values, gradient } = activated(layer, data, pass);
    return {
      output: { data: values, shape },
      backward: (byOutputs) => ({ inputs: [gradient(byOutputs)], weights: [] }),
    };
  };
}

/** ReLU. */
export const reLU = each<Of<'ReLU'>>((layer, data, pass) => {
  const { maxValue = Number.POSITIVE_INFINITY, negativeSlope, threshold } = layer;
  if (maxValue === Number.POSITIVE_INFINITY && negativeSlope === 0 && threshold === 0) {
    return rectify(data, pass);
  }
  const bent = {
    value: (x: number) =>
      x >= threshold ? Math.min(x, maxValue) : negativeSlope * (x - threshold),
    slope: (_: number, x: number) => (x > threshold ? (x < maxValue ? 1 : 0) : negativeSlope),
  };
  return activateEach(bent, data);
});

/** LeakyReLU. */
export const leakyReLU = each<Of<'LeakyReLU'>>(({ negativeSlope }, data) =>
  activateEach(leaky(negativeSlope), data),
);

/** ELU. */
export const elu = each<Of<'ELU'>>(({ alpha }, data) =>
  activateEach(exponentialLinear(alpha), data),
);

/** Softmax along any axis. */
export const softmaxLayer: Compute<Of<'Softmax'>> = ({ axis }, inputs) => {
  const input = only(inputs);
  const rank = input.shape.length;
  const at = 1 + (sampleAxis(axis, rank - 1) ?? 0);
  const order = axisLastOrder(rank, at);
  const last = at === rank - 1;
  const { data, shape } = last ? input : transpose(input, order);
  const { values, ...way } = throughActivation('softmax', data, shape.at(-1) as number, asIs);
  const result = { output: { data: values, shape }, ...way };
  return last ? result : inOrder(result, input.shape, order);
};

/** Dropout: what is kept depends on seed and place alone. */
export const dropout: Compute<Of<'Dropout'>> = ({ rate, seed }, inputs, _, pass) => {
  const { data, shape } = only(inputs);
  if (!pass.training || rate === 0) return { output: { data, shape }, backward: asIs };
  const ownSeed = seed === undefined ? pass.seed : randomWord(pass.seed, seed >>> 0);
  const limit = rate * 2 ** 32;
  const factors = Float32Array.from(data, (_, i) =>
    randomWord(ownSeed, i) >= limit ? 1 / (1 - rate) : 0,
  );
  const scaled = (values: Float32Array) => values.map((value, i) => value * (factors[i] as number));
  return {
    output: { data: scaled(data), shape },
    backward: (gradient) => ({ inputs: [scaled(gradient)], weights: [] }),
  };
};
