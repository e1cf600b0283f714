/**
 * Settings from `.spalloc` files, as the official client reads them: the system's, the user's, the folder's;
 * later ones win. Source: the configuration page of the Python spalloc client.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { SpallocConfigError } from '../errors.js';
import type { JobOptions } from '../job-options.js';
import type { SessionOptions } from '../v1/session.js';
import { iniSection } from './ini.js';

/** What files can say. Nothing that they do not mention is set. */
export type SpallocSettings = Partial<
  Pick<SessionOptions, 'host' | 'port' | 'timeoutMs' | 'reconnectDelayMs' | 'ignoreVersion'> &
    Omit<JobOptions, 'boards'>
>;

const SECTION = 'spalloc';
const MS_PER_SECOND = 1000;

/** Where the files are, the one that counts most at the end. */
export function settingsFiles(
  environment: NodeJS.ProcessEnv = process.env,
  folder = process.cwd(),
): readonly string[] {
  const { XDG_CONFIG_DIRS, XDG_CONFIG_HOME } = environment;
  const [site] = (XDG_CONFIG_DIRS || '/etc/xdg').split(delimiter) as [string];
  const user = XDG_CONFIG_HOME || join(homedir(), '.config');
  return [join(site, SECTION), join(user, SECTION), join(folder, '.spalloc')];
}

/**
 * Reads settings. Files that are not there or cannot be read are skipped.
 *
 * @throws SpallocConfigError for a line or value that makes no sense
 */
export async function readSettings(
  files: readonly string[] = settingsFiles(),
): Promise<SpallocSettings> {
  const all = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch(() => undefined);
      return text === undefined ? {} : settingsOf(file, iniSection(file, text, SECTION));
    }),
  );
  return all.reduce<SpallocSettings>(withSettings, {});
}

/** Options over settings. A machine and tags exclude each other, so that the later drives the other out. */
export function withSettings<T extends SpallocSettings>(
  settings: SpallocSettings,
  options: T,
): T & SpallocSettings {
  const { machine, tags, ...others } = settings;
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
  const isPlaced = given.machine !== undefined || given.tags !== undefined;
  return {
    ...others,
    ...(!isPlaced && { ...(machine !== undefined && { machine }), ...(tags && { tags }) }),
    ...given,
  };
}

function settingsOf(file: string, values: ReadonlyMap<string, string>): SpallocSettings {
  const found: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const [name, parse] = KEYS[key] ?? [];
    if (name === undefined || parse === undefined) continue;
    const parsed = parse(value);
    if (parsed === INVALID) {
      throw new SpallocConfigError(
        file,
        `"${key}" is ${JSON.stringify(value)}, which makes no sense`,
      );
    }
    if (parsed !== undefined) found[name] = parsed;
  }
  return found;
}

/** Stands for a value that cannot be. */
const INVALID = Symbol('invalid');

type Parse = (value: string) => unknown;

const text: Parse = (value) => value;
const number: Parse = (value) =>
  value !== '' && Number.isFinite(Number(value)) ? Number(value) : INVALID;
const milliseconds: Parse = (value) => {
  const seconds = number(value);
  return typeof seconds === 'number' ? seconds * MS_PER_SECOND : seconds;
};
const words: Parse = (value) => value.split(',').map((word) => word.trim());
const flag: Parse = (value) => FLAGS[value.toLowerCase()] ?? INVALID;
/** `None` leaves the choice to server and client. */
const orNone =
  (parse: Parse): Parse =>
  (value) =>
    value === 'None' ? undefined : parse(value);

/** Words for yes and no. Source: Python's configparser. */
const FLAGS: Readonly<Record<string, boolean>> = {
  ...{ '1': true, yes: true, true: true, on: true },
  ...{ '0': false, no: false, false: false, off: false },
};

/** Keys of the files, our names for them, and how values are read. Other keys are left alone. */
const KEYS: Readonly<Record<string, readonly [keyof SpallocSettings, Parse]>> = {
  hostname: ['host', text],
  port: ['port', number],
  owner: ['owner', text],
  keepalive: ['keepalive', (value) => (value === 'None' ? null : number(value))],
  reconnect_delay: ['reconnectDelayMs', milliseconds],
  timeout: ['timeoutMs', orNone(milliseconds)],
  machine: ['machine', orNone(text)],
  tags: ['tags', orNone(words)],
  min_ratio: ['minRatio', number],
  max_dead_boards: ['maxDeadBoards', orNone(number)],
  max_dead_links: ['maxDeadLinks', orNone(number)],
  require_torus: ['requireTorus', flag],
  ignore_version: ['ignoreVersion', flag],
};
