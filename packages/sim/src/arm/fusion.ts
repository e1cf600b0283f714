/**
 * Sequences of instructions that are executed as one operation, because inner loops consist of them.
 *
 * A fused operation stands in the first instruction's entry. The other instructions keep their entries,
 * from which it takes their registers and constants, and where a branch into the sequence finds them.
 */
import { ALWAYS, type Instruction, Op } from './opcodes.js';

const { MultiplyAccumulateHalfBottomBottom: BB, MultiplyAccumulateHalfBottomTop: BT } = Op;
const { MultiplyAccumulateHalfTopBottom: TB, MultiplyAccumulateHalfTopTop: TT } = Op;

interface Fusion {
  /** The operation that does all of them. */
  readonly op: number;
  readonly sequence: readonly number[];
}

/** Products of packed halves, as in scalar and outer products; counting and comparing loop ends. */
const FUSIONS: readonly Fusion[] = [
  { op: Op.MultiplyAccumulateScalar, sequence: [BB, TT, BB, TT] },
  { op: Op.MultiplyAccumulateOuter, sequence: [BB, BT, TB, TT] },
  { op: Op.SubtractBranchNotEqual, sequence: [Op.SubtractFlagsImmediate, Op.BranchNotEqual] },
  { op: Op.SubtractBranchCarrySet, sequence: [Op.SubtractFlagsImmediate, Op.BranchCarrySet] },
  { op: Op.CompareBranchNotEqual, sequence: [Op.CompareRegister, Op.BranchNotEqual] },
];

/** Most instructions fused. */
export const LONGEST_FUSION = 4;

/** The fusion that begins a sequence of instructions, if there is one. */
export function fusionOf(instructions: readonly Instruction[]): Fusion | undefined {
  return FUSIONS.find(({ sequence }) =>
    sequence.every((op, index) => {
      const instruction = instructions[index];
      return instruction?.op === op && instruction.condition === ALWAYS;
    }),
  );
}
