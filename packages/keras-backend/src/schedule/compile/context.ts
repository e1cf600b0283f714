/** What the parts of the compiler share. */
import type { NumberMode } from '../../engine.js';
import type { OutputGoal } from '../../float/tally.js';
import type { GraphNode, PlacedLayer } from '../../graph/graph.js';
import type { ComputedLayer, InputLayer } from '../../layers/layers.js';
import type { Optimiser } from '../../optimisers/optimisers.js';
import { hasWeightMatrix, type NodeFormats } from '../formats.js';
import type { LoweredGraph } from '../lower.js';
import type { Operation, Tensor } from '../operations.js';
import type { ReplicaMemory } from './memory.js';
import type { GraphTensors } from './tensors.js';
import type { WeightPlace, WeightPlaces } from './weights.js';

/** What a schedule is to run on. */
export interface ScheduleTarget {
  /** Workers of a replica, at least 1. */
  readonly workers: number;
  /** Replicas, at least 1. */
  readonly replicas: number;
  /** Bytes that a worker has for blocks. */
  readonly arenaBytes: number;
}

/** What a schedule is made from. */
export interface CompileRequest {
  readonly graph: LoweredGraph;
  /** By call. */
  readonly formats: readonly NodeFormats[];
  readonly goals: readonly OutputGoal[];
  readonly optimiser: Optimiser;
  readonly mode: NumberMode;
  /** Largest batch. */
  readonly batchSize: number;
  /** Fixes what dropout drops, and rounding by chance; unsigned 32 bit. */
  readonly seed: number;
  /** Whether weights and deltas are rounded by chance. */
  readonly chance: boolean;
  /** Whether it must be able to train. */
  readonly training: boolean;
}

/** What `refresh` made of the weights of a layer with a kernel. */
export interface KernelOperands {
  readonly weights: number;
  readonly weightStride: number;
  readonly weightFraction: number;
  readonly bias: number;
  readonly biasFraction: number;
  /** For the way back; 0: none. */
  readonly transposed: number;
  readonly transposedStride: number;
}

/** Addresses that the way back needs of a BatchNormalization. */
export interface NormalisationPlace {
  readonly channelScales: number;
  readonly valueShift: number;
}

/** A compilation under way. */
export interface Compilation {
  readonly request: CompileRequest;
  readonly target: ScheduleTarget;
  readonly memory: ReplicaMemory;
  readonly tensors: GraphTensors;
  readonly weights: WeightPlaces;
  /** By index of the layer. */
  readonly kernels: ReadonlyMap<number, KernelOperands>;
  /** By call. */
  readonly normalisations: Map<number, NormalisationPlace>;
  /** Calls that errors have to reach, since they or what comes before them is trained. */
  readonly carries: readonly boolean[];
  /** Samples of a replica in a batch, at most. */
  readonly samples: number;
  /** Where the gradient of a weight of a BatchNormalization goes; 0 where it is not trained. */
  floatGradient(weight: WeightPlace | undefined): number;
  /** Adds an operation on behalf of a layer of the model. */
  emit(owner: string, operation: Operation): void;
}

/** A call with its layer. */
export interface Call {
  readonly index: number;
  readonly node: GraphNode;
  readonly layer: ComputedLayer | InputLayer;
  readonly owner: string;
}

/** One call of the graph. */
export function callAt({ request: { graph } }: Compilation, index: number): Call {
  const node = graph.nodes[index] as GraphNode;
  const { layer } = graph.layers[node.layer] as PlacedLayer;
  return { index, node, layer, owner: graph.owners[index] as string };
}

/** Calls in their order. */
export function callsOf(compilation: Compilation): Call[] {
  return compilation.request.graph.nodes.map((_, index) => callAt(compilation, index));
}

/** Whether a layer multiplies by a kernel. */
export const isMatrix = ({ layer }: Call): boolean => hasWeightMatrix(layer);

/** Number of values of a channel in a sample. */
export const positionsOf = ({ rows, columns }: Tensor): number => rows * columns;

/** Which calls errors have to reach. */
export function carriedCalls(graph: LoweredGraph): boolean[] {
  const carries: boolean[] = [];
  for (const { layer, inputs } of graph.nodes) {
    const placed = graph.layers[layer] as PlacedLayer;
    const trains =
      placed.layer.className !== 'InputLayer' &&
      placed.layer.trainable &&
      placed.weights.length > 0;
    carries.push(trains || inputs.some((input) => carries[input]));
  }
  return carries;
}
