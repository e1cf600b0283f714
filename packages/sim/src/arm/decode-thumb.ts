/**
 * Thumb encodings to decoded instructions: each is translated to the ARM encoding it abbreviates, which
 * the ARM decoder then decodes. Source: ARM Architecture Reference Manual (DDI 0100), part A, chapter A7.
 */
import { decodeArm, decodeBranch, decodeCall } from './decode-arm.js';
import {
  type DecodeContext,
  instruction,
  programCounter,
  undefinedInstruction,
} from './decoding.js';
import { ALWAYS, type Instruction, Op } from './opcodes.js';
import { Cycles, LATE_WORD } from './timing.js';

const SP = 13;
const LR = 14;

/** Decodes one Thumb instruction; `next` is the halfword behind it on the same page, if there is one. */
export function decodeThumb(
  half: number,
  next: number | undefined,
  context: DecodeContext,
): Instruction {
  const encoding = armEncoding(half);
  if (encoding !== undefined) return decodeArm(encoding, context);
  return decodeThumbOnly(half, next, context);
}

/** The ARM encoding that a Thumb instruction abbreviates; undefined for those that depend on their place. */
export function armEncoding(half: number): number | undefined {
  switch (half >>> 13) {
    case 0:
      return (half & 0x1800) === 0x1800 ? addOrSubtract(half) : shiftByConstant(half);
    case 1:
      return arithmeticWithConstant(half);
    case 2:
      return registerEncoding(half);
    case 3:
      return transferWithConstant(half);
    case 4:
      return (half & 0x1000) === 0 ? halfwordWithConstant(half) : stackTransfer(half);
    case 5:
      return (half & 0x1000) === 0 ? addressToStack(half) : stackEncoding(half);
    case 6:
      return (half & 0x1000) === 0 ? blockTransfer(half) : undefined;
    default:
      return undefined;
  }
}

/** 000o oiii iimm mddd: LSL, LSR, ASR by a constant. */
function shiftByConstant(half: number): number {
  const kind = (half >>> 11) & 3;
  return (
    0xe1b00000 | ((half & 7) << 12) | (((half >>> 6) & 31) << 7) | (kind << 5) | ((half >>> 3) & 7)
  );
}

/** 0001 1iom mmnn nddd: ADD and SUB of a register or a 3-bit constant. */
function addOrSubtract(half: number): number {
  const operation = (half & 0x200) !== 0 ? 0x00500000 : 0x00900000;
  const constant = (half & 0x400) << 15;
  return (
    0xe0000000 |
    operation |
    constant |
    ((half & 0x38) << 13) |
    ((half & 7) << 12) |
    ((half >>> 6) & 7)
  );
}

/** 001o oddd iiii iiii: MOV, CMP, ADD, SUB of an 8-bit constant. */
function arithmeticWithConstant(half: number): number {
  const d = (half >>> 8) & 7;
  const encodings = [
    0xe3b00000 | (d << 12),
    0xe3500000 | (d << 16),
    0xe2900000 | (d << 16) | (d << 12),
    0xe2500000 | (d << 16) | (d << 12),
  ] as const;
  return encodings[((half >>> 11) & 3) as 0 | 1 | 2 | 3] | (half & 255);
}

/** 010. ...: register operations, high registers, transfers with a register offset. */
function registerEncoding(half: number): number | undefined {
  if ((half & 0x1000) !== 0) return transferWithRegister(half);
  if ((half & 0x0800) !== 0) return undefined;
  return (half & 0x0400) !== 0 ? highRegister(half) : lowRegister(half);
}

/** ARM encodings of 0100 00oo oomm mddd with d as destination and first operand, m as second. */
const LOW_REGISTER = [
  (d: number, m: number) => 0xe0100000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe0300000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe1b00010 | (d << 12) | (m << 8) | d,
  (d: number, m: number) => 0xe1b00030 | (d << 12) | (m << 8) | d,
  (d: number, m: number) => 0xe1b00050 | (d << 12) | (m << 8) | d,
  (d: number, m: number) => 0xe0b00000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe0d00000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe1b00070 | (d << 12) | (m << 8) | d,
  (d: number, m: number) => 0xe1100000 | (d << 16) | m,
  (d: number, m: number) => 0xe2700000 | (m << 16) | (d << 12),
  (d: number, m: number) => 0xe1500000 | (d << 16) | m,
  (d: number, m: number) => 0xe1700000 | (d << 16) | m,
  (d: number, m: number) => 0xe1900000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe0100090 | (d << 16) | (d << 8) | m,
  (d: number, m: number) => 0xe1d00000 | (d << 16) | (d << 12) | m,
  (d: number, m: number) => 0xe1f00000 | (d << 12) | m,
] as const;

function lowRegister(half: number): number {
  const encode = LOW_REGISTER[(half >>> 6) & 15] as (typeof LOW_REGISTER)[0];
  return encode(half & 7, (half >>> 3) & 7);
}

/** 0100 01oo dmmm mddd: ADD, CMP, MOV on all registers, BX and BLX. */
function highRegister(half: number): number {
  const d = (half & 7) | ((half >>> 4) & 8);
  const m = (half >>> 3) & 15;
  switch ((half >>> 8) & 3) {
    case 0:
      return 0xe0800000 | (d << 16) | (d << 12) | m;
    case 1:
      return 0xe1500000 | (d << 16) | m;
    case 2:
      return 0xe1a00000 | (d << 12) | m;
    default:
      return ((half & 0x80) !== 0 ? 0xe12fff30 : 0xe12fff10) | m;
  }
}

/** STR, STRH, STRB, LDRSB, LDR, LDRH, LDRB, LDRSH with a register offset. */
const WITH_REGISTER = [
  0xe7800000, 0xe18000b0, 0xe7c00000, 0xe19000d0, 0xe7900000, 0xe19000b0, 0xe7d00000, 0xe19000f0,
] as const;

/** 0101 ooom mmnn nddd. */
function transferWithRegister(half: number): number {
  const encoding = WITH_REGISTER[(half >>> 9) & 7] as number;
  return encoding | ((half & 0x38) << 13) | ((half & 7) << 12) | ((half >>> 6) & 7);
}

/** 011b liii iinn nddd: words at a multiple of four, bytes. */
function transferWithConstant(half: number): number {
  const load = (half & 0x800) << 9;
  const isByte = (half & 0x1000) !== 0;
  const offset = isByte ? 0x00400000 | ((half >>> 6) & 31) : ((half >>> 6) & 31) << 2;
  return 0xe5800000 | load | offset | ((half & 0x38) << 13) | ((half & 7) << 12);
}

/** 1000 liii iinn nddd: halfwords at a multiple of two. */
function halfwordWithConstant(half: number): number {
  const offset = ((half >>> 6) & 31) << 1;
  const split = ((offset & 0xf0) << 4) | (offset & 15);
  return 0xe1c000b0 | ((half & 0x800) << 9) | split | ((half & 0x38) << 13) | ((half & 7) << 12);
}

/** 1001 lddd iiii iiii: words relative to the stack pointer. */
function stackTransfer(half: number): number {
  return (
    0xe5800000 | ((half & 0x800) << 9) | (SP << 16) | ((half & 0x700) << 4) | ((half & 255) << 2)
  );
}

/** 1010 1ddd iiii iiii: an address relative to the stack pointer; relative to r15 depends on the place. */
function addressToStack(half: number): number | undefined {
  if ((half & 0x800) === 0) return undefined;
  return 0xe2800f00 | (SP << 16) | ((half & 0x700) << 4) | (half & 255);
}

/** 1011 ...: stack adjustment, PUSH, POP. */
function stackEncoding(half: number): number | undefined {
  const list = half & 255;
  const withLink = (half & 0x100) !== 0;
  switch ((half >>> 8) & 15) {
    case 0:
      return ((half & 0x80) !== 0 ? 0xe24ddf00 : 0xe28ddf00) | (half & 0x7f);
    case 4:
    case 5:
      return 0xe92d0000 | list | (withLink ? 1 << LR : 0);
    case 12:
    case 13:
      return 0xe8bd0000 | list | (withLink ? 0x8000 : 0);
    case 14:
      return 0xe1200070;
    default:
      return undefined;
  }
}

/** 1100 lnnn rrrr rrrr: LDMIA and STMIA; a load that lists its base does not write it back. */
function blockTransfer(half: number): number {
  const n = (half >>> 8) & 7;
  const isLoad = (half & 0x800) !== 0;
  const writesBack = !(isLoad && (half & (1 << n)) !== 0);
  return (
    0xe8800000 | (isLoad ? 0x100000 : 0) | (writesBack ? 0x200000 : 0) | (n << 16) | (half & 255)
  );
}

/** Instructions whose meaning depends on their address, calls in two halves, and undefined ones. */
function decodeThumbOnly(
  half: number,
  next: number | undefined,
  context: DecodeContext,
): Instruction {
  const aligned = programCounter(context) & ~3;
  const offset = (half & 255) << 2;
  const d = (half >>> 8) & 7;
  switch (half >>> 11) {
    case 0b01001:
      return instruction(Op.LoadLiteral, {
        d,
        immediate: aligned + offset,
        late: 1 << d,
        latePenalty: LATE_WORD,
      });
    case 0b10100:
      return instruction(Op.MoveImmediate, { d, immediate: aligned + offset });
    case 0b11010:
    case 0b11011:
      return decodeConditional(half, context);
    case 0b11100:
      return decodeBranch(context, (programCounter(context) + ((half << 21) >> 20)) | 0, ALWAYS);
    case 0b11101:
      return callSuffix(Op.CallExchangeSuffix, half, context);
    case 0b11110:
      return decodeCallPair(half, next, context);
    case 0b11111:
      return callSuffix(Op.CallSuffix, half, context);
    default:
      return undefinedInstruction();
  }
}

/** 1101 cccc oooo oooo: conditional branches, SVC, undefined. */
function decodeConditional(half: number, context: DecodeContext): Instruction {
  const condition = (half >>> 8) & 15;
  if (condition === 15) return instruction(Op.SoftwareInterrupt, { cycles: Cycles.Exception });
  if (condition === 14) return undefinedInstruction();
  return decodeBranch(context, (programCounter(context) + ((half << 24) >> 23)) | 0, condition);
}

function callSuffix(op: number, half: number, context: DecodeContext): Instruction {
  const extra = (context.address + 2) | 1;
  return instruction(op, {
    immediate: (half & 0x7ff) << 1,
    extra,
    cycles: Cycles.TakenBranch,
    reads: 1 << LR,
  });
}

/** 1111 0ooo oooo oooo and its second half: BL and BLX, joined when both are on the page. */
function decodeCallPair(
  half: number,
  next: number | undefined,
  context: DecodeContext,
): Instruction {
  const high = (programCounter(context) + ((half << 21) >> 9)) | 0;
  if (next !== undefined && next >>> 11 === 0b11111) {
    const call = decodeCall(
      context,
      (high + ((next & 0x7ff) << 1)) | 0,
      (context.address + 4) | 1,
      ALWAYS,
    );
    return { ...call, cycles: call.cycles + 1 };
  }
  return instruction(Op.CallPrefix, { immediate: high });
}
