/**
 * Requests and replies over an unreliable transport: many on their way at once, matched by sequence
 * number, repeated when they may be, given up with an error that says what was asked of whom.
 */
import type { Command } from '../commands/command.js';
import {
  ConnectionClosedError,
  MalformedMessageError,
  ScpEmptyReplyError,
  ScpError,
  ScpTimeoutError,
} from '../errors.js';
import { ReturnCode } from '../messages/return-codes.js';
import { decodeScpReply, SCP_REPLY_HEADER_BYTES, type ScpReply } from '../messages/scp.js';
import { SDP_HEADER_BYTES, SDP_MOST_DATA_BYTES } from '../messages/sdp.js';
import type { Transport } from '../transport/transport.js';
import { Alarm } from './alarm.js';
import { Batch } from './batch.js';
import { type Clock, systemClock } from './clock.js';
import {
  answeredBy,
  datagramOf,
  type Exchange,
  givenUpAt,
  isPausing,
  newExchange,
  type Patience,
} from './exchange.js';
import { InFlight } from './in-flight.js';
import { Queue } from './queue.js';
import { isOverload, mayRepeat, pauseMs } from './retry.js';
import { RoundTrips } from './round-trip.js';
import type { Request, Scp, Target } from './scp.js';
import { type ConnectionStatistics, newStatistics } from './statistics.js';
import { Window } from './window.js';

/** How patient and how eager a connection is. */
export interface ConnectionOptions {
  /** Most requests on their way at the same time, 1 to 1024; fewer while the machine is slow. Default 256. */
  readonly window?: number;
  /**
   * Longest wait for an answer before the request is sent again, ms. Default 500. Once it is known how
   * long answers take, requests that may be repeated are sent again sooner.
   */
  readonly timeoutMs?: number;
  /** How many such waits there are before a request fails, 1 or more. Default 8. */
  readonly tries?: number;
  /** Default: the time of this computer. */
  readonly clock?: Clock;
}

/** Enough for 4 ms of latency at the speed of this package. */
const DEFAULT_WINDOW = 256;
const DEFAULT_TIMEOUT_MS = 500;
const DEFAULT_TRIES = 8;

/**
 * Most requests on their way while one of them may not be repeated. A monitor that is short of buffers drops silently what
 * it has no room for: other requests are sent again, this one would be lost for good.
 */
const MOST_WITH_UNREPEATABLE = 4;

/** Requests over one transport. */
export class Connection implements Scp {
  /** What went over this connection so far. */
  readonly statistics: Readonly<ConnectionStatistics>;
  private readonly counts = newStatistics();
  private readonly window: Window;
  private readonly patience: Patience;
  private readonly clock: Clock;
  private readonly waiting = new Queue<Exchange>();
  private readonly batches = new Queue<Batch<unknown>>();
  private readonly inFlight = new InFlight();
  private readonly roundTrips = new RoundTrips();
  private readonly repeating: Alarm;
  private readonly pacing: Alarm;
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
    this.repeating = new Alarm(this.clock, () => this.expire());
    this.pacing = new Alarm(this.clock, () => this.fillWindow());
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
      const given = patience ? { ...this.patience, ...patience } : this.patience;
      const waiter = { answered: resolve as (result: unknown) => void, failed: reject };
      this.waiting.push(newExchange(to, command, given, waiter));
      this.fillWindow();
    });
  }

  /**
   * Sends many commands, as many at once as the window allows, drawing the next only when there is room.
   * Stops at the first failure and throws it once all that were sent are settled.
   */
  all<T>(requests: Iterable<Request<T>>): Promise<void> {
    return new Promise((resolve, reject) => {
      const batch = new Batch(requests, resolve, reject) as Batch<unknown>;
      if (this.closed) abandonBatch(batch);
      else {
        this.batches.push(batch);
        this.fillWindow();
      }
    });
  }

  /** Closes the transport; requests that wait fail with ConnectionClosedError. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.repeating.stop();
    this.pacing.stop();
    for (const exchange of [...this.inFlight.all()]) this.abandon(exchange);
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) this.abandon(next);
    for (let next = this.batches.shift(); next; next = this.batches.shift()) abandonBatch(next);
    await this.transport.close();
  }

  private fillWindow(): void {
    while (!this.closed && this.waiting.length + this.batches.length > 0) {
      if (!this.window.allows(this.inFlight.size) || !this.mayBeside(this.waiting.first)) return;
      const now = this.clock.now();
      const wait = this.window.waitMs(now);
      if (wait > 0) {
        this.pacing.setFor(now + wait, now);
        return;
      }
      const exchange = this.waiting.shift() ?? this.draw();
      if (exchange === undefined) continue;
      if (this.mayBeside(exchange)) this.start(exchange, now);
      else this.waiting.push(exchange);
    }
  }

  /** Whether so few requests are on their way that none is lost which may not be repeated. */
  private mayBeside(next: Exchange | undefined): boolean {
    const isDelicate = this.inFlight.hasUnrepeatable || next?.command.repeatable === false;
    return !isDelicate || this.inFlight.size < MOST_WITH_UNREPEATABLE;
  }

  /** The next request of the batches, which take turns. */
  private draw(): Exchange | undefined {
    const batch = this.batches.shift();
    const request = batch?.draw();
    if (!batch || !request) return undefined;
    this.batches.push(batch);
    const { to, command, done } = request;
    return newExchange(to, command, this.patience, batch, done);
  }

  private start(exchange: Exchange, now: number): void {
    exchange.startedAt = now;
    this.inFlight.add(exchange);
    this.counts.mostInFlight = Math.max(this.counts.mostInFlight, this.inFlight.size);
    this.counts.requests++;
    this.transmit(exchange, now);
  }

  private transmit(exchange: Exchange, now: number): void {
    exchange.tries++;
    exchange.overtaken = 0;
    exchange.sentAt = now;
    exchange.deadline = this.deadlineOf(exchange, now);
    exchange.datagram ??= datagramOf(exchange);
    this.repeating.setFor(exchange.deadline, now);
    this.counts.bytesSent += exchange.datagram.length;
    this.window.sent();
    this.transport.send(exchange.datagram);
  }

  /** What may not be repeated is sent once and waited for as long as all tries of another. */
  private deadlineOf(exchange: Exchange, now: number): number {
    const { command, patience, timeouts } = exchange;
    const end = givenUpAt(exchange);
    if (!command.repeatable) return Math.max(now, end);
    const usual = this.roundTrips.of(command.code).timeoutMs(patience.timeoutMs);
    const next = now + Math.min(patience.timeoutMs, usual * 2 ** timeouts);
    return end > now ? Math.min(next, end) : next;
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
    const exchange = this.inFlight.find(reply.sequence);
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
    const result = this.parse(exchange, reply);
    if (result instanceof ScpEmptyReplyError) {
      this.fail(exchange, result);
      return;
    }
    this.counts.answered++;
    if (exchange.tries === 1) this.learnFrom(exchange);
    this.inFlight.remove(exchange);
    exchange.waiter.answered(result, exchange.done);
    this.fillWindow();
  }

  /** What a reply means. Throws MalformedMessageError for one that has something else than it should. */
  private parse({ command, to }: Exchange, { payload }: ScpReply): unknown {
    try {
      return command.parse(payload);
    } catch (error) {
      if (!(error instanceof MalformedMessageError) || payload.length > 0) throw error;
      return new ScpEmptyReplyError({ chip: to, command: command.name });
    }
  }

  /** A request that was sent once shows how long answers take, and which ones are missing. */
  private learnFrom(exchange: Exchange): void {
    const now = this.clock.now();
    this.roundTrips.of(exchange.command.code).measured(now - exchange.sentAt);
    this.window.answered(exchange.sentAt, now);
    for (const lost of this.inFlight.lostBefore(exchange)) {
      this.counts.overtaken++;
      this.window.lost();
      this.repeat(lost);
    }
  }

  private refuse(exchange: Exchange, { code, payload }: ScpReply): void {
    exchange.refusals++;
    const { command, to, patience, refusals, sentAt, tries } = exchange;
    if (mayRepeat(code, command.repeatable) && refusals < patience.tries) {
      this.counts.busy++;
      if (isOverload(code)) this.window.close(sentAt, this.clock.now());
      exchange.deadline = Number.POSITIVE_INFINITY;
      this.clock.after(pauseMs(refusals), () => this.repeat(exchange));
      return;
    }
    this.fail(exchange, new ScpError({ code, command: command.name, chip: to, tries, payload }));
  }

  private repeat(exchange: Exchange): void {
    if (!this.inFlight.has(exchange)) return;
    this.counts.repeats++;
    this.inFlight.moveToEnd(exchange);
    this.transmit(exchange, this.clock.now());
  }

  private expire(): void {
    const now = this.clock.now();
    const late = [...this.inFlight.all()].filter(({ deadline }) => deadline <= now);
    for (const exchange of late) {
      this.counts.timeouts++;
      exchange.timeouts++;
      this.window.close(exchange.sentAt, now);
      if (mayGoOn(exchange, now)) this.repeat(exchange);
      else this.giveUp(exchange, now);
    }
    for (const code of new Set(late.map(({ command }) => command.code)))
      this.roundTrips.of(code).missed();
    for (const { deadline } of this.inFlight.all()) this.repeating.setFor(deadline, now);
  }

  private giveUp(exchange: Exchange, now: number): void {
    const { command, to, tries, startedAt } = exchange;
    const waitedMs = now - startedAt;
    this.fail(exchange, new ScpTimeoutError({ chip: to, command: command.name, tries, waitedMs }));
  }

  private fail(exchange: Exchange, error: Error): void {
    this.counts.failed++;
    this.inFlight.remove(exchange);
    exchange.waiter.failed(error);
    this.fillWindow();
  }

  private abandon(exchange: Exchange): void {
    this.counts.failed++;
    this.inFlight.remove(exchange);
    exchange.waiter.failed(new ConnectionClosedError(exchange.command.name));
  }
}

function decodeReplyDatagram(datagram: Uint8Array): ScpReply {
  const length = datagram.length - SDP_HEADER_BYTES;
  if (length < SCP_REPLY_HEADER_BYTES || length > SDP_MOST_DATA_BYTES) {
    throw new MalformedMessageError('SCP reply', `it has ${datagram.length} bytes`);
  }
  return decodeScpReply(datagram, SDP_HEADER_BYTES);
}

/** Whether a request that was not answered may be sent again. */
function mayGoOn(exchange: Exchange, now: number): boolean {
  if (!exchange.command.repeatable) return false;
  return now < givenUpAt(exchange) || exchange.tries < exchange.patience.tries;
}

/** Fails what was not drawn yet of a connection that is closed. */
function abandonBatch(batch: Batch<unknown>): void {
  const next = batch.draw();
  if (next) batch.failed(new ConnectionClosedError(next.command.name));
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new RangeError(`"${name}" must be above 0: ${value}`);
  return value;
}
