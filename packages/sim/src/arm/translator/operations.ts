/**
 * Data processing, by the names of its operations: `AddFlagsLogicalLeftByRegister` adds, sets flags, and
 * shifts its second operand left by a register. The names in opcodes.ts are made by this rule.
 */
import { Op } from '../opcodes.js';

const OPERATIONS = [
  'Move',
  'MoveNot',
  'Add',
  'Subtract',
  'ReverseSubtract',
  'And',
  'Or',
  'ExclusiveOr',
  'BitClear',
  'AddWithCarry',
  'SubtractWithCarry',
  'Compare',
  'CompareNegative',
  'Test',
  'TestEqual',
] as const;
export type Operation = (typeof OPERATIONS)[number];

const OPERANDS = [
  'Immediate',
  'Register',
  'LogicalLeft',
  'LogicalRight',
  'ArithmeticRight',
  'RotateRight',
] as const;
export type OperandKind = (typeof OPERANDS)[number];

/** What a data-processing operation does. */
export interface DataProcessing {
  readonly operation: Operation;
  /** Whether there is a result besides the flags. */
  readonly hasResult: boolean;
  readonly setsFlags: boolean;
  readonly operand: OperandKind;
  readonly byRegister: boolean;
}

const NAME = new RegExp(`^(${OPERATIONS.join('|')})(Flags)?(${OPERANDS.join('|')})(ByRegister)?$`);
const COMPARISONS: readonly Operation[] = ['Compare', 'CompareNegative', 'Test', 'TestEqual'];

function ofName(name: string): DataProcessing | undefined {
  const [, operation, flags, operand, byRegister] = NAME.exec(name) ?? [];
  if (operation === undefined) return undefined;
  const isComparison = COMPARISONS.includes(operation as Operation);
  return {
    operation: operation as Operation,
    hasResult: !isComparison,
    setsFlags: isComparison || flags !== undefined,
    operand: operand as OperandKind,
    byRegister: byRegister !== undefined,
  };
}

const byOp = new Map(Object.entries(Op).map(([name, op]) => [op as number, ofName(name)]));

/** What an operation does, if it is data processing. */
export function dataProcessingOf(op: number): DataProcessing | undefined {
  return byOp.get(op);
}
