/** Machine code in words, as the GNU tools write it. */
import type { SymbolTable } from '../symbols.js';
import { armText } from './arm.js';
import { hexPadded, type InstructionText } from './operands.js';
import { callText, isCallPair, thumbText } from './thumb.js';

/** One line of a disassembly. */
export interface DisassembledInstruction {
  readonly address: number;
  /** Bytes: 4, or 2 for most of Thumb. */
  readonly size: 2 | 4;
  /** The instruction, such as `ldr r2, [pc, #12]`. */
  readonly text: string;
  /** What it refers to: `0x4c <add+0x20>`; empty for nothing. */
  readonly reference: string;
}

/** How to read code. */
export interface DisassemblyOptions {
  /** Thumb instead of ARM code; where symbols say otherwise, they count. Default false. */
  readonly isThumb?: boolean;
  /** Names for addresses. */
  readonly symbols?: SymbolTable;
}

/** An instruction with what it refers to: `bl 0x2c <add>`, `ldr r2, [pc, #12]  @ 0x4c`. */
export function withReference({ text, reference }: DisassembledInstruction): string {
  const [target = '', ...name] = reference.split(' ');
  if (target === '') return text;
  return text.endsWith(` ${target}`) ? [text, ...name].join(' ') : `${text}  @ ${reference}`;
}

/**
 * The instruction at the beginning of some bytes, of which there are 2 or 4 at least; what is none in ARMv5TE
 * becomes a `.word` or a `.short`.
 *
 * @throws RangeError when there are too few bytes
 */
export function disassembleOne(
  bytes: Uint8Array,
  address: number,
  { isThumb = false, symbols }: DisassemblyOptions = {},
): DisassembledInstruction {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isThumb) {
    const word = view.getUint32(0, true);
    return line(address, 4, armText(word, address) ?? literal('.word', word, 8), symbols);
  }
  const half = view.getUint16(0, true);
  const next = bytes.length >= 4 ? view.getUint16(2, true) : undefined;
  if (next !== undefined && isCallPair(half, next)) {
    return line(address, 4, callText(half, next, address), symbols);
  }
  return line(address, 2, thumbText(half, address) ?? literal('.short', half, 4), symbols);
}

/** All instructions of some bytes; what is left at the end and too short is left out. */
export function disassemble(
  bytes: Uint8Array,
  address: number,
  { isThumb = false, symbols }: DisassemblyOptions = {},
): DisassembledInstruction[] {
  const lines: DisassembledInstruction[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const at = address + offset;
    const kind = symbols?.kindAt(at) ?? (isThumb ? 'thumb' : 'arm');
    if (bytes.length - offset < (kind === 'thumb' ? 2 : 4)) break;
    const rest = bytes.subarray(offset);
    const found =
      kind === 'data'
        ? dataLine(rest, at, symbols)
        : disassembleOne(rest, at, { isThumb: kind === 'thumb', ...(symbols && { symbols }) });
    lines.push(found);
    offset += found.size;
  }
  return lines;
}

function dataLine(
  bytes: Uint8Array,
  address: number,
  symbols: SymbolTable | undefined,
): DisassembledInstruction {
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
  const isName = symbols?.describe(word) !== undefined;
  return line(
    address,
    4,
    { ...literal('.word', word, 8), ...(isName && { target: word }) },
    symbols,
  );
}

function literal(mnemonic: string, value: number, digits: number): InstructionText {
  return { mnemonic, operands: hexPadded(value, digits) };
}

function line(
  address: number,
  size: 2 | 4,
  { mnemonic, operands, target }: InstructionText,
  symbols: SymbolTable | undefined,
): DisassembledInstruction {
  const text = operands === '' ? mnemonic : `${mnemonic} ${operands}`;
  return {
    address,
    size,
    text,
    reference: target === undefined ? '' : referenceTo(target, symbols),
  };
}

function referenceTo(target: number, symbols: SymbolTable | undefined): string {
  const name = symbols?.describe(target);
  return name === undefined ? `0x${target.toString(16)}` : `0x${target.toString(16)} <${name}>`;
}
