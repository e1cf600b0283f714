/** Sequential and functional models as Keras and TensorFlow.js configure them. */
import { ModelFileError, UnsupportedError } from '../errors.js';
import {
  functionalGraph,
  type GraphNode,
  type LayerGraph,
  type PlacedLayer,
  sequentialGraph,
} from '../graph/graph.js';
import { apply, type SymbolicTensor } from '../graph/tensors.js';
import type { InputLayer, Layer } from '../layers/layers.js';
import { asArray, asCount, asObject, asText, isObject, type JsonObject } from './checked.js';
import { readLayer, writeLayer } from './keras-layers.js';
import type { Dialect } from './keras-objects.js';

/** A model of a file, without its weights. */
export interface Topology {
  readonly name: string;
  readonly graph: LayerGraph;
  /** Layers as they were given to a sequential model; of a functional one, as the graph lists them. */
  readonly layers: readonly Layer[];
  /** Names of the layers in the order of the file. */
  readonly order: readonly string[];
}

/** The classes of models that can be read. */
const MODELS = ['Sequential', 'Functional', 'Model'];

/** What `class_name` says in messages of subclassed models. */
const SUBCLASSED = 'a Sequential or Functional model (a subclassed one has no list of layers)';

/**
 * Reads a model's configuration.
 *
 * @param value object with `class_name` and `config`
 * @throws ModelFileError UnsupportedError ModelDefinitionError
 */
export function readTopology(value: unknown, field: string, dialect: Dialect): Topology {
  const object = asObject(value, field);
  const className = asText(object.class_name, `${field}.class_name`);
  const config = isObject(object.config) ? object.config : {};
  const list = Array.isArray(object.config) ? object.config : config.layers;
  if (!MODELS.includes(className) || list === undefined) {
    throw new UnsupportedError('model', className, [SUBCLASSED]);
  }
  const name = typeof config.name === 'string' ? config.name : className.toLowerCase();
  const entries = asArray(list, `${field}.config.layers`).map((entry, index) =>
    readEntry(entry, `${field}.config.layers[${index}]`, dialect),
  );
  if (className === 'Sequential') return sequentialTopology(name, entries, config, field);
  return functionalTopology(name, entries, config, `${field}.config`);
}

/** A layer of a file with its calls. */
interface Entry {
  readonly name: string;
  readonly layer: Layer;
  readonly inboundNodes: unknown;
  readonly field: string;
}

function readEntry(value: unknown, field: string, dialect: Dialect): Entry {
  const object = asObject(value, field);
  const className = asText(object.class_name, `${field}.class_name`);
  if (MODELS.includes(className)) {
    throw new UnsupportedError('layer', `${className} (a model inside a model)`, ['plain layers']);
  }
  const config = asObject(object.config, `${field}.config`);
  const named = config.name === undefined && typeof object.name === 'string';
  const layer = readLayer(
    className,
    named ? { ...config, name: object.name } : config,
    `${field}.config`,
    dialect,
  );
  const name = typeof object.name === 'string' ? object.name : (layer.name ?? '');
  return { name, layer, inboundNodes: object.inbound_nodes, field };
}

function sequentialTopology(
  name: string,
  entries: readonly Entry[],
  config: JsonObject,
  field: string,
): Topology {
  let layers = entries.map(({ layer }) => layer);
  const [first] = layers;
  const built = config.build_input_shape;
  if (first !== undefined && first.className !== 'InputLayer' && first.inputShape === undefined) {
    if (built === undefined) {
      throw new ModelFileError(
        `${field}.config`,
        'has no input shape: build the model and save it again',
      );
    }
    const input: InputLayer = {
      className: 'InputLayer',
      name: undefined,
      shape: asArray(built, `${field}.config.build_input_shape`).slice(1) as number[],
    };
    layers = [input, ...layers];
  }
  const graph = sequentialGraph(layers);
  return { name, graph, layers, order: orderOf(graph, entries) };
}

/** Names in the order of the file, as the graph has them. */
function orderOf(graph: LayerGraph, entries: readonly Entry[]): string[] {
  return entries.map(({ layer }) => {
    const placed = graph.layers.find((each) => each.layer === layer);
    return placed?.name ?? '';
  });
}

/** A tensor of a file: which output of which call of which layer. */
interface TensorReference {
  readonly name: string;
  readonly node: number;
}

function functionalTopology(
  name: string,
  entries: readonly Entry[],
  config: JsonObject,
  field: string,
): Topology {
  const tensors = new Map<string, SymbolicTensor>();
  const waiting = entries.flatMap((entry) => callsOf(entry));
  for (const { name, layer, field } of entries) {
    if (layer.className !== 'InputLayer') continue;
    if (name === '') throw new ModelFileError(`${field}.name`, 'should be text');
    tensors.set(keyOf({ name, node: 0 }), { layer, inputs: [], shape: layer.shape });
  }
  // A call may stand before those that it takes its inputs from.
  for (let left = waiting; left.length > 0; ) {
    const next = left.filter(({ entry, node, sources }) => {
      const inputs = sources.map((source) => tensors.get(keyOf(source)));
      if (inputs.some((each) => each === undefined)) return true;
      const [first] = inputs as SymbolicTensor[];
      if (first === undefined)
        throw new ModelFileError(`${entry.field}.inbound_nodes`, 'has a call without inputs');
      tensors.set(
        keyOf({ name: entry.name, node }),
        apply(entry.layer, inputs as SymbolicTensor[]),
      );
      return false;
    });
    if (next.length === left.length) {
      const { entry } = next[0] as Call;
      throw new ModelFileError(`${entry.field}.inbound_nodes`, 'names a call that is never made');
    }
    left = next;
  }
  const ends = (key: 'input_layers' | 'output_layers') =>
    endsOf(config[key], `${field}.${key}`).map((reference) => {
      const tensor = tensors.get(keyOf(reference));
      if (tensor !== undefined) return tensor;
      throw new ModelFileError(`${field}.${key}`, `names ${reference.name}, which is never called`);
    });
  const graph = functionalGraph(ends('input_layers'), ends('output_layers'));
  const used = new Set(graph.layers.map(({ layer }) => layer));
  const kept = entries.filter(({ layer }) => used.has(layer));
  return {
    name,
    graph,
    layers: graph.layers.map(({ layer }) => layer),
    order: orderOf(graph, kept),
  };
}

interface Call {
  readonly entry: Entry;
  readonly node: number;
  readonly sources: readonly TensorReference[];
}

function callsOf(entry: Entry): Call[] {
  if (entry.layer.className === 'InputLayer') return [];
  const field = `${entry.field}.inbound_nodes`;
  return asArray(entry.inboundNodes, field).map((value, node) => ({
    entry,
    node,
    sources: sourcesOf(value, `${field}[${node}]`),
  }));
}

/** Inputs of a call: Keras 3 nests tensors in `args`, Keras 2 lists them. */
function sourcesOf(value: unknown, field: string): TensorReference[] {
  if (isObject(value)) {
    const keywords = tensorsIn(value.kwargs, field);
    if (keywords.length > 0) {
      throw new UnsupportedError('call with tensors as keyword arguments in', field, [
        'positional inputs',
      ]);
    }
    return tensorsIn(value.args, `${field}.args`);
  }
  return asArray(value, field).map((each, index) => {
    const [name, node, tensor, kwargs] = asArray(each, `${field}[${index}]`);
    if (isObject(kwargs) && Object.values(kwargs).some((given) => Array.isArray(given))) {
      throw new UnsupportedError('call with tensors as keyword arguments in', field, [
        'positional inputs',
      ]);
    }
    return referenceOf([name, node, tensor], `${field}[${index}]`);
  });
}

function tensorsIn(value: unknown, field: string): TensorReference[] {
  if (Array.isArray(value)) return value.flatMap((each) => tensorsIn(each, field));
  if (!isObject(value)) return [];
  if (value.class_name === '__keras_tensor__') {
    const { keras_history: history } = asObject(value.config, `${field}.config`);
    return [referenceOf(asArray(history, `${field}.keras_history`), `${field}.keras_history`)];
  }
  return Object.values(value).flatMap((each) => tensorsIn(each, field));
}

function referenceOf([name, node, tensor]: readonly unknown[], field: string): TensorReference {
  if (tensor !== undefined) asCount(tensor, `${field}[2]`, 1);
  return { name: asText(name, `${field}[0]`), node: asCount(node, `${field}[1]`) };
}

/** `[["name", 0, 0], ...]`, or one `["name", 0, 0]`. */
function endsOf(value: unknown, field: string): TensorReference[] {
  const list = asArray(isObject(value) ? Object.values(value) : value, field);
  if (typeof list[0] === 'string') return [referenceOf(list, field)];
  return list.map((each, index) =>
    referenceOf(asArray(each, `${field}[${index}]`), `${field}[${index}]`),
  );
}

function keyOf({ name, node }: TensorReference): string {
  return JSON.stringify([name, node]);
}

/** A model's configuration, `{ class_name, config }` with what else the dialect has. */
export function writeTopology(name: string, graph: LayerGraph, dialect: Dialect): JsonObject {
  return graph.kind === 'sequential'
    ? writeSequential(name, graph, dialect)
    : writeFunctional(name, graph, dialect);
}

function writeEntry(placed: PlacedLayer, dialect: Dialect): JsonObject {
  const { className } = placed.layer;
  const config = writeLayer(placed, dialect);
  if (dialect === 'keras2') return { class_name: className, config };
  const built =
    placed.inputShapes.length === 1 ? [null, ...(placed.inputShapes[0] ?? [])] : undefined;
  return {
    module: 'keras.layers',
    class_name: className,
    config,
    registered_name: null,
    ...(built && { build_config: { input_shape: built } }),
  };
}

function writeSequential(name: string, graph: LayerGraph, dialect: Dialect): JsonObject {
  const layers = graph.layers.map((placed) => writeEntry(placed, dialect));
  if (dialect === 'keras2') return { class_name: 'Sequential', config: { name, layers } };
  const inputShape = [null, ...(graph.nodes[0]?.shape ?? [])];
  return {
    module: 'keras',
    class_name: 'Sequential',
    config: { name, trainable: true, dtype: 'float32', layers, build_input_shape: inputShape },
    registered_name: null,
    build_config: { input_shape: inputShape },
  };
}

function writeFunctional(name: string, graph: LayerGraph, dialect: Dialect): JsonObject {
  const references = referencesOf(graph);
  const layers = graph.layers.map((placed, index) => {
    const calls = graph.nodes.filter(({ layer }) => layer === index);
    const isInput = placed.layer.className === 'InputLayer';
    const nodes = isInput ? [] : calls.map((call) => writeCall(call, graph, references, dialect));
    return { ...writeEntry(placed, dialect), name: placed.name, inbound_nodes: nodes };
  });
  const ends = (nodes: readonly number[]) => nodes.map((node) => references[node]);
  const config = {
    name,
    trainable: true,
    layers,
    input_layers: ends(graph.inputs),
    output_layers: ends(graph.outputs),
  };
  if (dialect === 'keras2') return { class_name: 'Functional', config };
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config,
    registered_name: 'Functional',
  };
}

type Reference = readonly [name: string, node: number, tensor: 0];

/** For each call, the name of its layer and which of the layer's calls it is. */
function referencesOf({ nodes, layers }: LayerGraph): Reference[] {
  const counts = layers.map(() => 0);
  return nodes.map(({ layer }): Reference => {
    const node = counts[layer] as number;
    counts[layer] = node + 1;
    return [(layers[layer] as PlacedLayer).name, node, 0];
  });
}

function writeCall(
  { inputs, layer }: GraphNode,
  graph: LayerGraph,
  references: readonly Reference[],
  dialect: Dialect,
): unknown {
  if (dialect === 'keras2') return inputs.map((node) => [...(references[node] as Reference), {}]);
  const tensors = inputs.map((node) => ({
    class_name: '__keras_tensor__',
    config: {
      shape: [null, ...(graph.nodes[node] as GraphNode).shape],
      dtype: 'float32',
      keras_history: references[node],
    },
  }));
  const merges = (graph.layers[layer] as PlacedLayer).inputShapes.length > 1;
  return { args: merges ? [tensors] : tensors, kwargs: {} };
}
