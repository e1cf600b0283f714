/**
 * ARM encodings to decoded instructions. Source: ARM Architecture Reference Manual (DDI 0100), part A,
 * ARMv5TE; cycles: see timing.ts.
 */
import { decodeDataProcessing } from './decode-data.js';
import { decodeMiscellaneous, decodeMultiply, statusWriteCycles } from './decode-multiply.js';
import { decodeBlock, decodeExtraTransfer, decodeTransfer } from './decode-transfer.js';
import {
  type DecodeContext,
  general,
  instruction,
  programCounter,
  undefinedInstruction,
} from './decoding.js';
import { ALWAYS, ENTRY_WORDS, type Instruction, Op } from './opcodes.js';
import { Cycles } from './timing.js';

const CONDITIONAL_BRANCHES = [
  Op.BranchEqual,
  Op.BranchNotEqual,
  Op.BranchCarrySet,
  Op.BranchCarryClear,
  Op.BranchMinus,
  Op.BranchPlus,
  Op.BranchOverflowSet,
  Op.BranchOverflowClear,
  Op.BranchHigher,
  Op.BranchLowerOrSame,
  Op.BranchGreaterOrEqual,
  Op.BranchLess,
  Op.BranchGreater,
  Op.BranchLessOrEqual,
] as const;

/** Words between the entry after this instruction and the target's, or undefined when it is on another page. */
function entryDistance(context: DecodeContext, target: number): number | undefined {
  const { address, size, pageBytes } = context;
  if (pageBytes === 0 || ((target ^ address) & -pageBytes) !== 0) return undefined;
  return ((target - address) / size - 1) * ENTRY_WORDS;
}

/** A branch on a condition to an address in the same state. */
export function decodeBranch(
  context: DecodeContext,
  target: number,
  condition: number,
): Instruction {
  const distance = entryDistance(context, target);
  if (distance === undefined) {
    return instruction(Op.BranchFar, { condition, immediate: target, cycles: Cycles.TakenBranch });
  }
  const op = condition === ALWAYS ? Op.Branch : (CONDITIONAL_BRANCHES[condition] as number);
  return instruction(op, { immediate: distance, cycles: 1 });
}

/** A call to an address in the same state. */
export function decodeCall(
  context: DecodeContext,
  target: number,
  returnAddress: number,
  condition: number,
): Instruction {
  const distance = entryDistance(context, target);
  return distance === undefined
    ? instruction(Op.CallFar, {
        condition,
        immediate: target,
        extra: returnAddress,
        cycles: Cycles.TakenBranch,
      })
    : instruction(Op.Call, { condition, immediate: distance, extra: returnAddress, cycles: 1 });
}

/** 101L oooo ...: B and BL; with condition 15, BLX to Thumb code. */
function decodeBranches(word: number, context: DecodeContext): Instruction {
  const target = (programCounter(context) + ((word << 8) >> 6)) | 0;
  const condition = word >>> 28;
  const returnAddress = (context.address + 4) | 0;
  if (condition === 15) {
    const immediate = (target + ((word >>> 23) & 2)) | 0;
    return instruction(Op.CallExchange, {
      immediate,
      extra: returnAddress,
      cycles: Cycles.TakenBranch,
    });
  }
  return (word & 0x01000000) !== 0
    ? decodeCall(context, target, returnAddress, condition)
    : decodeBranch(context, target, condition);
}

/** 111. ...: coprocessor register transfers and SVC. No coprocessor but 15 exists. */
function decodeCoprocessor(word: number, context: DecodeContext): Instruction {
  if ((word & 0x01000000) !== 0) {
    return instruction(Op.SoftwareInterrupt, { cycles: Cycles.Exception });
  }
  const isSystemRegister = (word & 0x10) !== 0 && (word & 0xf00) === 0xf00;
  return isSystemRegister
    ? general(Op.GeneralCoprocessor, word, context, 1 << ((word >>> 12) & 15), Cycles.Coprocessor)
    : undefinedInstruction();
}

/** 000. ...: everything that shares the encoding space of data processing with registers. */
function decodeRegisterSpace(word: number, context: DecodeContext): Instruction {
  if ((word & 0x90) === 0x90) {
    return (word & 0x60) !== 0 ? decodeExtraTransfer(word, context) : decodeMultiply(word, context);
  }
  const isMiscellaneous = (word & 0x01900000) === 0x01000000;
  return isMiscellaneous ? decodeMiscellaneous(word, context) : decodeDataProcessing(word, context);
}

/** 001. ...: data processing with a constant, and MSR of a constant. */
function decodeConstantSpace(word: number, context: DecodeContext): Instruction {
  if ((word & 0x01900000) !== 0x01000000) return decodeDataProcessing(word, context);
  return (word & 0x00200000) !== 0
    ? general(Op.GeneralStatus, word, context, 0, statusWriteCycles(word))
    : undefinedInstruction();
}

/** Instructions with condition field 15: BLX with an address, PLD; the rest is undefined in ARMv5TE. */
function decodeUnconditional(word: number, context: DecodeContext): Instruction {
  if ((word & 0x0e000000) === 0x0a000000) return decodeBranches(word, context);
  return (word & 0x0d70f000) === 0x0550f000 ? instruction(Op.NoOperation) : undefinedInstruction();
}

const DECODERS: readonly ((word: number, context: DecodeContext) => Instruction)[] = [
  decodeRegisterSpace,
  decodeConstantSpace,
  decodeTransfer,
  (word, context) => ((word & 0x10) !== 0 ? undefinedInstruction() : decodeTransfer(word, context)),
  decodeBlock,
  decodeBranches,
  undefinedInstruction,
  decodeCoprocessor,
];

/** Decodes one ARM instruction. */
export function decodeArm(word: number, context: DecodeContext): Instruction {
  const condition = word >>> 28;
  if (condition === 15) return decodeUnconditional(word, context);
  const decode = DECODERS[(word >>> 25) & 7] as (typeof DECODERS)[number];
  const decoded = decode(word, context);
  const hasConditionInOperation =
    decoded.op >= Op.BranchEqual && decoded.op <= Op.BranchLessOrEqual;
  if (!hasConditionInOperation) decoded.condition = condition;
  return decoded;
}
