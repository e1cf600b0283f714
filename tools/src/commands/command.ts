/** What all commands have in common: `--json`, a terminal, and options that are checked by name. */
import { isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { type Output, Terminal } from '../terminal/terminal.js';

/** What a command line reads and writes besides its arguments. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Settles when the user asks the program to stop. */
  untilStopped(): Promise<void>;
}

/** Ends the program with a code of its own, when all has been said. */
export class CommandExit extends Error {
  override readonly name = 'CommandExit';

  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}

/** Gives `command` the option `--json` and makes it call `run` with its options and arguments. */
export function runs<Options>(
  command: Command,
  io: Io,
  run: (options: Options, terminal: Terminal, ...args: string[]) => Promise<void>,
): Command {
  return command
    .option('--json', 'print one JSON object and nothing else')
    .action(async (...received: unknown[]) => {
      const args = received.slice(0, -2) as string[];
      const options = received.at(-2) as Options & { json?: boolean };
      await run(options, new Terminal(io.stdout, io.stderr, options.json === true), ...args);
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

/** Options that make no sense together; reported as commander reports one that makes no sense alone. */
export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}
