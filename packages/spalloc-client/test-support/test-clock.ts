/** A clock that stands still until a test moves it. */
import type { Clock } from '../src/clock.js';

/** Calls back when it is moved past what was waited for. */
export class TestClock implements Clock {
  #now = 0;
  readonly #waiting = new Set<{ readonly due: number; readonly callback: () => void }>();
  readonly #watchers = new Set<() => void>();

  after(ms: number, callback: () => void): () => void {
    const entry = { due: this.#now + ms, callback };
    this.#waiting.add(entry);
    for (const look of this.#watchers) look();
    return () => this.#waiting.delete(entry);
  }

  /** Spans that are waited for at present, ms from now. */
  get spans(): number[] {
    return [...this.#waiting].map(({ due }) => due - this.#now).sort((a, b) => a - b);
  }

  /** Resolves once so many wait for a span of exactly so many ms. */
  async waitedFor(ms: number, count = 1): Promise<void> {
    const isSo = () => this.spans.filter((span) => span === ms).length >= count;
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  /** Moves on, calling back in the order in which things are due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (true) {
      const [next] = [...this.#waiting].sort((a, b) => a.due - b.due);
      if (next === undefined || next.due > end) break;
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }
}
