/**
 * The decoded form of an instruction: what the decoders produce and the interpreter (or a translator)
 * consumes.
 *
 * Common encodings have an operation of their own, with immediate operands ready to use. Rare ones are
 * grouped in a few `General` operations that carry the ARM encoding and are executed from it. A Thumb
 * instruction decodes into the same operations as the ARM instruction it abbreviates.
 */

/** Operations. Dense from 0, so that a switch over them is one indirect jump. */
export const Op = {
  // Not decoded yet; all zero so that fresh memory is undecoded.
  Undecoded: 0,
  // The end of a page: execution goes on in the next one.
  PageEnd: 1,
  // rd := constant.
  MoveImmediate: 2,
  // rd := rn op constant, flags unchanged.
  AddImmediate: 3,
  ReverseSubtractImmediate: 4,
  AndImmediate: 5,
  OrImmediate: 6,
  ExclusiveOrImmediate: 7,
  AddWithCarryImmediate: 8,
  SubtractWithCarryImmediate: 9,
  // rd := rn op rm, flags unchanged.
  MoveRegister: 10,
  MoveNotRegister: 11,
  AddRegister: 12,
  SubtractRegister: 13,
  AndRegister: 14,
  OrRegister: 15,
  ExclusiveOrRegister: 16,
  BitClearRegister: 17,
  AddWithCarryRegister: 18,
  SubtractWithCarryRegister: 19,
  // rd := rn op (rm shifted by a constant), flags unchanged.
  MoveLogicalLeft: 20,
  MoveNotLogicalLeft: 21,
  AddLogicalLeft: 22,
  SubtractLogicalLeft: 23,
  ReverseSubtractLogicalLeft: 24,
  AndLogicalLeft: 25,
  OrLogicalLeft: 26,
  ExclusiveOrLogicalLeft: 27,
  BitClearLogicalLeft: 28,
  MoveLogicalRight: 29,
  MoveNotLogicalRight: 30,
  AddLogicalRight: 31,
  SubtractLogicalRight: 32,
  ReverseSubtractLogicalRight: 33,
  AndLogicalRight: 34,
  OrLogicalRight: 35,
  ExclusiveOrLogicalRight: 36,
  BitClearLogicalRight: 37,
  MoveArithmeticRight: 38,
  MoveNotArithmeticRight: 39,
  AddArithmeticRight: 40,
  SubtractArithmeticRight: 41,
  ReverseSubtractArithmeticRight: 42,
  AndArithmeticRight: 43,
  OrArithmeticRight: 44,
  ExclusiveOrArithmeticRight: 45,
  BitClearArithmeticRight: 46,
  MoveRotateRight: 47,
  MoveNotRotateRight: 48,
  AddRotateRight: 49,
  SubtractRotateRight: 50,
  ReverseSubtractRotateRight: 51,
  AndRotateRight: 52,
  OrRotateRight: 53,
  ExclusiveOrRotateRight: 54,
  BitClearRotateRight: 55,
  // rd := rm shifted by the low byte of rs, flags unchanged.
  MoveLogicalLeftByRegister: 56,
  MoveLogicalRightByRegister: 57,
  MoveArithmeticRightByRegister: 58,
  // rd := rn op constant, flags set; logical ones leave the carry.
  AddFlagsImmediate: 59,
  SubtractFlagsImmediate: 60,
  ReverseSubtractFlagsImmediate: 61,
  MoveFlagsImmediate: 62,
  AndFlagsImmediate: 63,
  OrFlagsImmediate: 64,
  ExclusiveOrFlagsImmediate: 65,
  // rd := rn op rm, flags set; logical ones leave the carry.
  AddFlagsRegister: 66,
  SubtractFlagsRegister: 67,
  AddWithCarryFlagsRegister: 68,
  SubtractWithCarryFlagsRegister: 69,
  MoveFlagsRegister: 70,
  MoveNotFlagsRegister: 71,
  AndFlagsRegister: 72,
  OrFlagsRegister: 73,
  ExclusiveOrFlagsRegister: 74,
  BitClearFlagsRegister: 75,
  // rd := rm shifted by a constant of 1 to 31, flags set including the carry.
  MoveFlagsLogicalLeft: 76,
  MoveFlagsLogicalRight: 77,
  MoveFlagsArithmeticRight: 78,
  // Flags of rn op constant.
  CompareImmediate: 79,
  CompareNegativeImmediate: 80,
  TestImmediate: 81,
  TestEqualImmediate: 82,
  // Flags of rn op rm.
  CompareRegister: 83,
  CompareNegativeRegister: 84,
  TestRegister: 85,
  TestEqualRegister: 86,
  // Multiplications.
  Multiply: 87,
  MultiplyAccumulate: 88,
  MultiplyFlags: 89,
  UnsignedMultiplyLong: 90,
  SignedMultiplyLong: 91,
  UnsignedMultiplyAccumulateLong: 92,
  SignedMultiplyAccumulateLong: 93,
  // 16 x 16 bit multiplications, named by the halves of rm and rs.
  MultiplyHalfBottomBottom: 94,
  MultiplyHalfBottomTop: 95,
  MultiplyHalfTopBottom: 96,
  MultiplyHalfTopTop: 97,
  MultiplyAccumulateHalfBottomBottom: 98,
  MultiplyAccumulateHalfBottomTop: 99,
  MultiplyAccumulateHalfTopBottom: 100,
  MultiplyAccumulateHalfTopTop: 101,
  // 32 x 16 bit multiplications, the top 32 bits of 48; named by the half of rs.
  MultiplyWordBottom: 102,
  MultiplyWordTop: 103,
  MultiplyAccumulateWordBottom: 104,
  MultiplyAccumulateWordTop: 105,
  // Leading zeros of rm.
  CountLeadingZeros: 106,
  // rd := word at a constant address.
  LoadLiteral: 107,
  // Loads: offset (at rn + constant), indexed (at rn + (rm << constant)), post (at rn, then
  // rn += constant) and pre (at rn += constant).
  LoadWordOffset: 108,
  LoadWordIndexed: 109,
  LoadWordPost: 110,
  LoadWordPre: 111,
  LoadByteOffset: 112,
  LoadByteIndexed: 113,
  LoadBytePost: 114,
  LoadBytePre: 115,
  LoadHalfOffset: 116,
  LoadHalfIndexed: 117,
  LoadHalfPost: 118,
  LoadHalfPre: 119,
  LoadSignedByteOffset: 120,
  LoadSignedByteIndexed: 121,
  LoadSignedBytePost: 122,
  LoadSignedBytePre: 123,
  LoadSignedHalfOffset: 124,
  LoadSignedHalfIndexed: 125,
  LoadSignedHalfPost: 126,
  LoadSignedHalfPre: 127,
  // Stores: offset (at rn + constant), indexed (at rn + (rm << constant)), post (at rn, then
  // rn += constant) and pre (at rn += constant).
  StoreWordOffset: 128,
  StoreWordIndexed: 129,
  StoreWordPost: 130,
  StoreWordPre: 131,
  StoreByteOffset: 132,
  StoreByteIndexed: 133,
  StoreBytePost: 134,
  StoreBytePre: 135,
  StoreHalfOffset: 136,
  StoreHalfIndexed: 137,
  StoreHalfPost: 138,
  StoreHalfPre: 139,
  // Two to eight words from or to rn + start; rn += delta. See packedBlock in decode-transfer.ts.
  LoadMultiple: 140,
  StoreMultiple: 141,
  LoadMultipleWithPc: 142,
  // Branches inside the page, to be taken always or on a condition.
  Branch: 143,
  BranchEqual: 144,
  BranchNotEqual: 145,
  BranchCarrySet: 146,
  BranchCarryClear: 147,
  BranchMinus: 148,
  BranchPlus: 149,
  BranchOverflowSet: 150,
  BranchOverflowClear: 151,
  BranchHigher: 152,
  BranchLowerOrSame: 153,
  BranchGreaterOrEqual: 154,
  BranchLess: 155,
  BranchGreater: 156,
  BranchLessOrEqual: 157,
  // Branches to a constant address outside the page.
  BranchFar: 158,
  // Calls; the return address is the extra word.
  Call: 159,
  CallFar: 160,
  CallExchange: 161,
  // Thumb call halves that could not be joined.
  CallPrefix: 162,
  CallSuffix: 163,
  CallExchangeSuffix: 164,
  // Branches to a register, switching state by bit 0.
  BranchExchange: 165,
  CallExchangeRegister: 166,
  // Everything else, executed from its ARM encoding (the extra word); the constant is what reading r15 gives.
  GeneralDataProcessing: 167,
  GeneralMultiply: 168,
  GeneralTransfer: 169,
  GeneralBlock: 170,
  GeneralStatus: 171,
  GeneralSaturating: 172,
  GeneralSwap: 173,
  GeneralCoprocessor: 174,
  // Exceptions by instruction.
  SoftwareInterrupt: 175,
  UndefinedInstruction: 176,
  Breakpoint: 177,
  // Does nothing.
  NoOperation: 178,
  // Continues at a constant address in ARM state: BX pc.
  BranchToArm: 179,
  // Sequences executed at once, see fusion.ts.
  MultiplyAccumulateScalar: 180,
  MultiplyAccumulateOuter: 181,
  SubtractBranchNotEqual: 182,
  SubtractBranchCarrySet: 183,
  CompareBranchNotEqual: 184,
  // As LoadMultiple, of two and of four words.
  LoadTwo: 185,
  LoadFour: 186,
  // As LoadMultiple and its like, of nine to fifteen words; the extra word is the list as encoded.
  LoadMany: 187,
  LoadManyWithPc: 188,
  StoreMany: 189,
  // rd := rn op (rm shifted by the low byte of rs), flags unchanged.
  AddLogicalLeftByRegister: 190,
  SubtractLogicalLeftByRegister: 191,
  ReverseSubtractLogicalLeftByRegister: 192,
  AndLogicalLeftByRegister: 193,
  OrLogicalLeftByRegister: 194,
  ExclusiveOrLogicalLeftByRegister: 195,
  BitClearLogicalLeftByRegister: 196,
  AddLogicalRightByRegister: 197,
  SubtractLogicalRightByRegister: 198,
  ReverseSubtractLogicalRightByRegister: 199,
  AndLogicalRightByRegister: 200,
  OrLogicalRightByRegister: 201,
  ExclusiveOrLogicalRightByRegister: 202,
  BitClearLogicalRightByRegister: 203,
  AddArithmeticRightByRegister: 204,
  SubtractArithmeticRightByRegister: 205,
  ReverseSubtractArithmeticRightByRegister: 206,
  AndArithmeticRightByRegister: 207,
  OrArithmeticRightByRegister: 208,
  ExclusiveOrArithmeticRightByRegister: 209,
  BitClearArithmeticRightByRegister: 210,
  // rd := rm shifted by the low byte of rs, flags set including the carry.
  MoveFlagsLogicalLeftByRegister: 211,
  MoveFlagsLogicalRightByRegister: 212,
  MoveFlagsArithmeticRightByRegister: 213,
  // rd := rn op (rm shifted by a constant), and a comparison, flags set.
  AddFlagsLogicalLeft: 214,
  AddFlagsLogicalRight: 215,
  AddFlagsArithmeticRight: 216,
  SubtractFlagsLogicalLeft: 217,
  SubtractFlagsLogicalRight: 218,
  SubtractFlagsArithmeticRight: 219,
  CompareLogicalLeft: 220,
  CompareLogicalRight: 221,
  CompareArithmeticRight: 222,
  // Single forms that loops of kernels use; TestRotated sets the carry by its constant's sign.
  SubtractFlagsArithmeticRightByRegister: 223,
  AddWithCarryArithmeticRight: 224,
  TestRotated: 225,
  LoadWordPostRegister: 226,
} as const;
export type Op = typeof Op;

/**
 * Added to a condition (0 = EQ to 13 = LE) to mark a decoded entry as conditional: it then stands in the
 * operation's place, and the operation in the top bits of the second word.
 */
export const CONDITIONAL = 256;

/** Condition of an instruction that is always executed. */
export const ALWAYS = 14;

/** One decoded instruction. */
export interface Instruction {
  /** A value of {@link Op}. */
  op: number;
  /** ARM condition code, {@link ALWAYS} = 14. */
  condition: number;
  /** Register numbers, 0 where not used. */
  d: number;
  n: number;
  m: number;
  s: number;
  /** Constant operand: immediate, shift distance, address offset, branch distance or target. */
  immediate: number;
  /** Return address of a call, ARM encoding of a general operation, register list of a block. */
  extra: number;
  /** Cycles when executed and not held up by an earlier result; taken branches inside a page add their own. */
  cycles: number;
  /** Bit mask of the registers that the instruction needs in its execute stage. */
  reads: number;
  /** Bit mask of the registers whose new value the next instruction has to wait for. */
  late: number;
  /** How many cycles it has to wait. */
  latePenalty: number;
}

/** Decoded instructions that are kept in all. */
export const MOST_ENTRIES = 1 << 22;

/** Words that a decoded instruction takes: operation, registers and cycles, constant, extra. */
export const ENTRY_WORDS = 4;

/**
 * Writes a decoded instruction: the operation (or its condition); registers d, n, m, s in four bits each,
 * cycles in six and the operation in ten; the constant; the extra word. Nothing in it depends on where it
 * is written: branches inside a page hold their distance from the next entry, in words.
 */
export function encodeEntry(
  target: Int32Array,
  at: number,
  instruction: Instruction,
  cycles: number,
): void {
  const { op, condition, d, n, m, s } = instruction;
  target[at + 1] = d | (n << 4) | (m << 8) | (s << 12) | (Math.min(cycles, 63) << 16) | (op << 22);
  target[at + 2] = instruction.immediate;
  target[at + 3] = instruction.extra;
  target[at] = condition === ALWAYS ? op : CONDITIONAL + condition;
}
