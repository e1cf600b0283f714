/** Log-in data, which come from the environment, a file of ours alone, or a prompt, and are never shown. */
import { readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import { inspect } from 'node:util';
import { iniSection } from '../config/ini.js';
import { SpallocConfigError } from '../errors.js';

const HIDDEN = '[secret]';

/** A text that shows itself to nobody but who asks for it by name: not in logs, JSON or errors. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, to be sent and nothing else. */
  reveal(): string {
    return this.#value;
  }

  /** The same text for every secret, so that none gets into messages. */
  toString(): string {
    return HIDDEN;
  }

  /** As {@link toString}, so that none gets into files. */
  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** How to log in. */
export type Credentials =
  /** As people do, by the log-in page; `basic` sends both with every request instead. */
  | {
      readonly kind: 'form' | 'basic';
      readonly user: string;
      readonly password: Secret;
    }
  /** A token of OpenID Connect. */
  | { readonly kind: 'bearer'; readonly token: Secret };

/** Bits of a file's mode that let others than its owner at it. */
const OTHERS = 0o077;
const SECTION = 'spalloc';

/**
 * Log-in data from the environment: SPALLOC_USER and SPALLOC_PASSWORD, OIDC_BEARER_TOKEN, or the file that
 * SPALLOC_CREDENTIALS names. SPALLOC_LOGIN=basic does without the log-in page.
 *
 * @returns undefined when there are none
 * @throws SpallocConfigError for a file that others can read, or that says nothing
 */
export async function credentialsFromEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Credentials | undefined> {
  const { SPALLOC_USER, SPALLOC_PASSWORD, OIDC_BEARER_TOKEN, SPALLOC_CREDENTIALS } = environment;
  const kind = environment.SPALLOC_LOGIN === 'basic' ? 'basic' : 'form';
  const found = credentialsOf(kind, SPALLOC_USER, SPALLOC_PASSWORD, OIDC_BEARER_TOKEN);
  if (found !== undefined || SPALLOC_CREDENTIALS === undefined) return found;
  return credentialsFromFile(SPALLOC_CREDENTIALS, kind);
}

/**
 * Log-in data from a file with a section `[spalloc]`: `user` and `password`, or `token`.
 *
 * @throws SpallocConfigError when others than its owner can read it, or it lacks something
 */
export async function credentialsFromFile(
  file: string,
  kind: 'form' | 'basic' = 'form',
): Promise<Credentials> {
  const { mode } = await stat(file);
  if ((mode & OTHERS) !== 0) {
    throw new SpallocConfigError(file, `others can read it. Forbid that: chmod 600 ${file}`);
  }
  const values = iniSection(file, await readFile(file, 'utf8'), SECTION);
  const { user, password, token } = Object.fromEntries(values);
  const found = credentialsOf(kind, user, password, token);
  if (found !== undefined) return found;
  throw new SpallocConfigError(file, 'needs "user" and "password", or "token", in [spalloc]');
}

function credentialsOf(
  kind: 'form' | 'basic',
  user: string | undefined,
  password: string | undefined,
  token: string | undefined,
): Credentials | undefined {
  if (user && password) return { kind, user, password: new Secret(password) };
  return token ? { kind: 'bearer', token: new Secret(token) } : undefined;
}
