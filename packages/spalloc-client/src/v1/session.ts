/** A connection that comes back: commands outlive a lost connection, and so do notifications. */
import { type Clock, systemClock } from '../clock.js';
import { SpallocProtocolError, SpallocTimeoutError, SpallocVersionError } from '../errors.js';
import { DEFAULT_PORT, SpallocClient, type SpallocServer } from './client.js';
import { notifyJob, type SpallocCommand } from './commands.js';

/** Pause before a lost connection is opened anew, ms. The default of the official client. */
const DEFAULT_RECONNECT_DELAY_MS = 5000;
/** How long a command may take, new connections included, ms: as long as a job lives without a sign of life. */
const DEFAULT_PATIENCE_MS = 60_000;

/** Answers without sense after which a server is taken for one of another kind, not for one on a bad line. */
const MOST_NONSENSE = 3;

/** A server, and what to do when the connection to it is lost. */
export interface SessionOptions extends SpallocServer {
  /** Pause before a lost connection is opened anew, ms. Default 5,000. */
  readonly reconnectDelayMs?: number;
  /** How long a command may take in all, new connections included, ms. Default 60,000. */
  readonly patienceMs?: number;
}

/** Sends commands over one connection after another. */
export class SpallocSession {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #watched = new Set<number>();
  readonly #listeners = new Set<() => void>();
  #client: SpallocClient;
  #reconnecting: Promise<SpallocClient> | undefined;
  #isClosed = false;
  #cancelPause: () => void = () => {};

  private constructor(client: SpallocClient, options: SessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#client = client;
    this.#follow(client);
  }

  /** Opens the first connection. Throws what {@link SpallocClient.connect} throws. */
  static async connect(options: SessionOptions): Promise<SpallocSession> {
    return new SpallocSession(await SpallocClient.connect(options), options);
  }

  /** The version of the server, as it spells it. */
  get version(): string {
    return this.#client.version;
  }

  /**
   * Sends a command. When the connection is lost meanwhile, waits for a new one and sends it again, unless
   * doing it twice would do harm.
   *
   * @param patienceMs how long that may take in all; default: the session's
   * @throws what {@link SpallocClient.send} throws, once it cannot be or need not be tried again
   */
  async send<T>(
    command: SpallocCommand<T>,
    patienceMs = this.#options.patienceMs ?? DEFAULT_PATIENCE_MS,
  ): Promise<T> {
    let isOver = false;
    let nonsense = 0;
    let hurry: (error: unknown) => void = () => {};
    const { host, port = DEFAULT_PORT } = this.#options;
    let last: unknown = new SpallocTimeoutError(`${host}:${port}`, command.command, patienceMs);
    const cancel = Number.isFinite(patienceMs)
      ? this.#clock.after(patienceMs, () => {
          isOver = true;
          hurry(last);
        })
      : () => {};
    try {
      while (true) {
        const client = await new Promise<SpallocClient>((resolve, reject) => {
          hurry = reject;
          this.#connected().then(resolve, reject);
        });
        try {
          return await client.send(command);
        } catch (error) {
          last = error;
          if (error instanceof SpallocProtocolError) nonsense++;
          const mayRepeat =
            client.isBroken &&
            command.repeatable &&
            nonsense < MOST_NONSENSE &&
            !this.#isClosed &&
            !isOver;
          if (!mayRepeat) throw error;
        }
      }
    } finally {
      cancel();
    }
  }

  /** Sends a command without waiting for its answer; does nothing while there is no connection. */
  post(command: SpallocCommand<unknown>): void {
    this.#client.send(command).catch(() => undefined);
  }

  /** Asks to be told of changes of a job, on this connection and on those that follow. */
  async watch(jobId: number): Promise<void> {
    this.#watched.add(jobId);
    await this.send(notifyJob(jobId));
  }

  /** Stops being told after the next lost connection; on this one the job is still named. */
  unwatch(jobId: number): void {
    this.#watched.delete(jobId);
  }

  /** Calls `listener` whenever something may have changed, also after a new connection. The result stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Closes the connection for good; commands that wait fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelPause();
    await this.#client.close();
    await this.#reconnecting?.then(
      (client) => client.close(),
      () => undefined,
    );
    this.#announce();
  }

  #connected(): Promise<SpallocClient> {
    if (!this.#client.isBroken || this.#isClosed) return Promise.resolve(this.#client);
    this.#reconnecting ??= this.#reconnect().finally(() => {
      this.#reconnecting = undefined;
    });
    return this.#reconnecting;
  }

  async #reconnect(): Promise<SpallocClient> {
    while (!this.#isClosed) {
      await this.#pause();
      if (this.#isClosed) break;
      try {
        const client = await SpallocClient.connect(this.#options);
        for (const jobId of this.#watched) await client.send(notifyJob(jobId));
        this.#client = client;
        this.#follow(client);
        this.#announce();
        return client;
      } catch (error) {
        if (error instanceof SpallocVersionError) throw error;
      }
    }
    return this.#client;
  }

  #follow(client: SpallocClient): void {
    client.onChange(() => {
      this.#announce();
      // Nobody may be sending anything, but notifications are to go on.
      if (client.isBroken && !this.#isClosed) this.#connected().catch(() => undefined);
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(
        this.#options.reconnectDelayMs ?? DEFAULT_RECONNECT_DELAY_MS,
        resolve,
      );
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
