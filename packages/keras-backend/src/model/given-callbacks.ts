/** Callbacks, and options of those that are made here, of which a misspelt name would otherwise do nothing, unseen. */
import { OptionError } from '../errors.js';
import type {
  CheckpointOptions,
  CsvLoggerOptions,
  EarlyStoppingOptions,
  PlateauOptions,
} from './callbacks.js';
import type { Callbacks } from './history.js';
import {
  type Check,
  callable,
  check,
  checkOptions,
  checkValue,
  countFromZero,
  finite,
  isObject,
  oneOf,
  text,
  yesOrNo,
} from './option-checks.js';

const HOOKS: Readonly<Record<keyof Callbacks, true>> = {
  onTrainBegin: true,
  onEpochBegin: true,
  onBatchEnd: true,
  onEpochEnd: true,
  onTrainEnd: true,
};
const NAMES = Object.keys(HOOKS);
const EXPECTED = `callbacks have ${NAMES.join(', ')}`;
/** Names that look as if `fit` were to call them: `onEpochEnds`, `on_epoch_end`. */
const HOOK_LIKE = /^on[A-Z_]/;

/**
 * An object of a class may have whatever else it needs; the functions of any other object are all meant for `fit`.
 *
 * @throws OptionError naming what is no callback, or a function that `fit` would never call
 */
export function checkCallbacks(callbacks: unknown): void {
  if (callbacks === undefined) return;
  const list: readonly unknown[] = Array.isArray(callbacks) ? callbacks : [callbacks];
  for (const each of list) {
    if (!isObject(each)) {
      const expected = 'give objects with functions such as onEpochEnd, or a list of them';
      throw new OptionError('callbacks', each, expected);
    }
    checkNames(each);
  }
}

function checkNames(callbacks: object): void {
  const prototype: unknown = Object.getPrototypeOf(callbacks);
  const isPlain = prototype === null || prototype === Object.prototype;
  const names = namesOf(callbacks);
  for (const name of names.filter((each) => isPlain || HOOK_LIKE.test(each))) {
    const value: unknown = (callbacks as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (NAMES.includes(name)) checkValue(`callbacks.${name}`, value, callable);
    else if (HOOK_LIKE.test(name) || typeof value === 'function') {
      throw new OptionError(`callbacks: ${name}`, 'never called', EXPECTED);
    }
  }
  if (names.length > 0 && !names.some((name) => NAMES.includes(name))) {
    const given = names.join(', ');
    throw new OptionError('callbacks', `an object with ${given} and nothing to call`, EXPECTED);
  }
}

/** Names of an object and of its class, but those that all objects have. */
function namesOf(callbacks: object): string[] {
  const names: string[] = [];
  let level: object | null = callbacks;
  while (level !== null && level !== Object.prototype) {
    names.push(...Object.getOwnPropertyNames(level).filter((name) => name !== 'constructor'));
    level = Object.getPrototypeOf(level) as object | null;
  }
  return names;
}

type Checks<Options> = Readonly<Record<keyof Options, Check>>;

const MONITOR = { monitor: text, mode: oneOf('auto', 'min', 'max') };

const STOPPING: Checks<EarlyStoppingOptions> = {
  ...MONITOR,
  minDelta: finite,
  patience: countFromZero,
  baseline: finite,
  restoreBestWeights: yesOrNo,
  startFromEpoch: countFromZero,
};
const PLATEAU: Checks<PlateauOptions> = {
  ...MONITOR,
  factor: check<number>((value) => value > 0 && value < 1, 'give a number above 0 and below 1'),
  patience: countFromZero,
  minDelta: finite,
  cooldown: countFromZero,
  minLearningRate: check<number>(
    (value) => Number.isFinite(value) && value >= 0,
    'give a finite number of at least 0',
  ),
};
const CHECKPOINT: Checks<CheckpointOptions> = {
  ...MONITOR,
  save: callable,
  saveBestOnly: yesOrNo,
  initialValueThreshold: finite,
};
const CSV: Checks<CsvLoggerOptions> = { write: callable, separator: text, append: yesOrNo };

/** Options of the makers of callbacks, and which of them must be given. */
const MAKERS = {
  earlyStopping: [STOPPING, []],
  reduceLearningRateOnPlateau: [PLATEAU, []],
  modelCheckpoint: [CHECKPOINT, ['save']],
  csvLogger: [CSV, ['write']],
} as const;

/** @throws OptionError naming the first option that a maker of callbacks does not have, or cannot use */
export function checkCallbackOptions(maker: keyof typeof MAKERS, options: object): void {
  const [known, required] = MAKERS[maker];
  checkOptions(maker, known, options, required);
}

/** @throws OptionError when a schedule is no function */
export function checkSchedule(schedule: unknown): void {
  checkValue('learningRateScheduler', schedule, callable);
}
