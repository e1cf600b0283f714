/** A core whose clock has stopped. */
import type { Core } from '../core/core.js';

/** Does nothing, for ever, and takes no packets, so that those for it block its router. */
export class DeadCore implements Core {
  readonly asleep = true;
  readonly nextEvent = Number.POSITIVE_INFINITY;
  time = 0;

  constructor(readonly id: number) {}

  run(until: number): void {
    this.time = until;
  }

  deliver(): boolean {
    return false;
  }

  setInterrupt(): void {}
}
