/**
 * Translation of loads and stores with uncommon addressing modes, and of loads to the program counter: what
 * general-transfer.ts above interprets, but for two words at a time and what is rare.
 */
import { type Instruction, Op } from '../opcodes.js';
import type { Exits } from './exits.js';
import {
  LOADS,
  leaveWhenLimitReached,
  pushLiteral,
  pushLoaded,
  STORES,
  store,
} from './transfer.js';
import { Wasm } from './wasm.js';

const PROGRAM_COUNTER = 15;
/** Bits of encodings, ARM Architecture Reference Manual A5.2 and A5.3. */
const Bit = {
  Load: 1 << 20,
  WriteBack: 1 << 21,
  Byte: 1 << 22,
  ConstantHalf: 1 << 22,
  Add: 1 << 23,
  Pre: 1 << 24,
  Register: 1 << 25,
  Class: 3 << 26,
} as const;

/** Numbers of halves and signed parts in {@link LOADS} by their bits 6:5, and of halves in {@link STORES}. */
const EXTRA_LOADS = [undefined, 2, 3, 4] as const;
const EXTRA_STORES = [undefined, 2, undefined, undefined] as const;

/** Shifts by their bits; none of them by 0 but to the left. */
const SHIFTS = [
  Wasm.ShiftLeft,
  Wasm.ShiftRightUnsigned,
  Wasm.ShiftRightSigned,
  Wasm.RotateRight,
] as const;

interface Form {
  readonly isLoad: boolean;
  /** Number in {@link LOADS} or {@link STORES}. */
  readonly kind: number;
  readonly d: number;
  readonly n: number;
  readonly isPre: boolean;
  readonly writesBack: boolean;
  readonly isAdd: boolean;
  readonly offset: number | Shifted;
}

interface Shifted {
  readonly m: number;
  readonly shift: Wasm;
  readonly distance: number;
}

/** Whether an operation is one that {@link generalTransfer} translates. */
export function isGeneralTransfer(each: Instruction): boolean {
  return formOf(each) !== undefined;
}

/** Whether it loads the program counter. */
export function loadsProgramCounter(each: Instruction): boolean {
  const form = formOf(each);
  return form?.isLoad === true && form.d === PROGRAM_COUNTER;
}

function formOf({ op, extra: word }: Instruction): Form | undefined {
  if (op !== Op.GeneralTransfer) return undefined;
  const isLoad = (word & Bit.Load) !== 0;
  const isExtra = (word & Bit.Class) === 0;
  const part = (word >>> 5) & 3;
  const kind = isExtra
    ? (isLoad ? EXTRA_LOADS : EXTRA_STORES)[part as 0 | 1 | 2 | 3]
    : Number((word & Bit.Byte) !== 0);
  const offset = isExtra ? extraOffset(word) : plainOffset(word);
  const d = (word >>> 12) & 15;
  const n = (word >>> 16) & 15;
  const isPre = (word & Bit.Pre) !== 0;
  const writesBack = !isPre || (word & Bit.WriteBack) !== 0;
  if (kind === undefined || offset === undefined) return undefined;
  if (n === PROGRAM_COUNTER && writesBack) return undefined;
  if (d === PROGRAM_COUNTER && !(isLoad && kind === 0)) return undefined;
  return { isLoad, kind, d, n, isPre, writesBack, isAdd: (word & Bit.Add) !== 0, offset };
}

function plainOffset(word: number): number | Shifted | undefined {
  if ((word & Bit.Register) === 0) return word & 0xfff;
  const kind = (word >>> 5) & 3;
  const distance = (word >>> 7) & 31;
  // LSR and ASR by 32, and RRX.
  if (kind !== 0 && distance === 0) return undefined;
  return shifted(word, SHIFTS[kind as 0 | 1 | 2 | 3], distance);
}

function extraOffset(word: number): number | Shifted | undefined {
  if ((word & Bit.ConstantHalf) !== 0) return ((word >>> 4) & 0xf0) | (word & 15);
  return shifted(word, Wasm.ShiftLeft, 0);
}

function shifted(word: number, shift: Wasm, distance: number): Shifted | undefined {
  const m = word & 15;
  return m === PROGRAM_COUNTER ? undefined : { m, shift, distance };
}

/**
 * Executes such a load or store. A program counter that is loaded is left in `frame.programCounter`.
 * Unlike others, it ends a slice that is at its limit also when it does not access what lies beyond the core.
 */
export function generalTransfer(exits: Exits, at: number, each: Instruction): void {
  const form = formOf(each);
  if (form === undefined) return;
  const { frame } = exits;
  const { isLoad, kind, d, n, isPre, isAdd, offset } = form;
  const base = each.immediate;
  const loaded = LOADS[kind] as (typeof LOADS)[number];
  if (isLoad && n === PROGRAM_COUNTER && typeof offset === 'number') {
    pushLiteral(exits, at, loaded, base + (isAdd ? offset : -offset));
  } else {
    if (isPre) pushMoved(exits, form, base);
    else frame.get(n);
    frame.code.set(frame.address);
    if (!isLoad) {
      const stored = STORES[kind] as (typeof STORES)[number];
      store(exits, at, stored, d, () => writeBack(exits, form, base));
      leaveWhenLimitReached(exits, at);
      return;
    }
    pushLoaded(exits, at, loaded);
  }
  writeBack(exits, form, base);
  if (d === PROGRAM_COUNTER) {
    frame.code.set(frame.programCounter);
    return;
  }
  frame.set(d);
  leaveWhenLimitReached(exits, at);
}

function writeBack(exits: Exits, form: Form, base: number): void {
  if (!form.writesBack) return;
  pushMoved(exits, form, base);
  exits.frame.set(form.n);
}

/** Pushes the base register and the offset together. */
function pushMoved({ frame }: Exits, { n, isAdd, offset }: Form, base: number): void {
  const { code } = frame;
  if (n === PROGRAM_COUNTER) code.constant(base);
  else frame.get(n);
  if (typeof offset === 'number') code.constant(offset);
  else {
    frame.get(offset.m);
    if (offset.distance !== 0) code.constant(offset.distance).do(offset.shift);
  }
  code.do(isAdd ? Wasm.Add : Wasm.Subtract);
}
