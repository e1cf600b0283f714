/** `spin-tools ps`: what the cores of a machine run, by application. */
import { discoverMachine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  CoreState,
  describeCoreState,
  describeRunTimeError,
  type MachineController,
} from '@spin-tools/scp';
import { Command } from 'commander';
import { groupBy } from '../group-by.js';
import { formatCores } from '../machine/core-selection.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { type Terminal, table } from '../terminal/terminal.js';
import { type Io, runs } from './command.js';

interface PsOptions extends AddressOptions {
  readonly all?: boolean;
}

/** A core and what it runs. */
interface CoreEntry extends ChipAddress {
  readonly core: number;
  readonly appId: number;
  readonly name: string;
  readonly state: string;
  /** What went wrong; absent where nothing did. */
  readonly error?: string;
}

/** Makes the command. */
export function psCommand(io: Io): Command {
  const command = new Command('ps')
    .description('show what the cores of a machine run')
    .option('--all', 'monitors and idle cores, too');
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
    const { appId, name, state, error } = group[0];
    const shown = error === undefined ? state : `${state}: ${error}`;
    return [appId, name, shown, group.length, formatCores(group)] as const;
  });
  if (rows.length === 0) terminal.say('all application cores are idle');
  else
    for (const line of table(['app', 'name', 'state', 'cores', 'where'], rows)) terminal.say(line);
  terminal.result({ cores });
}

async function coreEntries(controller: MachineController, all = false): Promise<CoreEntry[]> {
  const { chips } = await discoverMachine(controller);
  const busy = await Promise.all(chips.map((chip) => busyCores(controller, chip, all)));
  return Promise.all(busy.flat().map((at) => coreEntry(controller, at)));
}

async function busyCores(
  controller: MachineController,
  { x, y }: ChipAddress,
  all: boolean,
): Promise<(ChipAddress & { core: number })[]> {
  const { coreStates, coreCount } = await controller.chipInformation({ x, y });
  return coreStates
    .slice(0, coreCount)
    .flatMap((state, core) =>
      all || (core > 0 && state !== CoreState.Idle) ? [{ x, y, core }] : [],
    );
}

async function coreEntry(
  controller: MachineController,
  at: ChipAddress & { readonly core: number },
): Promise<CoreEntry> {
  const { appId, appName, state, runTimeError } = await controller.vcpu(at);
  return {
    ...at,
    appId,
    name: appName,
    state: describeCoreState(state),
    ...(state === CoreState.RunTimeError && { error: describeRunTimeError(runTimeError) }),
  };
}
