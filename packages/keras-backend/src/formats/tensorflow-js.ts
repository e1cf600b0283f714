/** TensorFlow.js's layers models: `model.json` with shards of weights, and models that live in a process. */
import { ModelFileError, UnsupportedError } from '../errors.js';
import type { LayerGraph } from '../graph/graph.js';
import { sizeOf } from '../layers/kinds/kind.js';
import type { Shape } from '../layers/layers.js';
import { Model } from '../model/model.js';
import { freshState } from '../model/state.js';
import {
  asArray,
  asObject,
  asShape,
  asText,
  isObject,
  type JsonObject,
  parseJson,
} from './checked.js';
import { EXTRAS_NAME, readExtras, withExtras, writeExtras } from './extras.js';
import { guarded } from './guarded.js';
import { compileAs, writeCompilation } from './keras-compile.js';
import { readTopology, writeTopology } from './keras-topology.js';
import { originOf, setOrigin } from './origin.js';

/** A model as TensorFlow.js stores it. */
export interface TensorFlowJsFiles {
  /** `model.json`, as text or parsed. */
  readonly modelJson: unknown;
  /** Contents of the shards by the paths that `model.json` names. */
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

/** Bytes of a shard, as TensorFlow.js cuts them. */
const SHARD_BYTES = 4 * 2 ** 20;

/**
 * The model of `model.json` and its shards, compiled as the file says for the engine `float`.
 *
 * @throws {@link ModelFileError} when a file is damaged or a field is not what it should be
 * @throws {@link UnsupportedError} naming the first layer or option that is not supported
 */
export function modelFromTensorFlowJs({ modelJson, shards }: TensorFlowJsFiles): Promise<Model> {
  return guarded('model.json', async () => {
    const parsed = typeof modelJson === 'string' ? parseJson(modelJson, 'model.json') : modelJson;
    const file = asObject(parsed, 'model.json');
    if (file.format === 'graph-model') {
      throw new UnsupportedError('format', 'graph-model', ['layers-model']);
    }
    const outer = asObject(file.modelTopology, 'modelTopology');
    const topology = isObject(outer.model_config) ? outer.model_config : outer;
    const metadata = isObject(file.userDefinedMetadata) ? file.userDefinedMetadata : {};
    const extras = metadata[EXTRAS_NAME];
    const named = tensorsOf(file, shards);
    const model = await modelOf(topology, named, {
      extras: typeof extras === 'string' ? extras : undefined,
      training: file.trainingConfig ?? outer.training_config,
      topology: outer,
    });
    return model;
  });
}

/** What {@link modelFromLayersModel} needs of a `tf.LayersModel`; any version from 1.0 has it. */
export interface LayersModelLike {
  /** As an object, not as text. */
  toJSON(unused?: unknown, returnString?: boolean): unknown;
  readonly layers: readonly {
    readonly name: string;
    /** Its tensors, in Keras's order. */
    getWeights(): readonly TensorLike[];
  }[];
}

/** What is needed of a `tf.Tensor`. */
export interface TensorLike {
  readonly shape: readonly number[];
  /** Its values, the last axis varying fastest. */
  data(): Promise<ArrayLike<number>>;
}

/**
 * The model of a `tf.LayersModel` that lives in this process, with its weights of now. Not compiled:
 * its loss may be a function.
 *
 * @throws {@link ModelFileError} {@link UnsupportedError} naming what cannot be taken over
 */
export function modelFromLayersModel(live: LayersModelLike): Promise<Model> {
  return guarded('model', async () => {
    const json = live.toJSON(undefined, false);
    const outer = asObject(typeof json === 'string' ? parseJson(json, 'model') : json, 'model');
    const topology = isObject(outer.model_config) ? outer.model_config : outer;
    const { name, graph, layers, order } = readTopology(topology, 'model', 'keras2');
    const model = new Model(layers, graph.kind === 'functional' ? graph : undefined, name, 0);
    const floats: Float32Array[] = [];
    for (const placed of graph.layers) {
      const own = live.layers.find((layer) => layer.name === placed.name)?.getWeights() ?? [];
      for (const [index, { name, shape }] of placed.weights.entries()) {
        const field = `${placed.name}/${name}`;
        const tensor = own[index];
        if (tensor?.shape.join() !== shape.join()) {
          throw new ModelFileError(field, `has shape [${tensor?.shape}], but needs [${shape}]`);
        }
        floats.push(Float32Array.from(await tensor.data()));
      }
    }
    await model.setState(freshState(floats));
    const origin = { format: 'tfjs', dialect: 'keras2', topology: outer, order } as const;
    setOrigin(model, { ...origin, kerasVersion: undefined });
    return model;
  });
}

interface FileParts {
  readonly extras: string | undefined;
  readonly training: unknown;
  readonly topology: JsonObject;
}

async function modelOf(
  config: JsonObject,
  named: ReadonlyMap<string, Float32Array>,
  { extras, training, topology }: FileParts,
): Promise<Model> {
  const { name, graph, layers, order } = readTopology(config, 'modelTopology', 'keras2');
  const more = readExtras(extras);
  const model = new Model(layers, graph.kind === 'functional' ? graph : undefined, name, more.seed);
  if (isObject(training)) compileAs(model, training);
  const floats = storedWeights(graph).map(({ path, shape }) => {
    const values = named.get(path);
    if (values === undefined) throw new ModelFileError(`weightsManifest ${path}`, 'is missing');
    if (values.length !== sizeOf(shape)) {
      const reason = `has ${values.length} values, but the layer needs shape [${shape}]`;
      throw new ModelFileError(`weightsManifest ${path}`, reason);
    }
    return values;
  });
  await model.setState(withExtras(model, freshState(floats), more));
  const version = topology.keras_version;
  setOrigin(model, {
    format: 'tfjs',
    dialect: 'keras2',
    topology,
    order,
    kerasVersion: typeof version === 'string' ? version : undefined,
  });
  return model;
}

/** Weights by `layer/weight`. */
function tensorsOf(
  file: JsonObject,
  shards: Readonly<Record<string, Uint8Array>>,
): Map<string, Float32Array> {
  const tensors = new Map<string, Float32Array>();
  for (const [index, each] of asArray(file.weightsManifest, 'weightsManifest').entries()) {
    const field = `weightsManifest[${index}]`;
    const group = asObject(each, field);
    const bytes = joined(asArray(group.paths, `${field}.paths`), shards, field);
    let offset = 0;
    for (const [place, entry] of asArray(group.weights, `${field}.weights`).entries()) {
      const weight = asObject(entry, `${field}.weights[${place}]`);
      const name = asText(weight.name, `${field}.weights[${place}].name`);
      const { values, length } = readTensor(weight, bytes, offset, name);
      offset += length;
      if (weight.group === 'optimizer') continue;
      for (const path of pathsOf(name)) if (!tensors.has(path)) tensors.set(path, values);
    }
  }
  return tensors;
}

/** Names as `layer/weight`: any part may be the layer's, as in `scope/layer/kernel:0` and `lstm/lstm_cell/kernel`. */
function pathsOf(name: string): string[] {
  const parts = name.replace(/:\d+$/, '').split('/');
  const weight = parts.pop() ?? '';
  return parts.reverse().map((layer) => `${layer}/${weight}`);
}

/** Weights by the names that TensorFlow.js and Keras 2 give them. */
function storedWeights(graph: LayerGraph): { readonly path: string; readonly shape: Shape }[] {
  return graph.layers.flatMap(({ name, layer, weights }) =>
    weights.map((weight) => {
      const depthwise = layer.className === 'DepthwiseConv2D' && weight.name === 'kernel';
      return {
        path: `${name}/${depthwise ? 'depthwise_kernel' : weight.name}`,
        shape: weight.shape,
      };
    }),
  );
}

function joined(
  paths: readonly unknown[],
  shards: Readonly<Record<string, Uint8Array>>,
  field: string,
): Uint8Array {
  const parts = paths.map((each, index) => {
    const path = asText(each, `${field}.paths[${index}]`);
    const part = Object.hasOwn(shards, path) ? shards[path] : undefined;
    if (part === undefined) throw new ModelFileError(`shard ${path}`, 'is missing');
    return part;
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Bytes of a value, and how it is read; little endian. */
const TYPES: Readonly<
  Record<string, { bytes: number; read: (view: DataView, at: number) => number }>
> = {
  float32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  int32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  uint16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
  float16: { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
};

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readTensor(
  weight: JsonObject,
  bytes: Uint8Array,
  offset: number,
  name: string,
): { values: Float32Array; length: number } {
  const shape = asShape(weight.shape, `weight ${name}.shape`);
  const quantization = isObject(weight.quantization) ? weight.quantization : undefined;
  const stored = asText(quantization?.dtype ?? weight.dtype, `weight ${name}.dtype`);
  const type = Object.hasOwn(TYPES, stored) ? TYPES[stored] : undefined;
  if (type === undefined) throw new UnsupportedError('type of weights', stored, Object.keys(TYPES));
  const count = sizeOf(shape);
  const length = count * type.bytes;
  if (offset + length > bytes.length) {
    const reason = `needs ${length} bytes at ${offset}, but the shards have ${bytes.length}`;
    throw new ModelFileError(`weight ${name}`, reason);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  const { scale, min } = quantization ?? {};
  const scaled = typeof scale === 'number' && typeof min === 'number';
  const values = Float32Array.from({ length: count }, (_, i) => {
    const value = type.read(view, i * type.bytes);
    return scaled ? value * scale + min : value;
  });
  return { values, length };
}

/** `model.json`, as an object, and shards that TensorFlow.js loads. @throws {@link ModelFileError} */
export function modelToTensorFlowJs(model: Model): {
  modelJson: JsonObject;
  shards: Record<string, Uint8Array>;
} {
  const origin = originOf(model, 'tfjs');
  const { graph } = model;
  const { floats } = model.getState();
  const topology = origin?.topology ?? {
    ...writeTopology(model.name, graph, 'keras2'),
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
  const weights = storedWeights(graph).map(({ path, shape }) => ({
    name: path,
    shape,
    dtype: 'float32',
  }));
  const bytes = bytesOf(floats);
  const shards = shardsOf(bytes);
  const training = writeCompilation(model);
  const { optimizer, ...others } = training ?? {};
  return {
    modelJson: {
      format: 'layers-model',
      generatedBy: 'spin-tools',
      convertedBy: null,
      modelTopology: topology,
      ...(training && { trainingConfig: { ...others, optimizer_config: optimizer } }),
      weightsManifest: [{ paths: Object.keys(shards), weights }],
      userDefinedMetadata: { [EXTRAS_NAME]: writeExtras(model) },
    },
    shards,
  };
}

function bytesOf(floats: readonly Float32Array[]): Uint8Array {
  const count = floats.reduce((sum, { length }) => sum + length, 0);
  const view = new DataView(new ArrayBuffer(4 * count));
  let at = 0;
  for (const values of floats) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return new Uint8Array(view.buffer);
}

function shardsOf(bytes: Uint8Array): Record<string, Uint8Array> {
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `group1-shard${index + 1}of${count}.bin`,
      bytes.subarray(index * SHARD_BYTES, (index + 1) * SHARD_BYTES),
    ]),
  );
}
