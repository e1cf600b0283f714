/** Loss, metric and first error of a batch at the output layer; docs/on-core-programs.md, section 1. */
import {
  LOGARITHM_FRACTION,
  ln31,
  multiplyRoundWide,
  multiplyShift,
  powerOfTwo,
  round,
} from '@spin-tools/sim/fixed';
import {
  DIFFERENCE_FRACTION,
  LOSS_SCALE_FRACTION,
  type NetworkPlan,
  type Operands,
} from '../engine.js';
import { firstLargest } from '../losses/first-largest.js';
import { type OperandRange, toOperand } from './activations.js';
import { clamped, type Layer, type SaturationCount } from './layer.js';

/** Keras clips probabilities at 1e-7: 215 / 2^31. */
const CLIP = 215;
const ONE = 2 ** 31;

/** `[samples][units]` of a batch. */
export interface OutputBatch {
  readonly samples: number;
  readonly targets: Operands;
  /** Activations on the 1.31 scale, where the activation is bounded. */
  readonly values31: Int32Array;
}

/** Loss of a batch summed over samples and units, with fraction {@link LOGARITHM_FRACTION}. */
export function lossOfBatch(plan: NetworkPlan, layer: Layer, batch: OutputBatch): number {
  const { units } = layer.plan;
  const count = batch.samples * units;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const y = batch.targets[i] as number;
    if (plan.loss === 'mean_squared_error') {
      const difference = Math.abs(differenceAt(plan, layer, batch, i));
      sum += multiplyShift(difference, difference, 2 * DIFFERENCE_FRACTION - LOGARITHM_FRACTION);
    } else {
      const binary = plan.loss === 'binary_crossentropy';
      sum += crossentropy(y, batch.values31[i] as number, plan.targetFraction, binary);
    }
  }
  return sum;
}

function crossentropy(y: number, value31: number, fraction: number, binary: boolean): number {
  const value = Math.min(ONE - CLIP, Math.max(CLIP, value31));
  const positive = y === 0 ? 0 : -multiplyRoundWide(ln31(value), y, fraction);
  const rest = powerOfTwo(fraction) - y;
  if (!binary || rest === 0) return positive;
  return positive - multiplyRoundWide(ln31(ONE - value), rest, fraction);
}

/** Stored activation minus target, before it is clamped to 32 bits. */
function differenceAt(plan: NetworkPlan, layer: Layer, batch: OutputBatch, index: number): number {
  const { units, fractions } = layer.plan;
  const sample = Math.floor(index / units);
  const a = layer.outputs.values[sample * layer.outputStride + (index - sample * units)] as number;
  const finer = Math.max(fractions.activation, plan.targetFraction);
  const difference =
    a * powerOfTwo(finer - fractions.activation) -
    (batch.targets[index] as number) * powerOfTwo(finer - plan.targetFraction);
  return round(difference, finer - DIFFERENCE_FRACTION);
}

/**
 * Writes the errors of the output layer and, for the cross-entropies, whose derivative cancels
 * that of their activation, at once the deltas.
 */
export function differentiateLoss(
  plan: NetworkPlan,
  layer: Layer,
  batch: OutputBatch,
  range: OperandRange,
  saturations: SaturationCount,
): void {
  const { units, fractions } = layer.plan;
  const cancels = plan.loss !== 'mean_squared_error';
  for (let s = 0; s < batch.samples; s++) {
    for (let u = 0; u < units; u++) {
      const wide = differenceAt(plan, layer, batch, s * units + u);
      const difference = clamped(wide, saturations);
      const scaledWide = multiplyRoundWide(difference, plan.lossScale, LOSS_SCALE_FRACTION);
      const g = clamped(scaledWide, saturations);
      const at = s * layer.outputStride + u;
      layer.errors[at] = g;
      if (cancels) {
        const delta = round(g, DIFFERENCE_FRACTION - fractions.delta);
        layer.deltas.values[at] = toOperand(delta, range, saturations);
      }
    }
  }
}

/** Samples or units of a batch that are right. */
export function correctInBatch(plan: NetworkPlan, layer: Layer, batch: OutputBatch): number {
  const { units, fractions } = layer.plan;
  let correct = 0;
  for (let s = 0; s < batch.samples; s++) {
    const from = s * layer.outputStride;
    const outputs = layer.outputs.values.subarray(from, from + units);
    const targets = batch.targets.subarray(s * units, (s + 1) * units);
    if (plan.accuracy === 'categorical') {
      if (firstLargest(outputs) === firstLargest(targets)) correct += 1;
    } else {
      correct += unitsOnTheSameSide(
        outputs,
        targets,
        2 ** (fractions.activation - 1),
        2 ** (plan.targetFraction - 1),
      );
    }
  }
  return correct;
}

function unitsOnTheSameSide(
  outputs: Operands,
  targets: Operands,
  outputHalf: number,
  targetHalf: number,
): number {
  let count = 0;
  for (let u = 0; u < outputs.length; u++) {
    if ((outputs[u] as number) > outputHalf === (targets[u] as number) > targetHalf) count += 1;
  }
  return count;
}
