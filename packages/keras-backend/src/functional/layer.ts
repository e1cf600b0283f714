/** One Dense layer in kernel memory: its weights, a batch of its values, and its matrix products. */
import { round, type ScaleFactor, saturate32, scaledWide } from '@spin-tools/sim/fixed';
import { type LayerPlan, type LayerWeights, MASTER_FRACTION, type Operands } from '../engine.js';
import type { KernelMemory } from './kernels.js';

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

/** Rows of weights and samples come in blocks of four, columns in blocks of eight. */
const ROW_BLOCK = 4;
const COLUMN_BLOCK = 8;

/** Shared room for one update: 64-bit sums and interleaved pairs. */
interface Scratch {
  readonly sums: number;
  readonly inputPairs: number;
  readonly deltaPairs: number;
}

interface Addresses {
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

/** The next multiple. */
export function padded(value: number, block: number): number {
  return Math.ceil(value / block) * block;
}

/**
 * Lays the layers of a network out in kernel memory, all weights zero.
 *
 * @param exact 32-bit instead of 16-bit operands
 */
export function createLayers(
  plans: readonly LayerPlan[],
  batchSize: number,
  exact: boolean,
  memory: KernelMemory,
  saturations: SaturationCount,
): Layer[] {
  const samples = padded(batchSize, ROW_BLOCK);
  const first = plans[0] as LayerPlan;
  const operandBytes = exact ? 4 : 2;
  const firstInputs = memory.reserve(samples * padded(first.inputs, COLUMN_BLOCK) * operandBytes);
  const addresses = plans.map((plan) => reserveLayer(plan, samples, exact, memory));
  const widest = Math.max(...addresses.map(({ inputStride }) => inputStride));
  const tallest = Math.max(...addresses.map(({ outputStride }) => outputStride));
  const scratch: Scratch = {
    sums: memory.reserve(ROW_BLOCK * widest * 8),
    inputPairs: memory.reserve(exact ? 0 : samples * widest * operandBytes),
    deltaPairs: memory.reserve(exact ? 0 : samples * tallest * operandBytes),
  };
  const batch = (address: number, stride: number): BatchMatrix => ({
    address,
    stride,
    values: exact
      ? memory.int32(address, samples * stride)
      : memory.int16(address, samples * stride),
  });
  return addresses.map((each, index) => {
    const below = addresses[index - 1];
    const views = {
      plan: each.plan,
      inputStride: each.inputStride,
      outputStride: each.outputStride,
      inputs: batch(below?.outputs ?? firstInputs, each.inputStride),
      outputs: batch(each.outputs, each.outputStride),
      deltas: batch(each.deltas, each.outputStride),
      errors: memory.int32(each.errors, samples * each.outputStride),
      z: memory.int32(each.z, samples * each.outputStride),
      master: memory.int32(each.master, each.rows * each.inputStride),
      bias: memory.int32(each.bias, each.rows),
    };
    return exact
      ? exactLayer(views, each, scratch, memory, saturations)
      : fastLayer(views, each, scratch, memory, saturations);
  });
}

function reserveLayer(
  plan: LayerPlan,
  samples: number,
  exact: boolean,
  memory: KernelMemory,
): Addresses {
  const inputStride = padded(plan.inputs, COLUMN_BLOCK);
  const outputStride = padded(plan.units, COLUMN_BLOCK);
  const rows = padded(plan.units, ROW_BLOCK);
  const operandBytes = exact ? 4 : 2;
  const master = memory.reserve(rows * inputStride * 4);
  const bias = memory.reserve(rows * 4);
  return {
    plan,
    inputStride,
    outputStride,
    rows,
    master,
    operands: exact ? master : memory.reserve(rows * inputStride * operandBytes),
    bias,
    biasOperands: exact ? bias : memory.reserve(rows * 4),
    z: memory.reserve(samples * outputStride * 4),
    outputs: memory.reserve(samples * outputStride * operandBytes),
    deltas: memory.reserve(samples * outputStride * operandBytes),
    errors: memory.reserve(samples * outputStride * 4),
  };
}

type LayerViews = Omit<Layer, 'forward' | 'backward' | 'update' | 'refresh'>;

function fastLayer(
  views: LayerViews,
  at: Addresses,
  scratch: Scratch,
  memory: KernelMemory,
  saturations: SaturationCount,
): Layer {
  const { kernels } = memory;
  const { plan, inputStride, outputStride, inputs, deltas } = views;
  const { fractions, units } = plan;
  const biasOperands = memory.int32(at.biasOperands, at.rows);
  const sumFraction = fractions.input + fractions.weight;
  const layer: Layer = {
    ...views,
    forward: (samples) =>
      kernels.forwardFast(
        inputs.address,
        at.operands,
        at.biasOperands,
        at.z,
        samples,
        units,
        inputStride,
        outputStride,
        sumFraction - fractions.z,
      ),
    backward: (samples, below) =>
      kernels.backwardFast(
        at.operands,
        deltas.address,
        below.errors.byteOffset,
        samples,
        units,
        inputStride,
        outputStride,
        fractions.weight + fractions.delta - below.plan.fractions.error,
      ),
    update: (samples, rate) => {
      const even = padded(samples, 2);
      kernels.interleavePairs(inputs.address, scratch.inputPairs, even, inputStride);
      kernels.interleavePairs(deltas.address, scratch.deltaPairs, even, outputStride);
      kernels.updateFast(
        scratch.inputPairs,
        scratch.deltaPairs,
        at.master,
        scratch.sums,
        even / 2,
        units,
        inputStride,
        outputStride,
        rate.mantissa,
        fractions.input + fractions.delta + rate.exponent - MASTER_FRACTION,
      );
      updateBias(views, samples, rate, saturations);
      layer.refresh();
    },
    refresh: () => {
      const shift = MASTER_FRACTION - fractions.weight;
      kernels.refreshOperands(at.master, at.operands, at.rows * inputStride, shift);
      for (let u = 0; u < units; u++) {
        const operand = round(views.bias[u] as number, MASTER_FRACTION - sumFraction);
        biasOperands[u] = clamped(operand, saturations);
      }
    },
  };
  return layer;
}

function exactLayer(
  views: LayerViews,
  at: Addresses,
  scratch: Scratch,
  memory: KernelMemory,
  saturations: SaturationCount,
): Layer {
  const { kernels } = memory;
  const { plan, inputStride, outputStride, inputs, deltas } = views;
  const { fractions, units } = plan;
  const sumFraction = fractions.input + fractions.weight;
  return {
    ...views,
    forward: (samples) =>
      kernels.forwardExact(
        inputs.address,
        at.operands,
        at.bias,
        at.z,
        samples,
        units,
        inputStride,
        outputStride,
        sumFraction - fractions.z,
        sumFraction - MASTER_FRACTION,
      ),
    backward: (samples, below) =>
      kernels.backwardExact(
        at.operands,
        deltas.address,
        below.errors.byteOffset,
        samples,
        units,
        inputStride,
        outputStride,
        fractions.weight + fractions.delta - below.plan.fractions.error,
      ),
    update: (samples, rate) => {
      kernels.updateExact(
        inputs.address,
        deltas.address,
        at.master,
        scratch.sums,
        samples,
        units,
        inputStride,
        outputStride,
        rate.mantissa,
        fractions.input + fractions.delta + rate.exponent - MASTER_FRACTION,
      );
      updateBias(views, samples, rate, saturations);
    },
    refresh: () => undefined,
  };
}

function updateBias(
  { plan, bias, deltas, outputStride }: LayerViews,
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
