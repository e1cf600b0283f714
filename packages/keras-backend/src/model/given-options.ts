/** Values of options that would otherwise end in a stack trace, or pass unseen. */
import { OptionError } from '../errors.js';
import type { MachineEngineOptions } from '../machine/index.js';
import { checkCallbacks } from './given-callbacks.js';
import {
  type Check,
  callable,
  check,
  checkOptions,
  checkValue,
  count,
  isObject,
  oneOf,
  yesOrNo,
} from './option-checks.js';
import type { Dataset, FitOptions } from './options.js';

const MACHINE: Readonly<Record<keyof MachineEngineOptions, Check>> = {
  machine: check<unknown>(
    (value) => value === 'virtual' || isObject(value),
    "give 'virtual' or { host }",
  ),
  board: oneOf('spin3', 'spin5'),
  triads: check<{ width: number; height: number }>(
    (value) => isObject(value) && [value.width, value.height].every((n) => n > 0 && n % 1 === 0),
    'give { width, height }, whole numbers above 0',
  ),
  transport: check<unknown>(
    (value) => isObject(value) || typeof value === 'function',
    'give { scp, boot }, or a function that makes them',
  ),
  virtualMachine: check<unknown>(isObject, 'give a VirtualMachine'),
  tiling: check<unknown>(isObject, 'give { rows, columns }, or a list with one for each layer'),
  workers: count,
  replicas: count,
  chooseFor: oneOf('board', 'simulation'),
  dataBytes: count,
  appId: count,
  onStage: callable,
};

/** @throws OptionError naming the first option of a machine that there is not, or whose value cannot be used */
export function checkMachineOptions(options: MachineEngineOptions): void {
  checkOptions('machine', MACHINE, options);
}

/** Options of `fit` and `fitDataset` that nothing else checks. */
const FIT = {
  signal: check<AbortSignal>(
    (value) => typeof value?.aborted === 'boolean',
    'give the signal of an AbortController',
  ),
  shuffle: yesOrNo,
  validationData: check<unknown>(Array.isArray, 'give [x, y] or [x, y, sampleWeight]'),
  verbose: oneOf(0, 1),
  onProgress: callable,
} as const satisfies Partial<Record<keyof FitOptions, Check>>;

/** @throws OptionError naming the first option of `fit` or `fitDataset` whose value cannot be used */
export function checkFitOptions(options: FitOptions): void {
  checkCallbacks(options.callbacks);
  for (const [name, own] of Object.entries(FIT)) {
    const value = options[name as keyof typeof FIT];
    if (value !== undefined) checkValue(name, value, own);
  }
}

/** @throws OptionError when a data set is nothing that batches come from */
export function checkDataset(dataset: Dataset): void {
  const isIterable = isObject(dataset) && Symbol.iterator in dataset;
  if (Array.isArray(dataset) && dataset.length === 0) {
    throw new OptionError('dataset', 'empty', 'give at least one batch');
  }
  if (isIterable || typeof dataset === 'function') return;
  throw new OptionError(
    'dataset',
    dataset,
    'give a function that returns batches, or a list of them',
  );
}
