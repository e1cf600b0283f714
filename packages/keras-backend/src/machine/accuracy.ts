/** Categorical accuracy of a layer with several heads, none of which sees all units. */
import type { Operands } from '../engine.js';

/** Samples whose first largest output is at the place of the first largest target; both `[samples][units]`. */
export function countCategorical(outputs: Operands, targets: Operands, units: number): number {
  let correct = 0;
  for (let start = 0; start < outputs.length; start += units) {
    const end = start + units;
    if (largest(outputs.subarray(start, end)) === largest(targets.subarray(start, end))) {
      correct += 1;
    }
  }
  return correct;
}

function largest(values: Operands): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}
