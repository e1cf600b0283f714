/**
 * How operations are cut into items, and items into passes, so that what a worker holds at a time fits its arena.
 * Results do not depend on it.
 */
import type { Operation, OperationOf } from '../operations.js';
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
import { gradientBlocks, matrixBlocks } from './product-blocking.js';

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
    case 'lose':
      fits(operation.kind, operation.source.channels * 24, limits);
      return {};
    default:
      return {};
  }
}

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
        rowsPerBlock: 1,
        columnsPerBlock: 1,
        channelsPerBlock: target.channels,
      };
    }
  }
  return blocks;
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
  return { channelsPerBlock: channels };
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
