/**
 * How operations are cut into items, and items into passes, so that what a worker holds at a time fits its arena.
 * Results do not depend on it.
 */
import type { Operation, OperationOf } from '../operations.js';
import { ELEMENT_BYTES, type Tensor, type Window } from './fields.js';

/** What blocks have to fit. */
export interface Limits {
  /** Bytes that a worker has for blocks. */
  readonly arenaBytes: number;
  /** Workers of a replica, at least 1: there should be as many items. */
  readonly workers: number;
  /** Most samples of a replica in a batch. */
  readonly samples: number;
}

/** Values of the fields of `blocking` of an operation. */
export type Blocking = Readonly<Record<string, number>>;

/** Blocks of an operation. @throws RangeError when even the smallest do not fit */
export function blocking(operation: Operation, limits: Limits): Blocking {
  switch (operation.kind) {
    case 'matrix':
      return matrixBlocks(operation, limits);
    case 'gradient':
      return gradientBlocks(operation, limits);
    case 'depthwise':
      return imageBlocks(operation.kind, operation.output, limits, (rows, columns, channels) => {
        const { window, input, multiplier, output } = operation;
        const own = Math.ceil(channels / multiplier) + 1;
        return (
          patchBytes(window, input, rows, columns, own) +
          blockBytes(output, rows, columns, channels) +
          window.kernelRows * window.kernelColumns * channels * bytesOf(input) +
          8 * channels
        );
      });
    case 'depthwiseBack':
      return imageBlocks(operation.kind, operation.error, limits, (rows, columns, channels) => {
        const { window, delta, multiplier, error } = operation;
        const outputs = channels * multiplier;
        return (
          patchBytes(window, delta, rows, columns, outputs) +
          blockBytes(error, rows, columns, channels) +
          window.kernelRows * window.kernelColumns * outputs * bytesOf(delta)
        );
      });
    case 'depthwiseGradient':
      return depthwiseGradientBlocks(operation, limits);
    case 'pool':
      return imageBlocks(operation.kind, operation.target, limits, (rows, columns, channels) => {
        const { window, source, target } = operation;
        return (
          patchBytes(window, source, rows, columns, channels) +
          blockBytes(target, rows, columns, channels)
        );
      });
    case 'poolBack':
      return poolBackBlocks(operation, limits);
    case 'activate':
      return rowsBlocks(
        operation.kind,
        operation.target,
        limits,
        [operation.source, operation.target],
        4,
        true,
      );
    case 'activateBack': {
      const { error, source, value, target } = operation;
      return rowsBlocks(operation.kind, target, limits, [error, source, value, target], 4, true);
    }
    case 'merge': {
      const { first, second, target } = operation;
      return rowsBlocks(operation.kind, target, limits, [first, second, target]);
    }
    case 'mergeBack': {
      const { error, first, second, target } = operation;
      return rowsBlocks(operation.kind, error, limits, [error, first, second, target], 8);
    }
    case 'statistics':
      return rowsBlocks(operation.kind, operation.source, limits, [operation.source], 0, false, 16);
    case 'statisticsBack':
      return rowsBlocks(
        operation.kind,
        operation.error,
        limits,
        [operation.source, operation.error],
        0,
        false,
        16,
      );
    case 'normalise':
      return rowsBlocks(
        operation.kind,
        operation.target,
        limits,
        [operation.source, operation.target],
        0,
        false,
        32,
      );
    case 'normaliseBack': {
      const { error, source, target } = operation;
      return rowsBlocks(operation.kind, target, limits, [error, source, target], 0, false, 24);
    }
    case 'drop':
      return rowsBlocks(operation.kind, operation.target, limits, [
        operation.source,
        operation.target,
      ]);
    case 'map':
    case 'mapBack':
      return { rowsPerBlock: 1 };
    case 'lose': {
      const { source } = operation;
      const bytes = source.channels * 24;
      fits(operation.kind, bytes, limits);
      const pixels = source.rows * source.columns;
      return {
        pixelsPerBlock: Math.max(1, Math.min(pixels, Math.floor(limits.arenaBytes / bytes))),
      };
    }
    default:
      return {};
  }
}

const bytesOf = ({ type }: Tensor): number => ELEMENT_BYTES[type] as number;
const even = (size: number): number => size + (size % 2);
const blockBytes = (tensor: Tensor, rows: number, columns: number, channels: number): number =>
  rows * columns * even(channels) * bytesOf(tensor) + 8;

function fits(kind: string, bytes: number, { arenaBytes }: Limits): void {
  if (bytes > arenaBytes) {
    throw new RangeError(
      `${kind} needs ${bytes} bytes for its smallest block, but the arena has ${arenaBytes}: use fewer channels`,
    );
  }
}

/** Input places that outputs side by side take. */
function reach(
  outputs: number,
  kernel: number,
  stride: number,
  dilation: number,
  spread: number,
): number {
  return Math.ceil(((outputs - 1) * stride + (kernel - 1) * dilation + 1) / spread) + 1;
}

function patchBytes(
  window: Window,
  input: Tensor,
  rows: number,
  columns: number,
  channels: number,
): number {
  const height = reach(
    rows,
    window.kernelRows,
    window.strideRows,
    window.dilationRows,
    window.spreadRows,
  );
  const width = reach(
    columns,
    window.kernelColumns,
    window.strideColumns,
    window.dilationColumns,
    window.spreadColumns,
  );
  return blockBytes(input, Math.min(input.rows, height), Math.min(input.columns, width), channels);
}

const halved = (size: number): number => Math.ceil(size / 2);

/** The largest blocks of an image that fit: fewer rows first, then columns, then channels, down to 2. */
function imageBlocks(
  kind: string,
  target: Tensor,
  limits: Limits,
  bytes: (rows: number, columns: number, channels: number) => number,
): Blocking {
  let { rows, columns, channels } = target;
  const wanted = Math.ceil((2 * limits.workers) / Math.max(1, limits.samples));
  rows = Math.max(1, Math.ceil(rows / wanted));
  while (bytes(rows, columns, channels) > limits.arenaBytes) {
    if (rows > 1) rows = halved(rows);
    else if (columns > 8) columns = halved(columns);
    else if (channels > 2) channels = even(halved(channels));
    else if (columns > 1) columns = halved(columns);
    else break;
  }
  fits(kind, bytes(rows, columns, channels), limits);
  return {
    samplesPerBlock: 1,
    rowsPerBlock: rows,
    columnsPerBlock: columns,
    channelsPerBlock: channels,
  };
}

/** Blocks of tensors of the same sizes, element by element. */
function rowsBlocks(
  kind: string,
  target: Tensor,
  limits: Limits,
  tensors: readonly Tensor[],
  extraPerChannel = 0,
  wholeChannels = false,
  perChannel = 0,
): Blocking {
  const bytes = (rows: number, columns: number, channels: number) =>
    tensors.reduce((sum, tensor) => sum + blockBytes(tensor, rows, columns, channels), 0) +
    (extraPerChannel + perChannel) * channels;
  const blocks = imageBlocks(kind, target, limits, bytes);
  if (wholeChannels && blocks.channelsPerBlock !== target.channels) {
    // Softmax adds up a whole pixel; others may be cut.
    const whole = bytes(1, 1, target.channels);
    if (whole <= limits.arenaBytes) {
      return {
        samplesPerBlock: 1,
        rowsPerBlock: 1,
        columnsPerBlock: 1,
        channelsPerBlock: target.channels,
      };
    }
  }
  return blocks;
}

function matrixBlocks(operation: OperationOf<'matrix'>, limits: Limits): Blocking {
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
  const blocks: MatrixBlocks = {
    samples: output.rows * output.columns === 1 ? Math.min(limits.samples, 16) : 1,
    rows: 1,
    columns: Math.min(output.columns, 16),
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

function gradientBlocks(operation: OperationOf<'gradient'>, limits: Limits): Blocking {
  const { input, delta, window } = operation;
  const depth = window.kernelRows * window.kernelColumns * input.channels;
  const size = bytesOf(input);
  const block = { positions: 16, outputs: delta.channels, depth };
  const bytes = () =>
    block.outputs * (block.depth + 4) * 8 +
    8 * block.outputs +
    2 * block.positions * (block.depth + 8 + block.outputs + 4) * size +
    blockBytes(delta, 1, block.positions, block.outputs) +
    64;
  const items = () => Math.ceil(delta.channels / block.outputs) * Math.ceil(depth / block.depth);
  const wanted = Math.ceil(limits.workers / operation.slices);
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

function depthwiseGradientBlocks(
  operation: OperationOf<'depthwiseGradient'>,
  limits: Limits,
): Blocking {
  const { input, delta, window, multiplier } = operation;
  const places = window.kernelRows * window.kernelColumns;
  let channels = input.channels;
  const bytes = () =>
    patchBytes(window, input, 1, delta.columns, channels) +
    blockBytes(delta, 1, delta.columns, channels * multiplier) +
    8 * (places + 1) * channels * multiplier;
  const wanted = Math.ceil(limits.workers / operation.slices);
  while (
    channels > 2 &&
    (bytes() > limits.arenaBytes || Math.ceil(input.channels / channels) < wanted)
  ) {
    channels = even(halved(channels));
  }
  fits(operation.kind, bytes(), limits);
  return { rowsPerBlock: 1, channelsPerBlock: channels };
}

function poolBackBlocks(operation: OperationOf<'poolBack'>, limits: Limits): Blocking {
  const { error, source, target, window } = operation;
  return imageBlocks(operation.kind, target, limits, (rows, columns, channels) => {
    // Windows that meet these rows, and all that those windows look at.
    const high = Math.min(
      error.rows,
      Math.ceil((rows + (window.kernelRows - 1) * window.dilationRows) / window.strideRows) + 1,
    );
    const wide = Math.min(
      error.columns,
      Math.ceil(
        (columns + (window.kernelColumns - 1) * window.dilationColumns) / window.strideColumns,
      ) + 1,
    );
    return (
      blockBytes(target, rows, columns, channels) +
      blockBytes(error, high, wide, channels) +
      patchBytes(window, source, high, wide, channels)
    );
  });
}
