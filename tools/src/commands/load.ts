/** `spin-tools load`: puts a program on cores and starts it. */
import { Argument, Command } from 'commander';
import { readApplication, targetsOf } from '../machine/application.js';
import { addCores, type CoreSelection } from '../machine/core-selection.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { count } from '../terminal/count.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface LoadOptions extends AddressOptions {
  readonly cores: CoreSelection;
  readonly appId: number;
  readonly wait?: boolean;
}

/** Makes the command. */
export function loadCommand(io: Io): Command {
  const command = new Command('load')
    .addArgument(new Argument('<file>', 'program image, APLX'))
    .requiredOption('--cores <cores...>', 'X,Y:CORES such as 0,0:1-4,7, or all', addCores)
    .option('--app-id <number>', 'application the cores belong to', wholeNumber(16, 255), 16)
    .option('--wait', 'let the program wait for the signal "start"');
  withExamples(command, [
    ['load hello.aplx --cores 0,0:1-4 1,0:1', 'starts a program on five cores of two chips.'],
    [
      'load hello.aplx --cores all --app-id 30 --wait',
      'waits for "spin-tools signal start --app-id 30".',
    ],
  ]);
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
