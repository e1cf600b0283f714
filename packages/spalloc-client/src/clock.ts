/**
 * Where time comes from, so that tests drive it instead of waiting. Everything here waits for spans of time
 * and never compares times of day, so that a clock that is set anew neither ends nor lengthens a wait.
 */

/** Calls back once, after so many milliseconds; the result cancels it. */
export interface Clock {
  /** Calls back once after so many milliseconds, unless the result is called before. */
  after(ms: number, callback: () => void): () => void;
}

/** Longest span that timers of this computer can wait, ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The time of this computer. */
export const systemClock: Clock = {
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
