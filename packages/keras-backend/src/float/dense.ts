/** Dense layers in float32. */
import type { DenseLayer } from '../layers/layers.js';
import { throughActivation } from './activations.js';
import { columnSums } from './columns.js';
import { type Backward, type Compute, only } from './compute.js';

/** Adds a bias to each row of values. */
export function addBias(values: Float32Array, bias: Float32Array): void {
  for (let i = 0; i < values.length; ) {
    for (let unit = 0; unit < bias.length; unit++, i++) {
      values[i] = (values[i] as number) + (bias[unit] as number);
    }
  }
}

/** `activation(inputs * kernel + bias)` over the last axis. */
export const dense: Compute<DenseLayer> = (layer, inputs, weights, pass) => {
  const { matrices, inputGradients, room } = pass;
  const { data, shape } = only(inputs);
  const { units, useBias, activation } = layer;
  const [kernel, bias] = weights as [Float32Array, Float32Array];
  const k = shape.at(-1) as number;
  const m = data.length / k;
  const z = matrices.multiply(
    {
      a: data,
      b: kernel,
      bias: useBias ? bias : undefined,
      m,
      n: units,
      k,
    },
    room(m * units),
  );
  const below: Backward = (gradient) => {
    const byKernel = new Float32Array(kernel.length);
    matrices.addCorrelation(data, gradient, byKernel, m);
    return {
      inputs: inputGradients
        ? [
            matrices.multiply(
              { a: gradient, b: kernel, bTransposed: true, m, n: k, k: units },
              room(m * k),
            ),
          ]
        : [],
      weights: [byKernel, ...(useBias ? [columnSums(matrices.kernels, gradient, units)] : [])],
    };
  };
  const { values, ...way } = throughActivation(activation, z, units, below, pass);
  return { output: { data: values, shape: [...shape.slice(0, -1), units] }, ...way };
};
