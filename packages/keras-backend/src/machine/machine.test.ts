import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import type { LayerWeights, NetworkPlan, RunRequest } from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import {
  digitsLike,
  type Example,
  prepare,
  rejected,
  small,
  TRAIN,
  withEngine,
} from '../testing/small-networks.js';
import { NetworkTooLargeError } from '../tiles/index.js';
import {
  createMachineEngine,
  type MachineEngineOptions,
  MachineRunError,
  PacketsDroppedError,
} from './index.js';

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

t.test('training is the same to the cycle with and without translated code', async (t) => {
  const prepared = prepare(digitsLike, 'fast');
  const outcomes: unknown[] = [];
  for (const translates of [true, false]) {
    const virtualMachine = new VirtualMachine({ board: 'spin3', translates });
    const machine = createMachineEngine(prepared.plan, { virtualMachine });
    await withEngine(prepared, machine, async (engine) => {
      const { lossSum, correct, machine: spent } = await engine.run(TRAIN);
      const { committedBytes: _, ...counts } = virtualMachine.statistics();
      outcomes.push({ lossSum, correct, spent, counts, weights: await engine.getWeights() });
    });
    await virtualMachine.close();
  }
  t.same(outcomes[0], outcomes[1]);
});

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

t.test('a closed engine leaves the machine as it was', async (t) => {
  const virtualMachine = new VirtualMachine({ board: 'spin3' });
  const { plan } = prepare(small, 'fast');
  const controller = new MachineController({ scp: virtualMachine.scpTransport() });
  const state = async () => ({
    sdram: await controller.sdramSpace({ x: 0, y: 0 }),
    routes: await controller.readRoutingTable({ x: 0, y: 0 }),
    control: await controller.read({ x: 0, y: 0 }, 0xe1000000, 4),
    cores: (await controller.chipInformation({ x: 0, y: 0 })).coreStates,
  });
  await (await createMachineEngine(plan, { virtualMachine })).close();
  const before = await state();
  const engine = await createMachineEngine(plan, { virtualMachine });
  t.not((await state()).sdram.free, before.sdram.free);
  await engine.close();
  t.same(await state(), before);
  await controller.close();
  await virtualMachine.close();
});

t.test('routes that go missing are an error that names the chip', async (t) => {
  const virtualMachine = new VirtualMachine({ board: 'spin3' });
  const prepared = prepare(small, 'fast');
  const controller = new MachineController({ scp: virtualMachine.scpTransport() });
  await withEngine(
    prepared,
    createMachineEngine(prepared.plan, { virtualMachine }),
    async (engine) => {
      await controller.clearRoutingTable({ x: 0, y: 0 });
      const error = await rejected(engine.run(TRAIN));
      t.ok(error instanceof PacketsDroppedError);
      t.match(error.message, /packets were dropped: \d+ by chip \(0, 0\)/);
      t.ok(error.cause instanceof MachineRunError);
      t.match((error.cause as Error).message, /cores did not report in time: layer0 tile 0,0 on/);
    },
  );
  await controller.close();
  await virtualMachine.close();
});

t.test('a program that refuses its configuration is named, with what it said', async (t) => {
  const { plan } = prepare(small, 'fast');
  const layers = plan.layers.map((layer) => ({
    ...layer,
    fractions: { ...layer.fractions, weight: 30 },
  }));
  const error = await rejected(createMachineEngine({ ...plan, layers }, { board: 'spin3' }));
  t.ok(error instanceof MachineRunError);
  t.match(error.message, /layer0 tile 0,0 on chip \(0, 0\) core 1 is in state RunTimeError/);
});

t.test('a 4096 x 4096 layer is refused by a 48-chip board', async (t) => {
  const layer = { inputs: 4096, units: 4096, activation: 'relu', useBias: true } as const;
  const fractions = { input: 12, weight: 12, z: 23, activation: 12, delta: 20, error: 27 };
  const plan: NetworkPlan = {
    mode: 'fast',
    batchSize: 4,
    layers: [{ name: 'wide', ...layer, fractions }],
    loss: 'mean_squared_error',
    lossScale: 1,
    accuracy: 'categorical',
    targetFraction: 12,
  };
  const error = await rejected(createMachineEngine(plan));
  t.ok(error instanceof NetworkTooLargeError);
  t.match(error.message, /"wide" \d+, .* at batch size 4; the machine has \d+\. Use a larger/);
});

/** Takes minutes: 2048 cores, 17 million weights. */
const large = process.env.SPIN_TOOLS_LARGE === undefined && 'set SPIN_TOOLS_LARGE to run it';

t.test('a 4096 x 4096 layer trains a batch on six boards', { skip: large }, async (t) => {
  const wide: Example = {
    sizes: [4096, 4096],
    activations: ['relu'],
    loss: 'mean_squared_error',
    batchSize: 4,
    samples: 4,
  };
  const prepared = prepare(wide, 'fast');
  const expected: LayerWeights[] = [];
  await withEngine(prepared, createFunctionalEngine(prepared.plan), async (engine) => {
    await engine.run(TRAIN);
    expected.push(...(await engine.getWeights()));
  });
  const machine = createMachineEngine(prepared.plan, {
    triads: { width: 2, height: 1 },
    tiling: { rows: 8, columns: 1024 },
  });
  await withEngine(prepared, machine, async (engine) => {
    const result = await engine.run(TRAIN);
    t.equal(result.machine?.packetsDropped, 0);
    const [found] = await engine.getWeights();
    t.ok(found?.kernel.every((weight, index) => weight === expected[0]?.kernel[index]));
    t.same(found?.bias, expected[0]?.bias);
  });
});

t.test('requests that make no sense are refused by name', async (t) => {
  const prepared = prepare(small, 'fast');
  const { plan, weights } = prepared;
  await withEngine(prepared, createMachineEngine(plan, { board: 'spin3' }), async (engine) => {
    const refusal = async (request: Partial<RunRequest>) =>
      (await rejected(engine.run({ ...TRAIN, ...request }))).message;
    t.equal(await refusal({ slot: 1 }), 'no data was loaded into slot 1');
    t.equal(await refusal({ batchSize: 5 }), '"batchSize" must be 1 to 4, as planned, not 5');
    t.equal(await refusal({ learningRate: 0 }), '"learningRate" must be above 0 to train, not 0');
    const wrong = await rejected(engine.setWeights(weights.slice(1)));
    t.equal(wrong.message, '2 layers need as many weights, not 1');
  });
  const id = await rejected(createMachineEngine(plan, { appId: 3 }));
  t.equal(id.message, '"appId" must be 17 to 253, not 3');
});
