/** Values of options that would otherwise end in a stack trace, or pass unseen. */
import { OptionError } from '../errors.js';
import type { MachineEngineOptions } from '../machine/index.js';
import type { Dataset, FitOptions } from './options.js';

type Check = readonly [isGood: (value: never) => boolean, expected: string];

const check = <Value>(isGood: (value: Value) => boolean, expected: string): Check => [
  isGood,
  expected,
];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const count = check<number>(
  (value) => Number.isInteger(value) && value > 0,
  'give a whole number above 0',
);
const oneOf = (...names: string[]): Check =>
  check<string>((value) => names.includes(value), `give ${names.join(' or ')}`);

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
  onStage: check<unknown>((value) => typeof value === 'function', 'give a function'),
};

/** @throws OptionError naming the first option of a machine that there is not, or whose value cannot be used */
export function checkMachineOptions(options: MachineEngineOptions): void {
  const known: Readonly<Record<string, Check | undefined>> = MACHINE;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const found = known[name];
    if (found === undefined) {
      throw new OptionError(
        `machine: ${name}`,
        'not an option',
        `machine has ${Object.keys(MACHINE).join(', ')}`,
      );
    }
    const [isGood, expected] = found;
    if (!isGood(value as never)) throw new OptionError(`machine.${name}`, value, expected);
  }
}

/** @throws OptionError naming the first option of `fit` or `fitDataset` whose value cannot be used */
export function checkFitOptions(options: FitOptions): void {
  const { callbacks, signal, shuffle, validationData } = options;
  const refuse = (name: string, value: unknown, expected: string) => {
    throw new OptionError(name, value, expected);
  };
  const list: readonly unknown[] = Array.isArray(callbacks) ? callbacks : [callbacks ?? {}];
  const odd = list.findIndex((each) => !isObject(each));
  if (odd >= 0) {
    refuse(
      'callbacks',
      list[odd],
      'give objects with functions such as onEpochEnd, or a list of them',
    );
  }
  if (signal !== undefined && typeof signal.aborted !== 'boolean') {
    refuse('signal', signal, 'give the signal of an AbortController');
  }
  if (shuffle !== undefined && typeof shuffle !== 'boolean') {
    refuse('shuffle', shuffle, 'give true or false');
  }
  if (validationData !== undefined && !Array.isArray(validationData)) {
    refuse('validationData', validationData, 'give [x, y] or [x, y, sampleWeight]');
  }
}

/** @throws OptionError when a data set is nothing that batches come from */
export function checkDataset(dataset: Dataset): void {
  const isIterable = isObject(dataset) && Symbol.iterator in dataset;
  if (isIterable || typeof dataset === 'function') return;
  throw new OptionError(
    'dataset',
    dataset,
    'give a function that returns batches, or a list of them',
  );
}
