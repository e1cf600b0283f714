/** Data processing: 00I o oooS nnnn dddd, and the second operand. ARM Architecture Reference Manual A5.1. */
import {
  OPERATION,
  operationOfConstant,
  operationOfRegister,
  operationOfShiftByRegister,
  operationOfShifted,
  ROTATE,
} from './data-operations.js';
import { type DecodeContext, general, instruction, programCounter } from './decoding.js';
import { type Instruction, Op } from './opcodes.js';
import { Cycles } from './timing.js';

const PROGRAM_COUNTER = 15;

/** TST, TEQ, CMP, CMN: no result. */
function hasResult(operation: number): boolean {
  return operation < 8 || operation > 11;
}

/** MOV and MVN have no first operand. */
function hasFirst(operation: number): boolean {
  return operation !== OPERATION.Move && operation !== OPERATION.MoveNot;
}

/** Decodes a data-processing instruction, in ARM encoding. */
export function decodeDataProcessing(word: number, context: DecodeContext): Instruction {
  const decoded = (word & 0x02000000) !== 0 ? decodeConstant(word, context) : decodeRegister(word);
  return decoded ?? decodeGeneral(word, context);
}

function decodeGeneral(word: number, context: DecodeContext): Instruction {
  const operation = (word >>> 21) & 15;
  const isConstant = (word & 0x02000000) !== 0;
  const byRegister = (word & 0x02000010) === 0x10;
  const first = hasFirst(operation) ? 1 << ((word >>> 16) & 15) : 0;
  const second = isConstant ? 0 : 1 << (word & 15);
  const distance = byRegister ? 1 << ((word >>> 8) & 15) : 0;
  const writesProgramCounter = hasResult(operation) && ((word >>> 12) & 15) === PROGRAM_COUNTER;
  const cycles =
    (byRegister ? Cycles.ShiftByRegister : 1) + (writesProgramCounter ? Cycles.BranchTaken : 0);
  return general(Op.GeneralDataProcessing, word, context, first | second | distance, cycles);
}

/** Rotated 8-bit constant: the second operand of data processing and MSR. */
export function rotatedConstant(word: number): number {
  const distance = (word >>> 7) & 30;
  const value = word & 255;
  return (value >>> distance) | (value << ((32 - distance) % 32));
}

function decodeConstant(word: number, context: DecodeContext): Instruction | undefined {
  const operation = (word >>> 21) & 15;
  const setsFlags = (word & 0x00100000) !== 0;
  const n = (word >>> 16) & 15;
  const d = (word >>> 12) & 15;
  const constant = rotatedConstant(word);
  if (d === PROGRAM_COUNTER) return undefined;
  if (hasFirst(operation) && n === PROGRAM_COUNTER) {
    return setsFlags ? undefined : addressConstant(operation, d, constant, context);
  }
  const changesCarry = (word & 0xf00) !== 0 && isLogical(operation);
  const isTest = operation === OPERATION.Test;
  if (setsFlags && changesCarry && !isTest) return undefined;
  const op =
    setsFlags && isTest && changesCarry
      ? Op.TestRotated
      : operationOfConstant(operation, setsFlags);
  if (op === undefined) return undefined;
  const immediate = normalised(operation, setsFlags, constant);
  const reads = hasFirst(operation) ? 1 << n : 0;
  return instruction(op, { d: hasResult(operation) ? d : 0, n, immediate, reads });
}

function isLogical(operation: number): boolean {
  return operation < 2 || operation === 8 || operation === 9 || operation > 11;
}

/** SUB, BIC and MVN become ADD, AND and MOV of another constant where flags do not tell the difference. */
function normalised(operation: number, setsFlags: boolean, constant: number): number {
  if (operation === OPERATION.BitClear || operation === OPERATION.MoveNot) return ~constant;
  return operation === OPERATION.Subtract && !setsFlags ? -constant | 0 : constant;
}

/** ADD and SUB of a constant to the program counter give a constant. */
function addressConstant(
  operation: number,
  d: number,
  constant: number,
  context: DecodeContext,
): Instruction | undefined {
  if (operation !== OPERATION.Add && operation !== OPERATION.Subtract) return undefined;
  const base = programCounter(context);
  const immediate = (operation === OPERATION.Add ? base + constant : base - constant) | 0;
  return instruction(Op.MoveImmediate, { d, immediate });
}

function decodeRegister(word: number): Instruction | undefined {
  const operation = (word >>> 21) & 15;
  const n = (word >>> 16) & 15;
  const d = (word >>> 12) & 15;
  const m = word & 15;
  const usesProgramCounter =
    m === PROGRAM_COUNTER ||
    (hasResult(operation) && d === PROGRAM_COUNTER) ||
    (hasFirst(operation) && n === PROGRAM_COUNTER);
  if (usesProgramCounter) return undefined;
  const reads = (1 << m) | (hasFirst(operation) ? 1 << n : 0);
  const operands = { d: hasResult(operation) ? d : 0, n, m, reads };
  if ((word & 0x10) !== 0) return decodeShiftByRegister(word, operands);
  return (word & 0xff0) === 0 ? decodePlainRegister(word, operands) : decodeShifted(word, operands);
}

type Operands = Pick<Instruction, 'd' | 'n' | 'm' | 'reads'>;

/** The second operand is a register as it is. RSB is SUB with its operands exchanged. */
function decodePlainRegister(word: number, operands: Operands): Instruction | undefined {
  const operation = (word >>> 21) & 15;
  const op = operationOfRegister(operation, (word & 0x00100000) !== 0);
  if (op === undefined) return undefined;
  const { n, m } = operands;
  return operation === OPERATION.ReverseSubtract
    ? instruction(op, { ...operands, n: m, m: n })
    : instruction(op, operands);
}

/** The second operand is shifted by a constant; LSR #32 and RRX are left to the general operation. */
function decodeShifted(word: number, operands: Operands): Instruction | undefined {
  const operation = (word >>> 21) & 15;
  const kind = (word >>> 5) & 3;
  const encoded = (word >>> 7) & 31;
  const isArithmetic = kind === 2;
  if (encoded === 0 && !isArithmetic) return undefined;
  const setsFlags = (word & 0x00100000) !== 0;
  const immediate = encoded === 0 ? 31 : encoded;
  const op = operationOfShifted(operation, setsFlags, kind, encoded);
  return op === undefined ? undefined : instruction(op, { ...operands, immediate });
}

function decodeShiftByRegister(word: number, operands: Operands): Instruction | undefined {
  const s = (word >>> 8) & 15;
  const kind = (word >>> 5) & 3;
  if (s === PROGRAM_COUNTER || kind === ROTATE) return undefined;
  const operation = (word >>> 21) & 15;
  const setsFlags = (word & 0x00100000) !== 0;
  const op = operationOfShiftByRegister(operation, setsFlags, kind);
  if (op === undefined) return undefined;
  const reads = operands.reads | (1 << s);
  return instruction(op, { ...operands, s, reads, cycles: Cycles.ShiftByRegister });
}
