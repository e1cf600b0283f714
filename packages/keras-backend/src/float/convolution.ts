/** Convolutions in float32: windows are laid out as rows of a matrix, then multiplied by the kernel. */
import { convolutionAxes, type WindowConfig } from '../layers/kinds/convolution.js';
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf, Refuse } from '../layers/kinds/kind.js';
import type { WindowAxis } from '../layers/kinds/spatial.js';
import { throughActivation } from './activations.js';
import { channelsLastOrder, inverseOrder, transpose } from './axes.js';
import { type Backward, type Compute, type Computed, only } from './compute.js';
import { addBias, columnSums } from './dense.js';

/** Values of windows that are laid out at a time: 16 MiB. */
const MOST_WINDOW_VALUES = 2 ** 22;

/** How windows lie over images; a sequence has one row. */
export interface Windows {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
}

/** Shapes were checked when the graph was made. */
export const neverRefuses: Refuse = (reason) => {
  throw new RangeError(reason);
};

const ONE_ROW: WindowAxis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0 };

/** Rows and columns of the axes of an image or a sequence. */
export function windowsOf(axes: readonly WindowAxis[], channels: number): Windows {
  const [rows, columns] = axes.length === 1 ? [ONE_ROW, axes[0]] : axes;
  return { rows: rows as WindowAxis, columns: columns as WindowAxis, channels };
}

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

/** Calls `visit` for each window position that lies inside: where it is in the image, and in the row of the window. */
function eachPosition(
  { rows, columns, channels }: Windows,
  visit: (imageAt: number, windowAt: number) => void,
): void {
  const size = rows.kernel * columns.kernel * channels;
  let windowAt = 0;
  for (let r = 0; r < rows.output; r++) {
    for (let c = 0; c < columns.output; c++, windowAt += size) {
      let at = windowAt;
      for (let i = 0; i < rows.kernel; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        for (let j = 0; j < columns.kernel; j++, at += channels) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (row < 0 || row >= rows.input || column < 0 || column >= columns.input) continue;
          visit((row * columns.input + column) * channels, at);
        }
      }
    }
  }
}

/** Sizes of one sample. */
export function sizesOf({ rows, columns, channels }: Windows) {
  const positions = rows.output * columns.output;
  const window = rows.kernel * columns.kernel * channels;
  return { image: rows.input * columns.input * channels, positions, window };
}

/** The places of a window in an image and in its row, in pairs; computed once for all samples. */
export function placesOf(windows: Windows): Int32Array {
  const places: number[] = [];
  eachPosition(windows, (imageAt, windowAt) => places.push(imageAt, windowAt));
  return Int32Array.from(places);
}

function gather(
  places: Int32Array,
  channels: number,
  image: Float32Array,
  from: number,
  rows: Float32Array,
  to: number,
): void {
  for (let p = 0; p < places.length; p += 2) {
    const source = from + (places[p] as number);
    const target = to + (places[p + 1] as number);
    for (let c = 0; c < channels; c++) rows[target + c] = image[source + c] as number;
  }
}

function scatter(
  places: Int32Array,
  channels: number,
  rows: Float32Array,
  from: number,
  image: Float32Array,
  to: number,
): void {
  for (let p = 0; p < places.length; p += 2) {
    const target = to + (places[p] as number);
    const source = from + (places[p + 1] as number);
    for (let c = 0; c < channels; c++) {
      image[target + c] = (image[target + c] as number) + (rows[source + c] as number);
    }
  }
}

type ConvolutionLayer = LayerOf<(typeof KINDS)['Conv1D' | 'Conv2D']>;

const convolutionLast: Compute<ConvolutionLayer> = (layer, inputs, weights, pass) => {
  const { matrices, inputGradients } = pass;
  const input = only(inputs);
  const { axes, channels } = convolutionAxes(
    layer as WindowConfig,
    input.shape.slice(1),
    neverRefuses,
  );
  const windows = windowsOf(axes, channels);
  const { image, positions, window } = sizesOf(windows);
  const { filters, useBias, activation } = layer;
  const [kernel, bias] = weights as [Float32Array, Float32Array];
  const samples = input.shape[0] as number;
  const together = Math.max(1, Math.floor(MOST_WINDOW_VALUES / (positions * window)));
  const places = placesOf(windows);
  const laidOut = (first: number, count: number): Float32Array => {
    const rows = new Float32Array(count * positions * window);
    for (let s = 0; s < count; s++) {
      gather(places, channels, input.data, (first + s) * image, rows, s * positions * window);
    }
    return rows;
  };
  const z = new Float32Array(samples * positions * filters);
  for (let first = 0; first < samples; first += together) {
    const count = Math.min(together, samples - first);
    const m = count * positions;
    const out = z.subarray(first * positions * filters, (first + count) * positions * filters);
    matrices.multiplyAdd({ a: laidOut(first, count), b: kernel, m, n: filters, k: window }, out);
  }
  if (useBias) addBias(z, bias);
  const below: Backward = (gradient) => {
    const byImage = new Float32Array(input.data.length);
    const byKernel = new Float32Array(kernel.length);
    for (let first = 0; first < samples; first += together) {
      const count = Math.min(together, samples - first);
      const m = count * positions;
      const part = gradient.subarray(
        first * positions * filters,
        (first + count) * positions * filters,
      );
      const a = laidOut(first, count);
      matrices.multiplyAdd(
        { a, aTransposed: true, b: part, m: window, n: filters, k: m },
        byKernel,
      );
      if (!inputGradients) continue;
      const rows = matrices.multiply({
        a: part,
        b: kernel,
        bTransposed: true,
        m,
        n: window,
        k: filters,
      });
      for (let s = 0; s < count; s++) {
        scatter(places, channels, rows, s * positions * window, byImage, (first + s) * image);
      }
    }
    return {
      inputs: inputGradients ? [byImage] : [],
      weights: [byKernel, ...(useBias ? [columnSums(gradient, filters)] : [])],
    };
  };
  const { values, ...way } = throughActivation(activation, z, filters, below);
  const outputs = axes.map(({ output }) => output);
  return { output: { data: values, shape: [samples, ...outputs, filters] }, ...way };
};

/** Conv1D and Conv2D. An activation of softmax is over the filters. */
export const convolution = withChannelsLast(convolutionLast);

type DepthwiseLayer = LayerOf<(typeof KINDS)['DepthwiseConv2D']>;

const depthwiseLast: Compute<DepthwiseLayer> = (layer, inputs, weights) => {
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
      weights: [byKernel, ...(useBias ? [columnSums(gradient, outputs)] : [])],
    };
  };
  const { values, ...way } = throughActivation(activation, z, outputs, below);
  const sizes = axes.map(({ output }) => output);
  return { output: { data: values, shape: [samples, ...sizes, outputs] }, ...way };
};

/** DepthwiseConv2D: output `channel * multiplier + i` comes from that channel alone. */
export const depthwiseConvolution = withChannelsLast(depthwiseLast);
