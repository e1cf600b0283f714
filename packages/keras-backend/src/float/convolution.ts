/** Convolutions in float32. */
import { convolutionAxes, type WindowConfig } from '../layers/kinds/convolution.js';
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf, Refuse } from '../layers/kinds/kind.js';
import { throughActivation } from './activations.js';
import { channelsLastOrder, inverseOrder, transpose } from './axes.js';
import { columnSums } from './columns.js';
import { type Backward, type Compute, type Computed, only } from './compute.js';
import { addBias } from './dense.js';
import { WindowProducts } from './window-products.js';
import { placesOf, sizesOf, windowsOf } from './windows.js';

/** Shapes were checked when the graph was made. */
export const neverRefuses: Refuse = (reason) => {
  throw new RangeError(reason);
};

/** Computes with channels last whatever the layer says. */
export function withChannelsLast<Layer extends { readonly dataFormat: string }>(
  compute: Compute<Layer>,
): Compute<Layer> {
  return (layer, inputs, weights, pass) => {
    if (layer.dataFormat === 'channels_last') return compute(layer, inputs, weights, pass);
    const input = only(inputs);
    const order = channelsLastOrder(input.shape.length);
    const inner = { ...layer, dataFormat: 'channels_last' };
    const result = compute(inner, [transpose(input, order)], weights, pass);
    return inOrder(result, input.shape, order);
  };
}

/** A result whose input and output were brought into another order of axes, brought back. */
export function inOrder(
  { output, backward }: Computed,
  shape: readonly number[],
  order: readonly number[],
): Computed {
  const back = inverseOrder(order);
  const moved = order.map((axis) => shape[axis] as number);
  if (output.shape.length !== order.length) {
    return {
      output,
      backward: (gradient) => {
        const { inputs, weights } = backward(gradient);
        return {
          inputs: inputs.map((data) => transpose({ data, shape: moved }, back).data),
          weights,
        };
      },
    };
  }
  const result = transpose(output, back);
  return {
    output: result,
    backward: (gradient) => {
      const { data } = transpose({ data: gradient, shape: result.shape }, order);
      const { inputs, weights } = backward(data);
      return {
        inputs: inputs.map((data) => transpose({ data, shape: moved }, back).data),
        weights,
      };
    },
  };
}

type ConvolutionLayer = LayerOf<(typeof KINDS)['Conv1D' | 'Conv2D']>;

const convolutionLast: Compute<ConvolutionLayer> = (layer, inputs, weights, pass) => {
  const input = only(inputs);
  const { axes, channels } = convolutionAxes(
    layer as WindowConfig,
    input.shape.slice(1),
    neverRefuses,
  );
  const { filters, useBias, activation } = layer;
  const [kernel, bias] = weights as [Float32Array, Float32Array];
  const samples = input.shape[0] as number;
  const products = new WindowProducts(pass.matrices.kernels, windowsOf(axes, channels), filters);
  const z = pass.room(samples * products.outputs);
  products.multiply(input.data, kernel, useBias ? bias : undefined, z);
  const below: Backward = (gradient) => ({
    inputs: pass.inputGradients
      ? [products.byImages(gradient, kernel, pass.room(input.data.length))]
      : [],
    weights: [
      products.byKernel(input.data, gradient),
      ...(useBias ? [columnSums(pass.matrices.kernels, gradient, filters)] : []),
    ],
  });
  const { values, ...way } = throughActivation(activation, z, filters, below, pass);
  const outputs = axes.map(({ output }) => output);
  return { output: { data: values, shape: [samples, ...outputs, filters] }, ...way };
};

/** Conv1D and Conv2D. An activation of softmax is over the filters. */
export const convolution = withChannelsLast(convolutionLast);

type DepthwiseLayer = LayerOf<(typeof KINDS)['DepthwiseConv2D']>;

const depthwiseLast: Compute<DepthwiseLayer> = (layer, inputs, weights, pass) => {
  const input = only(inputs);
  const { axes, channels } = convolutionAxes(
    layer as WindowConfig,
    input.shape.slice(1),
    neverRefuses,
  );
  const windows = windowsOf(axes, channels);
  const { image, positions, window } = sizesOf(windows);
  const { depthMultiplier: multiplier, useBias, activation } = layer;
  const [kernel, bias] = weights as [Float32Array, Float32Array];
  const outputs = channels * multiplier;
  const samples = input.shape[0] as number;
  const places = placesOf(windows);
  /** Calls `visit` with places of an input, a weight and an output that belong together. */
  const eachProduct = (visit: (at: number, weight: number, out: number) => void) => {
    for (let s = 0; s < samples; s++) {
      for (let p = 0; p < places.length; p += 2) {
        const windowAt = places[p + 1] as number;
        const at = s * image + (places[p] as number);
        const weight = (windowAt % window) * multiplier;
        const out = (s * positions + Math.floor(windowAt / window)) * outputs;
        for (let o = 0; o < outputs; o++) {
          visit(at + Math.floor(o / multiplier), weight + o, out + o);
        }
      }
    }
  };
  const z = new Float32Array(samples * positions * outputs);
  eachProduct((at, weight, out) => {
    z[out] = (z[out] as number) + (input.data[at] as number) * (kernel[weight] as number);
  });
  if (useBias) addBias(z, bias);
  const below: Backward = (gradient) => {
    const byImage = new Float32Array(input.data.length);
    const byKernel = new Float32Array(kernel.length);
    eachProduct((at, weight, out) => {
      const slope = gradient[out] as number;
      byImage[at] = (byImage[at] as number) + slope * (kernel[weight] as number);
      byKernel[weight] = (byKernel[weight] as number) + slope * (input.data[at] as number);
    });
    return {
      inputs: [byImage],
      weights: [
        byKernel,
        ...(useBias ? [columnSums(pass.matrices.kernels, gradient, outputs)] : []),
      ],
    };
  };
  const { values, ...way } = throughActivation(activation, z, outputs, below);
  const sizes = axes.map(({ output }) => output);
  return { output: { data: values, shape: [samples, ...sizes, outputs] }, ...way };
};

/** DepthwiseConv2D: output `channel * multiplier + i` comes from that channel alone. */
export const depthwiseConvolution = withChannelsLast(depthwiseLast);
