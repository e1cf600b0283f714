/**
 * Execution of the less common operations from their ARM encodings: any data processing, multiplication
 * with flags, status registers, saturating arithmetic, SWP, CP15. Functions return true when the
 * program counter was written. ARM Architecture Reference Manual, chapters A3 to A5.
 */
import { type Cpu, Mode } from './cpu.js';
import { rotatedConstant } from './decode-data.js';
import { Slot, activeState as state } from './state.js';

const register = (number: number): number => state[number & 15] as number;

/** Result of the shifter; its carry replaces the flag when a logical operation sets flags. */
interface Shifted {
  readonly value: number;
  readonly carry: number;
}

/** The second operand, A5.1. */
function secondOperand(word: number): Shifted {
  const carry = state[Slot.Carry] as number;
  if ((word & 0x02000000) !== 0) {
    const value = rotatedConstant(word);
    return { value, carry: (word & 0xf00) === 0 ? carry : value >>> 31 };
  }
  const value = register(word);
  const kind = (word >>> 5) & 3;
  if ((word & 0x10) !== 0) {
    const distance = register(word >>> 8) & 255;
    return distance === 0 ? { value, carry } : shift(value, kind, distance);
  }
  return shiftByEncoded(value, kind, (word >>> 7) & 31);
}

/** Shift by a constant, where 0 stands for 32 or, with ROR, for RRX. */
function shiftByEncoded(value: number, kind: number, distance: number): Shifted {
  const carry = state[Slot.Carry] as number;
  if (distance !== 0) return shift(value, kind, distance);
  if (kind === 0) return { value, carry };
  if (kind === 3) return { value: (carry << 31) | (value >>> 1), carry: value & 1 };
  return shift(value, kind, 32);
}

/** Shift by 1 to 255. */
function shift(value: number, kind: number, distance: number): Shifted {
  switch (kind) {
    case 0:
      if (distance > 32) return { value: 0, carry: 0 };
      return {
        value: distance === 32 ? 0 : value << distance,
        carry: (value >>> (32 - distance)) & 1,
      };
    case 1:
      if (distance > 32) return { value: 0, carry: 0 };
      return {
        value: distance === 32 ? 0 : value >>> distance,
        carry: (value >>> (distance - 1)) & 1,
      };
    case 2: {
      const limited = Math.min(distance, 32);
      return {
        value: value >> Math.min(limited, 31),
        carry: (value >> Math.min(limited - 1, 31)) & 1,
      };
    }
    default: {
      const rotation = distance & 31;
      const rotated = rotation === 0 ? value : (value >>> rotation) | (value << (32 - rotation));
      return { value: rotated, carry: rotated >>> 31 };
    }
  }
}

/** Offset of a load or store with a register offset, A5.2. */
export function shiftedOffset(word: number): number {
  return shiftByEncoded(register(word), (word >>> 5) & 3, (word >>> 7) & 31).value;
}

function setResultFlags(result: number): void {
  state[Slot.Negative] = result;
  state[Slot.Zero] = result;
}

/** a + b + carry with all flags; subtraction is addition of the complement. */
function addWithFlags(a: number, b: number, carry: number, setsFlags: boolean): number {
  const exact = (a >>> 0) + (b >>> 0) + carry;
  const result = exact | 0;
  if (setsFlags) {
    setResultFlags(result);
    state[Slot.Carry] = exact > 0xffffffff ? 1 : 0;
    state[Slot.Overflow] = (a ^ result) & (b ^ result);
  }
  return result;
}

function logicalWithFlags(result: number, carry: number, setsFlags: boolean): number {
  if (setsFlags) {
    setResultFlags(result);
    state[Slot.Carry] = carry;
  }
  return result;
}

/** Result of one of the sixteen operations. */
function operate(operation: number, a: number, second: Shifted, setsFlags: boolean): number {
  const { value: b, carry } = second;
  const borrow = state[Slot.Carry] as number;
  switch (operation) {
    case 0:
    case 8:
      return logicalWithFlags(a & b, carry, setsFlags);
    case 1:
    case 9:
      return logicalWithFlags(a ^ b, carry, setsFlags);
    case 2:
    case 10:
      return addWithFlags(a, ~b, 1, setsFlags);
    case 3:
      return addWithFlags(b, ~a, 1, setsFlags);
    case 4:
    case 11:
      return addWithFlags(a, b, 0, setsFlags);
    case 5:
      return addWithFlags(a, b, borrow, setsFlags);
    case 6:
      return addWithFlags(a, ~b, borrow, setsFlags);
    case 7:
      return addWithFlags(b, ~a, borrow, setsFlags);
    case 12:
      return logicalWithFlags(a | b, carry, setsFlags);
    case 13:
      return logicalWithFlags(b, carry, setsFlags);
    case 14:
      return logicalWithFlags(a & ~b, carry, setsFlags);
    default:
      return logicalWithFlags(~b, carry, setsFlags);
  }
}

/** Any data-processing instruction. With flags and r15 as destination it is an exception return. */
export function executeDataProcessing(cpu: Cpu, word: number, programCounter: number): boolean {
  state[15] = programCounter;
  const operation = (word >>> 21) & 15;
  const setsFlags = (word & 0x00100000) !== 0;
  const d = (word >>> 12) & 15;
  const isReturn = d === 15 && setsFlags && (operation < 8 || operation > 11);
  const result = operate(
    operation,
    register(word >>> 16),
    secondOperand(word),
    setsFlags && !isReturn,
  );
  if (operation >= 8 && operation <= 11) return false;
  if (d !== 15) {
    state[d] = result;
    return false;
  }
  if (isReturn && cpu.hasSavedStatus) cpu.status = cpu.spsr;
  cpu.branch(result);
  return true;
}

/** MLAS, the long multiplications with flags, SMLALxy. */
export function executeMultiply(word: number): void {
  const high = (word >>> 16) & 15;
  const low = (word >>> 12) & 15;
  if ((word & 0x01000000) !== 0) multiplyHalvesLong(word, high, low);
  else if ((word & 0x00800000) === 0) {
    state[high] = Math.imul(register(word), register(word >>> 8)) + register(word >>> 12);
    setResultFlags(register(high));
  } else multiplyLongWithFlags(word, high, low);
}

const isSigned = (word: number): boolean => (word & 0x00400000) !== 0;
const accumulates = (word: number): boolean => (word & 0x00200000) !== 0;

function multiplyLongWithFlags(word: number, high: number, low: number): void {
  const widen = (value: number): bigint => BigInt(isSigned(word) ? value : value >>> 0);
  const product = widen(register(word)) * widen(register(word >>> 8));
  writeLong(high, low, accumulates(word) ? product + readLong(high, low) : product);
  state[Slot.Negative] = register(high);
  state[Slot.Zero] = register(high) | register(low);
}

function multiplyHalvesLong(word: number, high: number, low: number): void {
  const m = (word & 0x20) !== 0 ? register(word) >> 16 : (register(word) << 16) >> 16;
  const s = (word & 0x40) !== 0 ? register(word >>> 8) >> 16 : (register(word >>> 8) << 16) >> 16;
  writeLong(high, low, BigInt(m * s) + readLong(high, low));
}

function readLong(high: number, low: number): bigint {
  return (BigInt(register(high)) << 32n) | BigInt(register(low) >>> 0);
}

function writeLong(high: number, low: number, value: bigint): void {
  state[low] = Number(BigInt.asIntN(32, value));
  state[high] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Limits a sum to 32 bits and notes in Q that it had to. */
function saturate(value: number): number {
  const limited = Math.max(-0x80000000, Math.min(0x7fffffff, value));
  if (limited !== value) state[Slot.Saturated] = -1;
  return limited;
}

/** QADD, QSUB, QDADD, QDSUB: rd := rm +- rn or 2 rn. */
export function executeSaturating(word: number): void {
  const n = register(word >>> 16);
  const operand = (word & 0x00400000) !== 0 ? saturate(2 * n) : n;
  const m = register(word);
  state[(word >>> 12) & 15] = saturate((word & 0x00200000) !== 0 ? m - operand : m + operand);
}

/** Masks of the four fields in bits 19:16, by these bits. */
const FIELD_MASKS = Int32Array.from({ length: 16 }, (_, fields) =>
  [0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000].reduce(
    (mask, field, index) => mask | ((fields >>> index) & 1 ? field : 0),
    0,
  ),
);

/** MRS and MSR. A user-mode program may change only the flags; MSR never changes the state. */
export function executeStatus(cpu: Cpu, word: number): void {
  const usesSaved = (word & 0x00400000) !== 0;
  if ((word & 0x00200000) === 0) {
    state[(word >>> 12) & 15] = usesSaved ? cpu.spsr : cpu.status;
    return;
  }
  const value = (word & 0x02000000) !== 0 ? rotatedConstant(word) : register(word);
  const mask = FIELD_MASKS[(word >>> 16) & 15] as number;
  if (usesSaved) {
    if (cpu.hasSavedStatus) cpu.spsr = (cpu.spsr & ~mask) | (value & mask);
    return;
  }
  if ((mask & 0xff000000) !== 0) cpu.setFlags(value);
  if ((mask & 0xff) === 0 || !cpu.isPrivileged) return;
  cpu.setControlField(value);
  if (cpu.isRequested) endSlice();
}

/** Makes the interpreter return at the next opportunity, so that interrupts and events are looked at. */
export function endSlice(): void {
  state[Slot.Limit] = 0;
}

/** SWP and SWPB: rd := [rn], [rn] := rm. */
export function executeSwap(cpu: Cpu, word: number): void {
  const address = register(word >>> 16);
  const stored = register(word);
  const isByte = (word & 0x00400000) !== 0;
  const loaded = isByte ? cpu.memory.loadByte(address) : cpu.memory.loadWord(address);
  if (isByte) cpu.memory.storeByte(address, stored);
  else cpu.memory.storeWord(address, stored);
  state[(word >>> 12) & 15] = loaded;
}

/**
 * Registers of CP15, as the fields CRn, CRm, opcode 2 of MRC and MCR. ARM968E-S Technical Reference Manual
 * (DDI 0311), chapter on the system control coprocessor.
 */
const SystemRegister = {
  MainId: 0x000,
  /** Sizes of the tightly coupled memories. */
  TcmSize: 0x002,
  Control: 0x100,
  WaitForInterrupt: 0x704,
  DrainWriteBuffer: 0x7a4,
} as const;

/** ARM968E-S revision 0, from its Technical Reference Manual (DDI 0311). */
const MAIN_ID = 0x41059680;
/** 64 KB of data memory (bits 21:18) and 32 KB of instruction memory (9:6), each as 512 bytes shifted left. */
const TCM_SIZES = (7 << 18) | (6 << 6);

/** CP15: identification, control, wait for interrupt. False where the register does not exist. */
export function executeCoprocessor(cpu: Cpu, word: number): boolean {
  if (!cpu.isPrivileged || (word & 0x00e00000) !== 0) return false;
  const number = ((word >>> 8) & 0xf00) | ((word & 15) << 4) | ((word >>> 5) & 7);
  const d = (word >>> 12) & 15;
  return (word & 0x00100000) !== 0
    ? readSystemRegister(cpu, number, d)
    : writeSystemRegister(cpu, number, register(d));
}

function readSystemRegister(cpu: Cpu, number: number, d: number): boolean {
  const values = {
    [SystemRegister.MainId]: MAIN_ID,
    [SystemRegister.TcmSize]: TCM_SIZES,
    [SystemRegister.Control]: cpu.control,
  } as const;
  const value = (values as Record<number, number | undefined>)[number];
  if (value === undefined || d === 15) return false;
  state[d] = value;
  return true;
}

function writeSystemRegister(cpu: Cpu, number: number, value: number): boolean {
  switch (number) {
    case SystemRegister.Control:
      cpu.writeControl(value);
      return true;
    case SystemRegister.WaitForInterrupt:
      cpu.asleep = true;
      endSlice();
      return true;
    case SystemRegister.DrainWriteBuffer:
      return true;
    default:
      return false;
  }
}

/** True in the modes that LDM and STM with ^ take the user registers from elsewhere. */
export function hasOwnUserBank(cpu: Cpu): boolean {
  return cpu.mode !== Mode.User && cpu.mode !== Mode.System;
}
