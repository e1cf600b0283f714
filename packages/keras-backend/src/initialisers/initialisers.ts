/** First weights by Keras's definitions (keras.initializers), from a seed of our own generator. */
import { OptionError, UnsupportedError } from '../errors.js';
import { type RandomStream, randomStream } from './random.js';

/** Initialisers by the names of TensorFlow.js; Keras's (`glorot_uniform`) are understood too. */
export type InitialiserName =
  | 'zeros'
  | 'ones'
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'randomUniform'
  | 'randomNormal'
  | 'truncatedNormal';

/** An initialiser with parameters. */
export type InitialiserConfig =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'randomUniform'; readonly minval?: number; readonly maxval?: number }
  | {
      readonly kind: 'randomNormal' | 'truncatedNormal';
      readonly mean?: number;
      readonly stddev?: number;
    };

/** By name with Keras's defaults, or with parameters. */
export type Initialiser = InitialiserName | InitialiserConfig;

/** An initialiser of any kind with the parameters it may have. */
interface Parameters {
  readonly kind: InitialiserName | 'constant';
  readonly value?: number;
  readonly minval?: number;
  readonly maxval?: number;
  readonly mean?: number;
  readonly stddev?: number;
}

type Sampler = (random: RandomStream) => number;

/** Standard deviation of a normal distribution with mean 0 cut at two of its own. */
const TRUNCATED_DEVIATION = 0.87962566103423978;
const DEFAULT_DEVIATION = 0.05;

const VARIANCE_SCALING = {
  glorotUniform: { scale: 1, fan: 'average', distribution: 'uniform' },
  glorotNormal: { scale: 1, fan: 'average', distribution: 'normal' },
  heUniform: { scale: 2, fan: 'in', distribution: 'uniform' },
  heNormal: { scale: 2, fan: 'in', distribution: 'normal' },
  lecunUniform: { scale: 1, fan: 'in', distribution: 'uniform' },
  lecunNormal: { scale: 1, fan: 'in', distribution: 'normal' },
} as const;

const PLAIN = ['zeros', 'ones', 'constant', 'randomUniform', 'randomNormal', 'truncatedNormal'];

/** Names that {@link checkInitialiser} accepts. */
const INITIALISERS: readonly string[] = [...Object.keys(VARIANCE_SCALING), ...PLAIN];

/**
 * The initialiser by its own name where Keras's was given.
 *
 * @throws {@link UnsupportedError} when there is none of that name
 * @throws {@link OptionError} when a parameter is not a finite number
 */
export function checkInitialiser(initialiser: Initialiser): Initialiser {
  if (typeof initialiser !== 'string') {
    if (!PLAIN.includes(initialiser.kind)) {
      throw new UnsupportedError('initializer', String(initialiser.kind), INITIALISERS);
    }
    for (const [name, value] of Object.entries(initialiser)) {
      if (name !== 'kind' && !Number.isFinite(value)) {
        throw new OptionError(`initializer ${name}`, value, 'give a finite number');
      }
    }
    return initialiser;
  }
  const name = initialiser.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (!INITIALISERS.includes(name) || name === 'constant') {
    throw new UnsupportedError('initializer', initialiser, INITIALISERS);
  }
  return name as InitialiserName;
}

/**
 * A matrix `(inputs, units)` or, with one row, a bias, as Keras would draw it.
 *
 * @param seed unsigned 32 bit
 */
export function initialWeights(
  initialiser: Initialiser,
  inputs: number,
  units: number,
  count: number,
  seed: number,
): Float32Array {
  const random = randomStream(seed);
  const sample = sampler(initialiser, inputs, units);
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) weights[i] = sample(random);
  return weights;
}

function sampler(initialiser: Initialiser, inputs: number, units: number): Sampler {
  const config: Parameters = typeof initialiser === 'string' ? { kind: initialiser } : initialiser;
  switch (config.kind) {
    case 'zeros':
      return () => 0;
    case 'ones':
      return () => 1;
    case 'constant': {
      const { value = 0 } = config;
      return () => value;
    }
    case 'randomUniform': {
      const { minval = -DEFAULT_DEVIATION, maxval = DEFAULT_DEVIATION } = config;
      return ({ uniform }) => minval + (maxval - minval) * uniform();
    }
    case 'randomNormal': {
      const { mean = 0, stddev = DEFAULT_DEVIATION } = config;
      return ({ normal }) => mean + stddev * normal();
    }
    case 'truncatedNormal': {
      const { mean = 0, stddev = DEFAULT_DEVIATION } = config;
      return (random) => mean + stddev * truncated(random);
    }
    default:
      return varianceScaling(config.kind, inputs, units);
  }
}

function varianceScaling(
  kind: keyof typeof VARIANCE_SCALING,
  inputs: number,
  units: number,
): Sampler {
  const { scale, fan, distribution } = VARIANCE_SCALING[kind];
  const variance = scale / (fan === 'in' ? inputs : (inputs + units) / 2);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return ({ uniform }) => limit * (2 * uniform() - 1);
  }
  const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION;
  return (random) => deviation * truncated(random);
}

/** A normal sample, drawn again until it is within two standard deviations. */
function truncated({ normal }: RandomStream): number {
  for (;;) {
    const value = normal();
    if (Math.abs(value) <= 2) return value;
  }
}
