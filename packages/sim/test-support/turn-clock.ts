/**
 * A clock that counts turns of the event loop instead of the time of this computer. Machines and hosts of
 * one process need a turn or two for each step of a conversation, however busy the computer is; so nothing
 * is sent again for the computer's slowness, and waiting for what was lost takes no time.
 */
import type { Clock } from '@spin-tools/scp';

/** Turns that count as a millisecond. */
const TURNS_PER_MS = 5;

interface Timer {
  readonly turn: number;
  readonly callback: () => void;
}

/** Counts while somebody waits. */
export class TurnClock implements Clock {
  private turn = 0;
  private readonly timers = new Set<Timer>();
  private isCounting = false;

  now(): number {
    return this.turn / TURNS_PER_MS;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { turn: this.turn + Math.max(1, Math.ceil(ms * TURNS_PER_MS)), callback };
    this.timers.add(timer);
    if (!this.isCounting) setImmediate(() => this.count());
    this.isCounting = true;
    return () => this.timers.delete(timer);
  }

  private count(): void {
    this.turn++;
    for (const timer of [...this.timers]) {
      if (timer.turn <= this.turn && this.timers.delete(timer)) timer.callback();
    }
    this.isCounting = this.timers.size > 0;
    if (this.isCounting) setImmediate(() => this.count());
  }
}
