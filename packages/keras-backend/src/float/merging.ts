/** Layers that make one tensor of several, in float32. */
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { sampleAxis } from '../layers/kinds/merging.js';
import type { BatchTensor, Compute, Computed, Pass } from './compute.js';

type ElementwiseName = 'Add' | 'Subtract' | 'Multiply' | 'Average' | 'Maximum' | 'Minimum';
type ElementwiseLayer = LayerOf<(typeof KINDS)[ElementwiseName]>;

/** For each value of the result, which value of an input goes into it; undefined where they lie alike. */
function sourcesOf(input: BatchTensor, shape: readonly number[]): Int32Array | undefined {
  if (input.data.length === sizeOf(shape)) return undefined;
  const rank = shape.length;
  const [samples = 0, ...sample] = input.shape;
  const wide = [samples, ...new Array(rank - input.shape.length).fill(1), ...sample];
  const sources = new Int32Array(sizeOf(shape));
  for (let i = 0; i < sources.length; i++) {
    let [rest, place, stride] = [i, 0, 1];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const size = wide[axis] as number;
      if (size > 1) place += (rest % (shape[axis] as number)) * stride;
      stride *= size;
      rest = Math.floor(rest / (shape[axis] as number));
    }
    sources[i] = place;
  }
  return sources;
}

/** Shape of the result, by the samples' axes from the last to the first. */
function commonShape(inputs: readonly BatchTensor[]): number[] {
  const samples = inputs[0]?.shape[0] as number;
  const sizes: number[] = [];
  for (const { shape } of inputs) {
    for (const [place, size] of shape.slice(1).reverse().entries()) {
      sizes[place] = Math.max(sizes[place] ?? 1, size);
    }
  }
  return [samples, ...sizes.reverse()];
}

/** The share of each input in one value of the result, and in its gradient. */
interface Combination {
  /** Combines the values that meet. */
  value(values: Float64Array): number;
  /** Derivative of the value by input `index`. */
  slope(values: Float64Array, index: number): number;
}

const firstOf = (values: Float64Array, wanted: number): number => values.indexOf(wanted);

const COMBINATIONS: Readonly<Record<ElementwiseName, Combination>> = {
  Add: { value: (values) => values.reduce((sum, each) => sum + each, 0), slope: () => 1 },
  Subtract: {
    value: (values) => (values[0] as number) - (values[1] as number),
    slope: (_, index) => (index === 0 ? 1 : -1),
  },
  Multiply: {
    value: (values) => values.reduce((product, each) => product * each, 1),
    slope: (values, index) =>
      values.reduce((product, each, other) => (other === index ? product : product * each), 1),
  },
  Average: {
    value: (values) => values.reduce((sum, each) => sum + each, 0) / values.length,
    slope: ({ length }) => 1 / length,
  },
  Maximum: {
    value: (values) => Math.max(...values),
    slope: (values, index) => (firstOf(values, Math.max(...values)) === index ? 1 : 0),
  },
  Minimum: {
    value: (values) => Math.min(...values),
    slope: (values, index) => (firstOf(values, Math.min(...values)) === index ? 1 : 0),
  },
};

/** Add, Subtract, Multiply, Average, Maximum and Minimum; of equal values, the first gets the gradient. */
export const elementwise: Compute<ElementwiseLayer> = ({ className }, inputs, _, pass) => {
  const { value, slope } = COMBINATIONS[className];
  const shape = commonShape(inputs);
  const sources = inputs.map((input) => sourcesOf(input, shape));
  if (className === 'Add' && sources.every((each) => each === undefined)) {
    return sumOf(inputs, pass);
  }
  const data = new Float32Array(sizeOf(shape));
  const values = new Float64Array(inputs.length);
  const take = (i: number) => {
    for (const [index, { data }] of inputs.entries()) {
      values[index] = data[sources[index]?.[i] ?? i] as number;
    }
  };
  for (let i = 0; i < data.length; i++) {
    take(i);
    data[i] = value(values);
  }
  return {
    output: { data, shape },
    backward: (gradient) => {
      const results = inputs.map((input) => new Float32Array(input.data.length));
      for (let i = 0; i < data.length; i++) {
        take(i);
        for (const [index, result] of results.entries()) {
          const at = sources[index]?.[i] ?? i;
          result[at] = (result[at] as number) + (gradient[i] as number) * slope(values, index);
        }
      }
      return { inputs: results, weights: [] };
    },
  };
};

/** Add of tensors that lie alike, as the ends of shortcuts do: most of what is ever merged. */
function sumOf(inputs: readonly BatchTensor[], { matrices, room }: Pass): Computed {
  const [{ data: first, shape }, ...others] = inputs as [BatchTensor, ...BatchTensor[]];
  const { kernels } = matrices;
  const data = room(first.length);
  const [sums, values] = kernels.room(first.length, first.length);
  sums.set(first);
  for (const { data: other } of others) {
    values.set(other);
    kernels.functions.addTo(sums.byteOffset, values.byteOffset, first.length);
  }
  data.set(sums);
  return {
    output: { data, shape: [...shape] },
    backward: (gradient) => ({ inputs: inputs.map(() => gradient), weights: [] }),
  };
}

/** Concatenate. */
export const concatenate: Compute<LayerOf<(typeof KINDS)['Concatenate']>> = (
  { axis },
  inputs,
): Computed => {
  const [first] = inputs as [BatchTensor];
  const at = 1 + (sampleAxis(axis, first.shape.length - 1) ?? 0);
  const total = inputs.reduce((sum, { shape }) => sum + (shape[at] as number), 0);
  const shape = first.shape.map((size, index) => (index === at ? total : size));
  const runs = sizeOf(first.shape.slice(0, at));
  const inner = sizeOf(first.shape.slice(at + 1));
  const lengths = inputs.map((input) => (input.shape[at] as number) * inner);
  const data = new Float32Array(sizeOf(shape));
  for (let run = 0, to = 0; run < runs; run++) {
    for (const [index, length] of lengths.entries()) {
      const { data: from } = inputs[index] as BatchTensor;
      data.set(from.subarray(run * length, (run + 1) * length), to);
      to += length;
    }
  }
  return {
    output: { data, shape },
    backward: (gradient) => {
      const results = inputs.map((input) => new Float32Array(input.data.length));
      for (let run = 0, from = 0; run < runs; run++) {
        for (const [index, length] of lengths.entries()) {
          results[index]?.set(gradient.subarray(from, from + length), run * length);
          from += length;
        }
      }
      return { inputs: results, weights: [] };
    },
  };
};
