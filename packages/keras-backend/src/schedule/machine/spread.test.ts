/** How many chips a schedule takes, and what has no room at all. */
import { spin5 } from '@spin-tools/machine-model';
import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import {
  layers,
  type MachineEngineOptions,
  type Model,
  ScheduleTooLargeError,
  sequential,
} from '../../index.js';
import { rejected } from '../../testing/small-networks.js';
import { chooseSpread } from './spread.js';

const wave = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
  shape,
});

/** A picture of 512 x 512 pixels, which a chip has no room for. */
function large(machine: MachineEngineOptions): Model {
  const convolve = (filters: number) =>
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', inputShape: [512, 512, 1] });
  const model = sequential({ layers: [convolve(128), convolve(1)] });
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'machine', mode: 'exact', machine });
  return model;
}

function compiled(machine: MachineEngineOptions, size = 8): Model {
  const model = sequential({
    layers: [
      layers.conv2d({
        filters: 16,
        kernelSize: 3,
        activation: 'relu',
        inputShape: [size, size, 1],
      }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 2 }),
    ],
  });
  model.compile({ optimizer: 'sgd', loss: 'mse', engine: 'machine', machine });
  return model;
}

t.test('a batch without room is refused before anything is opened', async (t) => {
  const stages: string[] = [];
  const onStage = (stage: string) => void stages.push(stage);
  const nowhere = { machine: { host: '192.0.2.1' } } as const;
  const picture = wave(1, 512, 512, 1);
  for (const machine of [{}, nowhere] as const) {
    const model = large({ ...machine, onStage });
    const error = await rejected(model.fit(picture, picture, { batchSize: 1 }));
    t.ok(error instanceof ScheduleTooLargeError, error.message);
    t.match(
      error.message,
      /^a batch of 1 takes \d{3,}\.\d MiB \([\d,]+ bytes\) of SDRAM on a chip, which has 11\d\.\d MiB free\. Use mode 'fast', or engine 'functional'\.$/,
    );
  }
  t.same(stages, []);
});

t.test(
  'what is too large to be asked is refused before its number formats are measured',
  async (t) => {
    const picture = wave(1, 512, 512, 1);
    const model = large({});
    const before = model.getState();
    for (const ask of [() => model.predict(picture), () => model.evaluate(picture, picture)]) {
      const error = await rejected(ask());
      t.ok(error instanceof ScheduleTooLargeError, error.message);
    }
    t.equal(model.getState(), before);
    t.equal(model.formats, undefined);
  },
);

t.test(
  'a stack of Dense layers that is too large is refused before anything is opened',
  async (t) => {
    const stages: string[] = [];
    const machine = {
      board: 'spin3',
      onStage: (stage: string) => void stages.push(stage),
    } as const;
    const model = sequential({ layers: [layers.dense({ units: 2048, inputShape: [2048] })] });
    model.compile({ optimizer: 'sgd', loss: 'mse', machine });
    t.match(
      (await rejected(model.predict(wave(1, 2048)))).message,
      /needs \d+ cores .* Use a larger/,
    );
    t.same(stages, []);
  },
);

t.test('as few chips as have room are simulated, and a board takes the quickest', (t) => {
  const model = compiled({});
  const explain = ({ workers, replicas }: { workers: number; replicas: number }) =>
    model.schedule(32, workers, replicas)!;
  const best = model.replicas(spin5(), 32)[0]!;
  const board = { chips: best.replicas, workers: 16, batchSeconds: best.seconds };
  t.ok(best.replicas > 1);
  const chosen = (options: MachineEngineOptions) => chooseSpread(spin5(), options, explain);
  t.match(chosen({}), { chips: 1, workers: 4, board });
  t.ok(chosen({}).batchSeconds > best.seconds);
  for (const machine of [
    { machine: { host: 'spin' } },
    { virtualMachine: new VirtualMachine({ board: 'spin5' }) },
    { chooseFor: 'board' },
    { replicas: best.replicas },
  ] as const) {
    t.same(chosen(machine), board);
  }
  t.match(chosen({ replicas: 2, workers: 3 }), { chips: 2, workers: 3, board: undefined });
  const little = ({ workers, replicas }: { workers: number; replicas: number }) => ({
    ...explain({ workers, replicas }),
    memoryBytes: 2 ** 28 / replicas,
  });
  t.equal(chooseSpread(spin5(), {}, little).chips, 3, 'more where one has no room');
  t.end();
});

t.test('history says what was used and what a board would use', async (t) => {
  await using model = compiled({ board: 'spin3' });
  const { machine } = await model.fit(wave(4, 8, 8, 1), wave(4, 2), { batchSize: 4 });
  const { batchSeconds = 0, board, ...used } = machine?.spread ?? {};
  t.same(used, { chips: 1, workers: 4 });
  t.ok(Math.abs(batchSeconds / machine!.seconds - 1) < 0.5);
  t.equal(board?.workers, 16);
  t.ok(board!.batchSeconds < batchSeconds);
});

/** Takes a minute: megabytes go to a simulated chip and back. */
const skip = process.env.SPIN_TOOLS_LARGE === undefined && 'set SPIN_TOOLS_LARGE to run it';

t.test('data sets make room for one another, and for networks', { skip }, async (t) => {
  const virtualMachine = new VirtualMachine({ board: 'spin3' });
  const controller = new MachineController({
    scp: virtualMachine.scpTransport(),
    boot: virtualMachine.bootTransport(),
  });
  await controller.boot({ hardwareVersion: 3, pauseMs: 0 });
  const { largest } = await controller.sdramSpace({ x: 0, y: 0 });
  await controller.allocateSdram({ x: 0, y: 0 }, largest - 2.5 * 2 ** 20, { appId: 30 });
  const [x, y] = [wave(170, 4096), wave(170, 2)];
  const built = (engine: 'machine' | 'functional') => {
    const model = sequential({
      layers: [layers.dense({ units: 2, activation: 'elu', inputShape: [4096] })],
    });
    const machine = { virtualMachine, board: 'spin3', replicas: 1, workers: 4 } as const;
    model.compile({ optimizer: 'sgd', loss: 'mse', engine, machine });
    return model;
  };
  const [found, here] = [built('machine'), built('functional')];
  const histories = [found, here].map((model) =>
    model.fit(x, y, { batchSize: 10, validationData: [x, y] }),
  );
  const [there, expected] = await Promise.all(histories);
  t.same(there?.history, expected?.history);
  t.same(found.getState(), here.getState());
  await found.close();
  await virtualMachine.close();
});
