/** Metrics by Keras's names: counted batch by batch, over rows along the last axis of outputs. */
import { OptionError, UnsupportedError } from '../errors.js';
import {
  LOSS_NAMES,
  type LossConfig,
  type LossName,
  lossConfig,
  lossNamed,
} from '../losses/configs.js';
import { rowLoss } from '../losses/rows.js';

/** Metrics that are no losses. */
export type OwnMetricName =
  | 'accuracy'
  | 'binary_accuracy'
  | 'categorical_accuracy'
  | 'sparse_categorical_accuracy'
  | 'top_k_categorical_accuracy'
  | 'sparse_top_k_categorical_accuracy'
  | 'root_mean_squared_error'
  | 'r2_score'
  | 'precision'
  | 'recall'
  | 'auc';

/** A metric with parameters. */
export interface MetricConfig {
  readonly kind: OwnMetricName | LossName;
  /** In logs; the name of the metric unless told. */
  readonly name?: string;
  /** Of `top_k`: how many outputs count; 5 unless told. */
  readonly k?: number;
  /** Of `binary_accuracy`, `precision` and `recall`: 0.5 unless told. */
  readonly threshold?: number;
  /** Of `auc`: 200 unless told. */
  readonly numThresholds?: number;
}

/** Adds up over batches. */
export interface Metric {
  readonly name: string;
  /** Of one row. @param weight of its sample */
  add(y: Float64Array, p: Float64Array, weight: number): void;
  result(): number;
}

/** Metrics that are no losses, for messages. */
export const OWN_METRICS: readonly OwnMetricName[] = [
  'accuracy',
  'binary_accuracy',
  'categorical_accuracy',
  'sparse_categorical_accuracy',
  'top_k_categorical_accuracy',
  'sparse_top_k_categorical_accuracy',
  'root_mean_squared_error',
  'r2_score',
  'precision',
  'recall',
  'auc',
];

const ALIASES: Readonly<Record<string, OwnMetricName>> = {
  acc: 'accuracy',
  rmse: 'root_mean_squared_error',
  top_kcategorical_accuracy: 'top_k_categorical_accuracy',
  sparse_top_kcategorical_accuracy: 'sparse_top_k_categorical_accuracy',
  r2score: 'r2_score',
};

/** Keras's epsilon. */
const EPSILON = 1e-7;

/**
 * A metric from its name or parameters.
 *
 * @throws UnsupportedError OptionError when it is not known or a parameter is wrong
 */
export function metricConfig(given: string | MetricConfig): MetricConfig {
  const { kind: asked, ...parameters } = typeof given === 'string' ? { kind: given } : { ...given };
  const snake = String(asked)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
  const own = Object.hasOwn(ALIASES, snake)
    ? ALIASES[snake]
    : OWN_METRICS.find((each) => each === snake);
  const kind = own ?? lossNamed(snake);
  if (kind === undefined) {
    throw new UnsupportedError('metric', String(asked), [...OWN_METRICS, ...LOSS_NAMES]);
  }
  checkParameters(kind, parameters);
  const { k, threshold, numThresholds } = parameters as MetricConfig;
  if (k !== undefined && !(Number.isInteger(k) && k > 0)) {
    throw new OptionError('k', k, 'give a whole number above 0');
  }
  if (threshold !== undefined && !Number.isFinite(threshold)) {
    throw new OptionError('threshold', threshold, 'give a number');
  }
  if (numThresholds !== undefined && !(Number.isInteger(numThresholds) && numThresholds > 1)) {
    throw new OptionError('numThresholds', numThresholds, 'give a whole number above 1');
  }
  // A name in the spelling of functions is the name in logs, as in Keras: `mse`, `acc`.
  const name =
    typeof given === 'string' && given === snake ? given : (parameters as MetricConfig).name;
  return { ...parameters, kind, ...(name !== undefined && { name }) };
}

/** Parameters of metrics that have any, besides a name. */
const PARAMETERS: Readonly<Record<string, readonly (keyof MetricConfig)[]>> = {
  top_k_categorical_accuracy: ['k'],
  sparse_top_k_categorical_accuracy: ['k'],
  accuracy: ['threshold'],
  binary_accuracy: ['threshold'],
  precision: ['threshold'],
  recall: ['threshold'],
  auc: ['numThresholds'],
};

function checkParameters(kind: MetricConfig['kind'], parameters: object): void {
  const known: readonly string[] = ['name', ...(PARAMETERS[kind] ?? [])];
  for (const [name, value] of Object.entries(parameters)) {
    if (!known.includes(name)) throw new UnsupportedError(`option of ${kind}`, name, known);
    if (name === 'name' && value !== undefined && typeof value !== 'string') {
      throw new OptionError('name', value, 'give a text');
    }
  }
}

/** Whether a metric compares with class numbers rather than with one value for each output. */
export function takesClasses({ kind }: MetricConfig): boolean {
  return kind.startsWith('sparse_');
}

/** Which accuracy `accuracy` is: Keras decides by the shapes of outputs and targets. */
export function resolveAccuracy(
  config: MetricConfig,
  loss: LossConfig,
  units: number,
): MetricConfig {
  if (config.kind !== 'accuracy') return config;
  const name = config.name ?? 'accuracy';
  if (units === 1) return { ...config, kind: 'binary_accuracy', name };
  const sparse = loss.kind === 'sparse_categorical_crossentropy';
  return { ...config, kind: sparse ? 'sparse_categorical_accuracy' : 'categorical_accuracy', name };
}

/** A metric that has seen nothing yet. Targets of all metrics are one value for each output. */
export function createMetric(config: MetricConfig): Metric {
  const { kind, k = 5, threshold = 0.5 } = config;
  const name = config.name ?? kind;
  switch (kind) {
    case 'accuracy':
    case 'categorical_accuracy':
    case 'sparse_categorical_accuracy':
      return meanOf(name, (y, p) => Number(largest(y) === largest(p)));
    case 'binary_accuracy':
      return meanOf(name, (y, p) => {
        const right = p.reduce(
          (sum, each, i) => sum + Number(Number(each > threshold) === y[i]),
          0,
        );
        return right / p.length;
      });
    case 'top_k_categorical_accuracy':
    case 'sparse_top_k_categorical_accuracy':
      return meanOf(name, (y, p) => {
        const wanted = p[largest(y)] as number;
        return Number(p.reduce((better, each) => better + Number(each > wanted), 0) < k);
      });
    case 'root_mean_squared_error':
      return meanOf(name, (y, p) => meanSquare(y, p), Math.sqrt);
    case 'r2_score':
      return r2Score(name);
    case 'precision':
      return ratio(
        name,
        threshold,
        ({ truePositives, falsePositives }) =>
          truePositives / Math.max(EPSILON, truePositives + falsePositives),
      );
    case 'recall':
      return ratio(
        name,
        threshold,
        ({ truePositives, falseNegatives }) =>
          truePositives / Math.max(EPSILON, truePositives + falseNegatives),
      );
    case 'auc':
      return areaUnderCurve(name, config.numThresholds ?? 200);
    default: {
      const loss = rowLoss(lossConfig(kind));
      return meanOf(name, (y, p) => loss(y, p, new Float64Array(p.length)));
    }
  }
}

function meanOf(
  name: string,
  value: (y: Float64Array, p: Float64Array) => number,
  finish: (mean: number) => number = (mean) => mean,
): Metric {
  let sum = 0;
  let weights = 0;
  return {
    name,
    add: (y, p, weight) => {
      sum += weight * value(y, p);
      weights += weight;
    },
    result: () => (weights === 0 ? 0 : finish(sum / weights)),
  };
}

function largest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

function meanSquare(y: Float64Array, p: Float64Array): number {
  return p.reduce((sum, each, i) => sum + (each - (y[i] as number)) ** 2, 0) / p.length;
}

/** 1 less the share of the variance of the targets that is left, mean over outputs. */
function r2Score(name: string): Metric {
  const outputs: { weight: number; sum: number; squares: number; rest: number }[] = [];
  return {
    name,
    add: (y, p, weight) => {
      for (const [i, target] of y.entries()) {
        const output = outputs[i] ?? { weight: 0, sum: 0, squares: 0, rest: 0 };
        output.weight += weight;
        output.sum += weight * target;
        output.squares += weight * target * target;
        output.rest += weight * (target - (p[i] as number)) ** 2;
        outputs[i] = output;
      }
    },
    result: () => {
      const scores = outputs.map(({ weight, sum, squares, rest }) => {
        const total = squares - (sum * sum) / weight;
        return total === 0 ? 0 : 1 - rest / total;
      });
      return scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
    },
  };
}

interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

function ratio(name: string, threshold: number, value: (confusion: Confusion) => number): Metric {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
  return {
    name,
    add: (y, p, weight) => {
      for (const [i, output] of p.entries()) {
        const positive = (y[i] as number) > 0;
        if (output > threshold) counts[positive ? 'truePositives' : 'falsePositives'] += weight;
        else if (positive) counts.falseNegatives += weight;
      }
    },
    result: () => value(counts),
  };
}

/** Area under the curve of true over false positives, by trapezes between Keras's thresholds. */
function areaUnderCurve(name: string, count: number): Metric {
  const thresholds = Float64Array.from({ length: count }, (_, i) => i / (count - 1));
  thresholds[0] = -EPSILON;
  thresholds[count - 1] = 1 + EPSILON;
  const positives = new Float64Array(count);
  const negatives = new Float64Array(count);
  const all = { positive: 0, negative: 0 };
  return {
    name,
    add: (y, p, weight) => {
      for (const [i, output] of p.entries()) {
        const positive = (y[i] as number) > 0;
        all[positive ? 'positive' : 'negative'] += weight;
        const counts = positive ? positives : negatives;
        for (let t = 0; t < count && output > (thresholds[t] as number); t++) {
          counts[t] = (counts[t] as number) + weight;
        }
      }
    },
    result: () => {
      let area = 0;
      const share = (counts: Float64Array, t: number, total: number) =>
        total === 0 ? 0 : (counts[t] as number) / total;
      for (let t = 0; t + 1 < count; t++) {
        const width = share(negatives, t, all.negative) - share(negatives, t + 1, all.negative);
        const height = share(positives, t, all.positive) + share(positives, t + 1, all.positive);
        area += (width * height) / 2;
      }
      return area;
    },
  };
}
