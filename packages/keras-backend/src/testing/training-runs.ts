/**
 * Whole training runs that compare fixed point with float32: the same first weights, samples, order and epochs, so that
 * nothing but arithmetic differs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { weightsOf } from '../graph/graph.js';
import {
  adam,
  type LearningRate,
  layers,
  type Model,
  type Optimiser,
  sequential,
  sgd,
} from '../index.js';
import { colouredDigits } from './coloured-digits.js';
import { smallResidualNetwork } from './residual-networks.js';

/** Samples of a classification, one-hot. */
export interface Samples {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] };
  readonly y: { readonly data: Float32Array; readonly shape: readonly number[] };
}

/** What a network is trained and tested with. */
export interface Task {
  readonly training: Samples;
  readonly test: Samples;
}

const CLASSES = 10;
const SIDE = 28;
const HEADER_BYTES = { images: 16, labels: 8 };
const BATCH = 32;
/** Seeds of the colours: one to train with, and two to test with, so that chance counts for less. */
const COLOURS = { training: 5, test: [6, 7] };

/** MNIST as published: 60,000 digits to train with, 10,000 to test. @param folder holds the four idx files, unpacked */
export function mnist(folder: string): Task {
  return { training: idx(folder, 'train'), test: idx(folder, 't10k') };
}

function idx(folder: string, name: string): Samples {
  const images = readFileSync(join(folder, `${name}-images-idx3-ubyte`)).subarray(
    HEADER_BYTES.images,
  );
  const labels = readFileSync(join(folder, `${name}-labels-idx1-ubyte`)).subarray(
    HEADER_BYTES.labels,
  );
  const x = new Float32Array(images);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / 255;
  const y = new Float32Array(labels.length * CLASSES);
  for (const [sample, label] of labels.entries()) y[sample * CLASSES + label] = 1;
  return {
    x: { data: x, shape: [labels.length, SIDE, SIDE, 1] },
    y: { data: y, shape: [labels.length, CLASSES] },
  };
}

/**
 * MNIST in colours over textures: its 60,000 digits to train with, its 10,000 others, each in two colourings, to test.
 *
 * @param folder as for {@link mnist}
 */
export function coloured(folder: string): Task {
  const { training, test } = mnist(folder);
  return {
    training: colouredDigits(training, COLOURS.training),
    test: joined(COLOURS.test.map((seed) => colouredDigits(test, seed))),
  };
}

function joined(parts: readonly Samples[]): Samples {
  const together = (tensors: readonly Samples['x'][]) => {
    const [samples = 0, ...sample] = tensors[0]?.shape ?? [];
    const size = sample.reduce((product, each) => product * each, samples);
    const data = new Float32Array(tensors.length * size);
    for (const [place, tensor] of tensors.entries()) data.set(tensor.data, place * size);
    return { data, shape: [tensors.length * samples, ...sample] };
  };
  return { x: together(parts.map(({ x }) => x)), y: together(parts.map(({ y }) => y)) };
}

/** The networks by name; a seed fixes their first weights and the order of samples. */
export const NETWORKS = {
  /** 784-128-10. */
  mlp: (seed: number): Model =>
    sequential({
      seed,
      layers: [
        layers.flatten({ inputShape: [SIDE, SIDE, 1] }),
        layers.dense({ units: 128, activation: 'relu' }),
        layers.dense({ units: CLASSES, activation: 'softmax' }),
      ],
    }),
  /** LeNet-5 with relu and largest values in place of its sigmoids and means. */
  lenet: (seed: number): Model =>
    sequential({
      seed,
      layers: [
        layers.conv2d({
          filters: 6,
          kernelSize: 5,
          padding: 'same',
          activation: 'relu',
          inputShape: [SIDE, SIDE, 1],
        }),
        layers.maxPooling2d(),
        layers.conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
        layers.maxPooling2d(),
        layers.flatten(),
        layers.dense({ units: 120, activation: 'relu' }),
        layers.dense({ units: 84, activation: 'relu' }),
        layers.dense({ units: CLASSES, activation: 'softmax' }),
      ],
    }),
  /**
   * Nine convolutions in three residual blocks, each with batch normalisation, for images of 32 x 32 x 3. The first
   * convolution has a stride of 2, so that runs which converge take minutes; moving averages are Keras's default.
   */
  residual: (seed: number): Model =>
    smallResidualNetwork({
      shape: [32, 32, 3],
      classes: CLASSES,
      blocks: 1,
      width: 8,
      firstStride: 2,
      momentum: 0.99,
      seed,
    }),
} as const;

/** The optimisers by name. */
export const OPTIMISERS = {
  sgd: (learningRate: LearningRate): Optimiser => sgd({ learningRate }),
  /** So small that steps which were rounded away would show. */
  'sgd 0.01': (learningRate: LearningRate): Optimiser => sgd({ learningRate }),
  momentum: (learningRate: LearningRate): Optimiser => sgd({ learningRate, momentum: 0.9 }),
  adam: (learningRate: LearningRate): Optimiser => adam({ learningRate }),
} as const;

const CONSTANT_RATES = { sgd: 0.1, 'sgd 0.01': 0.01, momentum: 0.02, adam: 0.001 };
/**
 * First rates of the residual network; the best of three or four in float32. With Adam single runs of 0.01 differ more by
 * chance than is asked of means.
 */
const FIRST_RATES = { sgd: 0.5, 'sgd 0.01': 0.01, momentum: 0.1, adam: 0.003 };

/**
 * Without a rate that ends at 0, convolutional networks move too much between two epochs to be compared with these
 * optimisers; residual ones with all.
 */
function rateOf(
  network: keyof typeof NETWORKS,
  optimiser: keyof typeof OPTIMISERS,
  steps: number,
): LearningRate {
  const isSteady = network === 'mlp' || (network === 'lenet' && optimiser === 'sgd');
  if (isSteady) return CONSTANT_RATES[optimiser];
  const rates = network === 'residual' ? FIRST_RATES : CONSTANT_RATES;
  return { kind: 'cosineDecay', initialLearningRate: rates[optimiser], decaySteps: steps };
}

/** Arithmetics by name. */
export const ARITHMETICS = {
  float32: { engine: 'float', mode: 'fast' },
  fast: { engine: 'functional', mode: 'fast' },
  exact: { engine: 'functional', mode: 'exact' },
} as const;

/** One run. */
export interface TrainingRun {
  readonly network: keyof typeof NETWORKS;
  readonly optimiser: keyof typeof OPTIMISERS;
  readonly arithmetic: keyof typeof ARITHMETICS;
  readonly seed: number;
  readonly epochs: number;
}

/** What came out. */
export interface TrainingOutcome {
  /** Of the test samples, in per cent. */
  readonly accuracy: number;
  /** Magnitude of the largest weight that an optimiser moves: of moving averages nothing is asked. */
  readonly largestWeight: number;
  /** Training samples per second of the process's own time. */
  readonly rate: number;
}

/** Trains and tests. */
export async function trainedOutcome(
  { network, optimiser, arithmetic, seed, epochs }: TrainingRun,
  { training, test }: Task,
): Promise<TrainingOutcome> {
  const samples = training.x.shape[0] as number;
  const steps = epochs * Math.ceil(samples / BATCH);
  await using model = NETWORKS[network](seed);
  model.compile({
    optimizer: OPTIMISERS[optimiser](rateOf(network, optimiser, steps)),
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    ...ARITHMETICS[arithmetic],
  });
  const start = process.cpuUsage();
  await model.fit(training.x, training.y, { epochs, batchSize: BATCH });
  const { user, system } = process.cpuUsage(start);
  const { accuracy } = await model.evaluate(test.x, test.y, { batchSize: 100 });
  const trained = model.getWeights().filter((_, place) => weightsOf(model.graph)[place]?.trainable);
  return {
    accuracy: 100 * (accuracy as number),
    largestWeight: trained.flatMap(({ data }) => Array.from(data)).reduce(larger, 0),
    rate: (epochs * samples * 1e6) / (user + system),
  };
}

const larger = (most: number, value: number) => Math.max(most, Math.abs(value));
