/** Options of a model's methods, with Keras's names and defaults, and their checks. */
import type { DataSet, NetworkPlan, NumberMode } from '../engine.js';
import { DataError, OptionError, UnsupportedError } from '../errors.js';
import type { MachineEngineOptions } from '../machine/index.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import type { Samples } from './data.js';
import { checkProbabilities, type FlatSamples, flatSamples, toOperands } from './data.js';
import type { EngineChoice } from './engines.js';
import type { Callbacks, Progress } from './history.js';

/** Options of {@link Sequential.compile}. */
export interface CompileOptions {
  /** `sgd({ learningRate })` or `'sgd'`. */
  readonly optimizer: Optimiser | string;
  /** `categorical_crossentropy`, `binary_crossentropy` or `mean_squared_error`. */
  readonly loss: string;
  /** `['accuracy']` or none. */
  readonly metrics?: readonly string[];
  /** `fast` (16-bit operands) unless told; `exact` agrees with float32 to some 1e-6. */
  readonly mode?: NumberMode;
  /** What computes; `machine` unless told. */
  readonly engine?: EngineChoice;
  /** Which machine, and how the layers are cut; a virtual SpiNN-5 unless told. */
  readonly machine?: MachineEngineOptions;
}

/** Options of {@link Sequential.fit}. */
export interface FitOptions {
  /** 1 unless told. */
  readonly epochs?: number;
  /** 32 unless told. */
  readonly batchSize?: number;
  /** A new order of the samples every epoch; `true` unless told. */
  readonly shuffle?: boolean;
  /** Part of the data, from its end, to validate with instead of training: 0 to below 1. */
  readonly validationSplit?: number;
  /** Data to validate with after every epoch. */
  readonly validationData?: readonly [x: Samples, y: Samples];
  readonly callbacks?: Callbacks | readonly Callbacks[];
  /** 1 prints a line an epoch; 0 unless told. */
  readonly verbose?: 0 | 1;
  /** Called now and then while an epoch runs. */
  onProgress?(progress: Progress): void;
}

/** Options of {@link Sequential.evaluate} and {@link Sequential.predict}. */
export interface RunOptions {
  /** 32 unless told; does not change any result. */
  readonly batchSize?: number;
}

/** Samples in a batch unless told, as in Keras. */
export const DEFAULT_BATCH = 32;
const METRICS = ['accuracy'];
const MODES: readonly NumberMode[] = ['fast', 'exact'];

/** @throws {@link UnsupportedError} for a metric that is not known */
export function checkMetrics(metrics: readonly string[]): readonly string[] {
  for (const metric of metrics) {
    if (!METRICS.includes(metric)) throw new UnsupportedError('metric', String(metric), METRICS);
  }
  return metrics;
}

/** @throws {@link UnsupportedError} for a mode that is not known */
export function checkMode(mode: NumberMode): NumberMode {
  if (!MODES.includes(mode)) throw new UnsupportedError('mode', String(mode), MODES);
  return mode;
}

/** @throws {@link OptionError} when it is not a whole number above 0 */
export function checkCount(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new OptionError(option, value, 'give a whole number above 0');
  }
  return value;
}

/** Inputs with their targets. */
export interface LabelledSamples {
  readonly x: FlatSamples;
  readonly y: FlatSamples;
}

/** What data must look like for a model. */
export interface DataRules {
  readonly inputShape: readonly number[];
  readonly units: number;
  readonly probabilities: boolean;
}

/**
 * Checks inputs and targets.
 *
 * @param prefix of field names in messages, for example `validationData.`
 * @throws {@link DataError}
 */
export function labelledSamples(
  x: Samples,
  y: Samples,
  { inputShape, units, probabilities }: DataRules,
  prefix = '',
): LabelledSamples {
  const inputs = flatSamples(x, `${prefix}x`, inputShape);
  const targets = flatSamples(y, `${prefix}y`, [units]);
  if (inputs.samples !== targets.samples) {
    const reason = `has ${targets.samples} samples, but ${prefix}x has ${inputs.samples}`;
    throw new DataError(`${prefix}y`, reason);
  }
  if (probabilities) checkProbabilities(targets, `${prefix}y`);
  return { x: inputs, y: targets };
}

/**
 * Training and validation data as `fit` was told.
 *
 * @throws {@link OptionError} {@link DataError}
 */
export function splitSamples(
  all: LabelledSamples,
  { validationSplit = 0, validationData }: FitOptions,
  rules: DataRules,
): { training: LabelledSamples; validation?: LabelledSamples } {
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new OptionError('validationSplit', validationSplit, 'give 0 to below 1');
  }
  if (validationData !== undefined) {
    const [x, y] = validationData;
    return { training: all, validation: labelledSamples(x, y, rules, 'validationData.') };
  }
  const training = Math.floor(all.x.samples * (1 - validationSplit));
  if (training === all.x.samples) return { training: all };
  if (training === 0) {
    throw new OptionError('validationSplit', validationSplit, 'no sample is left to train with');
  }
  return {
    training: { x: part(all.x, 0, training), y: part(all.y, 0, training) },
    validation: {
      x: part(all.x, training, all.x.samples),
      y: part(all.y, training, all.y.samples),
    },
  };
}

function part(data: FlatSamples, from: number, until: number): FlatSamples {
  const { size, peak, values } = data;
  const range = [from * size, until * size] as const;
  return {
    samples: until - from,
    values: isTypedArray(values)
      ? values.subarray(...range)
      : Array.prototype.slice.call(values, ...range),
    size,
    peak,
  };
}

/** Any typed array: only what all of them share is used. */
function isTypedArray(values: ArrayLike<number>): values is Float32Array {
  return ArrayBuffer.isView(values) && !(values instanceof DataView);
}

/** Samples as an engine takes them. */
export function dataSet(
  { layers, mode, targetFraction }: NetworkPlan,
  x: FlatSamples,
  y?: FlatSamples,
): DataSet {
  const exact = mode === 'exact';
  const fraction = layers[0]?.fractions.input ?? 0;
  return {
    samples: x.samples,
    inputs: toOperands(x.values, x.samples * x.size, fraction, exact),
    ...(y && { targets: toOperands(y.values, y.samples * y.size, targetFraction, exact) }),
  };
}
