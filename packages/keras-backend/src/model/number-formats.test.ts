/** Number formats as users see them: by name, wanted and measured, kept with the weights. */
import t from 'tap';
import {
  type CompileOptions,
  layers,
  type Model,
  modelFromJson,
  modelFromKeras,
  modelToJson,
  modelToKeras,
  sequential,
  sgd,
} from '../index.js';

const X = Array.from({ length: 24 }, (_, s) =>
  Array.from({ length: 36 }, (_, i) => Math.sin(s * 7 + i) / (1 + (s % 3))),
);
const IMAGES = { data: X.flat(), shape: [24, 6, 6, 1] };
const Y = X.map((_, s) => (s % 2 ? [1, 0] : [0, 1]));

const FUNCTIONAL = { engine: 'functional' } as const;

function network(options: Partial<CompileOptions> = {}): Model {
  const net = sequential({
    seed: 3,
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  compile(net, options);
  return net;
}

function compile(net: Model, options: Partial<CompileOptions> = {}): void {
  const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 });
  net.compile({ optimizer, loss: 'categorical_crossentropy', ...FUNCTIONAL, ...options });
}

function stack(): Model {
  const net = sequential({
    seed: 3,
    layers: [
      layers.dense({ units: 9, activation: 'relu', inputShape: [36] }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  net.compile({
    optimizer: sgd({ learningRate: 2 }),
    loss: 'categorical_crossentropy',
    ...FUNCTIONAL,
  });
  return net;
}

const flat = (net: Model) => net.getWeights().flatMap(({ data }) => [...data]);
const part = (from: number, until: number) => ({
  data: X.slice(from, until).flat(),
  shape: [until - from, 6, 6, 1],
});

t.test('formats are measured, and told by the names of tensors', async (t) => {
  await using net = network();
  t.equal(net.formats, undefined);
  await net.fit(IMAGES, Y);
  const { formats = {} } = net;
  t.same(Object.keys(formats), [
    'input/output',
    'conv2d/kernel',
    'conv2d/sum',
    'conv2d/delta',
    'conv2d/output',
    'conv2d/error',
    'dense/kernel',
    'dense/sum',
    'dense/delta',
    'dense/output',
    'dense/error',
  ]);
  const bits = (name: string) => formats[name]!.fractionBits;
  t.equal(bits('conv2d/sum'), Math.min(26, bits('input/output') + bits('conv2d/kernel')));
  t.equal(bits('dense/output'), 15);
});

t.test('formats follow weights that grow within an epoch', async (t) => {
  const many = Array.from({ length: 4 * X.length }, (_, s) =>
    Array.from({ length: 36 }, (_, i) => Math.sin(s * 7 + i) / (1 + (s % 3))),
  );
  const images = { data: many.flat(), shape: [many.length, 6, 6, 1] };
  const targets = many.map(([a = 0, b = 0]) => [300 * (a + b)]);
  const trained = async (options: Partial<CompileOptions>) => {
    await using net = sequential({
      seed: 3,
      layers: [
        layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 1] }),
        layers.flatten(),
        layers.dense({ units: 1 }),
      ],
    });
    net.compile({ optimizer: sgd({ learningRate: 0.5, clipNorm: 1 }), loss: 'mse', ...options });
    const { history, saturations } = await net.fit(images, targets, { epochs: 1, batchSize: 1 });
    return { loss: history.loss?.[0] as number, saturations };
  };
  const float = await trained({ engine: 'float' });
  const fast = await trained(FUNCTIONAL);
  t.ok(Math.abs(fast.loss / float.loss - 1) < 0.01, `${fast.loss} and ${float.loss}`);
  t.ok(fast.saturations < 20, `${fast.saturations} values were clamped`);
});

t.test('a format that is wanted takes the place of the measured one', async (t) => {
  await using measured = network();
  await measured.fit(IMAGES, Y);
  const formats = { 'conv2d/kernel': { fractionBits: 3 }, 'dense/delta': { fractionBits: 9 } };
  await using coarse = network({ formats });
  t.same(coarse.formats, formats);
  await coarse.fit(IMAGES, Y);
  t.match(coarse.formats, formats);
  const input = measured.formats!['input/output']!.fractionBits;
  t.equal(coarse.formats!['conv2d/sum']!.fractionBits, input + 3);
  t.not(coarse.formats!['dense/kernel'], undefined);
  t.notSame(flat(coarse), flat(measured));
  const error = Math.max(...flat(coarse).map((w, i) => Math.abs(w - flat(measured)[i]!)));
  t.ok(error < 0.02, `${error}: coarser kernels still train`);

  await using same = network({ formats: measured.formats! });
  await same.fit(IMAGES, Y);
  t.same(flat(same), flat(measured), 'wanting what is measured changes nothing');
});

t.test('a stack of Dense layers with formats of its own is a schedule', async (t) => {
  await using net = stack();
  t.ok(net.plan());
  net.compile({
    optimizer: 'sgd',
    loss: 'categorical_crossentropy',
    ...FUNCTIONAL,
    formats: { 'dense_1/kernel': { fractionBits: 11 } },
  });
  await net.fit(X, Y);
  t.same(net.formats!['dense_1/kernel'], { fractionBits: 11 });
});

t.test('formats that cannot be are refused with the names that there are', async (t) => {
  const wanted = (formats: object) => () => network({ formats: formats as never });
  t.throws(wanted({ 'conv2d_1/kernel': { fractionBits: 3 } }), {
    name: 'OptionError',
    message:
      /formats is conv2d_1\/kernel: is no tensor of the model: name input\/output, conv2d\/kernel, .*dense\/error$/,
  });
  for (const fractionBits of [1.5, 31, -17, undefined, '4']) {
    t.throws(wanted({ 'conv2d/kernel': { fractionBits } }), {
      message: /whole number from -16 to 30/,
    });
  }
  t.throws(wanted({ 'dense/sum': { fractionBits: 0 } }), { message: /from 1 to 26/ });
  t.throws(wanted({ 'dense/sum': null }), {
    message: /formats\['dense\/sum'\].fractionBits is undefined/,
  });
  const own = { engine: async () => t.fail() as never, formats: { 'a/b': { fractionBits: 1 } } };
  t.throws(() => compile(stack(), own), { message: /only with engine/ });
});

t.test('the outputs of a sample do not depend on those that it is asked with', async (t) => {
  await using trained = network();
  await trained.fit(IMAGES, Y, { epochs: 2 });
  const all = [...(await trained.predict(IMAGES)).data];
  const apart = [...(await trained.predict(part(20, 24))).data];
  t.same(apart, all.slice(40), 'after training');

  await using fresh = network();
  const first = [...(await fresh.predict(part(20, 24))).data];
  const again = [...(await fresh.predict(IMAGES)).data];
  t.same(again.slice(40), first, 'of weights that nobody trained: the first samples choose');
  const { formats } = fresh;
  await fresh.calibrate(IMAGES);
  await fresh.predict(part(20, 24));
  const calibrated = fresh.formats;
  await using other = network();
  await other.calibrate(IMAGES);
  t.same(other.formats, calibrated);
  t.ok(formats);
  await fresh.setWeights(trained.getWeights());
  t.equal(fresh.formats, undefined, 'other weights, other formats');
});

t.test('inputs larger than those of the training get room', async (t) => {
  await using net = network();
  await net.fit(IMAGES, Y);
  const large = { data: IMAGES.data.map((value) => 2.5 * value), shape: IMAGES.shape };
  const { data } = await net.predict(large);
  await using float = network({ engine: 'float' });
  await float.setWeights(net.getWeights());
  const expected = (await float.predict(large)).data;
  t.ok(Math.max(...data.map((value, i) => Math.abs(value - expected[i]!))) < 0.05);
});

t.test('training that goes on from any file gives the bits of one run', async (t) => {
  const writers = {
    json: (net: Model) => modelFromJson(JSON.parse(JSON.stringify(modelToJson(net)))),
    keras: async (net: Model) => modelFromKeras(await modelToKeras(net)),
    state: async (net: Model) => {
      const other = net.layers.length > 2 ? network() : stack();
      await other.setState(net.getState());
      return other;
    },
  };
  for (const [name, reopened] of Object.entries(writers)) {
    for (const build of [network, stack]) {
      const x = build === stack ? X : IMAGES;
      await using straight = build();
      await straight.fit(x, Y, { epochs: 4 });
      await using first = build();
      await first.fit(x, Y, { epochs: 2 });
      await using second = await reopened(first);
      second.compile({ ...first.compileOptions!, ...FUNCTIONAL });
      const [again, before] = [await second.predict(x), await first.predict(x)];
      t.same([...again.data], [...before.data], `${name}: predictions`);
      await second.fit(x, Y, { initialEpoch: 2, epochs: 4 });
      t.same(flat(second), flat(straight), `${name}: weights of ${build.name}`);
    }
  }
});

t.test('formats in files are checked', async (t) => {
  await using net = stack();
  await net.fit(X, Y);
  const file = modelToJson(net);
  for (const [odd, message] of [
    [{ ...file.formats, mode: 'slow' }, /formats.mode should be fast or exact/],
    [{ ...file.formats, kind: 'other' }, /formats.kind should be/],
    [
      { ...file.formats, targetFraction: 99 },
      /formats.targetFraction should be a whole number from -32 to 31/,
    ],
    [
      {
        ...file.formats,
        layers: [{ input: 1, weight: 1, z: 3, activation: 1, delta: 1, error: 1 }],
      },
      /z is 3/,
    ],
    [{ kind: 'schedule', mode: 'fast', calls: [{}] }, /formats.calls\[0\].value/],
  ] as const) {
    await t.rejects(modelFromJson({ ...file, formats: odd }), { name: 'ModelFileError', message });
  }
});
