/** `spin-tools load`: puts a program on cores and starts it. */
import { Command } from 'commander';
import {
  type ApplicationOptions,
  readApplication,
  targetsOf,
  withApplication,
} from '../machine/application.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { count } from '../terminal/count.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface LoadOptions extends AddressOptions, ApplicationOptions {
  readonly wait?: boolean;
}

/** Makes the command. */
export function loadCommand(io: Io): Command {
  const command = withApplication(new Command('load')).option(
    '--wait',
    'let the program wait for the signal "start"',
  );
  withExamples(
    command,
    [
      ['load hello.aplx --cores 0,0:1-4 1,0:1', 'starts a program on five cores of two chips.'],
      [
        'load hello.aplx --cores all --app-id 30 --wait',
        'waits for "spin-tools signal start --app-id 30".',
      ],
    ],
    '{ file, appId, chips, cores, waiting }',
  );
  return runs(withAddress(command, true), io, runLoad);
}

async function runLoad(options: LoadOptions, terminal: Terminal, file: string): Promise<void> {
  const { appId, wait = false } = options;
  const image = await readApplication(file);
  const targets = await withMachine(options, terminal, async (controller) => {
    const chosen = await targetsOf(controller, options.cores);
    await controller.loadApplication(image, chosen, appId, { wait });
    return chosen;
  });
  const cores = targets.reduce((count, target) => count + target.cores.length, 0);
  const chips = new Set(targets.map(({ chip }) => `${chip.x},${chip.y}`)).size;
  const state = wait ? 'waiting for the signal to start' : 'started';
  const where = `${count(cores, 'core')} of ${count(chips, 'chip')}`;
  terminal.report(`${where} run ${file} as application ${appId}, ${state}`);
  terminal.result({ file, appId, chips, cores, waiting: wait });
}
