/** How products of matrices are cut: by outputs, positions, and products where not all of them fit. */
import type { OperationOf } from '../operations.js';
import {
  type Blocking,
  blockBytes,
  bytesOf,
  even,
  fits,
  halved,
  type Limits,
  patchBytes,
} from './block-sizes.js';
import type { Tensor } from './fields.js';

/** Rows of a product at a time, at most: a worker whose arena is larger than a core's memory need not be called so often. */
function positionsFor({ arenaBytes }: Limits): number {
  return arenaBytes > 2 ** 16 ? 64 : 16;
}

/** The next multiple of 4. */
const quads = (size: number): number => Math.ceil(size / 4) * 4;

/** Blocks of a matrix. @throws RangeError when the smallest do not fit */
export function matrixBlocks(operation: OperationOf<'matrix'>, limits: Limits): Blocking {
  const { input, output, window, weightStride } = operation;
  const depth = window.kernelRows * window.kernelColumns * input.channels;
  const size = bytesOf(input);
  const sumBytes = size === 2 ? 4 : 8;
  const point = window.kernelRows * window.kernelColumns === 1;
  const bytes = (b: MatrixBlocks) =>
    b.outputs * Math.min(weightStride, b.depth + 8) * size +
    b.positions * Math.min(weightStride, b.depth + 8) * size +
    b.positions * b.outputs * sumBytes +
    blockBytes(output, 1, b.positions, b.outputs) +
    8 * b.outputs +
    (b.depth < depth
      ? 0
      : patchBytes(window, input, b.rows, b.columns, point ? depth : input.channels)) +
    64;
  const positions = positionsFor(limits);
  const blocks: MatrixBlocks = {
    samples: output.rows * output.columns === 1 ? Math.min(limits.samples, positions) : 1,
    rows: 1,
    columns: Math.min(output.columns, positions),
    outputs: output.channels,
    depth,
    get positions() {
      return this.samples * this.rows * this.columns;
    },
  };
  while (bytes(blocks) > limits.arenaBytes) {
    if (blocks.outputs > 16) blocks.outputs = even(halved(blocks.outputs));
    else if (blocks.columns > 4) blocks.columns = halved(blocks.columns);
    else if (blocks.samples > 4) blocks.samples = halved(blocks.samples);
    else if (blocks.outputs > 4) blocks.outputs = even(halved(blocks.outputs));
    else if (blocks.depth > 64) blocks.depth = Math.ceil(halved(blocks.depth) / 8) * 8;
    else if (blocks.columns > 1) blocks.columns = halved(blocks.columns);
    else if (blocks.samples > 1) blocks.samples = halved(blocks.samples);
    else break;
  }
  fits(operation.kind, bytes(blocks), limits);
  spread(blocks, output, limits);
  return {
    samplesPerBlock: blocks.samples,
    rowsPerBlock: blocks.rows,
    columnsPerBlock: blocks.columns,
    outputsPerBlock: blocks.outputs,
    depthPerBlock: blocks.depth,
  };
}

interface MatrixBlocks {
  samples: number;
  rows: number;
  columns: number;
  outputs: number;
  depth: number;
  readonly positions: number;
}

/** Cuts outputs further where there are fewer items than workers. */
function spread(blocks: MatrixBlocks, output: Tensor, { samples, workers }: Limits): void {
  const places =
    Math.ceil(samples / blocks.samples) *
    Math.ceil(output.rows / blocks.rows) *
    Math.ceil(output.columns / blocks.columns);
  const wanted = Math.ceil(workers / places);
  if (Math.ceil(output.channels / blocks.outputs) < wanted) {
    blocks.outputs = Math.min(
      blocks.outputs,
      Math.max(2, even(Math.ceil(output.channels / wanted))),
    );
  }
}

/** Blocks of the gradients of its weights. @throws RangeError when the smallest do not fit */
export function gradientBlocks(operation: OperationOf<'gradient'>, limits: Limits): Blocking {
  const { input, delta, window } = operation;
  const depth = window.kernelRows * window.kernelColumns * input.channels;
  const size = bytesOf(input);
  const positions = positionsFor(limits);
  // Sums of 32 bits are added to those of 64 once for each pass.
  const block = {
    positions: size === 2 ? 2 * positions : positions,
    outputs: delta.channels,
    depth,
  };
  const bytes = () =>
    quads(block.outputs) * quads(block.depth) * 8 +
    8 * block.outputs +
    (block.positions + 2) * (quads(block.depth) + quads(block.outputs)) * size +
    blockBytes(delta, 1, block.positions, block.outputs) +
    64;
  const items = () => Math.ceil(delta.channels / block.outputs) * Math.ceil(depth / block.depth);
  const wanted = Math.ceil(limits.workers / operation.slices);
  if (bytes() > limits.arenaBytes) block.positions = positions;
  while (bytes() > limits.arenaBytes || items() < wanted) {
    if (block.depth > 64) block.depth = Math.ceil(halved(block.depth) / 4) * 4;
    else if (block.outputs > 8) block.outputs = even(halved(block.outputs));
    else if (bytes() > limits.arenaBytes && block.positions > 2) block.positions /= 2;
    else if (block.outputs > 2) block.outputs = even(halved(block.outputs));
    else if (block.depth > 4) block.depth = Math.ceil(halved(block.depth) / 4) * 4;
    else break;
  }
  fits(operation.kind, bytes(), limits);
  return {
    positionsPerBlock: block.positions,
    outputsPerBlock: block.outputs,
    depthPerBlock: block.depth,
  };
}
