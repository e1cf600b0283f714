/** Random convolutions, and which numbers belong together in them. */
import fc from 'fast-check';
import { ElementType, type ElementTypeValue, type Window, weightStrideOf } from '../operations.js';
import type { Sizes, Workbench } from './workbench.js';

/** One convolution over some samples. */
export interface Convolution {
  readonly samples: number;
  readonly input: Sizes;
  readonly output: Sizes;
  readonly window: Window;
  readonly type: ElementTypeValue;
  /** Of the random numbers. */
  readonly seed: number;
}

/** Number of values. */
export const sizeOf = ([rows, columns, channels]: Sizes): number => rows * columns * channels;

/** Sums of operands of the type fit, for the sizes below. */
export const bitsOf = (type: ElementTypeValue): number => (type === ElementType.Int16 ? 12 : 24);

/** Windows of all kinds: dense ones (1 x 1), strides, dilations, padding. */
export const convolutions: fc.Arbitrary<Convolution> = fc
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
  .map(({ samples, rows, columns, channels, outputs, stride, dilation, top, left, ...given }) => {
    const { kernelRows, kernelColumns } = given;
    const places = (size: number, before: number, kernel: number) =>
      Math.max(1, Math.floor((size + 2 * before - (kernel - 1) * dilation - 1) / stride) + 1);
    return {
      samples,
      input: [rows, columns, channels],
      output: [places(rows, top, kernelRows), places(columns, left, kernelColumns), outputs],
      window: {
        kernelRows,
        kernelColumns,
        strideRows: stride,
        strideColumns: stride,
        dilationRows: dilation,
        dilationColumns: dilation,
        top,
        left,
        spreadRows: 1,
        spreadColumns: 1,
      },
      type: given.exact ? ElementType.Int32 : ElementType.Int16,
      seed: given.seed,
    };
  });

/** Calls `visit` with the pixels of input and output that belong to each kernel place, numbered through all samples. */
export function eachPair(
  { samples, input, output, window: w }: Convolution,
  visit: (input: number, place: number, output: number) => void,
): void {
  const [rows, columns] = input;
  for (let s = 0; s < samples; s++) {
    for (let p = 0; p < output[0] * output[1]; p++) {
      const [r, c] = [Math.floor(p / output[1]), p % output[1]];
      for (let k = 0; k < w.kernelRows * w.kernelColumns; k++) {
        const [i, j] = [Math.floor(k / w.kernelColumns), k % w.kernelColumns];
        const row = r * w.strideRows + i * w.dilationRows - w.top;
        const column = c * w.strideColumns + j * w.dilationColumns - w.left;
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        visit((s * rows + row) * columns + column, k, s * output[0] * output[1] + p);
      }
    }
  }
}

/** Places weights `[rows][depth]` as float32 masters with the stride of operands. */
export function placeMasters(
  bench: Workbench,
  weights: readonly number[],
  rows: number,
  type: ElementTypeValue,
  fraction: number,
): { master: number; stride: number } {
  const depth = weights.length / rows;
  const stride = weightStrideOf(depth, type);
  const values = new Float32Array(rows * stride);
  for (const [i, weight] of weights.entries()) {
    values[Math.floor(i / depth) * stride + (i % depth)] = weight * 2 ** -fraction;
  }
  return { master: bench.floats(values), stride };
}
