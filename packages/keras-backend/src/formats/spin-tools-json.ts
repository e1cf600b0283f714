/**
 * Models as JSON of our own: topology with Keras's names, weights bit for bit, how the model was
 * compiled, and all that training goes on from.
 *
 * `weights` holds, in Keras's order, for each tensor its name, its shape and base64 of little-endian
 * values: with a `fraction`, int32 in s4.27, as the fixed-point engines keep them; without, float32.
 */
import { type LayerWeights, MASTER_FRACTION, type NumberMode } from '../engine.js';
import { ModelFileError } from '../errors.js';
import { slotNames } from '../float/steps.js';
import { type DenseInPlace, denseStack } from '../graph/dense-stack.js';
import { functionalGraph, type LayerGraph, weightsOf } from '../graph/graph.js';
import { apply, type SymbolicTensor } from '../graph/tensors.js';
import { isLayerName, LAYER_NAMES } from '../layers/kinds/index.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { type Layer, layerOf, layers as makers, type Shape } from '../layers/layers.js';
import type { KeptFormats } from '../model/kept-formats.js';
import { Model } from '../model/model.js';
import type { CompileOptions } from '../model/options.js';
import { type ModelState, withMasters } from '../model/state.js';
import { transposed } from '../model/transposed.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import type { TensorFormats } from '../schedule/named-formats.js';
import {
  floatsFromBase64,
  floatsToBase64,
  integersFromBase64,
  integersToBase64,
} from './base64.js';
import { asArray, asCount, asObject, asText, type JsonObject, parseJson } from './checked.js';
import { guarded } from './guarded.js';
import { readKeptFormats } from './kept-formats.js';

const FORMAT = 'spin-tools-model';
const VERSION = 1;

/** A weight tensor in a file. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Fraction bits of the integers: 27. Absent where the values are float32. */
  readonly fraction?: number;
  readonly base64: string;
}

/** One call of a layer of a functional model. */
export interface StoredCall {
  /** Index in `layers`. */
  readonly layer: number;
  /** Indices of the calls whose outputs it takes. */
  readonly inputs: readonly number[];
}

/** A model as JSON. */
export interface ModelFile {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly className: 'Sequential' | 'Functional';
  readonly name: string;
  readonly seed: number;
  readonly layers: readonly Layer[];
  /** Of a functional model. */
  readonly calls?: readonly StoredCall[];
  /** Calls that are the inputs and outputs of a functional model. */
  readonly inputs?: readonly number[];
  readonly outputs?: readonly number[];
  readonly compile?: StoredCompilation;
  readonly weights: readonly StoredTensor[];
  /** What training goes on from; absent when there was none. */
  readonly training?: StoredTraining;
  /** Number formats that the weights were trained with, or that they run with; absent where there are none. */
  readonly formats?: KeptFormats;
}

/** What `compile` was told, without the machine. */
export interface StoredCompilation {
  readonly optimizer: Optimiser | string;
  readonly loss: CompileOptions['loss'];
  readonly lossWeights?: CompileOptions['lossWeights'];
  readonly metrics: NonNullable<CompileOptions['metrics']>;
  readonly weightedMetrics?: CompileOptions['weightedMetrics'];
  readonly mode: NumberMode;
  /** Absent where none was asked for. */
  readonly formats?: TensorFormats;
  /** Absent where it is the default. */
  readonly rounding?: 'stochastic';
  /** Absent where it is the default. */
  readonly engine?: 'float';
}

/** What training goes on from, besides weights. */
export interface StoredTraining {
  readonly epochs: number;
  readonly steps: number;
  /** For each weight, float32 that the optimiser remembers of it. */
  readonly slots: readonly (readonly string[])[];
}

/** A model as plain data, for `JSON.stringify`. */
export function modelToJson(model: Model): ModelFile {
  const { graph, compileOptions } = model;
  const functional = graph.kind === 'functional';
  return {
    format: FORMAT,
    version: VERSION,
    className: functional ? 'Functional' : 'Sequential',
    name: model.name,
    seed: model.seed,
    layers: functional ? namedLayers(graph) : model.layers,
    ...(functional && {
      calls: graph.nodes.map(({ layer, inputs }) => ({ layer, inputs })),
      inputs: graph.inputs,
      outputs: graph.outputs,
    }),
    ...(compileOptions && { compile: storedCompilation(compileOptions) }),
    weights: isFixed(model) ? fixedWeights(model) : floatWeights(model),
    ...storedTraining(model.getState()),
    ...storedFormats(model.getState()),
  };
}

function namedLayers({ layers }: LayerGraph): Layer[] {
  return layers.map(({ layer, name }) => ({ ...layer, name }));
}

function storedCompilation(options: CompileOptions): StoredCompilation {
  const { optimizer, loss, metrics = [], mode = 'fast', lossWeights, weightedMetrics } = options;
  return {
    optimizer,
    loss,
    ...(lossWeights && { lossWeights }),
    metrics,
    ...(weightedMetrics && { weightedMetrics }),
    mode,
    ...(options.formats && { formats: options.formats }),
    ...(options.rounding === 'stochastic' && { rounding: options.rounding }),
    ...(options.engine === 'float' && { engine: 'float' }),
  };
}

/** Whether the weights are those of a fixed-point engine, or will be. */
function isFixed(model: Model): boolean {
  const { masters, steps } = model.getState();
  if (masters !== undefined) return true;
  // Schedules keep float32, and count steps as the float engine does.
  if (steps > 0 || model.compileOptions?.engine === 'float') return false;
  return stackOf(model.graph) !== undefined;
}

function stackOf(graph: LayerGraph): readonly DenseInPlace[] | undefined {
  try {
    return denseStack(graph, 'functional').dense;
  } catch {
    return undefined;
  }
}

function fixedWeights(model: Model): StoredTensor[] {
  const weights = model.getFixedWeights();
  const { dense } = denseStack(model.graph, 'functional');
  return dense.flatMap(({ name, layer, inputs }, index) => {
    const { kernel, bias } = weights[index] as LayerWeights;
    const { units, useBias } = layer;
    const rows = transposed(kernel, units, inputs, new Int32Array(kernel.length));
    const stored = (weight: string, shape: Shape, values: Int32Array): StoredTensor => ({
      name: `${name}/${weight}`,
      shape,
      fraction: MASTER_FRACTION,
      base64: integersToBase64(values),
    });
    return [
      stored('kernel', [inputs, units], rows),
      ...(useBias ? [stored('bias', [units], bias)] : []),
    ];
  });
}

function floatWeights(model: Model): StoredTensor[] {
  const { floats } = model.getState();
  return weightsOf(model.graph).map(({ path, shape }, index) => ({
    name: path,
    shape,
    base64: floatsToBase64(floats[index] as Float32Array),
  }));
}

function storedTraining({ epochs, steps, slots }: ModelState): { training?: StoredTraining } {
  if (epochs === 0 && steps === 0) return {};
  return { training: { epochs, steps, slots: slots.map((each) => each.map(floatsToBase64)) } };
}

function storedFormats({ formats }: ModelState): { formats?: KeptFormats } {
  return formats === undefined ? {} : { formats };
}

/**
 * The model of a file, compiled as it was, for the engine `float` where it was compiled for that and
 * for the engine that `compile` chooses by default otherwise. Compile again to choose another; the
 * weights stay.
 *
 * @param json what {@link modelToJson} made, as text or parsed
 * @throws {@link ModelFileError} when a field is not what it should be
 */
export async function modelFromJson(json: unknown): Promise<Model> {
  return guarded('file', () => read(parse(json)));
}

async function read(file: JsonObject): Promise<Model> {
  const seed = asCount(file.seed, 'seed');
  const name = asText(file.name, 'name');
  const layers = asArray(file.layers, 'layers').map(storedLayer);
  const functional = file.className === 'Functional';
  const graph = functional ? storedGraph(file, layers) : undefined;
  const model = new Model(
    graph ? graph.layers.map(({ layer }) => layer) : layers,
    graph,
    name,
    seed,
  );
  if (file.compile !== undefined) model.compile(compilationOf(asObject(file.compile, 'compile')));
  const state = stateOf(model, asArray(file.weights, 'weights'));
  const formats = file.formats === undefined ? undefined : readKeptFormats(file.formats, 'formats');
  await model.setState({ ...state, ...trainingOf(model, file.training), formats });
  return model;
}

function compilationOf(compile: JsonObject): CompileOptions {
  const {
    optimizer,
    loss,
    lossWeights,
    metrics,
    weightedMetrics,
    mode,
    engine,
    formats,
    rounding,
  } = compile;
  const isLoss = typeof loss === 'string' || (typeof loss === 'object' && loss !== null);
  if (!isLoss) throw new ModelFileError('compile.loss', 'should be text');
  return {
    optimizer: optimizer as Optimiser,
    loss: loss as string,
    metrics: (Array.isArray(metrics) ? metrics : asObject(metrics, 'compile.metrics')) as string[],
    mode: mode as NumberMode,
    ...(rounding === 'stochastic' && { rounding }),
    ...(formats !== undefined && {
      formats: asObject(formats, 'compile.formats') as TensorFormats,
    }),
    ...(lossWeights !== undefined && { lossWeights: lossWeights as number[] }),
    ...(weightedMetrics !== undefined && { weightedMetrics: weightedMetrics as string[] }),
    ...(engine === 'float' && { engine }),
  };
}

function stateOf(model: Model, tensors: readonly unknown[]): ModelState {
  const { graph } = model;
  const definitions = weightsOf(graph);
  if (tensors.length !== definitions.length) {
    const reason = `has ${tensors.length} tensors, but the layers need ${definitions.length}`;
    throw new ModelFileError('weights', reason);
  }
  const state = model.getState();
  const read = tensors.map((each, index) => {
    const field = `weights[${index}]`;
    const tensor = asObject(each, field);
    const { path, shape } = definitions[index] as (typeof definitions)[number];
    if (tensor.name !== path) throw new ModelFileError(`${field}.name`, `should be ${path}`);
    const text = asText(tensor.base64, `${field}.base64`);
    if (tensor.fraction === undefined) {
      return floatsFromBase64(text, sizeOf(shape), `${field}.base64`);
    }
    if (tensor.fraction !== MASTER_FRACTION) {
      throw new ModelFileError(`${field}.fraction`, `should be ${MASTER_FRACTION}`);
    }
    return integersFromBase64(text, sizeOf(shape), `${field}.base64`);
  });
  if (read.every((values) => values instanceof Float32Array)) return { ...state, floats: read };
  const dense = stackOf(graph);
  if (dense === undefined || read.some((values) => values instanceof Float32Array)) {
    throw new ModelFileError(
      'weights',
      'should all be float32 or, of Dense layers, all fixed point',
    );
  }
  return withMasters(state, dense, mastersFrom(dense, read as Int32Array[]));
}

function mastersFrom(
  dense: readonly DenseInPlace[],
  tensors: readonly Int32Array[],
): LayerWeights[] {
  let next = 0;
  return dense.map(({ inputs, layer: { units, useBias } }) => {
    const values = tensors[next++] as Int32Array;
    return {
      kernel: transposed(values, inputs, units, new Int32Array(values.length)),
      bias: useBias ? (tensors[next++] as Int32Array) : new Int32Array(units),
    };
  });
}

function trainingOf(model: Model, training: unknown): Partial<ModelState> {
  if (training === undefined) return {};
  const { epochs, steps, slots } = asObject(training, 'training');
  const weights = weightsOf(model.graph);
  const { optimizer } = model;
  const names = optimizer === undefined ? [] : slotNames(optimizer);
  const lists = asArray(slots, 'training.slots');
  if (lists.length !== weights.length) {
    throw new ModelFileError('training.slots', `should have ${weights.length} lists`);
  }
  return {
    epochs: asCount(epochs, 'training.epochs'),
    steps: asCount(steps, 'training.steps'),
    slots: lists.map((list, index) => {
      const field = `training.slots[${index}]`;
      const texts = asArray(list, field);
      if (texts.length !== 0 && texts.length !== names.length) {
        throw new ModelFileError(field, `should have ${names.length} tensors`);
      }
      const size = sizeOf(weights[index]?.shape ?? []);
      return texts.map((text, slot) =>
        floatsFromBase64(asText(text, `${field}[${slot}]`), size, `${field}[${slot}]`),
      );
    }),
  };
}

function parse(json: unknown): JsonObject {
  const file = asObject(typeof json === 'string' ? parseJson(json, 'file') : json, 'file');
  if (file.format !== FORMAT) throw new ModelFileError('format', `should be ${FORMAT}`);
  if (file.version !== VERSION) {
    throw new ModelFileError('version', `is ${file.version}: only ${VERSION} can be read`);
  }
  return file;
}

function storedLayer(value: unknown, index: number): Layer {
  const field = `layers[${index}]`;
  const { className, ...options } = asObject(value, field);
  const name = String(className);
  if (name === 'InputLayer') {
    const named = options.name === undefined ? {} : { name: asText(options.name, `${field}.name`) };
    return makers.input({ ...named, shape: options.shape as Shape });
  }
  if (isLayerName(name)) return layerOf(name, options) as Layer;
  throw new ModelFileError(`${field}.className`, `is ${name}: use ${LAYER_NAMES.join(', ')}`);
}

/** Wires a functional model as the file says, in the order of its calls. */
function storedGraph(file: JsonObject, layers: readonly Layer[]): LayerGraph {
  const tensors: SymbolicTensor[] = [];
  const known = (value: unknown, field: string) =>
    tensors[asCount(value, field, tensors.length)] as SymbolicTensor;
  for (const [index, each] of asArray(file.calls, 'calls').entries()) {
    const field = `calls[${index}]`;
    const call = asObject(each, field);
    const layer = layers[asCount(call.layer, `${field}.layer`, layers.length)] as Layer;
    const inputs = asArray(call.inputs, `${field}.inputs`).map((input, i) =>
      known(input, `${field}.inputs[${i}]`),
    );
    tensors.push(
      layer.className === 'InputLayer'
        ? { layer, inputs: [], shape: layer.shape }
        : apply(layer, inputs),
    );
  }
  const list = (field: 'inputs' | 'outputs') =>
    asArray(file[field], field).map((each, i) => known(each, `${field}[${i}]`));
  return inOrderOfFile(functionalGraph(list('inputs'), list('outputs')), layers);
}

/** Weights are listed by layers, and a graph lists them as it meets them: both must agree. */
function inOrderOfFile(graph: LayerGraph, layers: readonly Layer[]): LayerGraph {
  const differs = graph.layers.some(({ layer }, index) => layer !== layers[index]);
  if (differs || graph.layers.length !== layers.length) {
    throw new ModelFileError('layers', 'should be in the order in which the calls need them');
  }
  return graph;
}
