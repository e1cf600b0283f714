/** Optimisers by Keras's names, with Keras's defaults. */
import { OptionError, UnsupportedError } from '../errors.js';
import { checkRate, type LearningRate } from './schedules.js';

/** What all optimisers can be told. */
export interface CommonOptimiserOptions {
  /** A number above 0, or a schedule. */
  readonly learningRate?: LearningRate;
  /** Share of a weight, times the rate, that is taken from it before every step. */
  readonly weightDecay?: number;
  /** Largest norm of the gradient of one weight tensor. */
  readonly clipNorm?: number;
  /** Largest norm of all gradients together. */
  readonly globalClipNorm?: number;
  /** Largest magnitude of a gradient. */
  readonly clipValue?: number;
}

interface Common extends CommonOptimiserOptions {
  readonly learningRate: LearningRate;
}

/** Options of {@link sgd}. */
export interface SgdOptions extends CommonOptimiserOptions {
  /** 0 to below 1; 0 unless told. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends CommonOptimiserOptions {
  /** 0.9 unless told. */
  readonly rho?: number;
  readonly momentum?: number;
  /** 1e-7 unless told. */
  readonly epsilon?: number;
  readonly centered?: boolean;
}

/** Options of {@link adagrad}. */
export interface AdagradOptions extends CommonOptimiserOptions {
  /** 0.1 unless told. */
  readonly initialAccumulatorValue?: number;
  /** 1e-7 unless told. */
  readonly epsilon?: number;
}

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions extends CommonOptimiserOptions {
  /** 0.9 unless told. */
  readonly beta1?: number;
  /** 0.999 unless told. */
  readonly beta2?: number;
  /** 1e-7 unless told. */
  readonly epsilon?: number;
  readonly amsgrad?: boolean;
}

/** An optimiser as plain data. */
export type Optimiser =
  | (Common & SgdOptions & { readonly kind: 'sgd' })
  | (Common &
      Required<Omit<RmspropOptions, keyof CommonOptimiserOptions>> & { readonly kind: 'rmsprop' })
  | (Common &
      Required<Omit<AdagradOptions, keyof CommonOptimiserOptions>> & { readonly kind: 'adagrad' })
  | (Common &
      Required<Omit<AdamOptions, keyof CommonOptimiserOptions>> & {
        readonly kind: 'adam' | 'adamw';
      });

/** Names of optimisers. */
export type OptimiserName = Optimiser['kind'];

/** Keras's weight decay of AdamW. */
const ADAMW_DECAY = 0.004;
const EPSILON = 1e-7;

const COMMON = { clipNorm: undefined, globalClipNorm: undefined, clipValue: undefined };
const ADAM = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: EPSILON, amsgrad: false };

/** Keras's defaults; undefined where an option is off. */
const DEFAULTS: Readonly<Record<OptimiserName, Readonly<Record<string, unknown>>>> = {
  sgd: { learningRate: 0.01, momentum: 0, nesterov: false, weightDecay: undefined, ...COMMON },
  rmsprop: {
    learningRate: 0.001,
    rho: 0.9,
    momentum: 0,
    epsilon: EPSILON,
    centered: false,
    weightDecay: undefined,
    ...COMMON,
  },
  adagrad: {
    learningRate: 0.001,
    initialAccumulatorValue: 0.1,
    epsilon: EPSILON,
    weightDecay: undefined,
    ...COMMON,
  },
  adam: { ...ADAM, weightDecay: undefined, ...COMMON },
  adamw: { ...ADAM, weightDecay: ADAMW_DECAY, ...COMMON },
};

/** All optimisers, for messages. */
export const OPTIMISERS = Object.keys(DEFAULTS) as readonly OptimiserName[];

/** Options that are shares: 0 to below 1. */
const SHARES = ['momentum', 'rho', 'beta1', 'beta2'];

/**
 * An optimiser from its name and options.
 *
 * @throws OptionError UnsupportedError for options that are wrong or not known
 */
export function optimiserFrom(
  kind: OptimiserName,
  options: Readonly<Record<string, unknown>>,
): Optimiser {
  const defaults = DEFAULTS[kind];
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new UnsupportedError(`option of ${kind}`, name, Object.keys(defaults));
    }
    if (value !== undefined && name !== 'learningRate') checkOption(name, value);
  }
  const given = Object.fromEntries(
    Object.entries({ ...defaults, ...definedOf(options) }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  checkRate(given.learningRate as LearningRate);
  if (kind === 'sgd') {
    // As short as it was given: plain descent is { kind, learningRate }.
    if (given.momentum === 0) delete given.momentum;
    if (given.nesterov === false) delete given.nesterov;
  }
  return { kind, ...given } as unknown as Optimiser;
}

function definedOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkOption(name: string, value: unknown): void {
  if (name === 'nesterov' || name === 'centered' || name === 'amsgrad') {
    if (typeof value !== 'boolean') throw new OptionError(name, value, 'give true or false');
    return;
  }
  const share = SHARES.includes(name);
  if (
    !(typeof value === 'number' && value >= 0 && value < (share ? 1 : Number.POSITIVE_INFINITY))
  ) {
    throw new OptionError(name, value, share ? 'give 0 to below 1' : 'give a number of at least 0');
  }
}

const asRecord = (options: object) => options as Readonly<Record<string, unknown>>;

/**
 * Stochastic gradient descent: weight -= learningRate * gradient of the batch mean; with momentum,
 * of a moving sum of gradients.
 *
 * @throws {@link OptionError} {@link UnsupportedError} for options that are wrong or not known
 */
export function sgd(options: SgdOptions = {}): Optimiser {
  return optimiserFrom('sgd', asRecord(options));
}

/** Divides gradients by a moving mean of their size (Hinton). @throws OptionError UnsupportedError */
export function rmsprop(options: RmspropOptions = {}): Optimiser {
  return optimiserFrom('rmsprop', asRecord(options));
}

/** Divides gradients by the root of the sum of their squares. @throws OptionError UnsupportedError */
export function adagrad(options: AdagradOptions = {}): Optimiser {
  return optimiserFrom('adagrad', asRecord(options));
}

/** Kingma and Ba's Adam. @throws OptionError UnsupportedError */
export function adam(options: AdamOptions = {}): Optimiser {
  return optimiserFrom('adam', asRecord(options));
}

/** Adam with a weight decay, 0.004 unless told. @throws OptionError UnsupportedError */
export function adamw(options: AdamOptions = {}): Optimiser {
  return optimiserFrom('adamw', asRecord(options));
}

/** The optimiser itself, checked, or the one of a name with Keras's defaults. */
export function optimiserOf(given: Optimiser | string): Optimiser {
  const { kind, ...options } =
    typeof given === 'string' ? { kind: given.toLowerCase() } : { ...given };
  const known = OPTIMISERS.find((name) => name === kind);
  if (known === undefined) throw new UnsupportedError('optimizer', String(kind), OPTIMISERS);
  return optimiserFrom(known, options);
}
