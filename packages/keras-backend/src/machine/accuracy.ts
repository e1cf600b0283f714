/** Categorical accuracy of a layer with several heads, none of which sees all units. */
import type { Operands } from '../engine.js';
import { firstLargest } from '../losses/first-largest.js';

/**
 * Samples whose first largest output is at the place of the first largest target.
 *
 * @param outputs `[samples][units]`, as `targets`
 * @param which the samples to look at; all unless told
 */
export function countCategorical(
  outputs: Operands,
  targets: Operands,
  units: number,
  which: Iterable<number> = Array(outputs.length / units).keys(),
): number {
  let correct = 0;
  for (const sample of which) {
    const start = sample * units;
    const end = start + units;
    const found = firstLargest(outputs.subarray(start, end));
    if (found === firstLargest(targets.subarray(start, end))) {
      correct += 1;
    }
  }
  return correct;
}
