/** Weights between Keras's shape in real numbers and an engine's in fixed point. */
import { fromFixed } from '@spin-tools/sim/fixed';
import { type LayerWeights, MASTER_FRACTION } from '../engine.js';
import { DataError } from '../errors.js';
import { initialWeights } from '../initialisers/initialisers.js';
import type { DenseInPlace } from '../layers/dense-stack.js';
import type { FloatLayer } from '../plan/estimate.js';
import type { Tensor } from './data.js';
import { transposed } from './transposed.js';

/** Real numbers with their shape. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Masters hold -16 .. 16, 16 excluded. */
const LARGEST = 2 ** (31 - MASTER_FRACTION);

/** Weights of a layer as its initialisers draw them. */
export function firstWeights(
  { layer, inputs }: DenseInPlace,
  kernelSeed: number,
  biasSeed: number,
): LayerWeights {
  const { units, kernelInitializer, biasInitializer, useBias } = layer;
  const kernel = initialWeights(kernelInitializer, inputs, units, inputs * units, kernelSeed);
  const bias = useBias
    ? initialWeights(biasInitializer, units, units, units, biasSeed)
    : new Float32Array(units);
  return {
    kernel: transposed(kernel, inputs, units, new Int32Array(kernel.length), toMaster),
    bias: Int32Array.from(bias, toMaster),
  };
}

function toMaster(value: number): number {
  const limit = 2 ** 31;
  return Math.min(limit - 1, Math.max(-limit, Math.round(value * 2 ** MASTER_FRACTION)));
}

function toReal(value: number): number {
  return fromFixed(value, MASTER_FRACTION);
}

/** Kernel and, where there is one, bias, in Keras's order and shape. */
export function toKeras(place: DenseInPlace, { kernel, bias }: LayerWeights): FloatTensor[] {
  const { inputs, layer } = place;
  const data = transposed(kernel, layer.units, inputs, new Float32Array(kernel.length), toReal);
  const tensor: FloatTensor = { data, shape: [inputs, layer.units] };
  if (!layer.useBias) return [tensor];
  const biases = Float32Array.from(bias, toReal);
  return [tensor, { data: biases, shape: [layer.units] }];
}

/**
 * The weights of all layers from Keras's list of tensors.
 *
 * @throws {@link DataError} when their number, a shape or a value is wrong
 */
export function fromKeras(
  places: readonly DenseInPlace[],
  tensors: readonly Tensor[],
): LayerWeights[] {
  const expected = places.reduce((count, { layer }) => count + (layer.useBias ? 2 : 1), 0);
  if (tensors.length !== expected) {
    throw new DataError('weights', `are ${tensors.length} tensors, but the model has ${expected}`);
  }
  let next = 0;
  return places.map(({ name, layer, inputs }) => {
    const kernelTensor = tensors[next++] as Tensor;
    checkWeights(kernelTensor, `weights of ${name}: kernel`, [inputs, layer.units]);
    const values = new Int32Array(inputs * layer.units);
    const kernel = transposed(kernelTensor.data, inputs, layer.units, values, toMaster);
    if (!layer.useBias) return { kernel, bias: new Int32Array(layer.units) };
    const biasTensor = tensors[next++] as Tensor;
    checkWeights(biasTensor, `weights of ${name}: bias`, [layer.units]);
    return { kernel, bias: Int32Array.from(biasTensor.data, toMaster) };
  });
}

function checkWeights({ data, shape }: Tensor, field: string, expected: readonly number[]): void {
  const size = expected.reduce((product, each) => product * each, 1);
  if (shape.join() !== expected.join() || data.length !== size) {
    throw new DataError(
      field,
      `has shape [${shape}] and ${data.length} values, but needs shape [${expected}]`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!(value >= -LARGEST && value < LARGEST)) {
      throw new DataError(
        field,
        `holds ${value} at ${i}: weights must be within -${LARGEST} and ${LARGEST}`,
        undefined,
        value,
      );
    }
  }
}

/** Layers with weights in real numbers, as a plan is made from. */
export function floatLayers(
  places: readonly DenseInPlace[],
  weights: readonly LayerWeights[],
): FloatLayer[] {
  return places.map(({ name, layer, inputs }, index) => {
    const { kernel, bias } = weights[index] as LayerWeights;
    return {
      name,
      inputs,
      units: layer.units,
      activation: layer.activation,
      useBias: layer.useBias,
      kernel: toFloats(kernel),
      bias: toFloats(bias),
    };
  });
}

function toFloats(values: Int32Array): Float64Array {
  const floats = new Float64Array(values);
  for (let i = 0; i < floats.length; i++) floats[i] = toReal(floats[i] as number);
  return floats;
}
