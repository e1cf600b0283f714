/**
 * Which operation of ours stands for a data-processing instruction: by its number (AND, EOR, SUB, ... as
 * encoded) and the kind of its second operand. undefined: there is none but the general one.
 */
import { Op } from './opcodes.js';

/** Numbers of data-processing instructions. ARM Architecture Reference Manual A3.4. */
export const OPERATION = {
  Subtract: 2,
  ReverseSubtract: 3,
  Add: 4,
  AddWithCarry: 5,
  Test: 8,
  Move: 13,
  BitClear: 14,
  MoveNot: 15,
} as const;

/** Rotation, as a kind of shift: the others are 0 to 2 for LSL, LSR and ASR. */
export const ROTATE = 3;

/** Operations by number, for one kind of second operand. */
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

/** With a constant. */
export function operationOfConstant(operation: number, setsFlags: boolean): number | undefined {
  return (setsFlags ? FLAGS_IMMEDIATE : IMMEDIATE)[operation];
}

/** With a register as it is. */
export function operationOfRegister(operation: number, setsFlags: boolean): number | undefined {
  return (setsFlags ? FLAGS_REGISTER : REGISTER)[operation];
}

/**
 * With a register shifted by a constant.
 *
 * @param kind of shift, 0 to 3
 * @param encoded distance as encoded: 0 stands for 32 of an ASR
 */
export function operationOfShifted(
  operation: number,
  setsFlags: boolean,
  kind: number,
  encoded: number,
): number | undefined {
  return setsFlags ? flagsShifted(operation, kind, encoded) : shifted(operation, kind);
}

/** With a register shifted by a register; `kind` of shift, 0 to 2. */
export function operationOfShiftByRegister(
  operation: number,
  setsFlags: boolean,
  kind: number,
): number | undefined {
  return setsFlags ? flagsByRegister(operation, kind) : byRegister(operation, kind);
}

function shifted(operation: number, kind: number): number | undefined {
  const op = SHIFTED[operation];
  if (op !== undefined) return op + kind * SHIFT_STEP;
  const isSupported = operation === OPERATION.AddWithCarry && kind === 2;
  return isSupported ? Op.AddWithCarryArithmeticRight : undefined;
}

function flagsShifted(operation: number, kind: number, encoded: number): number | undefined {
  if (kind === ROTATE) return undefined;
  if (operation === OPERATION.Move) return encoded === 0 ? undefined : FLAG_MOVES[kind];
  const op = FLAGS_SHIFTED[operation];
  return op === undefined ? undefined : op + kind;
}

function byRegister(operation: number, kind: number): number | undefined {
  if (operation === OPERATION.Move) return Op.MoveLogicalLeftByRegister + kind;
  const op = BY_REGISTER[operation];
  return op === undefined ? undefined : op + kind * BY_REGISTER_STEP;
}

function flagsByRegister(operation: number, kind: number): number | undefined {
  if (operation === OPERATION.Move) return Op.MoveFlagsLogicalLeftByRegister + kind;
  const isSupported = operation === OPERATION.Subtract && kind === 2;
  return isSupported ? Op.SubtractFlagsArithmeticRightByRegister : undefined;
}
