/** One HTTP request, with a time limit, in errors of ours. */
import { Agent, fetch, type Response } from 'undici';
import { type Clock, systemClock } from '../clock.js';
import { SpallocConnectionError, SpallocTimeoutError } from '../errors.js';

/** What is sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What came back, read to its end. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly bytes: Uint8Array;
}

/** How connections are made. */
export interface HttpOptions {
  /** A certificate to trust besides those that Node.js trusts, PEM. */
  readonly certificate?: string;
  readonly clock?: Clock;
}

/** Bytes. The largest reply is a block of memory. */
const LONGEST_REPLY = 256 * 1024 * 1024;

/** Makes requests; keeps connections open between them. */
export class Http {
  readonly #agent: Agent;
  readonly #clock: Clock;

  constructor({ certificate, clock = systemClock }: HttpOptions) {
    this.#clock = clock;
    this.#agent = new Agent({
      ...(certificate !== undefined && { connect: { ca: certificate } }),
      maxResponseSize: LONGEST_REPLY,
    });
  }

  /**
   * Sends a request and reads the reply. Does not follow redirects.
   *
   * @throws SpallocConnectionError, or SpallocTimeoutError after `timeoutMs`; the signal's reason
   */
  async send(
    url: URL,
    { method, headers, body }: HttpRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<HttpReply> {
    const limit = new AbortController();
    const what = `${method} ${url.pathname}`;
    const cancel = this.#clock.after(timeoutMs, () =>
      limit.abort(new SpallocTimeoutError(url.origin, what, timeoutMs)),
    );
    try {
      const response = await fetch(url, {
        ...{ method, headers, redirect: 'manual', dispatcher: this.#agent },
        ...(body !== undefined && { body }),
        signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason;
      if (signal?.aborted) throw signal.reason;
      throw new SpallocConnectionError(url.origin, describe(error), { cause: error });
    } finally {
      cancel();
    }
  }

  /** Hangs up, also where replies are still expected. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** fetch() says "fetch failed" and hides why in the cause. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  const { message, code } = cause as Error & { code?: string };
  return message || (code ?? cause.name);
}
