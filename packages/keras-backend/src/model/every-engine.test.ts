/** What a user asks of `compile`, `fit` and `evaluate` means the same on every engine, for both kinds of networks. */
import t from 'tap';
import {
  adam,
  apply,
  type CompileOptions,
  type FitOptions,
  input,
  type Layer,
  layers,
  learningRateScheduler,
  type Model,
  type ModelSamples,
  model,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
} from '../index.js';

const X = Array.from({ length: 22 }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 5) / 5]);
const Y = X.map(([a, b]) => (a! > 0 ? [1, 0, 0] : b! > 0 ? [0, 1, 0] : [0, 0, 1]));
const WEIGHTS = X.map((_, i) => (i % 4) / 2);

type Engine = NonNullable<CompileOptions['engine']>;

/** A stack of Dense layers, or with a layer behind which nothing but a schedule will do. */
const networks: Readonly<Record<string, readonly Layer[]>> = {
  'stack of Dense layers': [
    layers.dense({ units: 6, activation: 'tanh', inputShape: [3] }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
  schedule: [
    layers.dense({ units: 6, activation: 'elu', inputShape: [3] }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
};

function built(own: readonly Layer[], engine: Engine, options: Partial<CompileOptions>): Model {
  const net = sequential({ seed: 4, layers: own });
  const common = {
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    mode: 'exact',
  } as const;
  net.compile({ optimizer: sgd({ learningRate: 0.3 }), ...common, engine, ...options });
  return net;
}

const flat = (net: Model) => net.getWeights().flatMap(({ data }) => [...data]);

function difference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), a.length - b.length);
}

interface Wish {
  readonly compile?: Partial<CompileOptions>;
  readonly fit?: FitOptions;
  readonly evaluate?: { readonly sampleWeight: readonly number[] };
}

const WISHES: Readonly<Record<string, Wish>> = {
  'sample weights': { fit: { sampleWeight: WEIGHTS } },
  'class weights': { fit: { classWeight: { 0: 2, 2: 0.5 } } },
  'both, with a split': {
    fit: { sampleWeight: WEIGHTS, classWeight: { 1: 3 }, validationSplit: 0.3 },
  },
  'weighted validation data': { fit: { validationData: [X, Y, WEIGHTS] } },
  'weights to evaluate with': { evaluate: { sampleWeight: WEIGHTS } },
  'weighted metrics': {
    compile: { weightedMetrics: ['accuracy', 'mse'], metrics: ['top_k_categorical_accuracy'] },
    fit: { sampleWeight: WEIGHTS },
  },
  'the weight of a loss': { compile: { lossWeights: [0.25] } },
  'label smoothing': {
    compile: { loss: { kind: 'categorical_crossentropy', labelSmoothing: 0.1 } },
  },
  'a schedule of rates': {
    compile: {
      optimizer: sgd({
        learningRate: {
          kind: 'exponentialDecay',
          initialLearningRate: 0.3,
          decaySteps: 2,
          decayRate: 0.9,
        },
      }),
    },
  },
  'a rate by epochs': { fit: { callbacks: learningRateScheduler((epoch) => 0.4 / (epoch + 1)) } },
  'a rate that falls': {
    fit: { callbacks: reduceLearningRateOnPlateau({ monitor: 'loss', patience: 1, minDelta: 10 }) },
  },
  'clipped values': { compile: { optimizer: sgd({ learningRate: 0.3, clipValue: 0.01 }) } },
  'a clipped norm': { compile: { optimizer: sgd({ learningRate: 0.3, globalClipNorm: 0.05 }) } },
  'weight decay': { compile: { optimizer: adam({ learningRate: 0.01, weightDecay: 0.1 }) } },
  'a split, in order, from epoch 1': {
    fit: { validationSplit: 0.25, shuffle: false, initialEpoch: 1, batchSize: 7 },
  },
};

for (const [kind, own] of Object.entries(networks)) {
  t.test(`${kind}: options mean the same in fixed point as in float32`, async (t) => {
    for (const [wish, { compile = {}, fit = {}, evaluate = {} }] of Object.entries(WISHES)) {
      const run = async (engine: Engine) => {
        await using net = built(own, engine, compile);
        const { history, epoch } = await net.fit(X, Y, { epochs: 4, batchSize: 8, ...fit });
        const tested = await net.evaluate(X, Y, evaluate);
        return { weights: flat(net), history, epoch, tested };
      };
      const [float, fixed] = [await run('float'), await run('functional')];
      t.same(fixed.epoch, float.epoch, `${wish}: epochs`);
      t.same(
        Object.keys(fixed.history).sort(),
        Object.keys(float.history).sort(),
        `${wish}: names`,
      );
      t.ok(difference(fixed.weights, float.weights) < 2e-5, `${wish}: weights`);
      for (const [name, values] of Object.entries(float.history)) {
        t.ok(difference(fixed.history[name]!, values) < 1e-4, `${wish}: ${name} of the history`);
      }
      t.ok(
        difference(Object.values(fixed.tested), Object.values(float.tested)) < 1e-4,
        `${wish}: evaluate`,
      );
    }
  });

  t.test(`${kind}: weights that are all 1 change nothing that can be seen`, async (t) => {
    await using plain = built(own, 'functional', {});
    await using weighted = built(own, 'functional', {});
    await plain.fit(X, Y, { epochs: 3 });
    await weighted.fit(X, Y, { epochs: 3, sampleWeight: X.map(() => 1) });
    t.ok(difference(flat(plain), flat(weighted)) < 2e-5);
    t.ok(
      difference([...(await weighted.predict(X)).data], [...(await plain.predict(X)).data]) < 1e-4,
    );
  });

  t.test(`${kind}: batches of an iterator train as arrays do`, async (t) => {
    const options = { epochs: 2, shuffle: false, batchSize: 8 };
    const batches = [0, 8, 16].map((from) => ({
      x: X.slice(from, from + 8),
      y: Y.slice(from, from + 8),
      sampleWeight: WEIGHTS.slice(from, from + 8),
    }));
    await using whole = built(own, 'float', {});
    await using stream = built(own, 'functional', {});
    await whole.fit(X, Y, { ...options, sampleWeight: WEIGHTS });
    await stream.fitDataset(batches, { epochs: 2 });
    t.ok(difference(flat(stream), flat(whole)) < 2e-5);
  });
}

t.test('losses, weights and metrics of several outputs are those of float32', async (t) => {
  const run = async (engine: Engine, weights: CompileOptions['lossWeights']) => {
    const source = input({ shape: [3] });
    const hidden = apply(layers.dense({ units: 5, activation: 'tanh' }), source);
    const kind = apply(layers.dense({ units: 3, activation: 'softmax', name: 'kind' }), hidden);
    const size = apply(layers.dense({ units: 1, name: 'size' }), hidden);
    await using net = model({ inputs: source, outputs: [kind, size], seed: 2 });
    net.compile({
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      loss: { kind: 'categorical_crossentropy', size: 'mse' },
      lossWeights: weights!,
      metrics: { kind: ['accuracy'], size: ['mae'] },
      mode: 'exact',
      engine,
    });
    const y = { kind: Y, size: X.map(([a]) => [a!]) } as unknown as ModelSamples;
    const { history } = await net.fit(X, y, {
      epochs: 3,
      sampleWeight: { size: WEIGHTS },
      validationSplit: 0.2,
    });
    return { history, weights: flat(net) };
  };
  for (const weights of [[1, 0.25], { size: 3 }]) {
    const [float, fixed] = [await run('float', weights), await run('functional', weights)];
    t.same(Object.keys(fixed.history), Object.keys(float.history));
    t.ok(difference(fixed.weights, float.weights) < 2e-5);
    for (const [name, values] of Object.entries(float.history)) {
      t.ok(difference(fixed.history[name]!, values) < 1e-4, name);
    }
  }
  const options = (own: object) => () => built(networks.schedule!, 'functional', own);
  t.throws(options({ lossWeights: { sze: 1 } }), {
    message: /lossWeights is sze: name outputs: dense_1/,
  });
  t.throws(options({ lossWeights: [1, 2] }), { message: /lossWeights is \[1,2\]: give 1/ });
  t.throws(options({ loss: { sze: 'mse' } }), { message: /loss is sze: name outputs: dense_1/ });
});

t.test("options that are not there are refused, Python's names with ours", async (t) => {
  const net = built(networks.schedule!, 'functional', {});
  await t.rejects(net.fit(X, Y, { batch_size: 8 } as object), {
    name: 'OptionError',
    message: 'fit: batch_size is not an option: it is called batchSize here',
  });
  await t.rejects(net.fit(X, Y, { stepsPerEpoch: 8 } as object), {
    message: /not an option: fit has epochs, /,
  });
  await t.rejects(net.fitDataset([], { shuffle: true } as object), {
    message: /fitDataset: shuffle/,
  });
  await t.rejects(net.evaluate(X, Y, { sample_weight: WEIGHTS } as object), {
    message: /called sampleWeight/,
  });
  await t.rejects(net.predict(X, { verbose: 1 } as object), { message: /predict has batchSize/ });
  const loss = 'mse';
  t.throws(() => net.compile({ optimiser: 'sgd', loss } as never), {
    message: /compile: optimiser/,
  });
  for (const bad of [[1], X.map(() => Number.POSITIVE_INFINITY), X.map(() => -1)]) {
    await t.rejects(net.fit(X, Y, { sampleWeight: bad }), {
      message: /sampleWeight .* 22 finite numbers/,
    });
  }
  await t.rejects(net.fit(X, Y, { sampleWeight: { other: WEIGHTS } }), {
    message: /has weights of other, but the outputs are dense_1/,
  });
});
