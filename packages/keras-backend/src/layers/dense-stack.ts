/** A list of layers as what is computed: shapes followed through, Dense layers named. */
import { ModelDefinitionError, UnsupportedError } from '../errors.js';
import type { DenseLayer, Layer, Shape } from './layers.js';

/** A Dense layer in its place in a model. */
export interface DenseInPlace {
  readonly name: string;
  readonly layer: DenseLayer;
  readonly inputs: number;
}

/** One line of a summary. */
export interface LayerInPlace {
  readonly name: string;
  readonly layer: Layer;
  readonly outputShape: Shape;
  readonly parameters: number;
}

/** A model that can be computed. */
export interface DenseStack {
  readonly inputShape: Shape;
  readonly layers: readonly LayerInPlace[];
  readonly dense: readonly DenseInPlace[];
}

const LAYER_KINDS = ['InputLayer', 'Flatten', 'Dense'];
const DEFAULT_NAMES = { InputLayer: 'input', Flatten: 'flatten', Dense: 'dense' } as const;

/** Number of values of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, each) => size * each, 1);
}

/**
 * Checks a list of layers and follows the shape of a sample through it.
 *
 * @throws {@link ModelDefinitionError} when they do not fit one another
 * @throws {@link UnsupportedError} for a layer of another kind
 */
export function denseStack(layers: readonly Layer[]): DenseStack {
  const inputShape = firstShape(layers);
  const inPlace: LayerInPlace[] = [];
  const dense: DenseInPlace[] = [];
  const names = new Set<string>();
  let shape = inputShape;
  for (const [index, layer] of layers.entries()) {
    const name = uniqueName(layer, names);
    if (layer.className === 'InputLayer' && index > 0) {
      throw new ModelDefinitionError(name, 'is an input layer behind the first place');
    }
    if (layer.className === 'Flatten') shape = [sizeOf(shape)];
    if (layer.className === 'Dense') {
      dense.push({ name, layer, inputs: vectorSize(shape, name) });
      shape = [layer.units];
    }
    inPlace.push({ name, layer, outputShape: shape, parameters: parametersOf(layer, dense) });
  }
  if (dense.length === 0) {
    throw new ModelDefinitionError('model', 'has no Dense layer: add layers.dense({ units })');
  }
  return { inputShape, layers: inPlace, dense };
}

function firstShape(layers: readonly Layer[]): Shape {
  const [first] = layers;
  if (first === undefined) throw new ModelDefinitionError('model', 'has no layers');
  if (!LAYER_KINDS.includes(first.className)) {
    throw new UnsupportedError('layer', String(first.className), LAYER_KINDS);
  }
  const shape = first.className === 'InputLayer' ? first.shape : first.inputShape;
  if (shape === undefined) {
    const message = 'does not know the shape of a sample: begin with layers.input({ shape })';
    throw new ModelDefinitionError('model', message);
  }
  return shape;
}

function uniqueName(layer: Layer, names: Set<string>): string {
  if (!LAYER_KINDS.includes(layer.className)) {
    throw new UnsupportedError('layer', String(layer.className), LAYER_KINDS);
  }
  const base = layer.name ?? DEFAULT_NAMES[layer.className];
  if (layer.name !== undefined && names.has(layer.name)) {
    throw new ModelDefinitionError(layer.name, 'has the name of another layer');
  }
  let name = base;
  for (let number = 1; names.has(name); number++) name = `${base}_${number}`;
  names.add(name);
  return name;
}

function vectorSize(shape: Shape, name: string): number {
  const [size] = shape;
  if (shape.length !== 1 || size === undefined) {
    const message = `takes vectors, not samples of shape ${JSON.stringify(shape)}: put layers.flatten() before it`;
    throw new ModelDefinitionError(name, message);
  }
  return size;
}

function parametersOf(layer: Layer, dense: readonly DenseInPlace[]): number {
  if (layer.className !== 'Dense') return 0;
  const inputs = dense.at(-1)?.inputs ?? 0;
  return layer.units * (inputs + (layer.useBias ? 1 : 0));
}
