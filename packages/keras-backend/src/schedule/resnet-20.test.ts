/** ResNet-20 in CIFAR's shape (He et al. 2015, section 4.2) trains on a simulated machine. */
import { shuffledIndex } from '@spin-tools/sim/fixed';
import t from 'tap';
import { adam } from '../optimisers/optimisers.js';
import { smallResidualNetwork } from '../testing/residual-networks.js';

const skip = process.env.SPIN_TOOLS_LARGE === '1' ? false : 'set SPIN_TOOLS_LARGE=1 to run it';

/** One sample for each chip of a SpiNN-3, whose cores interpret some two thousand million instructions. */
const SAMPLES = 4;
const CLASSES = 10;
const x = {
  data: Float32Array.from(
    { length: SAMPLES * 32 * 32 * 3 },
    (_, i) => shuffledIndex(i, 65536, 1) / 65536,
  ),
  shape: [SAMPLES, 32, 32, 3],
};
const y = Array.from({ length: SAMPLES }, (_, sample) =>
  Array.from({ length: CLASSES }, (_, label) => (label === sample ? 1 : 0)),
);

async function trained(engine: 'machine' | 'functional') {
  await using net = smallResidualNetwork({
    shape: [32, 32, 3],
    classes: CLASSES,
    blocks: 3,
    width: 16,
    seed: 1,
  });
  net.compile({
    optimizer: adam(),
    loss: 'categorical_crossentropy',
    engine,
    machine: { board: 'spin3', replicas: SAMPLES },
  });
  const { history, machine } = await net.fit(x, y, { epochs: 1, batchSize: SAMPLES });
  return { history, state: net.getState(), machine };
}

t.test(
  'a batch on four chips has the bits of the functional engine',
  {
    skip,
    timeout: 3_600_000,
  },
  async (t) => {
    const start = performance.now();
    const { machine, ...simulated } = await trained('machine');
    const { machine: nothing, ...functional } = await trained('functional');
    t.strictSame(simulated, functional);
    t.equal(nothing, undefined);
    t.equal(machine?.packetsDropped, 0);
    t.comment(
      `${machine?.seconds.toFixed(3)} s and ${machine?.joules.toFixed(2)} J on a board, ` +
        `${((performance.now() - start) / 1000).toFixed(0)} s here`,
    );
  },
);
