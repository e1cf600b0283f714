/** What blocks take of an arena, and what they have to fit. */
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

/** Bytes of an element. */
export const bytesOf = ({ type }: Tensor): number => ELEMENT_BYTES[type] as number;
/** The next even number. */
export const even = (size: number): number => size + (size % 2);
/** Bytes of a block of a tensor. */
export const blockBytes = (
  tensor: Tensor,
  rows: number,
  columns: number,
  channels: number,
): number => rows * columns * even(channels) * bytesOf(tensor) + 8;

/** An operation whose smallest block does not fit a worker. */
export class BlockTooLargeError extends RangeError {
  override readonly name = 'BlockTooLargeError';

  constructor(
    readonly operation: string,
    readonly bytes: number,
    readonly arenaBytes: number,
  ) {
    super(
      `${operation} needs ${bytes} bytes for its smallest block, but the arena has ${arenaBytes}: use fewer channels`,
    );
  }
}

/** @throws BlockTooLargeError when bytes are more than the arena has */
export function fits(kind: string, bytes: number, { arenaBytes }: Limits): void {
  if (bytes > arenaBytes) throw new BlockTooLargeError(kind, bytes, arenaBytes);
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

/** Bytes of the part of an input that some outputs of a window take. */
export function patchBytes(
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

/** Half of it, at least 1. */
export const halved = (size: number): number => Math.ceil(size / 2);
