/**
 * `machine` and `functional` have the same bits after 20 batches, whatever is trained. A few networks in the regular
 * run; all of them, in both number modes, with SPIN_TOOLS_LARGE=1, also under the real monitor where
 * SPIN_TOOLS_BOOT_IMAGES names its images.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import { randomWord } from '@spin-tools/sim/fixed';
import t, { type Test } from 'tap';
import type { NumberMode } from '../engine.js';
import { UnsupportedError } from '../errors.js';
import { ACTIVATIONS } from '../layers/activations.js';
import { KINDS } from '../layers/kinds/index.js';
import { sizeOf } from '../layers/kinds/kind.js';
import { layers } from '../layers/layers.js';
import { LOSS_NAMES, lossConfig } from '../losses/configs.js';
import { sequential } from '../model/model.js';
import type { CompileOptions } from '../model/options.js';
import { OPTIMISERS, sgd } from '../optimisers/optimisers.js';
import { AGREEMENT_CASES, type AgreementCase, OUTPUTS } from '../testing/agreement-cases.js';

const isLarge = process.env.SPIN_TOOLS_LARGE !== undefined;
const SAMPLES = 40;
const BATCH = 2;
/** Cores that compute: three, so that shares are uneven. */
const WORKERS = 3;
/** What the regular run trains: one network with most of it, a stack of Dense layers, branches. */
const REGULAR = [0, 1]
  .map((index) => AGREEMENT_CASES[index]!.name)
  .concat('Multiply, one axis repeated');
const IMAGES = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter((file) => file);
/** Of this computer, which may be busy: nothing is lost on the way. */
const PATIENCE_MS = 300_000;
const NS_PER_SECOND = 1e9;

/** Uniform numbers of 0 to below 1. */
const uniform = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, index) => randomWord(seed, index) / 2 ** 32);

/** Everything that training leaves behind, to the bit. */
async function trained(
  {
    build,
    loss = 'mean_squared_error',
    optimizer = sgd({ learningRate: 0.05 }),
    targets,
  }: AgreementCase,
  options: Pick<CompileOptions, 'engine' | 'machine' | 'mode'>,
) {
  await using model = build();
  const [shape] = model.graph.inputs.map((node) => model.graph.nodes[node]!.shape);
  const rows = Array.from({ length: SAMPLES }, (_, sample) => {
    const numbers = uniform(OUTPUTS, 1000 + sample);
    return targets ? targets(numbers) : numbers;
  });
  const x = {
    data: Float32Array.from(uniform(SAMPLES * sizeOf(shape!), 1), (each) => 2 * each - 1),
    shape: [SAMPLES, ...shape!],
  };
  const width = rows[0]!.length;
  const y = {
    data: Float32Array.from(rows.flat()),
    shape: width === 1 ? [SAMPLES] : [SAMPLES, width],
  };
  model.compile({ optimizer, loss, ...options });
  const { history, saturations, machine } = await model.fit(x, y, { batchSize: BATCH });
  const { floats, slots, steps } = model.getState();
  const finite = floats.flat().every((each) => [...each].every(Number.isFinite));
  return { loss: history.loss, saturations, floats, slots, steps, finite, machine };
}

async function agree(t: Test, example: AgreementCase, mode: NumberMode, virtual: VirtualMachine) {
  const here = await trained(example, { engine: 'functional', mode });
  const there = await trained(example, {
    engine: 'machine',
    mode,
    machine: { virtualMachine: virtual, workers: WORKERS, board: 'spin3' },
  });
  const { machine, ...bits } = there;
  t.ok(here.finite && machine !== undefined && machine.packetsDropped === 0);
  t.strictSame({ ...bits, machine: undefined }, { ...here, machine: undefined });
}

const cases = isLarge
  ? AGREEMENT_CASES
  : AGREEMENT_CASES.filter(({ name }) => REGULAR.includes(name));
const modes = isLarge ? (['fast', 'exact'] as const) : (['fast'] as const);

async function agreeOnAll(t: Test, virtual: VirtualMachine) {
  for (const mode of modes) {
    for (const example of cases) {
      await t.test(`${example.name}, ${mode}`, (t) => agree(t, example, mode, virtual));
    }
  }
  await virtual.close();
}

t.test('the machine engine has the bits of the functional engine after 20 batches', (t) =>
  agreeOnAll(t, new VirtualMachine({ board: 'spin3' })),
);

if (IMAGES.length === 0) t.pass('skipped: SPIN_TOOLS_BOOT_IMAGES names no boot image');

for (const file of IMAGES) {
  t.test(`and so it has under the real monitor ${file}`, async (t) => {
    const virtual = new VirtualMachine({ board: 'spin3', monitor: 'image' });
    const controller = new MachineController({
      scp: virtual.scpTransport(),
      boot: virtual.bootTransport(),
      timeoutMs: PATIENCE_MS,
    });
    const image = new Uint8Array(readFileSync(file));
    const limits = { pauseMs: 0, force: true, timeoutMs: PATIENCE_MS };
    await controller.boot({ image, hardwareVersion: 3, ...limits });
    await virtual.advance(NS_PER_SECOND);
    await agreeOnAll(t, virtual);
    await controller.close();
  });
}

t.test('no layer, activation, loss or optimiser lacks a case, unless it is refused', async (t) => {
  const used = {
    layers: new Set(),
    activations: new Set(),
    losses: new Set(),
    optimisers: new Set(),
  };
  for (const { build, loss = 'mean_squared_error', optimizer } of AGREEMENT_CASES) {
    for (const { layer } of build().graph.layers) {
      used.layers.add(layer.className);
      if ('activation' in layer) used.activations.add(layer.activation);
    }
    used.losses.add(lossConfig(loss).kind);
    used.optimisers.add(optimizer?.kind ?? 'sgd');
  }
  const lacking = (all: readonly string[], has: ReadonlySet<unknown>) =>
    all.filter((each) => !has.has(each));
  t.strictSame(lacking(ACTIVATIONS, used.activations), []);
  t.strictSame(lacking(LOSS_NAMES, used.losses), []);
  t.strictSame(lacking(OPTIMISERS, used.optimisers), []);
  const recurrent = lacking(Object.keys(KINDS), used.layers);
  t.strictSame(recurrent, ['SimpleRNN', 'LSTM', 'GRU']);
  for (const make of [layers.simpleRNN, layers.lstm, layers.gru]) {
    const model = sequential({ layers: [layers.input({ shape: [6, 2] }), make({ units: 2 })] });
    t.throws(
      () => model.compile({ optimizer: 'sgd', loss: 'mean_squared_error' }),
      UnsupportedError,
    );
  }
});
