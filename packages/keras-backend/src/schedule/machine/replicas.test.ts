/** Several chips train one network: the bits do not depend on how many. */
import { spin3, spin5 } from '@spin-tools/machine-model';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import t from 'tap';
import type { NumberMode } from '../../engine.js';
import { layers } from '../../layers/layers.js';
import { sequential } from '../../model/model.js';
import { adam, type Optimiser, sgd } from '../../optimisers/optimisers.js';
import { smallResidualNetwork } from '../../testing/residual-networks.js';
import { exchangeBursts } from './exchange.js';
import { placeSchedule, roomFor } from './place.js';
import { routeSchedule } from './routes.js';

const isLarge = process.env.SPIN_TOOLS_LARGE === '1';
const LARGE = isLarge ? false : 'set SPIN_TOOLS_LARGE=1 to run it';

/** Seven samples in batches of 4: the last batch has fewer samples than four replicas take. */
const SAMPLES = 7;
const fit = { epochs: 2, batchSize: 4 } as const;
const values = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => shuffledIndex(i, 65536, 1) / 65536);
const x = { data: values(SAMPLES * 36), shape: [SAMPLES, 6, 6, 1] };
const y = Array.from({ length: SAMPLES }, (_, s) => [0, 1, 2].map((k) => (s % 3 === k ? 1 : 0)));

/** Sums of gradients, of batch statistics and their ways back, of norms; random numbers by sample. */
const normalised = () =>
  sequential({
    seed: 1,
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.2 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });

const clipped = () =>
  sequential({
    seed: 1,
    layers: [
      layers.flatten({ inputShape: [6, 6, 1] }),
      layers.dense({ units: 70, activation: 'tanh', kernelRegularizer: { l2: 0.01 } }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });

interface Way {
  readonly replicas: number;
  readonly workers: number;
  readonly dataBytes?: number;
}

async function trained(
  make: typeof normalised,
  optimizer: Optimiser,
  mode: NumberMode,
  way: Way | undefined,
) {
  await using net = make();
  const engine = way ? 'machine' : 'functional';
  const machine = { board: 'spin3', ...way } as const;
  const loss = 'categorical_crossentropy';
  net.compile({ optimizer, loss, metrics: ['accuracy'], mode, engine, machine });
  const { history } = await net.fit(x, y, fit);
  const state = net.getState();
  return { state, history, predicted: (await net.predict(x)).data };
}

const momentum = sgd({ learningRate: 0.1, momentum: 0.9, globalClipNorm: 0.1 });
const CASES: readonly [string, typeof normalised, Optimiser, NumberMode, Way, boolean][] = [
  ['batch normalisation', normalised, adam(), 'fast', { replicas: 2, workers: 2 }, false],
  ['batch normalisation', normalised, adam(), 'exact', { replicas: 3, workers: 3 }, true],
  ['batch normalisation', normalised, adam(), 'fast', { replicas: 4, workers: 16 }, true],
  ['clipping', clipped, momentum, 'fast', { replicas: 3, workers: 1 }, false],
  ['clipping', clipped, momentum, 'fast', { replicas: 4, workers: 2, dataBytes: 900 }, true],
];

for (const [name, make, optimiser, mode, way, large] of CASES) {
  const { replicas, workers } = way;
  const title = `${name}, ${mode}: ${replicas} chips with ${workers} workers give the functional engine's bits`;
  t.test(title, { skip: large && LARGE }, async (t) => {
    const functional = await trained(make, optimiser, mode, undefined);
    const machine = await trained(make, optimiser, mode, way);
    t.strictSame(machine.history, functional.history);
    t.strictSame(machine.state, functional.state);
    t.strictSame(machine.predicted, functional.predicted);
  });
}

t.test('every packet of any number of replicas reaches whom it is for', (t) => {
  for (const [machine, numbers] of [
    [spin3(), [1, 2, 3, 4]],
    [spin5(), [7, 48]],
  ] as const) {
    for (const replicas of numbers) {
      const room = roomFor(machine);
      const places = placeSchedule(room, replicas);
      const routes = routeSchedule(places, machine);
      t.equal(room.workers, 16);
      t.ok(Math.max(...routes.tables.map(({ entries }) => entries.length)) <= 1023);
      t.ok(exchangeBursts(places, routes).share >= 1);
    }
  }
  t.throws(() => placeSchedule(roomFor(spin3()), 5), {
    name: 'OptionError',
    message: /replicas.*1 to 4/s,
  });
  t.end();
});

t.test('the cost model takes more chips for more work', (t) => {
  const net = smallResidualNetwork({ shape: [32, 32, 3], classes: 10, blocks: 3, width: 16 });
  net.compile({ optimizer: adam(), loss: 'categorical_crossentropy', engine: 'machine' });
  const best = (batchSize: number) => net.replicas(spin5(), batchSize)[0]?.replicas ?? 0;
  t.equal(best(1), 1);
  t.ok(best(8) > 1);
  t.end();
});
