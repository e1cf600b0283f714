/** `spin-tools load`: puts a program on cores and starts it. */
import { readFile } from 'node:fs/promises';
import { discoverMachine } from '@spin-tools/machine-model';
import { decodeAplx, type MachineController } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { FileError } from '../data/file-error.js';
import { addCores, type ChipCores, type CoreSelection } from '../machine/core-selection.js';
import { type AddressOptions, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber } from './command.js';

interface LoadOptions extends AddressOptions {
  readonly cores: CoreSelection;
  readonly appId: number;
  readonly wait?: boolean;
}

/** Makes the command. */
export function loadCommand(io: Io): Command {
  const command = withAddress(
    new Command('load')
      .description('load a program onto cores and start it')
      .addArgument(new Argument('<file>', 'program image, APLX'))
      .requiredOption('--cores <cores...>', 'X,Y:CORES such as 0,0:1-4,7, or all', addCores)
      .option('--app-id <number>', 'application the cores belong to', wholeNumber(16, 255), 16)
      .option('--wait', 'let the program wait for the signal "start"'),
    true,
  );
  return runs(command, io, runLoad);
}

async function runLoad(options: LoadOptions, terminal: Terminal, file: string): Promise<void> {
  const { appId, wait = false } = options;
  const image = await readProgram(file);
  const targets = await withMachine(options, terminal, async (controller) => {
    const chosen = options.cores === 'all' ? await applicationCores(controller) : options.cores;
    await controller.loadApplication(image, chosen, appId, { wait });
    return chosen;
  });
  const cores = targets.reduce((count, target) => count + target.cores.length, 0);
  const chips = new Set(targets.map(({ chip }) => `${chip.x},${chip.y}`)).size;
  const state = wait ? 'waiting for the signal to start' : 'started';
  terminal.say(`${cores} cores of ${chips} chips run ${file} as application ${appId}, ${state}`);
  terminal.result({ file, appId, chips, cores, waiting: wait });
}

/** @throws FileError when the file does not begin with a table of what to copy and execute. */
async function readProgram(file: string): Promise<Uint8Array> {
  const image = await readFile(file);
  if (decodeAplx(image).some(({ operation }) => operation === 'execute')) return image;
  throw new FileError(file, 'is no APLX program image: it has nothing to execute');
}

async function applicationCores(controller: MachineController): Promise<ChipCores[]> {
  const { chips } = await discoverMachine(controller);
  return chips.map(({ x, y, cores }) => ({
    chip: { x, y },
    cores: Array.from({ length: cores - 1 }, (_, index) => index + 1),
  }));
}
