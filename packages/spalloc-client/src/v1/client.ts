/** A connection to an allocation server that speaks protocol version 1: JSON lines over TCP. */
import { connect, type Socket } from 'node:net';
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
const DEFAULT_PORT = 22244;

/** How long a command may take. Milliseconds; the default of the official client. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Where the server is and how patient to be with it. */
export interface SpallocServer {
  /** Name or address. */
  readonly host: string;
  /** Default {@link DEFAULT_PORT}. */
  readonly port?: number;
  /** How long to wait for the connection and for each reply. Milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly command: string;
  readonly timer: NodeJS.Timeout;
  readonly answer: (reply: Record<string, unknown>) => void;
  readonly fail: (error: Error) => void;
}

/** A live connection. Replies come in the order of the requests, so that many may be under way. */
export class SpallocClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Set<() => void>();
  #broken: Error | undefined;

  private constructor(socket: Socket, host: string, port: number, timeoutMs: number) {
    this.#socket = socket;
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
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
  }: SpallocServer): Promise<SpallocClient> {
    const socket = await openSocket(host, port, timeoutMs);
    const client = new SpallocClient(socket, host, port, timeoutMs);
    try {
      checkVersion(await client.send(version()));
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
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
      const timer = setTimeout(() => this.#giveUp(command), this.#timeoutMs);
      this.#waiting.push({ command, timer, answer, fail });
      this.#socket.write(`${JSON.stringify({ command, args, kwargs })}\n`);
    }).then((reply) => {
      if ('return' in reply) return parse(reply.return);
      throw new SpallocCommandError(command, String(reply.exception));
    });
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
    clearTimeout(waiting.timer);
    waiting.answer(message);
  }

  #giveUp(command: string): void {
    this.#break(new SpallocTimeoutError(this.#host, this.#port, command, this.#timeoutMs));
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#socket.destroy();
    for (const { timer, fail } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      fail(error);
    }
    this.#announce();
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #connectionError(happened: string, cause?: Error): SpallocConnectionError {
    return new SpallocConnectionError(this.#host, this.#port, happened, { cause });
  }
}

function openSocket(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const fail = (happened: string, cause?: Error) => {
      socket.destroy();
      reject(new SpallocConnectionError(host, port, happened, { cause }));
    };
    const onError = (error: Error) => fail(error.message, error);
    const timer = setTimeout(() => fail(`no connection in ${timeoutMs} ms`), timeoutMs);
    socket.once('error', onError);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** Accepts 0.1.0 up to 7.0.0, as the official client does, also with an epoch (`1!`) or a suffix. */
function checkVersion(spelled: string): void {
  const parts = /^(?:\d+!)?(\d+)\.(\d+)/.exec(spelled);
  if (parts === null) throw new SpallocVersionError(spelled);
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major >= 7 || (major === 0 && minor < 1)) throw new SpallocVersionError(spelled);
}
