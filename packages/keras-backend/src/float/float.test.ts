/** The float engine against TensorFlow.js, layer by layer: outputs, and gradients by inputs and weights. */

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import t, { type Test } from 'tap';
import { generatedModule } from '../../assembly/build.mjs';
import { functionalGraph, weightsOf } from '../graph/graph.js';
import { apply, input } from '../graph/tensors.js';
import { randomStream } from '../initialisers/random.js';
import { ACTIVATIONS } from '../layers/activations.js';
import { KINDS } from '../layers/kinds/index.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { type Layer, layers } from '../layers/layers.js';
import { Matrices } from './matrices.js';
import { FloatNetwork } from './network.js';

/** Largest difference to TensorFlow.js, relative to the largest value of the tensor (at least 1). */
const BOUND = 2e-6;
const SAMPLES = 3;

const random = randomStream(7);
const drawn = (shape: readonly number[]) => ({
  data: Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
  shape,
});

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [most, scale] = [0, 1];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return most / scale;
}

type Shapes = readonly (readonly number[])[];

/** Outputs and gradients of both, by name. */
function compared(
  t: Test,
  layer: Layer,
  reference: tf.layers.Layer,
  shapes: Shapes,
  training = false,
) {
  const inputs = shapes.map((shape) => input({ shape }));
  const output = apply(layer, inputs);
  const graph = functionalGraph(inputs, [output]);
  const values = shapes.map((shape) => drawn([SAMPLES, ...shape]));
  const weights = weightsOf(graph).map(({ shape, name }) => {
    const weight = drawn(shape);
    const data = name === 'moving_variance' ? weight.data.map((v) => v * v + 0.5) : weight.data;
    return { ...weight, data };
  });
  const slope = drawn([SAMPLES, ...output.shape]);

  const network = new FloatNetwork(graph);
  const own = weights.map(({ data }) => data.slice());
  const options = { training, seed: 1, inputGradients: true };
  const pass = network.forward(values, own, options);
  const by = pass.backward([{ gradient: slope.data, byLogits: false }]);

  const tensors = values.map(({ data, shape }) => tf.tensor(data, [...shape]));
  const call = (given: tf.Tensor[]) =>
    reference.apply(given.length === 1 ? given[0]! : given, { training }) as tf.Tensor;
  call(tensors);
  reference.setWeights(weights.map(({ data, shape }) => tf.tensor(data, [...shape])));
  const cotangent = tf.tensor(slope.data, [...slope.shape]);
  const scalar = (...given: tf.Tensor[]) => call(given).mul(cotangent).sum() as tf.Scalar;
  const expected = call(tensors);
  const expectedByInputs = tf.grads(scalar)(tensors);
  const trainable = reference.trainableWeights;
  const expectedByWeights =
    trainable.length === 0 ? undefined : tf.variableGrads(() => scalar(...tensors)).grads;
  const result: Record<string, number> = {
    output: difference(pass.outputs[0]!.data, expected.dataSync()),
  };
  t.same(pass.outputs[0]!.shape, expected.shape, 'shape of the outputs');
  for (const [i, gradient] of expectedByInputs.entries()) {
    result[`by input ${i}`] = difference(by.inputs[i]!, gradient.dataSync());
  }
  for (const [i, weight] of trainable.entries()) {
    const gradient = expectedByWeights![(weight as unknown as { val: tf.Variable }).val.name]!;
    result[`by ${weight.originalName}`] = difference(by.weights[i]!, gradient.dataSync());
  }
  return result;
}

/** Where the gradients of TensorFlow.js are wrong: it divides by the whole window, and blurs nearest neighbours. */
const OUTPUTS_ONLY = ' (outputs only)';

/** Layers with the same options in both, and shapes of their inputs. */
const CASES: readonly (readonly [
  name: string,
  layer: Layer,
  reference: () => tf.layers.Layer,
  ...shapes: Shapes,
])[] = [
  [
    'Dense on vectors',
    layers.dense({ units: 5, activation: 'tanh' }),
    () => tf.layers.dense({ units: 5, activation: 'tanh' }),
    [7],
  ],
  [
    'Dense on the last axis',
    layers.dense({ units: 4, useBias: false }),
    () => tf.layers.dense({ units: 4, useBias: false }),
    [3, 5],
  ],
  ...(['valid', 'same'] as const).flatMap((padding) =>
    [{ kernelSize: 3 }, { kernelSize: 4, strides: 2 }].map((options): (typeof CASES)[number] => [
      `Conv1D ${padding} ${JSON.stringify(options)}`,
      layers.conv1d({ filters: 4, padding, activation: 'sigmoid', ...options }),
      () => tf.layers.conv1d({ filters: 4, padding, activation: 'sigmoid', ...options }),
      [9, 3],
    ]),
  ),
  ...(['valid', 'same'] as const).flatMap((padding) =>
    [
      { kernelSize: 3 },
      { kernelSize: [2, 3] as [number, number], strides: [2, 1] as [number, number] },
      { kernelSize: 3, strides: 2, useBias: false },
    ].map((options): (typeof CASES)[number] => [
      `Conv2D ${padding} ${JSON.stringify(options)}`,
      layers.conv2d({
        filters: 5,
        padding,
        ...(options as object),
        kernelSize: options.kernelSize,
      }),
      () => tf.layers.conv2d({ filters: 5, padding, ...options }),
      [7, 6, 3],
    ]),
  ),
  [
    'DepthwiseConv2D same',
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthMultiplier: 2 }),
    () => tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthMultiplier: 2 }),
    [6, 5, 3],
  ],
  [
    'DepthwiseConv2D valid, strides 2',
    layers.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
    () => tf.layers.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
    [7, 7, 2],
  ],
  ...(['valid', 'same'] as const).flatMap((padding): (typeof CASES)[number][] => [
    [
      `MaxPooling2D ${padding}`,
      layers.maxPooling2d({ padding, poolSize: [2, 3], strides: 2 }),
      () => tf.layers.maxPooling2d({ padding, poolSize: [2, 3], strides: [2, 2] }),
      [7, 8, 3],
    ],
    [
      `AveragePooling2D ${padding}${padding === 'same' ? OUTPUTS_ONLY : ''}`,
      layers.averagePooling2d({ padding, poolSize: 3, strides: 2 }),
      () => tf.layers.averagePooling2d({ padding, poolSize: 3, strides: [2, 2] }),
      [7, 8, 3],
    ],
    [
      `MaxPooling1D ${padding}`,
      layers.maxPooling1d({ padding }),
      () => tf.layers.maxPooling1d({ padding, poolSize: 2 }),
      [7, 3],
    ],
    [
      `AveragePooling1D ${padding}${padding === 'same' ? OUTPUTS_ONLY : ''}`,
      layers.averagePooling1d({ padding, poolSize: 3 }),
      () => tf.layers.averagePooling1d({ padding, poolSize: 3 }),
      [7, 3],
    ],
  ]),
  [
    'GlobalAveragePooling1D',
    layers.globalAveragePooling1d(),
    () => tf.layers.globalAveragePooling1d(),
    [5, 3],
  ],
  [
    'GlobalAveragePooling2D',
    layers.globalAveragePooling2d(),
    () => tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    [4, 5, 3],
  ],
  [
    'GlobalAveragePooling2D channels first',
    layers.globalAveragePooling2d({ dataFormat: 'channels_first' }),
    () => tf.layers.globalAveragePooling2d({ dataFormat: 'channelsFirst' }),
    [3, 4, 5],
  ],
  ['GlobalMaxPooling1D', layers.globalMaxPooling1d(), () => tf.layers.globalMaxPool1d(), [5, 3]],
  [
    'GlobalMaxPooling2D',
    layers.globalMaxPooling2d(),
    () => tf.layers.globalMaxPooling2d({ dataFormat: 'channelsLast' }),
    [4, 5, 3],
  ],
  ['Flatten', layers.flatten(), () => tf.layers.flatten(), [3, 4, 2]],
  [
    'Flatten channels first',
    layers.flatten({ dataFormat: 'channels_first' }),
    () => tf.layers.flatten({ dataFormat: 'channelsFirst' }),
    [3, 4, 2],
  ],
  [
    'Reshape',
    layers.reshape({ targetShape: [-1, 4] }),
    () => tf.layers.reshape({ targetShape: [6, 4] }),
    [3, 4, 2],
  ],
  [
    'Permute',
    layers.permute({ dims: [3, 1, 2] }),
    () => tf.layers.permute({ dims: [3, 1, 2] }),
    [3, 4, 2],
  ],
  [
    'ZeroPadding2D',
    layers.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
    () =>
      tf.layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    [3, 4, 2],
  ],
  [
    `UpSampling2D nearest${OUTPUTS_ONLY}`,
    layers.upSampling2d({ size: [2, 3] }),
    () => tf.layers.upSampling2d({ size: [2, 3] }),
    [3, 2, 2],
  ],
  ['Add', layers.add(), () => tf.layers.add(), [3, 4], [3, 4], [3, 4]],
  ['Multiply', layers.multiply(), () => tf.layers.multiply(), [3, 4], [3, 4], [3, 4]],
  ['Average', layers.average(), () => tf.layers.average(), [3, 4], [3, 4]],
  ['Maximum', layers.maximum(), () => tf.layers.maximum(), [3, 4], [3, 4]],
  ['Minimum', layers.minimum(), () => tf.layers.minimum(), [3, 4], [3, 4]],
  ['Add repeats axes of size 1', layers.add(), () => tf.layers.add(), [3, 4], [1, 4]],
  [
    'Concatenate',
    layers.concatenate({ axis: 2 }),
    () => tf.layers.concatenate({ axis: 2 }),
    [3, 4, 2],
    [3, 1, 2],
  ],
  ['BatchNormalization', layers.batchNormalization(), () => tf.layers.batchNormalization(), [4, 3]],
  ['Dropout', layers.dropout({ rate: 0.5 }), () => tf.layers.dropout({ rate: 0.5 }), [4]],
  ['ReLU', layers.reLU({ maxValue: 0.5 }), () => tf.layers.reLU({ maxValue: 0.5 }), [20]],
  [
    'LeakyReLU',
    layers.leakyReLU({ negativeSlope: 0.1 }),
    () => tf.layers.leakyReLU({ alpha: 0.1 }),
    [20],
  ],
  ['ELU', layers.elu(), () => tf.layers.elu(), [20]],
  ['Softmax', layers.softmax(), () => tf.layers.softmax({ axis: -1 }), [7]],
  ...(
    [
      ['linear', 'linear'],
      ['relu', 'relu'],
      ['relu6', 'relu6'],
      ['sigmoid', 'sigmoid'],
      ['hard_sigmoid_keras2', 'hardSigmoid'],
      ['tanh', 'tanh'],
      ['elu', 'elu'],
      ['selu', 'selu'],
      ['softplus', 'softplus'],
      ['softsign', 'softsign'],
      ['swish', 'swish'],
      ['softmax', 'softmax'],
    ] as const
  ).map(([own, theirs]): (typeof CASES)[number] => [
    `Activation ${own}`,
    layers.activation({ activation: own }),
    () => tf.layers.activation({ activation: theirs }),
    [4, 9],
  ]),
  [
    'SimpleRNN',
    layers.simpleRNN({ units: 4, returnSequences: true }),
    () => tf.layers.simpleRNN({ units: 4, returnSequences: true }),
    [6, 3],
  ],
  [
    'SimpleRNN backwards',
    layers.simpleRNN({ units: 4, goBackwards: true, activation: 'relu' }),
    () => tf.layers.simpleRNN({ units: 4, goBackwards: true, activation: 'relu' }),
    [6, 3],
  ],
  ...[true, false].map((returnSequences): (typeof CASES)[number] => [
    `LSTM${returnSequences ? ' of all steps' : ''}`,
    layers.lstm({ units: 4, returnSequences }),
    () => tf.layers.lstm({ units: 4, returnSequences, recurrentActivation: 'sigmoid' }),
    [6, 3],
  ]),
];

for (const [name, layer, reference, ...shapes] of CASES) {
  t.test(`${name}: outputs and gradients are those of TensorFlow.js`, async (t) => {
    for (const [what, largest] of Object.entries(compared(t, layer, reference(), shapes))) {
      if (name.endsWith(OUTPUTS_ONLY) && what !== 'output') continue;
      t.ok(largest <= BOUND, `${what}: ${largest.toExponential(2)}`);
    }
  });
}

t.test('BatchNormalization while training looks at the batch and moves its averages', async (t) => {
  const layer = layers.batchNormalization({ momentum: 0.8 });
  const reference = tf.layers.batchNormalization({ momentum: 0.8 });
  const results = compared(t, layer, reference, [[4, 3]], true);
  for (const [what, largest] of Object.entries(results))
    t.ok(largest <= 2e-5, `${what}: ${largest}`);
  const x = input({ shape: [1] });
  const network = new FloatNetwork(functionalGraph([x], [apply(layer, x)]));
  const weights = [1, 0, 0, 1].map((value) => Float32Array.of(value));
  const batch = { data: Float32Array.of(1, 3), shape: [2, 1] };
  network.forward([batch], weights, { training: true, seed: 0 });
  t.same(
    weights.map(([value]) => Math.fround(value!)),
    [1, 0, 0.4, 1].map(Math.fround),
  );
});

/** Gradients by finite differences, for what TensorFlow.js lacks or has wrong. */
const STEP = 2 ** -7;
const NUMERIC_BOUND = 2e-3;

const NUMERIC: readonly (readonly [string, Layer, ...Shapes])[] = [
  [
    'AveragePooling2D same',
    layers.averagePooling2d({ padding: 'same', poolSize: 3, strides: 2 }),
    [7, 8, 2],
  ],
  ['AveragePooling1D same', layers.averagePooling1d({ padding: 'same', poolSize: 3 }), [7, 2]],
  ['UpSampling1D', layers.upSampling1d({ size: 3 }), [4, 2]],
  ['UpSampling2D nearest', layers.upSampling2d({ size: [2, 3] }), [3, 2, 2]],
  [
    'UpSampling2D bilinear',
    layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }),
    [3, 2, 2],
  ],
  ['ZeroPadding1D', layers.zeroPadding1d({ padding: [2, 1] }), [4, 2]],
  [
    'Conv1D causal',
    layers.conv1d({ filters: 2, kernelSize: 3, padding: 'causal', dilationRate: 2 }),
    [8, 2],
  ],
  [
    'Conv2D with holes',
    layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: [2, 3] }),
    [6, 7, 2],
  ],
  [
    'Conv2D channels first',
    layers.conv2d({ filters: 2, kernelSize: 2, dataFormat: 'channels_first' }),
    [2, 4, 3],
  ],
  [
    'DepthwiseConv2D with holes',
    layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 }),
    [5, 4, 2],
  ],
  ['MaxPooling2D channels first', layers.maxPooling2d({ dataFormat: 'channels_first' }), [2, 4, 6]],
  [
    'GlobalMaxPooling2D keepdims',
    layers.globalMaxPooling2d({ keepdims: true, dataFormat: 'channels_first' }),
    [2, 3, 3],
  ],
  ['BatchNormalization of channels first', layers.batchNormalization({ axis: 1 }), [3, 4]],
  ['Subtract', layers.subtract(), [3, 4], [4]],
  ['Concatenate of the first axis', layers.concatenate({ axis: 1 }), [2, 3], [1, 3]],
  ['ELU', layers.elu({ alpha: 0.7 }), [20]],
  ['Softmax of the first axis', layers.softmax({ axis: 1 }), [3, 4]],
  ['ReLU with a slope', layers.reLU({ threshold: 0.25, negativeSlope: 0.5 }), [9]],
  ['GRU', layers.gru({ units: 3 }), [5, 2]],
  ['GRU of all steps', layers.gru({ units: 3, returnSequences: true, goBackwards: true }), [4, 2]],
  ...(['hard_sigmoid', 'gelu', 'exponential'] as const).map(
    (activation): (typeof NUMERIC)[number] => [activation, layers.activation({ activation }), [9]],
  ),
];

for (const [name, layer, ...shapes] of NUMERIC) {
  t.test(`${name}: gradients agree with finite differences`, async (t) => {
    const inputs = shapes.map((shape) => input({ shape }));
    const graph = functionalGraph(inputs, [apply(layer, inputs)]);
    const network = new FloatNetwork(graph);
    const values = shapes.map((shape) => drawn([SAMPLES, ...shape]));
    const weights = weightsOf(graph).map(({ shape, name }) =>
      name === 'moving_variance' ? drawn(shape).data.fill(1.5) : drawn(shape).data,
    );
    const options = { training: false, seed: 1, inputGradients: true };
    const pass = network.forward(values, weights, options);
    const slope = drawn(pass.outputs[0]!.shape).data;
    const by = pass.backward([{ gradient: slope, byLogits: false }]);
    const score = () => {
      const { data } = network.forward(values, weights, options).outputs[0]!;
      return data.reduce((sum, value, i) => sum + value * slope[i]!, 0);
    };
    const check = (what: string, numbers: Float32Array, gradient: Float32Array) => {
      let most = 0;
      for (const [i, value] of numbers.entries()) {
        numbers[i] = value + STEP;
        const above = score();
        numbers[i] = value - STEP;
        const numeric = (above - score()) / (2 * STEP);
        numbers[i] = value;
        // At a bend, a difference sees both sides.
        const bent = Math.abs(numeric - gradient[i]!) > 0.01 && isBend(name);
        if (!bent) most = Math.max(most, Math.abs(numeric - gradient[i]!));
      }
      t.ok(most <= NUMERIC_BOUND, `${what}: ${most.toExponential(2)}`);
    };
    for (const [i, { data }] of values.entries()) check(`by input ${i}`, data, by.inputs[i]!);
    for (const [i, gradient] of by.weights.entries()) {
      if (gradient) check(`by weight ${i}`, weights[i]!, gradient);
    }
  });
}

function isBend(name: string): boolean {
  return /ReLU|Max|hard/.test(name);
}

/** The output of a layer for one sample. */
function outputOf(
  layer: Layer,
  shape: readonly number[],
  data: readonly number[],
  weights: number[][] = [],
) {
  const x = input({ shape });
  const network = new FloatNetwork(functionalGraph([x], [apply(layer, x)]));
  const batch = { data: Float32Array.from(data), shape: [1, ...shape] };
  const own = weights.map((each) => Float32Array.from(each));
  return Array.from(network.forward([batch], own, { training: false, seed: 1 }).outputs[0]!.data);
}

const near = (a: readonly number[], b: readonly number[]) => difference(a, b) < 1e-6;

t.test('no layer or activation lacks a case that its gradients are checked by', (t) => {
  const checked = [...CASES, ...NUMERIC].map(([, layer]) => layer);
  const classes = new Set(checked.map(({ className }) => className));
  t.strictSame(
    Object.keys(KINDS).filter((name) => !classes.has(name as Layer['className'])),
    [],
  );
  const activations = new Set(
    checked.flatMap((layer) => ('activation' in layer ? [layer.activation] : [])),
  );
  t.strictSame(
    ACTIVATIONS.filter((name) => !activations.has(name)),
    [],
  );
  t.end();
});

t.test('what TensorFlow.js lacks gives the values of its definition', async (t) => {
  const act = (activation: 'gelu' | 'hard_sigmoid' | 'exponential') =>
    outputOf(layers.activation({ activation }), [4], [-4, -0.5, 0, 1]);
  t.ok(near(act('gelu'), [-0.00012668496, -0.1542687, 0, 0.8413447]), `${act('gelu')}`);
  t.ok(near(act('hard_sigmoid'), [0, 2.5 / 6, 0.5, 4 / 6]));
  t.ok(near(act('exponential'), [Math.exp(-4), Math.exp(-0.5), 1, Math.E]));
  const causal = layers.conv1d({ filters: 1, kernelSize: 2, padding: 'causal', dilationRate: 2 });
  t.same(outputOf(causal, [4, 1], [1, 2, 3, 4], [[10, 1], [0]]), [1, 2, 13, 24]);
  const bilinear = layers.upSampling2d({ size: [1, 2], interpolation: 'bilinear' });
  t.same(outputOf(bilinear, [1, 2, 1], [0, 4]), [0, 1, 3, 4]);
  t.same(outputOf(layers.upSampling1d(), [2, 1], [5, 7]), [5, 5, 7, 7]);
  t.same(outputOf(layers.zeroPadding1d(), [1, 2], [5, 7]), [0, 0, 5, 7, 0, 0]);
  const gru = layers.gru({ units: 1 });
  // One step from 0: (1 - z) * tanh(x * kernel + bias + r * recurrent bias).
  const [z, r] = [1 / (1 + Math.exp(-(0.2 + 0.1))), 1 / (1 + Math.exp(-(0.4 + 0.3)))];
  const expected = (1 - z) * Math.tanh(0.6 + 0.5 + r * 0.7);
  const bias = [0.1, 0.3, 0.5, 0, 0, 0.7];
  t.ok(near(outputOf(gru, [1, 1], [2], [[0.1, 0.2, 0.3], [9, 9, 9], bias]), [expected]));
});

t.test('channels first is channels last with its axes moved', async (t) => {
  const last = { data: drawn([1, 5, 4, 3]).data, shape: [5, 4, 3] };
  const first: number[] = [];
  for (let c = 0; c < 3; c++) for (let p = 0; p < 20; p++) first.push(last.data[p * 3 + c]!);
  const weights = [Array.from(drawn([2, 2, 3, 2]).data), [0.5, -0.5]];
  const conv = (dataFormat: 'channels_first' | 'channels_last') =>
    layers.conv2d({ filters: 2, kernelSize: 2, padding: 'same', dataFormat });
  const expected = outputOf(conv('channels_last'), [5, 4, 3], Array.from(last.data), weights);
  const moved = outputOf(conv('channels_first'), [3, 5, 4], first, weights);
  for (let c = 0; c < 2; c++)
    for (let p = 0; p < 20; p++) t.equal(moved[c * 20 + p], expected[p * 2 + c]);
});

t.test('dropout drops its share while training, the same for the same seed', async (t) => {
  const x = input({ shape: [10_000] });
  const network = new FloatNetwork(
    functionalGraph([x], [apply(layers.dropout({ rate: 0.25 }), x)]),
  );
  const batch = { data: new Float32Array(10_000).fill(1), shape: [1, 10_000] };
  const run = (seed: number) =>
    network.forward([batch], [], { training: true, seed }).outputs[0]!.data;
  const kept = run(1).filter((value) => value !== 0);
  t.ok(Math.abs(kept.length / 10_000 - 0.75) < 0.02, `${kept.length} kept`);
  t.ok(kept.every((value) => value === Math.fround(4 / 3)));
  const bytes = (seed: number) => Buffer.from(run(seed).buffer);
  t.ok(bytes(1).equals(bytes(1)));
  t.notOk(bytes(1).equals(bytes(2)));
});

t.test('passes keep what they hold until they are released', async (t) => {
  const x = input({ shape: [5] });
  const network = new FloatNetwork(functionalGraph([x], [apply(layers.reLU(), x)]));
  const pass = (value: number) =>
    network.forward([{ data: new Float32Array(5).fill(value), shape: [1, 5] }], [], {
      training: true,
      seed: 0,
    });
  const first = pass(1);
  const second = pass(2);
  t.same(first.outputs[0]!.data, new Float32Array(5).fill(1));
  first.release();
  const third = pass(3);
  t.equal(third.outputs[0]!.data, first.outputs[0]!.data, 'its memory is used again');
  t.same(second.outputs[0]!.data, new Float32Array(5).fill(2));
  t.same(third.outputs[0]!.data, new Float32Array(5).fill(3));
});

t.test('a shared layer gets the sum of the gradients of its calls', async (t) => {
  const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
  const dense = layers.dense({ units: 1, useBias: false });
  const graph = functionalGraph([a, b], [apply(layers.add(), [apply(dense, a), apply(dense, b)])]);
  const network = new FloatNetwork(graph);
  t.equal(weightsOf(graph).length, 1);
  const values = [
    { data: Float32Array.of(1, 2), shape: [1, 2] },
    { data: Float32Array.of(10, 20), shape: [1, 2] },
  ];
  const pass = network.forward(values, [Float32Array.of(1, 1)], { training: true, seed: 0 });
  t.same(pass.outputs[0]!.data, Float32Array.of(33));
  const { weights } = pass.backward([{ gradient: Float32Array.of(1), byLogits: false }]);
  t.same(weights[0], Float32Array.of(11, 22));
});

t.test('matrix products are right for all small sizes and orders of storage', async (t) => {
  const matrices = new Matrices();
  const wrong: string[] = [];
  for (const m of [1, 3, 4, 5, 9]) {
    for (const n of [1, 4, 6, 8, 13]) {
      for (const k of [1, 7, 257]) {
        const a = drawn([m, k]).data;
        const b = drawn([k, n]).data;
        const at = Float32Array.from(a, (_, i) => a[(i % m) * k + Math.floor(i / m)]!);
        const bt = Float32Array.from(b, (_, i) => b[(i % k) * n + Math.floor(i / k)]!);
        const expected = Float64Array.from({ length: m * n }, (_, i) => {
          let sum = 0;
          for (let p = 0; p < k; p++) sum += a[Math.floor(i / n) * k + p]! * b[p * n + (i % n)]!;
          return sum;
        });
        for (const bTransposed of [false, true]) {
          const product = matrices.multiply({ a, b: bTransposed ? bt : b, bTransposed, m, n, k });
          if (!(difference(product, expected) <= 1e-5)) wrong.push(`${[m, n, k, bTransposed]}`);
        }
        const sums = new Float32Array(m * n);
        matrices.addCorrelation(at, b, sums, k);
        if (!(difference(sums, expected) <= 1e-5)) wrong.push(`${[m, n, k]} correlated`);
      }
    }
  }
  t.same(wrong, []);
});

t.test('what is left over from whole vectors and tiles is computed too', async (t) => {
  const options = { filters: 13, kernelSize: [2, 4] as [number, number], padding: 'same' } as const;
  const convolution = tf.layers.conv2d(options);
  const found = compared(t, layers.conv2d(options), convolution, [[12, 30, 3]]);
  for (const [what, largest] of Object.entries(found)) {
    t.ok(largest <= BOUND, `Conv2D: ${what}: ${largest}`);
  }
  for (const shape of [
    [5, 5],
    [7, 1],
    [3, 8],
  ]) {
    const reference = tf.layers.batchNormalization();
    const found = compared(t, layers.batchNormalization(), reference, [shape], true);
    for (const [what, largest] of Object.entries(found)) {
      t.ok(largest <= 2e-5, `BatchNormalization of ${shape}: ${what}: ${largest}`);
    }
  }
});

t.test('the module of kernels is built from its source', async (t) => {
  const file = new URL('./kernels.generated.ts', import.meta.url);
  t.equal(readFileSync(file, 'utf8'), await generatedModule('float.ts'));
});
