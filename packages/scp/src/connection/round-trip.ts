/**
 * How long answers take, and from when on one counts as missing. Source: RFC 6298, but for the least
 * time-out, which suits a local network.
 */

/**
 * How much later than usual any answer may be, ms: longer than a host that shares its processor is usually
 * away. RFC 6298 has the granularity of the clock here.
 */
const LEAST_MARGIN_MS = 30;
/** Weights of a new round trip in the mean and in the deviation. RFC 6298, section 2. */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
/** Deviations that an answer may be later than the mean. RFC 6298, section 2. */
const DEVIATIONS = 4;

/** Round trips of one kind of command. */
export class RoundTrip {
  private mean: number | undefined;
  private deviation = 0;
  /** Doubles with each time-out until an answer shows how long answers take now. */
  private patience = 1;

  /** A request that was sent once was answered. One that was sent twice says nothing (Karn's rule). */
  measured(ms: number): void {
    this.patience = 1;
    if (this.mean === undefined) {
      this.mean = ms;
      this.deviation = ms / 2;
      return;
    }
    const error = ms - this.mean;
    this.mean += MEAN_WEIGHT * error;
    this.deviation += DEVIATION_WEIGHT * (Math.abs(error) - this.deviation);
  }

  /** An answer was missing. */
  missed(): void {
    this.patience = Math.min(this.patience * 2, 1024);
  }

  /** How long to wait for an answer, ms; `most` as long as nothing is known. */
  timeoutMs(most: number): number {
    if (this.mean === undefined) return most;
    const least = this.mean + Math.max(LEAST_MARGIN_MS, DEVIATIONS * this.deviation);
    return Math.min(most, least * this.patience);
  }
}

/** Round trips by command number: a count over a board takes longer than a read. */
export class RoundTrips {
  private readonly kinds = new Map<number, RoundTrip>();

  of(code: number): RoundTrip {
    let found = this.kinds.get(code);
    if (found === undefined) {
      found = new RoundTrip();
      this.kinds.set(code, found);
    }
    return found;
  }
}
