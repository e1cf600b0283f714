/** Packets that are lost on purpose: a run recovers to the same bits, or ends in an error that says what is missing. */
import { VirtualMachine } from '@spin-tools/sim';
import t, { type Test } from 'tap';
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

/** What came of runs on machines that lose packets. */
interface Outcomes {
  recovered: number;
  repeated: number;
  readonly errors: Error[];
}

/** Trains from the same weights again and again, on one machine that loses packets; compares all bits. */
async function trainLossy(
  t: Test,
  prepared: Prepared,
  expected: Bits,
  { seed, lose, runs }: { seed: number; lose: number; runs: number },
): Promise<Outcomes> {
  const virtualMachine = new VirtualMachine({
    board: 'spin3',
    faults: { seed, packets: { lose } },
  });
  const outcomes: Outcomes = { recovered: 0, repeated: 0, errors: [] };
  const machine = createMachineEngine(prepared.plan, { virtualMachine, tiling: TILING });
  await withEngine(prepared, machine, async (engine) => {
    for (let run = 0; run < runs; run++) {
      try {
        await engine.setWeights(prepared.weights);
        const { machine: spent, lossSum, correct, saturations } = await engine.run(TRAIN);
        const weights = await engine.getWeights();
        t.same({ lossSum, correct, saturations, weights }, expected, `seed ${seed}, run ${run}`);
        outcomes.recovered += 1;
        outcomes.repeated += spent!.batchesRepeated;
      } catch (error) {
        outcomes.errors.push(error as Error);
      }
    }
  });
  await virtualMachine.close();
  return outcomes;
}

/** With SPIN_TOOLS_LARGE a thousand runs. */
const isLarge = process.env.SPIN_TOOLS_LARGE !== undefined;
const SEEDS = isLarge ? 20 : 2;
const RUNS = isLarge ? 25 : 6;

for (const mode of ['fast', 'exact'] as NumberMode[]) {
  t.test(
    `${mode}: runs that lose packets end with the functional engine's bits, or by name`,
    async (t) => {
      const prepared = prepare(EXAMPLE, mode);
      const expected = await functionalBits(prepared);
      const total: Outcomes = { recovered: 0, repeated: 0, errors: [] };
      for (let seed = 1; seed <= SEEDS; seed++) {
        const lose = 0.0004 * (1 + (seed % 5));
        const outcomes = await trainLossy(t, prepared, expected, { seed, lose, runs: RUNS });
        total.recovered += outcomes.recovered;
        total.repeated += outcomes.repeated;
        for (const error of outcomes.errors) {
          total.errors.push(error);
          t.ok(error instanceof PacketsDroppedError, `seed ${seed}: ${error.message}`);
        }
      }
      const { recovered, repeated, errors } = total;
      t.comment(
        `${recovered} of ${SEEDS * RUNS} runs recovered, ${repeated} batches were repeated`,
      );
      t.comment(`${errors.length} ended with an error that names what was missing`);
      t.ok(recovered > (SEEDS * RUNS) / 2 && repeated > (SEEDS * RUNS) / 4);
    },
  );
}

t.test('what is lost again and again is an error that says who waits for what', async (t) => {
  const prepared = prepare(EXAMPLE, 'fast');
  const virtualMachine = new VirtualMachine({
    board: 'spin3',
    faults: { seed: 1, packets: { lose: 0.03 } },
  });
  const error = await rejected(
    withEngine(
      prepared,
      createMachineEngine(prepared.plan, { virtualMachine, tiling: TILING }),
      async (engine) => void (await engine.run(TRAIN)),
    ),
  );
  t.ok(error instanceof PacketsDroppedError);
  t.ok(error.cause instanceof MachineRunError);
  t.match(
    (error.cause as Error).message,
    /cores did not report in time.* waits for .* of sample \d of the batch, \d of \d came/,
  );
  await virtualMachine.close();
});

t.test('after such an error the machine trains on as if nothing had been', async (t) => {
  const prepared = prepare(EXAMPLE, 'fast');
  const expected = await functionalBits(prepared);
  const { recovered, errors } = await trainLossy(t, prepared, expected, {
    seed: 4,
    lose: 0.006,
    runs: 12,
  });
  t.comment(`${recovered} runs recovered, ${errors.length} did not`);
  t.ok(recovered > 0 && errors.length > 0);
});
