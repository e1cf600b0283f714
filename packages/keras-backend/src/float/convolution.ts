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

/** Runs of values that lie alike in an image and in a row: place in both, and length. */
function runsOf(windows: Windows): Int32Array {
  const { channels } = windows;
  const places = placesOf(windows);
  const runs: number[] = [];
  let [imageEnd, windowEnd] = [-1, -1];
  for (let p = 0; p < places.length; p += 2) {
    const [imageAt, windowAt] = [places[p] as number, places[p + 1] as number];
    if (imageAt === imageEnd && windowAt === windowEnd) {
      runs[runs.length - 1] = (runs.at(-1) as number) + channels;
    } else runs.push(imageAt, windowAt, channels);
    [imageEnd, windowEnd] = [imageAt + channels, windowAt + channels];
  }
  return Int32Array.from(runs);
}

function gather(
  runs: Int32Array,
  image: Float32Array,
  from: number,
  rows: Float32Array,
  to: number,
): void {
  for (let r = 0; r < runs.length; r += 3) {
    const source = from + (runs[r] as number);
    const target = to + (runs[r + 1] as number);
    const length = runs[r + 2] as number;
    for (let i = 0; i < length; i++) rows[target + i] = image[source + i] as number;
  }
}

function scatter(
  runs: Int32Array,
  rows: Float32Array,
  from: number,
  image: Float32Array,
  to: number,
): void {
  for (let r = 0; r < runs.length; r += 3) {
    const target = to + (runs[r] as number);
    const source = from + (runs[r + 1] as number);
    const length = runs[r + 2] as number;
    for (let i = 0; i < length; i++) {
      image[target + i] = (image[target + i] as number) + (rows[source + i] as number);
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
  const runs = runsOf(windows);
  const room = new Float32Array(Math.min(together, samples) * positions * window);
  let laidOutFrom = -1;
  /** Windows of some samples; what lies beyond the edges stays 0. Laid out once where all have room. */
  const laidOut = (first: number, count: number): Float32Array => {
    for (let s = 0; s < count && laidOutFrom !== first; s++) {
      gather(runs, input.data, (first + s) * image, room, s * positions * window);
    }
    laidOutFrom = first;
    return room.subarray(0, count * positions * window);
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
        scatter(runs, rows, s * positions * window, byImage, (first + s) * image);
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
