/**
 * A monitor at the end of a line, in the time of a manual clock: it serves one request after the other,
 * has few buffers, and drops silently what finds none free.
 */
import { decodeScpRequest, replyDatagram } from '../src/messages/scp.js';
import { decodeSdp, replyHeader } from '../src/messages/sdp.js';
import type { Transport } from '../src/transport/transport.js';
import { random } from './lossy.js';
import type { ManualClock } from './manual-clock.js';

/** Where the memory of the model begins. */
export const MODEL_RAM = 0x60000000;

/** What a monitor and its line are like. */
export interface MonitorModel {
  /** Time for one request, ms. */
  readonly serviceMs: number;
  /** Time on the line, there and back together, ms. */
  readonly latencyMs: number;
  /** Requests that the monitor can hold, the one it is at included. Default 32. */
  readonly buffers?: number;
  /** Chance that a datagram is lost, each way. Default 0. */
  readonly lose?: number;
  /** The host reads nothing but at multiples of this, ms: it is busy elsewhere. */
  readonly hostTurnMs?: number;
  readonly seed?: number;
}

/** A transport to such a monitor. */
export class SlowMonitor implements Transport {
  /** Memory from {@link MODEL_RAM} on. */
  readonly memory = new Uint8Array(1 << 22);
  /** Requests that found no free buffer. */
  dropped = 0;
  /** Most requests that were held at the same time. */
  mostHeld = 0;
  private held: Uint8Array[] = [];
  private readonly chance: () => number;
  private listener: (datagram: Uint8Array) => void = () => undefined;

  constructor(
    private readonly clock: ManualClock,
    readonly model: MonitorModel,
  ) {
    this.chance = random(model.seed ?? 1);
  }

  send(datagram: Uint8Array): void {
    this.travel(() => this.take(datagram));
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.listener = listener;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private travel(arrive: () => void): void {
    if (this.chance() >= (this.model.lose ?? 0)) this.clock.after(this.model.latencyMs / 2, arrive);
  }

  private take(datagram: Uint8Array): void {
    if (this.held.length >= (this.model.buffers ?? 32)) {
      this.dropped++;
      return;
    }
    this.held.push(datagram);
    this.mostHeld = Math.max(this.mostHeld, this.held.length);
    if (this.held.length === 1) this.serve();
  }

  private serve(): void {
    this.clock.after(this.model.serviceMs, () => {
      const reply = this.carryOut(this.held.shift() as Uint8Array);
      this.travel(() => this.deliver(reply));
      if (this.held.length > 0) this.serve();
    });
  }

  private carryOut(datagram: Uint8Array): Uint8Array {
    const message = decodeSdp(datagram);
    const { command, sequence, arguments: words, data } = decodeScpRequest(message.data);
    const at = words[0] - MODEL_RAM;
    if (command === 3) this.memory.set(data, at);
    const payload = command === 2 ? this.memory.slice(at, at + words[1]) : new Uint8Array(0);
    return replyDatagram(replyHeader(message), { code: 0x80, sequence, payload });
  }

  private deliver(reply: Uint8Array): void {
    const { hostTurnMs } = this.model;
    if (hostTurnMs === undefined) this.listener(reply);
    else {
      const now = this.clock.now();
      const turn = Math.ceil(now / hostTurnMs) * hostTurnMs;
      this.clock.after(turn - now, () => this.listener(reply));
    }
  }
}
