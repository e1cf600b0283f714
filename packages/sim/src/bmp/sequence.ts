/** Work that takes time: it says how long to wait, ns, before it goes on. */
import type { BmpClock } from './switches.js';

/** Each value yielded is a time to wait, ns; the value returned is the outcome. */
export type Sequence<T> = Generator<number, T, undefined>;

/**
 * Carries work out, waiting on the clock. True when it is done at once; otherwise `done` is called when it is.
 */
export function carryOut(clock: BmpClock, work: Sequence<void>, done: () => void): boolean {
  for (let step = work.next(); !step.done; step = work.next()) {
    if (step.value > 0) {
      clock.after(step.value, () => {
        if (carryOut(clock, work, done)) done();
      });
      return false;
    }
  }
  return true;
}
