/**
 * Training under the real monitor: SC&MP itself runs on the chips of a virtual machine. Its images are not part of
 * this repository: SPIN_TOOLS_BOOT_IMAGES names them, `scamp.boot` files with the system's path delimiter between them.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describeBootImage, MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import t from 'tap';
import { createFunctionalEngine } from '../functional/index.js';
import {
  digitsLike,
  type Example,
  type Prepared,
  prepare,
  TRAIN,
  withEngine,
} from '../testing/small-networks.js';
import { createMachineEngine, type MachineEngineOptions } from './index.js';

const FILES = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter((file) => file);
/** Of this computer, which may be busy: nothing is lost on the way. */
const PATIENCE_MS = 300_000;
/** The root is up a little before the other chips. */
const NS_PER_SECOND = 1e9;

/** 20 batches of each loss, with all activations. */
const EXAMPLES: readonly Example[] = [
  { ...digitsLike, samples: 80 },
  {
    sizes: [12, 10, 3],
    activations: ['relu', 'sigmoid'],
    loss: 'binary_crossentropy',
    batchSize: 4,
    samples: 80,
  },
  {
    sizes: [12, 10, 8, 4],
    activations: ['tanh', 'sigmoid', 'linear'],
    loss: 'mean_squared_error',
    batchSize: 4,
    samples: 80,
  },
];

async function trained(prepared: Prepared, options?: MachineEngineOptions) {
  let outcome = {};
  const engine = options
    ? createMachineEngine(prepared.plan, options)
    : createFunctionalEngine(prepared.plan);
  await withEngine(prepared, engine, async (engine) => {
    const { lossSum, correct, saturations, machine } = await engine.run(TRAIN);
    const dropped = machine?.packetsDropped ?? 0;
    outcome = { lossSum, correct, saturations, dropped, weights: await engine.getWeights() };
  });
  return outcome;
}

if (FILES.length === 0) t.pass('skipped: SPIN_TOOLS_BOOT_IMAGES names no boot image');

for (const file of FILES) {
  const image = new Uint8Array(readFileSync(file));
  const { version } = describeBootImage(image);
  t.test(`SC&MP ${version}: 20 batches give the functional engine's bits`, async (t) => {
    const virtualMachine = new VirtualMachine({ board: 'spin3', monitor: 'image' });
    const controller = new MachineController({
      scp: virtualMachine.scpTransport(),
      boot: virtualMachine.bootTransport(),
      timeoutMs: PATIENCE_MS,
    });
    await controller.boot({
      image,
      hardwareVersion: 3,
      pauseMs: 0,
      force: true,
      timeoutMs: PATIENCE_MS,
    });
    await virtualMachine.advance(NS_PER_SECOND);
    for (const example of EXAMPLES) {
      for (const mode of ['fast', 'exact'] as const) {
        const prepared = prepare(example, mode);
        const found = await trained(prepared, { virtualMachine });
        t.same(found, await trained(prepared), `${example.loss}, ${mode}`);
      }
    }
    await controller.close();
    await virtualMachine.close();
  });
}
