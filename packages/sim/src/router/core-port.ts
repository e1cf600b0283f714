/** The network's side of one core: packets that wait for its receive register. */
import type { Core, Packet } from '../core/core.js';
import { BLOCKED_POLL_NS, CORE_FIFO_PACKETS } from './timing.js';

/** A first-in first-out queue of a few packets in front of one core. */
export class CorePort {
  /** The core, if a program runs on it. */
  core: Core | undefined;
  /** Packets that the core took. */
  delivered = 0;
  /** Packets that came while no program ran. */
  unclaimed = 0;
  private readonly packets: Packet[] = [];
  private readonly routes: number[] = [];
  private readonly times: number[] = [];

  get hasRoom(): boolean {
    return this.packets.length < CORE_FIFO_PACKETS;
  }

  /** Adds a packet that reaches the core at time `at`; those for a core without a program vanish. */
  push(packet: Packet, route: number, at: number): void {
    if (this.core === undefined) {
      this.unclaimed++;
      return;
    }
    this.packets.push(packet);
    this.routes.push(route);
    this.times.push(at);
  }

  /**
   * Runs the core until `until`, stopping to give it each packet at its time. Returns whether a packet
   * comes later; one that the core does not take while it sleeps waits until something else wakes it.
   */
  run(core: Core, until: number): boolean {
    while (this.packets.length > 0) {
      const at = Math.max(this.times[0] as number, core.time);
      if (at >= until) break;
      if (core.time < at) core.run(at);
      if (!this.offer(core, at)) core.run(Math.min(until, at + BLOCKED_POLL_NS));
    }
    if (core.time < until) core.run(until);
    return this.packets.length > 0 && (this.times[0] as number) >= until;
  }

  /** Forgets what waits: the core was stopped. */
  clear(): void {
    this.packets.length = 0;
    this.routes.length = 0;
    this.times.length = 0;
  }

  private offer(core: Core, at: number): boolean {
    if (!core.deliver(this.packets[0] as Packet, this.routes[0] as number, at)) return false;
    this.packets.shift();
    this.routes.shift();
    this.times.shift();
    this.delivered++;
    return true;
  }
}
