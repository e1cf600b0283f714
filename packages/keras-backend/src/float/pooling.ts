/** Pools in float32. */
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { poolingAxes } from '../layers/kinds/pooling.js';
import { type Compute, only } from './compute.js';
import { neverRefuses, withChannelsLast } from './convolution.js';
import { placesOf, sizesOf, windowsOf } from './windows.js';

type PoolingLayer = LayerOf<
  (typeof KINDS)['MaxPooling1D' | 'MaxPooling2D' | 'AveragePooling1D' | 'AveragePooling2D']
>;

/** The windows of a pool as pairs of places: in the image, and in the outputs. */
function poolWindows(layer: PoolingLayer, shape: readonly number[]) {
  const { axes, channels } = poolingAxes(layer as never, shape.slice(1), neverRefuses);
  const windows = windowsOf(axes, channels);
  const { image, positions, window } = sizesOf(windows);
  const places = placesOf(windows);
  for (let p = 1; p < places.length; p += 2) {
    places[p] = Math.floor((places[p] as number) / window) * channels;
  }
  const sizes = axes.map(({ output }) => output);
  return { image, outputs: positions * channels, channels, places, sizes };
}

const maximumLast: Compute<PoolingLayer> = (layer, inputs, _, { matrices, room }) => {
  const { kernels } = matrices;
  const { data, shape } = only(inputs);
  const { axes, channels } = poolingAxes(layer as never, shape.slice(1), neverRefuses);
  const { rows, columns } = windowsOf(axes, channels);
  const samples = shape[0] as number;
  const values = room(samples * rows.output * columns.output * channels);
  const [images, out, from] = kernels.room(data.length, values.length, values.length);
  images.set(data);
  kernels.functions.poolMaximum(
    images.byteOffset,
    out.byteOffset,
    from.byteOffset,
    samples,
    rows.input,
    columns.input,
    channels,
    rows.output,
    columns.output,
    rows.kernel,
    columns.kernel,
    rows.stride,
    columns.stride,
    rows.before,
    columns.before,
  );
  values.set(out);
  // Places are whole numbers; as floats they would be changed where they look like signalling NaN.
  const places = new Int32Array(from.buffer, from.byteOffset, from.length).slice();
  return {
    output: { data: values, shape: [samples, ...axes.map(({ output }) => output), channels] },
    backward: (gradient) => {
      const [slopes, sources, sums] = kernels.room(values.length, values.length, data.length);
      slopes.set(gradient);
      new Int32Array(sources.buffer, sources.byteOffset, sources.length).set(places);
      sums.fill(0);
      kernels.functions.pooledGradient(
        slopes.byteOffset,
        sources.byteOffset,
        sums.byteOffset,
        values.length,
      );
      const result = room(data.length);
      result.set(sums);
      return { inputs: [result], weights: [] };
    },
  };
};

const averageLast: Compute<PoolingLayer> = (layer, inputs) => {
  const { data, shape } = only(inputs);
  const { image, outputs, channels, places, sizes } = poolWindows(layer, shape);
  const samples = shape[0] as number;
  const counts = new Float32Array(outputs);
  for (let p = 1; p < places.length; p += 2) {
    const to = places[p] as number;
    for (let c = 0; c < channels; c++) counts[to + c] = (counts[to + c] as number) + 1;
  }
  const values = new Float32Array(samples * outputs);
  for (let s = 0; s < samples; s++) {
    for (let p = 0; p < places.length; p += 2) {
      const from = s * image + (places[p] as number);
      const to = s * outputs + (places[p + 1] as number);
      for (let c = 0; c < channels; c++) {
        values[to + c] = (values[to + c] as number) + (data[from + c] as number);
      }
    }
  }
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] as number) / (counts[i % outputs] as number);
  }
  return {
    output: { data: values, shape: [samples, ...sizes, channels] },
    backward: (gradient) => {
      const result = new Float32Array(data.length);
      for (let s = 0; s < samples; s++) {
        for (let p = 0; p < places.length; p += 2) {
          const at = s * image + (places[p] as number);
          const out = places[p + 1] as number;
          for (let c = 0; c < channels; c++) {
            const share = (gradient[s * outputs + out + c] as number) / (counts[out + c] as number);
            result[at + c] = (result[at + c] as number) + share;
          }
        }
      }
      return { inputs: [result], weights: [] };
    },
  };
};

/** Largest value of each window; the first of equals gets the gradient. */
export const maxPooling = withChannelsLast(maximumLast);

/** Mean of the values of each window that lie inside. */
export const averagePooling = withChannelsLast(averageLast);

type GlobalLayer = LayerOf<
  (typeof KINDS)[
    | 'GlobalAveragePooling1D'
    | 'GlobalAveragePooling2D'
    | 'GlobalMaxPooling1D'
    | 'GlobalMaxPooling2D']
>;

function globalShape(layer: GlobalLayer, shape: readonly number[]): number[] {
  const channels = shape.at(-1) as number;
  const kept = layer.keepdims ? shape.slice(1, -1).map(() => 1) : [];
  return [shape[0] as number, ...kept, channels];
}

/** Mean over everything but the channels. */
export const globalAverage: Compute<GlobalLayer> = withChannelsLast(
  (layer, inputs, _, { room }) => {
    const { data, shape } = only(inputs);
    const samples = shape[0] as number;
    const channels = shape.at(-1) as number;
    const size = data.length / samples;
    const positions = size / channels;
    const means = new Float64Array(samples * channels);
    for (let s = 0, i = 0; s < samples; s++) {
      for (let position = 0; position < positions; position++) {
        for (let out = s * channels; out < (s + 1) * channels; out++, i++) {
          means[out] = (means[out] as number) + (data[i] as number) / positions;
        }
      }
    }
    return {
      output: { data: Float32Array.from(means), shape: globalShape(layer, shape) },
      backward: (gradient) => {
        const shares = gradient.map((value) => value / positions);
        const result = room(data.length);
        for (let at = 0; at < result.length; at += channels) {
          const out = Math.floor(at / size) * channels;
          for (let c = 0; c < channels; c++) result[at + c] = shares[out + c] as number;
        }
        return { inputs: [result], weights: [] };
      },
    };
  },
);

/** Largest value over everything but the channels; the first of equals gets the gradient. */
export const globalMaximum: Compute<GlobalLayer> = withChannelsLast((layer, inputs) => {
  const { data, shape } = only(inputs);
  const channels = shape.at(-1) as number;
  const size = data.length / (shape[0] as number);
  const values = new Float32Array((shape[0] as number) * channels).fill(Number.NEGATIVE_INFINITY);
  const sources = new Int32Array(values.length);
  for (const [i, value] of data.entries()) {
    const out = Math.floor(i / size) * channels + (i % channels);
    if (value > (values[out] as number)) {
      values[out] = value;
      sources[out] = i;
    }
  }
  return {
    output: { data: values, shape: globalShape(layer, shape) },
    backward: (gradient) => {
      const result = new Float32Array(data.length);
      for (const [i, source] of sources.entries()) result[source] = gradient[i] as number;
      return { inputs: [result], weights: [] };
    },
  };
});
