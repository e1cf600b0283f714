/** Everything that training changes in a model: what a checkpoint holds. */
import type { LayerWeights } from '../engine.js';
import type { Slots } from '../float/steps.js';
import type { DenseInPlace } from '../graph/dense-stack.js';
import type { KeptFormats } from './kept-formats.js';
import { fromKeras, toKeras } from './weights.js';

/** A state. Weights are there in float32, in the masters of the fixed-point engines, or in both. */
export interface ModelState {
  /** All weights in Keras's order. */
  readonly floats: readonly Float32Array[];
  /** The same to the bit as the fixed-point engines left them, of which `floats` are rounded. */
  readonly masters?: readonly LayerWeights[] | undefined;
  /** What the optimiser of the float engine remembers of each weight. */
  readonly slots: readonly Slots[];
  /** Steps that the optimiser of the float engine has taken. */
  readonly steps: number;
  /** Epochs trained: fixes the order of samples in the next one. */
  readonly epochs: number;
  /** Number formats of the last training in fixed point, or of the first predictions; absent before. */
  readonly formats?: KeptFormats | undefined;
}

/** A state with weights of the float engine that nothing was trained from. */
export function freshState(floats: readonly Float32Array[]): ModelState {
  return { floats, slots: floats.map(() => []), steps: 0, epochs: 0 };
}

/**
 * The weights as fixed-point engines hold them.
 *
 * @throws DataError when a weight is not within their range
 */
export function mastersOf(
  state: ModelState,
  dense: readonly DenseInPlace[],
): readonly LayerWeights[] {
  if (state.masters !== undefined) return state.masters;
  let next = 0;
  const tensors = dense.flatMap(({ inputs, layer: { units, useBias } }) => {
    const kernel = { data: state.floats[next++] as Float32Array, shape: [inputs, units] };
    if (!useBias) return [kernel];
    return [kernel, { data: state.floats[next++] as Float32Array, shape: [units] }];
  });
  return fromKeras(dense, tensors);
}

/** A state with weights as fixed-point engines hold them. */
export function withMasters(
  state: ModelState,
  dense: readonly DenseInPlace[],
  masters: readonly LayerWeights[],
): ModelState {
  const floats = dense.flatMap((place, index) =>
    toKeras(place, masters[index] as LayerWeights).map(({ data }) => data),
  );
  return { ...state, floats, masters };
}
