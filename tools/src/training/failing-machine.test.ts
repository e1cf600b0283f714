/** Training from the command line on machines of which a part dies: by which name it ends, and what is kept. */
import { readFile } from 'node:fs/promises';
import type { FaultPlan } from '@spin-tools/sim';
import t, { type Test } from 'tap';
import { run, startMachine } from '../../test-support/command-line.js';

const LARGE = process.env.SPIN_TOOLS_LARGE === '1' ? false : 'set SPIN_TOOLS_LARGE=1 to run it';

/** Samples of 4 x 4 pixels with a bright row, or a bright column, at some place. */
const samples = Array.from({ length: 16 }, (_, sample) => {
  const [upright, place] = [sample % 2, (sample >> 1) % 4];
  return Array.from({ length: 16 }, (_, pixel) =>
    (upright ? pixel % 4 : pixel >> 2) === place ? 1 : (sample >> 3) / 8,
  );
});
const DATA = { inputs: samples, labels: samples.map((_, sample) => sample % 2) };
const OUTPUT = { className: 'Dense', units: 2, activation: 'softmax' };
const NETWORKS = {
  dense: [
    { className: 'InputLayer', shape: [16] },
    { className: 'Dense', units: 8, activation: 'tanh' },
    OUTPUT,
  ],
  convolution: [
    { className: 'InputLayer', shape: [4, 4, 1] },
    { className: 'Conv2D', filters: 2, kernelSize: 3, padding: 'same', activation: 'relu' },
    { className: 'Flatten' },
    OUTPUT,
  ],
} as const;

/** More than are trained until the part dies. */
const EPOCHS = 400;
/** Training begins some 3.5 s after the machine was made, ms. */
const DEATH = { afterMs: 3550 };
const [ROOT, EAST, EASTWARDS] = [{ x: 0, y: 0 }, { x: 1, y: 0 }, 0] as const;
const APPLICATION_CORES = 17;

interface Case {
  readonly network: keyof typeof NETWORKS;
  /** Application cores that chips have, so that a small network is spread, and the simulation is small. */
  readonly cores: (chip: { readonly x: number; readonly y: number }) => number;
  readonly death: NonNullable<FaultPlan['deaths']>[number];
  readonly code: number;
  readonly message: RegExp;
  readonly skip?: string | false;
}

/** Both tiles lie on the first chip, the sequencer beside it. */
const dense = { network: 'dense', cores: () => 2, code: 1 } as const;
/** Two workers and the sequencer lie on the first chip; no other has as many cores. */
const convolution = {
  network: 'convolution',
  cores: ({ x, y }: { readonly x: number; readonly y: number }) => (x + y === 0 ? 3 : 1),
  code: 1,
} as const;

const CASES: Readonly<Record<string, Case>> = {
  'a core with a tile of weights': {
    ...dense,
    death: { ...ROOT, core: 1, ...DEATH },
    message: /cores did not report in time.*: dense tile 0,0 on chip \(0, 0\) core 1 .* broken/,
  },
  'the link between tiles and sequencer': {
    ...dense,
    death: { ...ROOT, link: EASTWARDS, ...DEATH },
    message: /chip \(1, 0\) refused CMD_\w+: RC_P2P_NOREPLY/,
  },
  'the chip of the sequencer': {
    ...dense,
    death: { ...EAST, ...DEATH },
    message: /chip \(1, 0\) refused CMD_\w+: RC_P2P_NOREPLY/,
    skip: LARGE,
  },
  'the chip that the host talks to': {
    ...dense,
    code: 3,
    death: { ...ROOT, ...DEATH },
    message:
      /chip \(\d, 0\) did not answer CMD_\w+: \d+ tries, .* Is the board powered and booted\? The/,
  },
  'a worker of a convolution': {
    ...convolution,
    death: { ...ROOT, core: 2, ...DEATH },
    message: /workers did not report in time.*worker [01] of replica 0 on chip \(0, 0\) core [12]/,
  },
  // A machine that stands still while nothing happens looks like one that is slow: that is waited for.
  'the sequencer of a stack of Dense layers': {
    ...dense,
    death: { ...EAST, core: 1, ...DEATH },
    message: /the sequencer stopped answering: sequencer on chip \(1, 0\) core 1/,
    skip: LARGE,
  },
  'the sequencer of a convolution': {
    ...convolution,
    death: { ...ROOT, core: 3, ...DEATH },
    message: /the sequencer stopped answering: sequencer on chip \(0, 0\) core 3/,
    skip: LARGE,
  },
};

/** A machine of four chips that loses a part. */
async function failingMachine(t: Test, { cores, death }: Case) {
  const chips = [0, 1].flatMap((x) => [0, 1].map((y) => ({ x, y })));
  const deadCores = chips.flatMap((chip) =>
    Array.from({ length: APPLICATION_CORES - cores(chip) }, (_, core) => ({
      ...chip,
      core: APPLICATION_CORES - core,
    })),
  );
  return startMachine(t, { board: 'spin3', deadCores, faults: { deaths: [death] } });
}

for (const [part, each] of Object.entries(CASES)) {
  t.test(
    `when ${part} dies, training ends with its name and what was finished is saved`,
    { skip: each.skip ?? false, timeout: 1_200_000 },
    async (t) => {
      const layers = NETWORKS[each.network];
      const folder = t.testdir({
        'net.json': JSON.stringify({ name: 'bars', layers }),
        'data.json': JSON.stringify(DATA),
      });
      const file = (name: string) => `${folder}/${name}`;
      const train = (name: string, epochs: number, ...more: string[]) => {
        const outputs = ['--output', file(`${name}.json`), '--report', file(`${name}.html`)];
        const inputs = ['--model', file('net.json'), '--data', file('data.json')];
        const how = ['--epochs', `${epochs}`, '--batch-size', '16'];
        return run('train', ...inputs, ...outputs, ...how, ...more);
      };
      const { options } = await failingMachine(t, each);
      const { code, stdout, stderr } = await train('left', EPOCHS, ...options, '--board', 'spin3');
      t.equal(code, each.code, stderr);
      t.match(stderr, each.message);
      t.match(stdout, /^training failed: what was trained before that is saved in .*left\.json$/m);
      const [, epoch] =
        /The model keeps what was trained up to batch 1 of epoch (\d+)\/400\.$/m.exec(stderr) ?? [
          undefined,
          0,
        ];
      t.ok(Number(epoch) > 0 && Number(epoch) < EPOCHS, stderr);
      t.equal((await train('here', Number(epoch), '--engine', 'functional')).code, 0);
      const written = (name: string) => readFile(file(name), 'utf8');
      t.equal(await written('left.json'), await written('here.json'), 'to the bit');
    },
  );
}
