/** Chooses how many fraction bits every tensor of a lowered graph gets; docs/on-core-layers.md, section 1. */
import { fractionFor } from '@spin-tools/sim/fixed';
import type { NumberMode } from '../engine.js';
import type { GraphNode, PlacedLayer } from '../graph/graph.js';
import type { Layer } from '../layers/layers.js';
import { largest, type NodePeaks } from './calibrate.js';
import type { LoweredGraph } from './lower.js';

/** Numbers of fraction bits at one call of a layer. */
export interface NodeFormats {
  /** Of the values that come out: a wide pre-activation of {@link hasWeightMatrix} layers, else an operand. */
  readonly value: number;
  /** Of the kernel as multiplied; 0 without one. */
  readonly weight: number;
  /** Of the gradient by the output: an operand of {@link hasWeightMatrix} layers, else wide. */
  readonly error: number;
}

/** Weights may grow by this factor before their operands clamp, and hold at least -2 .. 2. */
const WEIGHT_HEADROOM = 8;
const SMALLEST_WEIGHT_RANGE = 1.99;
/** Values without a bound of their own may grow by this factor, and hold at least -8 .. 8. */
const VALUE_HEADROOM = 3;
const SMALLEST_VALUE_RANGE = 7.99;
/**
 * A wrapped sum is a wrong sum, not a clamped one, so sums get more, and hold at least -64 .. 64: the first weights of a
 * network say little about how large its outputs get.
 */
const SUM_HEADROOM = 16;
const SMALLEST_SUM = 3.99;
/** Deltas may grow by this factor with the weights; what is known of outputs is in the peaks already. */
const DELTA_HEADROOM = 4;
/** What is added up on the way back may grow by this factor before it wraps. */
const BACK_HEADROOM = 16;
/** Errors of 32 bits may grow by this factor before they clamp; in `fast` they become deltas of 16 bits, so room costs nothing. */
const ERROR_HEADROOM = { fast: 64, exact: 16 } as const;
/** The exponential takes arguments of at most 26 fraction bits, and tanh halves its argument. */
export const LARGEST_Z_FRACTION = 26;
/** Fractions beyond these bring nothing: a float32 weight has no more bits. */
const LARGEST_WIDE_FRACTION = 30;
const EXACT = { weight: 27, value: 24, bounded: 26, z: 23, error: 28 } as const;

/** Whether a layer multiplies by a kernel: its output is wide, and its own gradient an operand. */
export function hasWeightMatrix({ className }: Layer): boolean {
  return ['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'].includes(className);
}

/** Layers that hand values on as they are, which therefore keep their format. */
const KEEPING: readonly string[] = [
  'Flatten',
  'Reshape',
  'Permute',
  'ZeroPadding1D',
  'ZeroPadding2D',
  'UpSampling1D',
  'UpSampling2D',
  'MaxPooling1D',
  'MaxPooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
];

/** Whether a layer hands values on as they are, in the format of its input. */
export const isKeeping = ({ className }: Layer): boolean => KEEPING.includes(className);

/** The formats of a graph. Depends on nothing but the arguments. */
export function chooseFormats(
  graph: LoweredGraph,
  weights: readonly Float32Array[],
  peaks: readonly NodePeaks[],
  mode: NumberMode,
): NodeFormats[] {
  const values = valueFractions(graph, weights, peaks, mode);
  const formats = graph.nodes.map((node, index): NodeFormats => {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    const { value, weight } = values[index] as Forward;
    const error = errorFraction(layer, weight, peaks[index] as NodePeaks, mode);
    return { value, weight, error };
  });
  return graph.nodes.map(({ layer }, index) => {
    const own = formats[index] as NodeFormats;
    if (!isShared(graph, layer)) return own;
    const calls = formats.filter((_, other) => graph.nodes[other]?.layer === layer);
    return { ...own, error: Math.min(...calls.map(({ error }) => error)) };
  });
}

/** Whether a layer with a kernel is called several times: then all calls have the same formats, as gradients are added up. */
function isShared({ nodes, layers }: LoweredGraph, layer: number): boolean {
  const placed = layers[layer] as PlacedLayer;
  return hasWeightMatrix(placed.layer) && nodes.filter((node) => node.layer === layer).length > 1;
}

interface Forward {
  value: number;
  weight: number;
}

function valueFractions(
  graph: LoweredGraph,
  weights: readonly Float32Array[],
  peaks: readonly NodePeaks[],
  mode: NumberMode,
): Forward[] {
  const result = graph.nodes.map((node, index): Forward => {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    return { value: ownFraction(layer, peaks[index] as NodePeaks, mode), weight: 0 };
  });
  const at = (index: number) => result[index] as Forward;
  sameInputsOfShared(graph, result);
  if (mode === 'fast') shareSums(graph, weights, peaks, result);
  for (const [index, node] of graph.nodes.entries()) {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    const [input = 0] = node.inputs;
    if (KEEPING.includes(layer.className)) at(index).value = at(input).value;
    if (!hasWeightMatrix(layer)) continue;
    const sum = Math.max(SMALLEST_SUM, (peaks[index] as NodePeaks).value);
    if (mode === 'exact') {
      at(index).weight = Math.min(
        EXACT.weight,
        fractionFor(WEIGHT_HEADROOM * kernelPeak(graph, node, weights), 32),
      );
      at(index).value = Math.min(EXACT.z, fractionFor(SUM_HEADROOM * sum, 32));
    } else {
      at(index).value = Math.min(at(input).value + at(index).weight, LARGEST_Z_FRACTION);
    }
  }
  return result;
}

/**
 * Forwards in `fast`, a sum must fit 32 bits: what the fractions of a value and the kernel that takes it have too
 * much is taken from both. A value that several kernels take has the fraction that suits all of them.
 */
function shareSums(
  graph: LoweredGraph,
  weights: readonly Float32Array[],
  peaks: readonly NodePeaks[],
  result: Forward[],
): void {
  const source = sourcesOf(graph);
  const takers = graph.nodes.flatMap((node, index) => {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    if (!hasWeightMatrix(layer)) return [];
    const value = result[source[node.inputs[0] as number] as number] as Forward;
    const peak = kernelPeak(graph, node, weights);
    const weight = fractionFor(Math.max(SMALLEST_WEIGHT_RANGE, WEIGHT_HEADROOM * peak), 16);
    const sum = Math.max(SMALLEST_SUM, (peaks[index] as NodePeaks).value);
    return [{ index, value, weight, most: fractionFor(SUM_HEADROOM * sum, 32) }];
  });
  for (const { value, weight, most } of takers) {
    const excess = value.value + weight - most;
    if (excess > 0) value.value -= Math.floor(excess / 2);
  }
  sameInputsOfShared(graph, result);
  for (const { index, value, weight, most } of takers) {
    (result[index] as Forward).weight = Math.min(weight, most - value.value);
  }
  for (const [index, node] of graph.nodes.entries()) {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    if (KEEPING.includes(layer.className)) {
      (result[index] as Forward).value = (result[source[index] as number] as Forward).value;
    }
  }
  sameForShared(graph, result);
}

/** The call whose format each call has: the first one before it that does not just hand values on. */
function sourcesOf(graph: LoweredGraph): number[] {
  const sources: number[] = [];
  for (const [index, node] of graph.nodes.entries()) {
    const { layer } = graph.layers[node.layer] as PlacedLayer;
    const keeps = KEEPING.includes(layer.className);
    sources.push(keeps ? (sources[node.inputs[0] as number] as number) : index);
  }
  return sources;
}

/** What a shared layer takes has one format, whichever call takes it. */
function sameInputsOfShared(graph: LoweredGraph, result: readonly Forward[]): void {
  const source = sourcesOf(graph);
  for (const shared of new Set(graph.nodes.map(({ layer }) => layer))) {
    if (!isShared(graph, shared)) continue;
    const inputs = graph.nodes
      .filter(({ layer }) => layer === shared)
      .map(({ inputs }) => result[source[inputs[0] as number] as number] as Forward);
    const least = Math.min(...inputs.map(({ value }) => value));
    for (const input of inputs) input.value = least;
  }
}

/** A kernel that is used in several calls is stored in one format. */
function sameForShared(graph: LoweredGraph, result: Forward[]): void {
  const least = new Map<number, number>();
  for (const [index, { layer }] of graph.nodes.entries()) {
    const { weight } = result[index] as Forward;
    least.set(layer, Math.min(least.get(layer) ?? weight, weight));
  }
  for (const [index, { layer }] of graph.nodes.entries()) {
    (result[index] as Forward).weight = least.get(layer) as number;
  }
}

/** Of inputs of at most a magnitude, before sums take bits from it. */
export function inputFraction(peak: number, mode: NumberMode): number {
  const [most, bits] = mode === 'exact' ? [LARGEST_Z_FRACTION, 32] : [15, 16];
  return Math.min(most, fractionFor(peak || 1, bits));
}

function ownFraction(layer: Layer, { value }: NodePeaks, mode: NumberMode): number {
  const bits = mode === 'exact' ? 32 : 16;
  if (layer.className === 'InputLayer') {
    return inputFraction(value, mode);
  }
  if (isWithinOne(layer)) return mode === 'exact' ? EXACT.bounded : 15;
  const own = fractionFor(Math.max(SMALLEST_VALUE_RANGE, VALUE_HEADROOM * value), bits);
  return mode === 'exact' ? Math.min(EXACT.value, own) : own;
}

/** Whether values are within -1 .. 1 whatever comes in. */
function isWithinOne(layer: Layer): boolean {
  if (layer.className === 'Softmax') return true;
  return (
    layer.className === 'Activation' &&
    ['softmax', 'sigmoid', 'tanh', 'hard_sigmoid', 'hard_sigmoid_keras2', 'softsign'].includes(
      layer.activation,
    )
  );
}

function errorFraction(
  layer: Layer,
  weight: number,
  { error, backward }: NodePeaks,
  mode: NumberMode,
): number {
  if (!hasWeightMatrix(layer)) {
    return Math.min(LARGEST_WIDE_FRACTION, fractionFor(ERROR_HEADROOM[mode] * (error || 1), 32));
  }
  if (mode === 'exact')
    return Math.min(EXACT.error, fractionFor(DELTA_HEADROOM * (error || 1), 32));
  const own = fractionFor(DELTA_HEADROOM * (error || 1), 16);
  const sum = fractionFor(BACK_HEADROOM * (backward || error || 1), 32) - weight;
  return Math.min(own, sum);
}

function kernelPeak(
  { layers }: LoweredGraph,
  { layer }: GraphNode,
  weights: readonly Float32Array[],
): number {
  const { firstWeight } = layers[layer] as PlacedLayer;
  return largest(weights[firstWeight] as Float32Array) || 1;
}
