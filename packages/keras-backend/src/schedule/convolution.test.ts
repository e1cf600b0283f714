import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { ElementType, type Operation, weightStrideOf, windowBack } from './operations.js';
import { bitsOf, convolutions, eachPair, placeMasters, sizeOf } from './testing/convolutions.js';
import { inEveryWay, integers, type Workbench } from './testing/workbench.js';

/** Halves up. */
const round = (value: bigint, shift: number): bigint =>
  shift > 0 ? (value + (1n << BigInt(shift - 1))) >> BigInt(shift) : value << BigInt(-shift);
const clamp32 = (value: bigint): number =>
  Number(value > 2147483647n ? 2147483647n : value < -2147483648n ? -2147483648n : value);
const zeros = (count: number) => new Array<bigint>(count).fill(0n);
const add = (sums: bigint[], at: number, a: number, b: number) => {
  sums[at] = (sums[at] as bigint) + BigInt(a * b);
};
const bytesOf = (type: number) => (type === ElementType.Int16 ? 2 : 4);
const runs = { numRuns: Number(process.env.RUNS ?? 25) };

/** Operand copies of weights `[outputs][places][channels]`, both ways around. */
function operands(
  bench: Workbench,
  weights: readonly number[],
  {
    outputs,
    places,
    channels,
    type,
  }: { outputs: number; places: number; channels: number; type: 0 | 1 },
) {
  const { master, stride } = placeMasters(bench, weights, outputs, type, 9);
  const transposedStride = weightStrideOf(places * outputs, type);
  const operand = bench.room(outputs * stride * bytesOf(type));
  const transposed = bench.room(channels * transposedStride * bytesOf(type));
  const refresh: Operation = {
    kind: 'refresh',
    master,
    operand,
    transposed,
    rows: outputs,
    stride,
    places,
    channels,
    transposedStride,
    type,
    fraction: 9,
  };
  return { operand, transposed, stride, transposedStride, refresh };
}

t.test('a matrix is the sum of products over its window', async () => {
  await fc.assert(
    fc.asyncProperty(convolutions, async (given) => {
      const { samples, input, output, window, type, seed } = given;
      const places = window.kernelRows * window.kernelColumns;
      const [channels, outputs] = [input[2], output[2]];
      const x = integers(samples * sizeOf(input), bitsOf(type), seed);
      const w = integers(outputs * places * channels, bitsOf(type), seed + 1);
      const b = integers(outputs, 20, seed + 2);
      const z = await inEveryWay((bench) => {
        const { operand, stride, refresh } = operands(bench, w, {
          outputs,
          places,
          channels,
          type: type as 0 | 1,
        });
        const bias = bench.room(8 * outputs);
        const target = bench.tensor(samples, output, ElementType.Int32, 8);
        bench.run(
          [
            refresh,
            {
              kind: 'refreshBias',
              master: bench.floats(b.map((each) => each * 2 ** -19)),
              operand: bias,
              count: outputs,
              wide: type === ElementType.Int16 ? 0 : 1,
              fraction: 19,
            },
            {
              kind: 'matrix',
              input: bench.filled(x, input, type, 10),
              output: target,
              window,
              weights: operand,
              weightStride: stride,
              weightFraction: 9,
              bias,
              accumulate: 0,
            },
          ],
          { samples },
        );
        return bench.integers(target, samples);
      });
      const sums = zeros(samples * sizeOf(output));
      eachPair(given, (from, place, to) => {
        for (let c = 0; c < channels; c++)
          for (let o = 0; o < outputs; o++)
            add(
              sums,
              to * outputs + o,
              x[from * channels + c]!,
              w[(o * places + place) * channels + c]!,
            );
      });
      deepStrictEqual(
        z,
        sums.map((sum, i) => clamp32(round(sum + BigInt(b[i % outputs]!), 11))),
      );
    }),
    runs,
  );
});

t.test(
  'turned around, a matrix takes deltas back to the inputs and adds to what is there',
  async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async (given) => {
        const { samples, input, output, window, type, seed } = given;
        const places = window.kernelRows * window.kernelColumns;
        const [channels, outputs] = [input[2], output[2]];
        const d = integers(samples * sizeOf(output), bitsOf(type), seed);
        const w = integers(outputs * places * channels, bitsOf(type), seed + 1);
        const before = integers(samples * sizeOf(input), 20, seed + 2);
        const errors = await inEveryWay((bench) => {
          const { transposed, transposedStride, refresh } = operands(bench, w, {
            outputs,
            places,
            channels,
            type: type as 0 | 1,
          });
          const target = bench.filled(before, input, ElementType.Int32, 12);
          bench.run(
            [
              refresh,
              {
                kind: 'matrix',
                input: bench.filled(d, output, type, 10),
                output: target,
                window: windowBack(window),
                weights: transposed,
                weightStride: transposedStride,
                weightFraction: 9,
                bias: 0,
                accumulate: 1,
              },
            ],
            { samples },
          );
          return bench.integers(target, samples);
        });
        const sums = zeros(samples * sizeOf(input));
        eachPair(given, (from, place, to) => {
          for (let c = 0; c < channels; c++)
            for (let o = 0; o < outputs; o++)
              add(
                sums,
                from * channels + c,
                d[to * outputs + o]!,
                w[(o * places + place) * channels + c]!,
              );
        });
        deepStrictEqual(
          errors,
          sums.map((sum, i) => clamp32(BigInt(before[i]!) + round(sum, 7))),
        );
      }),
      runs,
    );
  },
);

t.test('gradients are exact sums over all samples, whether in one slice or several', async () => {
  await fc.assert(
    fc.asyncProperty(
      convolutions,
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (given, slices, isExtreme) => {
        const { samples, input, output, window, type, seed } = given;
        const places = window.kernelRows * window.kernelColumns;
        const [channels, outputs] = [input[2], output[2]];
        const depth = places * channels;
        const bits = type === ElementType.Int16 ? 16 : 24;
        const pushed = (value: number) => (isExtreme ? (value < 0 ? -32768 : 32767) : value);
        const x = integers(samples * sizeOf(input), bits, seed).map(pushed);
        const d = integers(samples * sizeOf(output), bits, seed + 1).map((each) =>
          Math.max(-32767, pushed(each)),
        );
        const stride = weightStrideOf(depth, type);
        const count = outputs * stride + outputs;
        const numbers = await inEveryWay((bench) => {
          const partial = bench.room(8 * count * slices);
          bench.replica.int64(partial, count * slices).fill(77n);
          const sums = bench.room(8 * count);
          bench.run(
            [
              {
                kind: 'gradient',
                input: bench.filled(x, input, type, 10),
                delta: bench.filled(d, output, type, 10),
                window,
                gradient: partial,
                gradientStride: stride,
                biasGradient: partial + 8 * outputs * stride,
                slices,
                sliceBytes: 8 * count,
              },
              {
                kind: 'combine',
                source: partial,
                slices,
                sliceBytes: 8 * count,
                target: sums,
                count,
              },
            ],
            { samples },
          );
          return Array.from(bench.replica.int64(sums, count));
        });
        const wanted = zeros(count);
        eachPair(given, (from, place, to) => {
          for (let c = 0; c < channels; c++)
            for (let o = 0; o < outputs; o++)
              add(
                wanted,
                o * stride + place * channels + c,
                d[to * outputs + o]!,
                x[from * channels + c]!,
              );
        });
        for (const [i, each] of d.entries()) add(wanted, outputs * stride + (i % outputs), each, 1);
        deepStrictEqual(numbers, wanted);
      },
    ),
    runs,
  );
});

t.test(
  'depthwise convolutions keep channels apart, forwards, back and in their gradients',
  async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, fc.integer({ min: 1, max: 3 }), async (given, multiplier) => {
        const { samples, input, window, type, seed } = given;
        const channels = input[2];
        const outputs = channels * multiplier;
        const output = [given.output[0], given.output[1], outputs] as const;
        const places = window.kernelRows * window.kernelColumns;
        const x = integers(samples * sizeOf(input), bitsOf(type), seed);
        const d = integers(samples * sizeOf(output), bitsOf(type), seed + 1);
        const w = integers(places * outputs, bitsOf(type), seed + 2);
        const b = integers(outputs, 20, seed + 3);
        const stride = weightStrideOf(outputs, type);
        const results = await inEveryWay((bench) => {
          const { master } = placeMasters(bench, w, places, type, 9);
          const weights = bench.room(places * stride * bytesOf(type));
          const bias = bench.room(8 * outputs);
          if (type === ElementType.Int16) bench.replica.int32(bias, outputs).set(b);
          else bench.replica.int64(bias, outputs).set(b.map(BigInt));
          const inputs = bench.filled(x, input, type, 10);
          const delta = bench.filled(d, output, type, 10);
          const z = bench.tensor(samples, output, ElementType.Int32, 8);
          const error = bench.tensor(samples, input, ElementType.Int32, 12);
          const gradient = bench.room(8 * (places * stride + outputs));
          const common = { weights, weightStride: stride, weightFraction: 9, multiplier };
          bench.run(
            [
              {
                kind: 'refresh',
                master,
                operand: weights,
                transposed: 0,
                rows: places,
                stride,
                places,
                channels,
                transposedStride: 0,
                type,
                fraction: 9,
              },
              { kind: 'depthwise', input: inputs, output: z, window, bias, ...common },
              {
                kind: 'depthwiseBack',
                delta,
                error,
                window: windowBack(window),
                accumulate: 0,
                ...common,
              },
              {
                kind: 'depthwiseGradient',
                input: inputs,
                delta,
                window,
                gradient,
                gradientStride: stride,
                biasGradient: gradient + 8 * places * stride,
                multiplier,
                slices: 1,
                sliceBytes: 0,
              },
            ],
            { samples },
          );
          return {
            z: bench.integers(z, samples),
            error: bench.integers(error, samples),
            gradient: Array.from(bench.replica.int64(gradient, places * stride + outputs)),
          };
        });
        const z = zeros(samples * sizeOf(output));
        const error = zeros(samples * sizeOf(input));
        const gradient = zeros(places * stride + outputs);
        eachPair({ ...given, output }, (from, place, to) => {
          for (let o = 0; o < outputs; o++) {
            const c = from * channels + Math.floor(o / multiplier);
            add(z, to * outputs + o, x[c]!, w[place * outputs + o]!);
            add(error, c, d[to * outputs + o]!, w[place * outputs + o]!);
            add(gradient, place * stride + o, x[c]!, d[to * outputs + o]!);
          }
        });
        for (const [i, each] of d.entries())
          add(gradient, places * stride + (i % outputs), each, 1);
        deepStrictEqual(results, {
          z: z.map((sum, i) => clamp32(round(sum + BigInt(b[i % outputs]!), 11))),
          error: error.map((sum) => clamp32(round(sum, 7))),
          gradient,
        });
      }),
      runs,
    );
  },
);
