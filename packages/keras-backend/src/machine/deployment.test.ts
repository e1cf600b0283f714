import { spin3, spin5 } from '@spin-tools/machine-model';
import fc from 'fast-check';
import t from 'tap';
import type { Activation, NetworkPlan, NumberMode } from '../engine.js';
import { MINIMUM_SEND_GAP } from '../layouts/index.js';
import { NetworkTooLargeError, RECEIVE_CYCLES, TileTooLargeError } from '../tiles/index.js';
import { countCategorical } from './accuracy.js';
import { configure, type DenseConfiguration, EMPTY_SLOT } from './configuration.js';
import { checkData, decodeArea, encodeArea, layOutData } from './data-layout.js';
import { type Deployment, deploy, placeOf } from './deployment.js';
import { encodeRegionTable, regionMap } from './region-map.js';
import { placeTileWeights, tileWeights } from './weights.js';

const FRACTIONS = { input: 12, weight: 12, z: 23, activation: 12, delta: 20, error: 27 };

const planOf = (
  sizes: readonly number[],
  activations: readonly Activation[],
  batchSize: number,
  mode: NumberMode,
): NetworkPlan => ({
  mode,
  batchSize,
  layers: sizes.slice(1).map((units, index) => ({
    name: `layer${index}`,
    inputs: sizes[index]!,
    units,
    activation: activations[index]!,
    useBias: true,
    fractions: FRACTIONS,
  })),
  loss: 'mean_squared_error',
  lossScale: 2 ** 30,
  accuracy: 'binary',
  targetFraction: 12,
});

const plans = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 5 }),
    fc.array(fc.constantFrom<Activation>('relu', 'softmax', 'sigmoid'), {
      minLength: 4,
      maxLength: 4,
    }),
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom<NumberMode>('fast', 'exact'),
  )
  .map((parts) => planOf(...parts));

const configurationsOf = (deployment: Deployment): DenseConfiguration[] =>
  deployment.tiles.cores.map((core) => configure(deployment, core, [EMPTY_SLOT, EMPTY_SLOT]));

/** Keys that a core sends for one sample, by docs/on-core-programs.md, section 3. */
function* keysSent(config: DenseConfiguration, sample: number): Generator<number> {
  const fast = config.mode === 0;
  const value = (key: number, unit: number) =>
    key + ((((fast ? unit >> 1 : unit) << config.sampleBits) | sample) >>> 0);
  function* values(key: number): Generator<number> {
    for (let unit = config.unit0; unit < config.unit0 + config.units; unit += fast ? 2 : 1) {
      yield value(key, unit);
    }
  }
  function* sum(key: number, block: number, unitBits: number, unit: number): Generator<number> {
    const base = ((block * 2 ** unitBits + unit) << config.sampleBits) | sample;
    if (fast) yield key + base;
    else yield* [key + base * 2, key + base * 2 + 1];
  }
  if (config.activationOutKey) yield* values(config.activationOutKey);
  if (config.deltaOutKey) yield* values(config.deltaOutKey);
  for (let row = config.row0; config.partialOutKey && row < config.row0 + config.rows; row++) {
    yield* sum(config.partialOutKey, config.columnBlock, config.unitBits, row);
  }
  const end = config.column0 + config.columns;
  for (let column = config.column0; config.backOutKey && column < end; column++) {
    yield* sum(config.backOutKey, config.rowBlock, config.unitBitsBelow, column);
  }
}

/** Which of its four kinds of packet a core takes a key for, and whether it is in its range. */
function taken(config: DenseConfiguration, key: number): string | undefined {
  const fast = config.mode === 0;
  const inside = (first: number, blocks: number) =>
    blocks > 0 && key >>> 24 >= first >>> 24 && key >>> 24 < (first >>> 24) + blocks;
  const unitOfValue = (first: number) => ((key - first) >>> config.sampleBits) * (fast ? 2 : 1);
  const unitOfSum = (first: number) =>
    ((key - first) >>> (config.sampleBits + (fast ? 0 : 1))) % 2 ** config.unitBits;
  const within = (unit: number, start: number, count: number) =>
    unit >= start && unit < start + count;
  const { activationInKey, deltaInKey, partialInKey, backInKey } = config;
  if (inside(activationInKey, config.activationInBlocks)) {
    const unit = unitOfValue(activationInKey);
    return within(unit, config.column0, config.columns) ? 'activation' : undefined;
  }
  if (inside(deltaInKey, config.deltaInBlocks)) {
    return within(unitOfValue(deltaInKey), config.row0, config.rows) ? 'delta' : undefined;
  }
  if (inside(partialInKey, config.partialInBlocks)) {
    return within(unitOfSum(partialInKey), config.unit0, config.units) ? 'partial' : 'stray';
  }
  if (inside(backInKey, config.backInBlocks)) {
    return within(unitOfSum(backInKey), config.unit0, config.units) ? 'back' : 'stray';
  }
  return 'stray';
}

t.test('each core gets exactly the packets of a sample that it waits for', async (t) => {
  const machine = spin5();
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(plans, (plan) => {
        let deployment: Deployment;
        try {
          deployment = deploy(plan, machine);
        } catch (error) {
          if (error instanceof NetworkTooLargeError || error instanceof TileTooLargeError) return;
          throw error;
        }
        const configs = configurationsOf(deployment);
        const { mapping } = deployment;
        const { nets } = deployment.network.graph;
        const counts = configs.map(() => ({ activation: 0, delta: 0, partial: 0, back: 0 }));
        const sample = plan.batchSize - 1;
        const netsOf = configs.map((_, core) =>
          [...nets.source.keys()].filter((net) => nets.source[net] === core),
        );
        configs.forEach((config, source) => {
          for (const key of keysSent(config, sample)) {
            const net = netsOf[source]!.find((index) => {
              const range = mapping.key(index);
              return (key & range.mask) >>> 0 === range.key;
            });
            if (net === undefined) throw new Error(`no net carries key ${key} of core ${source}`);
            for (const sink of nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1])) {
              const kind = taken(configs[sink]!, key);
              if (kind === 'stray') throw new Error(`core ${sink} does not know key ${key}`);
              if (kind) counts[sink]![kind as 'activation'] += 1;
            }
          }
        });
        configs.forEach((config, core) => {
          const expected = {
            activation: config.activationsExpected,
            delta: config.deltasExpected,
            partial: config.partialsExpected,
            back: config.backsExpected,
          };
          if (JSON.stringify(expected) !== JSON.stringify(counts[core])) {
            throw new Error(`core ${core}: ${JSON.stringify([expected, counts[core]])}`);
          }
        });
      }),
      { numRuns: 25 },
    ),
  );
});

const digits = planOf([784, 128, 10], ['relu', 'softmax'], 32, 'fast');

t.test('a deployment keeps cores apart and near each other', async (t) => {
  const deployment = deploy(digits, spin5());
  const places = deployment.places.map(({ x, y, core }) => `${x},${y},${core}`);
  t.equal(new Set(places).size, 102);
  t.ok(deployment.mapping.statistics.chipsUsed <= 10);
  t.ok(deployment.mapping.statistics.entries.most < 400);
  const configurations = configurationsOf(deployment);
  t.same(JSON.parse(JSON.stringify(configurations)), configurations);
});

t.test('a network too large for a board is refused with numbers', async (t) => {
  t.throws(() => deploy(planOf([4096, 512], ['relu'], 4, 'fast'), spin3()), {
    name: 'NetworkTooLargeError',
    message: /needs \d+ cores .* the machine has 68/,
  });
});

t.test('all senders together send no more than a receiver can take', async (t) => {
  const { network, sendGaps, backGaps, tiles } = deploy(digits, spin5());
  const { nets, partitions } = network.graph;
  t.ok([...sendGaps, ...backGaps].every((gap) => gap >= MINIMUM_SEND_GAP));
  for (const { index } of tiles.cores) {
    const gaps = new Map<number, number>();
    for (let net = 0; net < nets.count; net++) {
      const sinks = nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1]);
      if (nets.source[net] !== network.sequencer && sinks.includes(index)) {
        const source = nets.source[net]!;
        const isBack = partitions.names[nets.partition[net]!]!.startsWith('back');
        const gap = (isBack ? backGaps : sendGaps)[source]!;
        gaps.set(source, Math.min(gap, gaps.get(source) ?? gap));
      }
    }
    const rate = [...gaps.values()].reduce((sum, gap) => sum + 1 / gap, 0);
    if (rate * RECEIVE_CYCLES > 1 + 1e-9) t.fail(`core ${index}: ${rate * RECEIVE_CYCLES}`);
  }
});

t.test(
  'partial sums never leave their chip where a chip can hold all that add them up',
  async (t) => {
    const { network, places } = deploy(digits, spin5());
    const { nets, partitions } = network.graph;
    let partials = 0;
    for (let net = 0; net < nets.count; net++) {
      if (!partitions.names[nets.partition[net]!]!.startsWith('partial')) continue;
      const from = places[nets.source[net]!]!;
      const to = places[nets.sinks[nets.sinkStart[net]!]!]!;
      if (from.x !== to.x || from.y !== to.y)
        t.fail(`net ${net} leaves chip (${from.x}, ${from.y})`);
      partials += 1;
    }
    t.equal(partials, 32 * 2 + 4);
  },
);

t.test('data goes to the chips that read it, in rows of whole words', async (t) => {
  const plan = planOf([5, 4, 3], ['relu', 'relu'], 2, 'fast');
  const deployment = deploy(plan, spin3(), { tiling: [{ rows: 2, columns: 4 }, undefined] });
  const samples = 3;
  const inputs = Int16Array.from({ length: samples * 5 }, (_, index) => index + 1);
  const chips = layOutData(plan, deployment.tiles, (core) => placeOf(deployment, core), {
    samples,
    targets: true,
  });
  t.equal(chips.length, 1);
  const area = chips[0]!.inputs!;
  t.equal(area.rowBytes, 12);
  const bytes = encodeArea(area, inputs, samples);
  t.same([...new Int16Array(bytes.buffer)].slice(0, 7), [1, 2, 3, 4, 5, 0, 6]);
  const back = new Int16Array(inputs.length);
  decodeArea(area, bytes, back, samples);
  t.same(back, inputs);
  t.equal(
    [...chips[0]!.targets.values()].reduce((sum, { columns }) => sum + columns, 0),
    3,
  );
});

t.test('data of the wrong shape is refused by name', async (t) => {
  const plan = planOf([5, 3], ['relu'], 2, 'fast');
  const check = (samples: number, inputs: number, targets: number) =>
    checkData(plan, {
      samples,
      inputs: new Int16Array(inputs),
      targets: new Int16Array(targets),
    });
  t.doesNotThrow(() => check(2, 10, 6));
  t.throws(() => check(0, 0, 0), /1 or more samples/);
  t.throws(() => check(2, 9, 6), /2 samples of 5 inputs make 10 values, not 9/);
  t.throws(() => check(2, 10, 5), /2 samples of 3 targets/);
  t.throws(
    () => checkData(plan, { samples: 2, inputs: new Int32Array(10) }),
    /mode "fast" have 2 bytes/,
  );
});

t.test('tiles of weights go apart and together again', async (t) => {
  const kernel = Int32Array.from({ length: 12 }, (_, index) => index);
  const bias = new Int32Array(3);
  const tile = { rowBlock: 0, columnBlock: 1, row0: 1, rows: 2, column0: 2, columns: 2 };
  const block = tileWeights({ kernel, bias }, 4, tile);
  t.same([...block], [6, 7, 10, 11]);
  const target = { kernel: new Int32Array(12), bias };
  placeTileWeights(target, 4, tile, block);
  t.same([...target.kernel], [0, 0, 0, 0, 0, 0, 6, 7, 0, 0, 10, 11]);
});

t.test('a region table points at its regions', async (t) => {
  const map = regionMap([10, 0, 4]);
  t.same(map, { offsets: [48, 64, 64], sizes: [10, 0, 4], size: 72 });
  const table = new DataView(encodeRegionTable(map, 0x60001000).buffer);
  t.equal(table.getUint32(0, true), 0xad130ad6);
  t.equal(table.getUint32(8, true), 0x60001030);
  t.equal(table.getUint32(8 + 24, true), 0x60001040);
});

t.test('the first largest output and the first largest target make a sample correct', async (t) => {
  const outputs = Int16Array.from([1, 3, 3, 5, 5, 5, -2, -1, -9]);
  t.equal(countCategorical(outputs, Int16Array.from([0, 1, 0, 1, 0, 0, 0, 0, 1]), 3), 2);
  t.equal(countCategorical(outputs, Int16Array.from([0, 0, 1, 0, 1, 0, 0, 1, 0]), 3), 1);
});
