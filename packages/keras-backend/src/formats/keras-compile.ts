/** How a model was compiled, as Keras and TensorFlow.js write it. */
import type { LossConfig } from '../losses/configs.js';
import type { MetricConfig } from '../metrics/metrics.js';
import type { Model } from '../model/model.js';
import type { CompileOptions } from '../model/options.js';
import {
  OPTIMISERS,
  type Optimiser,
  type OptimiserName,
  optimiserFrom,
} from '../optimisers/optimisers.js';
import type { LearningRate } from '../optimisers/schedules.js';
import { isObject, type JsonObject } from './checked.js';
import { classOf, toCamel, toSnake } from './keras-objects.js';

/** Options of optimisers that Keras counts with a number. */
const NUMBERED: Readonly<Record<string, string>> = { beta1: 'beta_1', beta2: 'beta_2' };
/** Keras writes these names without an underscore. */
const JOINED: Readonly<Record<string, string>> = {
  clipNorm: 'clipnorm',
  clipValue: 'clipvalue',
  globalClipNorm: 'global_clipnorm',
};

const OPTIMISER_OPTIONS = [
  'learningRate',
  'momentum',
  'nesterov',
  'rho',
  'epsilon',
  'centered',
  'initialAccumulatorValue',
  'beta1',
  'beta2',
  'amsgrad',
  'weightDecay',
  'clipNorm',
  'clipValue',
  'globalClipNorm',
];

const CLASS_NAMES: Readonly<Record<OptimiserName, string>> = {
  sgd: 'SGD',
  rmsprop: 'RMSprop',
  adagrad: 'Adagrad',
  adam: 'Adam',
  adamw: 'AdamW',
};

/**
 * Compiles a model as a file says, for the engine `float`. What cannot be understood, such as a loss
 * of somebody's own, leaves the model as it is: the caller compiles it.
 */
export function compileAs(model: Model, config: JsonObject): void {
  try {
    const options = readCompilation(config);
    if (options !== undefined) model.compile(options);
  } catch {
    // A model is more than the way it was compiled.
  }
}

function readCompilation(config: JsonObject): CompileOptions | undefined {
  const { loss, loss_weights: lossWeights, metrics, weighted_metrics: weightedMetrics } = config;
  const optimizer = config.optimizer ?? config.optimizer_config;
  if (optimizer === undefined || optimizer === null || !loss) return undefined;
  return {
    optimizer: readOptimiser(optimizer),
    loss: perOutput(loss, readLoss) as CompileOptions['loss'],
    ...(lossWeights ? { lossWeights: lossWeights as number[] } : {}),
    metrics: readMetrics(metrics),
    weightedMetrics: readMetrics(weightedMetrics),
    engine: 'float',
  };
}

/** Applies `read` to each output's part of a value: one, a list, or a record by names. */
function perOutput<T>(value: unknown, read: (value: unknown) => T): unknown {
  if (Array.isArray(value)) return value.map(read);
  if (isObject(value) && value.class_name === undefined) {
    return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, read(own)]));
  }
  return read(value);
}

function readLoss(value: unknown): string | LossConfig {
  if (typeof value === 'string') return value;
  const { name, config } = classOf(value, 'loss');
  const options = [
    'fromLogits',
    'labelSmoothing',
    'delta',
    'gamma',
    'alpha',
    'applyClassBalancing',
  ];
  const given = options.map((option) => [option, config[toSnake(option)]] as const);
  const set = given.filter(([, option]) => option !== undefined && option !== null);
  return {
    kind: name,
    ...Object.fromEntries(set.filter(([option]) => takes(name, option))),
  } as LossConfig;
}

/** Keras writes options that a loss of ours has by another default, or not at all. */
function takes(name: string, option: string): boolean {
  if (option === 'labelSmoothing' || option === 'fromLogits') return /crossentropy/i.test(name);
  if (option === 'delta') return /huber/i.test(name);
  return /focal/i.test(name);
}

function readMetrics(value: unknown): NonNullable<CompileOptions['metrics']> {
  if (!value) return [];
  const read = (each: unknown): string | MetricConfig => {
    if (typeof each === 'string') return each;
    const { name, config } = classOf(each, 'metrics');
    const options = Object.fromEntries(
      (['name', 'k', 'threshold', 'num_thresholds'] as const)
        .map((key) => [toCamel(key), config[key]] as const)
        .filter(([, option]) => option !== undefined && option !== null),
    );
    return { kind: name, ...options } as MetricConfig;
  };
  const list = (each: unknown): unknown => (Array.isArray(each) ? each.map(list) : read(each));
  return perOutput(value, list) as NonNullable<CompileOptions['metrics']>;
}

/** @throws UnsupportedError OptionError */
function readOptimiser(value: unknown): Optimiser {
  const { name, config } = classOf(value, 'optimizer');
  const plain = name.replace(/^.*>/, '').toLowerCase();
  const kind = OPTIMISERS.find((each) => each === plain);
  const options = OPTIMISER_OPTIONS.map((option) => {
    const key = NUMBERED[option] ?? JOINED[option] ?? toSnake(option);
    const value = option === 'learningRate' ? (config[key] ?? config.lr) : config[key];
    return [option, option === 'learningRate' ? readRate(value) : value] as const;
  }).filter(([, value]) => value !== undefined && value !== null && value !== false);
  return optimiserFrom(kind as OptimiserName, Object.fromEntries(options));
}

function readRate(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { name, config } = classOf(value, 'learning_rate');
  const entries = Object.entries(config).filter(
    ([key, option]) => key !== 'name' && option !== null && option !== undefined,
  );
  return {
    kind: name.charAt(0).toLowerCase() + name.slice(1),
    ...Object.fromEntries(entries.map(([key, option]) => [toCamel(key), option])),
  };
}

/** `optimizer` of Keras's configurations. */
export function writeOptimiser(optimiser: Optimiser): JsonObject {
  const { kind, ...options } = optimiser;
  const config = Object.entries(options).map(([option, value]) => [
    NUMBERED[option] ?? JOINED[option] ?? toSnake(option),
    option === 'learningRate' ? writeRate(value as LearningRate) : value,
  ]);
  return {
    module: 'keras.optimizers',
    class_name: CLASS_NAMES[kind],
    config: { name: kind, ...Object.fromEntries(config) },
    registered_name: null,
  };
}

function writeRate(rate: LearningRate): unknown {
  if (typeof rate === 'number') return rate;
  const { kind, ...options } = rate;
  const config = Object.entries(options).map(([option, value]) => [toSnake(option), value]);
  return {
    module: 'keras.optimizers.schedules',
    class_name: kind.charAt(0).toUpperCase() + kind.slice(1),
    config: { name: null, ...Object.fromEntries(config) },
    registered_name: null,
  };
}

/** `compile_config` of Keras 3 (and `training_config`, which says optimizer_config). */
export function writeCompilation(model: Model): JsonObject | undefined {
  const { compileOptions: options, optimizer } = model;
  if (options === undefined || optimizer === undefined) return undefined;
  return {
    optimizer: writeOptimiser(optimizer),
    loss: perOutput(asWritten(options.loss), writeLoss),
    loss_weights: options.lossWeights ?? null,
    metrics: writeMetrics(options.metrics),
    weighted_metrics: writeMetrics(options.weightedMetrics),
  };
}

/** A loss with parameters as an object with a class, so that it is not taken for a record of losses. */
function asWritten(loss: CompileOptions['loss']): unknown {
  return isObject(loss) && typeof loss.kind === 'string' ? writeLoss(loss) : loss;
}

/** Names of classes of losses, where they are not the words of the name together. */
const LOSS_CLASSES: Readonly<Record<string, string>> = {
  kl_divergence: 'KLDivergence',
  log_cosh: 'LogCosh',
};

function classNameOf(kind: string): string {
  const words = kind.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return LOSS_CLASSES[kind] ?? words.join('');
}

function writeLoss(value: unknown): unknown {
  if (!isObject(value) || value.class_name !== undefined) return value;
  const { kind, ...options } = value as unknown as LossConfig;
  const config = Object.entries(options).map(([option, given]) => [toSnake(option), given]);
  return {
    module: 'keras.losses',
    class_name: classNameOf(kind),
    config: { name: kind, ...Object.fromEntries(config) },
    registered_name: null,
  };
}

/** Names of classes of metrics, where they are not the words of the name together. */
const METRIC_CLASSES: Readonly<Record<string, string>> = {
  auc: 'AUC',
  r2_score: 'R2Score',
  top_k_categorical_accuracy: 'TopKCategoricalAccuracy',
  sparse_top_k_categorical_accuracy: 'SparseTopKCategoricalAccuracy',
};

function writeMetrics(metrics: CompileOptions['metrics']): unknown {
  if (metrics === undefined || (Array.isArray(metrics) && metrics.length === 0)) return null;
  const write = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(write);
    if (!isObject(value)) return value;
    const { kind, ...options } = value as unknown as MetricConfig;
    const config = Object.entries(options).map(([option, given]) => [toSnake(option), given]);
    return {
      module: 'keras.metrics',
      class_name: METRIC_CLASSES[kind] ?? classNameOf(kind),
      config: Object.fromEntries(config),
      registered_name: null,
    };
  };
  if (Array.isArray(metrics)) return metrics.map(write);
  return Object.fromEntries(Object.entries(metrics).map(([name, own]) => [name, write(own)]));
}
