/** The matrix products of a layer in `fast` mode: 16-bit operands, 32-bit sums. */
import { round } from '@spin-tools/sim/fixed';
import { MASTER_FRACTION } from '../engine.js';
import type { KernelMemory } from './kernels.js';
import {
  clamped,
  type Layer,
  type LayerAddresses,
  type LayerValues,
  type SaturationCount,
  type Scratch,
  sendBack,
  updateBias,
} from './layer.js';

/** Adds the matrix products to a layer. */
export function fastLayer(
  views: LayerValues,
  at: LayerAddresses,
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
      sendBack(kernels.backwardFast, views, at.operands, samples, below),
    update: (samples, rate) => {
      const even = samples + (samples % 2);
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
