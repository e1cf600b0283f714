/** What all commands have in common: a terminal, how to show things, and options that are checked by name. */
import { isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { HELP_COLUMNS } from '../terminal/help.js';
import { type Output, Terminal, type TerminalOptions } from '../terminal/terminal.js';

/** What a command line reads and writes besides its arguments. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Where the search for a settings file begins. Default: the folder that the process runs in. */
  readonly folder?: string;
  /** Settles when the user asks the program to stop. */
  untilStopped(): Promise<void>;
  /** From now on, aborts when the user asks to stop, instead of ending the program; once. */
  stopSignal?(): AbortSignal;
}

/** An example: what to type, and what that does. */
export type Example = readonly [line: string, meaning: string];

/**
 * Adds examples to a command's help, and what `--json` prints.
 *
 * @param result the fields of the object, as JavaScript would take it apart
 */
export function withExamples(
  command: Command,
  examples: readonly Example[],
  result: string,
): Command {
  const lines = examples.map(([line, meaning]) => `  $ spin-tools ${line}\n      ${meaning}`);
  const json = command.createHelp().boxWrap(`With --json: ${result}`, HELP_COLUMNS);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\n${json}`);
}

/** What the codes of `ExitCode` are called in help texts. */
const EXIT_CODES =
  'Exit codes: 0 done, 1 failed, 2 arguments make no sense, 3 no answer, 4 bad news';

/** Gives `command` the options `--json` and `--quiet`, and makes it call `run` with options and arguments. */
export function runs<Options, Args extends readonly unknown[] = readonly string[]>(
  command: Command,
  io: Io,
  run: (options: Options, terminal: Terminal, ...args: Args) => Promise<void>,
): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object and nothing else')
    .option('-q, --quiet', 'print what was asked for and errors, nothing else')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .action(async (...received: unknown[]) => {
      const args = received.slice(0, -2) as unknown as Args;
      const options = received.at(-2) as Options & TerminalOptions;
      await run(options, new Terminal(io.stdout, io.stderr, options), ...args);
    });
}

/** Reads a whole number of a range from an option. */
export const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };

/** Reads a number above 0 from an option. */
export function positiveNumber(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('Give a number above 0.');
}

/** Reads a share from an option: 0 to below 1. */
export function share(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number < 1) return number;
  throw new InvalidArgumentError('Give a share from 0 to below 1.');
}

/** Reads the UDP port of a machine from an option. */
export const port = wholeNumber(1, 65_535);

/** Reads a UDP port to listen on from an option; 0 leaves the choice to the system. */
export const listeningPort = wholeNumber(0, 65_535);

/** Reads an IPv4 address from an option. */
export function ipv4(value: string): string {
  if (isIPv4(value)) return value;
  throw new InvalidArgumentError('Give an IPv4 address such as 127.0.0.1.');
}
