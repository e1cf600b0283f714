/** What the decoders of all instruction classes share. */
import { ALWAYS, type Instruction, Op } from './opcodes.js';
import { Cycles } from './timing.js';

/** Where an instruction stands: what its meaning depends on besides its bits. */
export interface DecodeContext {
  /** Byte address of the instruction. */
  readonly address: number;
  /** Bytes of an instruction in this state: 4 in ARM state, 2 in Thumb state. */
  readonly size: 2 | 4;
  /** Size of the page whose instructions can be reached by counting entries, a power of two; 0 when alone. */
  readonly pageBytes: number;
}

/** The value that an instruction reads in r15. */
export function programCounter(context: DecodeContext): number {
  return (context.address + 2 * context.size) | 0;
}

/** A decoded instruction with every field at rest but the given ones. */
export function instruction(op: number, fields: Partial<Instruction> = {}): Instruction {
  return {
    op,
    condition: ALWAYS,
    d: 0,
    n: 0,
    m: 0,
    s: 0,
    immediate: 0,
    extra: 0,
    cycles: 1,
    reads: 0,
    late: 0,
    latePenalty: 0,
    ...fields,
  };
}

/** An operation executed from its encoding; `reads` as in {@link Instruction}. */
export function general(
  op: number,
  word: number,
  context: DecodeContext,
  reads: number,
  cycles = 1,
): Instruction {
  return instruction(op, { extra: word, immediate: programCounter(context), reads, cycles });
}

export function undefinedInstruction(): Instruction {
  return instruction(Op.UndefinedInstruction, { cycles: Cycles.Exception });
}
