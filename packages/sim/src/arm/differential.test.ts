/**
 * Random instruction sequences of every class, executed here and by independent implementations.
 * SPIN_TOOLS_LARGE=1 executes more than a million instructions; SPIN_TOOLS_SEED takes another seed.
 */
import t from 'tap';
import { generator } from '../../test-support/instructions/random.js';
import {
  describeCase,
  differences,
  exceptionsIn,
  makeSystemCase,
  runHere,
  runOnQemu,
} from '../../test-support/instructions/system-cases.js';
import {
  describeSequence,
  execute,
  forget,
  makeSequence,
  unicornOutcomes,
} from '../../test-support/instructions/unicorn.js';

const IS_LARGE = process.env.SPIN_TOOLS_LARGE === '1';
const SEED = Number(process.env.SPIN_TOOLS_SEED ?? 1);
const LENGTH = 14;
/** Sequences that one process of the other implementation executes. */
const BATCH = 2000;
const BATCHES = IS_LARGE ? 20 : 1;
/** A case with modes and exceptions takes both implementations longer. */
const SYSTEM_BATCHES = IS_LARGE ? 36 : 1;
const SYSTEM_BATCH = 1000;

for (const [thumb, name] of [
  [0, 'ARM'],
  [1, 'Thumb'],
] as const) {
  t.test(
    `random ${name} sequences leave registers, flags and memory as Unicorn does`,
    async (t) => {
      const random = generator(SEED + thumb);
      let instructions = 0;
      for (let batch = 0; batch < BATCHES; batch++) {
        const sequences = Array.from({ length: BATCH }, () => makeSequence(random, thumb, LENGTH));
        const expected = unicornOutcomes(sequences);
        if (expected === undefined) {
          t.pass('compared', { skip: 'needs Debian package python3-unicorn' });
          return;
        }
        forget();
        for (const [index, each] of sequences.entries()) {
          const outcome = execute(each);
          instructions += each.instructions;
          if (JSON.stringify(outcome) === JSON.stringify(expected[index])) continue;
          const where = `seed ${SEED}, batch ${batch}, sequence ${index}`;
          t.same(outcome, expected[index], `${where}: ${describeSequence(each)}`);
          return;
        }
      }
      t.pass(`${instructions} instructions`);
    },
  );
}

for (const [thumb, name] of [
  [0, 'ARM'],
  [1, 'Thumb'],
] as const) {
  t.test(
    `random ${name} sequences in every mode, with exceptions, leave all banked registers as QEMU does`,
    async (t) => {
      const random = generator(SEED + 2 + thumb);
      let instructions = 0;
      let exceptions = 0;
      for (let batch = 0; batch < SYSTEM_BATCHES; batch++) {
        const cases = Array.from({ length: SYSTEM_BATCH }, () =>
          makeSystemCase(random, thumb, LENGTH),
        );
        const theirs = runOnQemu(cases);
        if (theirs === undefined) {
          t.pass('compared', { skip: 'needs Debian package qemu-system-arm' });
          return;
        }
        const ours = runHere(cases);
        for (const [index, each] of cases.entries()) {
          const found = differences(index, each, ours, theirs);
          instructions += each.instructions;
          if (found.length === 0) continue;
          const where = `seed ${SEED}, batch ${batch}, case ${index}`;
          t.same(found, [], `${where}: ${describeCase(each)}`);
          return;
        }
        exceptions += exceptionsIn(ours);
      }
      t.pass(`${instructions} instructions, ${exceptions} exceptions`);
    },
  );
}
