/** Activations as layers, dropout and batch normalisation, in float32. */
import { randomWord } from '@spin-tools/sim/fixed';
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { sampleAxis } from '../layers/kinds/merging.js';
import { activateEach, exponentialLinear, leaky, throughActivation } from './activations.js';
import { axisLastOrder, transpose } from './axes.js';
import { type Backward, type Compute, only } from './compute.js';
import { inOrder } from './convolution.js';

type Of<Name extends keyof typeof KINDS> = LayerOf<(typeof KINDS)[Name]>;

const asIs: Backward = (gradient) => ({ inputs: [gradient], weights: [] });

/** Activation. */
export const activation: Compute<Of<'Activation'>> = ({ activation }, inputs) => {
  const { data, shape } = only(inputs);
  const { values, ...way } = throughActivation(activation, data, shape.at(-1) as number, asIs);
  return { output: { data: values, shape }, ...way };
};

function each<Layer>(
  functionOf: (layer: Layer) => Parameters<typeof activateEach>[0],
): Compute<Layer> {
  return (layer, inputs) => {
    const { data, shape } = only(inputs);
    const { values, gradient } = activateEach(functionOf(layer), data);
    return {
      output: { data: values, shape },
      backward: (byOutputs) => ({ inputs: [gradient(byOutputs)], weights: [] }),
    };
  };
}

/** ReLU. */
export const reLU = each<Of<'ReLU'>>(
  ({ maxValue = Number.POSITIVE_INFINITY, negativeSlope, threshold }) => ({
    value: (x) => (x >= threshold ? Math.min(x, maxValue) : negativeSlope * (x - threshold)),
    slope: (_, x) => (x > threshold ? (x < maxValue ? 1 : 0) : negativeSlope),
  }),
);

/** LeakyReLU. */
export const leakyReLU = each<Of<'LeakyReLU'>>(({ negativeSlope }) => leaky(negativeSlope));

/** ELU. */
export const elu = each<Of<'ELU'>>(({ alpha }) => exponentialLinear(alpha));

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

/** BatchNormalization. While training, the moving averages among the weights are moved. */
export const batchNormalization: Compute<Of<'BatchNormalization'>> = (
  layer,
  inputs,
  weights,
  pass,
) => {
  const input = only(inputs);
  const rank = input.shape.length;
  const at = 1 + (sampleAxis(layer.axis, rank - 1) ?? 0);
  if (at === rank - 1) return normalise(layer, [input], weights, pass);
  const order = axisLastOrder(rank, at);
  return inOrder(normalise(layer, [transpose(input, order)], weights, pass), input.shape, order);
};

const normalise: Compute<Of<'BatchNormalization'>> = (layer, inputs, weights, pass) => {
  // As in Keras, a layer that is not to be trained uses its moving averages even in training.
  const training = pass.training && layer.trainable;
  const { data, shape } = only(inputs);
  const { scale, center, epsilon, momentum } = layer;
  const size = shape.at(-1) as number;
  const rows = data.length / size;
  const [movingMean, movingVariance] = weights.slice(-2) as [Float32Array, Float32Array];
  const gamma = scale ? (weights[0] as Float32Array) : new Float32Array(size).fill(1);
  const beta = center ? (weights[scale ? 1 : 0] as Float32Array) : new Float32Array(size);
  const { mean, variance } = training
    ? momentsOf(data, size)
    : { mean: Float64Array.from(movingMean), variance: Float64Array.from(movingVariance) };
  if (training) {
    moveTowards(movingMean, mean, momentum);
    moveTowards(movingVariance, variance, momentum);
  }
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  const { values, standard } = scaled(data, { mean, inverse, gamma, beta });
  const backward: Backward = (gradient) => {
    const sums = channelSums(gradient, standard, size);
    const factors = inverse.map((each, c) => each * (gamma[c] as number));
    const shares = {
      beta: sums.beta.map((sum) => (training ? sum / rows : 0)),
      gamma: sums.gamma.map((sum) => (training ? sum / rows : 0)),
    };
    return {
      inputs: [throughMoments(gradient, standard, factors, shares)],
      weights: [
        ...(scale ? [Float32Array.from(sums.gamma)] : []),
        ...(center ? [Float32Array.from(sums.beta)] : []),
      ],
    };
  };
  return { output: { data: values, shape }, backward };
};

/** What each channel is scaled by. */
interface ChannelScales {
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
}

/** Values with mean 0 and deviation 1, and those scaled. */
function scaled(data: Float32Array, { mean, inverse, gamma, beta }: ChannelScales) {
  const standard = new Float32Array(data.length);
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; ) {
    for (let c = 0; c < mean.length; c++, i++) {
      const x = ((data[i] as number) - (mean[c] as number)) * (inverse[c] as number);
      standard[i] = x;
      values[i] = x * (gamma[c] as number) + (beta[c] as number);
    }
  }
  return { values, standard };
}

/** Gradients by beta and by gamma. */
function channelSums(gradient: Float32Array, standard: Float32Array, size: number) {
  const beta = new Float64Array(size);
  const gamma = new Float64Array(size);
  for (let i = 0; i < gradient.length; ) {
    for (let c = 0; c < size; c++, i++) {
      beta[c] = (beta[c] as number) + (gradient[i] as number);
      gamma[c] = (gamma[c] as number) + (gradient[i] as number) * (standard[i] as number);
    }
  }
  return { beta, gamma };
}

/** The gradient by what went in. @param shares what moves with mean and variance, for each value of a channel */
function throughMoments(
  gradient: Float32Array,
  standard: Float32Array,
  factors: Float64Array,
  { beta, gamma }: { readonly beta: Float64Array; readonly gamma: Float64Array },
): Float32Array {
  const result = new Float32Array(gradient.length);
  for (let i = 0; i < gradient.length; ) {
    for (let c = 0; c < factors.length; c++, i++) {
      const common = (beta[c] as number) + (standard[i] as number) * (gamma[c] as number);
      result[i] = (factors[c] as number) * ((gradient[i] as number) - common);
    }
  }
  return result;
}

/** Mean and variance (divided by the number of values) of each column. */
function momentsOf(
  data: Float32Array,
  size: number,
): { mean: Float64Array; variance: Float64Array } {
  const rows = data.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length; ) {
    for (let c = 0; c < size; c++, i++) mean[c] = (mean[c] as number) + (data[i] as number) / rows;
  }
  const variance = new Float64Array(size);
  for (let i = 0; i < data.length; ) {
    for (let c = 0; c < size; c++, i++) {
      const distance = (data[i] as number) - (mean[c] as number);
      variance[c] = (variance[c] as number) + (distance * distance) / rows;
    }
  }
  return { mean, variance };
}

function moveTowards(average: Float32Array, value: ArrayLike<number>, momentum: number): void {
  for (const [c, old] of average.entries()) {
    average[c] = old * momentum + (value[c] as number) * (1 - momentum);
  }
}
