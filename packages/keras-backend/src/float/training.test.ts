/** Losses, metrics, optimisers and whole runs of the float engine. */
import * as tf from '@tensorflow/tfjs';
import t from 'tap';
import {
  adagrad,
  adam,
  adamw,
  apply,
  model as functional,
  input,
  type LossConfig,
  layers,
  type Model,
  modelToTensorFlowJs,
  type Optimiser,
  rmsprop,
  sequential,
  sgd,
} from '../index.js';
import { randomStream } from '../initialisers/random.js';
import { LOSS_NAMES, lossConfig, lossNamed } from '../losses/configs.js';
import { rowLoss } from '../losses/rows.js';
import { createMetric, metricConfig } from '../metrics/metrics.js';
import { rateAt } from '../optimisers/schedules.js';
import { constrain } from '../regularisers/constraints.js';
import { smallResidualNetwork } from '../testing/residual-networks.js';
import { firstSlots, takeStep } from './steps.js';

const random = randomStream(11);
const uniform = (low: number, high: number) => low + (high - low) * random.uniform();

/** Targets and outputs that every loss can take, by kind. */
function rowFor({ kind, fromLogits }: LossConfig): { y: Float64Array; p: Float64Array } {
  const size = 4;
  const p = Float64Array.from({ length: size }, () => uniform(0.05, 0.95));
  if (fromLogits) for (let i = 0; i < size; i++) p[i] = uniform(-3, 3);
  const oneHot = Float64Array.from({ length: size }, (_, i) => Number(i === 1));
  if (kind.includes('crossentropy') || kind.includes('hinge')) {
    const labels = kind.startsWith('binary') ? Float64Array.of(1, 0, 0, 1) : oneHot;
    return { y: labels, p };
  }
  return { y: Float64Array.from({ length: size }, () => uniform(0.1, 1)), p };
}

const LOSSES: readonly LossConfig[] = [
  ...LOSS_NAMES.map((kind) => ({ kind })),
  { kind: 'binary_crossentropy', fromLogits: true },
  { kind: 'categorical_crossentropy', fromLogits: true },
  { kind: 'binary_focal_crossentropy', fromLogits: true, applyClassBalancing: true },
  { kind: 'categorical_focal_crossentropy', fromLogits: true },
  { kind: 'binary_crossentropy', labelSmoothing: 0.2 },
  { kind: 'categorical_crossentropy', fromLogits: true, labelSmoothing: 0.2 },
  { kind: 'huber', delta: 0.1 },
];

t.test('gradients of all losses agree with finite differences', async (t) => {
  for (const config of LOSSES) {
    const loss = rowLoss(config);
    const { y, p } = rowFor(config);
    const [gradient, unused] = [new Float64Array(4), new Float64Array(4)];
    loss(y, p, gradient);
    let most = 0;
    for (const [i, value] of p.entries()) {
      p[i] = value + 1e-6;
      const above = loss(y, p, unused);
      p[i] = value - 1e-6;
      most = Math.max(most, Math.abs((above - loss(y, p, unused)) / 2e-6 - gradient[i]!));
      p[i] = value;
    }
    t.ok(
      most < 1e-5 * (config.kind.includes('percentage') ? 100 : 1),
      `${JSON.stringify(config)}: ${most}`,
    );
  }
});

t.test('losses have the values of TensorFlow.js', async (t) => {
  const metrics = tf.metrics as unknown as Record<
    string,
    (y: tf.Tensor, p: tf.Tensor) => tf.Tensor
  >;
  const pairs: readonly (readonly [LossConfig['kind'], string])[] = [
    ['mean_squared_error', 'meanSquaredError'],
    ['mean_absolute_error', 'meanAbsoluteError'],
    ['mean_absolute_percentage_error', 'meanAbsolutePercentageError'],
    ['binary_crossentropy', 'binaryCrossentropy'],
    ['categorical_crossentropy', 'categoricalCrossentropy'],
    ['cosine_similarity', 'cosineProximity'],
  ];
  for (const [kind, name] of pairs) {
    const { y, p } = rowFor({ kind });
    const own = rowLoss({ kind })(y, p, new Float64Array(4));
    const expected = metrics[name]!(
      tf.tensor2d([...y], [1, 4]),
      tf.tensor2d([...p], [1, 4]),
    ).dataSync()[0]!;
    t.ok(
      Math.abs(own - expected) < 2e-6 * Math.max(1, Math.abs(expected)),
      `${kind}: ${own} and ${expected}`,
    );
  }
});

t.test('losses and metrics go by all names of Keras', async (t) => {
  t.equal(lossNamed('MSE'), 'mean_squared_error');
  t.equal(lossNamed('MeanSquaredError'), 'mean_squared_error');
  t.equal(lossNamed('meanSquaredError'), 'mean_squared_error');
  t.equal(lossNamed('KLDivergence'), 'kl_divergence');
  t.equal(lossNamed('SparseCategoricalCrossentropy'), 'sparse_categorical_crossentropy');
  t.equal(lossNamed('LogCosh'), 'log_cosh');
  t.throws(() => lossConfig({ kind: 'huber', gamma: 1 }), {
    name: 'UnsupportedError',
    message: /delta/,
  });
  t.throws(() => lossConfig({ kind: 'huber', delta: -1 }), { name: 'OptionError' });
  t.same(metricConfig('acc'), { kind: 'accuracy', name: 'acc' });
  t.same(metricConfig('mse'), { kind: 'mean_squared_error', name: 'mse' });
  t.same(metricConfig('TopKCategoricalAccuracy').kind, 'top_k_categorical_accuracy');
  t.same(metricConfig('RootMeanSquaredError').kind, 'root_mean_squared_error');
  t.same(metricConfig('AUC').kind, 'auc');
  t.throws(() => metricConfig('f2'), { name: 'UnsupportedError', message: /accuracy.*hinge/ });
});

t.test('metrics count as Keras counts', async (t) => {
  const result = (
    config: Parameters<typeof createMetric>[0],
    rows: readonly (readonly [number[], number[]])[],
  ) => {
    const metric = createMetric(config);
    for (const [y, p] of rows) metric.add(Float64Array.from(y), Float64Array.from(p), 1);
    return metric.result();
  };
  const rows = [
    [[1], [0.9]],
    [[1], [0.4]],
    [[0], [0.6]],
    [[0], [0.1]],
  ] as [number[], number[]][];
  t.equal(result({ kind: 'binary_accuracy' }, rows), 0.5);
  t.equal(result({ kind: 'precision' }, rows), 0.5);
  t.equal(result({ kind: 'recall' }, rows), 0.5);
  t.equal(result({ kind: 'recall', threshold: 0.3 }, rows), 1);
  t.ok(Math.abs(result({ kind: 'auc' }, rows) - 0.75) < 1e-9);
  const three = [
    [
      [0, 1, 0],
      [0.1, 0.5, 0.4],
    ],
    [
      [1, 0, 0],
      [0.1, 0.5, 0.4],
    ],
  ] as [number[], number[]][];
  t.equal(result({ kind: 'categorical_accuracy' }, three), 0.5);
  t.equal(result({ kind: 'top_k_categorical_accuracy', k: 2 }, three), 0.5);
  t.equal(result({ kind: 'top_k_categorical_accuracy', k: 3 }, three), 1);
  t.equal(
    result({ kind: 'root_mean_squared_error' }, [
      [[0], [3]],
      [[0], [4]],
    ]),
    Math.sqrt(12.5),
  );
  t.equal(
    result({ kind: 'r2_score' }, [
      [[1], [1]],
      [[3], [2]],
    ]),
    0.5,
  );
});

t.test(
  'a metric that there is not, or an option that it does not have, is refused by name',
  (t) => {
    const refused = (given: unknown, message: RegExp, name = 'UnsupportedError') =>
      t.throws(() => metricConfig(given as string), { name, message });
    refused('constructor', /metric constructor is not supported: use accuracy, /);
    refused({ kind: 'auc', thresholds: 5 }, /option of auc thresholds .*: use name, numThresholds/);
    refused(
      { kind: 'accuracy', k: 3 },
      /option of accuracy k is not supported: use name, threshold/,
    );
    refused({ kind: 'mse', fromLogits: true }, /option of mean_squared_error fromLogits/);
    refused({ kind: 'recall', name: 3 }, /name is 3: give a text/, 'OptionError');
    t.match(metricConfig({ kind: 'precision', name: 'p', threshold: 0.25 }), { kind: 'precision' });
    t.end();
  },
);

/** Two steps of each optimiser with gradients 0.5 and -0.25 from a weight of 1, in double precision. */
const STEPS: readonly (readonly [string, Optimiser, number])[] = [
  ['sgd', sgd({ learningRate: 0.1 }), 1 - 0.05 + 0.025],
  ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 }), 1 - 0.05 + (-0.9 * 0.05 + 0.025)],
  [
    'nesterov',
    sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    1 - (0.9 * 0.05 + 0.05) + (0.9 * (-0.045 + 0.025) + 0.025),
  ],
  [
    'rmsprop',
    rmsprop({ learningRate: 0.1 }),
    1 - 0.05 / Math.sqrt(0.025 + 1e-7) + 0.025 / Math.sqrt(0.0225 + 0.00625 + 1e-7),
  ],
  [
    'adagrad',
    adagrad({ learningRate: 0.1 }),
    1 - 0.05 / Math.sqrt(0.35 + 1e-7) + 0.025 / Math.sqrt(0.4125 + 1e-7),
  ],
  ['adam', adam({ learningRate: 0.1 }), adamReference(0)],
  ['adamw', adamw({ learningRate: 0.1, weightDecay: 0.5 }), adamReference(0.5)],
];

function adamReference(decay: number): number {
  let [w, m, v] = [1, 0, 0];
  for (const [i, g] of [0.5, -0.25].entries()) {
    w -= w * decay * 0.1;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const alpha = (0.1 * Math.sqrt(1 - 0.999 ** (i + 1))) / (1 - 0.9 ** (i + 1));
    w -= (alpha * m) / (Math.sqrt(v) + 1e-7);
  }
  return w;
}

for (const [name, optimiser, expected] of STEPS) {
  t.test(`${name} takes the steps of Keras's formula`, async (t) => {
    const weights = Float32Array.of(1);
    const slots = firstSlots(optimiser, 1);
    for (const [i, gradient] of [0.5, -0.25].entries()) {
      takeStep(optimiser, { weights, gradient: Float32Array.of(gradient), slots }, i + 1, 0.1);
    }
    t.ok(Math.abs(weights[0]! - expected) < 1e-6, `${weights[0]} and ${expected}`);
  });
}

t.test('schedules give the rates of Keras', async (t) => {
  const near = (a: number, b: number) => t.ok(Math.abs(a - b) < 1e-12, `${a} and ${b}`);
  const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 };
  near(rateAt({ kind: 'exponentialDecay', ...decay }, 5), 0.1 * Math.SQRT1_2);
  near(rateAt({ kind: 'exponentialDecay', ...decay, staircase: true }, 19), 0.05);
  near(rateAt({ kind: 'inverseTimeDecay', ...decay }, 20), 0.05);
  near(
    rateAt(
      { kind: 'polynomialDecay', initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0 },
      5,
    ),
    0.05,
  );
  near(rateAt({ kind: 'cosineDecay', initialLearningRate: 0.1, decaySteps: 10 }, 5), 0.05);
  near(
    rateAt(
      {
        kind: 'cosineDecay',
        initialLearningRate: 0,
        decaySteps: 10,
        warmupTarget: 1,
        warmupSteps: 4,
      },
      1,
    ),
    0.25,
  );
  const pieces = { kind: 'piecewiseConstantDecay', boundaries: [2, 4], values: [3, 2, 1] } as const;
  t.same(
    [0, 2, 3, 5].map((step) => rateAt(pieces, step)),
    [3, 3, 2, 1],
  );
  t.throws(() => sgd({ learningRate: { ...pieces, values: [1] } }), { name: 'OptionError' });
});

t.test('constraints bring weights back', async (t) => {
  const weights = Float32Array.of(3, 0.1, 4, 0.2);
  constrain({ kind: 'maxNorm', maxValue: 1 }, weights, [2, 2]);
  t.ok(Math.abs(weights[0]! - 0.6) < 1e-6 && Math.abs(weights[2]! - 0.8) < 1e-6);
  t.ok(Math.abs(weights[1]! - 0.1) < 1e-6);
  constrain({ kind: 'nonNeg' }, weights.fill(-1), [2, 2]);
  t.same([...weights], [0, 0, 0, 0]);
});

/** The same small network in TensorFlow.js, with weights of ours. */
function besides(own: Model, reference: tf.LayersModel): void {
  const weights = own.getWeights().map(({ data, shape }) => tf.tensor(data, [...shape]));
  for (const layer of reference.layers) layer.setWeights(weights.splice(0, layer.weights.length));
}

t.test('training a small CNN moves weights as TensorFlow.js does', async (t) => {
  await using own = sequential({
    seed: 2,
    layers: [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
      layers.maxPooling2d(),
      layers.batchNormalization(),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
  own.compile({
    optimizer,
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine: 'float',
  });
  const reference = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  besides(own, reference);
  reference.compile({
    optimizer: tf.train.momentum(0.1, 0.9),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const x = Float32Array.from({ length: 20 * 64 }, () => uniform(0, 1));
  const y = Float32Array.from({ length: 60 }, (_, i) => Number(i % 3 === Math.floor(i / 3) % 3));
  const before = own.getWeights();
  const { history } = await own.fit(
    { data: x, shape: [20, 8, 8, 1] },
    { data: y, shape: [20, 3] },
    {
      epochs: 3,
      batchSize: 8,
      shuffle: false,
    },
  );
  const expected = await reference.fit(tf.tensor(x, [20, 8, 8, 1]), tf.tensor(y, [20, 3]), {
    epochs: 3,
    batchSize: 8,
    shuffle: false,
  });
  const theirs = reference.layers.flatMap((layer) => layer.getWeights());
  for (const [i, { data }] of own.getWeights().entries()) {
    const other = theirs[i]!.dataSync();
    const moved = data.reduce(
      (most, value, j) => Math.max(most, Math.abs(value - before[i]!.data[j]!)),
      0,
    );
    const apart = data.reduce((most, value, j) => Math.max(most, Math.abs(value - other[j]!)), 0);
    t.ok(apart < 2e-5 && moved > 100 * apart, `weight ${i}: ${apart} apart, moved by ${moved}`);
  }
  for (const [epoch, loss] of (expected.history.loss as number[]).entries()) {
    t.ok(
      Math.abs(history.loss![epoch]! - loss) < 1e-5,
      `epoch ${epoch}: ${history.loss![epoch]} and ${loss}`,
    );
  }
  t.same(history.accuracy!.map(Math.fround), (expected.history.acc as number[]).map(Math.fround));
});

t.test(
  'a residual network takes the steps of TensorFlow.js, and so do its moving averages',
  async (t) => {
    const shape = [8, 8, 3];
    await using own = smallResidualNetwork({ shape, classes: 3, blocks: 1, width: 4, seed: 3 });
    const options = { loss: 'categorical_crossentropy', engine: 'float' } as const;
    own.compile({ ...options, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) });
    const { modelJson, shards } = modelToTensorFlowJs(own);
    const { modelTopology, weightsManifest } = modelJson as unknown as tf.io.ModelJSON;
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
    const weightData = Uint8Array.from(Object.values(shards).flatMap((each) => [...each])).buffer;
    const artifacts = { modelTopology, weightSpecs, weightData };
    const reference = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    reference.compile({
      optimizer: tf.train.momentum(0.05, 0.9),
      loss: 'categoricalCrossentropy',
    });
    const samples = 8;
    const y = Float32Array.from({ length: 3 * samples }, (_, i) => (i % 4 === 0 ? 1 : 0));
    for (let step = 1; step <= 5; step++) {
      const x = Float32Array.from({ length: samples * 192 }, () => uniform(0, 1));
      const { history } = await own.fit(
        { data: x, shape: [samples, ...shape] },
        { data: y, shape: [samples, 3] },
        { batchSize: samples, shuffle: false },
      );
      const loss = (await reference.trainOnBatch(
        tf.tensor(x, [samples, ...shape]),
        tf.tensor(y, [samples, 3]),
      )) as number;
      t.ok(Math.abs(history.loss![0]! - loss) < 1e-5, `step ${step}: ${history.loss} and ${loss}`);
      // TensorFlow.js has layers in another order.
      const theirs = own.graph.layers.flatMap(({ name }) => reference.getLayer(name).getWeights());
      const apart = own.getWeights().map(({ data }, i) => {
        const other = theirs[i]!.dataSync();
        return Math.max(...data.map((value, j) => Math.abs(value - other[j]!)));
      });
      t.ok(Math.max(...apart) < 2e-5, `step ${step}: weights are ${Math.max(...apart)} apart`);
    }
  },
);

t.test('several inputs, outputs, losses and sample weights', async (t) => {
  const build = () => {
    const a = input({ shape: [2], name: 'a' });
    const b = input({ shape: [3], name: 'b' });
    const both = apply(layers.concatenate(), [a, b]);
    const hidden = apply(layers.dense({ units: 6, activation: 'relu' }), both);
    const size = apply(layers.dense({ units: 1, name: 'size' }), hidden);
    const kind = apply(layers.dense({ units: 3, activation: 'softmax', name: 'kind' }), hidden);
    return functional({ inputs: [a, b], outputs: [size, kind], seed: 4 });
  };
  await using model = build();
  model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: { size: 'mse', kind: 'sparse_categorical_crossentropy' },
    lossWeights: { kind: 0.5 },
    metrics: { kind: 'accuracy', size: ['mae'] },
    engine: 'float',
  });
  const rows = Array.from({ length: 30 }, () => [uniform(0, 1), uniform(0, 1)]);
  const more = rows.map(() => [uniform(0, 1), uniform(0, 1), uniform(0, 1)]);
  const x = { a: rows, b: more };
  const y = {
    size: rows.map(([value], i) => value! + more[i]![2]!),
    kind: rows.map(([value]) => Math.floor(3 * value!)),
  };
  const { history } = await model.fit(x, y, { epochs: 40, batchSize: 10 });
  t.same(Object.keys(history), ['loss', 'size_loss', 'kind_loss', 'size_mae', 'kind_accuracy']);
  const last = (name: string) => history[name]!.at(-1)!;
  t.ok(Math.abs(last('loss') - (last('size_loss') + 0.5 * last('kind_loss'))) < 1e-9);
  t.ok(last('loss') < 0.5 * history.loss![0]!, `${last('loss')}`);
  const outputs = await model.predictAll([rows, more]);
  t.same(
    outputs.map(({ shape }) => shape),
    [
      [30, 1],
      [30, 3],
    ],
  );
  const { loss } = await model.evaluate(x, y, { sampleWeight: new Float32Array(30) });
  t.equal(loss, 0, 'samples of weight 0 do not count');
  t.match(model.summary(), /concatenate \(Concatenate\).*a, b/);
  await t.rejects(model.fit({ a: rows }, y), { message: /x has nothing for b/ });
  await t.rejects(model.fit([rows], y), { message: /x must be a list of 2/ });
  await t.rejects(model.fit(x, { ...y, kind: rows.map(() => 3) }), {
    message: /kind holds 3 .* classes are 0 to 2/,
  });
});

t.test('class weights, regularisers and label smoothing change the loss as defined', async (t) => {
  const build = (regulariser?: { l2: number }) => {
    const model = sequential({
      layers: [
        layers.dense({
          units: 1,
          activation: 'sigmoid',
          inputShape: [1],
          kernelInitializer: { kind: 'constant', value: 2 },
          kernelRegularizer: regulariser,
        }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'binary_crossentropy', engine: 'float' });
    return model;
  };
  const log = (x: number) => Math.log(1 + Math.exp(-x));
  const x = [[1], [-1]];
  const y = [[1], [1]];
  const near = (a: number, b: number) => t.ok(Math.abs(a - b) < 1e-6, `${a} and ${b}`);
  near((await build().evaluate(x, y)).loss, (log(2) + log(-2)) / 2);
  near((await build({ l2: 0.1 }).evaluate(x, y)).loss, (log(2) + log(-2)) / 2 + 0.4);
  const weighted = await build().fit(x, [[1], [0]], { classWeight: { 0: 3 }, batchSize: 2 });
  near(weighted.history.loss![0]!, (log(2) + 3 * log(2)) / 2);
});

t.test(
  'float32 training on the same seed repeats bit for bit, with dropout and shuffling',
  async (t) => {
    const train = async (seed: number) => {
      const model = sequential({
        seed,
        layers: [
          layers.dense({ units: 8, activation: 'gelu', inputShape: [3] }),
          layers.dropout({ rate: 0.3 }),
          layers.dense({ units: 2 }),
        ],
      });
      model.compile({ optimizer: 'adam', loss: 'huber', engine: 'float' });
      const x = Array.from({ length: 20 }, (_, i) => [i / 20, (i % 3) / 3, (i % 5) / 5]);
      await model.fit(
        x,
        x.map(([a, b]) => [a! * b!, a! - b!]),
        { epochs: 4, batchSize: 6 },
      );
      return Buffer.concat(model.getWeights().map(({ data }) => Buffer.from(data.buffer)));
    };
    t.ok((await train(1)).equals(await train(1)));
    t.notOk((await train(1)).equals(await train(2)));
  },
);
