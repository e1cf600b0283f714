/** Something to be done at the earliest of several times. */
import type { Clock } from './clock.js';

/** Rings once, at the earliest time it was set for; then it wants to be set again. */
export class Alarm {
  private at = Number.POSITIVE_INFINITY;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings at a time, ms, unless it rings before; never at infinity. */
  setFor(at: number, now: number): void {
    if (at >= this.at) return;
    this.stop();
    this.at = at;
    this.cancel = this.clock.after(Math.max(0, at - now), () => {
      this.at = Number.POSITIVE_INFINITY;
      this.ring();
    });
  }

  /** Does not ring any more until it is set again. */
  stop(): void {
    this.cancel?.();
    this.at = Number.POSITIVE_INFINITY;
  }
}
