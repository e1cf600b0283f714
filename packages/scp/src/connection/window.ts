/**
 * How many requests may be on their way. A monitor has 32 message buffers and drops silently what finds
 * none free, while requests that are still on the line take none. So the window follows delay: it lets as
 * many requests through as keep the monitor busy, and a few more that queue there, whatever the latency.
 * With the shortest round trip ever (the base) and those of the present round:
 *
 *     requests on the line = window x mean of (base / round trip)
 *     next window          = requests on the line + requests that may queue
 *
 * Source of the rule: Wei, Jin, Low and Hegde, "FAST TCP", IEEE/ACM Transactions on Networking 14(6), 2006.
 * The mean is of reciprocals, so that answers which a busy host saw late count little.
 */

/** Requests that may queue at the monitor: with {@link BURST} more they fit its 32 buffers. */
const MOST_QUEUED = 12;
/** The same on a line that loses requests, or to a monitor that is short of buffers. */
const LEAST_QUEUED = 5;
/** Below this, nothing queues worth mentioning, and the window grows faster. */
const NOTHING_QUEUED = 3;
/** Window at first, and most requests sent at once: less than half of a monitor's buffers. */
const BURST = 10;
/** How long the base is believed, ms; then the queue is let run empty to measure it again. */
const BASE_LIFETIME_MS = 10_000;
/** Round trips that measure the base, one after the other. */
const BASE_SAMPLES = 4;
/** Share of the window that is to be answered before a round counts. */
const ROUND_SHARE = 0.5;
/** How much faster than answers came requests may follow each other, so that the window can grow. */
const HEADROOM = 1.1;

/** What clocks of browsers tell apart at best, ms. */
const LEAST_ROUND_TRIP_MS = 0.005;
/** Shorter waits are not worth a turn of the event loop, ms. */
const SHORTEST_WAIT_MS = 0.01;

/** The window of one connection. */
export class Window {
  private size: number;
  private queued = MOST_QUEUED;
  /** Shortest round trip, ms, and when that was found. */
  private base = Number.POSITIVE_INFINITY;
  private baseSince = 0;
  private isMeasuringBase = false;
  /** Of the present round: its start, ms, its answers, their round trips, and what else happened. */
  private roundStart = Number.NEGATIVE_INFINITY;
  private answers = 0;
  private shortest = Number.POSITIVE_INFINITY;
  private reciprocals = 0;
  private wasFull = false;
  private hasLost = false;
  private closedAt = Number.NEGATIVE_INFINITY;
  /** Requests that may be sent at this moment, and since when they were counted. */
  private credit = BURST;
  private creditedAt = 0;
  /** Requests per ms, as far as they must be spread over time. */
  private pace = Number.POSITIVE_INFINITY;

  /** @param most requests at the same time, 1 to 1024 */
  constructor(private readonly most: number) {
    if (!Number.isInteger(most) || most < 1 || most > 1024) {
      throw new RangeError(`"window" must be a whole number from 1 to 1024: ${most}`);
    }
    this.size = Math.min(most, BURST);
  }

  /** Whether one more may join `inFlight` requests. */
  allows(inFlight: number): boolean {
    const fits = inFlight < (this.isMeasuringBase ? 1 : Math.floor(this.size));
    if (!fits) this.wasFull = true;
    return fits;
  }

  /** How long the next request has to wait, so that they come at the monitor's pace, ms. */
  waitMs(now: number): number {
    if (this.size <= BURST) return 0;
    this.credit = Math.min(BURST, this.credit + (now - this.creditedAt) * this.pace);
    this.creditedAt = now;
    return this.credit >= 1 ? 0 : Math.max(SHORTEST_WAIT_MS, (1 - this.credit) / this.pace);
  }

  /** A request was sent. */
  sent(): void {
    this.credit = Math.max(0, this.credit - 1);
  }

  /** A request that was sent once, at `sentAt`, was answered. */
  answered(sentAt: number, now: number): void {
    const roundTrip = now - sentAt;
    if (roundTrip <= this.base) {
      this.base = roundTrip;
      this.baseSince = now;
    }
    if (sentAt <= this.roundStart) return;
    this.shortest = Math.min(this.shortest, roundTrip);
    this.reciprocals += 1 / Math.max(roundTrip, LEAST_ROUND_TRIP_MS);
    this.answers++;
    const enough = this.isMeasuringBase ? BASE_SAMPLES : this.size * ROUND_SHARE;
    if (this.answers >= enough) this.endRound(now);
  }

  /** A request or its answer was lost on the way. */
  lost(): void {
    this.hasLost = true;
  }

  /** The machine was too busy for a request sent at `sentAt`, or silent. Halves the window, once per round trip. */
  close(sentAt: number, now: number): void {
    if (sentAt <= this.closedAt) return;
    this.closedAt = now;
    this.size = Math.max(1, this.size / 2);
    this.queued = Math.max(LEAST_QUEUED, this.queued / 2);
    this.startRound(now);
  }

  private endRound(now: number): void {
    if (this.isMeasuringBase) {
      this.base = this.shortest;
      this.baseSince = now;
      this.isMeasuringBase = false;
    } else {
      this.adjust();
      this.isMeasuringBase = now - this.baseSince > BASE_LIFETIME_MS;
    }
    this.startRound(now);
  }

  private adjust(): void {
    const { size, hasLost, wasFull } = this;
    this.queued = Math.max(LEAST_QUEUED, Math.min(MOST_QUEUED, this.queued + (hasLost ? -1 : 1)));
    const perMs = (size * this.reciprocals) / this.answers;
    const onTheLine = Math.min(size, perMs * Math.max(this.base, LEAST_ROUND_TRIP_MS));
    const more = size - onTheLine < NOTHING_QUEUED ? MOST_QUEUED : this.queued;
    if (wasFull) this.size = Math.min(this.most, onTheLine + more);
    this.pace = HEADROOM * Math.max(perMs, this.size / this.shortest);
  }

  private startRound(now: number): void {
    this.roundStart = now;
    this.answers = 0;
    this.shortest = Number.POSITIVE_INFINITY;
    this.reciprocals = 0;
    this.wasFull = false;
    this.hasLost = false;
  }
}
