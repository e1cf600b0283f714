/** Options that are not there are refused: Keras would, and a name in Python's way would pass unseen. */
import { OptionError } from '../errors.js';
import type { CompileOptions, EvaluateOptions, FitDatasetOptions, FitOptions } from './options.js';

/** Every name of an interface, checked by the compiler. */
type Names<Options> = Readonly<Record<keyof Options, true>>;

const COMPILE: Names<CompileOptions> = {
  optimizer: true,
  loss: true,
  lossWeights: true,
  metrics: true,
  weightedMetrics: true,
  mode: true,
  formats: true,
  rounding: true,
  engine: true,
  machine: true,
};

const FIT_DATASET: Names<FitDatasetOptions> = {
  epochs: true,
  initialEpoch: true,
  batchSize: true,
  validationData: true,
  callbacks: true,
  verbose: true,
  signal: true,
  onProgress: true,
};

const FIT: Names<FitOptions> = {
  ...FIT_DATASET,
  shuffle: true,
  validationSplit: true,
  sampleWeight: true,
  classWeight: true,
};

const EVALUATE: Names<EvaluateOptions> = { batchSize: true, sampleWeight: true };

/** Names of the options of each method. */
const METHODS = {
  compile: COMPILE,
  fit: FIT,
  fitDataset: FIT_DATASET,
  evaluate: EVALUATE,
  predict: { batchSize: true },
} as const;

/** @throws OptionError naming the first option that a method does not have */
export function checkOptionNames(method: keyof typeof METHODS, options: object): void {
  const known = Object.keys(METHODS[method]);
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name) || value === undefined) continue;
    const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const expected = known.includes(camel)
      ? `it is called ${camel} here`
      : `${method} has ${known.join(', ')}`;
    throw new OptionError(`${method}: ${name}`, 'not an option', expected);
  }
}
