/** The command line as a function: arguments and streams in, exit code out. */
import { Command, CommanderError } from 'commander';
import {
  COMMAND_GROUPS,
  type CommandEntry,
  type CommandGroup,
  makeCommand,
} from './commands/all.js';
import type { Io } from './commands/command.js';
import { CommandExit } from './commands/end.js';
import { resolveMachine } from './settings/named-machine.js';
import { applySettings, readSettings } from './settings/settings.js';
import { hasColours } from './terminal/colours.js';
import { ExitCode, exitCodeOf } from './terminal/exit-code.js';
import { explain } from './terminal/explain.js';
import { HELP_COLUMNS } from './terminal/help.js';
import { VERSION } from './version.js';

/**
 * Runs one command. Writes to `io` only, never exits and never throws.
 *
 * @param args the arguments behind the program's name
 * @returns the exit code, see `ExitCode`, or what a command says that it means
 */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  try {
    const root = await program(io, (name) => name === commandOf(args));
    await root.parseAsync(args, { from: 'user' });
    return ExitCode.Done;
  } catch (error) {
    if (error instanceof CommandExit) return error.code;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.Usage;
    io.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  }
}

/** The command that arguments name, if they name one: options of the program itself have no values. */
function commandOf(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((word) => !word.startsWith('-'));
  return first === 'help' ? second : first;
}

/**
 * The program with all its commands.
 *
 * @param isNeeded which of them are to be there in full; the others are names only, which takes no time
 */
export async function program(io: Io, isNeeded: (name: string) => boolean): Promise<Command> {
  const root = new Command('spin-tools')
    .description('Drive a SpiNNaker machine, real or virtual, and train networks on it.')
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => hasColours(io.stdout),
      getErrHasColors: () => hasColours(io.stderr),
    })
    .configureHelp({
      helpWidth: HELP_COLUMNS,
      styleTitle: (title) => `\u001b[1m${title}\u001b[22m`,
    });
  const names = COMMAND_GROUPS.flatMap(({ commands }) => commands.map(({ name }) => name));
  const settings = names.some(isNeeded)
    ? await readSettings(io.folder ?? process.cwd(), names)
    : undefined;
  for (const { heading, commands } of COMMAND_GROUPS) {
    root.commandsGroup(heading);
    for (const entry of commands) {
      const isWhole = isNeeded(entry.name);
      const command = isWhole ? await makeCommand(entry, io) : nameOnly(entry);
      if (isWhole && settings) applySettings(command, settings);
      inherit(command, root);
      root.addCommand(command);
    }
  }
  const { heading } = COMMAND_GROUPS.at(-1) as CommandGroup;
  root.addHelpCommand(nameOnly(HELP).argument('[command]').helpGroup(heading));
  root.addHelpText('after', '\nspin-tools COMMAND --help tells all about a command.');
  if (settings) root.hook('preAction', (_, command) => resolveMachine(command, settings));
  return root;
}

const HELP = { name: 'help', summary: 'show the help of a command' };

function nameOnly({ name, summary }: Pick<CommandEntry, 'name' | 'summary'>): Command {
  return new Command(name).summary(summary);
}

/** Commands below a command show their help as it does. */
function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from);
  for (const below of command.commands) inherit(below, command);
}
