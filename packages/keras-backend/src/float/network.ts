/** A layer graph in float32: values of a batch forwards, gradients of a loss backwards. */
import { randomWord } from '@spin-tools/sim/fixed';
import type { GraphNode, LayerGraph, PlacedLayer } from '../graph/graph.js';
import { Buffers, type Lease } from './buffers.js';
import { COMPUTATIONS } from './computations.js';
import type { BatchTensor, Compute, Computed, Gradients, Logits } from './compute.js';
import type { Kernels } from './kernels.js';
import { Matrices } from './matrices.js';

/** What comes back from a loss for one output. */
export interface OutputGradient {
  readonly gradient: Float32Array;
  /** Whether it is by the values before the last activation. */
  readonly byLogits: boolean;
}

/** The outputs of one pass, and the way back. */
export interface ForwardPass {
  readonly outputs: readonly (BatchTensor & { readonly logits: Logits | undefined })[];
  backward(gradients: readonly OutputGradient[]): ModelGradients;
  /** Lets later passes write to the memory of this one; neither its outputs nor its gradients may be used after that. */
  release(): void;
}

/** Gradients of a loss. */
export interface ModelGradients {
  /** By all weights of the model; undefined where a weight is not trained. */
  readonly weights: (Float32Array | undefined)[];
  /** By the inputs, where they were asked for. */
  readonly inputs: readonly (Float32Array | undefined)[];
}

/** Is shown what calls of layers, by their index, take and give while a pass runs. */
export interface PassObserver {
  /** Values that came out. */
  value(node: number, values: Float32Array): void;
  /** The gradient by them. */
  error(node: number, gradient: Float32Array): void;
  /** What the call adds to the gradient by one of its inputs. */
  contribution(node: number, gradient: Float32Array): void;
}

/** How to run a pass. */
export interface PassOptions {
  readonly training: boolean;
  /** Fixes what dropout drops; unsigned 32 bit. */
  readonly seed: number;
  /** Whether gradients by the model's inputs are wanted; `false` unless told. */
  readonly inputGradients?: boolean;
  readonly observer?: PassObserver;
}

/** A graph that can be computed. Holds no weights. */
export class FloatNetwork {
  readonly graph: LayerGraph;
  readonly #matrices = new Matrices();
  readonly #buffers = new Buffers();

  constructor(graph: LayerGraph) {
    this.graph = graph;
  }

  /**
   * @param inputs in the order of the graph's
   * @param weights of all layers in Keras's order; moving averages are written to while training
   */
  forward(
    inputs: readonly BatchTensor[],
    weights: readonly Float32Array[],
    options: PassOptions,
  ): ForwardPass {
    const computed = new Map<number, Computed>();
    const lease = this.#buffers.lease();
    const { nodes, outputs } = this.graph;
    for (const [index, node] of nodes.entries()) {
      const result = this.#compute(index, node, inputs, weights, options, computed, lease);
      computed.set(index, result);
      options.observer?.value(index, result.output.data);
    }
    return {
      outputs: outputs.map((node) => {
        const { output, logits } = computed.get(node) as Computed;
        return { ...output, logits };
      }),
      backward: (gradients) =>
        this.#backward(gradients, weights, computed, options.observer, lease),
      release: () => lease.release(),
    };
  }

  #compute(
    index: number,
    node: GraphNode,
    inputs: readonly BatchTensor[],
    weights: readonly Float32Array[],
    { training, seed, inputGradients = false }: PassOptions,
    computed: ReadonlyMap<number, Computed>,
    lease: Lease,
  ): Computed {
    const { graph } = this;
    const placed = graph.layers[node.layer] as PlacedLayer;
    const { layer, firstWeight } = placed;
    if (layer.className === 'InputLayer') {
      const output = inputs[graph.inputs.indexOf(index)] as BatchTensor;
      return { output, backward: () => ({ inputs: [], weights: [] }) };
    }
    const compute = COMPUTATIONS[layer.className] as Compute<unknown>;
    const own = weights.slice(firstWeight, firstWeight + placed.weights.length);
    const from = node.inputs.map((each) => (computed.get(each) as Computed).output);
    return compute(layer, from, own, {
      matrices: this.#matrices,
      training,
      seed: randomWord(seed, index),
      room: (length) => lease.take(length),
      inputGradients: inputGradients || node.inputs.some((each) => !graph.inputs.includes(each)),
    });
  }

  #backward(
    gradients: readonly OutputGradient[],
    weights: readonly Float32Array[],
    computed: ReadonlyMap<number, Computed>,
    observer: PassObserver | undefined,
    lease: Lease,
  ): ModelGradients {
    const { nodes, layers, inputs: modelInputs, outputs } = this.graph;
    const { kernels } = this.#matrices;
    const byOutput = new Map<number, Float32Array>();
    const byWeight: (Float32Array | undefined)[] = weights.map(() => undefined);
    const receive = (index: number, results: Gradients) => {
      const { inputs, layer } = nodes[index] as GraphNode;
      for (const [i, gradient] of results.inputs.entries()) {
        const source = inputs[i] as number;
        observer?.contribution(index, gradient);
        byOutput.set(source, sum(kernels, byOutput.get(source), gradient, lease));
      }
      const { firstWeight, layer: own } = layers[layer] as PlacedLayer;
      if (own.className === 'InputLayer' || !own.trainable) return;
      for (const [i, gradient] of results.weights.entries()) {
        byWeight[firstWeight + i] = sum(kernels, byWeight[firstWeight + i], gradient, lease);
      }
    };
    const byLogits = new Map<number, Float32Array>();
    for (const [i, { gradient, byLogits: around }] of gradients.entries()) {
      const node = outputs[i] as number;
      const target = around ? byLogits : byOutput;
      target.set(node, sum(kernels, target.get(node), gradient, lease));
    }
    for (let index = nodes.length - 1; index >= 0; index--) {
      const { backward, logits } = computed.get(index) as Computed;
      const around = byLogits.get(index);
      if (around !== undefined && logits !== undefined) receive(index, logits.backward(around));
      const gradient = byOutput.get(index);
      if (gradient !== undefined) observer?.error(index, gradient);
      if (gradient !== undefined) receive(index, backward(gradient));
      if (!modelInputs.includes(index)) byOutput.delete(index);
    }
    return { weights: byWeight, inputs: modelInputs.map((node) => byOutput.get(node)) };
  }
}

/** A new array where both are there: gradients may be shared with others. */
function sum(
  kernels: Kernels,
  a: Float32Array | undefined,
  b: Float32Array,
  lease: Lease,
): Float32Array {
  if (a === undefined) return b;
  const [sums, values] = kernels.room(a.length, a.length);
  sums.set(a);
  values.set(b);
  kernels.functions.addTo(sums.byteOffset, values.byteOffset, a.length);
  const result = lease.take(a.length);
  result.set(sums);
  return result;
}
