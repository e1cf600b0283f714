/**
 * A layer graph in the few shapes that operations have: every activation is a layer of its own, channels
 * come last, and what merges many inputs merges two at a time. Same weights, same values.
 */
import { UnsupportedError } from '../errors.js';
import type { GraphNode, LayerGraph, PlacedLayer } from '../graph/graph.js';
import { outputShape } from '../graph/tensors.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { sampleAxis } from '../layers/kinds/merging.js';
import type { ComputedLayer, Layer, Shape } from '../layers/layers.js';
import { layerOf } from '../layers/layers.js';

/** A graph of simpler layers. */
export interface LoweredGraph extends LayerGraph {
  /** For each call, the name of the layer of the model that it is a part of. */
  readonly owners: readonly string[];
}

/** Kinds of layers whose activation becomes a layer of its own. */
const WITH_ACTIVATION = ['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'] as const;
/** Layers that are activations. */
const ELEMENTWISE: readonly string[] = ['Activation', 'ReLU', 'LeakyReLU', 'ELU'];
/** Rows, columns and channels. */
const MOST_AXES = 3;
const RECURRENT: readonly string[] = ['SimpleRNN', 'LSTM', 'GRU'];

type WithActivation = Extract<ComputedLayer, { className: (typeof WITH_ACTIVATION)[number] }>;

/**
 * Lowers a graph.
 *
 * @param engine name of the engine, for messages
 * @throws UnsupportedError naming the first layer that fixed point does not compute
 */
export function lower(graph: LayerGraph, engine: string): LoweredGraph {
  const lowering = new Lowering(graph, engine);
  for (const index of graph.nodes.keys()) lowering.add(index);
  return lowering.result();
}

class Lowering {
  readonly #graph: LayerGraph;
  readonly #engine: string;
  readonly #layers: PlacedLayer[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #owners: string[] = [];
  /** Where the output of each call of the graph is to be found. */
  readonly #outputs: number[] = [];
  /** Lowered layers that stand for one of the model, so that a shared layer stays shared. */
  readonly #places = new Map<string, number>();
  #owner = '';
  #activatedBehind = false;

  constructor(graph: LayerGraph, engine: string) {
    this.#graph = graph;
    this.#engine = engine;
  }

  result(): LoweredGraph {
    const { kind, inputs, outputs } = this.#graph;
    const placed = (node: number) => this.#outputs[node] as number;
    return {
      kind,
      layers: this.#layers,
      nodes: this.#nodes,
      inputs: inputs.map(placed),
      outputs: outputs.map(placed),
      owners: this.#owners,
    };
  }

  add(index: number): void {
    const node = this.#graph.nodes[index] as GraphNode;
    const placed = this.#graph.layers[node.layer] as PlacedLayer;
    const inputs = node.inputs.map((each) => this.#outputs[each] as number);
    this.#owner = placed.name;
    this.#activatedBehind = this.#isActivatedBehind(index);
    this.#outputs.push(this.#lowered(placed, inputs));
  }

  /** Whether the one thing that takes the output of a call is an activation, which then takes sums as they are. */
  #isActivatedBehind(index: number): boolean {
    const { nodes, outputs, layers } = this.#graph;
    const takers = nodes.filter(({ inputs }) => inputs.includes(index));
    const [taker] = takers;
    if (taker === undefined || takers.length > 1 || outputs.includes(index)) return false;
    const { layer } = layers[taker.layer] as PlacedLayer;
    return layer.className === 'Softmax'
      ? sampleAxis(layer.axis, taker.shape.length) === taker.shape.length - 1
      : ELEMENTWISE.includes(layer.className);
  }

  #lowered(placed: PlacedLayer, inputs: readonly number[]): number {
    const { layer, name } = placed;
    if (layer.className === 'InputLayer') return this.#push(placed, layer.shape, []);
    if (RECURRENT.includes(layer.className)) {
      this.#refuse('layer', `${name} (${layer.className})`, ['all layers that are not recurrent']);
    }
    const [first = 0] = inputs;
    if ('dataFormat' in layer && layer.dataFormat === 'channels_first') {
      return this.#channelsFirst(placed, first);
    }
    if (layer.className === 'Softmax' || layer.className === 'BatchNormalization') {
      return this.#alongAxis(placed, layer, first);
    }
    if (layer.className === 'UpSampling2D' && layer.interpolation === 'bilinear') {
      this.#refuse('interpolation', `bilinear in ${name}`, ['nearest']);
    }
    if (inputs.length > 2 && layer.className !== 'Concatenate') return this.#merged(placed, inputs);
    return this.#plain(placed, layer, inputs);
  }

  /** A layer, with its activation behind it. */
  #plain(placed: PlacedLayer, layer: ComputedLayer, inputs: readonly number[]): number {
    if (!isWithActivation(layer)) return this.#call(placed, layer, inputs);
    const linear = this.#call(placed, { ...layer, activation: 'linear' }, inputs);
    const isLast =
      !('dataFormat' in layer) || (placed.layer as typeof layer).dataFormat === layer.dataFormat;
    if (layer.activation === 'linear' && this.#activatedBehind && isLast) return linear;
    return this.#simple('activation', layerOf('Activation', { activation: layer.activation }), [
      linear,
    ]);
  }

  #channelsFirst(placed: PlacedLayer, input: number): number {
    const layer = placed.layer as ComputedLayer;
    const rank = this.#shape(input).length;
    if (rank < 2)
      return this.#plain(placed, { ...layer, dataFormat: 'channels_last' } as never, [input]);
    const toLast = [...range(2, rank + 1), 1];
    const last = this.#permuted(input, toLast);
    const output = this.#plain(placed, { ...layer, dataFormat: 'channels_last' } as never, [last]);
    const outputRank = this.#shape(output).length;
    return outputRank < 2 ? output : this.#permuted(output, [outputRank, ...range(1, outputRank)]);
  }

  #alongAxis(placed: PlacedLayer, layer: ComputedLayer & { axis: number }, input: number): number {
    const rank = this.#shape(input).length;
    const axis = sampleAxis(layer.axis, rank) as number;
    if (axis === rank - 1) return this.#call(placed, layer, [input]);
    const order = [...range(1, rank + 1).filter((each) => each !== axis + 1), axis + 1];
    const back = range(1, rank + 1).map((each) => order.indexOf(each) + 1);
    const moved = this.#permuted(input, order);
    return this.#permuted(
      this.#call(placed, { ...layer, axis: -1 } as ComputedLayer, [moved]),
      back,
    );
  }

  /** More than two inputs: the result so far with the next one. */
  #merged(placed: PlacedLayer, inputs: readonly number[]): number {
    const layer = placed.layer as ComputedLayer;
    if (layer.className === 'Average') return this.#mean(placed, inputs);
    const [first, ...others] = inputs as [number, ...number[]];
    return others.reduce((sum, each) => this.#simple('merge', layer, [sum, each]), first);
  }

  /** The mean of more than two inputs, rounded once: that of a pool over them, one above the other. */
  #mean(placed: PlacedLayer, inputs: readonly number[]): number {
    const shapes = inputs.map((each) => this.#shape(each));
    const [shape = []] = shapes;
    if (shapes.some((each) => each.join() !== shape.join())) {
      const given = `[${shapes.join('] and [')}] of ${placed.name} (Average)`;
      this.#refuse('shapes', given, ['more than two inputs of one shape']);
    }
    const channels = shape.at(-1) ?? 1;
    const row = [1, sizeOf(shape) / channels, channels];
    const reshaped = (input: number, targetShape: Shape) =>
      this.#simple('reshape', layerOf('Reshape', { targetShape }), [input]);
    const rows = inputs.map((each) => reshaped(each, row));
    const all = this.#simple('rows', layerOf('Concatenate', { axis: 1 }), rows);
    const window = [inputs.length, 1] as const;
    const pool = layerOf('AveragePooling2D', { poolSize: window, strides: window });
    return reshaped(this.#simple('mean', pool, [all]), shape);
  }

  #permuted(input: number, dims: readonly number[]): number {
    return this.#simple('permute', layerOf('Permute', { dims }), [input]);
  }

  /** A layer without weights that is not one of the model's. */
  #simple(part: string, layer: ComputedLayer, inputs: readonly number[]): number {
    const shapes = inputs.map((each) => this.#shape(each));
    const placed: PlacedLayer = {
      name: `${this.#owner}/${part}`,
      layer,
      inputShapes: shapes,
      outputShape: outputShape(layer, shapes),
      weights: [],
      firstWeight: 0,
      parameters: 0,
    };
    return this.#push(placed, placed.outputShape, inputs);
  }

  /** A call of a layer of the model, in another form perhaps. */
  #call(placed: PlacedLayer, layer: ComputedLayer, inputs: readonly number[]): number {
    const inputShapes = inputs.map((each) => this.#shape(each));
    const shape = outputShape(layer, inputShapes, placed.name);
    return this.#push({ ...placed, layer, inputShapes, outputShape: shape }, shape, inputs);
  }

  #push(placed: PlacedLayer, shape: Shape, inputs: readonly number[]): number {
    if (shape.length > MOST_AXES) {
      const supported = [`samples of up to ${MOST_AXES} axes`];
      this.#refuse('shape', `[${shape}] of ${placed.name}`, supported);
    }
    let place = this.#places.get(placed.name);
    if (place === undefined || placed.weights.length === 0) {
      place = this.#layers.push(placed) - 1;
      this.#places.set(placed.name, place);
    }
    this.#owners.push(this.#owner);
    return this.#nodes.push({ layer: place, inputs, shape }) - 1;
  }

  #shape(node: number): Shape {
    return (this.#nodes[node] as GraphNode).shape;
  }

  #refuse(kind: string, given: string, supported: readonly string[]): never {
    throw new UnsupportedError(`on the ${this.#engine} engine, ${kind}`, given, [
      ...supported,
      "or engine 'float'",
    ]);
  }
}

function isWithActivation(layer: Layer): layer is WithActivation {
  return (WITH_ACTIVATION as readonly string[]).includes(layer.className);
}

/** Whole numbers from one up to but not including another. */
function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, index) => from + index);
}
