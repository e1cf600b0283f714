/**
 * Requests and replies over an unreliable transport: many on their way at once, matched by sequence
 * number, repeated when they may be, given up with an error that says what was asked of whom.
 */
import type { Command } from '../commands/command.js';
import {
  ConnectionClosedError,
  MalformedMessageError,
  ScpError,
  ScpTimeoutError,
} from '../errors.js';
import { ReturnCode } from '../messages/return-codes.js';
import { decodeScpReply, SCP_REPLY_HEADER_BYTES, type ScpReply } from '../messages/scp.js';
import { SDP_HEADER_BYTES, SDP_MOST_DATA_BYTES } from '../messages/sdp.js';
import type { Transport } from '../transport/transport.js';
import { type Clock, systemClock } from './clock.js';
import { answeredBy, datagramOf, type Exchange, newExchange, type Patience } from './exchange.js';
import { Queue } from './queue.js';
import { isOverload, mayRepeat, pauseMs } from './retry.js';
import { type Request, type Scp, sendAll, type Target } from './scp.js';
import { type ConnectionStatistics, newStatistics } from './statistics.js';
import { Window } from './window.js';

/** How patient and how eager a connection is. */
export interface ConnectionOptions {
  /** Requests on their way at the same time, 1 or more. Default 32. */
  readonly window?: number;
  /** Wait for an answer before the request is sent again, ms. Default 500. */
  readonly timeoutMs?: number;
  /** How often a request is sent before it fails, 1 or more. Default 8. */
  readonly tries?: number;
  /** Default: the time of this computer. */
  readonly clock?: Clock;
}

/** Beyond it throughput grows little on loopback, and boards answer "busy": see the README. */
const DEFAULT_WINDOW = 32;
const DEFAULT_TIMEOUT_MS = 500;
const DEFAULT_TRIES = 8;

/** Requests over one transport. */
export class Connection implements Scp {
  /** What went over this connection so far. */
  readonly statistics: Readonly<ConnectionStatistics>;
  private readonly counts = newStatistics();
  private readonly window: Window;
  private readonly patience: Patience;
  private readonly clock: Clock;
  private readonly waiting = new Queue<Exchange>();
  private readonly inFlight = new Map<number, Exchange>();
  private nextSequence = 0;
  private stopTimer: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly transport: Transport,
    options: ConnectionOptions = {},
  ) {
    this.window = new Window(options.window ?? DEFAULT_WINDOW);
    this.patience = {
      timeoutMs: positive('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      tries: positive('tries', options.tries ?? DEFAULT_TRIES),
    };
    this.clock = options.clock ?? systemClock;
    this.statistics = this.counts;
    transport.onDatagram((datagram) => this.receive(datagram));
  }

  /**
   * Sends a command and waits for its reply.
   *
   * @param patience other than the connection's own
   * @throws ScpError when the chip refuses, ScpTimeoutError when it stays silent,
   *   ConnectionClosedError when the connection is closed meanwhile
   */
  send<T>(to: Target, command: Command<T>, patience?: Partial<Patience>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.closed) {
        reject(new ConnectionClosedError(command.name));
        return;
      }
      const core = { x: to.x, y: to.y, core: to.core ?? 0 };
      const given = patience ? { ...this.patience, ...patience } : this.patience;
      const settle = resolve as (result: unknown) => void;
      this.waiting.push(newExchange(core, command, given, settle, reject));
      this.fillWindow();
    });
  }

  /**
   * Sends many commands, as many at once as the window allows, drawing the next only when one is
   * answered. Stops at the first failure and throws it once all that were sent are settled.
   */
  all<T>(requests: Iterable<Request<T>>): Promise<void> {
    return sendAll(this, requests, this.window.most);
  }

  /** Closes the transport; requests that wait fail with ConnectionClosedError. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.stopTimer?.();
    for (const exchange of this.inFlight.values()) this.abandon(exchange);
    this.inFlight.clear();
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) this.abandon(next);
    await this.transport.close();
  }

  private fillWindow(): void {
    while (this.window.allows(this.inFlight.size)) {
      const exchange = this.waiting.shift();
      if (!exchange) break;
      this.start(exchange);
    }
    this.armTimer();
  }

  private start(exchange: Exchange): void {
    exchange.sequence = this.freeSequence();
    exchange.startedAt = this.clock.now();
    this.inFlight.set(exchange.sequence, exchange);
    this.counts.mostInFlight = Math.max(this.counts.mostInFlight, this.inFlight.size);
    this.counts.requests++;
    this.transmit(exchange);
  }

  private transmit(exchange: Exchange): void {
    exchange.tries++;
    exchange.deadline = this.clock.now() + waitMs(exchange);
    exchange.datagram ??= datagramOf(exchange);
    this.counts.bytesSent += exchange.datagram.length;
    this.transport.send(exchange.datagram);
  }

  private receive(datagram: Uint8Array): void {
    this.counts.bytesReceived += datagram.length;
    try {
      this.accept(datagram);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.counts.malformed++;
    }
  }

  private accept(datagram: Uint8Array): void {
    const reply = decodeReplyDatagram(datagram);
    const exchange = this.inFlight.get(reply.sequence);
    if (!exchange || !answeredBy(exchange, datagram[9] as number, datagram[8] as number)) {
      this.counts.unexpected++;
    } else if (reply.code === ReturnCode.Ok) {
      this.answer(exchange, reply);
    } else if (isPausing(exchange)) {
      this.counts.unexpected++;
    } else {
      this.refuse(exchange, reply);
    }
  }

  private answer(exchange: Exchange, reply: ScpReply): void {
    const result = exchange.command.parse(reply.payload);
    this.counts.answered++;
    this.window.open();
    this.inFlight.delete(exchange.sequence);
    exchange.resolve(result);
    this.fillWindow();
  }

  private refuse(exchange: Exchange, { code, payload }: ScpReply): void {
    if (mayRepeat(code, exchange.command.repeatable) && exchange.tries < exchange.patience.tries) {
      this.counts.busy++;
      if (isOverload(code)) this.window.close();
      exchange.deadline = Number.POSITIVE_INFINITY;
      this.clock.after(pauseMs(exchange.tries), () => this.repeat(exchange));
      return;
    }
    const { command, to, tries } = exchange;
    this.fail(exchange, new ScpError({ code, command: command.name, chip: to, tries, payload }));
  }

  private repeat(exchange: Exchange): void {
    if (this.inFlight.get(exchange.sequence) !== exchange) return;
    this.counts.repeats++;
    this.transmit(exchange);
    this.armTimer();
  }

  private armTimer(): void {
    if (this.stopTimer || this.inFlight.size === 0 || this.closed) return;
    const earliest = Math.min(...Array.from(this.inFlight.values(), ({ deadline }) => deadline));
    if (earliest === Number.POSITIVE_INFINITY) return;
    this.stopTimer = this.clock.after(Math.max(0, earliest - this.clock.now()), () => {
      this.stopTimer = undefined;
      this.expire();
    });
  }

  private expire(): void {
    const now = this.clock.now();
    const late = [...this.inFlight.values()].filter(({ deadline }) => deadline <= now);
    if (late.length > 0) this.window.close();
    for (const exchange of late) {
      this.counts.timeouts++;
      if (exchange.command.repeatable && exchange.tries < exchange.patience.tries)
        this.repeat(exchange);
      else this.giveUp(exchange, now);
    }
    this.armTimer();
  }

  private giveUp(exchange: Exchange, now: number): void {
    const { command, to, tries, startedAt } = exchange;
    const waitedMs = now - startedAt;
    this.fail(exchange, new ScpTimeoutError({ chip: to, command: command.name, tries, waitedMs }));
  }

  private fail(exchange: Exchange, error: Error): void {
    this.counts.failed++;
    this.inFlight.delete(exchange.sequence);
    exchange.reject(error);
    this.fillWindow();
  }

  private abandon({ command, reject }: Exchange): void {
    this.counts.failed++;
    reject(new ConnectionClosedError(command.name));
  }

  private freeSequence(): number {
    do this.nextSequence = (this.nextSequence + 1) & 0xffff;
    while (this.inFlight.has(this.nextSequence));
    return this.nextSequence;
  }
}

function decodeReplyDatagram(datagram: Uint8Array): ScpReply {
  const length = datagram.length - SDP_HEADER_BYTES;
  if (length < SCP_REPLY_HEADER_BYTES || length > SDP_MOST_DATA_BYTES) {
    throw new MalformedMessageError('SCP reply', `it has ${datagram.length} bytes`);
  }
  return decodeScpReply(datagram.subarray(SDP_HEADER_BYTES));
}

/** Whether a request was refused and waits to be sent again; a doubled refusal changes nothing. */
function isPausing({ deadline }: Exchange): boolean {
  return deadline === Number.POSITIVE_INFINITY;
}

/** What may not be repeated is sent once and waited for as long as all tries of another. */
function waitMs({ command, patience }: Exchange): number {
  return command.repeatable ? patience.timeoutMs : patience.timeoutMs * patience.tries;
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new RangeError(`"${name}" must be above 0: ${value}`);
  return value;
}
