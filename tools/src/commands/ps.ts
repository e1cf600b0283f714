/** `spin-tools ps`: what the cores of a machine run, by application. */
import { Command } from 'commander';
import { groupBy } from '../group-by.js';
import { coreEntries, describeCore } from '../machine/core-entries.js';
import { formatCores } from '../machine/core-selection.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { plain } from '../terminal/plain.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface PsOptions extends AddressOptions {
  readonly all?: boolean;
}

/** Makes the command. */
export function psCommand(io: Io): Command {
  const command = new Command('ps').option('--all', 'monitors and idle cores, too');
  withExamples(
    command,
    [
      ['ps', 'lists applications, their states, and the cores that failed.'],
      ['ps --all --json', 'gives every core to a program.'],
    ],
    '{ cores: [{ x, y, core, appId, name, state, error }] }',
  );
  return runs(withAddress(command, true), io, runPs);
}

async function runPs(options: PsOptions, terminal: Terminal): Promise<void> {
  const cores = await withMachine(options, terminal, (controller) =>
    coreEntries(controller, options.all),
  );
  const groups = groupBy(cores, ({ appId, name, state, error = '' }) =>
    JSON.stringify([appId, name, state, error]),
  );
  const rows = [...groups.values()].map((group) => {
    const { appId, name, error } = group[0];
    const state = describeCore(group[0]);
    const shown = error === undefined ? state : terminal.colours.red(state);
    return [appId, plain(name), shown, group.length, formatCores(group)] as const;
  });
  if (rows.length === 0) terminal.say('all application cores are idle');
  else terminal.sayAll(table(['app', 'name', 'state', 'cores', 'where'], rows));
  terminal.result({ cores });
}
