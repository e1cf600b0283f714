/** Packets that are lost on purpose: a run recovers to the same bits, or ends in an error that says what is missing. */
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import type { LayerWeights, NumberMode, RunResult } from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import {
  type Prepared,
  prepare,
  rejected,
  small,
  TRAIN,
  withEngine,
} from '../testing/small-networks.js';
import { createMachineEngine, MachineRunError, PacketsDroppedError } from './index.js';

const TILING = [
  { rows: 2, columns: 4 },
  { rows: 2, columns: 4 },
];
const EXAMPLE = { ...small, samples: 40 };

type Bits = Pick<RunResult, 'lossSum' | 'correct' | 'saturations'> & { weights: LayerWeights[] };

async function functionalBits(prepared: Prepared): Promise<Bits> {
  let bits: Bits | undefined;
  await withEngine(prepared, createFunctionalEngine(prepared.plan), async (engine) => {
    const { lossSum, correct, saturations } = await engine.run(TRAIN);
    bits = { lossSum, correct, saturations, weights: await engine.getWeights() };
  });
  return bits!;
}

/** Trains one epoch on a machine that loses packets; gives the number of batches repeated, or the error. */
async function trainLossy(
  prepared: Prepared,
  expected: Bits,
  seed: number,
  lose: number,
): Promise<number | Error> {
  const virtualMachine = new VirtualMachine({
    board: 'spin3',
    faults: { seed, packets: { lose } },
  });
  try {
    let repeated = 0;
    const machine = createMachineEngine(prepared.plan, { virtualMachine, tiling: TILING });
    await withEngine(prepared, machine, async (engine) => {
      const { machine: spent, lossSum, correct, saturations } = await engine.run(TRAIN);
      const weights = await engine.getWeights();
      t.same({ lossSum, correct, saturations, weights }, expected, `seed ${seed}`);
      repeated = spent!.batchesRepeated;
    });
    return repeated;
  } catch (error) {
    return error as Error;
  } finally {
    await virtualMachine.close();
  }
}

/** With SPIN_TOOLS_LARGE a thousand runs, which take half an hour. */
const isLarge = process.env.SPIN_TOOLS_LARGE !== undefined;
const SEEDS = isLarge ? 500 : 6;

for (const mode of ['fast', 'exact'] as NumberMode[]) {
  t.test(
    `${mode}: runs that lose packets end with the functional engine's bits, or by name`,
    async (t) => {
      const prepared = prepare(EXAMPLE, mode);
      const expected = await functionalBits(prepared);
      let recovered = 0;
      let repeated = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const outcome = await trainLossy(prepared, expected, seed, 0.0004 * (1 + (seed % 5)));
        if (typeof outcome === 'number') {
          recovered += 1;
          repeated += outcome;
        } else t.ok(outcome instanceof PacketsDroppedError, `seed ${seed}: ${outcome.message}`);
      }
      t.comment(`${recovered} of ${SEEDS} runs recovered, ${repeated} batches were repeated`);
      t.ok(recovered > SEEDS / 2 && repeated > SEEDS / 2);
    },
  );
}

t.test('what is lost again and again is an error that says who waits for what', async (t) => {
  const prepared = prepare(EXAMPLE, 'fast');
  const error = await trainLossy(prepared, await functionalBits(prepared), 2, 0.02);
  t.ok(error instanceof PacketsDroppedError);
  const { cause } = error as PacketsDroppedError;
  t.ok(cause instanceof MachineRunError);
  t.match(
    (cause as Error).message,
    /cores did not report in time.* waits for .* of sample \d of the batch, \d of \d came/,
  );
});

t.test('after such an error the machine trains on as if nothing had been', async (t) => {
  const prepared = prepare(EXAMPLE, 'fast');
  const expected = await functionalBits(prepared);
  const faults = { seed: 2, packets: { lose: 0.004 } };
  const virtualMachine = new VirtualMachine({ board: 'spin3', faults });
  const machine = createMachineEngine(prepared.plan, { virtualMachine, tiling: TILING });
  await withEngine(prepared, machine, async (engine) => {
    let failures = 0;
    let successes = 0;
    while (failures === 0 || successes === 0) {
      await engine.setWeights(prepared.weights).catch(() => engine.setWeights(prepared.weights));
      const error = await rejected(engine.run(TRAIN));
      if (error instanceof PacketsDroppedError) failures += 1;
      else {
        successes += 1;
        t.same(await engine.getWeights(), expected.weights);
      }
      if (failures + successes > 40) t.bailout('the chances of this test are off');
    }
  });
  await virtualMachine.close();
});
