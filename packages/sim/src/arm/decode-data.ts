/** Data processing: 00I o oooS nnnn dddd, and the second operand. ARM Architecture Reference Manual A5.1. */
import { type DecodeContext, general, instruction, programCounter } from './decoding.js';
import { type Instruction, Op } from './opcodes.js';
import { Cycles } from './timing.js';

const MOVE = 13;
const PROGRAM_COUNTER = 15;

/** Operations by number (AND, EOR, SUB, ... as encoded) for each kind of second operand; undefined: general. */
type Operations = readonly (number | undefined)[];

const IMMEDIATE: Operations = [
  Op.AndImmediate,
  Op.ExclusiveOrImmediate,
  Op.AddImmediate,
  Op.ReverseSubtractImmediate,
  Op.AddImmediate,
  Op.AddWithCarryImmediate,
  Op.SubtractWithCarryImmediate,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  Op.OrImmediate,
  Op.MoveImmediate,
  Op.AndImmediate,
  Op.MoveImmediate,
];

const REGISTER: Operations = [
  Op.AndRegister,
  Op.ExclusiveOrRegister,
  Op.SubtractRegister,
  Op.SubtractRegister,
  Op.AddRegister,
  Op.AddWithCarryRegister,
  Op.SubtractWithCarryRegister,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  Op.OrRegister,
  Op.MoveRegister,
  Op.BitClearRegister,
  Op.MoveNotRegister,
];

/** Operations with the second operand shifted left; the three other shifts follow {@link SHIFT_STEP} apart. */
const SHIFTED: Operations = [
  Op.AndLogicalLeft,
  Op.ExclusiveOrLogicalLeft,
  Op.SubtractLogicalLeft,
  Op.ReverseSubtractLogicalLeft,
  Op.AddLogicalLeft,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  Op.OrLogicalLeft,
  Op.MoveLogicalLeft,
  Op.BitClearLogicalLeft,
  Op.MoveNotLogicalLeft,
];
const SHIFT_STEP = Op.MoveLogicalRight - Op.MoveLogicalLeft;

const FLAGS_IMMEDIATE: Operations = [
  Op.AndFlagsImmediate,
  Op.ExclusiveOrFlagsImmediate,
  Op.SubtractFlagsImmediate,
  Op.ReverseSubtractFlagsImmediate,
  Op.AddFlagsImmediate,
  undefined,
  undefined,
  undefined,
  Op.TestImmediate,
  Op.TestEqualImmediate,
  Op.CompareImmediate,
  Op.CompareNegativeImmediate,
  Op.OrFlagsImmediate,
  Op.MoveFlagsImmediate,
  Op.AndFlagsImmediate,
  Op.MoveFlagsImmediate,
];

const FLAGS_REGISTER: Operations = [
  Op.AndFlagsRegister,
  Op.ExclusiveOrFlagsRegister,
  Op.SubtractFlagsRegister,
  Op.SubtractFlagsRegister,
  Op.AddFlagsRegister,
  Op.AddWithCarryFlagsRegister,
  Op.SubtractWithCarryFlagsRegister,
  undefined,
  Op.TestRegister,
  Op.TestEqualRegister,
  Op.CompareRegister,
  Op.CompareNegativeRegister,
  Op.OrFlagsRegister,
  Op.MoveFlagsRegister,
  Op.BitClearFlagsRegister,
  Op.MoveNotFlagsRegister,
];

/** Operations with the second operand shifted left by a register; right shifts follow {@link BY_REGISTER_STEP} apart. */
const BY_REGISTER: Operations = [
  Op.AndLogicalLeftByRegister,
  Op.ExclusiveOrLogicalLeftByRegister,
  Op.SubtractLogicalLeftByRegister,
  Op.ReverseSubtractLogicalLeftByRegister,
  Op.AddLogicalLeftByRegister,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  Op.OrLogicalLeftByRegister,
  undefined,
  Op.BitClearLogicalLeftByRegister,
  undefined,
];
const BY_REGISTER_STEP = Op.AddLogicalRightByRegister - Op.AddLogicalLeftByRegister;
const ROTATE = 3;

const FLAG_MOVES: Operations = [
  Op.MoveFlagsLogicalLeft,
  Op.MoveFlagsLogicalRight,
  Op.MoveFlagsArithmeticRight,
];

/** Operations that set flags, with the second operand shifted left by a constant; right shifts follow. */
const FLAGS_SHIFTED: Operations = [
  undefined,
  undefined,
  Op.SubtractFlagsLogicalLeft,
  undefined,
  Op.AddFlagsLogicalLeft,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  Op.CompareLogicalLeft,
];

const OPERATION = {
  Subtract: 2,
  ReverseSubtract: 3,
  Add: 4,
  AddWithCarry: 5,
  Test: 8,
  BitClear: 14,
  MoveNot: 15,
} as const;

/** TST, TEQ, CMP, CMN: no result. */
function hasResult(operation: number): boolean {
  return operation < 8 || operation > 11;
}

/** MOV and MVN have no first operand. */
function hasFirst(operation: number): boolean {
  return operation !== MOVE && operation !== OPERATION.MoveNot;
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
  const flags = isTest && changesCarry ? Op.TestRotated : FLAGS_IMMEDIATE[operation];
  const op = setsFlags ? flags : IMMEDIATE[operation];
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
  const op = (word & 0x00100000) !== 0 ? FLAGS_REGISTER[operation] : REGISTER[operation];
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
  const op = setsFlags ? flagsShifted(operation, kind, encoded) : shifted(operation, kind);
  return op === undefined ? undefined : instruction(op, { ...operands, immediate });
}

function shifted(operation: number, kind: number): number | undefined {
  const op = SHIFTED[operation];
  if (op !== undefined) return op + kind * SHIFT_STEP;
  const isSupported = operation === OPERATION.AddWithCarry && kind === 2;
  return isSupported ? Op.AddWithCarryArithmeticRight : undefined;
}

function flagsShifted(operation: number, kind: number, encoded: number): number | undefined {
  if (kind === ROTATE) return undefined;
  if (operation === MOVE) return encoded === 0 ? undefined : FLAG_MOVES[kind];
  const op = FLAGS_SHIFTED[operation];
  return op === undefined ? undefined : op + kind;
}

function decodeShiftByRegister(word: number, operands: Operands): Instruction | undefined {
  const s = (word >>> 8) & 15;
  const kind = (word >>> 5) & 3;
  if (s === PROGRAM_COUNTER || kind === ROTATE) return undefined;
  const operation = (word >>> 21) & 15;
  const setsFlags = (word & 0x00100000) !== 0;
  const op = setsFlags ? flagsByRegister(operation, kind) : byRegister(operation, kind);
  if (op === undefined) return undefined;
  const reads = operands.reads | (1 << s);
  return instruction(op, { ...operands, s, reads, cycles: Cycles.ShiftByRegister });
}

function byRegister(operation: number, kind: number): number | undefined {
  if (operation === MOVE) return Op.MoveLogicalLeftByRegister + kind;
  const op = BY_REGISTER[operation];
  return op === undefined ? undefined : op + kind * BY_REGISTER_STEP;
}

function flagsByRegister(operation: number, kind: number): number | undefined {
  if (operation === MOVE) return Op.MoveFlagsLogicalLeftByRegister + kind;
  const isSupported = operation === OPERATION.Subtract && kind === 2;
  return isSupported ? Op.SubtractFlagsArithmeticRightByRegister : undefined;
}
