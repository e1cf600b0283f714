/** Batch normalisation in float32; moments and sums of gradients are added up in float64. */
import type { KINDS } from '../layers/kinds/index.js';
import type { LayerOf } from '../layers/kinds/kind.js';
import { sampleAxis } from '../layers/kinds/merging.js';
import { axisLastOrder, transpose } from './axes.js';
import { columnSums, doubles, doublesSize, folded, periodOf, repeat } from './columns.js';
import { type Backward, type Compute, only } from './compute.js';
import { inOrder } from './convolution.js';
import type { Kernels } from './kernels.js';

type BatchNormalization = LayerOf<(typeof KINDS)['BatchNormalization']>;

/** BatchNormalization. While training, the moving averages among the weights are moved. */
export const batchNormalization: Compute<BatchNormalization> = (layer, inputs, weights, pass) => {
  const input = only(inputs);
  const rank = input.shape.length;
  const at = 1 + (sampleAxis(layer.axis, rank - 1) ?? 0);
  if (at === rank - 1) return normalise(layer, [input], weights, pass);
  const order = axisLastOrder(rank, at);
  return inOrder(normalise(layer, [transpose(input, order)], weights, pass), input.shape, order);
};

const normalise: Compute<BatchNormalization> = (layer, inputs, weights, pass) => {
  // As in Keras, a layer that is not to be trained uses its moving averages even in training.
  const training = pass.training && layer.trainable;
  const { kernels } = pass.matrices;
  const { data, shape } = only(inputs);
  const { scale, center, epsilon, momentum } = layer;
  const size = shape.at(-1) as number;
  const rows = data.length / size;
  const [movingMean, movingVariance] = weights.slice(-2) as [Float32Array, Float32Array];
  const gamma = scale ? (weights[0] as Float32Array) : new Float32Array(size).fill(1);
  const beta = center ? (weights[scale ? 1 : 0] as Float32Array) : new Float32Array(size);
  const { mean, variance } = training
    ? momentsOf(kernels, data, size)
    : { mean: Float64Array.from(movingMean), variance: Float64Array.from(movingVariance) };
  if (training) {
    moveTowards(movingMean, mean, momentum);
    moveTowards(movingVariance, variance, momentum);
  }
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  const factor = inverse.map((each, c) => each * (gamma[c] as number));
  const values = pass.room(data.length);
  writeNormalised(kernels, data, { mean, factor, beta }, values);
  const backward: Backward = (gradient) => {
    const byBeta = columnSums(kernels, gradient, size);
    const products = productsOf(kernels, gradient, data, mean);
    const byGamma = products.map((sum, c) => sum * (inverse[c] as number));
    const result = pass.room(data.length);
    const slopes = {
      mean,
      factor,
      common: byBeta.map((sum) => (training ? sum / rows : 0)),
      share: byGamma.map(
        (sum, c) => (training ? sum / rows : 0) * (inverse[c] as number) * (factor[c] as number),
      ),
    };
    writeGradient(kernels, gradient, data, slopes, result);
    return {
      inputs: [result],
      weights: [...(scale ? [Float32Array.from(byGamma)] : []), ...(center ? [byBeta] : [])],
    };
  };
  return { output: { data: values, shape }, backward };
};

/** Mean and variance (divided by the number of values) of each column. */
function momentsOf(kernels: Kernels, data: Float32Array, size: number) {
  const rows = data.length / size;
  const [x, first, second, third] = kernels.room(
    data.length,
    doublesSize(size),
    doublesSize(size),
    doublesSize(size),
  );
  x.set(data);
  const sums = doubles(first).fill(0);
  const { columnSums: addSums, columnSquares } = kernels.functions;
  addSums(x.byteOffset, data.length, sums.length, sums.byteOffset);
  const mean = folded(sums, size).map((sum) => sum / rows);
  const means = doubles(second);
  repeat(mean, means);
  const squares = doubles(third).fill(0);
  columnSquares(x.byteOffset, data.length, sums.length, means.byteOffset, squares.byteOffset);
  return { mean, variance: folded(squares, size).map((sum) => sum / rows) };
}

/** What each column is moved and scaled by. */
interface Scales {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
  readonly beta: Float32Array;
}

function writeNormalised(
  kernels: Kernels,
  data: Float32Array,
  { mean, factor, beta }: Scales,
  values: Float32Array,
): void {
  const period = periodOf(mean.length);
  const [x, means, factors, offsets, out] = kernels.room(
    data.length,
    period,
    period,
    period,
    data.length,
  );
  x.set(data);
  repeat(mean, means);
  repeat(factor, factors);
  repeat(beta, offsets);
  kernels.functions.normalise(
    x.byteOffset,
    data.length,
    period,
    means.byteOffset,
    factors.byteOffset,
    offsets.byteOffset,
    out.byteOffset,
  );
  values.set(out);
}

/** The sum of each column of a gradient times the distance of the values from their mean. */
function productsOf(
  kernels: Kernels,
  gradient: Float32Array,
  data: Float32Array,
  mean: Float64Array,
): Float64Array {
  const size = doublesSize(mean.length);
  const [slopes, x, first, second] = kernels.room(data.length, data.length, size, size);
  slopes.set(gradient);
  x.set(data);
  const means = doubles(first);
  repeat(mean, means);
  const sums = doubles(second).fill(0);
  kernels.functions.columnProducts(
    slopes.byteOffset,
    x.byteOffset,
    data.length,
    sums.length,
    means.byteOffset,
    sums.byteOffset,
  );
  return folded(sums, mean.length);
}

/** What the gradient by the values that went in consists of, for each column. */
interface Slopes {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
  /** What moves with the mean, and with the variance. */
  readonly common: Float32Array;
  readonly share: Float64Array;
}

function writeGradient(
  kernels: Kernels,
  gradient: Float32Array,
  data: Float32Array,
  { mean, factor, common, share }: Slopes,
  result: Float32Array,
): void {
  const period = periodOf(mean.length);
  const [slopes, x, commons, factors, means, shares, out] = kernels.room(
    data.length,
    data.length,
    period,
    period,
    period,
    period,
    data.length,
  );
  slopes.set(gradient);
  x.set(data);
  repeat(common, commons);
  repeat(factor, factors);
  repeat(mean, means);
  repeat(share, shares);
  kernels.functions.normalisedGradient(
    slopes.byteOffset,
    x.byteOffset,
    data.length,
    period,
    commons.byteOffset,
    factors.byteOffset,
    means.byteOffset,
    shares.byteOffset,
    out.byteOffset,
  );
  result.set(out);
}

function moveTowards(average: Float32Array, value: ArrayLike<number>, momentum: number): void {
  for (const [c, old] of average.entries()) {
    average[c] = old * momentum + (value[c] as number) * (1 - momentum);
  }
}
