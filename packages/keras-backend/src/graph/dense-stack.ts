/** A graph as the stack of Dense layers that the fixed-point engines compute. */
import type { Activation } from '../engine.js';
import { UnsupportedError } from '../errors.js';
import { sizeOf } from '../layers/kinds/kind.js';
import type { DenseLayer, Layer, Shape } from '../layers/layers.js';
import type { GraphNode, LayerGraph, PlacedLayer } from './graph.js';

/** What of a Dense layer the fixed-point engines compute. */
export interface FixedDense {
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
}

/** A Dense layer in its place in a model. */
export interface DenseInPlace {
  readonly name: string;
  readonly layer: FixedDense;
  readonly inputs: number;
}

/** A model that the fixed-point engines can compute. */
export interface DenseStack {
  readonly inputShape: Shape;
  readonly dense: readonly DenseInPlace[];
}

const LAYERS = [
  'InputLayer',
  'Flatten',
  'Dense on vectors',
  'an activation layer behind a linear Dense',
];
const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'];
const ELSEWHERE = "or engine 'float'";

/**
 * Follows a graph from its input to its output.
 *
 * @param engine name of the engine, for messages
 * @throws UnsupportedError naming the first layer or option that the engine does not compute
 */
export function denseStack(graph: LayerGraph, engine: string): DenseStack {
  const refuse = (kind: string, given: string, supported: readonly string[]): never => {
    throw new UnsupportedError(`on the ${engine} engine, ${kind}`, given, [
      ...supported,
      ELSEWHERE,
    ]);
  };
  if (graph.inputs.length > 1 || graph.outputs.length > 1) {
    const { inputs, outputs } = graph;
    refuse('a model with', `${inputs.length} inputs and ${outputs.length} outputs`, [
      'one of each',
    ]);
  }
  const dense: DenseInPlace[] = [];
  const seen = new Set<number>();
  for (const node of chainOf(graph, refuse)) {
    const placed = graph.layers[node.layer] as PlacedLayer;
    const { name, layer, inputShapes } = placed;
    const label = `${name} (${layer.className})`;
    if (seen.has(node.layer)) refuse('the shared layer', label, ['layers that are called once']);
    seen.add(node.layer);
    const activation = activationOf(layer);
    const last = dense.at(-1);
    if (layer.className === 'Dense' && inputShapes[0]?.length === 1) {
      checkDense(layer, label, refuse);
      const { units, useBias, activation } = layer;
      const fixed = { units, useBias, activation: activation as Activation };
      dense.push({ name, layer: fixed, inputs: inputShapes[0][0] as number });
    } else if (activation !== undefined && last?.layer.activation === 'linear') {
      if (!isFixed(activation)) refuse('activation', activation, ACTIVATIONS);
      dense[dense.length - 1] = {
        ...last,
        layer: { ...last.layer, activation: activation as Activation },
      };
    } else if (layer.className === 'Dense') {
      const shape = `[${inputShapes[0]}]`;
      refuse(`layer ${label} on samples of shape`, shape, ['layers.flatten() before it']);
    } else if (layer.className !== 'InputLayer' && !flattensInOrder(layer, inputShapes)) {
      refuse('layer', label, LAYERS);
    }
  }
  if (dense.length === 0) refuse('a model', 'without a Dense layer', ['layers.dense({ units })']);
  const inputShape = (graph.nodes[graph.inputs[0] as number] as GraphNode).shape;
  return { inputShape, dense };
}

type RefuseBy = (kind: string, given: string, supported: readonly string[]) => never;

/** The calls from input to output, of which there is one at each place. */
function chainOf(graph: LayerGraph, refuse: RefuseBy): readonly GraphNode[] {
  const chain: GraphNode[] = [];
  let index: number | undefined = graph.outputs[0];
  while (index !== undefined) {
    const node: GraphNode = graph.nodes[index] as GraphNode;
    if (node.inputs.length > 1) {
      const { name, layer } = graph.layers[node.layer] as PlacedLayer;
      refuse('layer', `${name} (${layer.className})`, LAYERS);
    }
    chain.unshift(node);
    index = node.inputs[0];
  }
  return chain;
}

function flattensInOrder(layer: Layer, [shape = []]: readonly Shape[]): boolean {
  if (layer.className !== 'Flatten') return false;
  return layer.dataFormat === 'channels_last' || sizeOf(shape) === shape[0] || shape.length === 1;
}

/** The activation that a layer without weights applies to vectors. */
function activationOf(layer: Layer): string | undefined {
  if (layer.className === 'Activation') return layer.activation;
  if (layer.className === 'Softmax' && layer.axis === -1) return 'softmax';
  const plain =
    layer.className === 'ReLU' &&
    layer.maxValue === undefined &&
    layer.negativeSlope === 0 &&
    layer.threshold === 0;
  return plain ? 'relu' : undefined;
}

function isFixed(activation: string): activation is Activation {
  return ACTIVATIONS.some((each) => each === activation);
}

/** Options of Dense that change how it trains. */
const OPTIONS = [
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
] as const;

function checkDense(layer: DenseLayer, label: string, refuse: RefuseBy): void {
  if (!isFixed(layer.activation)) refuse('activation', layer.activation, ACTIVATIONS);
  for (const option of OPTIONS) {
    if (layer[option] !== undefined) refuse(`option ${option} of`, label, ['none']);
  }
  if (!layer.trainable) refuse('option trainable: false of', label, ['true']);
}
