/**
 * Interpretation of sums, differences and comparisons with an operand that is shifted by a constant, flags set, and
 * of what else is rare. Case labels are literal numbers as in interpreter.ts, which they were taken out of.
 */
import type { Op } from './opcodes.js';
import { activeState } from './state.js';

const constantState = activeState;

/**
 * Executes one such operation on the registers of the running core; false for any other.
 *
 * @param op - what is to be done, with which
 * @param f - registers as encodeEntry in opcodes.ts packs them
 * @param constant - the distance of the shift, or the constant operand
 */
export function executeShiftedFlags(op: number, f: number, constant: number): boolean {
  const state = constantState;
  const N = 16;
  const Z = 17;
  const C = 18;
  const V = 19;
  switch (op) {
    case 214 satisfies Op['AddFlagsLogicalLeft']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) << constant;
      const result = (a + b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
      state[V] = (a ^ result) & (b ^ result);
      return true;
    }
    case 215 satisfies Op['AddFlagsLogicalRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = ((state[(f >>> 8) & 15] as number) >>> constant) | 0;
      const result = (a + b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
      state[V] = (a ^ result) & (b ^ result);
      return true;
    }
    case 216 satisfies Op['AddFlagsArithmeticRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) >> constant;
      const result = (a + b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = result >>> 0 < a >>> 0 ? 1 : 0;
      state[V] = (a ^ result) & (b ^ result);
      return true;
    }
    case 217 satisfies Op['SubtractFlagsLogicalLeft']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) << constant;
      const result = (a - b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 218 satisfies Op['SubtractFlagsLogicalRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = ((state[(f >>> 8) & 15] as number) >>> constant) | 0;
      const result = (a - b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 219 satisfies Op['SubtractFlagsArithmeticRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) >> constant;
      const result = (a - b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 220 satisfies Op['CompareLogicalLeft']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) << constant;
      const result = (a - b) | 0;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 221 satisfies Op['CompareLogicalRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = ((state[(f >>> 8) & 15] as number) >>> constant) | 0;
      const result = (a - b) | 0;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 222 satisfies Op['CompareArithmeticRight']: {
      const a = state[(f >>> 4) & 15] as number;
      const b = (state[(f >>> 8) & 15] as number) >> constant;
      const result = (a - b) | 0;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    case 224 satisfies Op['AddWithCarryArithmeticRight']: {
      state[f & 15] =
        (state[(f >>> 4) & 15] as number) +
        ((state[(f >>> 8) & 15] as number) >> constant) +
        (state[C] as number);
      return true;
    }
    case 225 satisfies Op['TestRotated']: {
      const result = (state[(f >>> 4) & 15] as number) & constant;
      state[N] = result;
      state[Z] = result;
      state[C] = constant >>> 31;
      return true;
    }
    default:
      return false;
  }
}
