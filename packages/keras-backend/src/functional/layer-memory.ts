/** Where the layers of a network lie in kernel memory. */
import type { LayerPlan } from '../engine.js';
import { exactLayer } from './exact-layer.js';
import { fastLayer } from './fast-layer.js';
import type { KernelMemory } from './kernels.js';
import type { BatchMatrix, Layer, LayerAddresses, SaturationCount, Scratch } from './layer.js';

/** Rows of weights and samples come in blocks of four, columns in blocks of eight. */
const ROW_BLOCK = 4;
const COLUMN_BLOCK = 8;

/** The next multiple. */
function padded(value: number, block: number): number {
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
): LayerAddresses {
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
