/** Checks of options that several methods share. */
import type { NumberMode } from '../engine.js';
import { OptionError, UnsupportedError } from '../errors.js';
import type { Rounding } from './schedule-backend.js';

/** Samples in a batch unless told, as in Keras. */
export const DEFAULT_BATCH = 32;

const MODES: readonly NumberMode[] = ['fast', 'exact'];

/** @throws {@link UnsupportedError} for a mode that is not known */
export function checkMode(mode: NumberMode): NumberMode {
  if (!MODES.includes(mode)) throw new UnsupportedError('mode', String(mode), MODES);
  return mode;
}

const ROUNDINGS: readonly Rounding[] = ['nearest', 'stochastic'];

/** @throws {@link UnsupportedError} for a rounding that is not known */
export function checkRounding(rounding: Rounding): Rounding {
  if (ROUNDINGS.includes(rounding)) return rounding;
  throw new UnsupportedError('rounding', String(rounding), ROUNDINGS);
}

/** @throws {@link OptionError} when it is not a whole number above 0 */
export function checkCount(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new OptionError(option, value, 'give a whole number above 0');
  }
  return value;
}
