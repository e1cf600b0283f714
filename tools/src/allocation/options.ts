/** Options that say which allocation server, and which boards. */
import type { BoardsWanted, JobOptions, ServerOptions } from '@spin-tools/spalloc-client';
import { type Command, InvalidArgumentError } from 'commander';
import { port, positiveNumber, wholeNumber } from '../commands/command.js';
import { usageError } from '../commands/end.js';
import { triads } from '../machine/options.js';
import { credentialsPrompt } from './ask.js';

/** What {@link withServer} adds to a command's options. Times are in seconds, as the official client has them. */
export interface ServerCommandOptions {
  readonly host?: string;
  readonly port?: number;
  readonly timeout?: number;
}

/** Adds `--host`, `--port` and `--timeout` of an allocation server, by the official client's letters too. */
export function withServer(command: Command): Command {
  return command
    .option('-H, --host <name>', 'allocation server (default: "hostname" in .spalloc)')
    .option('-P, --port <port>', 'its TCP port', port)
    .option('--timeout <seconds>', 'longest wait for an answer', positiveNumber);
}

/** The server that the options name. */
export function serverOf({ host, port, timeout }: ServerCommandOptions): Partial<ServerOptions> {
  const timeoutMs = timeout === undefined ? undefined : timeout * 1000;
  return given({ host, port, timeoutMs, askCredentials: credentialsPrompt() });
}

/** What {@link withBoards} adds to a command's options. */
export interface BoardOptions {
  readonly owner?: string;
  readonly keepalive?: number;
  readonly boards?: number;
  readonly triads?: { readonly width: number; readonly height: number };
  readonly triad?: readonly number[];
  readonly position?: readonly number[];
  readonly address?: string;
  readonly name?: string;
  readonly tags?: string[];
  readonly avoid?: string[];
  readonly minRatio?: number;
  readonly maxDeadBoards?: number;
  readonly maxDeadLinks?: number;
  readonly requireTorus?: boolean;
  /** Longest time in the queue, seconds. */
  readonly queue?: number;
  readonly replacements?: number;
}

/** Adds the options of a request for boards. */
export function withBoards(command: Command): Command {
  const count = wholeNumber(0, 65_535);
  return command
    .option('--owner <name>', 'who asks, such as your e-mail address')
    .option(
      '--keepalive <seconds>',
      'the server takes the boards back after so long',
      positiveNumber,
    )
    .option('--boards <number>', 'at least so many boards', wholeNumber(1, 65_535))
    .option('--triads <WxH>', 'triads of three boards, side by side', triads)
    .option('--triad <x,y,z>', 'a certain board, by its place among the triads', three)
    .option('--position <cabinet,frame,board>', 'a certain board, by where it hangs', three)
    .option('--address <ip>', 'a certain board, by its IP address (newer servers)')
    .option('-m, --name <name>', 'boards of this machine only')
    .option('-t, --tags <tags...>', 'machines that carry all of these')
    .option('--avoid <addresses...>', 'addresses of boards that are of no use')
    .option('--min-ratio <ratio>', 'least ratio of the sides, 0 to 1', ratio)
    .option('--max-dead-boards <number>', 'boards that may be dead', count)
    .option('--max-dead-links <number>', 'links between boards that may be dead', count)
    .option('-w, --require-torus', 'edges must be joined')
    .option('--queue <seconds>', 'longest time in the queue (default: no limit)', positiveNumber)
    .option('--replacements <number>', 'how often bad boards are replaced', count, 3);
}

/** The request that the options make. */
export function requestOf(command: Command, options: BoardOptions) {
  const { owner, keepalive, name, tags, avoid, minRatio, maxDeadBoards, maxDeadLinks } = options;
  const request: Partial<JobOptions> = given({
    ...{ owner, keepalive, tags, minRatio, maxDeadBoards, maxDeadLinks },
    machine: name,
    boards: boardsOf(command, options),
    requireTorus: options.requireTorus,
  });
  return {
    ...request,
    ...given({ avoid, replacements: options.replacements }),
    ...(options.queue !== undefined && { queueLimitMs: options.queue * 1000 }),
  };
}

function boardsOf(command: Command, options: BoardOptions): BoardsWanted | undefined {
  const { boards, triads: size, triad, position, address } = options;
  const wanted: (BoardsWanted | undefined)[] = [
    ...[boards, size, address === undefined ? undefined : { address }],
    triad && { x: triad[0] as number, y: triad[1] as number, z: triad[2] as number },
    position && {
      ...{ cabinet: position[0] as number, frame: position[1] as number },
      board: position[2] as number,
    },
  ];
  const all = wanted.filter((each) => each !== undefined);
  if (all.length > 1) {
    usageError(
      command,
      "give one of '--boards', '--triads', '--triad', '--position' and '--address'.",
    );
  }
  return all[0];
}

/** Three whole numbers between commas. */
function three(value: string): readonly number[] {
  const found = /^(\d{1,5}),(\d{1,5}),(\d{1,5})$/.exec(value);
  if (found) return found.slice(1).map(Number);
  throw new InvalidArgumentError('Give three whole numbers such as 0,0,2.');
}

function ratio(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('Give a ratio from 0 to 1.');
}

/** Without what was not given. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
