/** Layers that move values, in float32: values forwards along a map of places, gradients backwards. */
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { channelsLastOrder, inverseOrder, transpose } from './axes.js';
import { type BatchTensor, type Compute, type Computed, only } from './compute.js';
import { withChannelsLast } from './convolution.js';

type Of<Name extends keyof typeof KINDS> = LayerOf<(typeof KINDS)[Name]>;

function reshaped(input: BatchTensor, shape: readonly number[]): Computed {
  return {
    output: { data: input.data, shape },
    backward: (gradient) => ({ inputs: [gradient], weights: [] }),
  };
}

function permuted(input: BatchTensor, order: readonly number[]): Computed {
  const output = transpose(input, order);
  const back = inverseOrder(order);
  return {
    output,
    backward: (gradient) => ({
      inputs: [transpose({ data: gradient, shape: output.shape }, back).data],
      weights: [],
    }),
  };
}

/** Flatten, channels last. */
export const flatten: Compute<Of<'Flatten'>> = ({ dataFormat }, inputs) => {
  const input = only(inputs);
  const [samples = 0, ...sample] = input.shape;
  const shape = [samples, sizeOf(sample)];
  if (dataFormat === 'channels_last' || sample.length < 2) return reshaped(input, shape);
  const { output, backward } = permuted(input, channelsLastOrder(input.shape.length));
  return { output: { data: output.data, shape }, backward };
};

/** Reshape. */
export const reshape: Compute<Of<'Reshape'>> = ({ targetShape }, inputs) => {
  const input = only(inputs);
  const [samples = 0, ...sample] = input.shape;
  const known = sizeOf(targetShape.filter((size) => size !== -1));
  const sizes = targetShape.map((size) => (size === -1 ? sizeOf(sample) / known : size));
  return reshaped(input, [samples, ...sizes]);
};

/** Permute. */
export const permute: Compute<Of<'Permute'>> = ({ dims }, inputs) =>
  permuted(only(inputs), [0, ...dims]);

/** Values of one sample by where each is taken from; -1 is a zero. */
function moved(input: BatchTensor, sources: Int32Array, shape: readonly number[]): Computed {
  const samples = input.shape[0] as number;
  const size = input.data.length / samples;
  const data = new Float32Array(samples * sources.length);
  for (let s = 0; s < samples; s++) {
    for (const [i, source] of sources.entries()) {
      if (source >= 0) data[s * sources.length + i] = input.data[s * size + source] as number;
    }
  }
  return {
    output: { data, shape: [samples, ...shape] },
    backward: (gradient) => {
      const result = new Float32Array(input.data.length);
      for (let s = 0; s < samples; s++) {
        for (const [i, source] of sources.entries()) {
          const at = s * size + source;
          if (source < 0) continue;
          result[at] = (result[at] as number) + (gradient[s * sources.length + i] as number);
        }
      }
      return { inputs: [result], weights: [] };
    },
  };
}

/** The places that an image of other rows and columns takes its values from. */
function imageSources(
  rows: number,
  columns: number,
  channels: number,
  source: (row: number, column: number) => number,
): Int32Array {
  const sources = new Int32Array(rows * columns * channels);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = source(row, column);
      for (let c = 0; c < channels; c++, at++) sources[at] = from < 0 ? -1 : from * channels + c;
    }
  }
  return sources;
}

const inside = (place: number, size: number): boolean => place >= 0 && place < size;

/** ZeroPadding1D. */
export const zeroPadding1d: Compute<Of<'ZeroPadding1D'>> = withChannelsLast(
  ({ padding: [before, after] }, inputs) => {
    const input = only(inputs);
    const [, steps = 0, channels = 0] = input.shape;
    const size = steps + before + after;
    const sources = imageSources(1, size, channels, (_, step) =>
      inside(step - before, steps) ? step - before : -1,
    );
    return moved(input, sources, [size, channels]);
  },
);

/** ZeroPadding2D. */
export const zeroPadding2d: Compute<Of<'ZeroPadding2D'>> = withChannelsLast(
  ({ padding: [[top, bottom], [left, right]] }, inputs) => {
    const input = only(inputs);
    const [, rows = 0, columns = 0, channels = 0] = input.shape;
    const [height, width] = [rows + top + bottom, columns + left + right];
    const sources = imageSources(height, width, channels, (row, column) =>
      inside(row - top, rows) && inside(column - left, columns)
        ? (row - top) * columns + column - left
        : -1,
    );
    return moved(input, sources, [height, width, channels]);
  },
);

/** UpSampling1D. */
export const upSampling1d: Compute<Of<'UpSampling1D'>> = ({ size }, inputs) => {
  const input = only(inputs);
  const [, steps = 0, channels = 0] = input.shape;
  const sources = imageSources(1, steps * size, channels, (_, step) => Math.floor(step / size));
  return moved(input, sources, [steps * size, channels]);
};

/** UpSampling2D. */
export const upSampling2d: Compute<Of<'UpSampling2D'>> = withChannelsLast((layer, inputs) => {
  const input = only(inputs);
  const [, rows = 0, columns = 0, channels = 0] = input.shape;
  const [down, right] = layer.size;
  if (layer.interpolation === 'bilinear') return bilinear(input, down, right);
  const sources = imageSources(rows * down, columns * right, channels, (row, column) => {
    return Math.floor(row / down) * columns + Math.floor(column / right);
  });
  return moved(input, sources, [rows * down, columns * right, channels]);
});

/** Between which two places a place of a larger axis lies, and how near to the second; centres of pixels meet. */
function between(place: number, factor: number, size: number): [number, number, number] {
  const at = Math.max(0, (place + 0.5) / factor - 0.5);
  const low = Math.min(size - 1, Math.floor(at));
  return [low, Math.min(size - 1, low + 1), at - low];
}

function bilinear(input: BatchTensor, down: number, right: number): Computed {
  const [samples = 0, rows = 0, columns = 0, channels = 0] = input.shape;
  const [height, width] = [rows * down, columns * right];
  const size = rows * columns * channels;
  /** Calls `visit` for each value, where it comes from, and with which share. */
  const eachShare = (visit: (out: number, from: number, share: number) => void) => {
    for (let s = 0, out = 0; s < samples; s++) {
      for (let row = 0; row < height; row++) {
        const [top, bottom, lower] = between(row, down, rows);
        for (let column = 0; column < width; column++) {
          const [left, end, farther] = between(column, right, columns);
          for (let c = 0; c < channels; c++, out++) {
            const place = (r: number, at: number) => s * size + (r * columns + at) * channels + c;
            visit(out, place(top, left), (1 - lower) * (1 - farther));
            visit(out, place(top, end), (1 - lower) * farther);
            visit(out, place(bottom, left), lower * (1 - farther));
            visit(out, place(bottom, end), lower * farther);
          }
        }
      }
    }
  };
  const data = new Float32Array(samples * height * width * channels);
  eachShare((out, from, share) => {
    data[out] = (data[out] as number) + share * (input.data[from] as number);
  });
  return {
    output: { data, shape: [samples, height, width, channels] },
    backward: (gradient) => {
      const result = new Float32Array(input.data.length);
      eachShare((out, from, share) => {
        result[from] = (result[from] as number) + share * (gradient[out] as number);
      });
      return { inputs: [result], weights: [] };
    },
  };
}
