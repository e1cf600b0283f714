/**
 * A log-in to an allocation service with a web interface. Sources: the web security of JavaSpiNNaker's
 * allocserv, and what SpiNNMan's client sends.
 */
import { type Clock, systemClock } from '../clock.js';
import {
  SpallocConnectionError,
  SpallocLogInError,
  SpallocProtocolError,
  SpallocRequestError,
  SpallocTimeoutError,
} from '../errors.js';
import { field, fieldsOf, text } from '../v1/fields.js';
import { Cookies } from './cookies.js';
import { Http, type HttpReply } from './http.js';
import { answerOf, contentType, encode, json, textOf } from './replies.js';
import type { RestRequest } from './requests.js';
import type { Credentials } from './secrets.js';

/** Where the service is, and how to be let in. */
export interface RestServer {
  /** For example https://spinnaker.example/spalloc/; without user or password. */
  readonly url: string;
  readonly credentials: Credentials;
  /** A certificate to trust besides those that Node.js trusts, PEM. */
  readonly certificate?: string;
  /** How long to wait for each reply, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause before a request is sent again to a server that could not be reached, ms. Default 5,000. */
  readonly reconnectDelayMs?: number;
  /** How long a request may take in all, ms. Default 60,000. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_RECONNECT_DELAY_MS = 5000;
const DEFAULT_PATIENCE_MS = 60_000;

/** Paths below the base. */
const LOG_IN_PAGE = 'system/login.html';
const LOG_IN = 'system/perform_login';
const ROOT = 'srv/spalloc';

/** Header and value without which nothing may be changed; they come with each log-in. */
interface CrossSiteToken {
  readonly header: string;
  readonly token: string;
}

/** Sends requests, and logs in again when the service has forgotten us. */
export class RestSession {
  readonly base: URL;
  readonly clock: Clock;
  readonly #options: RestServer;
  readonly #http: Http;
  readonly #cookies = new Cookies();
  #token: CrossSiteToken | undefined;
  #loggingIn: Promise<void> | undefined;
  #isClosed = false;
  /** Once a password was refused it is not sent again: accounts are locked after a few failures. */
  #refusal: SpallocLogInError | undefined;

  private constructor(options: RestServer) {
    this.base = baseOf(options.url);
    this.clock = options.clock ?? systemClock;
    this.#options = options;
    this.#http = new Http(options);
  }

  /**
   * Logs in.
   *
   * @throws SpallocRequestError for a URL that is none or holds a password, SpallocLogInError when we are not
   * let in, SpallocConnectionError or SpallocTimeoutError when the service cannot be reached
   */
  static async logIn(options: RestServer): Promise<RestSession> {
    const session = new RestSession(options);
    try {
      await session.#logIn();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Sends a request and reads the answer. When the service cannot be reached it is tried again, unless doing it
   * twice would do harm; when it has forgotten us, after a new log-in.
   *
   * @throws SpallocCommandError when the service refuses, SpallocQuotaError when that is for a quota,
   * SpallocLogInError when we are not let in any more, SpallocProtocolError when the answer makes no sense,
   * SpallocConnectionError or SpallocTimeoutError when the service stays away for too long
   */
  async send<T>(
    request: RestRequest<T>,
    patienceMs = this.#options.patienceMs ?? DEFAULT_PATIENCE_MS,
    signal?: AbortSignal,
  ): Promise<T> {
    let isOver = patienceMs <= 0;
    const cancel = Number.isFinite(patienceMs)
      ? this.clock.after(patienceMs, () => {
          isOver = true;
        })
      : () => {};
    try {
      while (true) {
        try {
          return await this.#once(request, signal);
        } catch (error) {
          const isLost =
            error instanceof SpallocConnectionError || error instanceof SpallocTimeoutError;
          if (!isLost || isOver || !request.repeatable || this.#isClosed) throw error;
        }
        await this.pause();
      }
    } finally {
      cancel();
    }
  }

  /** Waits as long as between two attempts to reach a service. */
  pause(): Promise<void> {
    const ms = this.#options.reconnectDelayMs ?? DEFAULT_RECONNECT_DELAY_MS;
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** Headers that let us in, for what is not sent by {@link send}. */
  headers(): Readonly<Record<string, string>> {
    const { header, token } = this.#token ?? {};
    return {
      ...this.#authorization(),
      ...this.#cookies.header(),
      ...(header !== undefined && token !== undefined && { [header]: token }),
    };
  }

  /** A link of the service as we reach it: proxies on the way may have changed scheme and host. */
  urlOf(link: string): URL {
    const url = new URL(link, this.base);
    url.protocol = this.base.protocol;
    url.host = this.base.host;
    return url;
  }

  /** The certificate to trust, and how long to wait, as they were given. */
  get connection(): Pick<RestServer, 'certificate'> & { readonly timeoutMs: number } {
    const { certificate, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    return { ...(certificate !== undefined && { certificate }), timeoutMs };
  }

  /** Hangs up. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#http.close();
  }

  async #once<T>(request: RestRequest<T>, signal?: AbortSignal): Promise<T> {
    let reply = await this.#exchange(request, signal);
    const isForgotten = reply.status === 401;
    // A token that is too old is refused like a request that we may not make.
    const mayBeStale = reply.status === 403 && request.method !== 'GET';
    if (isForgotten || mayBeStale) {
      await (isForgotten ? this.#logInOnce() : this.#readRoot());
      reply = await this.#exchange(request, signal);
    }
    return answerOf(request, reply, this.base);
  }

  async #exchange(request: RestRequest<unknown>, signal?: AbortSignal): Promise<HttpReply> {
    const url = new URL(`${ROOT}/${request.path}`, this.base);
    for (const [name, value] of Object.entries(request.query)) {
      url.searchParams.set(name, String(value));
    }
    const timeoutMs = request.timeoutMs ?? this.connection.timeoutMs;
    const message = {
      method: request.method,
      headers: { ...this.headers(), ...contentType(request.body) },
      ...(request.body !== undefined && { body: encode(request.body) }),
    };
    const reply = await this.#http.send(url, message, timeoutMs, signal);
    this.#cookies.keep(reply.headers.getSetCookie());
    return reply;
  }

  /** Requests that are under way together find out together that they are forgotten. */
  #logInOnce(): Promise<void> {
    this.#loggingIn ??= this.#logIn().finally(() => {
      this.#loggingIn = undefined;
    });
    return this.#loggingIn;
  }

  async #logIn(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#cookies.clear();
    this.#token = undefined;
    const { credentials } = this.#options;
    if (credentials.kind === 'form') await this.#fillForm(credentials);
    if (credentials.kind === 'bearer') await this.#visit(LOG_IN_PAGE);
    await this.#readRoot();
  }

  async #fillForm({ user, password }: Credentials & { kind: 'form' | 'basic' }): Promise<void> {
    const page = await this.#visit(LOG_IN_PAGE);
    const token = hiddenToken(textOf(page));
    if (token === undefined) {
      throw new SpallocProtocolError(
        'the log-in page of the allocation service has no form of ours',
      );
    }
    const form = { _csrf: token, username: user, password: password.reveal(), submit: 'submit' };
    const reply = await this.#visit(LOG_IN, new URLSearchParams(form).toString());
    const isIn = reply.status >= 300 && reply.status < 400;
    if (isIn) return;
    const refusal = new SpallocLogInError(this.base.href, reply.status);
    if (reply.status === 401) this.#refusal = refusal;
    throw refusal;
  }

  async #readRoot(): Promise<void> {
    const reply = await this.#visit(ROOT);
    if (reply.status !== 200) throw new SpallocLogInError(this.base.href, reply.status);
    const root = fieldsOf('the root document', json(reply));
    this.#token = {
      header: field(root, 'csrf-header', text),
      token: field(root, 'csrf-token', text),
    };
  }

  async #visit(path: string, form?: string): Promise<HttpReply> {
    const headers = { ...this.#authorization(), ...this.#cookies.header() };
    const reply = await this.#http.send(
      new URL(path, this.base),
      form === undefined
        ? { method: 'GET', headers }
        : { method: 'POST', headers: { ...headers, ...FORM }, body: form },
      this.connection.timeoutMs,
    );
    this.#cookies.keep(reply.headers.getSetCookie());
    return reply;
  }

  #authorization(): Record<string, string> {
    const { credentials } = this.#options;
    if (credentials.kind === 'bearer') {
      return { Authorization: `Bearer ${credentials.token.reveal()}` };
    }
    if (credentials.kind === 'form') return {};
    const pair = Buffer.from(`${credentials.user}:${credentials.password.reveal()}`);
    return { Authorization: `Basic ${pair.toString('base64')}` };
  }
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** The base with a slash at its end, below which all paths lie. */
function baseOf(url: string): URL {
  const base = new URL(URL.canParse(url) ? url : 'about:blank');
  if (!/^https?:$/.test(base.protocol)) {
    throw new SpallocRequestError(
      'url',
      url,
      'give a URL such as https://spinnaker.example/spalloc/',
    );
  }
  if (base.username !== '' || base.password !== '') {
    throw new SpallocRequestError(
      'url',
      base.origin,
      'leave user and password out of it: SPALLOC_USER and SPALLOC_PASSWORD are for them',
    );
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** The token in the hidden field `_csrf` of the log-in form. */
function hiddenToken(page: string): string | undefined {
  const input = page.match(/<input\b[^>]*>/gi)?.find((tag) => /\bname=["']_csrf["']/i.test(tag));
  return input === undefined ? undefined : /\bvalue=["']([^"']*)["']/i.exec(input)?.[1];
}
