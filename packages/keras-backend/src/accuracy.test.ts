/** Handwritten digits on 784-128-10: fixed point classifies as well as floating point. */

import { randomWord } from '@spin-tools/sim/fixed';
import * as tf from '@tensorflow/tfjs';
import t from 'tap';
import type { Activation, NumberMode } from './engine.js';
import { layers, type Model, sequential, sgd } from './index.js';
import { type Digits, digits } from './testing/digits.js';
import { accuracy, type FloatDense, floatNetwork, trainEpoch } from './testing/float-network.js';

const ACTIVATIONS: readonly Activation[] = ['relu', 'softmax'];
const SEEDS = [1, 2, 3];
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

t.test('accuracy is within 0.3 points of float32 over three seeds in both modes', async (t) => {
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
