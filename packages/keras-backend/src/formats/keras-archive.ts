/**
 * Keras 3's `.keras` files: a zip of `metadata.json`, `config.json` and `model.weights.h5`
 * (keras/src/saving/saving_lib.py).
 */

import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { ModelFileError } from '../errors.js';
import { firstSlots, type Slots, slotNames } from '../float/steps.js';
import { trainedWeights } from '../float/trainer.js';
import { type LayerGraph, type PlacedLayer, weightsOf } from '../graph/graph.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { snakeCase } from '../layers/layers.js';
import { Model } from '../model/model.js';
import { freshState, type ModelState } from '../model/state.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { rateAt } from '../optimisers/schedules.js';
import { asObject, isObject, type JsonObject, parseJson } from './checked.js';
import { EXTRAS_NAME, readExtras, withExtras, writeExtras } from './extras.js';
import { guarded } from './guarded.js';
import {
  floatsAt,
  groupAt,
  type Hdf5Group,
  readHdf5,
  writeFloats,
  writeHdf5,
  writeText,
} from './hdf5.js';
import { mostInflated } from './inflation.js';
import { compileAs, writeCompilation } from './keras-compile.js';
import { readTopology, writeTopology } from './keras-topology.js';
import { originOf, setOrigin } from './origin.js';

/** The version of Keras whose files we write. */
const KERAS_VERSION = '3.8.0';
const WEIGHTS = 'model.weights.h5';
const EXTRAS = `${EXTRAS_NAME}.json`;
const MEMBERS = ['metadata.json', 'config.json', WEIGHTS, EXTRAS];

/**
 * The model of a `.keras` file, compiled as the file says for the engine `float`.
 *
 * @throws {@link ModelFileError} when the file is damaged or a field is not what it should be
 * @throws {@link UnsupportedError} naming the first layer or option that is not supported
 */
export function modelFromKeras(bytes: Uint8Array): Promise<Model> {
  return guarded('archive', async () => {
    const members = await unzip(bytes);
    const config = asObject(
      parseJson(textOf(members, 'config.json'), 'config.json'),
      'config.json',
    );
    const { name, graph, layers, order } = readTopology(config, 'config.json', 'keras3');
    const extras = readExtras(members[EXTRAS] && new TextDecoder().decode(members[EXTRAS]));
    const functional = graph.kind === 'functional' ? graph : undefined;
    const model = new Model(layers, functional, name, extras.seed);
    if (isObject(config.compile_config)) compileAs(model, config.compile_config);
    const weights = members[WEIGHTS];
    if (weights === undefined) throw new ModelFileError(WEIGHTS, 'is missing from the archive');
    const state = await readHdf5(weights, WEIGHTS, (root) => readState(root, model, order));
    await model.setState(withExtras(model, state, extras));
    const { keras_version: version } = versionOf(members);
    setOrigin(model, {
      format: 'keras',
      dialect: 'keras3',
      topology: withoutCompilation(config),
      order,
      kerasVersion: typeof version === 'string' ? version : undefined,
    });
    return model;
  });
}

/** The bytes of a `.keras` file that Keras 3 loads. @throws {@link ModelFileError} */
export async function modelToKeras(model: Model): Promise<Uint8Array> {
  const origin = originOf(model, 'keras');
  const topology = origin?.topology ?? writeTopology(model.name, model.graph, 'keras3');
  const order = origin?.order ?? model.graph.layers.map(({ name }) => name);
  const compilation = writeCompilation(model);
  const config = { ...topology, ...(compilation && { compile_config: compilation }) };
  const weights = await writeHdf5((root) => writeState(root, model, order));
  const metadata = {
    keras_version: origin?.kerasVersion ?? KERAS_VERSION,
    date_saved: '1980-01-01@00:00:00',
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const members = {
    'metadata.json': text(metadata),
    'config.json': text(config),
    [WEIGHTS]: weights,
    [EXTRAS]: new TextEncoder().encode(writeExtras(model)),
  };
  return zip(members);
}

/** Keras stores without compressing. A fixed date makes equal models equal files. */
async function zip(members: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    extendedTimestamp: false,
    dataDescriptor: false,
    lastModDate: new Date(1980, 0, 1),
  });
  for (const [name, bytes] of Object.entries(members)) {
    await writer.add(name, new Uint8ArrayReader(bytes));
  }
  return writer.close();
}

/** Members of the archive: what cannot be in so few bytes is refused before memory is taken for it. */
async function unzip(bytes: Uint8Array): Promise<Readonly<Record<string, Uint8Array>>> {
  const members: Record<string, Uint8Array> = {};
  for await (const entry of new ZipReader(new Uint8ArrayReader(bytes)).getEntriesGenerator()) {
    const { filename: name, compressedSize, uncompressedSize, compressionMethod } = entry;
    if (entry.directory || !MEMBERS.includes(name)) continue;
    if (members[name] !== undefined) throw new ModelFileError(name, 'is in the archive twice');
    const most = compressionMethod === 0 ? compressedSize : mostInflated(compressedSize);
    if (uncompressedSize > most || compressedSize > bytes.length) {
      const reason = `cannot be ${uncompressedSize} bytes in a file of ${bytes.length}`;
      throw new ModelFileError(name, reason);
    }
    const content = new Uint8ArrayWriter();
    members[name] = await guarded(name, () => entry.getData(content, { checkSignature: true }));
  }
  return members;
}

function textOf(members: Readonly<Record<string, Uint8Array>>, name: string): string {
  const bytes = members[name];
  if (bytes === undefined) throw new ModelFileError(name, 'is missing from the archive');
  return new TextDecoder().decode(bytes);
}

function versionOf(members: Readonly<Record<string, Uint8Array>>): JsonObject {
  if (members['metadata.json'] === undefined) return {};
  return asObject(parseJson(textOf(members, 'metadata.json'), 'metadata.json'), 'metadata.json');
}

function withoutCompilation({ compile_config: _, ...topology }: JsonObject): JsonObject {
  return topology;
}

/** The group of each layer: its class in small letters, and how many of that class stand before it. */
function groupsOf(graph: LayerGraph, order: readonly string[]): Map<string, string> {
  const counts = new Map<string, number>();
  const groups = new Map<string, string>();
  for (const name of order) {
    const placed = graph.layers.find((each) => each.name === name);
    const className = placed?.layer.className ?? 'InputLayer';
    if (graph.kind === 'sequential' && className === 'InputLayer') continue;
    const base = snakeCase(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    groups.set(name, `layers/${base}${count === 0 ? '' : `_${count}`}`);
  }
  return groups;
}

/** Recurrent layers keep their weights in a cell of their own. */
function weightsGroup({ layer }: PlacedLayer, group: string): string {
  const recurrent = ['SimpleRNN', 'LSTM', 'GRU'].includes(layer.className);
  return recurrent ? `${group}/cell/vars` : `${group}/vars`;
}

function readState(root: Hdf5Group, model: Model, order: readonly string[]): ModelState {
  const { graph } = model;
  const groups = groupsOf(graph, order);
  const floats = graph.layers.flatMap((placed) =>
    placed.weights.map(({ name, shape }, index) => {
      const group = weightsGroup(placed, groups.get(placed.name) ?? '');
      const path = `${pathIn(root, group)}/${index}`;
      return floatsAt(root, path, shape, `${WEIGHTS}: ${placed.name}/${name} (${path})`);
    }),
  );
  const { optimizer } = model;
  const memory = optimizer && readMemory(root, graph, optimizer);
  return { ...freshState(floats), ...memory };
}

/** Keras 2.13's files call the layers otherwise. */
function pathIn(root: Hdf5Group, group: string): string {
  if (groupAt(root, group) !== undefined) return group;
  const old = group.replace(/^layers/, '_layer_checkpoint_dependencies');
  return groupAt(root, old) === undefined ? group : old;
}

/** What the optimiser remembers, when the file has as many tensors as it needs. */
function readMemory(
  root: Hdf5Group,
  graph: LayerGraph,
  optimiser: Optimiser,
): { slots: readonly Slots[]; steps: number } | undefined {
  const group = groupAt(root, 'optimizer/vars');
  const places = placesOfSlots(graph, optimiser);
  if (group === undefined || group.keys().length !== places.length + FIRST_SLOT) return undefined;
  const [steps = 0] = floatsAt(group, '0', [], 'optimizer/vars/0');
  const weights = weightsOf(graph);
  const slots: Float32Array[][] = weights.map(() => []);
  for (const [index, { weight, slot }] of places.entries()) {
    const path = `${index + FIRST_SLOT}`;
    const shape = weights[weight]?.shape ?? [];
    (slots[weight] as Float32Array[])[slot] = floatsAt(
      group,
      path,
      shape,
      `optimizer/vars/${path}`,
    );
  }
  return { slots, steps };
}

/** Behind the number of steps and the learning rate. */
const FIRST_SLOT = 2;

/** The order in which Keras lists what its optimisers remember: Adam by weights, others by kind. */
function placesOfSlots(
  graph: LayerGraph,
  optimiser: Optimiser,
): { readonly weight: number; readonly slot: number }[] {
  const trained = trainedWeights(graph).flatMap((each, weight) => (each ? [weight] : []));
  const names = slotNames(optimiser);
  const interleaved = optimiser.kind === 'adam' || optimiser.kind === 'adamw' ? 2 : 0;
  return [
    ...trained.flatMap((weight) =>
      Array.from({ length: interleaved }, (_, slot) => ({ weight, slot })),
    ),
    ...names
      .slice(interleaved)
      .flatMap((_, index) => trained.map((weight) => ({ weight, slot: interleaved + index }))),
  ];
}

function writeState(root: Hdf5Group, model: Model, order: readonly string[]): void {
  const { graph, optimizer } = model;
  const { floats, slots, steps } = model.getState();
  const groups = groupsOf(graph, order);
  for (const placed of graph.layers) {
    const group = groups.get(placed.name);
    if (group === undefined) continue;
    const vars = weightsGroup(placed, group);
    createPath(root, vars);
    const owner = groupAt(root, vars);
    if (owner) writeText(owner, 'name', placed.name);
    for (const [index, { shape }] of placed.weights.entries()) {
      writeFloats(
        root,
        `${vars}/${index}`,
        floats[placed.firstWeight + index] as Float32Array,
        shape,
      );
    }
  }
  if (optimizer === undefined) return;
  createPath(root, 'optimizer/vars');
  const vars = groupAt(root, 'optimizer/vars') as Hdf5Group;
  vars.create_dataset({ name: '0', data: BigInt64Array.of(BigInt(steps)), shape: [], dtype: '<q' });
  const rate = Float32Array.of(rateAt(optimizer.learningRate, steps));
  vars.create_dataset({ name: '1', data: rate, shape: [], dtype: '<f4' });
  const weights = weightsOf(graph);
  for (const [index, { weight, slot }] of placesOfSlots(graph, optimizer).entries()) {
    const shape = weights[weight]?.shape ?? [];
    const own = slots[weight]?.length ? slots[weight] : firstSlots(optimizer, sizeOf(shape));
    writeFloats(vars, `${index + FIRST_SLOT}`, own?.[slot] as Float32Array, shape);
  }
}

function createPath(root: Hdf5Group, path: string): void {
  let parent = root;
  for (const step of path.split('/')) parent = groupAt(parent, step) ?? parent.create_group(step);
}
