/** Boards of a frame, by their management processors. */
import { BmpController, MOST_BOARDS, SCP_PORT, udpTransport } from '@spin-tools/scp';
import { Argument, type Command } from 'commander';
import { usageError } from '../commands/end.js';
import { sharedOption } from '../settings/shared.js';
import { numberRanges } from './number-ranges.js';
import { ADDRESS_GROUP, OTHER_OPTIONS, withSharedPort, withTimeout } from './options.js';
import { patienceOf } from './reach.js';

/** Where the management processor of a frame's board 0 listens. */
export interface BmpOptions {
  readonly bmpHost?: string;
  readonly bmpPort: number;
  readonly timeout?: number;
}

/** Adds `--bmp-host` and `--bmp-port`. */
export function withBmpAddress(command: Command, description: string): Command {
  command.optionsGroup(ADDRESS_GROUP).addOption(sharedOption('--bmp-host <address>', description));
  return withSharedPort(command, '--bmp-port <port>', 'its UDP port', SCP_PORT).optionsGroup(
    OTHER_OPTIONS,
  );
}

/** Adds the options of commands that go to management processors only. */
export function withFrame(command: Command): Command {
  withBmpAddress(command, "management processor of the frame's board 0").optionsGroup(
    ADDRESS_GROUP,
  );
  withTimeout(
    command.addOption(
      sharedOption('--machine <name>', 'a machine that spin-tools.config.json names'),
    ),
  );
  command.hook('preAction', () => {
    if (command.opts<BmpOptions>().bmpHost !== undefined) return;
    usageError(
      command,
      "required option '--bmp-host <address>' not specified, nor '--machine <name>'.",
    );
  });
  return command.optionsGroup(OTHER_OPTIONS);
}

/** Reads the boards that a command is for. */
const boardNumbers = numberRanges('board', 0, MOST_BOARDS - 1);

/** The argument for boards of a frame. */
export function boardsArgument(): Argument {
  const description = 'places in the frame, such as 0 or 0-2,5 (default: 0)';
  return new Argument('[boards...]', description).argParser(boardNumbers);
}

/** The boards that were named, or the first. */
export const boardsOf = (named: readonly number[]): readonly number[] =>
  named.length === 0 ? [0] : named;

/** Talks to the boards of a frame, and hangs up at the end. */
export async function withBoards<T>(
  { bmpHost = '', bmpPort, timeout }: BmpOptions,
  work: (controller: BmpController) => Promise<T>,
): Promise<T> {
  const scp = await udpTransport({ host: bmpHost, port: bmpPort });
  const controller = new BmpController({ scp, ...patienceOf({ timeout }) });
  try {
    return await work(controller);
  } finally {
    await controller.close();
  }
}
