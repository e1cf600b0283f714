/**
 * Chooses how many fraction bits every tensor of a network gets; docs/on-core-programs.md, section 1,
 * says what is free to choose. Measured by accuracy.test.ts and thesis.test.ts.
 */
import { fractionFor, scaleFactor } from '@spin-tools/sim/fixed';
import {
  DIFFERENCE_FRACTION,
  type LayerFractions,
  type Loss,
  MASTER_FRACTION,
  type NetworkPlan,
  type NumberMode,
} from '../engine.js';
import { OptionError } from '../errors.js';
import { accuracyOf, lossScale } from '../losses/losses.js';
import { estimateLayers, type FloatLayer, isBounded, type LayerEstimate } from './estimate.js';

/** What a plan is made from. */
export interface PlanRequest {
  readonly mode: NumberMode;
  readonly layers: readonly FloatLayer[];
  readonly loss: Loss;
  /** Largest batch. */
  readonly batchSize: number;
  /** Largest magnitude of the inputs; 1 unless told. */
  readonly inputPeak?: number;
  /** Largest magnitude of the targets; 1 unless told. */
  readonly targetPeak?: number;
}

/** Weights may grow by this factor before their operands clamp. */
const WEIGHT_HEADROOM = 8;
/**
 * Activations without a bound of their own may grow by this factor before they clamp. More costs
 * accuracy: a relu that rounds to 0 is off, and the units of a small network hover there.
 */
const ACTIVATION_HEADROOM = 2;
/** Such activations hold at least -2 .. 2. */
const SMALLEST_RANGE = 1.99;
/** A wrapped sum is a wrong sum, not a clamped one, so sums get more. */
const SUM_HEADROOM = 16;
/** Deltas below the output, where their bound is known, and errors may grow by these factors. */
const DELTA_HEADROOM = 4;
const ERROR_HEADROOM = 8;
/** Bits that the inputs of a layer get more than their fair share when relu made them. */
const RELU_PREFERENCE = 1;
/** No estimate of a sum is trusted below this. */
const SMALLEST_SUM = 0.25;
/** Samples that a 32-bit gradient adds up. */
const GROUP = 32;
/** The exponential takes arguments of at most 26 fraction bits, and tanh halves its argument. */
const LARGEST_Z_FRACTION = 26;
/** So that rounding a master to its operand drops at least 2 bits. */
const LARGEST_WEIGHT_FRACTION = MASTER_FRACTION - 2;
/** Bits right of the point in a learning step: the kernels shift by 1 to 95. */
const LARGEST_SHIFT = 95;
/** A learning rate has a mantissa of 2^30 and more. */
const MANTISSA_BITS = 30;

const EXACT = { z: 23, unbounded: 23, bounded: 29, delta: 27, error: 27, target: 29 } as const;
const FAST_TARGET = 14;

/** The fractions of a network. Depends on nothing but the request. */
export function planNetwork(request: PlanRequest): NetworkPlan {
  const { mode, layers, loss, batchSize, inputPeak = 1, targetPeak = 1 } = request;
  const estimates = estimateLayers(layers, loss, inputPeak, targetPeak);
  const fractions =
    mode === 'exact'
      ? exactFractions(layers, estimates)
      : fastFractions(layers, estimates, batchSize);
  const units = layers.at(-1)?.units ?? 0;
  const bits = mode === 'exact' ? 32 : 16;
  const mostTarget = mode === 'exact' ? EXACT.target : FAST_TARGET;
  return {
    mode,
    batchSize,
    layers: layers.map(({ name, inputs, units, activation, useBias }, index) => ({
      name,
      inputs,
      units,
      activation,
      useBias,
      fractions: fractions[index] as LayerFractions,
    })),
    loss,
    lossScale: lossScale(loss, units),
    accuracy: accuracyOf(units),
    targetFraction: Math.min(mostTarget, fractionFor(Math.max(1, targetPeak), bits)),
  };
}

/**
 * Checks that every step of a run can be computed.
 *
 * @throws {@link OptionError} when the learning rate is too small or too large for the plan
 */
export function checkLearningRate(plan: NetworkPlan, learningRate: number, samples: number): void {
  const { exponent } = scaleFactor(learningRate / samples);
  for (const { name, fractions } of plan.layers) {
    const { input, delta } = fractions;
    const least = MASTER_FRACTION + 1 - delta;
    const most = LARGEST_SHIFT + MASTER_FRACTION - delta - input;
    if (exponent < least || exponent > most) {
      const [low, high] = [most, least].map((each) => samples * 2 ** (MANTISSA_BITS - each));
      const expected = `layer ${name} with batches of ${samples} takes ${low} to ${high}`;
      throw new OptionError('learningRate', learningRate, expected);
    }
  }
}

function unboundedPeak({ sumPeak }: LayerEstimate): number {
  return Math.max(SMALLEST_RANGE, ACTIVATION_HEADROOM * sumPeak);
}

function exactFractions(
  layers: readonly FloatLayer[],
  estimates: readonly LayerEstimate[],
): LayerFractions[] {
  const [first] = estimates;
  let input = Math.min(MASTER_FRACTION, fractionFor(first?.inputPeak || 1, 32));
  return layers.map((layer, index) => {
    const estimate = estimates[index] as LayerEstimate;
    const z = Math.min(EXACT.z, fractionFor(SUM_HEADROOM * estimate.sumPeak || 1, 32));
    const activation = isBounded(layer.activation) ? EXACT.bounded : Math.min(EXACT.unbounded, z);
    const { delta, error } = EXACT;
    const fractions = { input, weight: MASTER_FRACTION, z, activation, delta, error };
    input = activation;
    return fractions;
  });
}

function fastFractions(
  layers: readonly FloatLayer[],
  estimates: readonly LayerEstimate[],
  batchSize: number,
): LayerFractions[] {
  const forward = fastForward(layers, estimates);
  const result: LayerFractions[] = [];
  for (let index = layers.length - 1; index >= 0; index--) {
    const estimate = estimates[index] as LayerEstimate;
    const own = forward[index] as ForwardFractions;
    const above = result[index + 1];
    const headroom = above === undefined ? 1 : DELTA_HEADROOM;
    const group = Math.min(GROUP, batchSize);
    const delta = fastDelta(estimate, own, estimates[index - 1], group, headroom);
    const error = above === undefined ? DIFFERENCE_FRACTION : above.weight + above.delta;
    result[index] = { ...own, delta, error };
  }
  return result;
}

type ForwardFractions = Pick<LayerFractions, 'input' | 'weight' | 'z' | 'activation'>;

/**
 * Forward, a sum must fit 32 bits with headroom; its fraction is shared out between inputs and
 * weights so that both round with the same effect.
 */
function fastForward(
  layers: readonly FloatLayer[],
  estimates: readonly LayerEstimate[],
): ForwardFractions[] {
  const shares = estimates.map((estimate, index) => {
    const below = layers[index - 1];
    const belowEstimate = estimates[index - 1];
    const largestInput =
      below === undefined || belowEstimate === undefined
        ? fractionFor(estimate.inputPeak || 1, 16)
        : isBounded(below.activation)
          ? 15
          : fractionFor(unboundedPeak(belowEstimate), 16);
    const dies = below?.activation === 'relu';
    return shareSum(estimate, largestInput, dies ? RELU_PREFERENCE : 0);
  });
  return layers.map((layer, index) => {
    const { input, weight } = shares[index] as ForwardFractions;
    const z = Math.min(input + weight, LARGEST_Z_FRACTION);
    const own = isBounded(layer.activation)
      ? 15
      : fractionFor(unboundedPeak(estimates[index] as LayerEstimate), 16);
    return { input, weight, z, activation: shares[index + 1]?.input ?? own };
  });
}

function shareSum(
  { sumPeak, largestWeight, weightScale, inputScale }: LayerEstimate,
  largestInput: number,
  inputPreference: number,
): Pick<LayerFractions, 'input' | 'weight'> {
  const largestWeightFraction = Math.min(
    LARGEST_WEIGHT_FRACTION,
    fractionFor(WEIGHT_HEADROOM * (largestWeight || 1), 16),
  );
  const sum = fractionFor(SUM_HEADROOM * Math.max(SMALLEST_SUM, sumPeak), 32);
  const balance = Math.log2((inputScale || 1) / (weightScale || 1));
  const fair = Math.round((sum + balance) / 2) - inputPreference;
  const weight = Math.min(largestWeightFraction, Math.max(fair, sum - largestInput));
  return { weight, input: Math.min(largestInput, sum - weight) };
}

/** Backward, deltas must fit 16 bits, and two sums 32: the errors of the layer below and the gradient. */
function fastDelta(
  { deltaPeak, inputPeak }: LayerEstimate,
  { input, weight }: ForwardFractions,
  below: LayerEstimate | undefined,
  group: number,
  headroom: number,
): number {
  const own = fractionFor(deltaPeak * headroom, 16);
  const gradient = fractionFor(group * inputPeak * deltaPeak, 32) - input;
  const errors =
    below === undefined ? own : fractionFor(ERROR_HEADROOM * below.errorPeak, 32) - weight;
  return Math.min(own, gradient, errors);
}
