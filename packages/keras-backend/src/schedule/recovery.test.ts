/** Packets that are lost on purpose: a run of a schedule recovers to the same bits, or ends in an error by name. */
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import { layers } from '../layers/layers.js';
import { MachineRunError, PacketsDroppedError } from '../machine/errors.js';
import { type Model, sequential } from '../model/model.js';
import type { FitOptions } from '../model/options.js';
import { adam } from '../optimisers/optimisers.js';

/** With SPIN_TOOLS_LARGE a thousand runs. */
const isLarge = process.env.SPIN_TOOLS_LARGE !== undefined;
const SEEDS = isLarge ? 20 : 1;
const RUNS = isLarge ? 50 : 3;
const WORKERS = 3;

const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
const X = { data: wave(12 * 6), shape: [12, 6, 1] };
const Y = { data: wave(12 * 2), shape: [12, 2] };
const HOW: FitOptions = { batchSize: 4, epochs: 1 };

const network = () =>
  sequential({
    seed: 3,
    layers: [
      layers.input({ shape: [6, 1] }),
      layers.conv1d({ filters: 2, kernelSize: 3, strides: 3, activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  });

const lossy = (seed: number, lose: number) =>
  new VirtualMachine({ board: 'spin3', faults: { seed, packets: { lose } } });

const COMPILATION = { optimizer: adam({ learningRate: 0.01 }), loss: 'mean_squared_error' };

function onMachine(virtualMachine: VirtualMachine): Model {
  const model = network();
  const machine = { virtualMachine, workers: WORKERS, board: 'spin3' } as const;
  model.compile({ ...COMPILATION, engine: 'machine', machine });
  return model;
}

/** What a run leaves behind on a machine that loses nothing. */
async function expectedBits() {
  const model = network();
  const first = model.getState();
  model.compile({ ...COMPILATION, engine: 'functional' });
  const { history } = await model.fit(X, Y, HOW);
  return { first, state: model.getState(), loss: history.loss };
}

t.test('runs that lose packets end with the functional engine bits, or by name', async (t) => {
  const { first, state, loss } = await expectedBits();
  const counts = { recovered: 0, repeated: 0, dropped: 0, failed: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const virtual = lossy(seed, 0.0004 * (1 + (seed % 5)));
    const model = onMachine(virtual);
    for (let run = 0; run < RUNS; run++) {
      await model.setState(first);
      try {
        const { history, machine } = await model.fit(X, Y, HOW);
        t.strictSame(
          [model.getState().floats, history.loss],
          [state.floats, loss],
          `${seed}, ${run}`,
        );
        counts.recovered += 1;
        counts.repeated += machine!.batchesRepeated;
        counts.dropped += machine!.packetsDropped;
      } catch (error) {
        t.ok(error instanceof PacketsDroppedError, (error as Error).message);
        t.match(error, { message: /The model (has the weights of before|keeps what was trained)/ });
        counts.failed += 1;
      }
    }
    await model.close();
    await virtual.close();
  }
  t.comment(
    `${counts.recovered} of ${SEEDS * RUNS} runs have the bits, ${counts.failed} ended by name`,
  );
  t.comment(`${counts.dropped} packets were dropped, ${counts.repeated} batches repeated`);
  t.ok(counts.recovered > (SEEDS * RUNS) / 2);
  if (isLarge) t.ok(counts.repeated > 0 && counts.dropped > 0);
});

t.test('what is lost again and again is an error; the weights are those of before', async (t) => {
  const virtual = lossy(1, 0.05);
  const model = onMachine(virtual);
  const before = model.getState();
  const error = await model.fit(X, Y, HOW).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.ok(error instanceof PacketsDroppedError);
  t.ok((error as PacketsDroppedError).cause instanceof MachineRunError);
  t.match((error as Error).cause, { message: /workers did not report in time/ });
  t.strictSame(model.getState(), before);
  await model.close();
  await virtual.close();
});
