/** Instructions of the data specification language as values, to and from words, and as text. */
import { DataSpecificationError } from './errors.js';
import {
  type FieldName,
  layoutOf,
  type OpcodeLayout,
  type OpcodeName,
  opcodeName,
} from './opcodes.js';

/** One instruction. */
export interface Instruction {
  readonly name: OpcodeName;
  /** Fields of the first word; those left out are 0. */
  readonly fields: Readonly<Record<string, number>>;
  /** Further words: values, sizes, text. Of WRITE_ARRAY the elements, without their count. */
  readonly words: ArrayLike<number>;
}

/**
 * An instruction, checked.
 * @param fields those that are not 0
 * @param words further words, whole numbers from -2^31 to 2^32 - 1
 * @throws DataSpecificationError when the instruction has no such field, or it is out of range
 */
export function instruction<Name extends OpcodeName>(
  name: Name,
  fields?: Readonly<Partial<Record<FieldName<Name>, number>>>,
  words: ArrayLike<number> = [],
): Instruction {
  const layout = layoutOf(name);
  const refuse = (problem: string): never => {
    throw new DataSpecificationError(name, undefined, problem);
  };
  const given: Readonly<Record<string, number>> = { ...fields };
  for (const [key, value] of Object.entries(given)) {
    const place = layout.fields[key];
    if (place === undefined) {
      refuse(`has no field "${key}"; it has ${Object.keys(layout.fields).join(', ') || 'none'}`);
    } else if (!Number.isInteger(value) || value < 0 || value >= 2 ** place.bits) {
      refuse(`has ${key} ${value}; give a whole number from 0 to ${2 ** place.bits - 1}`);
    }
  }
  for (const word of Array.from(words)) {
    if (!Number.isInteger(word) || word < -(2 ** 31) || word >= 2 ** 32) {
      refuse(`has the word ${word}; give a whole number of 32 bits`);
    }
  }
  const [least, most] = wordLimits(layout);
  if (words.length < least || words.length > most) {
    refuse(`has ${words.length} further words; give ${least} to ${most}`);
  }
  return { name, fields: given, words };
}

const wordLimits = ({ words }: OpcodeLayout): readonly [number, number] =>
  words === 'array' ? [0, 2 ** 26] : words;

/** The words of a program. */
export function encodeSpecification(program: readonly Instruction[]): Uint32Array {
  const sizes = program.map(
    ({ name, words }) => 1 + words.length + Number(layoutOf(name).words === 'array'),
  );
  const encoded = new Uint32Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const { name, fields, words } of program) {
    const layout = layoutOf(name);
    const isArray = layout.words === 'array';
    let first = ((isArray ? 1 : words.length) << 28) | (layout.code << 20);
    for (const [key, value] of Object.entries(fields)) {
      const place = layout.fields[key];
      if (place) first |= value << place.at;
    }
    encoded[at++] = first;
    if (isArray) encoded[at++] = words.length;
    encoded.set(words, at);
    at += words.length;
  }
  return encoded;
}

/** An instruction, and where it was found. */
export interface LocatedInstruction extends Instruction {
  /** Words from the start of the program. */
  readonly at: number;
}

/**
 * Reads the instruction at a word.
 * @throws DataSpecificationError when the opcode is unknown or the program ends in the middle of it
 */
export function readInstruction(program: Uint32Array, at: number): LocatedInstruction {
  const first = program[at];
  if (first === undefined) {
    throw new DataSpecificationError('the end', at, 'comes without END_SPEC');
  }
  const code = (first >>> 20) & 0xff;
  const name = opcodeName(code);
  if (name === undefined) {
    const hex = `0x${code.toString(16).padStart(2, '0')}`;
    throw new DataSpecificationError(
      `opcode ${hex}`,
      at,
      'is not of the data specification language',
    );
  }
  const layout = layoutOf(name);
  const fields: Record<string, number> = {};
  for (const [key, { at: bit, bits }] of Object.entries(layout.fields)) {
    fields[key] = (first >>> bit) & (2 ** bits - 1);
  }
  const isArray = layout.words === 'array';
  const start = at + 1 + Number(isArray);
  const length = isArray ? (program[at + 1] ?? Number.POSITIVE_INFINITY) : (first >>> 28) & 3;
  if (start + length > program.length) {
    throw new DataSpecificationError(name, at, 'goes beyond the end of the program');
  }
  return { name, fields, words: program.subarray(start, start + length), at };
}

/** Where the next instruction starts, words from the start of the program. */
export const nextInstruction = ({ name, words, at }: LocatedInstruction): number =>
  at + 1 + words.length + Number(layoutOf(name).words === 'array');

/**
 * All instructions of a program, to its END_SPEC or end.
 * @throws DataSpecificationError as {@link readInstruction} does
 */
export function decodeSpecification(program: Uint32Array): LocatedInstruction[] {
  const instructions: LocatedInstruction[] = [];
  for (let at = 0; at < program.length; ) {
    const read = readInstruction(program, at);
    instructions.push(read);
    if (read.name === 'END_SPEC') break;
    at = nextInstruction(read);
  }
  return instructions;
}

/** Words of an array that a listing shows. */
const SHOWN_WORDS = 8;

/**
 * A program as text: word, name, fields that are not 0, further words in hex.
 * @throws DataSpecificationError as {@link readInstruction} does
 */
export function disassembleSpecification(program: Uint32Array): string {
  return decodeSpecification(program)
    .map(({ at, name, fields, words }) => {
      const set = Object.entries(fields)
        .filter(([, value]) => value !== 0)
        .map(([key, value]) => `${key}=${value}`);
      const shown = Array.from(words)
        .slice(0, SHOWN_WORDS)
        .map((word) => `0x${(word >>> 0).toString(16).padStart(8, '0')}`);
      const more = words.length > shown.length ? [`... ${words.length} words`] : [];
      return [String(at).padStart(6), name, ...set, ...shown, ...more].join(' ');
    })
    .join('\n');
}
