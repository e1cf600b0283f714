/**
 * Interpretation of operands that are shifted by a register. Case labels are literal numbers as in interpreter.ts,
 * which they were taken out of since programs rarely execute them.
 */
import type { Op } from './opcodes.js';
import { activeState } from './state.js';

const constantState = activeState;

/**
 * Executes one such operation on the registers of the running core; false for any other.
 *
 * @param op - what is to be done, with which
 * @param f - registers as encodeEntry in opcodes.ts packs them
 */
export function executeRegisterShift(op: number, f: number): boolean {
  const state = constantState;
  const N = 16;
  const Z = 17;
  const C = 18;
  const V = 19;
  switch (op) {
    case 190 satisfies Op['AddLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) + shifted;
      return true;
    }
    case 191 satisfies Op['SubtractLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) - shifted;
      return true;
    }
    case 192 satisfies Op['ReverseSubtractLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = shifted - (state[(f >>> 4) & 15] as number);
      return true;
    }
    case 193 satisfies Op['AndLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) & shifted;
      return true;
    }
    case 194 satisfies Op['OrLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) | shifted;
      return true;
    }
    case 195 satisfies Op['ExclusiveOrLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) ^ shifted;
      return true;
    }
    case 196 satisfies Op['BitClearLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value << distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) & ~shifted;
      return true;
    }
    case 197 satisfies Op['AddLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) + shifted;
      return true;
    }
    case 198 satisfies Op['SubtractLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) - shifted;
      return true;
    }
    case 199 satisfies Op['ReverseSubtractLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = shifted - (state[(f >>> 4) & 15] as number);
      return true;
    }
    case 200 satisfies Op['AndLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) & shifted;
      return true;
    }
    case 201 satisfies Op['OrLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) | shifted;
      return true;
    }
    case 202 satisfies Op['ExclusiveOrLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) ^ shifted;
      return true;
    }
    case 203 satisfies Op['BitClearLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = distance < 32 ? value >>> distance : 0;
      state[f & 15] = (state[(f >>> 4) & 15] as number) & ~shifted;
      return true;
    }
    case 204 satisfies Op['AddArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) + shifted;
      return true;
    }
    case 205 satisfies Op['SubtractArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) - shifted;
      return true;
    }
    case 206 satisfies Op['ReverseSubtractArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = shifted - (state[(f >>> 4) & 15] as number);
      return true;
    }
    case 207 satisfies Op['AndArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) & shifted;
      return true;
    }
    case 208 satisfies Op['OrArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) | shifted;
      return true;
    }
    case 209 satisfies Op['ExclusiveOrArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) ^ shifted;
      return true;
    }
    case 210 satisfies Op['BitClearArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const shifted = value >> (distance < 32 ? distance : 31);
      state[f & 15] = (state[(f >>> 4) & 15] as number) & ~shifted;
      return true;
    }
    case 211 satisfies Op['MoveFlagsLogicalLeftByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const result = distance < 32 ? value << distance : 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      if (distance !== 0) state[C] = distance < 33 ? (value >>> (32 - distance)) & 1 : 0;
      return true;
    }
    case 212 satisfies Op['MoveFlagsLogicalRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const result = distance < 32 ? (value >>> distance) | 0 : 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      if (distance !== 0) state[C] = distance < 33 ? (value >>> (distance - 1)) & 1 : 0;
      return true;
    }
    case 213 satisfies Op['MoveFlagsArithmeticRightByRegister']: {
      const value = state[(f >>> 8) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const result = value >> (distance < 32 ? distance : 31);
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      if (distance !== 0) state[C] = (value >> (distance < 32 ? distance - 1 : 31)) & 1;
      return true;
    }
    case 223 satisfies Op['SubtractFlagsArithmeticRightByRegister']: {
      const a = state[(f >>> 4) & 15] as number;
      const distance = (state[(f >>> 12) & 15] as number) & 255;
      const b = (state[(f >>> 8) & 15] as number) >> (distance < 32 ? distance : 31);
      const result = (a - b) | 0;
      state[f & 15] = result;
      state[N] = result;
      state[Z] = result;
      state[C] = a >>> 0 >= b >>> 0 ? 1 : 0;
      state[V] = (a ^ b) & (a ^ result);
      return true;
    }
    default:
      return false;
  }
}
