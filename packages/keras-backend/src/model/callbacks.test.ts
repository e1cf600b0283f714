/** What `fit` does between epochs: callbacks, stopping, going on. */
import t from 'tap';
import {
  csvLogger,
  earlyStopping,
  type Logs,
  layers,
  learningRateScheduler,
  type Model,
  modelCheckpoint,
  modelFromKeras,
  modelToKeras,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
  terminateOnNaN,
} from '../index.js';

const X = Array.from({ length: 12 }, (_, i) => [i / 12]);
const Y = X.map(([x]) => [2 * x! - 1]);

function line(engine: 'float' | 'functional' = 'float', learningRate = 0.1): Model {
  const model = sequential({ seed: 1, layers: [layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: sgd({ learningRate }), loss: 'mse', engine });
  return model;
}

const weightsOf = (model: Model) => model.getWeights().map(({ data }) => [...data]);

/** Replaces a logged value by values of ours, to drive what watches it. */
const scripted = (values: readonly number[]) => ({
  onEpochEnd: (epoch: number, logs: Logs) => {
    logs.val_loss = values[epoch] ?? values.at(-1)!;
  },
});

t.test('early stopping waits, stops, and gives back the best weights', async (t) => {
  const model = line();
  const seen: number[][][] = [];
  const stopping = earlyStopping({ patience: 2, restoreBestWeights: true });
  const { epoch, stopped } = await model.fit(X, Y, {
    epochs: 10,
    callbacks: [
      scripted([5, 3, 4, 4, 9]),
      stopping,
      {
        onEpochEnd: async (_e, _l, control) =>
          void seen.push((await control.state()).floats.map((each) => [...each])),
      },
    ],
  });
  t.same(epoch, [0, 1, 2, 3]);
  t.equal(stopped, 'callback');
  t.same(weightsOf(model), seen[1]);
  await t.rejects(line().fit(X, Y, { callbacks: earlyStopping() }), {
    message: /monitor is val_loss: the logs have loss/,
  });
});

t.test('the learning rate falls on a plateau and by a schedule, and is recorded', async (t) => {
  const plateau = reduceLearningRateOnPlateau({ patience: 2, factor: 0.5, minLearningRate: 0.03 });
  const first = await line().fit(X, Y, {
    epochs: 7,
    callbacks: [scripted([1, 1, 1, 1, 1, 1, 1]), plateau],
  });
  t.same(first.history.learning_rate, [0.1, 0.1, 0.1, 0.05, 0.05, 0.03, 0.03]);
  for (const engine of ['float', 'functional'] as const) {
    const schedule = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
    const { history } = await line(engine).fit(X, Y, { epochs: 3, callbacks: schedule });
    t.same(history.learning_rate, [0.1, 0.05, 0.025], engine);
  }
});

t.test(
  'checkpoints are saved with what was trained, the best ones only where wanted',
  async (t) => {
    const model = line();
    const saved: number[] = [];
    let file: Uint8Array | undefined;
    await model.fit(X, Y, {
      epochs: 4,
      callbacks: [
        scripted([3, 1, 2, 0.5]),
        modelCheckpoint({
          saveBestOnly: true,
          save: async (epoch) => {
            saved.push(epoch);
            file = await modelToKeras(model);
          },
        }),
      ],
    });
    t.same(saved, [0, 1, 3]);
    t.same(weightsOf(await modelFromKeras(file!)), weightsOf(model));
  },
);

t.test('a log in CSV has a line of names and a line an epoch', async (t) => {
  let text = '';
  await line().fit(X, Y, {
    epochs: 2,
    validationSplit: 0.25,
    callbacks: csvLogger({
      write: (line) => {
        text += line;
      },
    }),
  });
  t.match(text, /^epoch,loss,val_loss\n0,0\.\d+,\d\.\d+\n1,0\.\d+,\d\.\d+\n$/);
});

t.test('training that diverges is ended', async (t) => {
  const { epoch, stopped } = await line('float', 1e30).fit(X, Y, {
    epochs: 50,
    callbacks: terminateOnNaN(),
  });
  t.equal(stopped, 'callback');
  t.ok(epoch.length < 5);
});

t.test('a signal keeps the last finished batch, with both kinds of engines', async (t) => {
  for (const engine of ['float', 'functional'] as const) {
    const stopping = new AbortController();
    const model = line(engine);
    const { stopped, epoch } = await model.fit(X, Y, {
      epochs: 5,
      batchSize: 1,
      shuffle: false,
      signal: stopping.signal,
      callbacks: { onEpochEnd: (epoch) => void (epoch === 1 && stopping.abort()) },
    });
    t.equal(stopped, 'signal');
    t.same(epoch, [0, 1]);
    const same = line(engine);
    await same.fit(X, Y, { epochs: 2, batchSize: 1, shuffle: false });
    t.same(weightsOf(model), weightsOf(same), engine);
  }
  const stopping = new AbortController();
  const model = line();
  const onBatchEnd = (batch: number) => void (batch === 2 && stopping.abort());
  await model.fit(X, Y, {
    batchSize: 4,
    shuffle: false,
    signal: stopping.signal,
    callbacks: { onBatchEnd },
  });
  const three = line();
  await three.fit(X.slice(0, 12), Y.slice(0, 12), { batchSize: 4, shuffle: false });
  t.same(weightsOf(model), weightsOf(three), 'in the middle of an epoch');
});

t.test('going on from epoch 2 gives the bits of one run, with both kinds of engines', async (t) => {
  for (const engine of ['float', 'functional'] as const) {
    const straight = line(engine);
    await straight.fit(X, Y, { epochs: 5, batchSize: 4 });
    const parts = line(engine);
    await parts.fit(X, Y, { epochs: 2, batchSize: 4 });
    const other = line(engine);
    await other.setState(parts.getState());
    const { epoch } = await other.fit(X, Y, { initialEpoch: 2, epochs: 5, batchSize: 4 });
    t.same(epoch, [2, 3, 4]);
    t.same(weightsOf(other), weightsOf(straight), engine);
  }
  await t.rejects(line().fit(X, Y, { initialEpoch: 2 }), { message: /initialEpoch is 2/ });
});

t.test(
  'what the fixed-point engines do not compute is refused before anything is mapped',
  async (t) => {
    const recurrent = sequential({
      layers: [layers.gru({ units: 2, inputShape: [8, 1] }), layers.dense({ units: 1 })],
    });
    t.throws(() => recurrent.compile({ optimizer: 'sgd', loss: 'mse' }), {
      name: 'UnsupportedError',
      message:
        /on the machine engine, layer gru \(GRU\) is not supported: use .* or engine 'float'/,
    });
    const volumes = sequential({
      layers: [layers.dense({ units: 1, inputShape: [2, 2, 2, 2] })],
    });
    t.throws(() => volumes.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional' }), {
      message: /on the functional engine, shape \[2,2,2,2\] .* up to 3 axes/,
    });
    const dense = line();
    const compile = (options: object) => () =>
      dense.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional', ...options });
    compile({ optimizer: 'adam', loss: 'huber', metrics: ['mae'] })();
    compile({})();
  },
);

t.test(
  'an activation layer behind a linear Dense is the activation of a fixed-point layer',
  async (t) => {
    const build = (apart: boolean) => {
      const model = sequential({
        seed: 2,
        layers: [
          layers.dense({
            units: 3,
            inputShape: [1],
            ...(apart ? {} : { activation: 'relu' as const }),
          }),
          ...(apart ? [layers.reLU()] : []),
          layers.dense({ units: 1 }),
        ],
      });
      model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'functional' });
      return model;
    };
    const [apart, together] = [build(true), build(false)];
    for (const model of [apart, together]) await model.fit(X, Y, { epochs: 3, batchSize: 4 });
    t.same(weightsOf(apart), weightsOf(together));
  },
);

t.test('batches from a generator train as the same batches of arrays do', async (t) => {
  const whole = line();
  const options = { epochs: 2, batchSize: 4, shuffle: false };
  const expected = await whole.fit(X, Y, { ...options, validationData: [X, Y] });
  const batches = [0, 4, 8].map((from) => ({
    x: X.slice(from, from + 4),
    y: Y.slice(from, from + 4),
  }));
  const stream = async function* () {
    yield* batches;
  };
  for (const dataset of [stream, batches]) {
    const model = line();
    const { history } = await model.fitDataset(dataset, { epochs: 2, validationData: [X, Y] });
    t.same(weightsOf(model), weightsOf(whole));
    t.same(history, expected.history);
  }
  await t.rejects(line().fitDataset([{ x: [[1, 2]], y: [[1]] }]), {
    message: /batch.x has samples of shape/,
  });
});
