/** Activations in float32 and their derivatives, as keras.activations defines them. */
import type { ActivationName } from '../layers/activations.js';
import type { Backward, Logits, Pass } from './compute.js';

/** A function of one value, and its derivative by what went in (`x`) and came out (`y`). */
interface Elementwise {
  readonly value: (x: number) => number;
  readonly slope: (y: number, x: number) => number;
}

/** Constants of self-normalising networks (Klambauer et al. 2017), as Keras has them. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const sigmoid = (x: number): number => {
  const power = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + power) : power / (1 + power);
};

/** The error function by its series, whose terms are all positive; beyond 5 it is 1 to 1e-11. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 5) return Math.sign(x);
  let term = size;
  let sum = size;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * size * size) / (2 * n + 1);
    sum += term;
  }
  return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
}

const normalShare = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;

/** relu with a slope below 0. */
export const leaky = (slope: number): Elementwise => ({
  value: (x) => (x > 0 ? x : slope * x),
  slope: (_, x) => (x > 0 ? 1 : slope),
});

/** Exponential linear unit. */
export const exponentialLinear = (alpha: number, scale = 1): Elementwise => ({
  value: (x) => (x > 0 ? scale * x : scale * alpha * Math.expm1(x)),
  slope: (y, x) => (x > 0 ? scale : y + scale * alpha),
});

const ELEMENTWISE: Readonly<Record<Exclude<ActivationName, 'softmax'>, Elementwise>> = {
  linear: { value: (x) => x, slope: () => 1 },
  relu: { value: (x) => Math.max(0, x), slope: (y) => (y > 0 ? 1 : 0) },
  relu6: {
    value: (x) => Math.min(6, Math.max(0, x)),
    slope: (y) => (y > 0 && y < 6 ? 1 : 0),
  },
  sigmoid: { value: sigmoid, slope: (y) => y * (1 - y) },
  hard_sigmoid: {
    value: (x) => Math.min(6, Math.max(0, x + 3)) / 6,
    slope: (_, x) => (x > -3 && x < 3 ? 1 / 6 : 0),
  },
  hard_sigmoid_keras2: {
    value: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
    slope: (_, x) => (x > -2.5 && x < 2.5 ? 0.2 : 0),
  },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y },
  elu: exponentialLinear(1),
  selu: exponentialLinear(SELU_ALPHA, SELU_SCALE),
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (_, x) => sigmoid(x),
  },
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (_, x) => (1 + Math.abs(x)) ** -2 },
  swish: {
    value: (x) => x * sigmoid(x),
    slope: (_, x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  gelu: {
    value: (x) => x * normalShare(x),
    slope: (_, x) => normalShare(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  },
  exponential: { value: Math.exp, slope: (y) => y },
};

/** Values with the way back through the function that made them. */
export interface Activated {
  readonly values: Float32Array;
  /** The gradient by what went in. */
  gradient(byOutputs: Float32Array): Float32Array;
}

/** Values above 0. */
export function rectify(x: Float32Array, { matrices, room }: Pass): Activated {
  const { kernels } = matrices;
  const values = room(x.length);
  const [from, to] = kernels.room(x.length, x.length);
  from.set(x);
  kernels.functions.rectify(from.byteOffset, to.byteOffset, x.length);
  values.set(to);
  return {
    values,
    gradient: (byOutputs) => {
      const result = room(x.length);
      const [own, slopes, out] = kernels.room(x.length, x.length, x.length);
      own.set(values);
      slopes.set(byOutputs);
      kernels.functions.rectifiedGradient(
        own.byteOffset,
        slopes.byteOffset,
        out.byteOffset,
        x.length,
      );
      result.set(out);
      return result;
    },
  };
}

/** Applies a function to every value. */
export function activateEach({ value, slope }: Elementwise, x: Float32Array): Activated {
  const values = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) values[i] = value(x[i] as number);
  return {
    values,
    gradient: (byOutputs) => {
      const result = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        result[i] = (byOutputs[i] as number) * slope(values[i] as number, x[i] as number);
      }
      return result;
    },
  };
}

/** Softmax over each run of `size` values. */
export function softmax(x: Float32Array, size: number): Activated {
  const values = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += size) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = from; i < from + size; i++) largest = Math.max(largest, x[i] as number);
    let sum = 0;
    for (let i = from; i < from + size; i++) sum += Math.exp((x[i] as number) - largest);
    for (let i = from; i < from + size; i++) {
      values[i] = Math.exp((x[i] as number) - largest) / sum;
    }
  }
  return {
    values,
    gradient: (byOutputs) => {
      const result = new Float32Array(x.length);
      for (let from = 0; from < x.length; from += size) {
        let mean = 0;
        for (let i = from; i < from + size; i++) {
          mean += (byOutputs[i] as number) * (values[i] as number);
        }
        for (let i = from; i < from + size; i++) {
          result[i] = (values[i] as number) * ((byOutputs[i] as number) - mean);
        }
      }
      return result;
    },
  };
}

/**
 * Applies an activation.
 *
 * @param size length of the last axis, which softmax sums over
 * @param pass has faster means for some of them
 */
export function activate(
  name: ActivationName,
  x: Float32Array,
  size: number,
  pass?: Pass,
): Activated {
  if (name === 'linear') return { values: x, gradient: (byOutputs) => byOutputs };
  if (name === 'relu' && pass) return rectify(x, pass);
  return name === 'softmax' ? softmax(x, size) : activateEach(ELEMENTWISE[name], x);
}

/** The way back through an activation and what lies below it; and, for cross-entropies, around it. */
export function throughActivation(
  name: ActivationName,
  x: Float32Array,
  size: number,
  below: Backward,
  pass?: Pass,
): { values: Float32Array; backward: Backward; logits?: Logits } {
  const { values, gradient } = activate(name, x, size, pass);
  const backward: Backward = (byOutputs) => below(gradient(byOutputs));
  if (name !== 'softmax' && name !== 'sigmoid') return { values, backward };
  return { values, backward, logits: { activation: name, values: x, backward: below } };
}
