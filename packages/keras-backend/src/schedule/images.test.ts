import { ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { COMPUTATIONS } from '../float/computations.js';
import type { BatchTensor, Compute, Computed, Pass } from '../float/compute.js';
import { Matrices } from '../float/matrices.js';
import { windowsOf } from '../float/windows.js';
import { poolingAxes } from '../layers/kinds/pooling.js';
import { layerOf } from '../layers/layers.js';
import {
  ElementType,
  MergeFunction,
  MULTIPLIER_FRACTION,
  type Operation,
  type OperationOf,
  PoolFunction,
  type Tensor,
  type Window,
} from './operations.js';
import { sizeOf } from './testing/convolutions.js';
import { inEveryWay, integers, type Sizes, type Workbench } from './testing/workbench.js';

const runs = { numRuns: Number(process.env.RUNS ?? 15) };
const pass: Pass = {
  matrices: new Matrices(),
  training: true,
  seed: 7,
  inputGradients: true,
  room: (length) => new Float32Array(length),
};
const types = fc.constantFrom(ElementType.Int16, ElementType.Int32);
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 9 }),
);
const common = {
  samples: fc.integer({ min: 1, max: 4 }),
  input: sizes,
  type: types,
  seed: fc.integer(),
};

/** Fractions of operands of a type, and of errors. */
const VALUE = 9;
const ERROR = 12;
const bits = (type: number) => (type === ElementType.Int16 ? 14 : 22);

/** A layer of the float engine on integers with fraction {@link VALUE}. */
function float(
  className: string,
  config: object,
  inputs: readonly (readonly [values: readonly number[], shape: readonly number[]])[],
): Computed {
  const layer = layerOf(className as 'Add', config as never);
  const tensors = inputs.map(
    ([values, shape]): BatchTensor => ({
      data: Float32Array.from(values, (each) => each * 2 ** -VALUE),
      shape,
    }),
  );
  return (COMPUTATIONS[className as 'Add'] as Compute<unknown>)(layer, tensors, [], pass);
}

/** All within so many units of a fraction. */
function near(
  got: readonly number[],
  wanted: ArrayLike<number>,
  units: number,
  fraction: number,
  what: string,
): void {
  for (const [i, value] of got.entries()) {
    const off = Math.abs(value - (wanted[i] as number)) * 2 ** fraction;
    ok(
      off <= units + Math.abs(wanted[i] as number) * 2 ** (fraction - 21),
      `${what} ${i} is ${value}, not ${wanted[i]}`,
    );
  }
}

const errorsOf = (values: readonly number[]) =>
  Float32Array.from(values, (each) => each * 2 ** -ERROR);

t.test('pools are those of the float engine, and so are their ways back', async () => {
  const pools = fc.record({
    ...common,
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.constantFrom('same', 'valid'),
    largest: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      pools,
      async ({ samples, input, type, seed, kernel, strides, padding, largest }) => {
        const [rows, columns, channels] = input;
        const poolSize = [Math.min(kernel[0], rows), Math.min(kernel[1], columns)] as const;
        const config = { poolSize, strides, padding };
        const className = largest ? 'MaxPooling2D' : 'AveragePooling2D';
        const { axes } = poolingAxes(
          layerOf(className, config as never) as never,
          input,
          (reason) => {
            throw new Error(reason);
          },
        );
        const { rows: r, columns: c } = windowsOf(axes, channels);
        const window: Window = {
          kernelRows: r.kernel,
          kernelColumns: c.kernel,
          strideRows: r.stride,
          strideColumns: c.stride,
          dilationRows: 1,
          dilationColumns: 1,
          top: r.before,
          left: c.before,
          spreadRows: 1,
          spreadColumns: 1,
        };
        const output: Sizes = [r.output, c.output, channels];
        // Few different values, so that some are equal.
        const x = integers(samples * sizeOf(input), 3, seed);
        const e = integers(samples * sizeOf(output), 20, seed + 1);
        const pool = largest ? PoolFunction.Largest : PoolFunction.Mean;
        const result = await inEveryWay((bench) => {
          const source = bench.filled(x, input, type, VALUE);
          const target = bench.tensor(samples, output, type, VALUE);
          const back = bench.tensor(samples, input, ElementType.Int32, ERROR);
          const error = bench.filled(e, output, ElementType.Int32, ERROR);
          bench.run(
            [
              { kind: 'pool', source, target, window, function: pool },
              {
                kind: 'poolBack',
                error,
                source,
                target: back,
                window,
                function: pool,
                accumulate: 0,
              },
            ],
            { samples },
          );
          return { values: bench.reals(target, samples), errors: bench.reals(back, samples) };
        });
        const wanted = float(className, config, [[x, [samples, ...input]]]);
        near(result.values, wanted.output.data, 0.5, VALUE, 'value');
        near(
          result.errors,
          wanted.backward(errorsOf(e)).inputs[0] as Float32Array,
          0.51,
          ERROR,
          'error',
        );
      },
    ),
    runs,
  );
});

t.test('merges are those of the float engine, with axes of one place repeated', async () => {
  const merges = fc.record({
    ...common,
    className: fc.constantFrom('Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum'),
    repeated: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    second: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      merges,
      async ({ samples, input, type, seed, className, repeated, second }) => {
        const small = input.map((each, axis) => (repeated[axis] ? 1 : each)) as unknown as Sizes;
        const [a, b] = second ? [input, small] : [small, input];
        const x = integers(samples * sizeOf(a), bits(type), seed);
        const y = integers(samples * sizeOf(b), bits(type), seed + 1);
        const e = integers(samples * sizeOf(input), 20, seed + 2);
        const merge = {
          function: className === 'Average' ? MergeFunction.Add : MergeFunction[className as 'Add'],
          multiplier: 2 ** (MULTIPLIER_FRACTION - (className === 'Average' ? 1 : 0)),
        };
        const result = await inEveryWay((bench) => {
          const first = bench.filled(x, a, type, VALUE);
          const other = bench.filled(y, b, ElementType.Int32, VALUE);
          const target = bench.tensor(samples, input, ElementType.Int32, VALUE + 4);
          const error = bench.filled(e, input, ElementType.Int32, ERROR);
          const backs = [a, b].map((each) => bench.tensor(samples, each, ElementType.Int32, ERROR));
          bench.run(
            [
              { kind: 'merge', first, second: other, target, ...merge },
              ...backs.map(
                (back, which): Operation => ({
                  kind: 'mergeBack',
                  error,
                  first,
                  second: other,
                  target: back,
                  which,
                  accumulate: 0,
                  ...merge,
                }),
              ),
            ],
            { samples },
          );
          return {
            values: bench.reals(target, samples),
            errors: backs.map((each) => bench.reals(each, samples)),
          };
        });
        const wanted = float(className, {}, [
          [x, [samples, ...a]],
          [y, [samples, ...b]],
        ]);
        const largest = (2 ** 31 - 1) * 2 ** -(VALUE + 4);
        const limited = wanted.output.data.map((each) =>
          Math.min(largest, Math.max(-largest, each)),
        );
        near(result.values, limited, 0.5, VALUE + 4, `${className} value`);
        const { inputs } = wanted.backward(errorsOf(e));
        const most = (2 ** 31 - 1) * 2 ** -ERROR;
        for (const [which, errors] of result.errors.entries()) {
          const each = (inputs[which] as Float32Array).map((value) =>
            Math.min(most, Math.max(-most, value)),
          );
          // Sums of float32 products are off by more than the integers.
          const slack = className === 'Multiply' ? 2 ** (bits(type) - 10) : 0;
          near(errors, each, 0.5 + slack, ERROR, `${className} error ${which}`);
        }
      },
    ),
    runs,
  );
});

type Moves = Omit<OperationOf<'map'>, 'kind' | 'source' | 'target'>;
const STAY: Moves = {
  linear: 0,
  rowsAxis: 0,
  columnsAxis: 1,
  channelsAxis: 2,
  rowsOffset: 0,
  columnsOffset: 0,
  channelsOffset: 0,
  rowsRepeat: 1,
  columnsRepeat: 1,
  channelsRepeat: 1,
};

t.test(
  'maps reshape, permute, pad and repeat as the float engine does, and take errors back',
  async () => {
    const maps = fc.record({
      ...common,
      kind: fc.constantFrom('reshape', 'permute', 'pad', 'repeat'),
      order: fc.constantFrom([1, 2, 3], [2, 1, 3], [3, 1, 2], [3, 2, 1], [1, 3, 2]),
      numbers: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(
        maps,
        async ({ samples, input, type, seed, kind, order, numbers: [p, q] }) => {
          const [rows, columns, channels] = input;
          const cases: Readonly<Record<string, readonly [string, object, Sizes, Partial<Moves>]>> =
            {
              reshape: [
                'Reshape',
                { targetShape: [1, channels * rows, columns] },
                [1, channels * rows, columns],
                { linear: 1 },
              ],
              permute: [
                'Permute',
                { dims: order },
                order.map((axis) => input[axis - 1]) as unknown as Sizes,
                {
                  rowsAxis: order[0]! - 1,
                  columnsAxis: order[1]! - 1,
                  channelsAxis: order[2]! - 1,
                },
              ],
              pad: [
                'ZeroPadding2D',
                {
                  padding: [
                    [p, q],
                    [q, p],
                  ],
                },
                [rows + p + q, columns + p + q, channels],
                { rowsOffset: p, columnsOffset: q },
              ],
              repeat: [
                'UpSampling2D',
                { size: [p, q] },
                [rows * p, columns * q, channels],
                { rowsRepeat: p, columnsRepeat: q },
              ],
            };
          const [className, config, output, moves] = cases[kind]!;
          const x = integers(samples * sizeOf(input), bits(type), seed);
          const e = integers(samples * sizeOf(output), 20, seed + 1);
          const result = await inEveryWay((bench) => {
            const source = bench.filled(x, input, type, VALUE);
            const target = bench.tensor(samples, output, type, VALUE);
            const error = bench.filled(e, output, ElementType.Int32, ERROR);
            const back = bench.tensor(samples, input, ElementType.Int32, ERROR);
            bench.run(
              [
                { kind: 'map', source, target, ...STAY, ...moves },
                { kind: 'mapBack', error, target: back, accumulate: 0, ...STAY, ...moves },
              ],
              { samples },
            );
            return { values: bench.reals(target, samples), errors: bench.reals(back, samples) };
          });
          const wanted = float(className, config, [[x, [samples, ...input]]]);
          near(result.values, wanted.output.data, 0, VALUE, kind);
          near(
            result.errors,
            wanted.backward(errorsOf(e)).inputs[0] as Float32Array,
            0.01,
            ERROR,
            `${kind} error`,
          );
        },
      ),
      runs,
    );
  },
);

t.test('maps into regions of the channels concatenate', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ ...common, other: fc.integer({ min: 1, max: 5 }) }),
      async (given) => {
        const { samples, input, type, seed, other } = given;
        const second: Sizes = [input[0], input[1], other];
        const output: Sizes = [input[0], input[1], input[2] + other];
        const x = integers(samples * sizeOf(input), bits(type), seed);
        const y = integers(samples * sizeOf(second), bits(type), seed + 1);
        const values = await inEveryWay((bench) => {
          const target = bench.tensor(samples, output, type, VALUE);
          const bytes = type === ElementType.Int16 ? 2 : 4;
          const region = (from: number, channels: number): Tensor => ({
            ...target,
            address: target.address + from * bytes,
            channels,
          });
          bench.run(
            [
              {
                kind: 'map',
                source: bench.filled(x, input, type, VALUE),
                target: region(0, input[2]),
                ...STAY,
              },
              {
                kind: 'map',
                source: bench.filled(y, second, type, VALUE),
                target: region(input[2], other),
                ...STAY,
              },
            ],
            { samples },
          );
          return bench.reals(target, samples);
        });
        const wanted = float('Concatenate', {}, [
          [x, [samples, ...input]],
          [y, [samples, ...second]],
        ]);
        near(values, wanted.output.data, 0, VALUE, 'value');
      },
    ),
    runs,
  );
});

t.test('dropout keeps the same elements as the float engine, and their errors', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ ...common, rate: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
      async (given) => {
        const { samples, input, type, seed, rate } = given;
        const x = integers(samples * sizeOf(input), 12, seed);
        const drop = {
          limit: Math.min(2 ** 32 - 1, Math.ceil(rate * 2 ** 32)),
          multiplier: Math.round(2 ** 24 / (1 - rate)),
          salt: 3,
          ownSeed: 0,
          layerSeed: 0,
          accumulate: 0,
        };
        const values = await inEveryWay((bench) => {
          const target = bench.tensor(samples, input, ElementType.Int32, VALUE + 4);
          bench.run(
            [{ kind: 'drop', source: bench.filled(x, input, type, VALUE), target, ...drop }],
            { samples, seed: 99 },
          );
          return bench.reals(target, samples);
        });
        const layer = layerOf('Dropout', { rate });
        const data = Float32Array.from(x, (each) => each * 2 ** -VALUE);
        const { randomWord } = await import('@spin-tools/sim/fixed');
        const seeded = { ...pass, seed: randomWord(99, 3) };
        const { output } = COMPUTATIONS.Dropout(
          layer as never,
          [{ data, shape: [samples, ...input] }],
          [],
          seeded,
        );
        near(values, output.data, 0.51, VALUE + 4, 'value');
      },
    ),
    runs,
  );
});

/** The two tensors of BatchNormalization's memory. */
function normalisation(bench: Workbench, channels: number, slices: number) {
  return {
    partial: bench.room(16 * channels * slices),
    sums: bench.room(16 * channels),
    channelScales: bench.room(32 * channels),
    channelSlopes: bench.room(24 * channels),
  };
}

t.test(
  'batch normalisation is that of the float engine, with its gradients and moving averages',
  async () => {
    const cases = fc.record({
      ...common,
      slices: fc.integer({ min: 1, max: 3 }),
      training: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ samples, input, type, seed, slices, training }) => {
        const channels = input[2];
        const positions = input[0] * input[1];
        const x = integers(samples * sizeOf(input), 12, seed).map(
          (each, i) => each + 900 * (i % channels),
        );
        const e = integers(samples * sizeOf(input), 16, seed + 1);
        const floats = (from: number, to: number, at: number) =>
          integers(channels, 16, seed + at).map(
            (each) => from + ((to - from) * (each + 32768)) / 65536,
          );
        const [gamma, beta, mean, variance] = [
          floats(0.5, 2, 2),
          floats(-1, 1, 3),
          floats(-1, 4, 4),
          floats(0.5, 3, 5),
        ];
        const momentum = 0.9;
        const epsilon = 0.001;
        const targetFraction = 16;
        const result = await inEveryWay((bench) => {
          const source = bench.filled(x, input, type, VALUE);
          const target = bench.tensor(samples, input, ElementType.Int32, targetFraction);
          const error = bench.filled(e, input, ElementType.Int32, ERROR);
          const back = bench.tensor(samples, input, ElementType.Int32, targetFraction);
          const { partial, sums, channelScales, channelSlopes } = normalisation(
            bench,
            channels,
            slices,
          );
          const [gammaAt, betaAt, meanAt, varianceAt] = [gamma, beta, mean, variance].map((each) =>
            bench.floats(each),
          ) as [number, number, number, number];
          const [gammaGradient, betaGradient] = [
            bench.room(4 * channels),
            bench.room(4 * channels),
          ];
          const frozen = training ? 0 : 1;
          const combine: Operation = {
            kind: 'combine',
            source: partial,
            slices,
            sliceBytes: 16 * channels,
            target: sums,
            count: 2 * channels,
          };
          bench.run(
            [
              { kind: 'statistics', source, sums: partial, slices, valueShift: 0 },
              combine,
              {
                kind: 'moments',
                sums,
                channels,
                positions,
                fraction: VALUE,
                valueShift: 0,
                gamma: gammaAt,
                beta: betaAt,
                movingMean: meanAt,
                movingVariance: varianceAt,
                momentum,
                epsilon,
                frozen,
                channelScales,
              },
              { kind: 'normalise', source, target, channelScales },
              {
                kind: 'statisticsBack',
                error,
                source,
                sums: partial,
                slices,
                valueShift: 0,
                errorShift: 0,
              },
              combine,
              {
                kind: 'momentsBack',
                sums,
                channels,
                positions,
                fraction: VALUE,
                valueShift: 0,
                errorFraction: ERROR,
                errorShift: 0,
                targetFraction,
                gamma: gammaAt,
                gammaGradient,
                betaGradient,
                frozen,
                channelScales,
                channelSlopes,
              },
              { kind: 'normaliseBack', error, source, target: back, channelSlopes, accumulate: 0 },
            ],
            { samples },
          );
          const floatsAt = (address: number) =>
            Array.from(bench.replica.float32(address, channels));
          return {
            values: bench.reals(target, samples),
            errors: bench.reals(back, samples),
            gradients: [floatsAt(gammaGradient), floatsAt(betaGradient)],
            averages: [floatsAt(meanAt), floatsAt(varianceAt)],
          };
        });
        const layer = {
          ...layerOf('BatchNormalization', { momentum, epsilon }),
          trainable: training,
        };
        const weights = [gamma, beta, mean, variance].map((each) => Float32Array.from(each));
        const data = Float32Array.from(x, (each) => each * 2 ** -VALUE);
        const wanted = COMPUTATIONS.BatchNormalization(
          layer as never,
          [{ data, shape: [samples, ...input] }],
          weights,
          pass,
        );
        near(result.values, wanted.output.data, 4, targetFraction, 'value');
        const { inputs, weights: gradients } = wanted.backward(errorsOf(e));
        const size = Math.max(...(inputs[0] as Float32Array).map(Math.abs), 1);
        near(result.errors, inputs[0] as Float32Array, 4 + size * 4, targetFraction, 'error');
        for (const index of [0, 1]) {
          const scale = Math.max(1, ...(gradients[index] as Float32Array).map(Math.abs));
          near(result.gradients[index]!, gradients[index] as Float32Array, scale, 16, 'gradient');
          near(result.averages[index]!, weights[2 + index] as Float32Array, 4, 18, 'average');
        }
      }),
      runs,
    );
  },
);
