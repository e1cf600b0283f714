/** The network's side of one core: packets that wait for its receive register. */
import { type Core, type Packet, WINDOW_NS } from '../core/core.js';
import { Inbox } from './inbox.js';
import { BLOCKED_POLL_NS, CORE_FIFO_PACKETS } from './timing.js';

/** A first-in first-out queue of a few packets in front of one core. */
export class CorePort {
  /** Packets that came while no program ran. */
  unclaimed = 0;
  private program: Core | undefined;
  private inbox: Inbox | undefined;
  /** Packets that cores before the present one took. */
  private deliveredBefore = 0;

  /** The core, if a program runs on it. */
  get core(): Core | undefined {
    return this.program;
  }

  set core(core: Core | undefined) {
    this.program = core;
    const before = this.inbox;
    if (core === undefined || (before !== undefined && before === core.inbox)) return;
    this.deliveredBefore = this.delivered - (core.inbox?.delivered ?? 0);
    this.inbox = core.inbox;
    if (before !== undefined) core.inbox?.follow(before);
  }

  /** Packets that the core took. */
  get delivered(): number {
    return this.deliveredBefore + (this.inbox?.delivered ?? 0);
  }

  /**
   * Whether another packet can come. Those that came while the core ran ahead do not count, as it would have taken them
   * one by one, nor those that come while it takes the former.
   */
  get hasRoom(): boolean {
    const { inbox } = this;
    if (inbox === undefined || inbox.length < CORE_FIFO_PACKETS) return true;
    return inbox.timeFromLast(CORE_FIFO_PACKETS) <= inbox.late;
  }

  /** Whether no packet waits. */
  get isEmpty(): boolean {
    return this.inbox === undefined || this.inbox.length === 0;
  }

  /** Adds a packet that reaches the core at time `at`; those for a core without a program vanish. */
  push(packet: Packet, route: number, at: number): void {
    if (this.program === undefined) {
      this.unclaimed++;
      return;
    }
    this.inbox ??= new Inbox();
    this.inbox.push(packet, route, at);
  }

  /**
   * Runs the core until `until`, giving it each packet at its time, or ahead to the end of the window. Returns
   * whether a packet comes later; one that the core does not take while it sleeps waits until something else
   * wakes it.
   *
   * @param windowEnd end of the window, see {@link WINDOW_NS}; without it the core does not run ahead
   */
  run(core: Core, until: number, windowEnd = until): boolean {
    const inbox = this.inbox ?? new Inbox();
    this.inbox = inbox;
    if (core.time >= until) return inbox.length > 0;
    if (inbox.length > 0 && inbox.nextTime < windowEnd - WINDOW_NS) inbox.turnsUntil = windowEnd;
    const leads = inbox.turnsUntil < windowEnd;
    while (inbox.length > 0) {
      const at = Math.max(inbox.nextTime, core.time);
      if (at >= until) break;
      if (core.time < at) advance(core, inbox, at, leads ? windowEnd : at);
      // A debugger has stopped it.
      if (core.time < at) return true;
      if (core.time >= until) return true;
      if (!offer(core, inbox, at)) core.run(Math.min(until, at + BLOCKED_POLL_NS));
    }
    if (core.time < until) advance(core, inbox, until, leads ? windowEnd : until);
    return inbox.nextTime >= until;
  }

  /** Forgets what waits: the core was stopped. */
  clear(): void {
    this.inbox?.clear();
  }
}

function advance(core: Core, inbox: Inbox, until: number, limit: number): void {
  core.run(until, limit);
  if (limit > until && core.time > until) inbox.led(core.time);
}

function offer(core: Core, inbox: Inbox, at: number): boolean {
  const { packet, route } = inbox.head;
  if (!core.deliver(packet, route, at)) return false;
  if (inbox.nextTime <= inbox.ledUntil) inbox.late = at;
  inbox.shift();
  return true;
}
