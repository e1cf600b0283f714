/** What number formats do to training: rounding by chance, and what is counted; the same on a virtual SpiNN-3. */
import t from 'tap';
import { type CompileOptions, layers, type Model, sequential, sgd } from '../index.js';

const X = Array.from({ length: 12 }, (_, s) =>
  Array.from({ length: 16 }, (_, i) => Math.sin(s * 5 + i)),
);
const Y = X.map((_, s) => (s % 2 ? [1, 0] : [0, 1]));
const IMAGES = { data: X.flat(), shape: [12, 4, 4, 1] };

const flat = (net: Model) => net.getWeights().flatMap(({ data }) => [...data]);
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** 64 weights of 1 that all have to become smaller, at a rate whose steps are a third of half their last bit. */
async function crawl(
  options: Partial<CompileOptions>,
  seed = 1,
): Promise<{ all: number[]; moved: number }> {
  await using net = sequential({
    seed,
    layers: [
      layers.dense({ units: 64, useBias: false, kernelInitializer: 'ones', inputShape: [1] }),
    ],
  });
  const learningRate = 64e-8;
  net.compile({ optimizer: sgd({ learningRate }), loss: 'mse', engine: 'functional', ...options });
  const y = Array.from({ length: 4 }, () => new Array<number>(64).fill(0.5));
  await net.fit([[1], [1], [1], [1]], y, { epochs: 100, batchSize: 4 });
  const all = flat(net);
  return { all, moved: 1 - mean(all) };
}

t.test('steps below the last bit of a weight count, in the mean', async (t) => {
  // Steps of 64e-8 / 64 * 2 * 0.5 = 1e-8; float32 below 1 is in steps of 6e-8.
  const nearest = await crawl({ optimizer: sgd({ learningRate: 64e-8, momentum: 1e-30 }) });
  t.equal(nearest.moved, 0, 'to nearest, nothing moves');
  const chance = await crawl({ rounding: 'stochastic' });
  t.ok(Math.abs(chance.moved - 100e-8) < 20e-8, `moved by ${chance.moved}, wanted 1e-6`);
  t.same((await crawl({ rounding: 'stochastic' })).all, chance.all, 'a seed fixes it');
  t.notSame((await crawl({ rounding: 'stochastic' }, 2)).all, chance.all);
});

function classifier(options: Partial<CompileOptions>): Model {
  const net = sequential({
    seed: 5,
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'tanh', inputShape: [4, 4, 1] }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  const optimizer = sgd({ learningRate: 0.2, momentum: 0.5 });
  net.compile({ optimizer, loss: 'categorical_crossentropy', engine: 'functional', ...options });
  return net;
}

t.test('gradients too small for their format train, and are counted', async (t) => {
  // Deltas below 1 in a format whose last bit is 2.
  const formats = { 'dense/delta': { fractionBits: -1 }, 'conv2d/delta': { fractionBits: -1 } };
  const optimizer = sgd({ learningRate: 0.02, momentum: 0.9 });
  const options = { epochs: 60, batchSize: 12 };
  await using nearest = classifier({ formats, optimizer });
  const before = flat(nearest);
  const stuck = await nearest.fit(IMAGES, Y, options);
  t.same(flat(nearest), before, 'to nearest, all vanish');
  t.equal(stuck.layers!.dense!.underflows, 60 * 12 * 2);
  t.equal(stuck.layers!.conv2d!.underflows, 0, 'there is nothing left to send back');
  await using chance = classifier({ formats, optimizer, rounding: 'stochastic' });
  const { loss = [] } = (await chance.fit(IMAGES, Y, options)).history;
  t.ok(loss.at(-1)! < loss[0]! - 0.04, `by chance it falls from ${loss[0]} to ${loss.at(-1)}`);
});

t.test(
  'rounding by chance agrees with float32 in the mean, and with itself in parts',
  async (t) => {
    await using float = classifier({ engine: 'float' });
    await float.fit(IMAGES, Y, { epochs: 4, batchSize: 4 });
    await using chance = classifier({ rounding: 'stochastic' });
    await chance.fit(IMAGES, Y, { epochs: 4, batchSize: 4 });
    const most = Math.max(...flat(chance).map((w, i) => Math.abs(w - flat(float)[i]!)));
    t.ok(most < 5e-3, `${most}`);
    await using parts = classifier({ rounding: 'stochastic' });
    await parts.fit(IMAGES, Y, { epochs: 2, batchSize: 4 });
    await parts.fit(IMAGES, Y, { initialEpoch: 2, epochs: 4, batchSize: 4 });
    t.same(flat(parts), flat(chance));
  },
);

t.test('a virtual SpiNN-3 rounds and counts as this process does', async (t) => {
  const machine = { board: 'spin3', workers: 3 } as const;
  // Formats in which much is clamped, and much vanishes.
  const formats = {
    'conv2d/output': { fractionBits: 16 },
    'conv2d/kernel': { fractionBits: 16 },
    'dense/delta': { fractionBits: 1 },
  };
  const run = async (engine: 'functional' | 'machine', rounding: 'nearest' | 'stochastic') => {
    await using net = classifier({ engine, machine, formats, rounding });
    const { layers, saturations, history } = await net.fit(IMAGES, Y, { epochs: 2, batchSize: 5 });
    return { layers, saturations, history, weights: flat(net) };
  };
  const [here, there] = [await run('functional', 'stochastic'), await run('machine', 'stochastic')];
  t.same(there, here);
  t.ok(here.layers!.conv2d!.saturations > 0);
  t.ok(here.layers!.dense!.underflows! > 0);
  const all = Object.values(here.layers!).reduce((sum, { saturations }) => sum + saturations, 0);
  t.equal(all, here.saturations);
  t.notSame((await run('functional', 'nearest')).weights, here.weights);
});

t.test(
  'saturations of a stack of Dense layers are told by layer, the same on a machine',
  async (t) => {
    const run = async (engine: 'functional' | 'machine', mode: 'fast' | 'exact') => {
      await using net = sequential({
        seed: 2,
        layers: [
          layers.dense({ units: 7, activation: 'relu', inputShape: [16] }),
          layers.dense({ units: 5 }),
          layers.dense({ units: 2 }),
        ],
      });
      // It diverges.
      const optimizer = sgd({ learningRate: 3 });
      net.compile({ optimizer, loss: 'mse', mode, engine, machine: { board: 'spin3' } });
      const { saturations, layers: counts } = await net.fit(X, Y, { epochs: 3, batchSize: 4 });
      return { saturations, counts };
    };
    for (const mode of ['fast', 'exact'] as const) {
      const [here, there] = [await run('functional', mode), await run('machine', mode)];
      t.same(there, here, mode);
      t.same(Object.keys(here.counts!), ['dense', 'dense_1', 'dense_2']);
      t.ok(Object.values(here.counts!).filter(({ saturations }) => saturations > 0).length > 1);
      const all = Object.values(here.counts!).reduce(
        (sum, { saturations }) => sum + saturations,
        0,
      );
      t.equal(all, here.saturations);
    }
  },
);

t.test('a rounding that there is not is refused', async (t) => {
  t.throws(() => classifier({ rounding: 'up' as never }), {
    message: 'rounding up is not supported: use nearest, stochastic',
  });
});
