/** Translation of data processing. Operands are as in the interpreter's case of the same name. */
import type { Instruction } from '../opcodes.js';
import type { Flags } from './flags.js';
import type { Frame } from './frame.js';
import type { DataProcessing } from './operations.js';
import { Wasm } from './wasm.js';

const SHIFTS = {
  LogicalLeft: Wasm.ShiftLeft,
  LogicalRight: Wasm.ShiftRightUnsigned,
  ArithmeticRight: Wasm.ShiftRightSigned,
  RotateRight: Wasm.RotateRight,
} as const;
type Shift = keyof typeof SHIFTS;

/** Pushes the second operand. */
function pushOperand(frame: Frame, { operand, byRegister }: DataProcessing, each: Instruction) {
  const { code } = frame;
  if (operand === 'Immediate') code.constant(each.immediate);
  else {
    frame.get(each.m);
    if (operand === 'Register') return;
    if (byRegister) shiftByRegister(frame, operand, each.s);
    else code.constant(each.immediate).do(SHIFTS[operand]);
  }
}

/** Shifts what is on the stack by the low byte of a register; `frame.scratch` is the distance then. */
function shiftByRegister(frame: Frame, shift: Shift, s: number): void {
  const { code, scratch } = frame;
  frame.get(s);
  code.constant(255).do(Wasm.And).tee(scratch);
  if (shift === 'ArithmeticRight') {
    code.constant(31).get(scratch).constant(32).do(Wasm.LessUnsigned, Wasm.Select);
    code.do(Wasm.ShiftRightSigned);
  } else {
    code.do(SHIFTS[shift]).constant(0);
    code.get(scratch).constant(32).do(Wasm.LessUnsigned, Wasm.Select);
  }
}

const PLAIN = {
  Add: Wasm.Add,
  Subtract: Wasm.Subtract,
  And: Wasm.And,
  Or: Wasm.Or,
  ExclusiveOr: Wasm.ExclusiveOr,
} as const;

/** Pushes the result of an operation that sets no flags. */
export function pushResult(
  frame: Frame,
  flags: Flags,
  processing: DataProcessing,
  each: Instruction,
): void {
  const { code } = frame;
  const { operation } = processing;
  switch (operation) {
    case 'Move':
      pushOperand(frame, processing, each);
      return;
    case 'MoveNot':
      pushOperand(frame, processing, each);
      code.constant(-1).do(Wasm.ExclusiveOr);
      return;
    case 'ReverseSubtract':
      pushOperand(frame, processing, each);
      frame.get(each.n);
      code.do(Wasm.Subtract);
      return;
    case 'BitClear':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      code.constant(-1).do(Wasm.ExclusiveOr, Wasm.And);
      return;
    case 'AddWithCarry':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      code.do(Wasm.Add);
      flags.pushCarry();
      code.do(Wasm.Add);
      return;
    case 'SubtractWithCarry':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      code.do(Wasm.Subtract).constant(1).do(Wasm.Subtract);
      flags.pushCarry();
      code.do(Wasm.Add);
      return;
    default:
      frame.get(each.n);
      pushOperand(frame, processing, each);
      code.do(PLAIN[operation as keyof typeof PLAIN]);
  }
}

/** Executes an operation that sets flags. */
export function setFlags(
  frame: Frame,
  flags: Flags,
  processing: DataProcessing,
  each: Instruction,
): void {
  const { code } = frame;
  const { operation, hasResult } = processing;
  switch (operation) {
    case 'Subtract':
    case 'Compare':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      flags.setDifference();
      if (hasResult) flags.pushDifference();
      break;
    case 'ReverseSubtract':
      pushOperand(frame, processing, each);
      frame.get(each.n);
      flags.setDifference();
      flags.pushDifference();
      break;
    case 'Add':
    case 'CompareNegative':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      flags.setSum();
      if (hasResult) flags.pushSum();
      break;
    case 'AddWithCarry':
    case 'SubtractWithCarry':
      frame.get(each.n);
      pushOperand(frame, processing, each);
      if (operation === 'SubtractWithCarry') code.constant(-1).do(Wasm.ExclusiveOr);
      flags.setSumWithCarry();
      flags.pushSum();
      break;
    default:
      setLogicalFlags(frame, flags, processing, each);
      if (hasResult) flags.pushLogical();
  }
  if (hasResult) frame.set(each.d);
}

const LOGICAL = {
  And: 'And',
  Test: 'And',
  ExclusiveOr: 'ExclusiveOr',
  TestEqual: 'ExclusiveOr',
  Or: 'Or',
  BitClear: 'BitClear',
  Move: 'Move',
  MoveNot: 'MoveNot',
} as const;

function setLogicalFlags(
  frame: Frame,
  flags: Flags,
  processing: DataProcessing,
  each: Instruction,
): void {
  const { operand, byRegister } = processing;
  const isShifted = operand !== 'Immediate' && operand !== 'Register';
  if (isShifted) pushShifterCarry(frame, flags, operand, byRegister, each);
  const operation = LOGICAL[processing.operation as keyof typeof LOGICAL];
  pushResult(frame, flags, { ...processing, operation }, each);
  flags.setLogical();
  if (isShifted) flags.setCarry();
}

/** Pushes the carry out of the shifter. */
function pushShifterCarry(
  frame: Frame,
  flags: Flags,
  shift: OperandShift,
  byRegister: boolean,
  { m, s, immediate }: Instruction,
): void {
  const { code, scratch } = frame;
  if (!byRegister) {
    frame.get(m);
    code.constant(shift === 'LogicalLeft' ? 32 - immediate : immediate - 1);
    code.do(Wasm.ShiftRightUnsigned).constant(1).do(Wasm.And);
    return;
  }
  frame.get(m);
  frame.get(s);
  code.constant(255).do(Wasm.And).set(scratch);
  if (shift === 'ArithmeticRight') {
    code.get(scratch).constant(1).do(Wasm.Subtract).constant(31);
    code.get(scratch).constant(32).do(Wasm.LessUnsigned, Wasm.Select, Wasm.ShiftRightSigned);
    code.constant(1).do(Wasm.And);
  } else {
    if (shift === 'LogicalLeft') code.constant(32).get(scratch).do(Wasm.Subtract);
    else code.get(scratch).constant(1).do(Wasm.Subtract);
    code.do(Wasm.ShiftRightUnsigned).constant(1).do(Wasm.And);
    code.get(scratch).constant(33).do(Wasm.LessUnsigned, Wasm.And);
  }
  flags.pushCarry();
  code.get(scratch).do(Wasm.Select);
}

type OperandShift = keyof typeof SHIFTS;
