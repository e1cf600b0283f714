/**
 * What Keras's formats have no place for, as JSON beside the model: with it, training goes on bit for
 * bit. Keras and TensorFlow.js pass over it.
 */

import type { LayerWeights } from '../engine.js';
import type { DenseInPlace } from '../graph/dense-stack.js';
import { denseStack } from '../graph/dense-stack.js';
import type { KeptFormats } from '../model/kept-formats.js';
import type { Model } from '../model/model.js';
import type { ModelState } from '../model/state.js';
import { withMasters } from '../model/state.js';
import { integersFromBase64, integersToBase64 } from './base64.js';
import { asArray, asCount, asObject, asText, parseJson } from './checked.js';
import { readKeptFormats } from './kept-formats.js';

/** Name of the member, attribute or field that holds it. */
export const EXTRAS_NAME = 'spin_tools';

/** The extras of a file. */
export interface Extras {
  readonly seed: number;
  readonly epochs: number;
  /** Masters of the fixed-point engines, kernel and bias of each Dense layer: base64 of int32. */
  readonly masters?: readonly (readonly [kernel: string, bias: string])[];
  /** Number formats that the weights were trained with. */
  readonly formats?: KeptFormats;
}

/** The extras of a model, as JSON. */
export function writeExtras(model: Model): string {
  const { epochs, masters, formats } = model.getState();
  const extras: Extras = {
    seed: model.seed,
    epochs,
    ...(masters && {
      masters: masters.map(({ kernel, bias }) => [
        integersToBase64(kernel),
        integersToBase64(bias),
      ]),
    }),
    ...(formats && { formats }),
  };
  return JSON.stringify(extras);
}

/** @throws ModelFileError */
export function readExtras(text: string | undefined): Extras {
  if (text === undefined) return { seed: 0, epochs: 0 };
  const { seed, epochs, masters, formats } = asObject(parseJson(text, EXTRAS_NAME), EXTRAS_NAME);
  return {
    seed: asCount(seed, `${EXTRAS_NAME}.seed`, 2 ** 32),
    epochs: asCount(epochs, `${EXTRAS_NAME}.epochs`),
    ...(masters !== undefined && {
      masters: asArray(masters, `${EXTRAS_NAME}.masters`).map((pair, index) => {
        const field = `${EXTRAS_NAME}.masters[${index}]`;
        const [kernel, bias] = asArray(pair, field);
        return [asText(kernel, `${field}[0]`), asText(bias, `${field}[1]`)] as const;
      }),
    }),
    ...(formats !== undefined && { formats: readKeptFormats(formats, `${EXTRAS_NAME}.formats`) }),
  };
}

/** A state with the extras of its file. Masters that do not round to its weights are stale, and left out. */
export function withExtras(
  model: Model,
  state: ModelState,
  { epochs, masters, formats }: Extras,
): ModelState {
  const plain = { ...state, epochs, formats };
  if (masters === undefined) return plain;
  const { dense } = denseStack(model.graph, 'functional');
  const restored = withMasters(plain, dense, mastersOf(dense, masters));
  const same = restored.floats.every((values, index) => sameBits(values, state.floats[index]));
  return same ? restored : plain;
}

function mastersOf(
  dense: readonly DenseInPlace[],
  masters: NonNullable<Extras['masters']>,
): LayerWeights[] {
  return dense.map(({ inputs, layer: { units } }, index) => {
    const [kernel = '', bias = ''] = masters[index] ?? [];
    const field = `${EXTRAS_NAME}.masters[${index}]`;
    return {
      kernel: integersFromBase64(kernel, inputs * units, `${field}[0]`),
      bias: integersFromBase64(bias, units, `${field}[1]`),
    };
  });
}

function sameBits(a: Float32Array, b: Float32Array | undefined): boolean {
  return a.length === b?.length && a.every((value, i) => value === b[i]);
}
