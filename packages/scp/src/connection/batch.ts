/** Many requests that one caller waits for, drawn one by one when there is room for them. */
import type { Waiter } from './exchange.js';
import type { Request } from './scp.js';

/** Requests of one call, what became of them, and who waits for all. */
export class Batch<T> implements Waiter {
  private readonly requests: Iterator<Request<T>>;
  private unanswered = 0;
  private isDrawn = false;
  private failures: unknown[] = [];

  /**
   * @param resolve called once all were answered
   * @param reject called with the first failure, once all that were drawn are settled
   */
  constructor(
    requests: Iterable<Request<T>>,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.requests = requests[Symbol.iterator]();
  }

  /** The next request; none after the last or after a failure. */
  draw(): Request<T> | undefined {
    if (!this.isDrawn && this.failures.length === 0) {
      try {
        const next = this.requests.next();
        if (!next.done) {
          this.unanswered++;
          return next.value;
        }
      } catch (error) {
        this.failures.push(error);
      }
    }
    this.isDrawn = true;
    this.settleIfComplete();
    return undefined;
  }

  answered(result: unknown, done: ((reply: never) => void) | undefined): void {
    this.unanswered--;
    try {
      done?.(result as never);
    } catch (error) {
      this.failures.push(error);
    }
    this.settleIfComplete();
  }

  failed(error: Error): void {
    this.unanswered--;
    this.failures.push(error);
    this.settleIfComplete();
  }

  private settleIfComplete(): void {
    if (this.unanswered > 0 || !(this.isDrawn || this.failures.length > 0)) return;
    if (this.failures.length > 0) this.reject(this.failures[0]);
    else this.resolve();
  }
}
