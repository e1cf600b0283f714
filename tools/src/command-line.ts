/** The command line as a function: arguments and streams in, exit code out. */
import { Command, CommanderError } from 'commander';
import { allocCommand } from './commands/alloc.js';
import { bootCommand } from './commands/boot.js';
import { CommandExit, type Io } from './commands/command.js';
import { convertCommand } from './commands/convert.js';
import { debugCommand } from './commands/debug.js';
import { demoCommand } from './commands/demo.js';
import { disassembleCommand } from './commands/disassemble.js';
import { evaluateCommand } from './commands/evaluate.js';
import { explainCommand } from './commands/explain.js';
import { infoCommand } from './commands/info.js';
import { loadCommand } from './commands/load.js';
import { mapCommand } from './commands/map.js';
import { predictCommand } from './commands/predict.js';
import { psCommand } from './commands/ps.js';
import { selftestCommand } from './commands/selftest.js';
import { simCommand } from './commands/sim.js';
import { trainCommand } from './commands/train.js';
import { explain } from './terminal/explain.js';

/** All commands, in the order of the help text. */
const COMMANDS = [
  demoCommand,
  simCommand,
  bootCommand,
  infoCommand,
  psCommand,
  loadCommand,
  selftestCommand,
  mapCommand,
  trainCommand,
  evaluateCommand,
  predictCommand,
  convertCommand,
  explainCommand,
  debugCommand,
  disassembleCommand,
  allocCommand,
];

/** Exit code of a command that could not do what was asked. */
const FAILURE = 1;

/** Exit code of arguments that make no sense. */
const USAGE = 2;

/**
 * Runs one command. Writes to `io` only, never exits and never throws.
 *
 * @param args the arguments behind the program's name
 * @returns the exit code: 0, 1 when the command failed, 2 when the arguments make no sense, or what a command
 *   says that it means
 */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  try {
    await program(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommandExit) return error.code;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    io.stderr.write(`${explain(error)}\n`);
    return FAILURE;
  }
}

function program(io: Io): Command {
  const root = new Command('spin-tools')
    .description('Drive a SpiNNaker machine, real or virtual, and train networks on it')
    .version('0.1.0')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  for (const make of COMMANDS) root.addCommand(make(io).copyInheritedSettings(root));
  return root;
}
