/** Where the weights of a model lie in a replica, and in which order. */
import type { GraphNode, PlacedLayer } from '../../graph/graph.js';
import type { WeightDefinition } from '../../layers/kinds/kind.js';
import { sizeOf } from '../../layers/kinds/kind.js';
import type { LoweredGraph } from '../lower.js';
import { type ElementTypeValue, NORM_BLOCK, weightStrideOf } from '../operations.js';
import type { ReplicaMemory } from './memory.js';

/** How the numbers of a weight lie: rows of `depth` numbers, `stride` apart. */
export interface WeightLayout {
  readonly rows: number;
  readonly depth: number;
  readonly stride: number;
  /** Whether rows are the last axis of Keras's shape (outputs of a kernel) instead of the first. */
  readonly turned: boolean;
}

/** A weight in its place. */
export interface WeightPlace extends WeightLayout {
  /** Index of its layer in the graph. */
  readonly layer: number;
  readonly definition: WeightDefinition;
  /** Address of its first number, float32. */
  readonly master: number;
  /** Addresses of what the optimiser remembers of it. */
  readonly slots: readonly number[];
  /** Index of its first number among the trained ones, a multiple of 64; undefined where it is not trained. */
  readonly first: number | undefined;
}

/** All weights. */
export interface WeightPlaces {
  /** In Keras's order. */
  readonly places: readonly WeightPlace[];
  /** Numbers of all trained weights, with gaps: a multiple of 64. */
  readonly trained: number;
  /** Address of the masters of the trained ones, one behind the other. */
  readonly masters: number;
}

const NUMBER_BYTES = 4;

/** Places the weights of all layers. @param slots how many numbers the optimiser remembers of each */
export function placeWeights(
  graph: LoweredGraph,
  type: ElementTypeValue,
  slots: number,
  memory: ReplicaMemory,
): WeightPlaces {
  const layers = layersOf(graph);
  const rows = layers.flatMap(({ index, placed }) =>
    placed.weights.map((definition) => {
      const layout = layoutOf(placed, definition, type);
      const count = layout.rows * layout.stride;
      const trains = definition.trainable && 'trainable' in placed.layer && placed.layer.trainable;
      return { layer: index, definition, layout, count, trains };
    }),
  );
  let trained = 0;
  const firsts = rows.map(({ count, trains }) => {
    if (!trains) return undefined;
    const first = trained;
    trained += Math.ceil(count / NORM_BLOCK) * NORM_BLOCK;
    return first;
  });
  const masters = memory.reserve(trained * NUMBER_BYTES);
  const slotArrays = Array.from({ length: slots }, () => memory.reserve(trained * NUMBER_BYTES));
  const places = rows.map(({ layer, definition, layout, count }, i): WeightPlace => {
    const first = firsts[i];
    const at = (array: number) => array + (first ?? 0) * NUMBER_BYTES;
    return {
      layer,
      definition,
      ...layout,
      first,
      master: first === undefined ? memory.reserve(count * NUMBER_BYTES) : at(masters),
      slots: first === undefined ? [] : slotArrays.map(at),
    };
  });
  return { places, trained, masters };
}

/** Layers with weights, each once, in Keras's order. */
function layersOf(graph: LoweredGraph): { index: number; placed: PlacedLayer }[] {
  return graph.layers
    .map((placed, index) => ({ index, placed }))
    .filter(({ placed }) => placed.weights.length > 0)
    .sort((a, b) => a.placed.firstWeight - b.placed.firstWeight);
}

function layoutOf(
  { layer }: PlacedLayer,
  { name, shape }: WeightDefinition,
  type: ElementTypeValue,
): WeightLayout {
  const size = sizeOf(shape);
  if (name !== 'kernel') return { rows: 1, depth: size, stride: size, turned: false };
  if (layer.className === 'DepthwiseConv2D') {
    const [rows = 1, columns = 1, channels = 1, multiplier = 1] = shape;
    const depth = channels * multiplier;
    return { rows: rows * columns, depth, stride: depth + (depth % 2), turned: false };
  }
  const rows = shape.at(-1) as number;
  const depth = size / rows;
  return { rows, depth, stride: weightStrideOf(depth, type), turned: true };
}

/** The weights of a call of a layer, by Keras's names. */
export function weightsAt(
  { places }: WeightPlaces,
  { layer }: GraphNode,
): Readonly<Record<string, WeightPlace>> {
  const own = places.filter((place) => place.layer === layer);
  return Object.fromEntries(own.map((place) => [place.definition.name, place]));
}

/** Numbers in Keras's order as they lie in memory; what fills rows is 0. */
export function toLayout(layout: WeightLayout, values: Float32Array): Float32Array {
  const result = new Float32Array(layout.rows * layout.stride);
  eachNumber(layout, (keras, own) => {
    result[own] = values[keras] as number;
  });
  return result;
}

/** The opposite of {@link toLayout}. */
export function fromLayout(layout: WeightLayout, values: Float32Array): Float32Array {
  const result = new Float32Array(layout.rows * layout.depth);
  eachNumber(layout, (keras, own) => {
    result[keras] = values[own] as number;
  });
  return result;
}

function eachNumber(
  { rows, depth, stride, turned }: WeightLayout,
  visit: (keras: number, own: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < depth; k++) {
      visit(turned ? k * rows + row : row * depth + k, row * stride + k);
    }
  }
}
