/**
 * How large the values of a network get, estimated from its first weights alone: what the plan
 * chooses fractions by. Weights grow while a network trains, so the plan adds headroom.
 */
import type { Activation, Loss } from '../engine.js';

/** A Dense layer with real weights. */
export interface FloatLayer {
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  /** `[units][inputs]`. */
  readonly kernel: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/** Expected magnitudes of one layer's values. */
export interface LayerEstimate {
  readonly largestWeight: number;
  /** Root mean square of a weight. */
  readonly weightScale: number;
  /** Largest input. */
  readonly inputPeak: number;
  /** Root mean square of an input. */
  readonly inputScale: number;
  /** Largest pre-activation to be expected. */
  readonly sumPeak: number;
  /** Largest error before the derivative. */
  readonly errorPeak: number;
  /** Largest delta. */
  readonly deltaPeak: number;
}

interface WeightNorms {
  readonly largest: number;
  readonly scale: number;
  /** Largest sum of magnitudes of the weights of a unit, and its largest Euclidean norm. */
  readonly rowSum: number;
  readonly rowNorm: number;
  /** The largest Euclidean norm of the weights of an input. */
  readonly columnNorm: number;
  readonly largestBias: number;
}

/** A sum of many terms of either sign stays within this many standard deviations. */
const DEVIATIONS = 8;

/**
 * Estimates every layer.
 *
 * @param inputPeak largest magnitude in the data
 * @param targetPeak largest magnitude in the targets
 */
export function estimateLayers(
  layers: readonly FloatLayer[],
  loss: Loss,
  inputPeak: number,
  targetPeak: number,
): LayerEstimate[] {
  const norms = layers.map(weightNorms);
  const forward = estimateForward(layers, norms, inputPeak, targetPeak);
  const backward = estimateBackward(layers, norms, forward, loss, targetPeak);
  return layers.map((_, index) => {
    const { largest, scale } = norms[index] as WeightNorms;
    return {
      largestWeight: largest,
      weightScale: scale,
      ...(forward[index] as ForwardEstimate),
      ...(backward[index] as BackwardEstimate),
    };
  });
}

type ForwardEstimate = Pick<LayerEstimate, 'inputPeak' | 'inputScale' | 'sumPeak'>;
type BackwardEstimate = Pick<LayerEstimate, 'errorPeak' | 'deltaPeak'>;

function estimateForward(
  layers: readonly FloatLayer[],
  norms: readonly WeightNorms[],
  dataPeak: number,
  targetPeak: number,
): ForwardEstimate[] {
  let peak = dataPeak;
  let scale = dataPeak / 2;
  let sum = Number.POSITIVE_INFINITY;
  return layers.map(({ activation, units }, index) => {
    const { rowSum, rowNorm, largest, largestBias } = norms[index] as WeightNorms;
    const deviation = rowNorm * scale + largestBias;
    const bound = Math.min(rowSum * peak, largest * sum) + largestBias;
    const likely = Math.min(bound, DEVIATIONS * deviation);
    // Outputs without a bound will have to reach the targets.
    const reaches = index === layers.length - 1 && !isBounded(activation);
    const sumPeak = reaches ? Math.max(likely, targetPeak) : likely;
    const estimate = { inputPeak: peak, inputScale: scale, sumPeak };
    [peak, scale, sum] = activated(activation, units, sumPeak, deviation);
    return estimate;
  });
}

/** Peak, root mean square and sum of magnitudes of the outputs of a layer. */
function activated(
  activation: Activation,
  units: number,
  sumPeak: number,
  deviation: number,
): [peak: number, scale: number, sum: number] {
  const unlimited = Number.POSITIVE_INFINITY;
  switch (activation) {
    case 'softmax':
      return [1, 1 / units, 1];
    case 'sigmoid':
      return [1, 0.5, unlimited];
    case 'tanh':
      return [1, Math.min(1, deviation), unlimited];
    case 'relu':
      return [sumPeak, deviation * Math.SQRT1_2, unlimited];
    default:
      return [sumPeak, deviation, unlimited];
  }
}

function estimateBackward(
  layers: readonly FloatLayer[],
  norms: readonly WeightNorms[],
  forward: readonly ForwardEstimate[],
  loss: Loss,
  targetPeak: number,
): BackwardEstimate[] {
  const estimates: BackwardEstimate[] = [];
  const output = layers.at(-1) as FloatLayer;
  let errorPeak = outputErrorPeak(output, forward.at(-1) as ForwardEstimate, loss, targetPeak);
  let errorNorm =
    errorPeak * (output.activation === 'softmax' ? Math.SQRT2 : Math.sqrt(output.units));
  for (let index = layers.length - 1; index >= 0; index--) {
    const { activation, units } = layers[index] as FloatLayer;
    const cancels = index === layers.length - 1 && loss !== 'mean_squared_error';
    const slope = cancels ? 1 : slopePeak(activation, units);
    estimates[index] = { errorPeak, deltaPeak: errorPeak * slope };
    const { columnNorm, scale } = norms[index] as WeightNorms;
    const below = layers[index - 1];
    if (below === undefined) break;
    // A row of errors of the layer below is the deltas of this one through its weights.
    errorPeak = columnNorm * errorNorm * slope;
    errorNorm = scale * Math.sqrt(below.units) * errorNorm * slope;
  }
  return estimates;
}

function outputErrorPeak(
  { activation, units }: FloatLayer,
  { sumPeak }: ForwardEstimate,
  loss: Loss,
  targetPeak: number,
): number {
  if (loss === 'categorical_crossentropy') return 1;
  if (loss === 'binary_crossentropy') return 1 / units;
  return (2 / units) * ((isBounded(activation) ? 1 : sumPeak) + targetPeak);
}

/** Whether an activation is within -1 .. 1 whatever its argument. */
export function isBounded(activation: Activation): boolean {
  return activation !== 'linear' && activation !== 'relu';
}

/** Largest derivative of an activation; of softmax the usual one, as its outputs share a sum of 1. */
function slopePeak(activation: Activation, units: number): number {
  if (activation === 'sigmoid') return 0.25;
  if (activation === 'softmax') return Math.min(0.5, 4 / units);
  return 1;
}

function weightNorms({ inputs, units, kernel, bias }: FloatLayer): WeightNorms {
  const columns = new Float64Array(inputs);
  let largest = 0;
  let squares = 0;
  let rowSum = 0;
  let rowSquares = 0;
  for (let u = 0; u < units; u++) {
    let sum = 0;
    let own = 0;
    for (let c = 0; c < inputs; c++) {
      const weight = Math.abs(kernel[u * inputs + c] as number);
      if (weight > largest) largest = weight;
      sum += weight;
      own += weight * weight;
      columns[c] = (columns[c] as number) + weight * weight;
    }
    squares += own;
    rowSum = Math.max(rowSum, sum);
    rowSquares = Math.max(rowSquares, own);
  }
  return {
    largest,
    scale: Math.sqrt(squares / (units * inputs)),
    rowSum,
    rowNorm: Math.sqrt(rowSquares),
    columnNorm: Math.sqrt(columns.reduce((most, each) => Math.max(most, each), 0)),
    largestBias: Array.from(bias).reduce((most, each) => Math.max(most, Math.abs(each)), 0),
  };
}
