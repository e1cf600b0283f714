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
  | 'truncatedNormal'
  | 'orthogonal';

/** An initialiser with parameters. */
export type InitialiserConfig =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'randomUniform'; readonly minval?: number; readonly maxval?: number }
  | {
      readonly kind: 'randomNormal' | 'truncatedNormal';
      readonly mean?: number;
      readonly stddev?: number;
    }
  | { readonly kind: 'orthogonal'; readonly gain?: number }
  | {
      readonly kind: 'varianceScaling';
      readonly scale?: number;
      readonly mode?: Fan;
      readonly distribution?: Distribution;
    }
  /** Of the four gates of an LSTM, the second begins at 1 and the others with `inner`. */
  | { readonly kind: 'forgetGate'; readonly inner: Initialiser };

/** What a variance is divided by: values in, values out, or their mean. */
export type Fan = 'fanIn' | 'fanOut' | 'fanAvg';

/** How values are drawn. */
export type Distribution = 'uniform' | 'truncatedNormal' | 'untruncatedNormal';

/** By name with Keras's defaults, or with parameters. */
export type Initialiser = InitialiserName | InitialiserConfig;

type Sampler = (random: RandomStream) => number;

/** Standard deviation of a normal distribution with mean 0 cut at two of its own. */
const TRUNCATED_DEVIATION = 0.87962566103423978;
const DEFAULT_DEVIATION = 0.05;

interface VarianceScaling {
  readonly scale: number;
  readonly mode: Fan;
  readonly distribution: Distribution;
}

const VARIANCE_SCALING: Readonly<Record<string, VarianceScaling>> = {
  glorotUniform: { scale: 1, mode: 'fanAvg', distribution: 'uniform' },
  glorotNormal: { scale: 1, mode: 'fanAvg', distribution: 'truncatedNormal' },
  heUniform: { scale: 2, mode: 'fanIn', distribution: 'uniform' },
  heNormal: { scale: 2, mode: 'fanIn', distribution: 'truncatedNormal' },
  lecunUniform: { scale: 1, mode: 'fanIn', distribution: 'uniform' },
  lecunNormal: { scale: 1, mode: 'fanIn', distribution: 'truncatedNormal' },
};

const PLAIN = [
  'zeros',
  'ones',
  'constant',
  'randomUniform',
  'randomNormal',
  'truncatedNormal',
  'orthogonal',
  'varianceScaling',
];

/** Words that parameters may be. */
const WORDS: Readonly<Record<string, readonly unknown[]>> = {
  mode: ['fanIn', 'fanOut', 'fanAvg'] satisfies Fan[],
  distribution: ['uniform', 'truncatedNormal', 'untruncatedNormal'] satisfies Distribution[],
};

/** Initialisers that only make sense with parameters. */
const NEED_PARAMETERS = ['constant', 'varianceScaling'];

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
    if (initialiser?.kind === 'forgetGate') {
      return { kind: 'forgetGate', inner: checkInitialiser(initialiser.inner) };
    }
    if (!PLAIN.includes(initialiser?.kind)) {
      throw new UnsupportedError(
        'initializer',
        String(initialiser?.kind ?? initialiser),
        INITIALISERS,
      );
    }
    for (const [name, value] of Object.entries(initialiser)) {
      if (name === 'kind') continue;
      const words = WORDS[name];
      if (words !== undefined && !words.includes(value)) {
        throw new OptionError(`initializer ${name}`, value, `use ${words.join(', ')}`);
      }
      if (words === undefined && !Number.isFinite(value)) {
        throw new OptionError(`initializer ${name}`, value, 'give a finite number');
      }
    }
    return initialiser;
  }
  const name = initialiser.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (!INITIALISERS.includes(name) || NEED_PARAMETERS.includes(name)) {
    throw new UnsupportedError('initializer', initialiser, INITIALISERS);
  }
  return name as InitialiserName;
}

/**
 * A matrix `(inputs, units)` or, with one row, a bias, as Keras would draw it.
 *
 * @param inputs values that go into one value behind the weights
 * @param units values that come out of one value before them
 * @param count how many weights
 * @param seed unsigned 32 bit
 */
export function initialWeights(
  initialiser: Initialiser,
  inputs: number,
  units: number,
  count: number,
  seed: number,
): Float32Array {
  const config: InitialiserConfig | { readonly kind: InitialiserName } =
    typeof initialiser === 'string' ? { kind: initialiser } : initialiser;
  if (config.kind === 'orthogonal') {
    const { gain = 1 } = config as { gain?: number };
    return orthogonal(inputs, count / inputs, gain, randomStream(seed));
  }
  if (config.kind === 'forgetGate') {
    const { inner } = config as { inner: Initialiser };
    const gates = initialWeights(inner, inputs, units, count, seed);
    return gates.fill(1, count / 4, count / 2);
  }
  const random = randomStream(seed);
  const sample = sampler(config, inputs, units);
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) weights[i] = sample(random);
  return weights;
}

type Parameters = Partial<
  Record<'value' | 'minval' | 'maxval' | 'mean' | 'stddev' | 'scale', number>
> & { readonly kind: string; readonly mode?: Fan; readonly distribution?: Distribution };

function sampler(config: Parameters, inputs: number, units: number): Sampler {
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
    default: {
      const { scale = 1, mode = 'fanIn', distribution = 'truncatedNormal' } = config;
      const named = VARIANCE_SCALING[config.kind] ?? { scale, mode, distribution };
      return varianceScaling(named, inputs, units);
    }
  }
}

function varianceScaling(
  { scale, mode, distribution }: VarianceScaling,
  inputs: number,
  units: number,
): Sampler {
  const fan = { fanIn: inputs, fanOut: units, fanAvg: (inputs + units) / 2 }[mode];
  const variance = scale / Math.max(1, fan);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return ({ uniform }) => limit * (2 * uniform() - 1);
  }
  const deviation = Math.sqrt(variance);
  if (distribution === 'untruncatedNormal') return ({ normal }) => deviation * normal();
  return (random) => (deviation / TRUNCATED_DEVIATION) * truncated(random);
}

/** A normal sample, drawn again until it is within two standard deviations. */
function truncated({ normal }: RandomStream): number {
  for (;;) {
    const value = normal();
    if (Math.abs(value) <= 2) return value;
  }
}

/** Rows, or columns where there are fewer of them, at right angles to one another. */
function orthogonal(
  rows: number,
  columns: number,
  gain: number,
  { normal }: RandomStream,
): Float32Array {
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, normal);
    // Twice: what rounding left of the others the first time is removed the second.
    for (let time = 0; time < 2; time++) {
      for (const other of vectors) {
        let product = 0;
        for (let i = 0; i < length; i++) product += (vector[i] as number) * (other[i] as number);
        for (let i = 0; i < length; i++)
          vector[i] = (vector[i] as number) - product * (other[i] as number);
      }
    }
    const norm = Math.hypot(...vector);
    vectors.push(vector.map((value) => value / norm));
  }
  const weights = new Float32Array(rows * columns);
  for (const [v, vector] of vectors.entries()) {
    for (const [i, value] of vector.entries()) {
      weights[rows < columns ? v * columns + i : i * columns + v] = gain * value;
    }
  }
  return weights;
}
