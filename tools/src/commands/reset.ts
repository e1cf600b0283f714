/** `spin-tools reset`: the reset lines of boards, by their management processors. */
import { ResetAction } from '@spin-tools/scp';
import { Command, Option } from 'commander';
import {
  type BmpOptions,
  boardsArgument,
  boardsOf,
  withBoards,
  withFrame,
} from '../machine/frame.js';
import { count } from '../terminal/count.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface ResetOptions extends BmpOptions {
  readonly hold?: boolean;
  readonly release?: boolean;
  readonly fpgas?: boolean;
  readonly delay: number;
}

/** Longest pause between two boards, ms: it has 16 bits. */
const MOST_DELAY = 65_535;

/** Makes the command. */
export function resetCommand(io: Io): Command {
  const command = new Command('reset')
    .addArgument(boardsArgument())
    .addOption(new Option('--hold', 'hold the chips in reset').conflicts('release'))
    .option('--release', 'let chips go that are held')
    .option('--fpgas', 'reset the FPGAs, too, which then lose their settings')
    .option('--delay <ms>', 'pause between two boards', wholeNumber(0, MOST_DELAY), 0);
  withExamples(
    command,
    [
      ['reset --bmp-host 192.168.240.0', 'resets board 0; then boot it.'],
      ['reset 0-23 --machine rack', 'resets a frame that spin-tools.config.json names.'],
    ],
    '{ boards, action, fpgas }',
  );
  return runs<ResetOptions, [readonly number[]]>(withFrame(command), io, runReset);
}

async function runReset(
  options: ResetOptions,
  terminal: Terminal,
  numbers: readonly number[],
): Promise<void> {
  const { hold = false, release = false, fpgas = false, delay: delayMs } = options;
  const action = hold ? ResetAction.Hold : release ? ResetAction.Release : ResetAction.Pulse;
  const boards = boardsOf(numbers);
  await withBoards(options, (controller) => controller.reset(boards, { action, fpgas, delayMs }));
  const done = hold ? 'held in reset' : release ? 'released' : 'reset';
  terminal.report(`${count(boards.length, 'board')} ${done}: ${boards.join(', ')}`);
  terminal.result({ boards, action: hold ? 'hold' : release ? 'release' : 'pulse', fpgas });
}
