/** A clock that stands still until a test moves it. */
import type { Clock } from '../src/connection/clock.js';

/** Time in the hands of a test. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Lets time pass, calling back whatever is due, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.earliest(end); next; next = this.earliest(end)) {
      this.timers.delete(next);
      this.time = next.at;
      next.callback();
    }
    this.time = end;
  }

  private earliest(end: number): { at: number; callback: () => void } | undefined {
    let found: { at: number; callback: () => void } | undefined;
    for (const timer of this.timers) {
      if (timer.at <= end && (found === undefined || timer.at < found.at)) found = timer;
    }
    return found;
  }
}
