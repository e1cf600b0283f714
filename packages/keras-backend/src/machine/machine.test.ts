import t from 'tap';
import type {
  Activation,
  DataSet,
  Engine,
  LayerWeights,
  Loss,
  NetworkPlan,
  NumberMode,
  RunRequest,
} from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import { planNetwork } from '../plan/plan.js';
import { createMachineEngine, type MachineEngineOptions } from './index.js';

interface Example {
  readonly sizes: readonly number[];
  readonly activations: readonly Activation[];
  readonly loss: Loss;
  readonly batchSize: number;
  readonly samples: number;
}

/** Numerical Recipes' generator: the same numbers on every computer. */
const randomFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

interface Prepared {
  readonly plan: NetworkPlan;
  readonly weights: LayerWeights[];
  readonly data: DataSet;
}

function prepare(example: Example, mode: NumberMode): Prepared {
  const { sizes, activations, loss, batchSize, samples } = example;
  const random = randomFrom(1);
  const layers = activations.map((activation, index) => {
    const inputs = sizes[index]!;
    const units = sizes[index + 1]!;
    const limit = Math.sqrt(6 / (inputs + units));
    const kernel = Float64Array.from({ length: inputs * units }, () => (2 * random() - 1) * limit);
    const bias = Float64Array.from({ length: units }, () => random() * 0.1);
    return { name: `layer${index}`, inputs, units, activation, useBias: true, kernel, bias };
  });
  const plan = planNetwork({ mode, layers, loss, batchSize });
  const fixed = (values: Float64Array) => Int32Array.from(values, (v) => Math.round(v * 2 ** 27));
  const weights = layers.map(({ kernel, bias }) => ({ kernel: fixed(kernel), bias: fixed(bias) }));
  const Operands = mode === 'fast' ? Int16Array : Int32Array;
  const one = 2 ** plan.layers[0]!.fractions.input - 1;
  const values = Array.from({ length: samples * sizes[0]! }, () => Math.round(random() * one));
  const inputs = new Operands(values);
  const units = sizes.at(-1)!;
  const targets = new Operands(samples * units);
  for (let sample = 0; sample < samples; sample++) {
    targets[sample * units + Math.floor(random() * units)] = 2 ** plan.targetFraction;
  }
  return { plan, weights, data: { samples, inputs, targets } };
}

const digitsLike: Example = {
  sizes: [24, 16, 10, 6],
  activations: ['relu', 'tanh', 'softmax'],
  loss: 'categorical_crossentropy',
  batchSize: 4,
  samples: 200,
};

const TRAIN: RunRequest = {
  mode: 'train',
  slot: 0,
  batchSize: 4,
  learningRate: 0.1,
  shuffleSeed: 5,
};

async function withEngine(
  { weights, data }: Prepared,
  engine: Promise<Engine>,
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  const made = await engine;
  try {
    await made.load(0, data);
    await made.setWeights(weights);
    await use(made);
  } finally {
    await made.close();
  }
}

const machines: readonly { name: string; options: MachineEngineOptions }[] = [
  { name: 'a 4-chip board, tiles of its own choice', options: { board: 'spin3' } },
  {
    name: 'a 48-chip board, tiles of 2 x 8',
    options: {
      board: 'spin5',
      tiling: [
        { rows: 2, columns: 8 },
        { rows: 2, columns: 8 },
        { rows: 2, columns: 6 },
      ],
    },
  },
  {
    name: 'three boards, tiles of 8 x 8',
    options: { triads: { width: 1, height: 1 }, tiling: { rows: 8, columns: 8 } },
  },
];

for (const mode of ['fast', 'exact'] as const) {
  for (const { name, options } of machines) {
    t.test(`${mode}: ${name}: 50 batches give the functional engine's bits`, async (t) => {
      const prepared = prepare(digitsLike, mode);
      const expected = { weights: [] as LayerWeights[], lossSum: 0, correct: 0 };
      await withEngine(prepared, createFunctionalEngine(prepared.plan), async (engine) => {
        const { lossSum, correct } = await engine.run(TRAIN);
        Object.assign(expected, { lossSum, correct, weights: await engine.getWeights() });
      });
      const machine = createMachineEngine(prepared.plan, options);
      await withEngine(prepared, machine, async (engine) => {
        const batches: number[] = [];
        const result = await engine.run({ ...TRAIN, onBatch: (done) => batches.push(done) });
        t.same(await engine.getWeights(), expected.weights);
        t.equal(result.lossSum, expected.lossSum);
        t.equal(result.correct, expected.correct);
        t.equal(result.samples, 200);
        t.equal(result.machine?.packetsDropped, 0);
        t.ok(result.machine!.packetsSent > 50 * (await machine).statistics().length);
        t.ok(result.machine!.seconds > 0 && result.machine!.joules > 0);
      });
    });
  }
}

t.test('evaluation and prediction leave the weights alone', async (t) => {
  const prepared = prepare(digitsLike, 'fast');
  const results = await Promise.all(
    [
      createFunctionalEngine(prepared.plan),
      createMachineEngine(prepared.plan, { board: 'spin3' }),
    ].map(async (engine) => {
      const found: unknown[] = [];
      await withEngine(prepared, engine, async (made) => {
        await made.load(1, prepared.data);
        const { lossSum, correct } = await made.run({ mode: 'evaluate', slot: 1, batchSize: 3 });
        const { outputs } = await made.run({ mode: 'predict', slot: 1, batchSize: 4 });
        found.push(lossSum, correct, outputs);
        t.same(await made.getWeights(), prepared.weights);
      });
      return found;
    }),
  );
  t.same(results[1], results[0]);
});
