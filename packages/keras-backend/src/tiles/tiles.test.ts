import fc from 'fast-check';
import t from 'tap';
import type { Activation, NetworkPlan, NumberMode } from '../engine.js';
import { DTCM_ARENA_BYTES, dtcmBytes } from '../layouts/index.js';
import { chooseTiles, type TileOptions } from './choose.js';
import { InvalidTilingError, NetworkTooLargeError, TileTooLargeError } from './errors.js';
import { networkGraph } from './nets.js';
import { bitsFor, memoryOf, type TileGraph } from './tile-graph.js';

const FRACTIONS = { input: 12, weight: 12, z: 23, activation: 12, delta: 20, error: 27 };

interface Shape {
  readonly sizes: readonly number[];
  readonly activations: readonly Activation[];
  readonly batchSize: number;
  readonly mode: NumberMode;
}

const planOf = ({ sizes, activations, batchSize, mode }: Shape): NetworkPlan => ({
  mode,
  batchSize,
  layers: sizes.slice(1).map((units, index) => ({
    name: `layer${index}`,
    inputs: sizes[index]!,
    units,
    activation: activations[index] ?? 'relu',
    useBias: true,
    fractions: FRACTIONS,
  })),
  loss: 'mean_squared_error',
  lossScale: 1,
  accuracy: 'binary',
  targetFraction: 12,
});

const digits = planOf({
  sizes: [784, 128, 10],
  activations: ['relu', 'softmax'],
  batchSize: 32,
  mode: 'fast',
});

const networks = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 5 }),
    activations: fc.array(fc.constantFrom<Activation>('relu', 'softmax', 'tanh'), {
      minLength: 4,
      maxLength: 4,
    }),
    batchSize: fc.integer({ min: 1, max: 16 }),
    mode: fc.constantFrom<NumberMode>('fast', 'exact'),
  })
  .map(planOf);

const options: fc.Arbitrary<TileOptions> = fc
  .integer({ min: 300, max: 4896 })
  .map((cores) => ({ cores }));

/** Cuts a random network, or undefined when the cores are too few or too small for it. */
const cut = (plan: NetworkPlan, tileOptions: TileOptions): TileGraph | undefined => {
  try {
    return chooseTiles(plan, tileOptions);
  } catch (error) {
    if (error instanceof NetworkTooLargeError || error instanceof TileTooLargeError)
      return undefined;
    throw error;
  }
};

const holds = (name: string, property: (plan: NetworkPlan, tiles: TileGraph) => void) =>
  t.test(name, async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(networks, options, (plan, tileOptions) => {
          const tiles = cut(plan, tileOptions);
          fc.pre(tiles !== undefined);
          property(plan, tiles!);
        }),
        { numRuns: 60 },
      ),
    );
  });

const must = (condition: boolean, what: string) => {
  if (!condition) throw new Error(what);
};

holds('every weight is in exactly one tile', (plan, tiles) => {
  plan.layers.forEach(({ units, inputs }, layer) => {
    const owners = new Uint8Array(units * inputs);
    for (const { tile, layer: of } of tiles.cores) {
      if (tile === undefined || of !== layer) continue;
      for (let row = tile.row0; row < tile.row0 + tile.rows; row++) {
        for (let column = 0; column < tile.columns; column++) {
          owners[row * inputs + tile.column0 + column]!++;
        }
      }
    }
    must(
      owners.every((count) => count === 1),
      `layer ${layer}`,
    );
  });
});

holds('every unit has exactly one head, and softmax one for all units', (plan, tiles) => {
  plan.layers.forEach(({ units, activation }, layer) => {
    const heads = tiles.cores.flatMap((core) =>
      core.layer === layer && core.head ? [core.head] : [],
    );
    const covered = heads.reduce((total, head) => total + head.units, 0);
    must(covered === units, 'the heads cover all units');
    must(new Set(heads.map(({ unit0 }) => unit0)).size === heads.length, 'no head twice');
    must(activation !== 'softmax' || heads.length === 1, 'one softmax head');
  });
});

holds('every core fits its memory', (plan, tiles) => {
  for (const core of tiles.cores) {
    must(dtcmBytes(memoryOf(plan, core)) <= DTCM_ARENA_BYTES, JSON.stringify(core));
  }
});

holds('rows are powers of two and columns end where heads below end', (_, tiles) => {
  tiles.layers.forEach(({ shape, columnBlocks }, layer) => {
    must(2 ** bitsFor(shape.rows) === shape.rows && shape.rows >= 2, 'rows');
    const unit = tiles.layers[layer - 1]?.headRange ?? 2;
    must(columnBlocks === 1 || shape.columns % unit === 0, 'columns');
  });
});

interface Net {
  readonly first: number;
  readonly last: number;
  readonly sinks: readonly number[];
  readonly source: number;
}

/** Nets by the name of their class, with their key offsets. */
const netsByClass = (plan: NetworkPlan, tiles: TileGraph): Map<string, Net[]> => {
  const { graph } = networkGraph(plan, tiles, {
    sdramBytes: [],
    sequencerSdramBytes: 0,
    reducesOnChip: false,
  });
  const { nets, partitions } = graph;
  const result = new Map<string, Net[]>();
  for (let net = 0; net < nets.count; net++) {
    const name = partitions.names[nets.partition[net]!]!;
    const first = nets.offset[net]!;
    const list = result.get(name) ?? [];
    list.push({
      first,
      last: first + 2 ** nets.bits[net]! - 1,
      sinks: [...nets.sinks.subarray(nets.sinkStart[net], nets.sinkStart[net + 1])],
      source: nets.source[net]!,
    });
    result.set(name, list);
  }
  return result;
};

/** The sinks that get a key, and the core that may send it. */
const carrier = (nets: Map<string, Net[]>, name: string, key: number): Net | undefined =>
  nets.get(name)?.find(({ first, last }) => first <= key && key <= last);

holds('each key of the contract goes from its sender to those who need it', (plan, tiles) => {
  const nets = netsByClass(plan, tiles);
  const sampleBits = Math.ceil(Math.log2(plan.batchSize));
  const sample = plan.batchSize - 1;
  const unitBits = plan.layers.map(({ units }) => Math.ceil(Math.log2(units)));
  const headOf = (layer: number, unit: number) =>
    tiles.cores.find(
      (core) =>
        core.layer === layer &&
        core.head &&
        core.head.unit0 <= unit &&
        unit < core.head.unit0 + core.head.units,
    )!;
  for (const core of tiles.cores) {
    const { tile, layer, index } = core;
    if (!tile) continue;
    if (layer > 0) {
      const unit = tile.column0 + tile.columns - 1;
      const key = ((plan.mode === 'fast' ? unit >> 1 : unit) << sampleBits) | sample;
      const activation = carrier(nets, `activation(${layer})`, key);
      const below = headOf(layer - 1, unit);
      must(activation?.source === below.index, 'activation sender');
      must(activation!.sinks.includes(index), 'activation receiver');
      const sum = ((tile.rowBlock << unitBits[layer - 1]!) | unit) << sampleBits;
      const backKey = plan.mode === 'fast' ? sum | sample : ((sum | sample) << 1) | 1;
      const back = carrier(nets, `back(${layer + 1})`, backKey);
      must(back?.source === index && back.sinks[0] === below.index, 'back sum');
    }
    const unit = tile.row0 + tile.rows - 1;
    const head = headOf(layer, unit);
    if (head.index === index) continue;
    const sum = (((tile.columnBlock << unitBits[layer]!) | unit) << sampleBits) | sample;
    const partial = carrier(
      nets,
      `partial(${layer + 1})`,
      plan.mode === 'fast' ? sum : (sum << 1) | 1,
    );
    must(partial?.source === index && partial.sinks[0] === head.index, 'partial sum');
    const key = ((plan.mode === 'fast' ? unit >> 1 : unit) << sampleBits) | sample;
    const delta = carrier(nets, `delta(${layer + 1})`, key);
    must(delta?.source === head.index && delta.sinks.includes(index), 'delta');
  }
});

t.test('the digits network gets whole cores, not crumbs', async (t) => {
  const tiles = chooseTiles(digits, { cores: 816 });
  t.match(tiles.layers[0]?.shape, { rows: 4, columns: 262 });
  t.match(tiles.layers[1], { rowBlocks: 1, columnBlocks: 4 });
  t.equal(tiles.cores.length, 96 + 4 + 1, 'the softmax has a core of its own');
});

t.test('a 4096 x 4096 layer needs thousands of cores and says so', async (t) => {
  const plan = planOf({ sizes: [4096, 4096], activations: [], batchSize: 4, mode: 'fast' });
  const { cores } = chooseTiles(plan, { cores: 288 * 17 });
  t.ok(cores.length >= 1900 && cores.length <= 4096, `${cores.length} cores`);
  t.throws(() => chooseTiles(plan, { cores: 816 }), {
    name: 'NetworkTooLargeError',
    message: /needs 1921 cores .* the machine has 816/,
  });
});

t.test('a tiling of the user is kept, for all layers or for some', async (t) => {
  const all = chooseTiles(digits, { cores: 816, tiling: { rows: 16, columns: 128 } });
  t.same(
    all.layers.map(({ rowBlocks, columnBlocks }) => [rowBlocks, columnBlocks]),
    [
      [8, 7],
      [1, 1],
    ],
  );
  const one = chooseTiles(digits, { cores: 816, tiling: [undefined, { rows: 2, columns: 64 }] });
  t.same(one.layers[1]?.shape, { rows: 2, columns: 64 });
});

t.test('a tiling that breaks a rule is refused', async (t) => {
  const refused = (rows: number, columns: number, options: readonly [number, number][] = []) =>
    chooseTiles(digits, {
      cores: 816,
      tiling: [{ rows, columns }, ...options.map(([r, c]) => ({ rows: r, columns: c }))],
    });
  t.throws(() => refused(3, 392), InvalidTilingError);
  t.throws(() => refused(4, 391), InvalidTilingError);
  t.throws(() => refused(8, 196, [[16, 12]]), /multiple of 8/);
  t.throws(() => refused(64, 784), TileTooLargeError);
});

t.test('a batch that no core can hold is refused with numbers', async (t) => {
  const plan = { ...digits, batchSize: 4096 };
  t.throws(() => chooseTiles(plan, { cores: 816 }), {
    name: 'TileTooLargeError',
    message: /"layer0": a tile of 2 x 2 weights takes \d+ bytes .* batch size 4096, .* has 59392/,
  });
});

t.test('a softmax head that does not fit beside its tile gets a core of its own', async (t) => {
  const plan = planOf({ sizes: [256, 360], activations: ['softmax'], batchSize: 16, mode: 'fast' });
  const { cores } = chooseTiles(plan, { cores: 816 });
  const heads = cores.filter(({ head }) => head);
  t.equal(heads.length, 1);
  t.equal(heads[0]?.tile, undefined);
});
