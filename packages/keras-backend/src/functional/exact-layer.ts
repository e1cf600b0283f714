/** The matrix products of a layer in `exact` mode: 32-bit operands, 64-bit sums. */
import { MASTER_FRACTION } from '../engine.js';
import type { KernelMemory } from './kernels.js';
import {
  type Layer,
  type LayerAddresses,
  type LayerValues,
  type SaturationCount,
  type Scratch,
  sendBack,
  updateBias,
} from './layer.js';

/** Adds the matrix products to a layer. */
export function exactLayer(
  views: LayerValues,
  at: LayerAddresses,
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
      sendBack(kernels.backwardExact, views, at.operands, samples, below),
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
