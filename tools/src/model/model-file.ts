/**
 * Models in JSON: the layers and how they are trained, written by hand to start from, and with the
 * weights once they are trained. Names are those of Keras.
 */
import { readFile, writeFile } from 'node:fs/promises';
import {
  type DenseOptions,
  type FlattenOptions,
  type InputOptions,
  type Layer,
  type Loss,
  layers,
  type NumberMode,
  type Sequential,
  sequential,
  type Tensor,
} from '@spin-tools/keras-backend';
import { fromFixed } from '@spin-tools/sim/fixed';
import { FileError, isObject, parseObject } from '../data/file-error.js';

/** What a saved file says it is; files written by hand may leave it out. */
const FORMAT = 'spin-tools model 1';

/** Fraction bits of the weights that engines hold; docs/on-core-programs.md, section 1. */
const WEIGHT_FRACTION = 27;

/** A model as a file holds it. */
export interface ModelFile {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly seed: number;
  readonly layers: readonly Layer[];
  readonly loss?: string;
  readonly mode?: NumberMode;
  /** Kernel and bias of every Dense layer, in Keras's order and shape. */
  readonly weights: readonly {
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
}

/** A model from a file. */
export interface LoadedModel {
  readonly model: Sequential;
  /** The loss that the file names, or the one that suits the last layer. */
  readonly loss: string;
  readonly mode: NumberMode | undefined;
  /** Whether the file has weights. */
  readonly trained: boolean;
}

/**
 * Reads a model.
 *
 * @throws FileError naming the field; ModelDefinitionError, UnsupportedError and DataError when
 * the layers or weights make no sense.
 */
export async function readModel(path: string): Promise<LoadedModel> {
  const file = parseObject(path, await readFile(path, 'utf8'), '"layers"');
  if (file.format !== undefined && file.format !== FORMAT) {
    throw new FileError(path, `"format" is ${JSON.stringify(file.format)}, not "${FORMAT}"`);
  }
  if (!Array.isArray(file.layers) || file.layers.length === 0) {
    throw new FileError(path, '"layers" must be an array of layers');
  }
  const stack = file.layers.map((layer, index) => readLayer(path, layer, index));
  const model = sequential({
    layers: stack,
    ...(Number.isInteger(file.seed) && { seed: file.seed as number }),
    ...(typeof file.name === 'string' && { name: file.name }),
  });
  if (file.weights !== undefined) await model.setWeights(readWeights(path, file.weights));
  return {
    model,
    loss: typeof file.loss === 'string' ? file.loss : lossFor(stack),
    mode: file.mode as NumberMode | undefined,
    trained: file.weights !== undefined,
  };
}

/** Writes a model with its weights, exactly: reading it gives the same bits. */
export async function writeModel(path: string, model: Sequential): Promise<void> {
  const { loss, mode } = model.compileOptions ?? {};
  const file: ModelFile = {
    format: FORMAT,
    name: model.name,
    seed: model.seed,
    layers: model.layers,
    ...(loss !== undefined && { loss }),
    ...(mode !== undefined && { mode }),
    weights: exactWeights(model),
  };
  await writeFile(path, `${JSON.stringify(file)}\n`);
}

/** The shape of the samples that a model takes. */
export function inputShape({ layers: [first] }: Sequential): readonly number[] {
  return (first?.className === 'InputLayer' ? first.shape : first?.inputShape) ?? [];
}

function readLayer(path: string, value: unknown, index: number): Layer {
  const makers: Readonly<Record<string, (options: object) => Layer>> = {
    InputLayer: (options) => layers.input(options as InputOptions),
    Flatten: (options) => layers.flatten(options as FlattenOptions),
    Dense: (options) => layers.dense(options as DenseOptions),
  };
  const { className, ...options } = isObject(value) ? value : {};
  const make = makers[String(className)];
  if (make !== undefined) return make(options);
  const known = Object.keys(makers).join(', ');
  throw new FileError(
    path,
    `layers[${index}].className is ${JSON.stringify(className) ?? 'missing'}: use one of ${known}`,
  );
}

function readWeights(path: string, value: unknown): Tensor[] {
  const isNumbers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'number');
  if (!Array.isArray(value)) throw new FileError(path, '"weights" must be an array');
  return value.map((tensor, index) => {
    if (isObject(tensor) && isNumbers(tensor.shape) && isNumbers(tensor.data)) {
      return { shape: tensor.shape, data: tensor.data };
    }
    throw new FileError(path, `weights[${index}] must have "shape" and "data", arrays of numbers`);
  });
}

/** As Keras would choose for a classifier, and the mean squared error for anything else. */
function lossFor(stack: readonly Layer[]): Loss {
  const last = stack.at(-1);
  const activation = last?.className === 'Dense' ? last.activation : undefined;
  if (activation === 'softmax') return 'categorical_crossentropy';
  return activation === 'sigmoid' ? 'binary_crossentropy' : 'mean_squared_error';
}

/** `getWeights` rounds to float32; a double holds an engine's weight as it is. */
function exactWeights(model: Sequential): ModelFile['weights'] {
  const real = (value: number): number => fromFixed(value, WEIGHT_FRACTION);
  const fixed = model.getFixedWeights();
  const dense = model.layers.filter((layer) => layer.className === 'Dense');
  return dense.flatMap(({ units, useBias }, index) => {
    const { kernel, bias } = fixed[index] as (typeof fixed)[number];
    const inputs = kernel.length / units;
    const data = Array.from(kernel, (_, at) =>
      real(kernel[(at % units) * inputs + Math.floor(at / units)] as number),
    );
    const tensors = [{ shape: [inputs, units], data }];
    if (useBias) tensors.push({ shape: [units], data: Array.from(bias, real) });
    return tensors;
  });
}
