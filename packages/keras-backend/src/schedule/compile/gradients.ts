/** Where the gradients of weights are added up. */
import type { LoweredGraph } from '../lower.js';
import type { Operation } from '../operations.js';
import type { Call } from './context.js';
import { isMatrix } from './context.js';
import type { ReplicaMemory } from './memory.js';
import type { WeightPlace, WeightPlaces } from './weights.js';

/** Where a call of a layer with a kernel leaves its gradients. */
export interface KernelGradient {
  readonly gradient: number;
  readonly gradientStride: number;
  readonly biasGradient: number;
  readonly slices: number;
  readonly sliceBytes: number;
  /** Emits what adds slices up, behind the last call of the layer. */
  finish(): void;
}

/** The gradients of all trained weights. */
export interface GradientPlaces {
  /** Address of int64, one for each trained number. */
  readonly sums: number;
  /** Gradients that are float32 instead, by weight. */
  readonly floats: ReadonlyMap<WeightPlace, number>;
}

const SUM_BYTES = 8;
const FLOAT_BYTES = 4;
/** Slices of a kernel may take so much memory. */
const LARGEST_SLICES_BYTES = 1 << 20;

/** Reserves memory for gradients of trained weights. */
export function placeGradients(weights: WeightPlaces, memory: ReplicaMemory): GradientPlaces {
  const sums = memory.reserve(weights.trained * SUM_BYTES);
  const floats = new Map<WeightPlace, number>();
  for (const place of weights.places) {
    if (place.first === undefined || !['gamma', 'beta'].includes(place.definition.name)) continue;
    floats.set(place, memory.reserve(place.depth * FLOAT_BYTES));
  }
  return { sums, floats };
}

/** Hands out the places for the calls of layers with kernels. */
export class KernelGradients {
  readonly #graph: LoweredGraph;
  readonly #weights: WeightPlaces;
  readonly #places: GradientPlaces;
  readonly #memory: ReplicaMemory;
  readonly #workers: number;
  /** Slices of layers that are called several times or cut, with the calls that are to come. */
  readonly #sliced = new Map<number, { address: number; slices: number; left: number }>();

  constructor(
    graph: LoweredGraph,
    weights: WeightPlaces,
    places: GradientPlaces,
    memory: ReplicaMemory,
    workers: number,
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#places = places;
    this.#memory = memory;
    this.#workers = workers;
  }

  /** The place of a call; undefined when its layer is not trained. @param cut whether rows can be cut */
  of(call: Call, cut: boolean, emit: (operation: Operation) => void): KernelGradient | undefined {
    if (!isMatrix(call)) return undefined;
    const own = this.#weights.places.filter(({ layer }) => layer === call.node.layer);
    const kernel = own.find(({ definition }) => definition.name === 'kernel');
    const bias = own.find(({ definition }) => definition.name === 'bias');
    if (kernel?.first === undefined) return undefined;
    const last = bias ?? kernel;
    const count = (last.first ?? 0) - kernel.first + last.rows * last.stride;
    const sliceBytes = count * SUM_BYTES;
    const target = this.#places.sums + kernel.first * SUM_BYTES;
    const biasOffset = bias?.first === undefined ? 0 : (bias.first - kernel.first) * SUM_BYTES;
    const at = (address: number) => ({
      gradient: address,
      gradientStride: kernel.stride,
      biasGradient: bias ? address + biasOffset : 0,
    });
    const calls = this.#graph.nodes.filter(({ layer }) => layer === call.node.layer).length;
    const slices = cut && sliceBytes * this.#workers <= LARGEST_SLICES_BYTES ? this.#workers : 1;
    if (calls * slices === 1) return { ...at(target), slices, sliceBytes, finish: () => undefined };
    let sliced = this.#sliced.get(call.node.layer);
    if (sliced === undefined) {
      const address = this.#memory.reserve(calls * slices * sliceBytes);
      sliced = { address, slices: calls * slices, left: calls };
      this.#sliced.set(call.node.layer, sliced);
    }
    sliced.left -= 1;
    const { address, slices: all, left } = sliced;
    return {
      ...at(address + left * slices * sliceBytes),
      slices,
      sliceBytes,
      finish: () => {
        if (left > 0) return;
        emit({ kind: 'combine', source: address, slices: all, sliceBytes, target, count });
      },
    };
  }
}
