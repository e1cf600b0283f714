/** From pre-activations to stored activations, and from errors to deltas; docs/on-core-programs.md, section 1. */
import {
  multiplyRoundWide,
  powerOfTwo,
  round,
  sigmoid31,
  softmax31,
  tanh31,
} from '@spin-tools/sim/fixed';
import { clamped, type Layer, type SaturationCount } from './layer.js';

/** 1 on the scale on which bounded activations are computed. */
const ONE = 2 ** 31;

/** Smallest and largest operand. */
export interface OperandRange {
  readonly lowest: number;
  readonly highest: number;
}

/** Range of 16- or 32-bit operands. */
export function operandRange(exact: boolean): OperandRange {
  const magnitude = exact ? 2 ** 31 : 2 ** 15;
  return { lowest: -magnitude, highest: magnitude - 1 };
}

/** Clamps to operands, and counts when that changes a value. */
export function toOperand(
  value: number,
  { lowest, highest }: OperandRange,
  saturations: SaturationCount,
): number {
  if (value >= lowest && value <= highest) return value;
  saturations.count += 1;
  return value < lowest ? lowest : highest;
}

/**
 * Activates a batch.
 *
 * @param values31 receives the values of bounded activations on the 1.31 scale, `[samples][units]`,
 *   for losses that need more than the stored operand
 */
export function activate(
  layer: Layer,
  samples: number,
  values31: Int32Array,
  range: OperandRange,
  saturations: SaturationCount,
): void {
  const { plan, z, outputs, outputStride } = layer;
  const { activation, fractions, units } = plan;
  if (activation === 'linear' || activation === 'relu') {
    activateUnbounded(layer, samples, range, saturations);
    return;
  }
  for (let s = 0; s < samples; s++) {
    const from = s * outputStride;
    const row = values31.subarray(s * units, (s + 1) * units);
    boundedRow(activation, z.subarray(from, from + units), fractions.z, row);
    for (let u = 0; u < units; u++) {
      const value = row[u] as number;
      const magnitude = toOperand(
        round(Math.abs(value), 31 - fractions.activation),
        range,
        saturations,
      );
      outputs.values[from + u] = value < 0 ? -magnitude : magnitude;
    }
  }
}

function activateUnbounded(
  { plan, z, outputs, outputStride }: Layer,
  samples: number,
  range: OperandRange,
  saturations: SaturationCount,
): void {
  const { fractions, units, activation } = plan;
  const shift = fractions.z - fractions.activation;
  const floor = activation === 'relu' ? 0 : Number.NEGATIVE_INFINITY;
  for (let s = 0; s < samples; s++) {
    const from = s * outputStride;
    for (let u = from; u < from + units; u++) {
      const value = Math.max(z[u] as number, floor);
      outputs.values[u] = toOperand(round(value, shift), range, saturations);
    }
  }
}

function boundedRow(
  activation: 'sigmoid' | 'tanh' | 'softmax',
  z: Int32Array,
  fraction: number,
  result: Int32Array,
): void {
  if (activation === 'softmax') {
    softmax31(z, fraction, result);
    return;
  }
  const evaluate = activation === 'sigmoid' ? sigmoid31 : tanh31;
  for (let u = 0; u < z.length; u++) result[u] = evaluate(z[u] as number, fraction);
}

/** Turns the errors of a batch into deltas with the derivative of the activation. */
export function differentiate(
  layer: Layer,
  samples: number,
  range: OperandRange,
  saturations: SaturationCount,
): void {
  const { plan, errors, deltas, outputs, outputStride } = layer;
  const { activation, fractions, units } = plan;
  const shift = fractions.error - fractions.delta;
  for (let s = 0; s < samples; s++) {
    const from = s * outputStride;
    if (activation === 'softmax') {
      differentiateSoftmax(layer, from, range, saturations);
      continue;
    }
    for (let u = from; u < from + units; u++) {
      const g = errors[u] as number;
      const delta = derivative(
        activation,
        g,
        outputs.values[u] as number,
        fractions.activation,
        shift,
      );
      deltas.values[u] = toOperand(delta, range, saturations);
    }
  }
}

/** Not yet clamped. */
function derivative(
  activation: 'linear' | 'relu' | 'sigmoid' | 'tanh',
  g: number,
  a: number,
  fraction: number,
  shift: number,
): number {
  if (activation === 'linear') return round(g, shift);
  if (activation === 'relu') return a > 0 ? round(g, shift) : 0;
  const a31 = Math.abs(a) * powerOfTwo(31 - fraction);
  const slope =
    activation === 'sigmoid'
      ? multiplyRoundWide(a31, ONE - a31, 31)
      : ONE - multiplyRoundWide(a31, a31, 31);
  return multiplyRoundWide(g, slope, 31 + shift);
}

function differentiateSoftmax(
  { plan, errors, deltas, outputs }: Layer,
  from: number,
  range: OperandRange,
  saturations: SaturationCount,
): void {
  const { fractions, units } = plan;
  const toOne = powerOfTwo(31 - fractions.activation);
  const mean = clamped(weightedMean(errors, outputs.values, from, units, toOne), saturations);
  const shift = 31 + fractions.error - fractions.delta;
  for (let u = from; u < from + units; u++) {
    const centred = clamped((errors[u] as number) - mean, saturations);
    const a31 = (outputs.values[u] as number) * toOne;
    deltas.values[u] = toOperand(multiplyRoundWide(centred, a31, shift), range, saturations);
  }
}

/** `round(sum of errors * activations, 31)`: the sum is kept in two parts so that it stays exact. */
function weightedMean(
  errors: Int32Array,
  activations: ArrayLike<number>,
  from: number,
  units: number,
  toOne: number,
): number {
  let high = 0;
  let low = 0;
  for (let u = from; u < from + units; u++) {
    const g = errors[u] as number;
    const a31 = (activations[u] as number) * toOne;
    const lowFactor = a31 % 0x10000;
    const lowProduct = g * lowFactor;
    const carry = Math.floor(lowProduct / 0x10000);
    high += (g * (a31 - lowFactor)) / 0x10000 + carry;
    low += lowProduct - carry * 0x10000;
  }
  return Math.floor((high + Math.floor((low + 2 ** 30) / 0x10000)) / 2 ** 15);
}
