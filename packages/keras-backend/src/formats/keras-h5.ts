/** Keras's legacy `.h5` files, of Keras 2 and 3 (keras/src/legacy/saving/legacy_h5_format.py). */
import { ModelFileError } from '../errors.js';
import type { PlacedLayer } from '../graph/graph.js';
import { Model } from '../model/model.js';
import { freshState, type ModelState } from '../model/state.js';
import { asObject, isObject, parseJson } from './checked.js';
import { EXTRAS_NAME, readExtras, withExtras, writeExtras } from './extras.js';
import { guarded } from './guarded.js';
import {
  floatsAt,
  groupAt,
  type Hdf5Group,
  readHdf5,
  textAttribute,
  textsAttribute,
  writeFloats,
  writeHdf5,
  writeText,
  writeTexts,
} from './hdf5.js';
import { compileAs, writeCompilation } from './keras-compile.js';
import type { Dialect } from './keras-objects.js';
import { readTopology, writeTopology } from './keras-topology.js';
import { type Origin, originOf, setOrigin } from './origin.js';

/** The version of Keras whose files we write. */
const KERAS_VERSION = '3.8.0';

/** What is read from the file before the model is made. */
interface Contents {
  readonly topology: unknown;
  readonly training: unknown;
  readonly version: string | undefined;
  readonly extras: string | undefined;
}

/**
 * The model of a `.h5` file, compiled as the file says for the engine `float`.
 *
 * @throws {@link ModelFileError} when the file is damaged, has weights only, or a field is wrong
 * @throws {@link UnsupportedError} naming the first layer or option that is not supported
 */
export function modelFromH5(bytes: Uint8Array): Promise<Model> {
  return guarded('file', async () => {
    const { topology, training, version, extras } = await readHdf5(bytes, 'file', readContents);
    const dialect: Dialect = version?.startsWith('3.') ? 'keras3' : 'keras2';
    const config = asObject(topology, 'model_config');
    const { name, graph, layers, order } = readTopology(config, 'model_config', dialect);
    const more = readExtras(extras);
    const model = new Model(
      layers,
      graph.kind === 'functional' ? graph : undefined,
      name,
      more.seed,
    );
    if (isObject(training)) compileAs(model, training);
    const state = await readHdf5(bytes, 'file', (root) => readWeights(root, model));
    await model.setState(withExtras(model, state, more));
    setOrigin(model, { format: 'h5', dialect, topology: config, order, kerasVersion: version });
    return model;
  });
}

/**
 * Puts the weights of a weights-only `.h5` file (Keras's `save_weights`) into a model.
 *
 * @throws {@link ModelFileError} when they do not fit
 */
export function loadH5Weights(model: Model, bytes: Uint8Array): Promise<void> {
  return guarded('file', async () => {
    const state = await readHdf5(bytes, 'file', (root) => readWeights(root, model));
    await model.setState({ ...model.getState(), floats: state.floats, masters: undefined });
  });
}

/** The bytes of a `.h5` file that Keras loads. @throws {@link ModelFileError} */
export function modelToH5(model: Model): Promise<Uint8Array> {
  const origin = originOf(model, 'h5');
  const topology = origin?.topology ?? legacy(writeTopology(model.name, model.graph, 'keras3'));
  const order = origin?.order ?? model.graph.layers.map(({ name }) => name);
  const training = writeCompilation(model);
  return writeHdf5((root) => {
    writeText(root, 'backend', 'tensorflow');
    writeText(root, 'keras_version', origin?.kerasVersion ?? KERAS_VERSION);
    writeText(root, 'model_config', JSON.stringify(topology));
    writeText(root, EXTRAS_NAME, writeExtras(model));
    if (training) {
      const { optimizer, ...others } = training;
      const config = { ...others, optimizer_config: legacy(optimizer) };
      writeText(root, 'training_config', JSON.stringify(config));
    }
    writeWeights(root, model, order, origin);
  });
}

/** Without what Keras 3 leaves out of `.h5` files: modules and registered names. */
function legacy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(legacy);
  if (!isObject(value)) return value;
  const { module: _, registered_name: __, build_config: ___, ...rest } = value;
  return Object.fromEntries(Object.entries(rest).map(([key, own]) => [key, legacy(own)]));
}

function readContents(root: Hdf5Group): Contents {
  const topology = textAttribute(root, 'model_config');
  if (topology === undefined) {
    throw new ModelFileError('model_config', 'is missing: a file of weights alone needs its model');
  }
  const training = textAttribute(root, 'training_config');
  const weights = groupAt(root, 'model_weights') ?? root;
  return {
    topology: parseJson(topology, 'model_config'),
    training: training === undefined ? undefined : parseJson(training, 'training_config'),
    version: textAttribute(root, 'keras_version') ?? textAttribute(weights, 'keras_version'),
    extras: textAttribute(root, EXTRAS_NAME),
  };
}

function readWeights(root: Hdf5Group, model: Model): ModelState {
  const owner = groupAt(root, 'model_weights') ?? root;
  return freshState(
    model.graph.layers.flatMap((placed) =>
      placed.weights.length === 0 ? [] : weightsOf(owner, placed),
    ),
  );
}

/** Weights of a layer by the names that its group lists, in their order. */
function weightsOf(owner: Hdf5Group, { name, weights }: PlacedLayer): Float32Array[] {
  const group = groupAt(owner, name);
  if (group === undefined) throw new ModelFileError(`model_weights/${name}`, 'is missing');
  const names = textsAttribute(group, 'weight_names');
  if (names.length !== weights.length) {
    const reason = `has ${names.length} weights, but the layer needs ${weights.length}`;
    throw new ModelFileError(`model_weights/${name}`, reason);
  }
  return weights.map(({ shape }, index) => {
    const path = names[index] as string;
    return floatsAt(group, path, shape, `model_weights/${name}/${path}`);
  });
}

function writeWeights(
  root: Hdf5Group,
  model: Model,
  order: readonly string[],
  origin: Origin | undefined,
): void {
  const { graph } = model;
  const { floats } = model.getState();
  const owner = root.create_group('model_weights');
  writeText(owner, 'backend', 'tensorflow');
  writeText(owner, 'keras_version', origin?.kerasVersion ?? KERAS_VERSION);
  const keras2 = origin?.dialect === 'keras2';
  const listed = keras2
    ? order
    : order.filter((name) => graph.kind === 'functional' || !isInput(model, name));
  writeTexts(owner, 'layer_names', listed);
  for (const name of listed) {
    const placed = graph.layers.find((each) => each.name === name);
    const group = owner.create_group(name);
    const names = placed?.weights.map((weight) =>
      keras2 ? `${name}/${weight.name}:0` : weight.name,
    );
    writeTexts(group, 'weight_names', names ?? []);
    for (const [index, { shape }] of placed?.weights.entries() ?? []) {
      const values = floats[(placed?.firstWeight ?? 0) + index] as Float32Array;
      writeFloats(group, names?.[index] as string, values, shape);
    }
  }
  writeTexts(owner.create_group('top_level_model_weights'), 'weight_names', []);
}

function isInput({ graph }: Model, name: string): boolean {
  return graph.layers.some((each) => each.name === name && each.layer.className === 'InputLayer');
}
