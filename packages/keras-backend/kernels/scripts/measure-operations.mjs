/**
 * Measures what operations of schedules cost on the instruction-level machine, and writes src/schedule/cost-cycles.ts.
 *
 *   node kernels/scripts/measure-operations.mjs measure NETWORK fast|exact WORKERS [BATCH] > FILE.json
 *   node kernels/scripts/measure-operations.mjs fit FILE.json...
 *
 * The time of an operation is that from the last packet of one barrier to the last of the next. Cycles of units are
 * the least squares of all files, with no cycles below 0. A measurement takes up to a minute. Needs this package and
 * @spin-tools/sim built.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VirtualMachine } from '@spin-tools/sim';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import { OVERLAYS } from '../../dist/images/overlays.js';
import { adagrad, adam, apply, input, layers, model, rmsprop, sgd } from '../../dist/index.js';
import { ARRIVAL_CYCLES, overlayCycles, workOf } from '../../dist/schedule/cost.js';
import { MachineScheduleEngine } from '../../dist/schedule/machine/engine.js';
import { ARRIVE_KEY } from '../../dist/schedule/machine/routes.js';

const CYCLE_NS = 5;
const ROUNDS = 4000;

const chain = (shape, ...steps) => {
  const start = input({ shape });
  const end = steps.reduce((x, layer) => apply(layer, x), start);
  return model({ inputs: start, outputs: end, seed: 3 });
};
const conv = (filters, kernelSize = 3) => layers.conv2d({ filters, kernelSize, padding: 'same' });
const act = (activation) => layers.activation({ activation });
const classify = (units) => layers.dense({ units, activation: 'softmax' });

/** Two branches that are multiplied and added, and one that is concatenated. */
const branches = () => {
  const start = input({ shape: [12, 12, 4] });
  const a = apply(conv(8), start);
  const b = apply(act('swish'), apply(conv(8, 1), start));
  const sum = apply(layers.add(), [apply(layers.multiply(), [a, b]), a]);
  const both = apply(layers.concatenate(), [sum, b]);
  const dropped = apply(layers.dropout({ rate: 0.25 }), both);
  const end = apply(layers.globalAveragePooling2d(), dropped);
  return model({ inputs: start, outputs: apply(classify(4), end), seed: 4 });
};

const NETWORKS = {
  dense: {
    make: () =>
      chain(
        [196],
        layers.dense({ units: 64 }),
        act('relu'),
        layers.dense({ units: 33 }),
        act('elu'),
        classify(10),
      ),
    ...{ shape: [196], classes: 10, batchSize: 32 },
    options: { optimizer: sgd({ learningRate: 0.01 }), loss: 'categorical_crossentropy' },
  },
  convolutions: {
    make: () =>
      chain(
        [14, 14, 3],
        ...[conv(8), act('relu'), layers.maxPooling2d(), conv(16), act('sigmoid')],
        ...[layers.averagePooling2d(), layers.flatten(), classify(10)],
      ),
    ...{ shape: [14, 14, 3], classes: 10, batchSize: 8 },
    options: { optimizer: adam(), loss: 'categorical_crossentropy' },
  },
  normalised: {
    make: () =>
      chain(
        [12, 12, 4],
        ...[conv(12), layers.batchNormalization(), act('relu')],
        ...[
          layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
          layers.batchNormalization(),
        ],
        ...[act('tanh'), layers.flatten(), classify(4)],
      ),
    ...{ shape: [12, 12, 4], classes: 4, batchSize: 6 },
    options: { optimizer: rmsprop(), loss: 'categorical_crossentropy' },
  },
  branches: {
    make: branches,
    ...{ shape: [12, 12, 4], classes: 4, batchSize: 4 },
    options: { optimizer: adagrad(), loss: 'mse' },
  },
};

const values = (count) =>
  Float32Array.from({ length: count }, (_, i) => shuffledIndex(i, 65536, 1) / 65536);

/** Trains one batch and gives the cycles of each operation, or of those between two barriers. */
async function measure(name, mode, workers, batch) {
  const { make, shape, classes, options, batchSize = batch } = NETWORKS[name];
  const samples = batch ?? batchSize;
  const arrivals = [];
  const virtualMachine = new VirtualMachine({ board: 'spin3' });
  let listener;
  for (const port of virtualMachine.network.chips[0].ports) {
    const push = port.push.bind(port);
    port.push = (packet, route, at) => {
      if (packet.key === ARRIVE_KEY) listener ??= port;
      if (packet.key === ARRIVE_KEY && port === listener) arrivals.push(at);
      push(packet, route, at);
    };
  }
  let network;
  const { prepare, run } = MachineScheduleEngine.prototype;
  MachineScheduleEngine.prototype.prepare = function (given) {
    network = given;
    return prepare.call(this, given);
  };
  let seconds;
  MachineScheduleEngine.prototype.run = async function (request) {
    arrivals.length = 0;
    const result = await run.call(this, request);
    seconds = result.machine.seconds;
    return result;
  };
  const net = make();
  net.compile({
    ...options,
    engine: 'machine',
    mode,
    machine: { virtualMachine, workers, replicas: 1 },
  });
  const labels = new Float32Array(samples * classes);
  for (let s = 0; s < samples; s++) labels[s * classes + (s % classes)] = 1;
  const size = shape.reduce((product, each) => product * each, 1);
  const x = { data: values(samples * size), shape: [samples, ...shape] };
  const y = { data: labels, shape: [samples, classes] };
  await net.fit(x, y, { batchSize: samples, epochs: 1, verbose: 0 });
  await net.close();
  await virtualMachine.close();
  const ends = arrivals.filter((_, index) => index % workers === workers - 1);
  const groups = [];
  let open = [];
  for (const operation of network.operations) {
    open.push(operation);
    if (operation.overlaps) continue;
    groups.push({
      operations: open,
      cycles: (ends[groups.length + 1] - ends[groups.length]) / CYCLE_NS,
    });
    open = [];
  }
  const { target, per, samples: own } = network;
  return { name, mode, limits: { target, samples: own, per }, groups, seconds };
}

/** Least squares without negative numbers, by one unknown after the other. */
function fit(files) {
  const names = [];
  const indexOf = (name) => {
    const at = names.indexOf(name);
    return at >= 0 ? at : names.push(name) - 1;
  };
  const rows = files.flatMap(({ limits, groups }) => {
    let present;
    return groups.map(({ operations, cycles }) => {
      const row = { terms: new Map(), cycles: cycles - ARRIVAL_CYCLES * limits.target.workers };
      for (const operation of operations) {
        row.cycles -= overlayCycles(operation.kind, present);
        present = OVERLAYS.get(operation.kind)?.offset ?? present;
        const { operationKey, work } = workOf(operation, limits);
        for (const [unit, count] of Object.entries({ operation: 1, ...work })) {
          const index = indexOf(`${operationKey}|${unit}`);
          row.terms.set(index, (row.terms.get(index) ?? 0) + count);
        }
      }
      return row;
    });
  });
  const result = new Float64Array(names.length);
  const left = rows.map(({ cycles }) => cycles);
  const weights = rows.map(({ cycles }) => 1 / Math.max(cycles, 500));
  const columns = names.map((_, index) =>
    rows.flatMap(({ terms }, row) => (terms.has(index) ? [[row, terms.get(index)]] : [])),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, column] of columns.entries()) {
      let [above, below] = [0, 0];
      for (const [row, count] of column) {
        above += weights[row] * count * (left[row] + count * result[index]);
        below += weights[row] * count * count;
      }
      const next = below === 0 ? 0 : Math.max(0, above / below);
      for (const [row, count] of column) left[row] -= count * (next - result[index]);
      result[index] = next;
    }
  }
  for (const [row, { cycles, terms }] of rows.entries()) {
    if (Math.abs(left[row]) < 0.25 * cycles) continue;
    const keys = [...new Set([...terms.keys()].map((index) => names[index].split('|')[0]))];
    process.stderr.write(
      `${keys.join(' + ')}: ${Math.round(cycles)} cycles, ${Math.round(left[row])} unexplained\n`,
    );
  }
  const table = {};
  for (const [index, name] of names.entries()) {
    const [key, unit] = name.split('|');
    table[key] ??= {};
    if (result[index] > 1e-3) table[key][unit] = Number(result[index].toPrecision(3));
  }
  return table;
}

const source = (table, files) => `/**
 * Core cycles of units of work, by kind of operations and, after it, the number of the function, loss or optimiser.
 *
 * Measured on the instruction-level machine and written by kernels/scripts/measure-operations.mjs: least squares over
 * ${files.map(({ name, mode, limits }) => `${name} ${mode} with ${limits.target.workers} workers`).join(',\n * ')}.
 */
import type { Work } from './cost.js';

/** Cycles of an operation whatever its size, and of each unit of {@link Work}. */
export type UnitCycles = { readonly [Unit in keyof Work | 'operation']?: number };

/** Cycles of units of work. What was not measured is taken to cost what most do. */
export const CYCLES: Readonly<Record<string, UnitCycles>> = ${JSON.stringify({ ...table, ...FALLBACKS(table) }, undefined, 2)};
`;

/** What has other functions, losses or optimisers costs the most of those that were measured. */
const FALLBACKS = (table) => {
  const result = {};
  for (const [key, units] of Object.entries(table)) {
    const [kind, number] = key.split(' ');
    if (!/^\d+$/.test(number ?? '')) continue;
    if ((result[kind]?.values ?? 0) <= (units.values ?? 0)) result[kind] = units;
  }
  return { ...result, other: { operation: 800, values: 40 } };
};

const [what, ...given] = process.argv.slice(2);
if (what === 'measure') {
  const [name, mode, workers, batch] = given;
  const result = await measure(name, mode, Number(workers), batch && Number(batch));
  process.stdout.write(`${JSON.stringify(result)}\n`);
} else {
  const files = given.map((file) => JSON.parse(readFileSync(file, 'utf8')));
  const target = fileURLToPath(new URL('../../src/schedule/cost-cycles.ts', import.meta.url));
  writeFileSync(target, source(fit(files), files));
}
