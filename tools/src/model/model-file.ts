/**
 * Models in JSON: layers written by hand to start from, or a trained model as the Keras backend
 * stores it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import {
  type DenseOptions,
  type FlattenOptions,
  type InputOptions,
  type Layer,
  type Loss,
  layers,
  ModelFileError,
  modelFromJson,
  modelToJson,
  type NumberMode,
  type Sequential,
  sequential,
} from '@spin-tools/keras-backend';
import { FileError, isObject, parseObject } from '../data/file-error.js';

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
 * Reads a model: one that {@link writeModel} wrote, or `layers` with the options of Keras's layers
 * and, if need be, `name`, `seed` and `loss`.
 *
 * @throws FileError naming the field; ModelDefinitionError and UnsupportedError when the layers make no sense.
 */
export async function readModel(path: string): Promise<LoadedModel> {
  const file = parseObject(path, await readFile(path, 'utf8'), '"layers"');
  const trained = file.weights !== undefined;
  const model = trained ? await readTrained(path, file) : readDefinition(path, file);
  const { loss, mode } = model.compileOptions ?? {};
  const named = typeof file.loss === 'string' ? file.loss : undefined;
  return { model, loss: loss ?? named ?? lossFor(model), mode, trained };
}

/** Writes a model with its weights, bit for bit. */
export async function writeModel(path: string, model: Sequential): Promise<void> {
  await writeFile(path, `${JSON.stringify(modelToJson(model))}\n`);
}

/** The shape of the samples that a model takes. */
export function inputShape({ layers: [first] }: Sequential): readonly number[] {
  return (first?.className === 'InputLayer' ? first.shape : first?.inputShape) ?? [];
}

async function readTrained(path: string, file: Record<string, unknown>): Promise<Sequential> {
  try {
    return await modelFromJson(file);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    throw new FileError(path, error.message, { cause: error });
  }
}

function readDefinition(path: string, { layers: list, name, seed }: Record<string, unknown>) {
  if (!Array.isArray(list) || list.length === 0) {
    throw new FileError(path, '"layers" must be an array of layers');
  }
  return sequential({
    layers: list.map((layer, index) => readLayer(path, layer, index)),
    ...(typeof name === 'string' && { name }),
    ...(typeof seed === 'number' && { seed }),
  });
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

/** As Keras's users choose for a classifier, and the mean squared error for anything else. */
function lossFor({ layers: stack }: Sequential): Loss {
  const last = stack.at(-1);
  const activation = last?.className === 'Dense' ? last.activation : undefined;
  if (activation === 'softmax') return 'categorical_crossentropy';
  return activation === 'sigmoid' ? 'binary_crossentropy' : 'mean_squared_error';
}
