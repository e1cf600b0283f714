/** One Dense layer of the functional engine: what it holds and what it can compute. */
import { type ScaleFactor, saturate32, scaledWide } from '@spin-tools/sim/fixed';
import { type LayerPlan, type LayerWeights, MASTER_FRACTION, type Operands } from '../engine.js';
import type { BackwardKernel } from './kernels.js';

/** Values clamped so far. */
export interface SaturationCount {
  count: number;
}

/** A batch of values: rows of samples, padded with zeros to `stride` values. */
export interface BatchMatrix {
  readonly address: number;
  readonly stride: number;
  readonly values: Operands;
}

/** Addresses and views of one layer. */
export interface Layer {
  readonly plan: LayerPlan;
  /** Values in a padded row of inputs. */
  readonly inputStride: number;
  /** Values in a padded row of outputs. */
  readonly outputStride: number;
  readonly inputs: BatchMatrix;
  readonly outputs: BatchMatrix;
  readonly deltas: BatchMatrix;
  /** Error before the derivative, int32 `[samples][outputStride]`; at the output layer the scaled difference. */
  readonly errors: Int32Array;
  readonly z: Int32Array;
  readonly master: Int32Array;
  readonly bias: Int32Array;
  forward(samples: number): void;
  /** Writes the errors of the layer below, which has to be `below`. */
  backward(samples: number, below: Layer): void;
  update(samples: number, rate: ScaleFactor): void;
  /** Makes the operands agree with master weights and bias. */
  refresh(): void;
}

/** A layer without its matrix products. */
export type LayerValues = Omit<Layer, 'forward' | 'backward' | 'update' | 'refresh'>;

/** Shared room for one update: 64-bit sums and interleaved pairs. */
export interface Scratch {
  readonly sums: number;
  readonly inputPairs: number;
  readonly deltaPairs: number;
}

/** Addresses of one layer, and its padded sizes. */
export interface LayerAddresses {
  readonly plan: LayerPlan;
  readonly inputStride: number;
  readonly outputStride: number;
  readonly rows: number;
  readonly master: number;
  readonly operands: number;
  readonly bias: number;
  readonly biasOperands: number;
  readonly z: number;
  readonly outputs: number;
  readonly deltas: number;
  readonly errors: number;
}

/** Writes the errors of the layer below; `operands` is the address of the weights as multiplied. */
export function sendBack(
  kernel: BackwardKernel,
  { plan, deltas, inputStride, outputStride }: LayerValues,
  operands: number,
  samples: number,
  below: Layer,
): void {
  const { fractions, units } = plan;
  const shift = fractions.weight + fractions.delta - below.plan.fractions.error;
  const errors = below.errors.byteOffset;
  kernel(operands, deltas.address, errors, samples, units, inputStride, outputStride, shift);
}

/** Subtracts the scaled gradient of the biases. */
export function updateBias(
  { plan, bias, deltas, outputStride }: LayerValues,
  samples: number,
  { mantissa, exponent }: ScaleFactor,
  saturations: SaturationCount,
): void {
  if (!plan.useBias) return;
  const shift = plan.fractions.delta + exponent - MASTER_FRACTION;
  for (let u = 0; u < plan.units; u++) {
    let sum = 0;
    for (let s = 0; s < samples; s++) sum += deltas.values[s * outputStride + u] as number;
    const step = clamped(scaledWide(sum, mantissa, shift), saturations);
    bias[u] = clamped((bias[u] as number) - step, saturations);
  }
}

/** Clamps to 32 bits, and counts when that changes the value. */
export function clamped(value: number, saturations: SaturationCount): number {
  const result = saturate32(value);
  if (result !== value) saturations.count += 1;
  return result;
}

/** Puts weights into a layer. */
export function setLayerWeights(layer: Layer, { kernel, bias }: LayerWeights): void {
  const { inputs, units } = layer.plan;
  for (let u = 0; u < units; u++) {
    layer.master.set(kernel.subarray(u * inputs, (u + 1) * inputs), u * layer.inputStride);
  }
  layer.bias.set(bias);
  layer.refresh();
}

/** A copy of the weights of a layer. */
export function getLayerWeights({ plan, master, bias, inputStride }: Layer): LayerWeights {
  const kernel = new Int32Array(plan.units * plan.inputs);
  for (let u = 0; u < plan.units; u++) {
    const row = master.subarray(u * inputStride, u * inputStride + plan.inputs);
    kernel.set(row, u * plan.inputs);
  }
  return { kernel, bias: bias.slice(0, plan.units) };
}
