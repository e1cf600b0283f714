/** Where time comes from, so that tests drive it instead of waiting. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls back once, after that many milliseconds; the result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The time of this computer. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
