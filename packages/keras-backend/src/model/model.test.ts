/** The front-end: what Keras users see, with the functional engine or a fake one behind it. */
import t from 'tap';
import type { Engine, NetworkPlan, RunRequest } from '../engine.js';
import {
  DataError,
  type Layer,
  layers,
  type Model,
  ModelDefinitionError,
  ModelFileError,
  ModelStateError,
  modelFromJson,
  modelToJson,
  OptionError,
  sequential,
  sgd,
} from '../index.js';
import { floatNetwork, forward } from '../testing/float-network.js';

const XOR = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const LABELS = [[0], [1], [1], [0]];

function xorModel(options: { mode?: 'fast' | 'exact' } = {}): Model {
  const model = sequential({
    seed: 3,
    layers: [
      layers.input({ shape: [2] }),
      layers.dense({ units: 16, activation: 'tanh' }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  });
  const optimizer = sgd({ learningRate: 0.5 });
  model.compile({
    optimizer,
    loss: 'binary_crossentropy',
    metrics: ['accuracy'],
    engine: 'functional',
    ...options,
  });
  return model;
}

/** An engine that does nothing but remember what it is asked. */
function fakeEngine(): {
  calls: string[];
  runs: RunRequest[];
  make(plan: NetworkPlan): Promise<Engine>;
} {
  const calls: string[] = [];
  const runs: RunRequest[] = [];
  const make = async (plan: NetworkPlan): Promise<Engine> => {
    calls.push(`create for batches of ${plan.batchSize}`);
    const weights = plan.layers.map(({ inputs, units }) => ({
      kernel: new Int32Array(inputs * units),
      bias: new Int32Array(units),
    }));
    return {
      load: async (slot, { samples }) =>
        void calls.push(`load ${samples} samples into slot ${slot}`),
      setWeights: async () => void calls.push('set weights'),
      getWeights: async () => weights,
      run: async (request) => {
        runs.push(request);
        return { samples: 4, lossSum: 2, correct: 3, saturations: 0, outputs: new Int16Array(4) };
      },
      close: async () => void calls.push('close'),
    };
  };
  return { calls, runs, make };
}

t.test('XOR is learnt in both modes, and the history has names of Keras', async (t) => {
  for (const mode of ['fast', 'exact'] as const) {
    await using model = xorModel({ mode });
    const { epoch, history } = await model.fit(XOR, LABELS, {
      epochs: 800,
      batchSize: 4,
      validationData: [XOR, LABELS],
    });
    t.equal(epoch.length, 800);
    t.same(Object.keys(history), ['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    t.ok(history.loss!.at(-1)! < 0.02, `${mode} loss ${history.loss!.at(-1)}`);
    t.equal(history.accuracy!.at(-1), 1);
    t.equal(history.val_accuracy!.at(-1), 1);
  }
});

t.test(
  'predict works right after fit, twice, and agrees with its weights in floating point',
  async (t) => {
    await using model = xorModel({ mode: 'exact' });
    await model.fit(XOR, LABELS, { epochs: 20, batchSize: 4 });
    const first = await model.predict(XOR);
    const second = await model.predict(XOR);
    t.same(first, second);
    t.same(first.shape, [4, 1]);
    const network = floatNetwork(['tanh', 'sigmoid'], model.getWeights(), Float64Array);
    for (const [i, x] of XOR.entries()) {
      t.ok(Math.abs(first.data[i]! - forward(network, x).at(-1)![0]!) < 2e-6);
    }
  },
);

t.test('loss and accuracy are those of Keras', async (t) => {
  await using model = xorModel({ mode: 'exact' });
  const outputs = (await model.predict(XOR)).data;
  const { loss, accuracy } = await model.evaluate(XOR, LABELS);
  let expected = 0;
  let right = 0;
  for (const [i, [y]] of LABELS.entries()) {
    const p = outputs[i]!;
    expected -= (y === 1 ? Math.log(p) : Math.log(1 - p)) / 4;
    right += Number(p > 0.5 === (y === 1)) / 4;
  }
  t.ok(Math.abs(loss - expected) < 2e-6, `${loss} and ${expected}`);
  t.equal(accuracy, right);
});

t.test('a seed fixes weights, order and results; another seed changes them', async (t) => {
  const train = async (seed: number) => {
    await using model = sequential({ seed, layers: [layers.dense({ units: 3, inputShape: [2] })] });
    model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional' });
    await model.fit(
      XOR,
      [
        [1, 2, 3],
        [0, 0, 0],
        [1, 1, 1],
        [2, 0, 2],
      ],
      { epochs: 3, batchSize: 1 },
    );
    return model.getWeights().map(({ data }) => Array.from(data));
  };
  t.same(await train(5), await train(5));
  t.notSame(await train(5), await train(6));
});

t.test('the last short batch is trained with its own mean', async (t) => {
  const build = () => {
    const layer = layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' });
    const model = sequential({ layers: [layer] });
    const optimizer = sgd({ learningRate: 0.25 });
    model.compile({ optimizer, loss: 'mse', mode: 'exact', engine: 'functional' });
    return model;
  };
  const model = build();
  await model.fit([[1], [1], [1]], [[1], [1], [1]], { batchSize: 2, shuffle: false });
  const [kernel, bias] = model.getWeights();
  // First batch: gradient -2, step 0.5 on both; output 1 is reached, so the last sample changes nothing.
  t.same([kernel!.data[0], bias!.data[0]], [0.5, 0.5]);
  const short = build();
  await short.fit([[0], [0], [1]], [[0], [0], [1]], { batchSize: 2, shuffle: false });
  t.same(
    short.getWeights().map(({ data }) => data[0]),
    [0.5, 0.5],
    'not halved by the batch size',
  );
});

t.test('a line is fitted to targets far larger than the first outputs', async (t) => {
  const x = Array.from({ length: 64 }, (_, i) => [i / 64]);
  const y = x.map(([value]) => [12 * value! - 15]);
  for (const mode of ['fast', 'exact'] as const) {
    await using model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
    const optimizer = sgd({ learningRate: 0.2 });
    model.compile({ optimizer, loss: 'mse', mode, engine: 'functional' });
    await model.fit(x, y, { epochs: 60, batchSize: 8 });
    const outputs = (await model.predict([[0], [0.5]])).data;
    t.ok(
      Math.abs(outputs[0]! + 15) < 0.02 && Math.abs(outputs[1]! + 9) < 0.02,
      `${mode}: ${outputs}`,
    );
  }
});

t.test('a learning rate that the arithmetic cannot take is refused', async (t) => {
  await using model = xorModel();
  const compile = (learningRate: number) =>
    model.compile({
      optimizer: sgd({ learningRate }),
      loss: 'binary_crossentropy',
      engine: 'functional',
    });
  compile(1e-30);
  await t.rejects(model.fit(XOR, LABELS), {
    name: 'OptionError',
    message: /learningRate is 1e-30: layer dense .* takes/,
  });
  compile(0.1);
  await model.fit(XOR, LABELS);
});

t.test('layers without a bias have none', async (t) => {
  const layer = layers.dense({ units: 2, inputShape: [2], useBias: false });
  await using model = sequential({ layers: [layer] });
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional' });
  await model.fit(XOR, XOR, { epochs: 2, batchSize: 4 });
  t.same(
    model.getWeights().map(({ shape }) => shape),
    [[2, 2]],
  );
  t.same(Array.from((await model.predict([[0, 0]])).data), [0, 0]);
});

t.test('flatten takes images, and a summary counts parameters', async (t) => {
  const model = sequential()
    .add(layers.flatten({ inputShape: [28, 28] }))
    .add(layers.dense({ units: 128, activation: 'relu' }))
    .add(layers.dense({ units: 10, activation: 'softmax', name: 'digits' }));
  t.match(model.summary(), /dense \(Dense\) +\(None, 128\) +100,480/);
  t.match(model.summary(), /digits \(Dense\) +\(None, 10\) +1,290/);
  t.match(model.summary(), /Total parameters: 101,770/);
});

t.test('initialisers draw as Keras does', async (t) => {
  const drawn = (kernelInitializer: Parameters<typeof layers.dense>[0]['kernelInitializer']) => {
    const dense = layers.dense({
      units: 100,
      inputShape: [300],
      kernelInitializer: kernelInitializer!,
    });
    const { data } = sequential({ seed: 1, layers: [dense] }).getWeights()[0]!;
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const square = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return { mean, deviation: Math.sqrt(square), largest };
  };
  const near = (value: number, expected: number) => Math.abs(value / expected - 1) < 0.02;
  const uniform = drawn('glorotUniform');
  t.ok(uniform.largest <= Math.sqrt(6 / 400) && near(uniform.largest, Math.sqrt(6 / 400)));
  t.ok(near(uniform.deviation, Math.sqrt(2 / 400)) && Math.abs(uniform.mean) < 0.002);
  t.ok(near(drawn('glorotNormal').deviation, Math.sqrt(2 / 400)));
  t.ok(near(drawn('heNormal').deviation, Math.sqrt(2 / 300)));
  t.ok(near(drawn('heUniform').largest, Math.sqrt(6 / 300)));
  t.ok(near(drawn('lecunNormal').deviation, Math.sqrt(1 / 300)));
  t.ok(near(drawn('randomNormal').deviation, 0.05));
  t.ok(near(drawn({ kind: 'randomUniform', minval: -1, maxval: 1 }).largest, 1));
  t.equal(drawn({ kind: 'constant', value: 0.5 }).mean, 0.5);
  t.equal(drawn('ones').mean, 1);
});

t.test('weights go in and out in the order and shape of Keras', async (t) => {
  await using model = xorModel();
  const kernel = { data: Float32Array.from({ length: 32 }, (_, i) => i / 64), shape: [2, 16] };
  const bias = { data: new Float32Array(16).fill(0.25), shape: [16] };
  const rest = model.getWeights().slice(2);
  await model.setWeights([kernel, bias, ...rest]);
  t.same(model.getWeights()[0], kernel);
  t.same(model.getWeights()[1], bias);
  await t.rejects(model.setWeights([kernel]), {
    message: 'weights are 1 tensors, but the model has 4',
  });
  const large = { data: new Float32Array(16).fill(16), shape: [16] };
  await t.rejects(model.setWeights([kernel, large, ...rest]), DataError);
  await t.rejects(model.setWeights([bias, kernel, ...rest]), {
    message: /weights of dense: kernel has shape/,
  });
});

t.test('a model comes back from its file bit for bit', async (t) => {
  await using model = xorModel({ mode: 'exact' });
  await model.fit(XOR, LABELS, { epochs: 5, batchSize: 4 });
  await using copy = await modelFromJson(JSON.stringify(modelToJson(model)));
  t.same(copy.getFixedWeights(), model.getFixedWeights());
  t.same(copy.summary(), model.summary());
  t.same(copy.compileOptions?.loss, 'binary_crossentropy');
  const file = modelToJson(model);
  const broken = {
    ...file,
    weights: [{ ...file.weights[0], base64: 'AAAA' }, ...file.weights.slice(1)],
  };
  await t.rejects(modelFromJson(broken), { message: /weights\[0\].base64 holds 3 bytes/ });
  await t.rejects(modelFromJson('{'), ModelFileError);
  await t.rejects(modelFromJson({ format: 'other' }), {
    message: /format should be spin-tools-model/,
  });
});

t.test('engines are opened at first use, kept while they fit, and closed', async (t) => {
  const { calls, runs, make } = fakeEngine();
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['accuracy'], engine: make });
  t.same(calls, [], 'compiling opens nothing');
  const { history } = await model.fit(XOR, LABELS, { batchSize: 4, validationSplit: 0.5 });
  t.same(history, { loss: [0.5], accuracy: [0.75], val_loss: [0.5], val_accuracy: [0.75] });
  t.equal(runs[0]!.learningRate, 0.01, "Keras's default");
  t.ok(runs[0]!.shuffleSeed !== undefined, 'shuffled unless told');
  await model.predict(XOR);
  t.same(calls.slice(0, 4), [
    'create for batches of 4',
    'set weights',
    'load 2 samples into slot 0',
    'load 2 samples into slot 1',
  ]);
  t.equal(calls.filter((call) => call.startsWith('create')).length, 1);
  await model.predict([[100, 0]]);
  t.equal(
    calls.filter((call) => call.startsWith('create')).length,
    2,
    'larger inputs need other formats',
  );
  await model.close();
  t.equal(calls.at(-1), 'close');
});

t.test('callbacks and progress are told what Keras tells', async (t) => {
  await using model = xorModel();
  const told: string[] = [];
  await model.fit(XOR, LABELS, {
    epochs: 2,
    batchSize: 2,
    callbacks: [
      {
        onTrainBegin: () => void told.push('begin'),
        onEpochEnd: (epoch, logs) => void told.push(`${epoch} ${Object.keys(logs)}`),
        onTrainEnd: () => void told.push('end'),
      },
    ],
    onProgress: ({ epoch, batch, batches }) => told.push(`${epoch}: ${batch}/${batches}`),
  });
  t.same(told, ['begin', '0: 2/2', '0 loss,accuracy', '1: 2/2', '1 loss,accuracy', 'end']);
});

t.test('what is not supported is refused by name, with what is', async (t) => {
  const refused = (action: () => unknown, message: RegExp) =>
    t.throws(action, { name: 'UnsupportedError', message });
  refused(
    () => layers.dense({ units: 1, activation: 'mish' as 'relu' }),
    /activation mish .* linear, relu, sigmoid/,
  );
  refused(
    () => layers.dense({ units: 1, kernelInitializer: 'hadamard' as 'zeros' }),
    /initializer hadamard/,
  );
  const model = xorModel();
  const compile = (options: object) => () =>
    model.compile({ optimizer: 'sgd', loss: 'mse', ...options });
  refused(compile({ optimizer: 'lion' }), /optimizer lion .* sgd/);
  refused(compile({ loss: 'ctc' }), /loss ctc .* mean_squared_error/);
  refused(compile({ metrics: ['bleu'] }), /metric bleu .* accuracy/);
  refused(compile({ mode: 'float' }), /mode float .* fast, exact/);
  refused(compile({ engine: 'gpu' }), /engine gpu .* machine, functional/);
  refused(() => sgd({ momentun: 0.9 } as object), /momentun/);
  refused(
    () => sequential({ layers: [{ className: 'Conv3D' } as never] }),
    /layer Conv3D .* Dense/,
  );
  t.throws(compile({ loss: 'categorical_crossentropy' }), {
    message: /dense_1 has activation sigmoid, but categorical_crossentropy needs softmax/,
  });
});

t.test('models that make no sense are refused', async (t) => {
  const define =
    (...stack: readonly Layer[]) =>
    () =>
      sequential({ layers: stack });
  const dense = layers.dense({ units: 2 });
  t.throws(define(dense), { name: 'ModelDefinitionError', message: /begin with layers.input/ });
  t.throws(define(layers.input({ shape: [3] })), ModelDefinitionError);
  t.throws(
    define(layers.input({ shape: [3] }), dense, layers.input({ shape: [2] })),
    ModelDefinitionError,
  );
  t.throws(() => layers.dense({ units: 0 }), { message: /units 0/ });
  t.throws(() => layers.input({ shape: [] }), ModelDefinitionError);
  t.throws(() => sgd({ learningRate: -1 }), OptionError);
});

t.test('wrong data are refused with field, place and value', async (t) => {
  await using model = xorModel();
  const fit = (x: unknown, y: unknown = LABELS) => model.fit(x as number[][], y as number[][]);
  await t.rejects(fit([]), { name: 'DataError', message: /x is empty/ });
  await t.rejects(
    fit([
      [0, 0],
      [0, Number.NaN],
      [1, 0],
      [1, 1],
    ]),
    { field: 'x', sample: 1, message: /x holds NaN at \[1\]\[1\]/ },
  );
  await t.rejects(
    fit([
      [0, 0],
      [0, Number.POSITIVE_INFINITY],
      [1, 0],
      [1, 1],
    ]),
    { message: /Infinity/ },
  );
  await t.rejects(fit([[0, 0], [0], [1, 0], [1, 1]]), { message: /x is ragged: sample 1/ });
  await t.rejects(fit([[1, 2, 3]]), {
    message: /x has samples of shape \[3\], but the model takes \[2\]/,
  });
  await t.rejects(fit(XOR, [[0], [1]]), { message: /y has 2 samples, but x has 4/ });
  await t.rejects(fit(XOR, [[0], [1], [2], [0]]), {
    field: 'y',
    sample: 2,
    value: 2,
    message: /y holds 2 at \[2\]\[0\]/,
  });
  await t.rejects(fit({ data: new Float32Array(3), shape: [2, 2] }), {
    message: /3 values, but its shape \[2,2\] needs 4/,
  });
  await t.rejects(fit(7), { message: /x is no data/ });
  await t.rejects(model.predict([[0, Number.NaN]]), { message: /x holds NaN at \[0\]\[1\]/ });
  const options = (given: object) => model.fit(XOR, LABELS, given);
  await t.rejects(options({ batchSize: 0 }), { name: 'OptionError', message: /batchSize is 0/ });
  await t.rejects(options({ batchSize: 2.5 }), OptionError);
  await t.rejects(options({ epochs: -1 }), { message: /epochs is -1/ });
  await t.rejects(options({ validationSplit: 1 }), { message: /validationSplit is 1/ });
  await t.rejects(options({ validationData: [XOR, [[0]]] }), {
    message: /validationData.y has 1 samples/,
  });
});

t.test('a model is compiled before it runs, and does one thing at a time', async (t) => {
  const raw = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
  await t.rejects(raw.predict(XOR), ModelStateError);
  await using model = xorModel();
  const running = model.fit(XOR, LABELS);
  await t.rejects(model.predict(XOR), { message: /await fit/ });
  await running;
  t.throws(() => model.add(layers.dense({ units: 1 })), ModelStateError);
});

t.test('a failing callback leaves the weights of before, and the model usable', async (t) => {
  await using model = xorModel();
  const before = model.getWeights();
  const callbacks = {
    onEpochEnd: () => {
      throw new Error('enough');
    },
  };
  await t.rejects(model.fit(XOR, LABELS, { callbacks }), { message: 'enough' });
  t.same(model.getWeights(), before);
  t.equal((await model.predict(XOR)).data.length, 4);
});
