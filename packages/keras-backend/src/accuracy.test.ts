/**
 * Fixed point classifies as well as floating point: 784-128-10 on few digits always, whole runs of all networks and
 * optimisers with SPIN_TOOLS_LARGE=1 (hours; SPIN_TOOLS_MNIST names the folder of MNIST's four idx files, and
 * SPIN_TOOLS_RUNS, such as `mlp adam,lenet sgd`, chooses some).
 */

import { randomWord } from '@spin-tools/sim/fixed';
import * as tf from '@tensorflow/tfjs';
import t from 'tap';
import type { Activation, NumberMode } from './engine.js';
import { adam, layers, type Model, sequential, sgd } from './index.js';
import { type Digits, digits } from './testing/digits.js';
import { accuracy, type FloatDense, floatNetwork, trainEpoch } from './testing/float-network.js';
import {
  type ARITHMETICS,
  coloured,
  mnist,
  type Task,
  type TrainingOutcome,
  type TrainingRun,
  trainedOutcome,
} from './testing/training-runs.js';

const ACTIVATIONS: readonly Activation[] = ['relu', 'softmax'];
const SEEDS = process.env.SPIN_TOOLS_LARGE ? [1, 2, 3] : [1];
const TRAINING_DIGITS = 6000;
const LOSS = 'categorical_crossentropy';

const { training, test } = digits(TRAINING_DIGITS);

function modelOf(seed: number, mode: NumberMode, learningRate: number): Model {
  const model = sequential({
    seed,
    layers: [
      layers.input({ shape: [784] }),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  const optimizer = sgd({ learningRate });
  model.compile({ optimizer, loss: LOSS, metrics: ['accuracy'], mode, engine: 'functional' });
  return model;
}

/** Single precision, with the first weights, the data and the order of samples of a model. */
function trainedFloats(seed: number, learningRate: number, epochs: number): FloatDense[] {
  const weights = modelOf(seed, 'exact', learningRate).getWeights();
  const network = floatNetwork(ACTIVATIONS, weights, Float32Array);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const shuffleSeed = randomWord(seed, epoch);
    const how = { loss: LOSS, learningRate, batchSize: 32, shuffleSeed } as const;
    trainEpoch(network, training.x.data, training.y.data, how);
  }
  return network;
}

async function fixedAccuracy(seed: number, mode: NumberMode, learningRate: number, epochs: number) {
  await using model = modelOf(seed, mode, learningRate);
  await model.fit(training.x, training.y, { epochs, batchSize: 32 });
  const evaluation = await model.evaluate(test.x, test.y);
  return evaluation.accuracy! * 100;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function compare(
  t: { comment(text: string): void },
  seeds: readonly number[],
  learningRate: number,
  epochs: number,
) {
  const floats = seeds.map((seed) => {
    const network = trainedFloats(seed, learningRate, epochs);
    return 100 * accuracy(network, test.x.data, test.y.data);
  });
  const differences: Record<NumberMode, number> = { fast: 0, exact: 0 };
  for (const mode of ['fast', 'exact'] as const) {
    const fixed: number[] = [];
    for (const seed of seeds) fixed.push(await fixedAccuracy(seed, mode, learningRate, epochs));
    differences[mode] = mean(fixed) - mean(floats);
    const pairs = fixed.map((value, i) => `${value.toFixed(2)} (float32 ${floats[i]!.toFixed(2)})`);
    t.comment(
      `${mode}, learning rate ${learningRate}: ${pairs.join(', ')}; mean difference ${differences[mode].toFixed(3)} points`,
    );
  }
  return differences;
}

t.test('accuracy is within 0.3 points of float32 in both modes', async (t) => {
  const { fast, exact } = await compare(t, SEEDS, 0.1, 2);
  t.ok(Math.abs(fast) <= 0.3, `fast: ${fast}`);
  t.ok(Math.abs(exact) <= 0.3, `exact: ${exact}`);
});

t.test(
  'small steps are not lost: at a learning rate of 0.01 accuracy is within 0.1 points',
  async (t) => {
    const { fast, exact } = await compare(t, [1], 0.01, 1);
    t.ok(Math.abs(fast) <= 0.1, `fast: ${fast}`);
    t.ok(Math.abs(exact) <= 0.1, `exact: ${exact}`);
  },
);

t.test('the floating-point reference trains as TensorFlow.js does', async (t) => {
  const few: Digits = {
    x: { data: training.x.data.slice(0, 784 * 320), shape: [320, 784] },
    y: { data: training.y.data.slice(0, 10 * 320), shape: [320, 10] },
  };
  const weights = modelOf(1, 'exact', 0.1).getWeights();
  const network = floatNetwork(ACTIVATIONS, weights, Float32Array);
  const how = { loss: LOSS, learningRate: 0.1, batchSize: 32 } as const;
  trainEpoch(network, few.x.data, few.y.data, how);

  await tf.setBackend('cpu');
  const peer = tf.sequential({
    layers: [
      tf.layers.dense({ units: 128, activation: 'relu', inputShape: [784] }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  peer.setWeights(weights.map(({ data, shape }) => tf.tensor(data, [...shape])));
  peer.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
  const x = tf.tensor2d(few.x.data, [320, 784]);
  const y = tf.tensor2d(few.y.data, [320, 10]);
  await peer.fit(x, y, { epochs: 1, batchSize: 32, shuffle: false, yieldEvery: 'never' });

  const ours = network.flatMap(({ kernel, bias }) => [kernel, bias]);
  let largest = 0;
  for (const [index, tensor] of peer.getWeights().entries()) {
    for (const [i, value] of tensor.dataSync().entries()) {
      largest = Math.max(largest, Math.abs(value - ours[index]![i]!));
    }
  }
  t.comment(`largest difference of a weight after 10 batches: ${largest.toExponential(2)}`);
  t.ok(largest < 1e-5);
});

t.test('digits that are learnt leave room for the errors of others', async (t) => {
  const model = sequential({
    seed: 1,
    layers: [layers.dense({ units: 2, activation: 'softmax', inputShape: [1] })],
  });
  const kernel = { data: Float32Array.of(-9, 9), shape: [1, 2] };
  model.setWeights([kernel, { data: Float32Array.of(0, 0), shape: [2] }]);
  model.compile({
    optimizer: adam({ learningRate: 1e-9 }),
    loss: LOSS,
    mode: 'fast',
    engine: 'functional',
  });
  // Formats are measured on the first samples, which are right; of the last one nothing is.
  const x = Array.from({ length: 32 }, () => [1]);
  const y = x.map((_, index) => (index < 31 ? [0, 1] : [1, 0]));
  const { saturations } = await model.fit(x, y, { epochs: 1, batchSize: 8, shuffle: false });
  // A probability of 1 is clamped to the largest below it, 32 times; no error is.
  t.equal(saturations, 32);
  await model.close();
});

interface Comparison {
  readonly network: TrainingRun['network'];
  readonly optimiser: TrainingRun['optimiser'];
  readonly epochs: number;
  /** Points that the mean may differ by. */
  readonly within: number;
  /** Per cent that the mean has to reach. */
  readonly least?: number;
}

const COMPARISONS: readonly Comparison[] = [
  { network: 'mlp', optimiser: 'sgd', epochs: 5, within: 0.2, least: 97.2 },
  { network: 'mlp', optimiser: 'sgd 0.01', epochs: 5, within: 0.05 },
  { network: 'mlp', optimiser: 'momentum', epochs: 5, within: 0.2 },
  { network: 'mlp', optimiser: 'adam', epochs: 5, within: 0.2 },
  { network: 'lenet', optimiser: 'sgd', epochs: 5, within: 0.2, least: 98.8 },
  { network: 'lenet', optimiser: 'momentum', epochs: 5, within: 0.2 },
  { network: 'lenet', optimiser: 'adam', epochs: 5, within: 0.2 },
  { network: 'residual', optimiser: 'sgd', epochs: 3, within: 0.2, least: 97 },
  { network: 'residual', optimiser: 'momentum', epochs: 3, within: 0.2, least: 97 },
  { network: 'residual', optimiser: 'adam', epochs: 5, within: 0.2, least: 97 },
];

const folder = process.env.SPIN_TOOLS_MNIST;
const wanted = process.env.SPIN_TOOLS_RUNS?.split(',');
const loaded = new Map<string, Task>();

function taskOf(network: TrainingRun['network']): Task {
  const name = network === 'residual' ? network : 'mnist';
  const task = loaded.get(name) ?? (network === 'residual' ? coloured : mnist)(folder!);
  loaded.set(name, task);
  return task;
}

/** Why a comparison is left out. */
function skipped({ network, optimiser }: Comparison): string | false {
  if (!process.env.SPIN_TOOLS_LARGE) return 'SPIN_TOOLS_LARGE is not set';
  if (wanted && !wanted.includes(`${network} ${optimiser}`)) return 'SPIN_TOOLS_RUNS leaves it out';
  return folder ? false : 'SPIN_TOOLS_MNIST names no folder';
}

for (const comparison of COMPARISONS) {
  const { network, optimiser, epochs, within, least = 0 } = comparison;
  t.test(
    `${network}, ${optimiser}: both modes end where float32 does`,
    { skip: skipped(comparison), timeout: 6 * 3_600_000 },
    async (t) => {
      const outcomes = {} as Record<TrainingRun['arithmetic'], TrainingOutcome[]>;
      for (const arithmetic of ['float32', 'fast', 'exact'] as const) {
        outcomes[arithmetic] = [];
        for (const seed of SEEDS) {
          const run = { network, optimiser, arithmetic, seed, epochs };
          const outcome = await trainedOutcome(run, taskOf(network));
          t.comment(JSON.stringify({ ...run, ...outcome }));
          outcomes[arithmetic].push(outcome);
        }
      }
      const accuracyOf = (name: keyof typeof ARITHMETICS) =>
        mean(outcomes[name].map(({ accuracy }) => accuracy));
      for (const mode of ['fast', 'exact'] as const) {
        const found = accuracyOf(mode);
        const difference = found - accuracyOf('float32');
        t.ok(Math.abs(difference) <= within, `${mode}: ${difference} points from float32`);
        t.ok(found >= least, `${mode}: ${found} %`);
        for (const [i, { largestWeight }] of outcomes[mode].entries()) {
          const limit = 2 * outcomes.float32[i]!.largestWeight;
          t.ok(largestWeight <= limit, `${mode}: a weight of ${largestWeight}`);
        }
      }
    },
  );
}
