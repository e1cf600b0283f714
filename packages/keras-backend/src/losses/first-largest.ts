import type { Operands } from '../engine.js';

/** Index of the first of the largest values: the class that a sample is counted for. */
export function firstLargest(values: Operands): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[best] as number)) best = index;
  }
  return best;
}
