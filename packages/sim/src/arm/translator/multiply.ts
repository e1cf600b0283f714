/** Translation of multiplications. */
import { type Instruction, Op } from '../opcodes.js';
import { Slot } from '../state.js';
import type { Flags } from './flags.js';
import type { Frame } from './frame.js';
import { Wasm } from './wasm.js';

/** What the 32 x 32 -> 64 bit multiplications do. */
const LONG = new Map<number, { readonly extend: Wasm; readonly accumulates: boolean }>([
  [Op.UnsignedMultiplyLong, { extend: Wasm.ExtendUnsigned, accumulates: false }],
  [Op.SignedMultiplyLong, { extend: Wasm.ExtendSigned, accumulates: false }],
  [Op.UnsignedMultiplyAccumulateLong, { extend: Wasm.ExtendUnsigned, accumulates: true }],
  [Op.SignedMultiplyAccumulateLong, { extend: Wasm.ExtendSigned, accumulates: true }],
]);

/** Whether an operation is a multiplication that {@link multiply} translates. */
export function isMultiplication({ op, d, n }: Instruction): boolean {
  if (LONG.has(op)) return d !== n;
  return op >= Op.Multiply && op <= Op.MultiplyAccumulateWordTop;
}

/** Executes a multiplication. */
export function multiply(frame: Frame, flags: Flags, each: Instruction): void {
  const { code } = frame;
  const { op, d, n, m, s } = each;
  const long = LONG.get(op);
  if (long !== undefined) {
    multiplyLong(frame, each, long);
    return;
  }
  if (op < Op.MultiplyHalfBottomBottom) {
    frame.get(m);
    frame.get(s);
    code.do(Wasm.Multiply);
    if (op === Op.MultiplyAccumulate) {
      frame.get(n);
      code.do(Wasm.Add);
    }
    if (op === Op.MultiplyFlags) {
      flags.setLogical();
      flags.pushLogical();
    }
    frame.set(d);
    return;
  }
  if (op < Op.MultiplyWordBottom) pushHalfProduct(frame, each);
  else pushWordProduct(frame, each);
  const accumulates =
    (op >= Op.MultiplyAccumulateHalfBottomBottom && op <= Op.MultiplyAccumulateHalfTopTop) ||
    op >= Op.MultiplyAccumulateWordBottom;
  if (accumulates) accumulate(frame, n);
  frame.set(d);
}

/** The 16 x 16 bit operations come in the order bottom-bottom, bottom-top, top-bottom, top-top. */
function pushHalfProduct(frame: Frame, { op, m, s }: Instruction): void {
  const halves = (op - Op.MultiplyHalfBottomBottom) & 3;
  pushHalf(frame, m, (halves & 2) !== 0);
  pushHalf(frame, s, (halves & 1) !== 0);
  frame.code.do(Wasm.Multiply);
}

function pushHalf(frame: Frame, register: number, isTop: boolean): void {
  frame.get(register);
  if (isTop) frame.code.constant(16).do(Wasm.ShiftRightSigned);
  else frame.code.do(Wasm.Extend16);
}

/** Bits 47:16 of a word times a half. */
function pushWordProduct(frame: Frame, { op, m, s }: Instruction): void {
  const { code } = frame;
  frame.get(m);
  code.do(Wasm.ExtendSigned);
  pushHalf(frame, s, op === Op.MultiplyWordTop || op === Op.MultiplyAccumulateWordTop);
  code.do(Wasm.ExtendSigned, Wasm.LongMultiply).longConstant(16);
  code.do(Wasm.LongShiftRightSigned, Wasm.Wrap);
}

/** Adds a register to the product on the stack; an overflow sets Q. */
function accumulate(frame: Frame, n: number): void {
  const { code, scratch, scratch2 } = frame;
  code.set(scratch);
  frame.get(n);
  code.get(scratch).do(Wasm.Add).set(scratch2);
  frame.get(n);
  code.get(scratch2).do(Wasm.ExclusiveOr);
  code.get(scratch).get(scratch2).do(Wasm.ExclusiveOr, Wasm.And).constant(31);
  code.do(Wasm.ShiftRightSigned);
  frame.get(Slot.Saturated);
  code.do(Wasm.Or);
  frame.set(Slot.Saturated);
  code.get(scratch2);
}

function multiplyLong(
  frame: Frame,
  { d, n, m, s }: Instruction,
  { extend, accumulates }: { readonly extend: Wasm; readonly accumulates: boolean },
): void {
  const { code, longScratch } = frame;
  frame.get(m);
  code.do(extend);
  frame.get(s);
  code.do(extend, Wasm.LongMultiply);
  if (accumulates) {
    frame.get(d);
    code.do(Wasm.ExtendUnsigned).longConstant(32).do(Wasm.LongShiftLeft);
    frame.get(n);
    code.do(Wasm.ExtendUnsigned, Wasm.LongOr, Wasm.LongAdd);
  }
  code.tee(longScratch).do(Wasm.Wrap);
  frame.set(n);
  code.get(longScratch).longConstant(32).do(Wasm.LongShiftRightUnsigned, Wasm.Wrap);
  frame.set(d);
}
