/**
 * Defaults of options from `spin-tools.config.json`. What the command line says counts most, then variables,
 * then the file, then what is built in.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, CommanderError, type Option } from 'commander';
import { isShared, MACHINE_SETTINGS, SHARED_SETTINGS } from './shared.js';

/** Its name; it is looked for in the folder that a command runs in, then in those above. */
export const SETTINGS_FILE = 'spin-tools.config.json';

type Values = Readonly<Record<string, unknown>>;

/** What a settings file says. */
export interface Settings {
  /** Where it lies; undefined where there is none. */
  readonly file: string | undefined;
  /** Values of shared options, by their names in camelCase. */
  readonly shared: Values;
  /** Values of shared options for machines, by the machines' names. */
  readonly machines: Readonly<Record<string, Values>>;
  /** Values of options of commands, by the commands' names: `train`, `alloc ps`. */
  readonly commands: Readonly<Record<string, Values>>;
}

/** A settings file that says something that cannot be. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(`${file}: ${reason}`);
  }
}

/**
 * Reads the settings: those of SPIN_TOOLS_CONFIG, none if that is empty, else the nearest file.
 *
 * @param folder where the search begins
 * @param commands names that commands may have
 * @throws SettingsError for one that makes no sense; the system's error when SPIN_TOOLS_CONFIG names none
 */
export async function readSettings(folder: string, commands: readonly string[]): Promise<Settings> {
  const named = process.env.SPIN_TOOLS_CONFIG;
  if (named === '') return NO_SETTINGS;
  const settings = named === undefined ? await nearestSettings(folder) : await readFrom(named);
  const first = Object.keys(settings.commands).map((name) => [name.split(' ')[0] ?? '', {}]);
  checkKeys(settings.file ?? '', 'commands.', Object.fromEntries(first), commands);
  return settings;
}

const NO_SETTINGS: Settings = { file: undefined, shared: {}, machines: {}, commands: {} };

async function nearestSettings(folder: string): Promise<Settings> {
  const file = join(folder, SETTINGS_FILE);
  try {
    return await readFrom(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return dirname(folder) === folder ? NO_SETTINGS : nearestSettings(dirname(folder));
}

async function readFrom(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8');
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(file, `is not JSON: ${(error as Error).message}`);
  }
  return settingsOf(file, objectOf(file, 'the whole', values));
}

function settingsOf(file: string, values: Values): Settings {
  const { machines = {}, commands = {}, ...shared } = values;
  checkKeys(file, '', shared, [...SHARED_SETTINGS, '$schema']);
  const machineValues = objectsOf(file, 'machines', machines);
  for (const [name, machine] of Object.entries(machineValues)) {
    checkKeys(file, `machines.${name}.`, machine, MACHINE_SETTINGS);
  }
  return { file, shared, machines: machineValues, commands: objectsOf(file, 'commands', commands) };
}

function objectsOf(file: string, field: string, value: unknown): Record<string, Values> {
  const entries = Object.entries(objectOf(file, `"${field}"`, value));
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, objectOf(file, `"${field}.${name}"`, inner)]),
  );
}

function objectOf(file: string, what: string, value: unknown): Values {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  throw new SettingsError(file, `${what} must be an object: ${JSON.stringify(value)}`);
}

function checkKeys(file: string, path: string, values: Values, known: readonly string[]): void {
  const unknown = Object.keys(values).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new SettingsError(
    file,
    `there is no setting "${path}${unknown}"; give ${known.join(', ')}`,
  );
}

/** Makes what the settings say the defaults of a command's options, and of those of the commands below it. */
export function applySettings(command: Command, settings: Settings, above = ''): void {
  const { file = '', shared, commands } = settings;
  const name = `${above}${command.name()}`;
  const own = commands[name] ?? {};
  const attributes = command.options.map((option) => option.attributeName());
  checkKeys(file, `commands.${name}.`, own, attributes);
  for (const option of command.options) {
    const key = option.attributeName();
    const value = own[key] ?? (isShared(option) ? shared[key] : undefined);
    if (value !== undefined) setFromFile(command, option, value, file);
  }
  for (const below of command.commands) applySettings(below, settings, `${name} `);
}

/** Gives an option a value as if it had been typed, but with less weight. Throws SettingsError. */
export function setFromFile(command: Command, option: Option, value: unknown, file: string): void {
  const key = option.attributeName();
  command.setOptionValueWithSource(key, parsedValue(option, value, file), 'config');
}

function parsedValue(option: Option, value: unknown, file: string): unknown {
  const refuse = (why: string): never => {
    throw new SettingsError(
      file,
      `"${option.attributeName()}" is ${JSON.stringify(value)}: ${why}`,
    );
  };
  if (option.isBoolean() || option.negate) {
    return typeof value === 'boolean' ? value : refuse('give true or false.');
  }
  const words = option.variadic && Array.isArray(value) ? value : [value];
  if (words.some((word) => typeof word !== 'string' && typeof word !== 'number')) {
    refuse(`give a text or a number${option.variadic ? ', or a list of them' : ''}.`);
  }
  const { parseArg } = option;
  if (parseArg === undefined) return option.variadic ? words.map(String) : String(value);
  try {
    return words.reduce((before, word) => parseArg(String(word), before), undefined);
  } catch (error) {
    if (error instanceof CommanderError) return refuse(error.message);
    throw error;
  }
}
