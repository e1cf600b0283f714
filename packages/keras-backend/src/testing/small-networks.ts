/** Networks that tests train on machines, with weights and samples that a seed fixes. */
import type {
  Activation,
  DataSet,
  Engine,
  LayerWeights,
  Loss,
  NetworkPlan,
  NumberMode,
  RunRequest,
} from '../engine.js';
import { planNetwork } from '../plan/plan.js';

/** A network and how much it is trained. */
export interface Example {
  readonly sizes: readonly number[];
  readonly activations: readonly Activation[];
  readonly loss: Loss;
  readonly batchSize: number;
  readonly samples: number;
}

/** Numerical Recipes' generator: the same numbers on every computer. */
export const randomFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** A network ready to be trained. */
export interface Prepared {
  readonly plan: NetworkPlan;
  readonly weights: LayerWeights[];
  readonly data: DataSet;
}

/** Draws weights, inputs and targets. */
export function prepare(example: Example, mode: NumberMode): Prepared {
  const { sizes, activations, loss, batchSize, samples } = example;
  const random = randomFrom(1);
  const layers = activations.map((activation, index) => {
    const inputs = sizes[index] as number;
    const units = sizes[index + 1] as number;
    const limit = Math.sqrt(6 / (inputs + units));
    const kernel = Float64Array.from({ length: inputs * units }, () => (2 * random() - 1) * limit);
    const bias = Float64Array.from({ length: units }, () => random() * 0.1);
    return { name: `layer${index}`, inputs, units, activation, useBias: true, kernel, bias };
  });
  const plan = planNetwork({ mode, layers, loss, batchSize });
  const fixed = (values: Float64Array) => Int32Array.from(values, (v) => Math.round(v * 2 ** 27));
  const weights = layers.map(({ kernel, bias }) => ({ kernel: fixed(kernel), bias: fixed(bias) }));
  const Operands = mode === 'fast' ? Int16Array : Int32Array;
  const one = 2 ** (plan.layers[0]?.fractions.input ?? 0) - 1;
  const values = Array.from({ length: samples * (sizes[0] as number) }, () =>
    Math.round(random() * one),
  );
  const inputs = new Operands(values);
  const units = sizes.at(-1) as number;
  const targets = new Operands(samples * units);
  for (let sample = 0; sample < samples; sample++) {
    targets[sample * units + Math.floor(random() * units)] = 2 ** plan.targetFraction;
  }
  return { plan, weights, data: { samples, inputs, targets } };
}

/** Three layers that classify. */
export const digitsLike: Example = {
  sizes: [24, 16, 10, 6],
  activations: ['relu', 'tanh', 'softmax'],
  loss: 'categorical_crossentropy',
  batchSize: 4,
  samples: 200,
};

/** An epoch in batches of four. */
export const TRAIN: RunRequest = {
  mode: 'train',
  slot: 0,
  batchSize: 4,
  learningRate: 0.1,
  shuffleSeed: 5,
};

/** Loads an engine, uses it, closes it. */
export async function withEngine(
  { weights, data }: Prepared,
  engine: Promise<Engine>,
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  const made = await engine;
  try {
    await made.load(0, data);
    await made.setWeights(weights);
    await use(made);
  } finally {
    await made.close();
  }
}

/** Two layers, few samples. */
export const small: Example = {
  sizes: [6, 8, 3],
  activations: ['tanh', 'softmax'],
  loss: 'categorical_crossentropy',
  batchSize: 4,
  samples: 10,
};

/** The error that some work ends with. */
export const rejected = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('nothing was refused'),
    (error: Error) => error,
  );
