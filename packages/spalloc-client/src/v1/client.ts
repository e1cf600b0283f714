/** One connection to an allocation server that speaks protocol version 1: JSON lines over TCP. */
import { connect, type Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import {
  SpallocCommandError,
  SpallocConnectionError,
  SpallocProtocolError,
  SpallocTimeoutError,
  SpallocVersionError,
} from '../errors.js';
import { type SpallocCommand, version } from './commands.js';
import { isObject } from './fields.js';
import { JsonLines } from './json-lines.js';

/** The TCP port on which the protocol is served unless told otherwise. */
export const DEFAULT_PORT = 22244;

/** How long a command may take. Milliseconds; the default of the official client. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Where the server is and how patient to be with it. */
export interface SpallocServer {
  /** Name or address. */
  readonly host: string;
  /** Default 22244. */
  readonly port?: number;
  /** How long to wait for the connection and for each reply. Milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Talks to servers of any version. Default false. */
  readonly ignoreVersion?: boolean;
  /** Where time comes from. Default: this computer. */
  readonly clock?: Clock;
}

interface Waiting {
  readonly command: string;
  readonly cancelTimer: () => void;
  readonly answer: (reply: Record<string, unknown>) => void;
  readonly fail: (error: Error) => void;
}

/** A live connection. Replies come in the order of the requests, so that many may be under way. */
export class SpallocClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<() => void>();
  #broken: Error | undefined;
  #version = '';

  private constructor(socket: Socket, server: string, timeoutMs: number, clock: Clock) {
    this.#socket = socket;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    const lines = new JsonLines();
    socket.on('data', (bytes) => {
      try {
        for (const message of lines.push(bytes)) this.#receive(message);
      } catch (error) {
        this.#break(error as Error);
      }
    });
    socket.on('error', (error) => this.#break(this.#connectionError(error.message, error)));
    socket.on('close', () => this.#break(this.#connectionError('it closed the connection')));
  }

  /**
   * Connects and checks that the server's version is one that this client knows.
   *
   * @throws SpallocConnectionError when there is no server, SpallocVersionError when it is another version's.
   */
  static async connect({
    host,
    port = DEFAULT_PORT,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    clock = systemClock,
    ignoreVersion = false,
  }: SpallocServer): Promise<SpallocClient> {
    const server = `${host}:${port}`;
    const socket = await openSocket(host, port, { server, timeoutMs, clock });
    const client = new SpallocClient(socket, server, timeoutMs, clock);
    try {
      client.#version = await client.send(version());
      if (!ignoreVersion) checkVersion(client.#version);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The server's version, as it spells it. */
  get version(): string {
    return this.#version;
  }

  /** Whether the connection is gone; a new one is needed then. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @throws SpallocCommandError when the server refuses it, SpallocTimeoutError when no answer comes,
   * SpallocConnectionError when the connection is or gets lost, SpallocProtocolError when the answer makes no sense.
   */
  send<T>({ command, args, kwargs, parse }: SpallocCommand<T>): Promise<T> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise<Record<string, unknown>>((answer, fail) => {
      const cancelTimer = this.#clock.after(this.#timeoutMs, () => this.#giveUp(command));
      this.#waiting.push({ command, cancelTimer, answer, fail });
      this.#socket.write(`${JSON.stringify({ command, args, kwargs })}\n`);
    }).then((reply) => {
      if ('return' in reply) return this.#read(parse, reply.return);
      throw new SpallocCommandError(command, String(reply.exception));
    });
  }

  /** An answer that makes no sense may be another command's: none that follows can be trusted. */
  #read<T>(parse: (value: unknown) => T, value: unknown): T {
    try {
      return parse(value);
    } catch (error) {
      this.#break(error as Error);
      throw error;
    }
  }

  /**
   * Calls `listener` whenever the server says that something changed, and once when the connection is
   * lost. What changed must be asked for: the server merges changes and sends only names.
   *
   * @returns a function that stops it
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Closes the connection. Jobs live on until their keepalive runs out. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#break(this.#connectionError('the connection was closed here'));
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(message: unknown): void {
    if (!isObject(message)) {
      throw new SpallocProtocolError('the allocation server sent a line that is not a JSON object');
    }
    if (!('return' in message || 'exception' in message)) {
      this.#announce();
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      throw new SpallocProtocolError('the allocation server answered a command that was not sent');
    }
    waiting.cancelTimer();
    waiting.answer(message);
  }

  /** A late reply would pass for the answer to the next command, so that the connection must go. */
  #giveUp(command: string): void {
    this.#break(new SpallocTimeoutError(this.#server, command, this.#timeoutMs));
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#socket.destroy();
    for (const { cancelTimer, fail } of this.#waiting.splice(0)) {
      cancelTimer();
      fail(error);
    }
    this.#announce();
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #connectionError(happened: string, cause?: Error): SpallocConnectionError {
    return new SpallocConnectionError(this.#server, happened, { cause });
  }
}

function openSocket(
  host: string,
  port: number,
  { server, timeoutMs, clock }: { server: string; timeoutMs: number; clock: Clock },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const fail = (happened: string, cause?: Error) => {
      cancelTimer();
      socket.destroy();
      reject(new SpallocConnectionError(server, happened, { cause }));
    };
    const onError = (error: Error) => fail(describe(error), error);
    const cancelTimer = clock.after(timeoutMs, () => fail(`no connection in ${timeoutMs} ms`));
    socket.once('error', onError);
    socket.once('connect', () => {
      cancelTimer();
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** Node.js tries all addresses of a name and, when none answers, says nothing but the code. */
function describe(error: Error & { code?: string }): string {
  return error.message || (error.code ?? error.name);
}

/** Major version that this client does not know yet. The official client stops at 7; 7.1 speaks the same. */
const FIRST_UNKNOWN_MAJOR = 8;

/** Accepts 0.1.0 up to 8.0.0, also with an epoch (`1!`) or a suffix. */
function checkVersion(spelled: string): void {
  const parts = /^(?:\d+!)?(\d+)\.(\d+)/.exec(spelled);
  if (parts === null) throw new SpallocVersionError(spelled);
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major >= FIRST_UNKNOWN_MAJOR || (major === 0 && minor < 1)) {
    throw new SpallocVersionError(spelled);
  }
}
