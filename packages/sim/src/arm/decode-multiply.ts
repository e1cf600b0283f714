/** Multiplications, swaps, and what the manual calls miscellaneous instructions (A3.2, A3.16). */
import {
  type DecodeContext,
  general,
  instruction,
  programCounter,
  undefinedInstruction,
} from './decoding.js';
import { type Instruction, Op } from './opcodes.js';
import { Cycles, LATE_PART, LATE_WORD } from './timing.js';

/** In multiplications the result is in bits 19:16 and the accumulator in 15:12. */
function multiplyOperands(word: number) {
  return { d: (word >>> 16) & 15, n: (word >>> 12) & 15, m: word & 15, s: (word >>> 8) & 15 };
}

/** Registers that are multiplied; the accumulator is needed a stage later. */
function factors(word: number): number {
  return (1 << (word & 15)) | (1 << ((word >>> 8) & 15));
}

/** A product, needed by the instruction behind otherwise than as its accumulator, is a cycle late; one with flags is not. */
function product(op: number, word: number, cycles: number): Instruction {
  const operands = multiplyOperands(word);
  const reads = factors(word);
  return instruction(op, {
    ...operands,
    cycles,
    reads,
    late: 1 << operands.d,
    latePenalty: LATE_WORD,
  });
}

function productLong(op: number, word: number): Instruction {
  const decoded = product(op, word, Cycles.MultiplyLong);
  decoded.late |= 1 << decoded.n;
  return decoded;
}

/** 0000 ooos dddd nnnn ssss 1001 mmmm: MUL, MLA and the long ones; 0001 0b00: SWP. */
export function decodeMultiply(word: number, context: DecodeContext): Instruction {
  const setsFlags = (word & 0x00100000) !== 0;
  switch ((word >>> 21) & 15) {
    case 0:
      return setsFlags
        ? { ...product(Op.MultiplyFlags, word, Cycles.MultiplyFlags), late: 0 }
        : product(Op.Multiply, word, Cycles.Multiply);
    case 1:
      return setsFlags
        ? general(Op.GeneralMultiply, word, context, factors(word), Cycles.MultiplyFlags)
        : product(Op.MultiplyAccumulate, word, Cycles.Multiply);
    case 4:
      return decodeLong(Op.UnsignedMultiplyLong, word, context);
    case 5:
      return decodeLong(Op.UnsignedMultiplyAccumulateLong, word, context);
    case 6:
      return decodeLong(Op.SignedMultiplyLong, word, context);
    case 7:
      return decodeLong(Op.SignedMultiplyAccumulateLong, word, context);
    case 8:
    case 10:
      return setsFlags || (word & 0xf00) !== 0 ? undefinedInstruction() : decodeSwap(word, context);
    default:
      return undefinedInstruction();
  }
}

/** SWP and SWPB: what they load is late as from any load. */
function decodeSwap(word: number, context: DecodeContext): Instruction {
  const latePenalty = (word & 0x00400000) !== 0 ? LATE_PART : LATE_WORD;
  const decoded = general(Op.GeneralSwap, word, context, 1 << ((word >>> 16) & 15), Cycles.Swap);
  return { ...decoded, late: 1 << ((word >>> 12) & 15), latePenalty };
}

function decodeLong(op: number, word: number, context: DecodeContext): Instruction {
  return (word & 0x00100000) !== 0
    ? general(Op.GeneralMultiply, word, context, factors(word), Cycles.MultiplyLongFlags)
    : productLong(op, word);
}

/** 0001 0oo0 ... : status registers, BX, CLZ, saturating arithmetic, halfword multiplications. */
export function decodeMiscellaneous(word: number, context: DecodeContext): Instruction {
  const group = (word >>> 21) & 3;
  const m = word & 15;
  if ((word & 0x80) !== 0) return decodeHalfMultiply(word, context);
  switch ((word >>> 4) & 7) {
    case 0: {
      const isWrite = (group & 1) !== 0;
      return general(
        Op.GeneralStatus,
        word,
        context,
        isWrite ? 1 << m : 0,
        isWrite ? statusWriteCycles(word) : Cycles.StatusRead,
      );
    }
    case 1:
      if (group === 1) return decodeBranchExchange(m, context);
      return group === 3
        ? instruction(Op.CountLeadingZeros, { d: (word >>> 12) & 15, m, reads: 1 << m })
        : undefinedInstruction();
    case 3: {
      const extra = (context.address + context.size) | (context.size === 2 ? 1 : 0);
      return group === 1
        ? instruction(Op.CallExchangeRegister, {
            m,
            extra,
            cycles: Cycles.TakenBranch,
            reads: 1 << m,
          })
        : undefinedInstruction();
    }
    case 5: {
      const decoded = general(
        Op.GeneralSaturating,
        word,
        context,
        (1 << m) | (1 << ((word >>> 16) & 15)),
      );
      return { ...decoded, late: 1 << ((word >>> 12) & 15), latePenalty: LATE_WORD };
    }
    case 7:
      return group === 1
        ? instruction(Op.Breakpoint, { cycles: Cycles.Exception })
        : undefinedInstruction();
    default:
      return undefinedInstruction();
  }
}

/** Cycles of MSR: few when only the flags field is written. */
export function statusWriteCycles(word: number): number {
  return (word & 0x000f0000) === 0x00080000 ? Cycles.FlagsWrite : Cycles.StatusWrite;
}

/** BX; of the program counter, which is how Thumb code gets to ARM code in front of it, to a constant. */
function decodeBranchExchange(m: number, context: DecodeContext): Instruction {
  const cycles = Cycles.TakenBranch;
  return m === 15
    ? instruction(Op.BranchToArm, { immediate: programCounter(context) & ~3, cycles })
    : instruction(Op.BranchExchange, { m, cycles, reads: 1 << m });
}

/** 0001 0oo0 dddd nnnn ssss 1yx0 mmmm: SMLAxy, SMLAWy, SMULWy, SMLALxy, SMULxy. */
function decodeHalfMultiply(word: number, context: DecodeContext): Instruction {
  const topOfM = (word >>> 5) & 1;
  const topOfS = (word >>> 6) & 1;
  const halves = topOfM * 2 + topOfS;
  switch ((word >>> 21) & 3) {
    case 0:
      return product(Op.MultiplyAccumulateHalfBottomBottom + halves, word, 1);
    case 1:
      return product(
        (topOfM ? Op.MultiplyWordBottom : Op.MultiplyAccumulateWordBottom) + topOfS,
        word,
        1,
      );
    case 2:
      return {
        ...general(Op.GeneralMultiply, word, context, factors(word), Cycles.MultiplyLongHalf),
        late: (1 << ((word >>> 16) & 15)) | (1 << ((word >>> 12) & 15)),
        latePenalty: LATE_WORD,
      };
    default:
      return product(Op.MultiplyHalfBottomBottom + halves, word, 1);
  }
}
