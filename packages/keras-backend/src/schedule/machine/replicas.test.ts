/** Several chips train one network: the bits do not depend on how many. */
import { isDeepStrictEqual } from 'node:util';
import { BOARD_PLACES, LINKS, spin3, spin5, triads } from '@spin-tools/machine-model';
import { VirtualMachine } from '@spin-tools/sim';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import fc from 'fast-check';
import t from 'tap';
import type { NumberMode } from '../../engine.js';
import { layers } from '../../layers/layers.js';
import { MachineRunError, PacketsDroppedError } from '../../machine/errors.js';
import { sequential } from '../../model/model.js';
import { adam, type Optimiser, sgd } from '../../optimisers/optimisers.js';
import { smallResidualNetwork } from '../../testing/residual-networks.js';
import type { Explain, ScheduleExplanation } from '../explain.js';
import { exchangeGaps, replicaTime } from './exchange.js';
import { placeSchedule, roomFor } from './place.js';
import { READY_KEY, REDUCE_KEY, routeSchedule, SHARE_KEY } from './routes.js';

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
    }
  }
  t.throws(() => placeSchedule(roomFor(spin3()), 5), {
    name: 'OptionError',
    message: /replicas.*1 to 4/s,
  });
  t.end();
});

/** Some thousand numbers to exchange. */
const broad = () =>
  sequential({
    seed: 1,
    layers: [
      layers.flatten({ inputShape: [6, 6, 1] }),
      layers.dense({ units: 60, activation: 'relu' }),
      layers.dense({ units: 40 }),
      layers.activation({ activation: 'softplus' }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });

t.test('what a step takes on several chips is predicted', async (t) => {
  const [replicas, workers] = [4, 4];
  const machine = spin3();
  await using net = broad();
  net.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'categorical_crossentropy',
    engine: 'machine',
    machine: { board: 'spin3', replicas, workers },
  });
  const explain: Explain = (target) =>
    net.schedule(fit.batchSize, target.workers, target.replicas) as ScheduleExplanation;
  const time = replicaTime(machine, roomFor(machine, workers), explain, replicas);
  const batch = { data: x.data.subarray(0, 4 * 36), shape: [4, 6, 6, 1] };
  const { machine: cost } = await net.fit(batch, y.slice(0, 4), { ...fit, epochs: 1 });
  const simulated = cost?.seconds ?? 0;
  t.comment(`predicted ${time.seconds} s, simulated ${simulated} s`);
  t.ok(time.exchange > 0.2 * time.seconds);
  t.ok(Math.abs(time.seconds / simulated - 1) < 0.15);
});

t.test(
  'a board of chips with many words for one another drops none',
  { skip: LARGE },
  async (t) => {
    const trainedBy = async (engine: 'functional' | 'machine') => {
      await using net = sequential({
        seed: 1,
        layers: [
          layers.flatten({ inputShape: [6, 6, 1] }),
          layers.dense({ units: 500, activation: 'relu' }),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
      const machine = { replicas: 48, workers: 16 };
      const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
      net.compile({ optimizer, loss: 'categorical_crossentropy', engine, machine });
      const { machine: cost } = await net.fit(x, y, { batchSize: SAMPLES });
      return { cost, state: net.getState() };
    };
    const { cost, state } = await trainedBy('machine');
    t.match(cost, { packetsDropped: 0, batchesRepeated: 0 });
    t.strictSame(state, (await trainedBy('functional')).state);
  },
);

/** One epoch on three chips, where some packets may be lost. */
async function exchanged(virtualMachine: VirtualMachine) {
  const net = clipped();
  const machine = { virtualMachine, replicas: 3, workers: 1 };
  const loss = 'categorical_crossentropy';
  net.compile({ optimizer: adam(), loss, engine: 'machine', machine });
  try {
    const { history, machine: cost } = await net.fit(x, y, { ...fit, epochs: 1 });
    return { bits: { history, state: net.getState() }, cost };
  } catch (error) {
    return { error, floats: net.getState().floats };
  } finally {
    await net.close();
    await virtualMachine.close();
  }
}

/** The weights in front of each batch, one of which a run that fails ends with. */
async function floatsBefore(): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let batches = 0; batches < Math.ceil(SAMPLES / fit.batchSize); batches++) {
    await using net = clipped();
    net.compile({ optimizer: adam(), loss: 'categorical_crossentropy', engine: 'functional' });
    const stopping = new AbortController();
    const onBatchEnd = (batch: number) => void (batch === batches - 1 && stopping.abort());
    const { signal } = stopping;
    if (batches > 0) await net.fit(x, y, { ...fit, epochs: 1, signal, callbacks: { onBatchEnd } });
    found.push(net.getState().floats);
  }
  return found;
}

t.test('packets that are lost in an exchange are made good by another run', async (t) => {
  const whole = await exchanged(new VirtualMachine({ board: 'spin3' }));
  t.equal(whole.cost?.packetsDropped, 0);
  const finished = await floatsBefore();
  for (let seed = 1; seed <= (isLarge ? 20 : 1); seed++) {
    const faults = { seed, packets: { lose: 0.00003 * (1 + (seed % 3)) } };
    const lossy = await exchanged(new VirtualMachine({ board: 'spin3', faults }));
    t.comment(lossy.cost ?? lossy.error);
    if (lossy.error === undefined) t.strictSame(lossy.bits, whole.bits);
    else {
      t.ok(lossy.error instanceof PacketsDroppedError);
      t.ok(finished.some((floats) => isDeepStrictEqual(floats, lossy.floats)));
    }
    if (seed > 1) continue;
    t.ok((lossy.cost?.packetsDropped ?? 0) > 0);
    t.ok((lossy.cost?.batchesRepeated ?? 0) > 0);
  }
});

/** Where routers hand packets to cores. */
interface Port {
  push(packet: { readonly key: number }, ...rest: unknown[]): void;
}

const portsOf = (virtualMachine: VirtualMachine): Port[] => {
  const network: { readonly chips: readonly { readonly ports: readonly Port[] }[] } = Reflect.get(
    virtualMachine,
    'network',
  );
  return network.chips.flatMap(({ ports }) => ports);
};

for (const [key, what] of [
  [READY_KEY, /signals of being ready/],
  [REDUCE_KEY, /[1-9][0-9]* packets with sums/],
  [SHARE_KEY, /[1-9][0-9]* packets with shared words/],
] as const) {
  const name = key.toString(16);
  t.test(`a packet of class ${name} that nobody saw end is named`, { skip: LARGE }, async (t) => {
    const virtualMachine = new VirtualMachine({ board: 'spin3' });
    let left = 1;
    for (const port of portsOf(virtualMachine)) {
      const push = port.push.bind(port);
      port.push = (packet, ...rest) => {
        if (packet.key >>> 24 === key >>> 24 && left > 0) left -= 1;
        else push(packet, ...rest);
      };
    }
    const { error, floats } = await exchanged(virtualMachine);
    t.ok(error instanceof MachineRunError);
    t.match((error as Error).message, what);
    t.strictSame(floats, clipped().getState().floats);
  });
}

t.test('trees go around what is dead, and gaps leave room on every link', (t) => {
  const place = fc.constantFrom(...BOARD_PLACES.slice(1));
  const link = fc.integer({ min: 0, max: LINKS - 1 });
  const dead = fc.record({
    deadChips: fc.array(place, { maxLength: 8 }),
    deadLinks: fc.array(
      fc.tuple(place, link).map(([chip, link]) => ({ ...chip, link })),
      { maxLength: 12 },
    ),
  });
  fc.assert(
    fc.property(dead, fc.integer({ min: 1, max: 16 }), (parts, workers) => {
      const machine = spin5(parts);
      const room = roomFor(machine, workers);
      const { replicas, sequencer } = placeSchedule(room, room.chips.length);
      const { trees } = routeSchedule({ replicas, sequencer }, machine);
      const gaps = exchangeGaps(machine, replicas, trees);
      const crossings = replicas.map(() => new Array<number>(LINKS).fill(0));
      for (const { parents } of trees) {
        for (const [replica, parent] of parents.entries()) {
          if (parent) (crossings[replica] as number[])[parent.link]! += 1;
        }
      }
      const most = Math.max(...crossings.flat());
      t.ok((gaps.words.at(-1) ?? 0) >= (workers * most * 58) / 0.75);
      t.ok(gaps.sums.flat().every((gap) => gap >= (workers * 58) / 0.75));
    }),
    { numRuns: 10 },
  );
  const boards = triads({ width: 1, height: 1 });
  const room = roomFor(boards);
  t.equal(room.chips.length, 58);
  t.doesNotThrow(() => routeSchedule(placeSchedule(room, 58), boards));
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
