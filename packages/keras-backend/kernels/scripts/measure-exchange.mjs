/**
 * Measures what exchanges between replicas cost on the instruction-level machine, beside what exchange.ts predicts.
 *
 *   node kernels/scripts/measure-exchange.mjs REPLICAS WORKERS [UNITS]
 *
 * Trains one batch of a dense network with UNITS (100) inputs and units on a virtual board, and prints core cycles of
 * each part of its exchanges: `before`, from the barrier before an operation until all replicas are ready; `packets`, up
 * to the last packet that the first chip takes; `after`, to its next barrier. Needs this package and @spin-tools/sim built.
 */
import { spin3, spin5 } from '@spin-tools/machine-model';
import { VirtualMachine } from '@spin-tools/sim';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import { layers, sequential, sgd } from '../../dist/index.js';
import { CYCLE_SECONDS } from '../../dist/schedule/cost.js';
import { replicaTime } from '../../dist/schedule/machine/exchange.js';
import { roomFor } from '../../dist/schedule/machine/place.js';
import {
  ARRIVE_KEY,
  READY_KEY,
  REDUCE_KEY,
  SHARE_KEY,
} from '../../dist/schedule/machine/routes.js';

const CYCLE_NS = 1e9 * CYCLE_SECONDS;
const CLASS_SHIFT = 24;
const CLASSES = 10;

const [replicas, workers, units = 100] = process.argv.slice(2).map(Number);
const values = (count) =>
  Float32Array.from({ length: count }, (_, i) => shuffledIndex(i, 65536, 1) / 65536);

const virtualMachine = new VirtualMachine({ board: replicas > 4 ? 'spin5' : 'spin3' });
/** Arrivals of packets by class on the first chip; those of barriers at one core only. */
const events = [];
let listener;
const classes = new Map(
  [ARRIVE_KEY, READY_KEY, REDUCE_KEY, REDUCE_KEY + 0x01000000, SHARE_KEY].map((key) => [
    key >>> CLASS_SHIFT,
    key,
  ]),
);
for (const port of virtualMachine.network.chips[0].ports) {
  const push = port.push.bind(port);
  port.push = (packet, route, at) => {
    const kind = classes.get(packet.key >>> CLASS_SHIFT);
    if (kind === ARRIVE_KEY) listener ??= port;
    if (kind !== undefined && (kind !== ARRIVE_KEY || port === listener)) {
      events.push({ kind, at });
    }
    push(packet, route, at);
  };
}

const net = sequential({
  seed: 1,
  layers: [
    layers.dense({ units, inputShape: [units], activation: 'relu' }),
    layers.activation({ activation: 'softplus' }),
    layers.dense({ units: CLASSES, activation: 'softmax' }),
  ],
});
net.compile({
  optimizer: sgd({ learningRate: 0.1 }),
  loss: 'categorical_crossentropy',
  engine: 'machine',
  machine: { virtualMachine, replicas, workers },
});
const labels = Float32Array.from(
  { length: replicas * CLASSES },
  (_, i) => +(i % (CLASSES + 1) === 0),
);
const { machine } = await net.fit(
  { data: values(replicas * units), shape: [replicas, units] },
  { data: labels, shape: [replicas, CLASSES] },
  { batchSize: replicas, epochs: 1, verbose: 0 },
);
await net.close();
await virtualMachine.close();

/** What came between barriers of the listener's chip: a meeting has one of its own, before replicas are ready. */
events.sort((a, b) => a.at - b.at);
const cycles = (from, to) => Math.round((to - from) / CYCLE_NS);
const barriers = events
  .filter(({ kind }) => kind === ARRIVE_KEY)
  .filter((_, i) => i % workers === workers - 1);
for (const [index, { at: met }] of barriers.entries()) {
  const next = barriers[index + 1]?.at ?? Number.POSITIVE_INFINITY;
  const between = events.filter(({ at }) => at > met && at < next);
  const ready = between.filter(({ kind }) => kind === READY_KEY).at(-1)?.at;
  const packets = between.filter(({ kind }) => kind !== READY_KEY && kind !== ARRIVE_KEY).at(-1);
  if (ready === undefined || packets === undefined) continue;
  const before = cycles(barriers[index - 1]?.at ?? met, ready);
  const spent = [before, cycles(ready, packets.at), cycles(packets.at, next)];
  process.stdout.write(
    `${packets.kind === SHARE_KEY ? 'share ' : 'reduce'} before, packets, after: ${spent.join(', ')}\n`,
  );
}
const explain = (target) => net.schedule(replicas, target.workers, target.replicas);
const board = replicas > 4 ? spin5() : spin3();
const room = roomFor(board, workers);
const time = replicaTime(board, room, explain, replicas);
for (const part of time.cycles) {
  process.stdout.write(`predicted ${JSON.stringify(part)}\n`);
}
process.stdout.write(
  `step: predicted ${time.seconds * 1e3} ms, simulated ${machine.seconds * 1e3} ms\n`,
);
