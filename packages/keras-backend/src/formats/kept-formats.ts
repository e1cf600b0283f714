/** Number formats in files, checked: shifts are made of them. */
import type { LayerFractions } from '../engine.js';
import { ModelFileError } from '../errors.js';
import type { KeptFormats } from '../model/kept-formats.js';
import type { NodeFormats } from '../schedule/formats.js';
import { asArray, asCount, asObject } from './checked.js';

/** Fraction bits that any tensor can have. */
const LEAST = -32;
const MOST = 31;
/** Sums go through exponentials, which take at most so many. */
const MOST_OF_SUMS = 26;

/** @throws ModelFileError naming the first field that is not what it should be */
export function readKeptFormats(value: unknown, field: string): KeptFormats {
  const { kind, mode, ...rest } = asObject(value, field);
  if (mode !== 'fast' && mode !== 'exact') {
    throw new ModelFileError(`${field}.mode`, 'should be fast or exact');
  }
  if (kind === 'schedule') {
    const calls = asArray(rest.calls, `${field}.calls`).map((call, index): NodeFormats => {
      const own = asObject(call, `${field}.calls[${index}]`);
      const bits = (name: string) => asBits(own[name], `${field}.calls[${index}].${name}`);
      return { value: bits('value'), weight: bits('weight'), error: bits('error') };
    });
    return { kind, mode, calls };
  }
  if (kind !== 'stack') throw new ModelFileError(`${field}.kind`, 'should be stack or schedule');
  const needs = asObject(rest.needs, `${field}.needs`);
  return {
    kind,
    mode,
    needs: {
      inputPeak: asPeak(needs.inputPeak, `${field}.needs.inputPeak`),
      targetPeak: asPeak(needs.targetPeak, `${field}.needs.targetPeak`),
      trainingBatch: Math.max(
        1,
        asCount(needs.trainingBatch, `${field}.needs.trainingBatch`, 2 ** 31),
      ),
    },
    layers: asArray(rest.layers, `${field}.layers`).map((layer, index) =>
      asFractions(layer, `${field}.layers[${index}]`),
    ),
    targetFraction: asBits(rest.targetFraction, `${field}.targetFraction`),
  };
}

function asFractions(value: unknown, field: string): LayerFractions {
  const own = asObject(value, field);
  const bits = (name: string) => asBits(own[name], `${field}.${name}`);
  const [input, weight, z] = [bits('input'), bits('weight'), bits('z')];
  if (z > Math.min(MOST_OF_SUMS, input + weight)) {
    throw new ModelFileError(`${field}.z`, `is ${z}: at most ${MOST_OF_SUMS}, and input + weight`);
  }
  const [activation, delta, error] = [bits('activation'), bits('delta'), bits('error')];
  return { input, weight, z, activation, delta, error };
}

function asBits(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= LEAST && value <= MOST) {
    return value;
  }
  throw new ModelFileError(field, `should be a whole number from ${LEAST} to ${MOST}`);
}

function asPeak(value: unknown, field: string): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
  throw new ModelFileError(field, 'should be a number of at least 0');
}
