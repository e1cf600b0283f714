/** Regions as an executor fills them: bytes grow as they are written, sizes are what was reserved. */
import { DataSpecificationError } from './errors.js';

/** A region of an executed specification. */
export interface ExecutedRegion {
  /** Bytes reserved, a multiple of 4. */
  readonly size: number;
  /** Bytes from the start up to the last one written. */
  bytes: Uint8Array;
  /** The program that runs will fill it. */
  readonly isUnfilled: boolean;
  /** Number by which other cores refer to it. */
  readonly reference: number | undefined;
  /** Bytes from the start. */
  pointer: number;
}

/** Complains about the instruction in hand. */
export type Refuse = (problem: string) => never;

/** Makes {@link Refuse} for an instruction. */
export const refuseAt =
  (instruction: string, at: number): Refuse =>
  (problem) => {
    throw new DataSpecificationError(instruction, at, problem);
  };

/** Writes the low bytes of a value, little-endian, and moves the pointer behind them. */
export function writeValue(
  region: ExecutedRegion,
  value: bigint,
  bytes: number,
  refuse: Refuse,
): void {
  const start = claim(region, bytes, refuse);
  let rest = value;
  for (let index = 0; index < bytes; index++) {
    region.bytes[start + index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** Reads a value, little-endian, and moves the pointer behind it. Bytes never written are 0. */
export function readValue(region: ExecutedRegion, bytes: number, refuse: Refuse): bigint {
  const start = region.pointer;
  if (start < 0 || start + bytes > region.size) refuse(beyond(region, bytes));
  region.pointer += bytes;
  let value = 0n;
  for (let index = bytes - 1; index >= 0; index--) {
    value = (value << 8n) | BigInt(region.bytes[start + index] ?? 0);
  }
  return value;
}

/** Makes room for bytes at the pointer and moves it behind them; where they start. */
export function claim(region: ExecutedRegion, bytes: number, refuse: Refuse): number {
  const start = region.pointer;
  const end = start + bytes;
  if (start < 0 || end > region.size) refuse(beyond(region, bytes));
  if (end > region.bytes.length) extend(region, end);
  region.pointer = end;
  return start;
}

const beyond = ({ pointer, size }: ExecutedRegion, bytes: number): string =>
  `needs bytes ${pointer} to ${pointer + bytes} of a region of ${size}`;

/** Grows within a buffer that doubles, so that long runs of writes stay cheap. */
function extend(region: ExecutedRegion, end: number): void {
  const { bytes } = region;
  if (bytes.byteOffset + end <= bytes.buffer.byteLength) {
    region.bytes = new Uint8Array(bytes.buffer, 0, end);
    return;
  }
  const larger = new Uint8Array(Math.min(region.size, Math.max(end, 2 * bytes.length)));
  larger.set(bytes);
  region.bytes = larger.subarray(0, end);
}

/** One word, or two with the low one first. */
export function immediate(words: ArrayLike<number>, refuse: Refuse): bigint {
  const low = words[0] ?? refuse('lacks the value');
  return BigInt(low >>> 0) | (BigInt((words[1] ?? 0) >>> 0) << 32n);
}
