/** What firmware authors follow the cores of a virtual machine with: GDB. */
import type { VirtualMachine } from '@spin-tools/sim';
import { serveGdb } from '@spin-tools/sim/gdb';
import type { Command } from 'commander';
import { listeningPort } from '../commands/command.js';
import type { Terminal } from '../terminal/terminal.js';

/** What {@link withDebugging} adds to a command's options. */
export interface DebuggingOptions {
  /** True for the port by default. */
  readonly gdb?: number | true;
}

/** TCP port where GDB is waited for, unless another is given: that of OpenOCD, to which GDB's users are used. */
const GDB_PORT = 3333;

/** Debugging that goes on until it is disposed of. */
export interface Debugging extends AsyncDisposable {
  /** TCP port that waits for GDB, if any does. */
  readonly gdbPort: number | undefined;
}

/** Adds `--gdb`. */
export function withDebugging(command: Command): Command {
  return command.option(
    '--gdb [port]',
    `wait for GDB on a TCP port of loopback (default: ${GDB_PORT})`,
    listeningPort,
  );
}

/** Starts what the options ask for. */
export async function startDebugging(
  machine: VirtualMachine,
  { gdb }: DebuggingOptions,
  terminal: Terminal,
): Promise<Debugging> {
  if (gdb === undefined) return { gdbPort: undefined, async [Symbol.asyncDispose]() {} };
  const served = await serveGdb(machine, { port: gdb === true ? GDB_PORT : gdb });
  terminal.say(`GDB on TCP port ${served.port}: target remote ${served.host}:${served.port}`);
  return {
    gdbPort: served.port,
    async [Symbol.asyncDispose]() {
      await served.close();
    },
  };
}
