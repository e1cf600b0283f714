/**
 * The same networks in floating point, written from Keras's definitions: what fixed point is
 * compared with. A test checks it against TensorFlow.js.
 */
import { shuffledIndex } from '@spin-tools/sim/fixed';
import type { Activation, Loss } from '../engine.js';

/** A Dense layer with its weights in Keras's orientation, `kernel[input * units + unit]`. */
export interface FloatDense {
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation;
  readonly kernel: Float32Array | Float64Array;
  readonly bias: Float32Array | Float64Array;
}

/** What training needs to know. */
export interface FloatTraining {
  readonly loss: Loss;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly shuffleSeed?: number;
}

type Numbers = Float32Array | Float64Array | number[];

interface Values {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

interface Steps {
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

/** Layers with copies of Keras's list of weights, kept in single or double precision. */
export function floatNetwork(
  activations: readonly Activation[],
  weights: readonly Values[],
  precision: typeof Float32Array | typeof Float64Array,
): FloatDense[] {
  return activations.map((activation, index) => {
    const [kernel, bias] = weights.slice(2 * index) as [Values, Values];
    return {
      inputs: kernel.shape[0] as number,
      units: kernel.shape[1] as number,
      activation,
      kernel: precision.from(kernel.data),
      bias: precision.from(bias.data),
    };
  });
}

/** Outputs of every layer for one sample. */
export function forward(network: readonly FloatDense[], x: ArrayLike<number>): Float64Array[] {
  let input = x;
  return network.map(({ units, kernel, bias, activation }) => {
    const z = Float64Array.from(bias);
    for (let c = 0; c < input.length; c++) {
      const value = input[c] as number;
      if (value === 0) continue;
      for (let u = 0, at = c * units; u < units; u++, at++)
        z[u] = (z[u] as number) + value * (kernel[at] as number);
    }
    input = activate(activation, z);
    return input as Float64Array;
  });
}

/** One epoch of gradient descent. */
export function trainEpoch(
  network: readonly FloatDense[],
  x: Numbers,
  y: Numbers,
  { loss, learningRate, batchSize, shuffleSeed }: FloatTraining,
): void {
  const { inputs } = network[0] as FloatDense;
  const { units } = network.at(-1) as FloatDense;
  const samples = y.length / units;
  for (let first = 0; first < samples; first += batchSize) {
    const count = Math.min(batchSize, samples - first);
    const steps = network.map(({ kernel, bias }) => ({
      kernel: new Float64Array(kernel.length),
      bias: new Float64Array(bias.length),
    }));
    for (let position = first; position < first + count; position++) {
      const index =
        shuffleSeed === undefined ? position : shuffledIndex(position, samples, shuffleSeed);
      const sample = x.slice(index * inputs, (index + 1) * inputs);
      const target = y.slice(index * units, (index + 1) * units);
      addGradient(network, sample, target, loss, steps);
    }
    for (const [index, layer] of network.entries()) {
      subtract(layer.kernel, (steps[index] as Steps).kernel, learningRate / count);
      subtract(layer.bias, (steps[index] as Steps).bias, learningRate / count);
    }
  }
}

/** Share of samples whose largest output is where their largest target is. */
export function accuracy(network: readonly FloatDense[], x: Numbers, y: Numbers): number {
  const { inputs } = network[0] as FloatDense;
  const { units } = network.at(-1) as FloatDense;
  const samples = y.length / units;
  let correct = 0;
  for (let s = 0; s < samples; s++) {
    const outputs = forward(network, x.slice(s * inputs, (s + 1) * inputs)).at(-1) as Float64Array;
    const target = y.slice(s * units, (s + 1) * units);
    if (outputs.indexOf(Math.max(...outputs)) === target.indexOf(Math.max(...target))) correct += 1;
  }
  return correct / samples;
}

function subtract(weights: Float32Array | Float64Array, step: Float64Array, rate: number): void {
  for (let i = 0; i < weights.length; i++)
    weights[i] = (weights[i] as number) - rate * (step[i] as number);
}

function addGradient(
  network: readonly FloatDense[],
  x: Numbers,
  y: Numbers,
  loss: Loss,
  steps: readonly Steps[],
): void {
  const outputs = forward(network, x);
  const output = outputs.at(-1) as Float64Array;
  const { units } = network.at(-1) as FloatDense;
  const scale = {
    categorical_crossentropy: 1,
    binary_crossentropy: 1 / units,
    mean_squared_error: 2 / units,
  };
  let error: Float64Array = output.map((a, u) => scale[loss] * (a - (y[u] as number)));
  for (let index = network.length - 1; index >= 0; index--) {
    const { kernel, activation, units, inputs } = network[index] as FloatDense;
    const a = outputs[index] as Float64Array;
    const cancels = index === network.length - 1 && loss !== 'mean_squared_error';
    const delta = cancels ? error : derivative(activation, a, error);
    const below = index === 0 ? x : (outputs[index - 1] as Float64Array);
    const step = steps[index] as Steps;
    for (let u = 0; u < units; u++) step.bias[u] = (step.bias[u] as number) + (delta[u] as number);
    addOuterProduct(step.kernel, below, delta);
    if (index > 0) error = timesTransposed(kernel, delta, inputs);
  }
}

function addOuterProduct(sum: Float64Array, x: Numbers, delta: Float64Array): void {
  const { length } = delta;
  for (let c = 0; c < x.length; c++) {
    const value = x[c] as number;
    if (value === 0) continue;
    for (let u = 0, at = c * length; u < length; u++, at++) {
      sum[at] = (sum[at] as number) + value * (delta[u] as number);
    }
  }
}

function timesTransposed(kernel: Numbers, delta: Float64Array, inputs: number): Float64Array {
  const { length } = delta;
  return Float64Array.from({ length: inputs }, (_, c) => {
    let sum = 0;
    for (let u = 0, at = c * length; u < length; u++, at++) {
      sum += (kernel[at] as number) * (delta[u] as number);
    }
    return sum;
  });
}

function activate(activation: Activation, z: Float64Array): Float64Array {
  switch (activation) {
    case 'linear':
      return z;
    case 'relu':
      return z.map((value) => Math.max(0, value));
    case 'sigmoid':
      return z.map((value) => 1 / (1 + Math.exp(-value)));
    case 'tanh':
      return z.map(Math.tanh);
    case 'softmax': {
      const largest = Math.max(...z);
      const powers = z.map((value) => Math.exp(value - largest));
      const sum = powers.reduce((total, each) => total + each, 0);
      return powers.map((each) => each / sum);
    }
  }
}

function derivative(activation: Activation, a: Float64Array, error: Float64Array): Float64Array {
  switch (activation) {
    case 'linear':
      return error;
    case 'relu':
      return error.map((g, u) => ((a[u] as number) > 0 ? g : 0));
    case 'sigmoid':
      return error.map((g, u) => g * (a[u] as number) * (1 - (a[u] as number)));
    case 'tanh':
      return error.map((g, u) => g * (1 - (a[u] as number) * (a[u] as number)));
    case 'softmax': {
      const mean = error.reduce((sum, g, u) => sum + g * (a[u] as number), 0);
      return error.map((g, u) => (a[u] as number) * (g - mean));
    }
  }
}
