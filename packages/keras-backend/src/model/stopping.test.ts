/** A signal, or a callback, in the middle of an epoch: the weights are those of the last finished batch, on every engine. */
import t from 'tap';
import {
  type CompileOptions,
  type Layer,
  layers,
  type MachineEngineOptions,
  type Model,
  sequential,
} from '../index.js';
import { ending } from '../testing/ending-engine.js';

const X = Array.from({ length: 4000 }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => Math.sin(i * 7 + j)),
);
const Y = X.map(([a, b]) => (a! > 0 ? [1, 0, 0] : b! > 0 ? [0, 1, 0] : [0, 0, 1]));

/** A network, and how it lies on a machine. */
interface Case {
  readonly own: readonly Layer[];
  readonly machine: MachineEngineOptions;
  readonly batchSize: number;
  /** More than a machine can train in the time of a look at its progress. */
  readonly samples: number;
}

const dense = [
  layers.dense({ units: 6, activation: 'tanh', inputShape: [6] }),
  layers.dense({ units: 3, activation: 'softmax' }),
];
const convolution = [
  layers.reshape({ targetShape: [6, 1], inputShape: [6] }),
  layers.conv1d({ filters: 2, kernelSize: 3, activation: 'relu' }),
  layers.flatten(),
  layers.dense({ units: 3, activation: 'softmax' }),
];
const CASES: Readonly<Record<string, Case>> = {
  'a stack of Dense layers': { own: dense, machine: {}, batchSize: 2, samples: 4000 },
  'a stack whose accuracy is counted here': {
    own: dense,
    machine: { tiling: { rows: 2, columns: 4 } },
    batchSize: 2,
    samples: 4000,
  },
  'a schedule': { own: convolution, machine: { workers: 2 }, batchSize: 6, samples: 240 },
  'a schedule on three chips': {
    own: convolution,
    machine: { workers: 2, replicas: 3 },
    batchSize: 6,
    samples: 240,
  },
  'a schedule whose data come piece by piece': {
    own: convolution,
    machine: { workers: 2, dataBytes: 2000 },
    batchSize: 6,
    samples: 240,
  },
};

function built({ own, machine }: Case, engine: NonNullable<CompileOptions['engine']>): Model {
  const model = sequential({ seed: 4, layers: own });
  model.compile({
    optimizer: 'sgd',
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine,
    machine: { board: 'spin3', ...machine },
  });
  return model;
}

/** Trains until some batches are done, or until the first look after that. */
async function stopped(model: Model, { batchSize, samples }: Case, after: number) {
  const stopping = new AbortController();
  let batches = 0;
  const { history, stopped: why } = await model.fit(X.slice(0, samples), Y.slice(0, samples), {
    epochs: 1,
    batchSize,
    signal: stopping.signal,
    callbacks: {
      onBatchEnd: (batch) => {
        batches = batch + 1;
        if (batches >= after) stopping.abort();
      },
    },
  });
  return { history, why, batches };
}

for (const [name, each] of Object.entries(CASES)) {
  t.test(`${name} stops on a machine behind the batch in progress`, async (t) => {
    await using onMachine = built(each, 'machine');
    const found = await stopped(onMachine, each, 1);
    t.equal(found.why, 'signal');
    t.ok(found.batches < each.samples / each.batchSize, `${found.batches} batches`);
    const here = built(each, each.own === dense ? ending(found.batches) : 'functional');
    const { history } = await stopped(here, each, found.batches);
    t.same(found.history, history, 'loss and accuracy of the batches that were done');
    t.same(onMachine.getState(), here.getState(), 'weights of the last of them');
    const more = { initialEpoch: 1, epochs: 2, batchSize: each.batchSize };
    for (const model of [onMachine, here]) await model.fit(X.slice(0, 24), Y.slice(0, 24), more);
    t.same(onMachine.getState(), here.getState(), 'and training goes on from there');
  });
}

t.test('a callback that fails ends training on a machine with its error', async (t) => {
  for (const each of [CASES['a stack of Dense layers']!, CASES['a schedule']!]) {
    await using model = built(each, 'machine');
    const before = model.getWeights();
    const onBatchEnd = async () => {
      throw new Error('no room on the disk');
    };
    await t.rejects(
      model.fit(X.slice(0, 24), Y.slice(0, 24), {
        batchSize: each.batchSize,
        callbacks: { onBatchEnd },
      }),
      /no room on the disk/,
    );
    t.same(model.getWeights(), before);
  }
});
