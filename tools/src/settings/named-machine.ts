/** `--machine NAME`: a machine that the settings file names, in place of its address. */
import type { Command, Option } from 'commander';
import { usageError } from '../commands/end.js';
import type { Settings } from './settings.js';
import { setFromFile } from './settings.js';
import { isShared } from './shared.js';

/** What `--machine` may be without being the name of one. */
const SOURCES = ['spalloc', 'virtual'];

/** How much a value weighs, by where it comes from. */
const WEIGHTS: Readonly<Record<string, number>> = { config: 1, env: 2, cli: 3 };

/**
 * Settles which of `--host` and `--machine` counts, the one that was said more plainly, and puts the address
 * of a named machine in the place of its name.
 */
export function resolveMachine(command: Command, settings: Settings): void {
  const option = sharedOptionOf(command, 'machine');
  const name = command.getOptionValue('machine') as string | undefined;
  if (option === undefined || name === undefined) return;
  const host = command.getOptionValue('host') as string | undefined;
  const weights = { machine: weightOf(command, 'machine'), host: weightOf(command, 'host') };
  if (host !== undefined && weights.host === weights.machine && weights.host === WEIGHTS.cli) {
    usageError(command, "options '--host' and '--machine' exclude each other. Give one of them.");
  }
  if (host !== undefined && weights.host > weights.machine) {
    command.setOptionValueWithSource('machine', undefined, undefined);
    return;
  }
  command.setOptionValueWithSource('host', undefined, undefined);
  if (!SOURCES.includes(name)) useNamed(command, name, settings, weights.machine);
}

function useNamed(command: Command, name: string, settings: Settings, weight: number): void {
  const { machines, file } = settings;
  const found = Object.hasOwn(machines, name) ? machines[name] : undefined;
  if (found === undefined) {
    const known = [...SOURCES, ...Object.keys(machines)].join(', ');
    const advice = file === undefined ? 'there is no spin-tools.config.json that names any' : file;
    usageError(command, `there is no machine "${name}" (${advice}). Give one of ${known}.`);
  }
  command.setOptionValueWithSource('machine', undefined, undefined);
  for (const [key, value] of Object.entries(found)) {
    const option = sharedOptionOf(command, key);
    if (option === undefined || weightOf(command, key) > weight) continue;
    if (weightOf(command, key) === WEIGHTS.cli) continue;
    setFromFile(command, option, value, file ?? '');
  }
}

function sharedOptionOf(command: Command, key: string): Option | undefined {
  return command.options.find((option) => option.attributeName() === key && isShared(option));
}

function weightOf(command: Command, key: string): number {
  return WEIGHTS[command.getOptionValueSource(key) ?? ''] ?? 0;
}
