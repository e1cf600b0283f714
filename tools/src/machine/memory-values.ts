/** Numbers and text in the memory of a chip, little-endian. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../commands/end.js';
import { hexadecimal } from '../terminal/hexadecimal.js';

/** How bytes are to be taken. */
export type ValueKind = 'word' | 'half' | 'byte' | 'text';

const BYTES = { word: 4, half: 2, byte: 1, text: 1 } as const;

/** Bytes of one value. */
export const bytesOf = (kind: ValueKind): number => BYTES[kind];

/** Adds `--as`, which tells how to take bytes. */
export function withValueKind(command: Command, usual: string): Command {
  const option = new Option('--as <kind>', `what the values are (default: ${usual})`);
  return command.addOption(option.choices(Object.keys(BYTES)));
}

/** The kind that fits a variable of so many bytes. */
export function kindOfSize(size: number | undefined): ValueKind {
  if (size === 1) return 'byte';
  return size === 2 ? 'half' : 'word';
}

/** The numbers that bytes hold. */
export function numbersIn(bytes: Uint8Array, kind: ValueKind): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytesOf(kind);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    size === 4
      ? view.getUint32(index * size, true)
      : size === 2
        ? view.getUint16(index * size, true)
        : view.getUint8(index),
  );
}

/** Characters up to the first 0. */
export function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** One value for a human: address, base 16, base 10. */
export function valueLine(address: number, value: number, kind: ValueKind): string {
  return `${hexadecimal(address)}  ${hexadecimal(value, 2 * bytesOf(kind))}  ${value}`;
}

/** Bytes of values as they were typed. */
export function encodeValues(
  command: Command,
  values: readonly string[],
  kind: ValueKind,
): Uint8Array {
  if (kind === 'text') return new TextEncoder().encode(values.join(' '));
  const size = bytesOf(kind);
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((text, index) => {
    const value = typedNumber(command, text, kind);
    if (size === 4) view.setUint32(index * size, value, true);
    else if (size === 2) view.setUint16(index * size, value, true);
    else view.setUint8(index, value);
  });
  return bytes;
}

function typedNumber(command: Command, text: string, kind: ValueKind): number {
  const most = 2 ** (8 * bytesOf(kind)) - 1;
  const value = numberOf(text);
  if (value !== undefined && value >= -(most + 1) / 2 && value <= most) return value;
  return usageError(
    command,
    `"${text}" is no ${kind}: give a whole number up to ${hexadecimal(most)}.`,
  );
}

function numberOf(text: string): number | undefined {
  return /^(-?\d{1,10}|0x[\da-f]{1,8})$/i.test(text) ? Number(text) : undefined;
}

/** Reads a byte from an argument, in base 10 or 16. */
export function byteValue(value: string): number {
  const number = numberOf(value);
  if (number !== undefined && number >= 0 && number <= 255) return number;
  throw new InvalidArgumentError('Give a byte from 0 to 255 or 0xff.');
}

/** One more word of an option, in base 10 or 16; there are at most four. */
export function addWord(value: string, before: readonly number[] = []): readonly number[] {
  const number = numberOf(value);
  if (number === undefined || number < -(2 ** 31) || number >= 2 ** 32 || before.length === 4) {
    throw new InvalidArgumentError('Give at most four words, such as 100 or 0xff.');
  }
  return [...before, number];
}
