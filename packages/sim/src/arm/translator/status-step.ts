/**
 * Translation of what handlers and critical sections do with the status register: read it, and write its control field
 * in the same mode while no interrupt waits. All other status instructions are called.
 */
import { Mode, Status } from '../cpu.js';
import { type Instruction, Op } from '../opcodes.js';
import { Kept, Slot } from '../state.js';
import type { Exits } from './exits.js';
import type { Frame } from './frame.js';
import { Wasm } from './wasm.js';

const PROGRAM_COUNTER = 15;
const MODE_BITS = 0x1f;
const CONTROL_BITS = Status.InterruptDisable | Status.FastInterruptDisable | MODE_BITS;

/** `mrs rd, cpsr`, but for the condition and rd; ARM Architecture Reference Manual A4.1.38. */
const READ = { mask: 0x0fff0fff, bits: 0x010f0000 };
/** `msr cpsr_c, rm`, but for the condition and rm; A4.1.39. */
const WRITE_CONTROL = { mask: 0x0ffffff0, bits: 0x0121f000 };

const destination = (word: number): number => (word >>> 12) & 15;

/** Whether an instruction reads the status register of the present mode. */
export function isStatusRead({ op, extra: word }: Instruction): boolean {
  const isRead = op === Op.GeneralStatus && (word & READ.mask) === READ.bits;
  return isRead && destination(word) !== PROGRAM_COUNTER;
}

/** Whether an instruction writes interrupt disables and mode. */
export function isControlWrite({ op, extra: word }: Instruction): boolean {
  const isWrite = op === Op.GeneralStatus && (word & WRITE_CONTROL.mask) === WRITE_CONTROL.bits;
  return isWrite && (word & 15) !== PROGRAM_COUNTER;
}

/** Reads the status register; flags are written out. */
export function readStatus({ frame, thumb }: Exits, { extra: word }: Instruction): void {
  const { code } = frame;
  frame.loadKept(Kept.Control);
  if (thumb === 1) code.constant(Status.Thumb).do(Wasm.Or);
  frame.get(Slot.Negative);
  code.constant(Status.Negative).do(Wasm.And, Wasm.Or);
  frame.get(Slot.Zero);
  code.do(Wasm.EqualZero).constant(30).do(Wasm.ShiftLeft, Wasm.Or);
  frame.get(Slot.Carry);
  code.constant(29).do(Wasm.ShiftLeft, Wasm.Or);
  pushSign(frame, Slot.Overflow, 28);
  pushSign(frame, Slot.Saturated, 27);
  frame.set(destination(word));
}

/** Adds the sign of a word as a bit. */
function pushSign(frame: Frame, slot: number, bit: number): void {
  frame.get(slot);
  frame.code.constant(31).do(Wasm.ShiftRightUnsigned).constant(bit).do(Wasm.ShiftLeft, Wasm.Or);
}

/** Writes interrupt disables in place where that does nothing else; otherwise `calls`. */
export function writeControl(
  { frame }: Exits,
  { extra: word }: Instruction,
  calls: () => void,
): void {
  const { code, scratch } = frame;
  const done = code.block();
  const otherwise = code.block();
  frame.loadKept(Kept.Control);
  code.tee(scratch).constant(MODE_BITS).do(Wasm.And).constant(Mode.User).do(Wasm.Equal);
  code.branchIf(otherwise);
  frame.get(word & 15);
  code.get(scratch).do(Wasm.ExclusiveOr).constant(MODE_BITS).do(Wasm.And).branchIf(otherwise);
  frame.loadState(Slot.Requested);
  code.branchIf(otherwise);
  frame.loadState(Slot.Limit);
  code.do(Wasm.EqualZero).branchIf(otherwise);
  frame.storeKept(Kept.Control, () => {
    frame.get(word & 15);
    code.constant(CONTROL_BITS).do(Wasm.And);
  });
  code.branch(done).end();
  calls();
  code.end();
}
