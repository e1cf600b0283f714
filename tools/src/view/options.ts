/** `--view` of commands that have a machine of their own. */
import type { VirtualMachine } from '@spin-tools/sim';
import type { Command } from 'commander';
import { listeningPort } from '../commands/command.js';
import type { Terminal } from '../terminal/terminal.js';
import { machineInProcess } from './reach.js';
import { startViewing, type Viewing } from './viewing.js';

/** Port of the page unless told. */
export const VIEW_PORT = 8780;

/** What {@link withView} adds to a command's options. */
export interface ViewOption {
  /** TCP port of the page; `true` for the usual one. */
  readonly view?: number | true;
}

/** Adds `--view`. */
export function withView(command: Command): Command {
  return command.option(
    '--view [port]',
    `show it in a web page on 127.0.0.1 (port ${VIEW_PORT} unless told)`,
    listeningPort,
  );
}

/** Serves the page where that is asked for, with nothing in it yet. */
export async function startViewingIf(
  { view }: ViewOption,
  terminal: Terminal,
): Promise<Viewing | undefined> {
  if (view === undefined) return undefined;
  const viewing = await startViewing({ port: view === true ? VIEW_PORT : view });
  terminal.say(`shown at ${viewing.url}`);
  return viewing;
}

/** Shows a virtual machine of this process where that is asked for; the address of the page is then known. */
export async function viewVirtual(
  name: string,
  virtual: VirtualMachine,
  options: ViewOption,
  terminal: Terminal,
): Promise<Viewing | undefined> {
  const viewing = await startViewingIf(options, terminal);
  viewing?.watch(machineInProcess(name, virtual));
  return viewing;
}
