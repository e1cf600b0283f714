/** The built-in monitor in its place among the cores of a chip, where it runs in another thread. */
import type { Core } from '../core/core.js';

/** What it tells the other thread. */
export interface DistantMonitorWiring {
  interrupted(): void;
  packet(key: number, payload: number): void;
}

/** Takes packets and interrupts, and needs no time. */
export class DistantMonitor implements Core {
  readonly asleep = true;
  readonly nextEvent = Number.POSITIVE_INFINITY;
  time = 0;

  constructor(
    readonly id: number,
    private readonly wiring: DistantMonitorWiring,
  ) {}

  run(until: number): void {
    this.time = until;
  }

  deliver({
    key,
    payload,
  }: {
    readonly key: number;
    readonly payload: number | undefined;
  }): boolean {
    this.wiring.packet(key, payload ?? 0);
    return true;
  }

  setInterrupt(_source: number, level: boolean): void {
    if (level) this.wiring.interrupted();
  }
}
