/** The clocks among the system variables, which a monitor keeps. */
import type { MonitorMemory } from './memory.js';

const NS_PER_MS = 1_000_000;

/** Clocks of one chip. */
export class Clocks {
  private unixTimeAtStart = 0;
  private timeAtStart = 0;

  /** @param now simulated time, ns */
  constructor(
    private readonly memory: MonitorMemory,
    private readonly now: () => number,
  ) {}

  /** They go on from what the variables say. */
  start(): void {
    this.unixTimeAtStart = this.memory.variable('unixTime');
    this.timeAtStart = this.now();
  }

  /** Brings them up to date; returns seconds since 1970. */
  update(): number {
    const { memory } = this;
    const ms = Math.floor((this.now() - this.timeAtStart) / NS_PER_MS);
    const unixTime = this.unixTimeAtStart + Math.floor(ms / 1000);
    memory.setVariable('timeMs', ms % 1000);
    memory.setVariable('unixTime', unixTime);
    memory.setClockMs(ms);
    return unixTime;
  }
}
