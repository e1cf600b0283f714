import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  denseTensor,
  ElementType,
  type Operation,
  POINT_WINDOW,
  pixelStrideOf,
  type Tensor,
  type Window,
  weightStrideOf,
  windowBack,
} from './operations.js';
import { inEveryWay, integers, type Way, type Workbench } from './testing/workbench.js';

/** Halves up. */
const round = (value: bigint, shift: number): bigint =>
  shift > 0 ? (value + (1n << BigInt(shift - 1))) >> BigInt(shift) : value << BigInt(-shift);
const clamp32 = (value: bigint): number =>
  Number(value > 2147483647n ? 2147483647n : value < -2147483648n ? -2147483648n : value);

const same = (first: unknown, other: unknown, way: Way) => {
  deepStrictEqual(other, first, `${way.workers} workers, arena of ${way.arenaBytes}`);
};

interface Convolution {
  readonly samples: number;
  readonly input: readonly [number, number, number];
  readonly output: readonly [number, number, number];
  readonly window: Window;
  readonly exact: boolean;
  readonly seed: number;
}

const convolutions = fc
  .record({
    samples: fc.integer({ min: 1, max: 5 }),
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 20 }),
    outputs: fc.integer({ min: 1, max: 13 }),
    kernelRows: fc.integer({ min: 1, max: 3 }),
    kernelColumns: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    top: fc.integer({ min: 0, max: 2 }),
    left: fc.integer({ min: 0, max: 2 }),
    exact: fc.boolean(),
    seed: fc.integer(),
  })
  .map((given): Convolution => {
    const { samples, rows, columns, channels, outputs, stride, dilation, top, left } = given;
    const places = (size: number, before: number, kernel: number) =>
      Math.max(1, Math.floor((size + 2 * before - (kernel - 1) * dilation - 1) / stride) + 1);
    return {
      samples,
      input: [rows, columns, channels],
      output: [
        places(rows, top, given.kernelRows),
        places(columns, left, given.kernelColumns),
        outputs,
      ],
      window: {
        kernelRows: given.kernelRows,
        kernelColumns: given.kernelColumns,
        strideRows: stride,
        strideColumns: stride,
        dilationRows: dilation,
        dilationColumns: dilation,
        top,
        left,
        spreadRows: 1,
        spreadColumns: 1,
      },
      exact: given.exact,
      seed: given.seed,
    };
  });

/** Calls `visit` with the flat places of input, weight (output, k) and output that belong together. */
function eachProduct(
  { samples, input, output, window: w }: Convolution,
  visit: (x: number, o: number, k: number, z: number) => void,
): void {
  const [rows, columns, channels] = input;
  for (let s = 0; s < samples; s++)
    for (let r = 0; r < output[0]; r++)
      for (let c = 0; c < output[1]; c++)
        for (let i = 0; i < w.kernelRows; i++)
          for (let j = 0; j < w.kernelColumns; j++) {
            const row = r * w.strideRows + i * w.dilationRows - w.top;
            const column = c * w.strideColumns + j * w.dilationColumns - w.left;
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            for (let ch = 0; ch < channels; ch++)
              for (let o = 0; o < output[2]; o++)
                visit(
                  ((s * rows + row) * columns + column) * channels + ch,
                  o,
                  (i * w.kernelColumns + j) * channels + ch,
                  ((s * output[0] + r) * output[1] + c) * output[2] + o,
                );
          }
}

const operandType = (exact: boolean) => (exact ? ElementType.Int32 : ElementType.Int16);
const size = ([a, b, c]: readonly [number, number, number]) => a * b * c;

/** Weights [output][stride] in memory, with 0 behind the last. */
function placeWeights(bench: Workbench, weights: number[], outputs: number, exact: boolean) {
  const depth = weights.length / outputs;
  const stride = weightStrideOf(depth, operandType(exact));
  const address = bench.room(outputs * stride * (exact ? 4 : 2));
  const view = exact
    ? bench.replica.int32(address, outputs * stride)
    : bench.replica.int16(address, outputs * stride);
  for (let o = 0; o < outputs; o++) view.set(weights.slice(o * depth, (o + 1) * depth), o * stride);
  return { address, stride };
}

t.test('a matrix is the sum of products over its window, in every way of cutting it', async () => {
  await fc.assert(
    fc.asyncProperty(convolutions, async (given) => {
      const { samples, input, output, window, exact, seed } = given;
      const bits = exact ? 24 : 12;
      const depth = window.kernelRows * window.kernelColumns * input[2];
      const x = integers(samples * size(input), bits, seed);
      const w = integers(output[2] * depth, bits, seed + 1);
      const b = integers(output[2], 20, seed + 2);
      const z = await inEveryWay(
        (bench) => {
          const { address, stride } = placeWeights(bench, w, output[2], exact);
          const bias = bench.room(8 * output[2]);
          if (exact) bench.replica.int64(bias, b.length).set(b.map(BigInt));
          else bench.replica.int32(bias, b.length).set(b);
          const target = bench.tensor(samples, output, ElementType.Int32, 8);
          const operation: Operation = {
            kind: 'matrix',
            input: bench.filled(x, input, operandType(exact), 10),
            output: target,
            window,
            weights: address,
            weightStride: stride,
            weightFraction: 9,
            bias,
            accumulate: 0,
          };
          bench.run([operation], { samples });
          return bench.integers(target, samples);
        },
        same,
      );
      const sums = new Array<bigint>(samples * size(output)).fill(0n);
      eachProduct(given, (at, o, k, to) => {
        sums[to] = (sums[to] as bigint) + BigInt((x[at] as number) * (w[o * depth + k] as number));
      });
      const wanted = sums.map((sum, i) => clamp32(round(sum + BigInt(b[i % output[2]]!), 11)));
      deepStrictEqual(z, wanted);
    }),
    { numRuns: Number(process.env.RUNS ?? 40) },
  );
});
void [POINT_WINDOW, pixelStrideOf, windowBack, denseTensor];
export type { Tensor };
