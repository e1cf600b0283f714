/** The conditions of instructions. ARM Architecture Reference Manual A3.2. */
import { activeState } from './state.js';

/** A binding of this module, which the compiler knows as constant; an imported one it does not. */
const constantState = activeState;

/** Whether a condition (0 = EQ to 13 = LE) holds. */
export function holds(condition: number): boolean {
  const state = constantState;
  const negative = state[16] as number;
  const zero = state[17] as number;
  const carry = state[18] as number;
  const overflow = state[19] as number;
  switch (condition) {
    case 0:
      return zero === 0;
    case 1:
      return zero !== 0;
    case 2:
      return carry !== 0;
    case 3:
      return carry === 0;
    case 4:
      return negative < 0;
    case 5:
      return negative >= 0;
    case 6:
      return overflow < 0;
    case 7:
      return overflow >= 0;
    case 8:
      return carry !== 0 && zero !== 0;
    case 9:
      return carry === 0 || zero === 0;
    case 10:
      return (negative ^ overflow) >= 0;
    case 11:
      return (negative ^ overflow) < 0;
    case 12:
      return zero !== 0 && (negative ^ overflow) >= 0;
    default:
      return zero === 0 || (negative ^ overflow) < 0;
  }
}
