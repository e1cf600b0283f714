/** Losses as a user names them: Keras's names, with their parameters. */
import { OptionError, UnsupportedError } from '../errors.js';

/** Losses by Keras's names. */
export type LossName =
  | 'mean_squared_error'
  | 'mean_absolute_error'
  | 'mean_absolute_percentage_error'
  | 'mean_squared_logarithmic_error'
  | 'huber'
  | 'log_cosh'
  | 'cosine_similarity'
  | 'kl_divergence'
  | 'poisson'
  | 'hinge'
  | 'squared_hinge'
  | 'categorical_hinge'
  | 'binary_crossentropy'
  | 'categorical_crossentropy'
  | 'sparse_categorical_crossentropy'
  | 'binary_focal_crossentropy'
  | 'categorical_focal_crossentropy';

/** A loss with parameters. Those that a loss does not know are refused. */
export interface LossConfig {
  readonly kind: LossName;
  /** Crossentropies: outputs are logits instead of probabilities; `false` unless told. */
  readonly fromLogits?: boolean;
  /** Crossentropies: how far labels are moved towards their mean, 0 to 1; 0 unless told. */
  readonly labelSmoothing?: number;
  /** Huber: where squares become lines; 1 unless told. */
  readonly delta?: number;
  /** Focal crossentropies: how little right answers count; 2 unless told. */
  readonly gamma?: number;
  /** Focal crossentropies: weight of the class 1, or of all classes; 0.25 unless told. */
  readonly alpha?: number;
  /** Binary focal crossentropy: whether `alpha` is used; `false` unless told. */
  readonly applyClassBalancing?: boolean;
}

const CROSSENTROPY = ['fromLogits', 'labelSmoothing'] as const;
type Parameter = Exclude<keyof LossConfig, 'kind'>;

/** The parameters of each loss. */
const PARAMETERS: Readonly<Record<LossName, readonly Parameter[]>> = {
  mean_squared_error: [],
  categorical_crossentropy: CROSSENTROPY,
  binary_crossentropy: CROSSENTROPY,
  sparse_categorical_crossentropy: ['fromLogits'],
  mean_absolute_error: [],
  mean_absolute_percentage_error: [],
  mean_squared_logarithmic_error: [],
  huber: ['delta'],
  log_cosh: [],
  cosine_similarity: [],
  kl_divergence: [],
  poisson: [],
  hinge: [],
  squared_hinge: [],
  categorical_hinge: [],
  binary_focal_crossentropy: [...CROSSENTROPY, 'gamma', 'alpha', 'applyClassBalancing'],
  categorical_focal_crossentropy: [...CROSSENTROPY, 'gamma', 'alpha'],
};

/** All losses, for messages. */
export const LOSS_NAMES = Object.keys(PARAMETERS) as readonly LossName[];

const ALIASES: Readonly<Record<string, LossName>> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  kld: 'kl_divergence',
  kldivergence: 'kl_divergence',
  kullback_leibler_divergence: 'kl_divergence',
  logcosh: 'log_cosh',
  cosine_proximity: 'cosine_similarity',
};

/** A name of Keras (`mean_squared_error`, `MSE`, `MeanSquaredError`) or TensorFlow.js as Keras's functions spell it. */
export function lossNamed(name: string): LossName | undefined {
  const snake = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  if (Object.hasOwn(ALIASES, snake)) return ALIASES[snake];
  return LOSS_NAMES.find((each) => each === snake);
}

/**
 * A loss from its name or parameters.
 *
 * @throws UnsupportedError OptionError when it is not known or a parameter is wrong
 */
export function lossConfig(given: string | LossConfig): LossConfig {
  const { kind, ...parameters } = typeof given === 'string' ? { kind: given } : { ...given };
  const known = typeof kind === 'string' ? lossNamed(kind) : undefined;
  if (known === undefined) throw new UnsupportedError('loss', String(kind), LOSS_NAMES);
  for (const [name, value] of Object.entries(parameters)) {
    if (!PARAMETERS[known].includes(name as Parameter)) {
      throw new UnsupportedError(`option of ${known}`, name, PARAMETERS[known]);
    }
    checkParameter(name, value);
  }
  return { ...parameters, kind: known };
}

/** Whether a record is a loss with parameters, rather than losses by the names of outputs. */
export function isLossConfig(given: object): given is LossConfig {
  const parameters: readonly string[] = Object.values(PARAMETERS).flat();
  return (
    'kind' in given &&
    Object.keys(given).every((name) => name === 'kind' || parameters.includes(name))
  );
}

function checkParameter(name: string, value: unknown): void {
  if (name === 'fromLogits' || name === 'applyClassBalancing') {
    if (typeof value !== 'boolean') throw new OptionError(name, value, 'give true or false');
    return;
  }
  const most = name === 'labelSmoothing' || name === 'alpha' ? 1 : Number.MAX_VALUE;
  if (!(typeof value === 'number' && value >= 0 && value <= most)) {
    throw new OptionError(name, value, `give a number from 0 to ${most}`);
  }
}
