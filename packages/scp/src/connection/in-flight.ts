/** Requests that wait for their answers, in the order in which they were sent last. */
import { type Exchange, isAlike, isPausing } from './exchange.js';

/** Later requests answered, after which one counts as lost: more than a network reorders. */
const OVERTAKEN_LOST = 3;

/** Exchanges by sequence number. */
export class InFlight {
  private readonly bySequence = new Map<number, Exchange>();
  private nextSequence = 0;
  private unrepeatable = 0;

  get size(): number {
    return this.bySequence.size;
  }

  /** Whether one of them may not be sent again. */
  get hasUnrepeatable(): boolean {
    return this.unrepeatable > 0;
  }

  /** All, those sent longest ago first. */
  all(): IterableIterator<Exchange> {
    return this.bySequence.values();
  }

  find(sequence: number): Exchange | undefined {
    return this.bySequence.get(sequence);
  }

  has(exchange: Exchange): boolean {
    return this.bySequence.get(exchange.sequence) === exchange;
  }

  /** Adds an exchange under a sequence number that no other has. */
  add(exchange: Exchange): void {
    do this.nextSequence = (this.nextSequence + 1) & 0xffff;
    while (this.bySequence.has(this.nextSequence));
    exchange.sequence = this.nextSequence;
    this.bySequence.set(exchange.sequence, exchange);
    if (!exchange.command.repeatable) this.unrepeatable++;
  }

  /** An exchange was sent again. */
  moveToEnd(exchange: Exchange): void {
    this.bySequence.delete(exchange.sequence);
    this.bySequence.set(exchange.sequence, exchange);
  }

  remove(exchange: Exchange): void {
    if (!this.bySequence.delete(exchange.sequence)) return;
    if (!exchange.command.repeatable) this.unrepeatable--;
  }

  /**
   * Exchanges that have to be taken as lost now that one which was sent later is answered: they may be
   * repeated, and several of their kind have overtaken them.
   */
  lostBefore(answered: Exchange): readonly Exchange[] {
    let lost: Exchange[] | undefined;
    for (const exchange of this.bySequence.values()) {
      if (exchange === answered) break;
      if (!exchange.command.repeatable || isPausing(exchange)) continue;
      if (!isAlike(exchange, answered)) continue;
      if (++exchange.overtaken < OVERTAKEN_LOST) continue;
      lost ??= [];
      lost.push(exchange);
    }
    return lost ?? NONE;
  }
}

const NONE: readonly Exchange[] = [];
