/** Tells the two generations of allocation servers apart, and completes what a user says about one. */
import { readSettings, type SpallocSettings, withSettings } from './config/settings.js';
import { SpallocRequestError } from './errors.js';
import type { RestJobOptions } from './rest/job-service.js';
import { type Credentials, credentialsFromEnvironment } from './rest/secrets.js';
import type { RestServer } from './rest/session.js';
import type { BoardPorts } from './v1/job-service.js';
import type { SessionOptions } from './v1/session.js';

/** Which server, and how it and its boards are reached. What is not given comes from configuration files. */
export interface ServerOptions extends Partial<SessionOptions>, BoardPorts, RestJobOptions {
  /** Name or address of a server of protocol version 1, or the URL of a service with a web interface. */
  readonly host?: string;
  /** For the web interface. Default: SPALLOC_USER and SPALLOC_PASSWORD, OIDC_BEARER_TOKEN or SPALLOC_CREDENTIALS. */
  readonly credentials?: Credentials;
  /** Asked for log-in data of the web interface when there are none otherwise. */
  readonly askCredentials?: (() => Promise<Credentials>) | undefined;
  /** A certificate of the web interface to trust besides those that Node.js trusts, PEM. */
  readonly certificate?: string;
  /** Configuration files, the one that counts most at the end. Default: those of the official client. */
  readonly configFiles?: readonly string[];
}

/** A server of one of the generations, with all that it needs. */
export type KnownServer<T> =
  | { readonly kind: 'v1'; readonly options: T & SessionOptions }
  | { readonly kind: 'rest'; readonly options: T & RestServer };

/**
 * Completes options by what configuration files and the environment say.
 *
 * @throws SpallocRequestError when no server, or no log-in, is named
 */
export async function knownServer<T extends ServerOptions & SpallocSettings>(
  given: T,
): Promise<KnownServer<T & SpallocSettings>> {
  const options = withSettings(await readSettings(given.configFiles), given);
  const { host } = options;
  if (host === undefined) {
    const advice = 'name the server, here or as "hostname" in .spalloc';
    throw new SpallocRequestError('host', host, advice);
  }
  if (!/^https?:\/\//.test(host)) return { kind: 'v1', options: { ...options, host } };
  const credentials =
    options.credentials ??
    (await credentialsFromEnvironment()) ??
    (await options.askCredentials?.());
  if (credentials !== undefined) {
    return { kind: 'rest', options: { ...options, url: host, credentials } };
  }
  const advice = 'set SPALLOC_USER and SPALLOC_PASSWORD, or see SPALLOC_CREDENTIALS';
  throw new SpallocRequestError('credentials', undefined, advice);
}
