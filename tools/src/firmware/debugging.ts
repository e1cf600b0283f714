/** How firmware authors follow the cores of a machine that others drive: GDB, traces and profiles. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { VirtualMachine } from '@spin-tools/sim';
import {
  type CoreChoice,
  formatTraceEntry,
  Profile,
  type SymbolTable,
  traceInstructions,
} from '@spin-tools/sim/debug';
import { serveGdb } from '@spin-tools/sim/gdb';
import type { Command } from 'commander';
import { listeningPort } from '../commands/command.js';
import { addCores, type CoreSelection } from '../machine/core-selection.js';
import type { Terminal } from '../terminal/terminal.js';
import { costsOf, profileLines } from './listings.js';
import { readSymbols } from './program-file.js';

/** What {@link withDebugging} adds to a command's options. */
export interface DebuggingOptions {
  /** True for the port by default. */
  readonly gdb?: number | true;
  readonly trace?: string;
  readonly profile?: string;
  readonly follow?: CoreSelection;
  readonly elf?: string;
}

/** TCP port where GDB is waited for, unless another is given: that of OpenOCD, to which GDB's users are used. */
const GDB_PORT = 3333;

/** Debugging that goes on until it is finished. */
export interface Debugging extends AsyncDisposable {
  /** TCP port that waits for GDB, if any does. */
  readonly gdbPort: number | undefined;
}

/** Adds `--gdb`, `--trace`, `--profile`, `--follow` and `--elf`. */
export function withDebugging(command: Command): Command {
  return command
    .option(
      '--gdb [port]',
      `wait for GDB on a TCP port of loopback (default: ${GDB_PORT})`,
      listeningPort,
    )
    .option('--trace <file>', 'write the last 10,000 instructions of cores to a file at the end')
    .option('--profile <file>', 'write where cores spend their cycles to a JSON file at the end')
    .option(
      '--follow <cores...>',
      'cores to debug, trace and profile: X,Y:CORES such as 0,0:1-4,7, or all (default: all)',
      addCores,
    )
    .option('--elf <file>', 'ELF file with names for addresses');
}

/** Starts what the options ask for; what is written to files is written when the result is disposed of. */
export async function startDebugging(
  machine: VirtualMachine,
  options: DebuggingOptions,
  terminal: Terminal,
): Promise<Debugging> {
  const symbols = options.elf === undefined ? undefined : await readSymbols(options.elf);
  const cores = choiceOf(options.follow);
  const finish = [
    startTrace(machine, cores, options.trace, symbols, terminal),
    startProfile(machine, cores, options.profile, symbols, terminal),
  ];
  const { gdb } = options;
  const served =
    gdb === undefined
      ? undefined
      : await serveGdb(machine, { cores, port: gdb === true ? GDB_PORT : gdb });
  if (served !== undefined) {
    terminal.report(`GDB on TCP port ${served.port}: target remote ${served.host}:${served.port}`);
  }
  return {
    gdbPort: served?.port,
    async [Symbol.asyncDispose]() {
      await served?.close();
      for (const each of finish) await each();
    },
  };
}

function choiceOf(follow: CoreSelection = 'all'): CoreChoice {
  if (follow === 'all') return 'all';
  return follow.flatMap(({ chip, cores }) => cores.map((core) => ({ ...chip, core })));
}

function startTrace(
  machine: VirtualMachine,
  cores: CoreChoice,
  file: string | undefined,
  symbols: SymbolTable | undefined,
  terminal: Terminal,
): () => Promise<void> {
  if (file === undefined) return async () => {};
  const trace = traceInstructions(machine, { cores });
  return async () => {
    trace.close();
    const lines = trace.entries().map((entry) => formatTraceEntry(entry, symbols));
    await write(file, lines.map((line) => `${line}\n`).join(''));
    terminal.report(`the last ${lines.length.toLocaleString('en')} instructions are in ${file}`);
  };
}

function startProfile(
  machine: VirtualMachine,
  cores: CoreChoice,
  file: string | undefined,
  symbols: SymbolTable | undefined,
  terminal: Terminal,
): () => Promise<void> {
  if (file === undefined) return async () => {};
  const profile = new Profile(machine, cores);
  return async () => {
    profile.close();
    const costs = costsOf(profile, symbols);
    const { total } = profile;
    const addresses = profile.byAddress();
    await write(file, `${JSON.stringify({ total, symbols: costs, addresses })}\n`);
    for (const line of profileLines(costs)) terminal.say(line);
    terminal.report(`the whole profile is in ${file}`);
  };
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
