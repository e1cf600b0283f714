/** What the float engine asks of each kind of layers: values forwards, gradients backwards. */
import type { Matrices } from './matrices.js';

/** Values of a batch; the first size of the shape counts samples. */
export interface BatchTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What is the same for all layers of one pass. */
export interface Pass {
  readonly matrices: Matrices;
  /** Whether dropout drops and normalisation looks at the batch. */
  readonly training: boolean;
  /** Fixes what is random in this pass: unsigned 32 bit, another one for every call of a layer. */
  readonly seed: number;
  /** An array of a length to write results to, of undefined contents; it is used again after the pass. */
  room(length: number): Float32Array;
  /** Whether anybody wants the gradients by the inputs; where not, there may be none. */
  readonly inputGradients: boolean;
}

/** Gradients of the loss. */
export interface Gradients {
  /** By the values of each input, in their shape. */
  readonly inputs: readonly Float32Array[];
  /** By each trainable weight. */
  readonly weights: readonly Float32Array[];
}

/** From the gradient by the outputs to those by what they were made of. */
export type Backward = (gradient: Float32Array) => Gradients;

/** The values that a softmax or a sigmoid was taken of, for losses that know better than to go through it. */
export interface Logits {
  readonly activation: 'softmax' | 'sigmoid';
  readonly values: Float32Array;
  readonly backward: Backward;
}

/** One call of a layer. */
export interface Computed {
  readonly output: BatchTensor;
  readonly backward: Backward;
  readonly logits?: Logits;
}

/** Computes layers of one kind. Weights that are not trainable may be written to while training. */
export type Compute<Layer> = (
  layer: Layer,
  inputs: readonly BatchTensor[],
  weights: readonly Float32Array[],
  pass: Pass,
) => Computed;

/** The only input of a layer that has one. */
export function only(inputs: readonly BatchTensor[]): BatchTensor {
  const [input] = inputs;
  if (input === undefined) throw new RangeError('a layer was called without its input');
  return input;
}
