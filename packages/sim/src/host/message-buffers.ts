/** The buffers in which messages of hosts wait for a monitor that needs time for each. */

/** Message buffers of a monitor. Source: SC&MP 4.0. */
const BUFFERS = 32;

/** Takes messages one after the other. */
export class MessageBuffers {
  private readonly waiting: (() => void)[] = [];

  /**
   * @param serviceNs time for each message, ns
   * @param after does something after a simulated time, ns
   */
  constructor(
    private readonly serviceNs: number,
    private readonly after: (ns: number, action: () => void) => void,
  ) {}

  /** Takes a message in; false when no buffer is free. */
  offer(act: () => void): boolean {
    if (this.waiting.length >= BUFFERS) return false;
    this.waiting.push(act);
    if (this.waiting.length === 1) this.serveNext();
    return true;
  }

  private serveNext(): void {
    this.after(this.serviceNs, () => {
      this.waiting.shift()?.();
      if (this.waiting.length > 0) this.serveNext();
    });
  }
}
