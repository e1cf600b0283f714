/** Categorical accuracy of a layer with several heads, none of which sees all units. */
import type { Operands } from '../engine.js';
import { firstLargest } from '../losses/first-largest.js';

/** Samples whose first largest output is at the place of the first largest target; both `[samples][units]`. */
export function countCategorical(outputs: Operands, targets: Operands, units: number): number {
  let correct = 0;
  for (let start = 0; start < outputs.length; start += units) {
    const end = start + units;
    const found = firstLargest(outputs.subarray(start, end));
    if (found === firstLargest(targets.subarray(start, end))) {
      correct += 1;
    }
  }
  return correct;
}
