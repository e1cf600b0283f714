/** Options with values that cannot be used: refused by name before anything is opened. */
import t, { type Test } from 'tap';
import {
  type CompileOptions,
  csvLogger,
  earlyStopping,
  type History,
  layers,
  learningRateScheduler,
  modelCheckpoint,
  OptionError,
  reduceLearningRateOnPlateau,
  sequential,
} from '../index.js';

/** What JavaScript, unlike the compiler, lets pass. */
const anything = (value: unknown) => value as never;

function compiled(machine = {}) {
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'machine', machine: anything(machine) });
  return model;
}

t.test('options of a machine', (t) => {
  for (const [options, message] of [
    [{ bord: 'spin3' }, /machine: bord is not an option: machine has machine, board, triads/],
    [{ board: 'spin9' }, /machine\.board is spin9: give spin3 or spin5/],
    [{ machine: 'spalloc' }, /machine\.machine is spalloc: give 'virtual' or \{ host \}/],
    [{ triads: { width: 0, height: 1 } }, /machine\.triads is .*: give \{ width, height \}/],
    [{ replicas: 0 }, /machine\.replicas is 0: give a whole number above 0/],
    [{ workers: 1.5 }, /machine\.workers is 1\.5: give a whole number above 0/],
    [{ dataBytes: -1 }, /machine\.dataBytes is -1: give a whole number above 0/],
    [{ chooseFor: 'speed' }, /machine\.chooseFor is speed: give board or simulation/],
  ] as const) {
    t.throws(() => compiled(options), { name: 'OptionError', message });
  }
  compiled({ board: undefined, replicas: 3 });
  t.end();
});

t.test('options of fit', async (t) => {
  const model = compiled();
  for (const [options, message] of [
    [{ callbacks: 3 }, /callbacks is 3: give objects with functions such as onEpochEnd/],
    [{ callbacks: [undefined] }, /callbacks is undefined: give objects/],
    [{ signal: 5 }, /signal is 5: give the signal of an AbortController/],
    [{ shuffle: 'batch' }, /shuffle is batch: give true or false/],
    [{ validationData: { x: [[1]], y: [[1]] } }, /validationData is .*: give \[x, y\]/],
    [{ verbose: 2 }, /verbose is 2: give 0 or 1/],
    [{ onProgress: true }, /onProgress is true: give a function/],
  ] as const) {
    const error = await model.fit([[1]], [[1]], anything(options)).catch((error) => error);
    t.ok(error instanceof OptionError);
    t.match(error.message, message);
  }
  const error = await model.fitDataset(anything(null)).catch((error) => error);
  t.match(error.message, /dataset is null: give a function that returns batches/);
});

/** A model that says on which samples it was trained: refusing is before anything is computed. */
function unmoved(units = 1, loss: CompileOptions['loss'] = 'mse') {
  const model = sequential({ layers: [layers.dense({ units, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss, engine: 'float' });
  return model;
}

async function refused(t: Test, work: Promise<History>, message: RegExp, name = 'OptionError') {
  await t.rejects(work, { name, message });
}

t.test('callbacks with a name that is never called are refused with those that are', async (t) => {
  const known = 'callbacks have onTrainBegin, onEpochBegin, onBatchEnd, onEpochEnd, onTrainEnd';
  const nothing = () => {};
  class Watch {
    best = 0;
    on_epoch_end() {}
    onTrainEnd() {}
  }
  class Aside {
    update() {}
  }
  for (const [callbacks, message] of [
    [{ onEpochEnds: nothing }, 'callbacks: onEpochEnds is never called: '],
    [
      [{ onTrainEnd: nothing }, { onEpochEnd: nothing, epochBegin: nothing }],
      'callbacks: epochBegin',
    ],
    [{ onEpochEnd: nothing, on_batch_end: 1 }, 'callbacks: on_batch_end is never called: '],
    [new Watch(), 'callbacks: on_epoch_end is never called: '],
    [{ patience: 3 }, 'callbacks is an object with patience and nothing to call: '],
    [new Aside(), 'callbacks is an object with update and nothing to call: '],
  ] as const) {
    const error = await unmoved()
      .fit([[1]], [[1]], { callbacks: anything(callbacks) })
      .catch((error) => error);
    t.ok(error instanceof OptionError && error.message.startsWith(message), error.message);
    t.ok(error.message.endsWith(known), error.message);
  }
  const wrong = { callbacks: anything({ onEpochEnd: 'print' }) };
  await refused(
    t,
    unmoved().fit([[1]], [[1]], wrong),
    /callbacks\.onEpochEnd is print: give a function/,
  );
  await refused(t, unmoved().fitDataset([{ x: [[1]], y: [[1]] }], wrong), /callbacks\.onEpochEnd/);
  let asked = 0;
  class Counter {
    #count = 0;
    helper = () => this.#count;
    onEpochEnd() {
      this.#count += 1;
      asked = this.helper();
    }
  }
  const optional = { onTrainBegin: undefined, onEpochEnd: nothing, seen: [] };
  await unmoved().fit([[1]], [[1]], { callbacks: anything([new Counter(), optional, {}]) });
  t.equal(asked, 1, 'what objects have besides is their own affair');
});

t.test('options of callbacks are refused by name', (t) => {
  const save = () => {};
  for (const [make, message] of [
    [
      () => earlyStopping(anything({ patiance: 3 })),
      /earlyStopping: patiance is not an option: .* monitor, mode, minDelta, patience/,
    ],
    [
      () => earlyStopping({ patience: -1 }),
      /earlyStopping\.patience is -1: give a whole number of at least 0/,
    ],
    [
      () => earlyStopping({ baseline: Number.NaN }),
      /earlyStopping\.baseline is NaN: give a finite number/,
    ],
    [
      () => earlyStopping(anything({ mode: 'less' })),
      /earlyStopping\.mode is less: give auto or min or max/,
    ],
    [() => earlyStopping(anything(3)), /earlyStopping is 3: give an object with monitor/],
    [
      () => reduceLearningRateOnPlateau({ factor: 1 }),
      /factor is 1: give a number above 0 and below 1/,
    ],
    [
      () => reduceLearningRateOnPlateau(anything({ minLr: 0 })),
      /minLr is not an option: .* minLearningRate/,
    ],
    [() => modelCheckpoint(anything({})), /modelCheckpoint\.save is missing: give a function/],
    [
      () => modelCheckpoint(anything({ save, saveBest: true })),
      /saveBest is not an option: .* saveBestOnly/,
    ],
    [() => modelCheckpoint(anything('net.keras')), /modelCheckpoint is net\.keras: give an object/],
    [
      () => csvLogger(anything({ filename: 'log.csv' })),
      /csvLogger: filename is not an option: csvLogger has write/,
    ],
    [
      () => csvLogger(anything({ write: save, append: 1 })),
      /csvLogger\.append is 1: give true or false/,
    ],
    [() => learningRateScheduler(anything(0.1)), /learningRateScheduler is 0\.1: give a function/],
  ] as const) {
    t.throws(make, { name: 'OptionError', message });
  }
  t.end();
});

t.test('a data set without a batch is refused, in whichever epoch that is', async (t) => {
  const batch = { x: [[1]], y: [[1]] };
  const fit = (dataset: unknown) => unmoved().fitDataset(anything(dataset), { epochs: 2 });
  await refused(t, fit([]), /dataset is empty: give at least one batch/);
  const nothing = /dataset gave no batch for an epoch: give a function that begins anew/;
  await refused(
    t,
    fit(() => [].values()),
    nothing,
    'DataError',
  );
  await refused(t, fit([batch].values()), nothing, 'DataError');
  await refused(
    t,
    fit(() => undefined),
    /dataset returned undefined: give a generator/,
    'DataError',
  );
  await refused(t, fit([batch, null]), /batch is null: give \{ x, y \}/, 'DataError');
  const { epoch } = await fit([batch]);
  t.same(epoch, [0, 1]);
});

t.test('weights of classes that there are not, or that are none, are refused', async (t) => {
  const [x, oneHot, sparse] = [
    [[1], [2]],
    [
      [1, 0, 0],
      [0, 0, 1],
    ],
    [0, 2],
  ];
  const three = (classWeight: unknown) =>
    unmoved(3, 'categorical_crossentropy').fit(x, oneHot, { classWeight: anything(classWeight) });
  for (const [classWeight, message] of [
    [{ 3: 1 }, /classWeight: 3 is not a class: the classes of the targets are 0, 1, 2$/],
    [{ cat: 1 }, /classWeight: cat is not a class: /],
    [
      { 1: Number.POSITIVE_INFINITY },
      /classWeight\[1\] is Infinity: give a finite number of at least 0/,
    ],
    [{ 1: Number.NaN }, /classWeight\[1\] is NaN/],
    [{ 1: -1 }, /classWeight\[1\] is -1/],
    [{ 1: '2' }, /classWeight\[1\] is 2: give a finite number/],
    [[1, 2, 3, 4], /classWeight: 3 is not a class/],
    [new Map([[0, 2]]), /classWeight is .*: give an object with numbers by class/],
    [2, /classWeight is 2: give an object/],
    [null, /classWeight is null: give an object/],
  ] as const) {
    await refused(t, three(classWeight), message);
  }
  const losses = async (model: ReturnType<typeof unmoved>, y: unknown, classWeight: object) =>
    (await model.fit(x, anything(y), { classWeight: anything(classWeight) })).history.loss;
  const weighted = { 2: 3 };
  t.same(
    await losses(unmoved(3, 'categorical_crossentropy'), oneHot, weighted),
    await losses(unmoved(3, 'sparse_categorical_crossentropy'), sparse, weighted),
  );
  const sparseModel = unmoved(3, 'sparse_categorical_crossentropy');
  await refused(t, sparseModel.fit(x, sparse, { classWeight: { 5: 1 } }), /5 is not a class/);
  const hinges = { '-1': 2 };
  t.ok(await losses(unmoved(1, 'hinge'), [[-1], [1]], hinges), 'classes of one output');
  await refused(
    t,
    unmoved(1, 'binary_crossentropy').fit(x, [[0], [1]], { classWeight: { 2: 1 } }),
    /classWeight: 2 is not a class: the classes of the targets are 0, 1$/,
  );
});
