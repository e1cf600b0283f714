/**
 * When requests of hosts take effect. A run must not depend on how fast this computer is, so what could
 * disturb it waits until the machine is idle; what only looks is answered at once. A machine that does not
 * become idle is not waited for very long, and only once.
 */
import {
  Count,
  Information,
  IpTagCommand,
  LinkRead,
  Read,
  type SdpMessage,
  Version,
} from '@spin-tools/scp';

/** Commands that leave the cores as they are. */
const LOOKING: ReadonlySet<number> = new Set(
  [Version, Read, LinkRead, Information, Count, IpTagCommand].map(({ code }) => code),
);

/** What is simulated before a request is served although the machine is busy: core quanta and events. */
const PATIENCE = 200_000;
/** The same in simulated time, ns. */
const PATIENCE_NS = 20_000_000;

interface Request {
  readonly act: () => void;
  /** Progress at which the request waits no longer, and time. */
  readonly deadline: number;
  readonly latest: number;
}

/** Requests that wait, in the order in which they came. */
export class Admission {
  private readonly waiting: Request[] = [];
  /** Core quanta and events simulated so far. */
  private progress = 0;
  /** A request waited in vain: until the machine is idle again, none waits. */
  private isImpatient = false;

  /**
   * @param isIdle whether nothing happens in the machine
   * @param now simulated time, ns
   */
  constructor(
    private readonly isIdle: () => boolean,
    private readonly now: () => number,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Carries out a request, now or when it may. */
  admit(message: SdpMessage, act: () => void): void {
    const mayDisturb = this.isImpatient || this.isIdle();
    if (this.isEmpty && (mayDisturb || looksOnly(message))) {
      act();
      return;
    }
    const deadline = this.progress + PATIENCE;
    this.waiting.push({ act, deadline, latest: this.now() + PATIENCE_NS });
  }

  /** Tells that something was simulated, and carries out requests that need not wait any more. */
  advance(amount: number): void {
    this.progress += amount;
    if (this.isIdle()) this.isImpatient = false;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      this.isImpatient ||= this.progress >= first.deadline || this.now() >= first.latest;
      if (!this.isImpatient && !this.isIdle()) return;
      this.waiting.shift();
      first.act();
    }
  }
}

function looksOnly({ destination, data }: SdpMessage): boolean {
  const command = (data[0] ?? 0) | ((data[1] ?? 0) << 8);
  return destination.core === 0 && destination.port === 0 && LOOKING.has(command);
}
