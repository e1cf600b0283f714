/** Models from files and back: Keras 3 and 2, TensorFlow.js, and damaged ones. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import t from 'tap';
import {
  adam,
  apply,
  model as functional,
  input,
  layers,
  type Model,
  ModelDefinitionError,
  ModelFileError,
  modelFromH5,
  modelFromJson,
  modelFromKeras,
  modelFromLayersModel,
  modelFromTensorFlowJs,
  modelToH5,
  modelToJson,
  modelToKeras,
  modelToTensorFlowJs,
  OptionError,
  sequential,
  UnsupportedError,
} from '../index.js';
import { randomStream } from '../initialisers/random.js';
import { digits } from '../testing/digits.js';
import { writeHdf5 } from './hdf5.js';
import { checkHeaps } from './hdf5-heaps.js';

/** Public files of Keras, beside a checkout of this repository where there are any. */
const MODELS = fileURLToPath(new URL('../../../../../shared/models/', import.meta.url));
const missing = existsSync(MODELS) ? false : `no files at ${MODELS}`;
const file = (name: string) => new Uint8Array(readFileSync(MODELS + name));

/** A functional model with a bit of everything that the formats treat specially. */
function anyModel(): Model {
  const image = input({ shape: [6, 6, 2], name: 'image' });
  const extra = input({ shape: [3], name: 'extra' });
  const shared = layers.dense({ units: 4, activation: 'tanh', name: 'shared' });
  const conv = layers.conv2d({
    filters: 3,
    kernelSize: [3, 2],
    padding: 'same',
    useBias: false,
    kernelInitializer: {
      kind: 'varianceScaling',
      scale: 2,
      mode: 'fanOut',
      distribution: 'uniform',
    },
    kernelRegularizer: { l2: 0.01 },
    kernelConstraint: { kind: 'maxNorm', maxValue: 3, axis: [0, 1, 2] },
  });
  let x = apply(layers.batchNormalization({ momentum: 0.9 }), apply(conv, image));
  x = apply(layers.leakyReLU({ negativeSlope: 0.2 }), x);
  x = apply(layers.conv2d({ filters: 3, kernelSize: 1, strides: 2, activation: 'swish' }), x);
  const pooled = apply(layers.globalAveragePooling2d(), x);
  const steps = apply(layers.lstm({ units: 3 }), apply(layers.reshape({ targetShape: [9, 3] }), x));
  const both = apply(layers.add(), [apply(shared, pooled), apply(shared, extra)]);
  const all = apply(layers.concatenate(), [both, steps]);
  const kind = apply(layers.dense({ units: 2, activation: 'softmax', name: 'kind' }), all);
  const size = apply(
    layers.dense({ units: 1, name: 'size' }),
    apply(layers.dropout({ rate: 0.2 }), both),
  );
  const model = functional({ inputs: [image, extra], outputs: [kind, size], seed: 9, name: 'any' });
  model.compile({
    optimizer: adam({
      learningRate: { kind: 'cosineDecay', initialLearningRate: 0.01, decaySteps: 50 },
    }),
    loss: { kind: { kind: 'categorical_crossentropy', labelSmoothing: 0.1 }, size: 'mse' },
    lossWeights: { kind: 1, size: 0.25 },
    metrics: { kind: ['accuracy'], size: ['mae'] },
    engine: 'float',
  });
  return model;
}

const random = randomStream(3);
const noise = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform()),
  shape,
});
const X = [noise(12, 6, 6, 2), noise(12, 3)];
const KINDS = {
  data: Float32Array.from({ length: 24 }, (_, i) => Number(i % 2 === Math.floor(i / 2) % 2)),
  shape: [12, 2],
};
const Y = [KINDS, noise(12, 1)];

const bits = (model: Model) =>
  Buffer.concat(model.getWeights().map(({ data }) => Buffer.from(data.slice().buffer)));

const FORMATS: Readonly<Record<string, (model: Model) => Promise<Model>>> = {
  '.keras': async (model) => modelFromKeras(await modelToKeras(model)),
  '.h5': async (model) => modelFromH5(await modelToH5(model)),
  'model.json': async (model) => {
    const { modelJson, shards } = modelToTensorFlowJs(model);
    return modelFromTensorFlowJs({ modelJson: JSON.stringify(modelJson), shards });
  },
  'JSON of our own': async (model) => modelFromJson(JSON.stringify(modelToJson(model))),
};

for (const [name, roundTrip] of Object.entries(FORMATS)) {
  t.test(
    `${name}: a functional model comes back with weights, compilation and predictions`,
    async (t) => {
      await using model = anyModel();
      await model.fit(X, Y, { epochs: 1, batchSize: 5 });
      await using copy = await roundTrip(model);
      t.ok(bits(copy).equals(bits(model)));
      t.same(copy.summary(), model.summary());
      t.same(copy.optimizer, model.optimizer);
      t.same(await copy.evaluate(X, Y), await model.evaluate(X, Y));
      t.same(await copy.predictAll(X), await model.predictAll(X));
      await using again = await roundTrip(copy);
      t.same(again.summary(), model.summary());
      t.ok(bits(again).equals(bits(model)));
    },
  );
}

for (const name of ['.keras', 'JSON of our own']) {
  t.test(`${name}: training goes on bit for bit`, async (t) => {
    await using straight = anyModel();
    await straight.fit(X, Y, { epochs: 4, batchSize: 5 });
    await using first = anyModel();
    await first.fit(X, Y, { epochs: 2, batchSize: 5 });
    await using second = await FORMATS[name]!(first);
    const { epoch } = await second.fit(X, Y, { epochs: 4, initialEpoch: 2, batchSize: 5 });
    t.same(epoch, [2, 3]);
    t.ok(bits(second).equals(bits(straight)));
  });
}

for (const [name, roundTrip] of Object.entries(FORMATS)) {
  t.test(`${name}: fixed-point training goes on bit for bit`, async (t) => {
    const build = () => {
      const model = sequential({
        seed: 5,
        layers: [
          layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }),
          layers.dense({ units: 1 }),
        ],
      });
      return model;
    };
    const compile = (model: Model) =>
      model.compile({ optimizer: 'sgd', loss: 'mse', mode: 'exact', engine: 'functional' });
    const x = [
      [0, 1],
      [1, 0.5],
      [0.25, 0.75],
    ];
    const y = [[1], [0], [0.5]];
    const options = { batchSize: 2 };
    await using straight = build();
    compile(straight);
    await straight.fit(x, y, { ...options, epochs: 3 });
    await using first = build();
    compile(first);
    await first.fit(x, y, { ...options, epochs: 2 });
    await using second = await roundTrip(first);
    compile(second);
    await second.fit(x, y, { ...options, epochs: 3, initialEpoch: 2 });
    t.same(second.getFixedWeights(), straight.getFixedWeights());
  });
}

t.test('TensorFlow.js loads and predicts what we write', async (t) => {
  const model = sequential({
    seed: 1,
    layers: [
      layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
      layers.batchNormalization(),
      layers.leakyReLU({ negativeSlope: 0.1 }),
      layers.depthwiseConv2d({ kernelSize: 2, padding: 'same' }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({
    optimizer: 'sgd',
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine: 'float',
  });
  const { modelJson, shards } = modelToTensorFlowJs(model);
  const [weightData] = Object.values(shards);
  const [{ weights }] = modelJson.weightsManifest as [{ weights: tf.io.WeightsManifestEntry[] }];
  const live = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: modelJson.modelTopology as object,
      trainingConfig: modelJson.trainingConfig as tf.io.TrainingConfig,
      weightSpecs: weights,
      weightData: weightData!.slice().buffer,
      format: 'layers-model',
    }),
  );
  const x = noise(4, 6, 6, 1);
  const expected = (live.predict(tf.tensor(x.data, x.shape)) as tf.Tensor).dataSync();
  const { data } = await model.predict(x);
  t.ok(data.every((value, i) => Math.abs(value - expected[i]!) < 1e-6));
  t.same(live.loss, 'categoricalCrossentropy', 'compiled');

  const back = await modelFromLayersModel(live);
  t.ok(bits(back).equals(bits(model)));
});

t.test('a live model of TensorFlow.js is taken over, branches and all', async (t) => {
  const a = tf.input({ shape: [4] });
  const b = tf.layers.dense({ units: 4, activation: 'relu' }).apply(a) as tf.SymbolicTensor;
  const c = tf.layers.add().apply([a, b]) as tf.SymbolicTensor;
  const live = tf.model({
    inputs: a,
    outputs: tf.layers.dense({ units: 2 }).apply(c) as tf.SymbolicTensor,
  });
  const own = await modelFromLayersModel(live);
  own.compile({ optimizer: 'sgd', loss: 'mse', engine: 'float' });
  const x = noise(3, 4);
  const expected = (live.predict(tf.tensor(x.data, x.shape)) as tf.Tensor).dataSync();
  const { data } = await own.predict(x);
  t.ok(data.every((value, i) => Math.abs(value - expected[i]!) < 1e-6));
});

t.test('public files of Keras load and classify digits', { skip: missing }, async (t) => {
  const { test } = digits(9600);
  for (const [name, read, write] of [
    ['moonflower_mnist.keras', modelFromKeras, modelToKeras],
    ['moonflower_mnist.h5', modelFromH5, modelToH5],
  ] as const) {
    await using model = await read(file(name));
    t.same(model.optimizer?.kind, 'adam', 'compiled as the file says');
    const x = { data: test.x.data, shape: [400, 28, 28, 1] };
    const { accuracy } = await model.evaluate(x, test.y);
    t.ok(accuracy! > 0.985, `${name}: ${accuracy}`);
    await using copy = await read(await write(model));
    t.ok(bits(copy).equals(bits(model)), `${name} round trip`);
    t.same(copy.summary(), model.summary());
  }
});

t.test('older files of Keras load, predict and go round', { skip: missing }, async (t) => {
  for (const name of [
    'dl4j_cnn_batch_norm.h5',
    'dl4j_opt_adam.h5',
    'dl4j_conv1d_k3_s1_same_model.h5',
  ]) {
    await using model = await modelFromH5(file(name));
    t.ok(model.getWeights().length > 0, name);
    await using copy = await modelFromH5(await modelToH5(model));
    t.ok(bits(copy).equals(bits(model)), `${name} round trip`);
  }
});

t.test('a convolution gives the golden values of its public file', { skip: missing }, async (t) => {
  await using model = await modelFromH5(file('dl4j_conv1d_k3_s1_same_model.h5'));
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'float' });
  const { readHdf5 } = await import('./hdf5.js');
  const golden = await readHdf5(
    file('dl4j_conv1d_k3_s1_same_inputs_and_outputs.h5'),
    'file',
    (root) => {
      const values = (path: string) =>
        root.get(path) as unknown as { value: Float32Array; shape: number[] };
      const [inputs, outputs] = [
        root.keys().find((key) => /input/.test(key))!,
        root.keys().find((key) => /output|pred/.test(key))!,
      ];
      const one = (group: string) => {
        const found = values(group) as unknown as { keys?(): string[] };
        const path = found.keys ? `${group}/${found.keys()[0]}` : group;
        return { data: values(path).value, shape: values(path).shape };
      };
      return { x: one(inputs), y: one(outputs) };
    },
  );
  const { data } = await model.predict({ data: golden.x.data, shape: golden.x.shape });
  const most = data.reduce(
    (sum, value, i) => Math.max(sum, Math.abs(value - golden.y.data[i]!)),
    0,
  );
  t.ok(most < 1e-6, `largest error ${most}`);
});

t.test(
  'a public model of TensorFlow.js loads, predicts and goes round',
  { skip: missing },
  async (t) => {
    const modelJson = readFileSync(`${MODELS}tfjs_abalone/model.json`, 'utf8');
    const shards = { 'weights.bin': file('tfjs_abalone/weights.bin') };
    await using model = await modelFromTensorFlowJs({ modelJson, shards });
    t.same(
      model.getWeights().map(({ shape }) => shape),
      [[8, 50], [50], [50, 50], [50], [50, 1], [1]],
    );
    const written = modelToTensorFlowJs(model);
    t.same(
      written.modelJson.modelTopology as object,
      JSON.parse(modelJson).modelTopology,
      'as it was',
    );
    t.ok(Buffer.from(Object.values(written.shards)[0]!).equals(Buffer.from(shards['weights.bin'])));
  },
);

t.test('a subclassed model is refused by its name', { skip: missing }, async (t) => {
  await t.rejects(modelFromKeras(file('keras_nested_container.keras')), {
    name: 'UnsupportedError',
    message: /model NestedDenseModel is not supported: use a Sequential or Functional model/,
  });
});

t.test('what is not supported is refused by name, with what is', async (t) => {
  const archive = (config: unknown) =>
    zipSync({ 'config.json': new TextEncoder().encode(JSON.stringify(config)) });
  const stack = (...list: object[]) => ({
    class_name: 'Sequential',
    config: { name: 's', layers: list },
  });
  const first = { class_name: 'InputLayer', config: { batch_shape: [null, 4] } };
  const refused = async (layer: object, message: RegExp) =>
    t.rejects(modelFromKeras(archive(stack(first, layer))), { name: 'UnsupportedError', message });
  await refused(
    { class_name: 'MultiHeadAttention', config: {} },
    /layer MultiHeadAttention .* Dense, Conv1D/,
  );
  await refused({ class_name: 'Lambda', config: {} }, /layer Lambda/);
  await refused(
    { class_name: 'Dense', config: { units: 1, activation: 'mish' } },
    /activation mish/,
  );
  await refused(
    { class_name: 'Dense', config: { units: 1, activity_regularizer: 'l2' } },
    /activity_regularizer/,
  );
  await refused(
    { class_name: 'Dense', config: { units: 1, kernel_initializer: 'hadamard' } },
    /initializer hadamard/,
  );
  await refused({ class_name: 'Sequential', config: { layers: [] } }, /model inside a model/);
  await t.rejects(
    modelFromH5(await modelToH5(anyModel()).then((bytes) => bytes.slice(0, 100))),
    ModelFileError,
  );
  const graphModel = { format: 'graph-model', modelTopology: {} };
  await t.rejects(modelFromTensorFlowJs({ modelJson: graphModel, shards: {} }), {
    message: /graph-model/,
  });
  await t.rejects(
    modelFromKeras(archive(stack(first, { class_name: 'Dense', config: { units: 2, name: 'd' } }))),
    {
      name: 'ModelFileError',
      message: /model.weights.h5 is missing/,
    },
  );
});

/** Damaged files of each kind. */
const LARGE = process.env.SPIN_TOOLS_LARGE === '1';
const [TRUNCATED, MUTATED] = LARGE ? [500, 3000] : [20, 80];

/** What a zip of one member has besides its name, twice, and its content. */
const ZIP_OVERHEAD_BYTES = 30 + 46 + 22;

/** Errors that a reader may throw for a damaged file. */
const KIND = [ModelFileError, UnsupportedError, ModelDefinitionError, OptionError];

t.test('damaged files get an error that says so, and nothing else', async (t) => {
  const model = sequential({
    layers: [layers.dense({ units: 3, inputShape: [2] }), layers.dense({ units: 1 })],
  });
  const files = { keras: await modelToKeras(model), h5: await modelToH5(model) };
  const { modelJson, shards } = modelToTensorFlowJs(model);
  const json = new TextEncoder().encode(JSON.stringify(modelJson));
  const readers: Readonly<Record<string, [Uint8Array, (bytes: Uint8Array) => Promise<Model>]>> = {
    keras: [files.keras, modelFromKeras],
    h5: [files.h5, modelFromH5],
    json: [
      json,
      (bytes) => modelFromTensorFlowJs({ modelJson: new TextDecoder().decode(bytes), shards }),
    ],
  };
  const draw = randomStream(5);
  const place = (length: number) => Math.floor(draw.uniform() * length);
  for (const [name, [bytes, read]] of Object.entries(readers)) {
    let refused = 0;
    const attempt = async (damaged: Uint8Array, what: string) => {
      try {
        await read(damaged);
      } catch (error) {
        refused += 1;
        if (!KIND.some((kind) => error instanceof kind)) t.fail(`${name} ${what}: ${error}`);
      }
    };
    for (let i = 0; i < TRUNCATED; i++)
      await attempt(bytes.slice(0, place(bytes.length)), 'truncated');
    t.ok(
      refused >= TRUNCATED - 1,
      `${name}: ${refused} of ${TRUNCATED} truncated files were refused`,
    );
    for (let i = 0; i < MUTATED; i++) {
      const damaged = bytes.slice();
      for (let n = 0; n <= i % 4; n++) damaged[place(bytes.length)] = place(256);
      await attempt(damaged, `mutated ${i}`);
    }
    t.comment(`${name}: ${refused} of ${TRUNCATED + MUTATED} damaged files were refused`);
  }
});

t.test(
  'a single wrong bit of what a .keras file holds is refused, naming what it is in',
  async (t) => {
    const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [2] })] });
    const members = unzipSync(await modelToKeras(model));
    const draw = randomStream(7);
    for (const level of [0, 6] as const) {
      for (const [name, content] of Object.entries(members)) {
        const bytes = zipSync({ [name]: content, ...members }, { level });
        const found = Buffer.from(bytes).indexOf(name);
        const start = found + name.length;
        const { length } = zipSync({ [name]: content }, { level });
        const held = length - 2 * name.length - ZIP_OVERHEAD_BYTES;
        for (let i = 0; i < 20; i++) {
          const damaged = bytes.slice();
          damaged[start + Math.floor(draw.uniform() * held)]! ^= 1 << (i % 8);
          await t.rejects(modelFromKeras(damaged), { name: 'ModelFileError', message: name });
        }
      }
    }
  },
);

t.test(
  'files that say they hold more than they can are refused before memory is taken',
  async (t) => {
    const stack = sequential({ layers: [layers.dense({ units: 3, inputShape: [2] })] });
    const members = unzipSync(await modelToKeras(stack));
    const [weights, config] = ['model.weights.h5', 'config.json'] as const;
    const large = strToU8(
      strFromU8(members[config]!)
        .replaceAll('"units":3', '"units":7777')
        .replaceAll('[null,2]', '[null,9999]')
        .replaceAll('"use_bias":true', '"use_bias":false'),
    );
    t.match(strFromU8(large), /7777.*false|false.*7777/);
    // Blocks that nobody wrote take no room in a file, and are read as zeros.
    const hollow = await writeHdf5((root) => {
      const group = ['layers', 'dense', 'vars'].reduce(
        (parent, name) => parent.create_group(name),
        root,
      );
      const [data, maxshape] = [new Float32Array(0), [9999, 7777]];
      const own = { shape: [0, 0], maxshape, chunks: [99, 77], dtype: '<f4' };
      group.create_dataset({ name: '0', data, ...own }).resize([9999, 7777]);
    });
    t.ok(hollow.length < 4000);
    const twice = zipSync({ ...members, 'spin_toolx.json': members[weights]! }, { level: 0 });
    const renamed = (from: string, to: string, bytes: Uint8Array) =>
      new Uint8Array(
        Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1'),
      );
    const endless = zipSync(members, { level: 0 });
    const directoryEnd = new DataView(endless.buffer, endless.byteOffset + endless.length - 22);
    for (const counts of [8, 10]) directoryEnd.setUint16(counts, 0xffff - 1, true);
    const before = process.memoryUsage().arrayBuffers;
    for (const [bytes, message] of [
      [
        zipSync({ ...members, [config]: large, [weights]: hollow }, { level: 0 }),
        /dense\/kernel .* cannot be 311048892 bytes in a file of \d{3,4}$/,
      ],
      [
        zipSync({ ...members, [weights]: new Uint8Array(40 * 2 ** 20) }),
        /cannot be 41943040 bytes in/,
      ],
      [renamed('spin_toolx', 'spin_tools', twice), /spin_tools\.json is in the archive twice/],
      [endless, /archive is damaged/],
    ] as const) {
      await t.rejects(modelFromKeras(bytes), { name: 'ModelFileError', message });
    }
    const taken = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
    t.ok(taken < 100, `${taken} MiB`);
    const restored = await modelFromKeras(zipSync(members));
    t.same(restored.getWeights(), stack.getWeights(), 'compressed as others may');
  },
);

/** Where structures of HDF5 begin: the file, trees, heaps, symbol tables, collections, object headers. */
const HDF5_SIGNATURE = /^(\x89HDF|TREE|HEAP|SNOD|GCOL|OHDR|FRHP|BTHD)/;
/** Bytes of a structure that are worth damaging, and of a file whose rest holds weights. */
const [HEAD_BYTES, STRUCTURED_BYTES] = [64, 24_000];
const REAL_MUTATED = LARGE ? 600 : 40;
/** Of this process: the HDF5 library keeps what it once had. */
const MOST_MEGABYTES = 1200;

t.test(
  'damaged files of Keras get an error that says so, and no memory',
  {
    skip: missing,
    timeout: 3_600_000,
  },
  async (t) => {
    const draw = randomStream(9);
    const place = (length: number) => Math.floor(draw.uniform() * length);
    for (const name of [
      'dl4j_cnn_batch_norm',
      'dl4j_opt_adam',
      'dl4j_conv1d_k3_s1_same_model',
      'moonflower_mnist',
    ]) {
      const bytes = file(`${name}.h5`);
      const heads = Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => 8 * i).filter(
        (at) => HDF5_SIGNATURE.test(String.fromCharCode(...bytes.subarray(at, at + 4))),
      );
      let refused = 0;
      for (let i = 0; i < REAL_MUTATED; i++) {
        const damaged = bytes.slice();
        for (let n = 0; n <= i % 4; n++) {
          const inHead = draw.uniform() < 0.5;
          const at = inHead
            ? heads[place(heads.length)]! + place(HEAD_BYTES)
            : place(Math.min(bytes.length, STRUCTURED_BYTES));
          const values = [0, 1, 127, 128, 255, place(256), (bytes[at] ?? 0) ^ (1 << place(8))];
          damaged[at] = values[place(values.length)]!;
        }
        try {
          const opened = await modelFromH5(damaged);
          await opened.close();
        } catch (error) {
          refused += 1;
          if (!KIND.some((kind) => error instanceof kind)) t.fail(`${name} ${i}: ${error}`);
        }
      }
      const megabytes = process.memoryUsage().rss / 2 ** 20;
      t.ok(megabytes < MOST_MEGABYTES, `${name}: ${megabytes.toFixed(0)} MiB`);
      t.comment(`${name}: ${refused} of ${REAL_MUTATED} damaged files were refused`);
    }
  },
);

t.test(
  'texts that are longer than the file, and free blocks that go round, are refused',
  async (t) => {
    const bytes = await modelToH5(
      sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] }),
    );
    const view = (of: Uint8Array) => new DataView(of.buffer, of.byteOffset, of.length);
    const starts = (signature: string) => Buffer.from(bytes).indexOf(signature);
    const heap = starts('GCOL');
    const long = bytes.slice();
    const text = Array.from({ length: bytes.length / 4 - 4 }, (_, i) => 4 * i).find(
      (at) => view(bytes).getUint32(at + 4, true) === heap && view(bytes).getUint32(at, true) > 0,
    )!;
    view(long).setUint32(text, 2_000_000_000, true);
    await t.rejects(modelFromH5(long), { name: 'ModelFileError', message: /a text of 2000000000/ });
    const round = new Uint8Array(64);
    round.set(strToU8('HEAP'));
    // Data at 32, of which the first free block lies at 8 and says that the next one does.
    for (const [at, value] of [
      [16, 8n],
      [24, 32n],
      [40, 8n],
    ] as const) {
      view(round).setBigUint64(at, value, true);
    }
    t.throws(() => checkHeaps(round, 'file'), { name: 'ModelFileError', message: /round to 8/ });
    const opened = await modelFromH5(bytes);
    t.equal(opened.layers.length, 2);
  },
);

/** Documents of each kind. */
const SPOILED = 120;

/** What nobody who wrote a file with care would put there. */
const HOSTILE: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  1e9,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  1e308,
  '',
  '__proto__',
  'toString',
  [],
  {},
  [[]],
  [1e6, 1e6, 1e6],
  true,
  { class_name: 'Dense', config: {} },
  'A'.repeat(1000),
];

type Json = Record<string, unknown>;

/** A document with one place or two where something else is, too much, or nothing. */
function spoiled(document: unknown, draw: () => number): unknown {
  const result = structuredClone(document);
  for (let places = draw() < 0.5 ? 1 : 2; places > 0; places--) {
    let at = result as Json;
    for (let keys = Object.keys(at); keys.length > 0; keys = Object.keys(at)) {
      const key = keys[Math.floor(draw() * keys.length)] as string;
      const child = at[key];
      if (typeof child === 'object' && child !== null && draw() < 0.85) {
        at = child as Json;
        continue;
      }
      const kind = draw();
      if (kind < 0.15) delete at[key];
      else if (kind < 0.25 && Array.isArray(at)) at.push(child);
      else at[key] = structuredClone(HOSTILE[Math.floor(draw() * HOSTILE.length)]);
      break;
    }
  }
  return result;
}

t.test('documents with hostile values get an error that says so, and no memory', async (t) => {
  const source = input({ shape: [6, 6, 1] });
  const convolution = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' });
  const first = apply(convolution, source);
  const sum = apply(layers.add(), [first, apply(layers.batchNormalization(), first)]);
  const large = apply(layers.upSampling2d({ size: 2 }), apply(layers.maxPooling2d(), sum));
  const padded = apply(layers.zeroPadding2d({ padding: 1 }), large);
  const sequence = apply(layers.reshape({ targetShape: [64, 2] }), padded);
  const last = apply(layers.dense({ units: 2 }), apply(layers.lstm({ units: 2 }), sequence));
  const net = functional({ inputs: source, outputs: last });
  net.compile({ optimizer: 'adam', loss: 'mse', engine: 'float', metrics: ['mae'] });
  const stack = sequential({ layers: [layers.dense({ units: 3, inputShape: [2] })] });
  stack.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional' });
  await stack.fit([[1, 2]], [[1, 2, 3]]);
  const members = unzipSync(await modelToKeras(net));
  const config = JSON.parse(strFromU8(members['config.json']!));
  const { modelJson, shards } = modelToTensorFlowJs(net);
  const zipped = (document: unknown) =>
    zipSync({ ...members, 'config.json': strToU8(JSON.stringify(document)) }, { level: 0 });
  const readers: Readonly<Record<string, [unknown, (document: unknown) => Promise<Model>]>> = {
    'our JSON': [modelToJson(net), modelFromJson],
    'our JSON of a stack': [modelToJson(stack), modelFromJson],
    '.keras': [config, (document) => modelFromKeras(zipped(document))],
    'model.json': [modelJson, (modelJson) => modelFromTensorFlowJs({ modelJson, shards } as never)],
  };
  const draw = randomStream(7);
  for (const [name, [document, read]] of Object.entries(readers)) {
    for (let i = 0; i < SPOILED; i++) {
      try {
        const opened = await read(spoiled(document, () => draw.uniform()));
        await opened.close();
      } catch (error) {
        if (!KIND.some((kind) => error instanceof kind)) t.fail(`${name} ${i}: ${error}`);
      }
    }
    const megabytes = process.memoryUsage().arrayBuffers / 2 ** 20;
    t.ok(megabytes < 500, `${name}: ${megabytes} MiB`);
  }
});
