/** Programs in files, and the cores that they go to. */
import { readFile } from 'node:fs/promises';
import { discoverMachine } from '@spin-tools/machine-model';
import { decodeAplx, type MachineController } from '@spin-tools/scp';
import { Argument, type Command } from 'commander';
import { wholeNumber } from '../commands/command.js';
import { FileError } from '../data/file-error.js';
import { addCores, type ChipCores, type CoreSelection } from './core-selection.js';

/** What {@link withApplication} adds to a command's options. */
export interface ApplicationOptions {
  readonly cores: CoreSelection;
  readonly appId: number;
}

/** Adds a program's file, `--cores` and `--app-id`. */
export function withApplication(command: Command): Command {
  return command
    .addArgument(new Argument('<file>', 'program image, APLX'))
    .requiredOption('--cores <cores...>', 'X,Y:CORES such as 0,0:1-4,7, or all', addCores)
    .option('--app-id <number>', 'application the cores belong to', wholeNumber(16, 255), 16);
}

/**
 * Reads a program image.
 *
 * @throws FileError when the file does not begin with a table of what to copy and execute
 */
export async function readApplication(file: string): Promise<Uint8Array> {
  const image = await readFile(file);
  if (decodeAplx(image).some(({ operation }) => operation === 'execute')) return image;
  throw new FileError(file, 'is no APLX program image: it has nothing to execute');
}

/** The cores of a selection; `all` is every application core of the machine. */
export async function targetsOf(
  controller: MachineController,
  selection: CoreSelection,
): Promise<readonly ChipCores[]> {
  if (selection !== 'all') return selection;
  const { chips } = await discoverMachine(controller);
  return chips.map(({ x, y, cores }) => ({
    chip: { x, y },
    cores: Array.from({ length: cores - 1 }, (_, index) => index + 1),
  }));
}
