/**
 * Models in files: of Keras (`.keras`, `.h5`), of TensorFlow.js (`model.json` with its shards), layers
 * written by hand to start from, or a model as we store it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import {
  type CompileOptions,
  isLayerName,
  LAYER_NAMES,
  type Layer,
  layerOf,
  layers,
  type Model,
  ModelFileError,
  modelFromH5,
  modelFromJson,
  modelFromKeras,
  modelFromTensorFlowJs,
  modelToH5,
  modelToJson,
  modelToKeras,
  modelToTensorFlowJs,
  type NumberMode,
  type Shape,
  sequential,
} from '@spin-tools/keras-backend';
import { FileError, isObject, parseObject } from '../data/file-error.js';

/** What `--model` takes, for help texts. */
export const MODEL_HELP =
  "model of Keras (.keras, .h5), TensorFlow.js's model.json, or layers in JSON";

/** A model from a file. */
export interface LoadedModel {
  readonly model: Model;
  /** The loss that the file names, or the one that suits the last layer. */
  readonly loss: CompileOptions['loss'];
  readonly mode: NumberMode | undefined;
  /** Whether the file has weights. */
  readonly trained: boolean;
}

/**
 * Reads a model by its ending: `.keras`, `.h5`, and JSON of TensorFlow.js, of {@link writeModel}, or
 * `layers` with the options of Keras's layers and, if need be, `name`, `seed` and `loss`.
 *
 * @throws FileError naming the field; ModelDefinitionError and UnsupportedError when the layers make no sense.
 */
export async function readModel(path: string): Promise<LoadedModel> {
  const ending = extname(path).toLowerCase();
  const read = READERS[ending];
  if (read !== undefined) {
    const bytes = new Uint8Array(await readFile(path));
    return loaded(await naming(path, () => read(bytes)), undefined, true);
  }
  const file = parseObject(path, await readFile(path, 'utf8'), '"layers"');
  if (file.modelTopology !== undefined) {
    const shards = await readShards(path, file);
    const files = { modelJson: file, shards };
    return loaded(await naming(path, () => modelFromTensorFlowJs(files)), undefined, true);
  }
  const trained = file.weights !== undefined;
  const model = trained
    ? await naming(path, () => modelFromJson(file))
    : readDefinition(path, file);
  return loaded(model, typeof file.loss === 'string' ? file.loss : undefined, trained);
}

const READERS: Readonly<Record<string, (bytes: Uint8Array) => Promise<Model>>> = {
  '.keras': modelFromKeras,
  '.h5': modelFromH5,
  '.hdf5': modelFromH5,
};

function loaded(model: Model, named: string | undefined, trained: boolean): LoadedModel {
  const { loss, mode } = model.compileOptions ?? {};
  return { model, loss: loss ?? named ?? lossFor(model), mode, trained };
}

/**
 * Writes a model with its weights, by the ending of the file: `.keras`, `.h5`, and, for a file called
 * `model.json`, as TensorFlow.js does with its shards beside it if `model` came from there or
 * `tensorFlowJs` says so; else JSON of our own, bit for bit.
 */
export async function writeModel(path: string, model: Model, tensorFlowJs = false): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (ending === '.keras') return writeFile(path, await modelToKeras(model));
  if (ending === '.h5' || ending === '.hdf5') return writeFile(path, await modelToH5(model));
  if (!tensorFlowJs) return writeFile(path, `${JSON.stringify(modelToJson(model))}\n`);
  const { modelJson, shards } = modelToTensorFlowJs(model);
  for (const [name, bytes] of Object.entries(shards)) {
    await writeFile(join(dirname(path), name), bytes);
  }
  return writeFile(path, JSON.stringify(modelJson));
}

/** The shape of the samples that a model takes. */
export function inputShape({ graph }: Model): Shape {
  return graph.nodes[graph.inputs[0] ?? 0]?.shape ?? [];
}

/** Values that a model gives for a sample. */
export function outputSize({ graph }: Model): number {
  const shape = graph.nodes[graph.outputs[0] ?? 0]?.shape ?? [];
  return shape.reduce((size, each) => size * each, 1);
}

/** Puts the name of the file before what a reader says. */
async function naming(path: string, read: () => Promise<Model>): Promise<Model> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    throw new FileError(path, error.message, { cause: error });
  }
}

/** The files that the manifest names, which have to lie beside it or below. */
async function readShards(
  path: string,
  { weightsManifest }: Record<string, unknown>,
): Promise<Record<string, Uint8Array>> {
  const groups = Array.isArray(weightsManifest) ? weightsManifest : [];
  const shards: Record<string, Uint8Array> = {};
  for (const group of groups) {
    const paths = isObject(group) && Array.isArray(group.paths) ? group.paths : [];
    for (const shard of paths.filter((each) => typeof each === 'string')) {
      const inside = normalize(shard);
      if (inside.startsWith('..') || inside.startsWith('/') || inside.includes(':')) {
        throw new FileError(path, `names the shard ${shard}, which does not lie beside it`);
      }
      shards[shard] = new Uint8Array(await readFile(join(dirname(path), inside)));
    }
  }
  return shards;
}

function readDefinition(
  path: string,
  { layers: list, name, seed }: Record<string, unknown>,
): Model {
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
  const { className, ...options } = isObject(value) ? value : {};
  if (className === 'InputLayer') return layers.input(options as { shape: Shape });
  if (typeof className === 'string' && isLayerName(className)) {
    return layerOf(className, options) as Layer;
  }
  throw new FileError(
    path,
    `layers[${index}].className is ${JSON.stringify(className) ?? 'missing'}: use one of ${LAYER_NAMES.join(', ')}`,
  );
}

/** As Keras's users choose for a classifier, and the mean squared error for anything else. */
function lossFor({ graph }: Model): string {
  const node = graph.nodes[graph.outputs[0] ?? 0];
  const layer = node && graph.layers[node.layer]?.layer;
  const activation = layer && 'activation' in layer ? layer.activation : undefined;
  if (activation === 'softmax' || layer?.className === 'Softmax') return 'categorical_crossentropy';
  return activation === 'sigmoid' ? 'binary_crossentropy' : 'mean_squared_error';
}
