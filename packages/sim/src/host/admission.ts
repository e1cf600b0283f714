/**
 * When requests of hosts take effect. A run must not depend on how fast this computer is, so what could
 * disturb it waits until the machine is idle; what only looks is answered at once. A machine that does not
 * become idle is not waited for very long.
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

/** Core quanta and events that are simulated before a request is served although the machine is busy. */
const PATIENCE = 200_000;

interface Request {
  readonly act: () => void;
  readonly deadline: number;
}

/** Requests that wait, in the order in which they came. */
export class Admission {
  private readonly waiting: Request[] = [];
  /** Core quanta and events simulated so far. */
  private progress = 0;

  /** @param isIdle whether nothing happens in the machine */
  constructor(private readonly isIdle: () => boolean) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Carries out a request, now or when it may. */
  admit(message: SdpMessage, act: () => void): void {
    const mayPass = this.isEmpty && (looksOnly(message) || this.isIdle());
    if (mayPass) act();
    else this.waiting.push({ act, deadline: this.progress + PATIENCE });
  }

  /** Tells that something was simulated, and carries out requests that need not wait any more. */
  advance(amount: number): void {
    this.progress += amount;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (!this.isIdle() && this.progress < first.deadline) return;
      this.waiting.shift();
      first.act();
    }
  }
}

function looksOnly({ destination, data }: SdpMessage): boolean {
  const command = (data[0] ?? 0) | ((data[1] ?? 0) << 8);
  return destination.core === 0 && destination.port === 0 && LOOKING.has(command);
}
