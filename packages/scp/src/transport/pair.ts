/** Two transports joined inside this process: what one sends, the other receives. */
import { nextTurn } from './next-turn.js';
import type { Transport } from './transport.js';

/**
 * Makes a joined pair. Datagrams arrive in order and none is lost, in a later turn of the event
 * loop, all that wait together in one turn. After either end is closed nothing arrives any more.
 */
export function transportPair(): [Transport, Transport] {
  const near = new PairEnd();
  const far = new PairEnd();
  near.peer = far;
  far.peer = near;
  return [near, far];
}

class PairEnd implements Transport {
  peer: PairEnd | undefined;
  private readonly listeners: ((datagram: Uint8Array) => void)[] = [];
  private arriving: Uint8Array[] = [];
  private closed = false;

  send(datagram: Uint8Array): void {
    if (!this.closed) this.peer?.accept(datagram);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.listeners.push(listener);
  }

  close(): Promise<void> {
    this.closed = true;
    this.arriving = [];
    return Promise.resolve();
  }

  private accept(datagram: Uint8Array): void {
    if (this.closed) return;
    if (this.arriving.length === 0) nextTurn(() => this.deliver());
    this.arriving.push(datagram);
  }

  private deliver(): void {
    const batch = this.arriving;
    this.arriving = [];
    for (const datagram of batch) {
      for (const listener of this.listeners) listener(datagram);
    }
  }
}
