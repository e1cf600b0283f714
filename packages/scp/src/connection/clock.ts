/** Where time comes from, so that tests drive it instead of waiting. */
import { nextTurn } from '../transport/next-turn.js';

/** Tells the time and calls back later. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls back once, after that many milliseconds; the result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The shortest time that timers can wait, ms. */
const TIMER_MS = 1;

/**
 * The time of this computer. Calls back a turn late, so that answers which came while the program
 * was busy elsewhere are seen before anything counts as unanswered. Less than a millisecond is waited for
 * by turning in the event loop.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    let wanted = true;
    const cancel = (): void => {
      wanted = false;
    };
    if (ms < TIMER_MS) {
      const due = performance.now() + ms;
      const look = (): void => {
        if (!wanted) return;
        if (performance.now() < due) nextTurn(look);
        else callback();
      };
      nextTurn(look);
      return cancel;
    }
    const timer = setTimeout(() => {
      nextTurn(() => {
        if (wanted) callback();
      });
    }, ms);
    return () => {
      cancel();
      clearTimeout(timer);
    };
  },
};
