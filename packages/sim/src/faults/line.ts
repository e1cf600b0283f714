/** A line between hosts and an ethernet chip on which datagrams fare badly. */
import type { DatagramFaults, DatagramKind } from './plan.js';

const DEFAULT_KINDS: readonly DatagramKind[] = ['scp', 'tags'];
/** A datagram that is overtaken comes up to this much later, ns. */
const MOST_LATENESS_NS = 2_000_000;
const NS_PER_MS = 1_000_000;

/** Counts of what became of datagrams. */
export interface LineStatistics {
  lost: number;
  duplicated: number;
  reordered: number;
}

/** Loses, doubles, delays and reorders. */
export class FaultyLine {
  readonly statistics: LineStatistics = { lost: 0, duplicated: 0, reordered: 0 };

  /**
   * @param random draws from 0 up to 1
   * @param after does something after a simulated time, ns
   */
  constructor(
    private readonly faults: DatagramFaults,
    private readonly random: () => number,
    private readonly after: (ns: number, action: () => void) => void,
  ) {}

  /** Passes a datagram on: now, later, twice, or not at all. */
  carry(kind: DatagramKind, deliver: () => void): void {
    const { lose = 0, duplicate = 0, kinds = DEFAULT_KINDS } = this.faults;
    if (!kinds.includes(kind)) {
      deliver();
      return;
    }
    if (this.random() < lose) {
      this.statistics.lost++;
      return;
    }
    this.deliverLater(deliver);
    if (this.random() < duplicate) {
      this.statistics.duplicated++;
      this.deliverLater(deliver);
    }
  }

  private deliverLater(deliver: () => void): void {
    const { reorder = 0, delayMs = 0 } = this.faults;
    let delay = delayMs * NS_PER_MS;
    if (this.random() < reorder) {
      this.statistics.reordered++;
      delay += this.random() * MOST_LATENESS_NS;
    }
    if (delay === 0) deliver();
    else this.after(delay, deliver);
  }
}
