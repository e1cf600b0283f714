/**
 * How many requests may be on their way: opens by one per round of answers, closes by half when the
 * machine is busy or silent, so that a slow path through the machine finds its own pace.
 */
export class Window {
  private size: number;

  /** @param most requests at the same time, 1 to 1024; the window starts fully open */
  constructor(readonly most: number) {
    if (!Number.isInteger(most) || most < 1 || most > 1024) {
      throw new RangeError(`"window" must be a whole number from 1 to 1024: ${most}`);
    }
    this.size = most;
  }

  /** Whether one more may join `inFlight` requests. */
  allows(inFlight: number): boolean {
    return inFlight < Math.floor(this.size);
  }

  /** An answer came. */
  open(): void {
    this.size = Math.min(this.most, this.size + 1 / this.size);
  }

  /** The machine was busy or silent. */
  close(): void {
    this.size = Math.max(1, this.size / 2);
  }
}
