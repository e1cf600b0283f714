/** Where the values and errors of every call lie in a replica. */
import type { NumberMode } from '../../engine.js';
import { UnsupportedError } from '../../errors.js';
import type { GraphNode, PlacedLayer } from '../../graph/graph.js';
import type { Shape } from '../../layers/layers.js';
import { hasWeightMatrix, type NodeFormats } from '../formats.js';
import type { LoweredGraph } from '../lower.js';
import { denseTensor, ElementType, pixelStrideOf, type Tensor } from '../operations.js';
import type { ReplicaMemory } from './memory.js';

/** Rows, columns and channels. */
export type ImageShape = readonly [rows: number, columns: number, channels: number];

/** A shape as an image: vectors have one pixel, sequences one row. @throws UnsupportedError above 3 axes */
export function imageShape(shape: Shape, owner: string): ImageShape {
  if (shape.length > 3) {
    throw new UnsupportedError(`in fixed point, shape of ${owner}`, `[${shape}]`, [
      'samples of up to 3 axes',
      "or engine 'float'",
    ]);
  }
  const [rows, columns, channels] = [1, 1, 1, ...shape].slice(-3) as [number, number, number];
  return [rows, columns, channels];
}

/** Tensors of a graph, made when they are first asked for. */
export class GraphTensors {
  readonly #graph: LoweredGraph;
  readonly #formats: readonly NodeFormats[];
  readonly #memory: ReplicaMemory;
  readonly #samples: number;
  readonly #values: (Tensor | undefined)[] = [];
  readonly #errors: (Tensor | undefined)[] = [];
  readonly operand: typeof ElementType.Int16 | typeof ElementType.Int32;

  /** @param samples largest batch of a replica */
  constructor(
    graph: LoweredGraph,
    formats: readonly NodeFormats[],
    mode: NumberMode,
    samples: number,
    memory: ReplicaMemory,
  ) {
    this.#graph = graph;
    this.#formats = formats;
    this.#samples = samples;
    this.#memory = memory;
    this.operand = mode === 'fast' ? ElementType.Int16 : ElementType.Int32;
  }

  /** What comes out of a call: wide of layers with kernels, else operands. */
  value(node: number): Tensor {
    this.#values[node] ??= this.#makeValue(node);
    return this.#values[node];
  }

  /** The gradient by it: operands of layers with kernels, else wide. */
  error(node: number): Tensor {
    this.#errors[node] ??= this.#makeError(node);
    return this.#errors[node];
  }

  /** Whether the values of a call are those of its input, read in another shape. */
  isView(node: number): boolean {
    const { inputs, layer } = this.#graph.nodes[node] as GraphNode;
    const { layer: own } = this.#graph.layers[layer] as PlacedLayer;
    if (own.className !== 'Flatten' && own.className !== 'Reshape') return false;
    const source = this.value(inputs[0] as number);
    const [rows, columns, channels] = this.shape(node);
    const onePixel = rows * columns === 1;
    return isWithoutGaps(source) && (onePixel || pixelStrideOf(channels, source.type) === channels);
  }

  /** The call whose errors a call writes to: its input's, where it only gives them another shape. */
  errorOwner(node: number): number {
    const { inputs, layer } = this.#graph.nodes[node] as GraphNode;
    const { className } = (this.#graph.layers[layer] as PlacedLayer).layer;
    const reshapes = className === 'Flatten' || className === 'Reshape';
    return reshapes && !this.#isOperandError(inputs[0] as number)
      ? this.errorOwner(inputs[0] as number)
      : node;
  }

  /** A tensor for a batch. */
  make(shape: ImageShape, type: Tensor['type'], fraction: number): Tensor {
    const tensor = denseTensor(0, shape, type, fraction);
    return { ...tensor, address: this.#memory.reserve(tensor.sampleStride * this.#samples) };
  }

  /** The shape of what comes out of a call. */
  shape(node: number): ImageShape {
    return imageShape(
      (this.#graph.nodes[node] as GraphNode).shape,
      this.#graph.owners[node] as string,
    );
  }

  #makeValue(node: number): Tensor {
    const { value } = this.#formats[node] as NodeFormats;
    if (this.isView(node)) {
      const { inputs } = this.#graph.nodes[node] as GraphNode;
      return inShape(this.value(inputs[0] as number), this.shape(node));
    }
    const wide = this.#isOperandError(node);
    return this.make(this.shape(node), wide ? ElementType.Int32 : this.operand, value);
  }

  #makeError(node: number): Tensor {
    const { error } = this.#formats[node] as NodeFormats;
    const owner = this.errorOwner(node);
    if (owner !== node) return inShape(this.error(owner), this.shape(node));
    const delta = this.#isOperandError(node);
    return this.make(this.shape(node), delta ? this.operand : ElementType.Int32, error);
  }

  #isOperandError(node: number): boolean {
    const { layer } = this.#graph.nodes[node] as GraphNode;
    return hasWeightMatrix((this.#graph.layers[layer] as PlacedLayer).layer);
  }
}

function isWithoutGaps({ rows, columns, channels, pixelStride, rowStride }: Tensor): boolean {
  if (rows * columns === 1) return true;
  return pixelStride === channels && rowStride === columns * channels;
}

/** The same numbers as an image of another shape. */
function inShape(tensor: Tensor, [rows, columns, channels]: ImageShape): Tensor {
  const pixelStride = pixelStrideOf(channels, tensor.type);
  return { ...tensor, rows, columns, channels, pixelStride, rowStride: columns * pixelStride };
}
