/** The network's side of one core: packets that wait for its receive register. */
import { type Core, type Packet, WINDOW_NS } from '../core/core.js';
import { BLOCKED_POLL_NS, CORE_FIFO_PACKETS } from './timing.js';

/** Packets, the ports by which they came and when they reach the core; most cores never get any. */
interface Fifo {
  readonly packets: Packet[];
  readonly routes: number[];
  readonly times: number[];
}

const NONE_WAITS = -1;

/** A first-in first-out queue of a few packets in front of one core. */
export class CorePort {
  /** The core, if a program runs on it. */
  core: Core | undefined;
  /** Packets that the core took. */
  delivered = 0;
  /** Packets that came while no program ran. */
  unclaimed = 0;
  private fifo: Fifo | undefined;
  /** When the first packet reaches the core, ns; {@link NONE_WAITS} when none waits. */
  private nextTime = NONE_WAITS;
  /** Where the core was after it last ran ahead, ns. */
  private ledUntil = 0;
  /** Until when it has taken what came before that, ns: at least {@link ledUntil}. */
  private late = 0;
  /** End of the window in which the core does not run ahead since packets wait, ns. */
  private turnsUntil = 0;

  /**
   * Whether another packet can come. Those that came while the core ran ahead do not count, as it would have taken them
   * one by one, nor those that come while it takes the former.
   */
  get hasRoom(): boolean {
    const { fifo } = this;
    if (fifo === undefined || fifo.packets.length < CORE_FIFO_PACKETS) return true;
    return (fifo.times.at(-CORE_FIFO_PACKETS) as number) <= this.late;
  }

  /** Whether no packet waits. */
  get isEmpty(): boolean {
    return this.nextTime === NONE_WAITS;
  }

  /** Adds a packet that reaches the core at time `at`; those for a core without a program vanish. */
  push(packet: Packet, route: number, at: number): void {
    if (this.core === undefined) {
      this.unclaimed++;
      return;
    }
    this.fifo ??= { packets: [], routes: [], times: [] };
    this.fifo.packets.push(packet);
    this.fifo.routes.push(route);
    this.fifo.times.push(at);
    if (this.nextTime === NONE_WAITS) this.nextTime = at;
  }

  /**
   * Runs the core until `until`, giving it each packet at its time, or ahead to the end of the window. Returns
   * whether a packet comes later; one that the core does not take while it sleeps waits until something else
   * wakes it.
   *
   * @param windowEnd end of the window, see {@link WINDOW_NS}; without it the core does not run ahead
   */
  run(core: Core, until: number, windowEnd = until): boolean {
    if (core.time >= until) return !this.isEmpty;
    if (!this.isEmpty && this.nextTime < windowEnd - WINDOW_NS) this.turnsUntil = windowEnd;
    const leads = this.turnsUntil < windowEnd;
    while (!this.isEmpty) {
      const at = Math.max(this.nextTime, core.time);
      if (at >= until) break;
      if (core.time < at) this.advance(core, at, leads ? windowEnd : at);
      // A debugger has stopped it.
      if (core.time < at) return true;
      if (core.time >= until) return true;
      if (!this.offer(core, at)) core.run(Math.min(until, at + BLOCKED_POLL_NS));
    }
    if (core.time < until) this.advance(core, until, leads ? windowEnd : until);
    return this.nextTime >= until;
  }

  private advance(core: Core, until: number, limit: number): void {
    core.run(until, limit);
    if (limit > until && core.time > until) this.ledUntil = this.late = core.time;
  }

  /** Forgets what waits: the core was stopped. */
  clear(): void {
    if (this.fifo === undefined) return;
    this.fifo.packets.length = 0;
    this.fifo.routes.length = 0;
    this.fifo.times.length = 0;
    this.nextTime = NONE_WAITS;
  }

  private offer(core: Core, at: number): boolean {
    const { packets, routes, times } = this.fifo as Fifo;
    if (!core.deliver(packets[0] as Packet, routes[0] as number, at)) return false;
    if (this.nextTime <= this.ledUntil) this.late = at;
    packets.shift();
    routes.shift();
    times.shift();
    this.nextTime = times[0] ?? NONE_WAITS;
    this.delivered++;
    return true;
  }
}
