/** Models of any layers in fixed point: close to float32, and the same bits in both engines. */
import { spin3, spin5 } from '@spin-tools/machine-model';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import t from 'tap';
import { modelFromJson, modelToJson } from '../formats/spin-tools-json.js';
import { apply, input } from '../graph/tensors.js';
import { layers } from '../layers/layers.js';
import type { LossConfig } from '../losses/configs.js';
import { type Model, model, sequential } from '../model/model.js';
import type { CompileOptions, FitOptions } from '../model/options.js';
import { adagrad, adam, adamw, type Optimiser, rmsprop, sgd } from '../optimisers/optimisers.js';
import { resNet50, smallResidualNetwork } from '../testing/residual-networks.js';

const SAMPLES = 14;
const EXAMPLE = { batchSize: 5, epochs: 2 } as const;

/** Numbers of 0 to 1, always the same. */
function values(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => shuffledIndex(i, 65536, seed) / 65536);
}

const samples = (...shape: number[]) => ({
  data: values(
    shape.reduce((size, each) => size * each, SAMPLES),
    1,
  ),
  shape: [SAMPLES, ...shape],
});

/** One-hot labels. */
function classes(count: number) {
  const data = new Float32Array(SAMPLES * count);
  for (let s = 0; s < SAMPLES; s++) data[s * count + ((s * 7) % count)] = 1;
  return { data, shape: [SAMPLES, count] };
}

interface Example {
  readonly make: () => Model;
  readonly shape: readonly number[];
  readonly outputs: number;
  readonly loss?: string | LossConfig;
  readonly optimizer?: Optimiser;
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  'convolutions and pools': {
    make: () =>
      sequential({
        seed: 1,
        layers: [
          layers.conv2d({
            filters: 3,
            kernelSize: 3,
            padding: 'same',
            activation: 'relu',
            inputShape: [8, 8, 1],
          }),
          layers.maxPooling2d(),
          layers.conv2d({ filters: 4, kernelSize: [2, 3], strides: 2, activation: 'tanh' }),
          layers.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
          layers.flatten(),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    shape: [8, 8, 1],
    outputs: 3,
  },
  'shortcuts and batch normalisation': {
    make: () =>
      smallResidualNetwork({ shape: [8, 8, 2], classes: 3, blocks: 1, width: 2, seed: 2 }),
    shape: [8, 8, 2],
    outputs: 3,
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
  },
  'depthwise convolutions': {
    make: () =>
      sequential({
        seed: 3,
        layers: [
          layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, inputShape: [7, 7, 2] }),
          layers.batchNormalization(),
          layers.reLU({ maxValue: 6 }),
          layers.conv2d({ filters: 3, kernelSize: 1, activation: 'swish' }),
          layers.globalAveragePooling2d(),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    shape: [7, 7, 2],
    outputs: 3,
    optimizer: rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
  },
  'branches, merges and moved values': {
    make: () => {
      const start = input({ shape: [6, 4] });
      const a = apply(
        layers.conv1d({ filters: 5, kernelSize: 3, padding: 'causal', activation: 'elu' }),
        start,
      );
      const b = apply(layers.dense({ units: 5, activation: 'sigmoid' }), start);
      const both = apply(layers.concatenate(), [a, b]);
      const sum = apply(layers.multiply(), [a, b]);
      const turned = apply(layers.permute({ dims: [2, 1] }), both);
      const flat = apply(layers.flatten(), turned);
      const other = apply(layers.flatten(), apply(layers.upSampling1d(), sum));
      const joined = apply(layers.concatenate(), [flat, other]);
      const dropped = apply(layers.dropout({ rate: 0.25 }), joined);
      return model({
        inputs: start,
        outputs: apply(layers.dense({ units: 2, activation: 'linear' }), dropped),
        seed: 4,
      });
    },
    shape: [6, 4],
    outputs: 2,
    loss: 'huber',
    optimizer: adamw({ learningRate: 0.01 }),
  },
};

/** Trains and gives the weights, the losses and predictions. */
async function trained(
  example: Example,
  options: Partial<CompileOptions>,
  fit: FitOptions = EXAMPLE,
) {
  const { make, shape, outputs, loss = 'categorical_crossentropy', optimizer = adam() } = example;
  await using net = make();
  net.compile({ optimizer, loss, metrics: ['mean_squared_error'], ...options });
  const { history } = await net.fit(samples(...shape), classes(outputs), fit);
  const { data } = await net.predict(samples(...shape));
  return { weights: net.getWeights().map(({ data: own }) => own), history, predicted: data };
}

function largestDifference(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): number {
  let most = 0;
  for (const [i, own] of a.entries()) {
    for (let k = 0; k < own.length; k++) {
      most = Math.max(most, Math.abs((own[k] as number) - (b[i]?.[k] as number)));
    }
  }
  return most;
}

for (const [name, example] of Object.entries(EXAMPLES)) {
  t.test(`${name}: exact mode trains as float32 does`, async (t) => {
    if (name.includes('merges')) return t.pass('dropout draws other numbers than the float engine');
    const float = await trained(example, { engine: 'float' });
    const exact = await trained(example, { engine: 'functional', mode: 'exact' });
    const fast = await trained(example, { engine: 'functional' });
    // Steps that are divided by small roots make the least of differences larger.
    t.ok(largestDifference(exact.weights, float.weights) < 1e-3);
    t.ok(largestDifference([exact.predicted], [float.predicted]) < 2e-4);
    t.ok(largestDifference([fast.predicted], [float.predicted]) < 0.1);
  });

  for (const [mode, workers] of [
    ['fast', 3],
    ['exact', 2],
  ] as const) {
    t.test(
      `${name}: ${workers} workers give the bits of the functional engine, ${mode}`,
      async (t) => {
        const functional = await trained(example, { engine: 'functional', mode });
        const machine = { board: 'spin3', workers } as const;
        const onMachine = await trained(example, { engine: 'machine', mode, machine });
        t.strictSame(onMachine.weights, functional.weights);
        t.strictSame(onMachine.history, functional.history);
        t.strictSame(onMachine.predicted, functional.predicted);
      },
    );
  }
}

t.test('data that do not fit are sent piece by piece, with the same bits', async (t) => {
  const example = EXAMPLES['branches, merges and moved values'] as Example;
  const functional = await trained(example, { engine: 'functional' });
  const machine = { board: 'spin3', workers: 2, dataBytes: 900 } as const;
  const pieces = await trained(example, { engine: 'machine', machine });
  t.strictSame(pieces.weights, functional.weights);
  t.strictSame(pieces.history, functional.history);
  t.strictSame(pieces.predicted, functional.predicted);
});

t.test('epochs in which formats are measured again have the same bits everywhere', async (t) => {
  const example = EXAMPLES['shortcuts and batch normalisation'] as Example;
  // Behind 8 batches of the first epoch, and 2 of the second.
  const fit = { ...EXAMPLE, epochs: 2, batchSize: 1 };
  const functional = await trained(example, { engine: 'functional' }, fit);
  for (const dataBytes of [undefined, 4000]) {
    const machine = { board: 'spin3', workers: 2, ...(dataBytes && { dataBytes }) } as const;
    t.strictSame(await trained(example, { engine: 'machine', machine }, fit), functional);
  }
});

const OPTIMISERS: readonly Optimiser[] = [
  sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, clipNorm: 0.1 }),
  rmsprop({ learningRate: 0.01 }),
  adagrad({ learningRate: 0.1, globalClipNorm: 0.2 }),
  adam({ learningRate: 0.01, amsgrad: true, clipValue: 0.01 }),
  adamw({ learningRate: 0.01 }),
];

for (const optimizer of OPTIMISERS) {
  t.test(`${optimizer.kind} steps as in float32, and the same on a machine`, async (t) => {
    const example: Example = {
      make: () =>
        sequential({
          seed: 5,
          layers: [
            layers.dense({
              units: 6,
              activation: 'tanh',
              inputShape: [5],
              kernelRegularizer: { l2: 0.01 },
              kernelConstraint: { kind: 'maxNorm', maxValue: 1.5 },
            }),
            layers.dense({ units: 3, activation: 'softmax' }),
          ],
        }),
      shape: [5],
      outputs: 3,
      optimizer,
    };
    const float = await trained(example, { engine: 'float' });
    const exact = await trained(example, { engine: 'functional', mode: 'exact' });
    t.ok(largestDifference(exact.weights, float.weights) < 1e-5);
    const machine = { board: 'spin3', workers: 2 } as const;
    const onMachine = await trained(example, { engine: 'machine', mode: 'exact', machine });
    t.strictSame(onMachine.weights, exact.weights);
    t.strictSame(onMachine.history, exact.history);
  });
}

t.test('training goes on from a state bit for bit', async (t) => {
  const example = EXAMPLES['shortcuts and batch normalisation'] as Example;
  const options = { optimizer: adam(), loss: 'mse', engine: 'functional' } as const;
  const [x, y] = [samples(...example.shape), classes(example.outputs)];
  await using whole = example.make();
  whole.compile(options);
  await whole.fit(x, y, { ...EXAMPLE, epochs: 3 });
  await using first = example.make();
  first.compile(options);
  await first.fit(x, y, { ...EXAMPLE, epochs: 1 });
  await using second = example.make();
  second.compile(options);
  await second.setState(first.getState());
  await second.fit(x, y, { ...EXAMPLE, initialEpoch: 1, epochs: 3 });
  t.strictSame(second.getWeights(), whole.getWeights());
});

t.test('a model that was trained by a schedule is written and read back bit for bit', async (t) => {
  const example = EXAMPLES['convolutions and pools'] as Example;
  const [x, y] = [samples(...example.shape), classes(example.outputs)];
  await using net = example.make();
  net.compile({ optimizer: adam(), loss: 'categorical_crossentropy', engine: 'functional' });
  await net.fit(x, y, EXAMPLE);
  await using copy = await modelFromJson(JSON.parse(JSON.stringify(modelToJson(net))));
  t.strictSame(copy.getWeights(), net.getWeights());
  t.strictSame(copy.getState().slots, net.getState().slots);
});

t.test('the mean of three inputs trains as in float32, and the same on a machine', async (t) => {
  const make = () => {
    const image = input({ shape: [4, 5, 2] });
    const branch = () => apply(layers.conv2d({ filters: 3, kernelSize: 2 }), image);
    const mean = apply(layers.average(), [branch(), branch(), branch()]);
    return model({
      inputs: image,
      outputs: apply(
        layers.dense({ units: 3, activation: 'softmax' }),
        apply(layers.flatten(), mean),
      ),
      seed: 5,
    });
  };
  const [x, y] = [samples(4, 5, 2), classes(3)];
  const trained = async (options: Partial<CompileOptions>) => {
    await using net = make();
    const loss = 'categorical_crossentropy';
    net.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, mode: 'exact', ...options });
    await net.fit(x, y, { epochs: 2, batchSize: 4 });
    return { state: net.getState(), outputs: (await net.predict(x)).data };
  };
  const functional = await trained({ engine: 'functional' });
  const float = await trained({ engine: 'float' });
  for (const [i, value] of functional.outputs.entries()) {
    t.ok(Math.abs(value - float.outputs[i]!) < 1e-5, `output ${i}`);
  }
  const machine = { board: 'spin3', replicas: 1, workers: 3 } as const;
  t.strictSame(await trained({ engine: 'machine', machine }), functional);
});

t.test('what fixed point does not compute is refused by name', async (t) => {
  const net = sequential({
    layers: [layers.lstm({ units: 3, inputShape: [4, 2] }), layers.dense({ units: 1 })],
  });
  const compile = () => net.compile({ optimizer: 'adam', loss: 'mse', engine: 'functional' });
  t.throws(compile, { name: 'UnsupportedError', message: /lstm \(LSTM\)/ });
});

t.test(
  'a layer of which a core cannot take even a part is refused before anything is mapped',
  async (t) => {
    const net = sequential({
      layers: [
        layers.zeroPadding2d({ padding: 80, inputShape: [1, 1, 64] }),
        layers.globalAveragePooling2d(),
      ],
    });
    net.compile({ optimizer: 'sgd', loss: 'mse', engine: 'machine' });
    const refused = {
      name: 'UnsupportedError',
      message: /size of layer global_average_pooling2d .* smaller windows .* engine 'float'/,
    };
    t.throws(() => net.schedule(), refused);
    const x = { data: new Float32Array(64), shape: [1, 1, 1, 64] };
    await t.rejects(net.fit(x, { data: new Float32Array(64), shape: [1, 64] }), refused);
  },
);

t.test('residual networks are planned layer by layer, and as pipelines that can be routed', (t) => {
  const small = smallResidualNetwork({ shape: [32, 32, 3], classes: 10, blocks: 3, width: 16 });
  small.compile({ optimizer: adam(), loss: 'categorical_crossentropy', engine: 'machine' });
  const schedule = small.schedule(8);
  t.ok((schedule?.memoryBytes ?? 0) < 100 << 20, 'ResNet-20 trains on one chip');
  const forward = schedule?.layers.reduce(
    (sum, { multiplications }) => sum + multiplications.forward,
    0,
  );
  t.ok(Math.abs((forward ?? 0) / 40.8e6 - 1) < 0.01, 'as many products as the paper counts');
  const large = resNet50();
  large.compile({ optimizer: adam(), loss: 'categorical_crossentropy', engine: 'machine' });
  t.strictSame(large.replicas(spin5(), 32), [], 'ResNet-50 has no room on a chip');
  const { stages, mapping, ...rates } = large.stages(spin5());
  t.ok(stages.length > 8 && stages.length <= 48);
  t.ok(stages.every(({ memoryBytes }) => memoryBytes <= 100 << 20));
  t.strictSame(
    stages.flatMap(({ layers }) => layers),
    large.graph.layers.map(({ name }) => name),
  );
  t.equal(mapping.statistics.chipsUsed, stages.length);
  t.ok(mapping.statistics.entries.most <= 1023);
  t.ok(rates.forward.secondsPerSample > 0.05);
  t.ok(rates.forward.secondsPerSample < rates.training.secondsPerSample);
  t.ok(rates.training.secondsPerSample < 5);
  t.ok(rates.forward.joulesPerSample > 1 && rates.training.joulesPerSample < 200);
  t.throws(() => large.stages(spin3()), { name: 'OptionError', message: /give at least/ });
  t.end();
});
