/**
 * How long time goes on passing in a machine that runs images. Its monitors' clocks tick for ever, so whether
 * they have anything to do cannot be seen: time stands still some time after a host was last heard.
 */
import type { Chip } from '../chip/chip.js';
import { MonitorMemory } from '../monitor/memory.js';
import type { Network } from './network.js';

/** After a datagram: ten of SC&MP's longest waits for something by itself, ns. */
const AFTER_DATAGRAM_NS = 100_000_000;
/** How often a machine that boots is looked at, ns. */
const LOOK_NS = 100_000_000;
/** Longest boot that is waited for, ns. */
const LONGEST_BOOT_NS = 30_000_000_000;
/** Value of the system variable `networkPhase` once the network is ready. Source: SC&MP. */
const READY = 255;

/** Keeps the clock of a machine going while something may be under way. */
export class QuietTime {
  private until = 0;
  private isWaiting = false;
  private bootEnds = 0;

  /** @param running numbers of the chips that run an image */
  constructor(
    private readonly network: Network,
    private readonly running: () => readonly number[],
  ) {}

  /** A datagram came in. */
  datagram(): void {
    this.goOn(AFTER_DATAGRAM_NS);
  }

  /** A chip has started an image. */
  booted(): void {
    const { time } = this.network.scheduler;
    if (this.bootEnds <= time) this.look(time + LONGEST_BOOT_NS);
    this.bootEnds = time + LONGEST_BOOT_NS;
  }

  private look(giveUpAt: number): void {
    const { scheduler } = this.network;
    scheduler.after(LOOK_NS, () => {
      if (scheduler.time >= giveUpAt || this.isReady) this.bootEnds = 0;
      else this.look(giveUpAt);
    });
  }

  private get isReady(): boolean {
    return this.running().every((chip) => {
      const memory = new MonitorMemory(this.network.chips[chip] as Chip);
      return memory.variable('networkPhase') === READY;
    });
  }

  private goOn(ns: number): void {
    const { scheduler } = this.network;
    this.until = Math.max(this.until, scheduler.time + ns);
    if (this.isWaiting) return;
    this.isWaiting = true;
    scheduler.after(this.until - scheduler.time, () => {
      this.isWaiting = false;
      if (this.until > scheduler.time) this.goOn(this.until - scheduler.time);
    });
  }
}
