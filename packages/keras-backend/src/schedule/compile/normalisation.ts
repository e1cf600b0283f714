/** BatchNormalization as operations: sums, what each channel is multiplied by, values; and the way back. */
import type { ComputedLayer } from '../../layers/layers.js';
import { channelScale, channelSlope, ElementType, type Tensor } from '../operations.js';
import { type Call, type Compilation, type NormalisationPlace, positionsOf } from './context.js';
import { weightsAt } from './weights.js';

type NormalisationLayer = Extract<ComputedLayer, { className: 'BatchNormalization' }>;

const SUM_BYTES = 8;
/** Values are squared, and multiplied by errors, with so many bits fewer where they have 32. */
const WIDE_VALUE_SHIFT = 8;
const ERROR_SHIFT = 2;
const WIDE_ERROR_SHIFT = 8;
/** Sums over fewer positions than this are not worth another slice. */
const SMALLEST_SLICE = 16;

/** Computes the values of a call. */
export function normalise(
  compilation: Compilation,
  call: Call,
  layer: NormalisationLayer,
  source: Tensor,
  target: Tensor,
): void {
  const { emit, memory, weights, request, normalisations } = compilation;
  const { owner, node, index } = call;
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = weightsAt(weights, node);
  const { channels } = source;
  const frozen = layer.trainable ? 0 : 1;
  const valueShift = source.type === ElementType.Int16 ? 0 : WIDE_VALUE_SHIFT;
  const sums =
    request.training && !frozen
      ? slicedSums(compilation, call, source, (place) => ({
          kind: 'statistics',
          source,
          valueShift,
          ...place,
        }))
      : memory.reserve(2 * channels * SUM_BYTES);
  const channelScales = memory.reserve(channels * channelScale.size);
  normalisations.set(index, { channelScales, valueShift });
  emit(owner, {
    kind: 'moments',
    sums,
    channels,
    positions: positionsOf(source),
    fraction: source.fraction,
    valueShift,
    gamma: gamma?.master ?? 0,
    beta: beta?.master ?? 0,
    movingMean: mean?.master ?? 0,
    movingVariance: variance?.master ?? 0,
    momentum: layer.momentum,
    epsilon: layer.epsilon,
    frozen,
    channelScales,
  });
  emit(owner, { kind: 'normalise', source, target, channelScales });
}

/** Gradients of gamma and beta, and the error of the source. */
export function normaliseBack(
  compilation: Compilation,
  call: Call,
  layer: NormalisationLayer,
  { error, source, target, accumulate }: BackTensors,
): void {
  const { emit, memory, weights, tensors, normalisations } = compilation;
  const { owner, node, index } = call;
  const { gamma, beta } = weightsAt(weights, node);
  const { channelScales, valueShift } = normalisations.get(index) as NormalisationPlace;
  const { channels } = source;
  const frozen = layer.trainable ? 0 : 1;
  const errorShift = tensors.operand === ElementType.Int16 ? ERROR_SHIFT : WIDE_ERROR_SHIFT;
  const sums = slicedSums(compilation, call, error, (place) => ({
    kind: 'statisticsBack',
    error,
    source,
    valueShift,
    errorShift,
    ...place,
  }));
  const channelSlopes = memory.reserve(channels * channelSlope.size);
  emit(owner, {
    kind: 'momentsBack',
    sums,
    channels,
    positions: positionsOf(source),
    fraction: source.fraction,
    valueShift,
    errorFraction: error.fraction,
    errorShift,
    targetFraction: target?.fraction ?? error.fraction,
    gamma: gamma?.master ?? 0,
    gammaGradient: compilation.floatGradient(gamma),
    betaGradient: compilation.floatGradient(beta),
    frozen,
    channelScales,
    channelSlopes,
  });
  if (target)
    emit(owner, { kind: 'normaliseBack', error, source, target, channelSlopes, accumulate });
}

/** What goes in and out on the way back. */
export interface BackTensors {
  readonly error: Tensor;
  readonly source: Tensor;
  /** Absent where nobody wants the error of the source. */
  readonly target: Tensor | undefined;
  readonly accumulate: number;
}

/** Sums of each channel by slices, added up, over all replicas: address of int64 [2][channels]. */
function slicedSums(
  { emit, memory, target: { workers, replicas }, samples }: Compilation,
  { owner }: Call,
  over: Tensor,
  operation: (place: { sums: number; slices: number }) => Parameters<Compilation['emit']>[1],
): number {
  const count = 2 * over.channels;
  const bytes = count * SUM_BYTES;
  const slices = Math.max(
    1,
    Math.min(workers, Math.floor((samples * over.rows * over.columns) / SMALLEST_SLICE)),
  );
  const sliced = memory.reserve(slices * bytes);
  emit(owner, operation({ sums: sliced, slices }));
  if (slices > 1) {
    emit(owner, {
      kind: 'combine',
      source: sliced,
      slices,
      sliceBytes: bytes,
      target: sliced,
      count,
    });
  }
  if (replicas > 1) {
    const per = Math.ceil(count / (workers * replicas));
    emit(owner, { kind: 'reduce', address: sliced, count, per });
    // What is shared are 32-bit words: two of each sum.
    emit(owner, { kind: 'share', address: sliced, count: 2 * count, per: 2 * per });
  }
  return sliced;
}
