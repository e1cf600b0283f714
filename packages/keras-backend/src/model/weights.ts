/** Weights between Keras's shape in real numbers and an engine's in fixed point. */
import { fromFixed, randomWord } from '@spin-tools/sim/fixed';
import { type LayerWeights, MASTER_FRACTION } from '../engine.js';
import { DataError } from '../errors.js';
import type { DenseInPlace } from '../graph/dense-stack.js';
import { type LayerGraph, weightsOf } from '../graph/graph.js';
import { initialWeights } from '../initialisers/initialisers.js';
import { sizeOf } from '../layers/kinds/kind.js';
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

/** Where the streams of random numbers for weights begin: two a layer, and more for those beyond. */
const FIRST_STREAMS = 0x80000000;
const MORE_STREAMS = 0xc0000000;
const STREAMS_PER_LAYER = 16;

/** Weights of all layers as their initialisers draw them, in Keras's order. */
export function firstWeights({ layers }: LayerGraph, seed: number): Float32Array[] {
  return layers
    .filter(({ weights }) => weights.length > 0)
    .flatMap(({ weights }, place) =>
      weights.map(({ initialiser, fanIn, fanOut, shape }, index) => {
        const stream =
          index < 2
            ? FIRST_STREAMS + 2 * place + index
            : MORE_STREAMS + STREAMS_PER_LAYER * place + index;
        const own = randomWord(seed, stream);
        return initialWeights(initialiser, fanIn, fanOut, sizeOf(shape), own);
      }),
    );
}

/**
 * Copies of the values of Keras's list of tensors.
 *
 * @throws {@link DataError} when their number, a shape or a value is wrong
 */
export function checkedWeights(graph: LayerGraph, tensors: readonly Tensor[]): Float32Array[] {
  const weights = weightsOf(graph);
  if (tensors.length !== weights.length) {
    const reason = `are ${tensors.length} tensors, but the model has ${weights.length}`;
    throw new DataError('weights', reason);
  }
  return weights.map(({ path, shape }, index) => {
    const tensor = tensors[index] as Tensor;
    const field = `weights of ${path.replace('/', ': ')}`;
    checkShape(tensor, field, shape);
    const values = Float32Array.from(tensor.data);
    const odd = values.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) {
      throw new DataError(field, `holds ${values[odd]} at ${odd}: only finite numbers can be used`);
    }
    return values;
  });
}

/** Weights with their shapes, in Keras's order. */
export function asTensors(graph: LayerGraph, weights: readonly Float32Array[]): FloatTensor[] {
  return weightsOf(graph).map(({ shape }, index) => ({
    data: (weights[index] as Float32Array).slice(),
    shape,
  }));
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

function checkShape({ data, shape }: Tensor, field: string, expected: readonly number[]): void {
  const size = sizeOf(expected);
  if (shape.join() !== expected.join() || data.length !== size) {
    throw new DataError(
      field,
      `has shape [${shape}] and ${data.length} values, but needs shape [${expected}]`,
    );
  }
}

function checkWeights(tensor: Tensor, field: string, expected: readonly number[]): void {
  checkShape(tensor, field, expected);
  const { data } = tensor;
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
