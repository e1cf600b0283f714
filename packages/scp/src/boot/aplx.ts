/**
 * APLX: program images for cores, a table of copies and fills that a small loader carries out.
 * Source: spinnaker_tools `mkaplx`, `sark.h` APLX opcodes.
 */
import { MalformedMessageError } from '../errors.js';
import { struct, word } from '../layout/struct.js';

/** One step of the loader. */
export type AplxStep =
  /** Copy `length` bytes of memory at `source` to `destination`. */
  | { readonly operation: 'copy'; destination: number; source: number; length: number }
  /** Copy `data`, which travels in the image, to `destination`. */
  | { readonly operation: 'place'; destination: number; data: Uint8Array }
  /** Fill `length` bytes at `destination` with a word. */
  | { readonly operation: 'fill'; destination: number; length: number; value: number }
  /** Call `address`. */
  | { readonly operation: 'execute'; address: number };

/** Operation codes. */
export const AplxOpcode = { Copy: 1, RelativeCopy: 2, Fill: 3, Execute: 4 } as const;

/** One entry of the table. */
export const aplxEntryLayout = struct('APLX entry', {
  opcode: word,
  operand1: word,
  operand2: word,
  operand3: word,
});

/** Entries that are tried before an image counts as broken. */
const MOST_ENTRIES = 64;
/** The loader moves 32 bytes at a time, so data is padded to that. */
const LOADER_UNIT_BYTES = 32;
/** Bytes of the table as `mkaplx` makes it. */
const LEAST_TABLE_BYTES = 64;

/** Builds an image. Placed data follows the table, each piece padded to 32 bytes. */
export function encodeAplx(steps: readonly AplxStep[]): Uint8Array {
  const table = Math.max(LEAST_TABLE_BYTES, roundUp((steps.length + 1) * aplxEntryLayout.size));
  const offsets: number[] = [];
  let end = table;
  for (const step of steps) {
    offsets.push(end);
    if (step.operation === 'place') end += roundUp(step.data.length);
  }
  const image = new Uint8Array(end);
  steps.forEach((step, index) => {
    const at = index * aplxEntryLayout.size;
    const offset = offsets[index] as number;
    aplxEntryLayout.encode(entryOf(step, offset - at), image, at);
    if (step.operation === 'place') image.set(step.data, offset);
  });
  return image;
}

/** Reads an image. Throws {@link MalformedMessageError} naming the entry that is wrong. */
export function decodeAplx(image: Uint8Array): AplxStep[] {
  const steps: AplxStep[] = [];
  for (let index = 0; index < MOST_ENTRIES; index++) {
    const step = stepAt(image, index);
    if (step === undefined) return steps;
    steps.push(step);
  }
  throw new MalformedMessageError(
    'APLX image',
    `its table does not end after ${MOST_ENTRIES} entries`,
  );
}

function entryOf(step: AplxStep, relativeOffset: number) {
  switch (step.operation) {
    case 'copy':
      return entry(AplxOpcode.Copy, step.destination, step.source, step.length);
    case 'place':
      return entry(AplxOpcode.RelativeCopy, step.destination, relativeOffset, step.data.length);
    case 'fill':
      return entry(AplxOpcode.Fill, step.destination, step.length, step.value);
    case 'execute':
      return entry(AplxOpcode.Execute, step.address, 0, 0);
  }
}

function entry(opcode: number, operand1: number, operand2: number, operand3: number) {
  return { opcode, operand1, operand2, operand3 };
}

function stepAt(image: Uint8Array, index: number): AplxStep | undefined {
  const at = index * aplxEntryLayout.size;
  const { opcode, operand1, operand2, operand3 } = aplxEntryLayout.decode(image, at);
  switch (opcode) {
    case AplxOpcode.Copy:
      return { operation: 'copy', destination: operand1, source: operand2, length: operand3 };
    case AplxOpcode.RelativeCopy: {
      const start = at + operand2;
      if (start + operand3 > image.length) {
        throw new MalformedMessageError(
          'APLX image',
          `entry ${index} copies ${operand3} bytes from ${start} of only ${image.length}`,
        );
      }
      const data = image.subarray(start, start + operand3);
      return { operation: 'place', destination: operand1, data };
    }
    case AplxOpcode.Fill:
      return { operation: 'fill', destination: operand1, length: operand2, value: operand3 };
    case AplxOpcode.Execute:
      return { operation: 'execute', address: operand1 };
    default:
      return undefined;
  }
}

function roundUp(length: number): number {
  return Math.ceil(length / LOADER_UNIT_BYTES) * LOADER_UNIT_BYTES;
}
