/** A model as a graph: layers with names and weights, and the calls between them. */
import { ModelDefinitionError } from '../errors.js';
import { sizeOf, type WeightDefinition } from '../layers/kinds/kind.js';
import type { Layer, Shape } from '../layers/layers.js';
import { snakeCase } from '../layers/layers.js';
import { kindOf, outputShape, ownerOf, type SymbolicTensor } from './tensors.js';

/** A layer in its place in a model. */
export interface PlacedLayer {
  readonly name: string;
  readonly layer: Layer;
  /** Of its first call. */
  readonly inputShapes: readonly Shape[];
  /** Of its first call. */
  readonly outputShape: Shape;
  readonly weights: readonly WeightDefinition[];
  /** Index of the first of them among all weights of the model. */
  readonly firstWeight: number;
  /** Numbers in all its weights. */
  readonly parameters: number;
}

/** One call of a layer. */
export interface GraphNode {
  /** Index in {@link LayerGraph.layers}. */
  readonly layer: number;
  /** Indices of the calls whose outputs it takes. */
  readonly inputs: readonly number[];
  readonly shape: Shape;
}

/** A model that can be computed. */
export interface LayerGraph {
  readonly kind: 'sequential' | 'functional';
  readonly layers: readonly PlacedLayer[];
  /** Calls, each behind those that it takes its inputs from. */
  readonly nodes: readonly GraphNode[];
  /** Calls of input layers, in the order of the model's inputs. */
  readonly inputs: readonly number[];
  /** Calls whose outputs are the model's. */
  readonly outputs: readonly number[];
}

/** A weight with its full name. */
export interface PlacedWeight extends WeightDefinition {
  /** `layer/kernel`. */
  readonly path: string;
}

/** The weights of all layers, in Keras's order. */
export function weightsOf(graph: LayerGraph): PlacedWeight[] {
  return graph.layers.flatMap(({ name, weights }) =>
    weights.map((weight) => ({ ...weight, path: `${name}/${weight.name}` })),
  );
}

/** Names of the layers at the inputs, or outputs, of a graph. */
export function namesOf(graph: LayerGraph, nodes: readonly number[]): string[] {
  return nodes.map(
    (node) => (graph.layers[(graph.nodes[node] as GraphNode).layer] as PlacedLayer).name,
  );
}

/** Shapes of the samples of inputs, or outputs, of a graph. */
export function shapesOf(graph: LayerGraph, nodes: readonly number[]): Shape[] {
  return nodes.map((node) => (graph.nodes[node] as GraphNode).shape);
}

/**
 * A list of layers as a graph.
 *
 * @throws ModelDefinitionError UnsupportedError when they do not fit one another
 */
export function sequentialGraph(layers: readonly Layer[]): LayerGraph {
  const [first] = layers;
  if (first === undefined) throw new ModelDefinitionError('model', 'has no layers');
  if (first.className !== 'InputLayer') kindOf(first);
  const builder = new GraphBuilder();
  if (first.className !== 'InputLayer') {
    if (first.inputShape === undefined) {
      const message = 'does not know the shape of a sample: begin with layers.input({ shape })';
      throw new ModelDefinitionError('model', message);
    }
    builder.add({ className: 'InputLayer', name: undefined, shape: first.inputShape }, []);
  }
  for (const [index, layer] of layers.entries()) {
    if (layer.className === 'InputLayer' && index > 0) {
      throw new ModelDefinitionError(ownerOf(layer), 'is an input layer behind the first place');
    }
    builder.add(layer, index === 0 && layer.className === 'InputLayer' ? [] : [builder.last]);
  }
  if (builder.last === 0) {
    throw new ModelDefinitionError(
      'model',
      'has no layer besides its input: add layers.dense({ units })',
    );
  }
  return builder.graph('sequential', [0], [builder.last]);
}

/**
 * The graph between inputs and outputs.
 *
 * @throws ModelDefinitionError when an output hangs on an input that is not listed
 */
export function functionalGraph(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): LayerGraph {
  if (inputs.length === 0 || outputs.length === 0) {
    throw new ModelDefinitionError('model', 'needs at least one input and one output');
  }
  const builder = new GraphBuilder();
  const nodes = new Map<SymbolicTensor, number>();
  for (const tensor of inputs) {
    if (tensor.layer.className !== 'InputLayer') {
      throw new ModelDefinitionError(
        'model',
        `has ${ownerOf(tensor.layer)} as input: use input({ shape })`,
      );
    }
    nodes.set(tensor, builder.add(tensor.layer, []));
  }
  // Depth first with a stack of its own: a model may be deeper than calls can nest.
  for (const output of outputs) {
    const stack = [output];
    for (let tensor = stack.at(-1); tensor !== undefined; tensor = stack.at(-1)) {
      const missing = nodes.has(tensor) ? [] : tensor.inputs.filter((each) => !nodes.has(each));
      if (missing.length > 0) {
        stack.push(...[...missing].reverse());
        continue;
      }
      stack.pop();
      if (nodes.has(tensor)) continue;
      if (tensor.layer.className === 'InputLayer') {
        const name = ownerOf(tensor.layer);
        throw new ModelDefinitionError('model', `hangs on ${name}, which is none of its inputs`);
      }
      nodes.set(
        tensor,
        builder.add(
          tensor.layer,
          tensor.inputs.map((each) => nodes.get(each) as number),
        ),
      );
    }
  }
  return builder.graph(
    'functional',
    inputs.map((each) => nodes.get(each) as number),
    outputs.map((each) => nodes.get(each) as number),
  );
}

/** Names, places and weighs layers as they are added. */
class GraphBuilder {
  readonly #layers: PlacedLayer[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #places = new Map<Layer, number>();
  readonly #names = new Set<string>();
  #weights = 0;

  /** The call that was added last. */
  get last(): number {
    return this.#nodes.length - 1;
  }

  add(layer: Layer, inputs: readonly number[]): number {
    const inputShapes = inputs.map((node) => (this.#nodes[node] as GraphNode).shape);
    const place = this.#places.get(layer) ?? this.#place(layer, inputShapes);
    const { name, weights } = this.#layers[place] as PlacedLayer;
    const shape = shapeOf(layer, inputShapes, name);
    if (weights.length > 0) checkShared(layer, inputShapes, weights, name);
    this.#nodes.push({ layer: place, inputs, shape });
    return this.last;
  }

  graph(
    kind: LayerGraph['kind'],
    inputs: readonly number[],
    outputs: readonly number[],
  ): LayerGraph {
    return { kind, layers: this.#layers, nodes: this.#nodes, inputs, outputs };
  }

  #place(layer: Layer, inputShapes: readonly Shape[]): number {
    const name = this.#nameFor(layer);
    const weights = layer.className === 'InputLayer' ? [] : weightsFor(layer, inputShapes, name);
    this.#layers.push({
      name,
      layer,
      inputShapes,
      outputShape: shapeOf(layer, inputShapes, name),
      weights,
      firstWeight: this.#weights,
      parameters: weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    });
    this.#weights += weights.length;
    this.#places.set(layer, this.#layers.length - 1);
    return this.#layers.length - 1;
  }

  #nameFor(layer: Layer): string {
    const { name } = layer;
    if (name !== undefined && this.#names.has(name)) {
      throw new ModelDefinitionError(name, 'has the name of another layer');
    }
    const base = name ?? defaultName(layer);
    let free = base;
    for (let number = 1; this.#names.has(free); number++) free = `${base}_${number}`;
    this.#names.add(free);
    return free;
  }
}

function defaultName({ className }: Layer): string {
  return className === 'InputLayer' ? 'input' : snakeCase(className);
}

function shapeOf(layer: Layer, inputs: readonly Shape[], name: string): Shape {
  return layer.className === 'InputLayer' ? layer.shape : outputShape(layer, inputs, name);
}

function weightsFor(layer: Layer, inputs: readonly Shape[], name: string) {
  outputShape(layer, inputs, name);
  return kindOf(layer).weights(layer as never, inputs);
}

/** A layer that is called again must find weights of the right shape. */
function checkShared(
  layer: Layer,
  inputs: readonly Shape[],
  weights: readonly WeightDefinition[],
  name: string,
): void {
  const needed = kindOf(layer).weights(layer as never, inputs);
  for (const [index, { shape }] of needed.entries()) {
    if (shape.join() !== weights[index]?.shape.join()) {
      const shapes = inputs.map((input) => `[${input}]`).join(' and ');
      throw new ModelDefinitionError(
        name,
        `is shared, but its weights do not fit inputs of ${shapes}`,
      );
    }
  }
}
