/** `spin-tools power`: the supplies of boards, by their management processors. */
import type { BoardStatus } from '@spin-tools/scp';
import { Argument, Command } from 'commander';
import { isPowered, outOfRange } from '../machine/board-health.js';
import {
  type BmpOptions,
  boardsArgument,
  boardsOf,
  withBoards,
  withFrame,
} from '../machine/frame.js';
import { count } from '../terminal/count.js';
import { columns } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

type Action = 'status' | 'on' | 'off';

interface PowerOptions extends BmpOptions {
  readonly delay: number;
}

/** Longest pause between two boards, ms: it has 16 bits. */
const MOST_DELAY = 65_535;

/** Makes the command. */
export function powerCommand(io: Io): Command {
  const command = new Command('power')
    .description(
      'Boards that are switched on, also those that are on already, wait for a boot afterwards. It takes some seconds, since their FPGAs are loaded.',
    )
    .addArgument(
      new Argument('[action]', 'what to do').choices(['status', 'on', 'off']).default('status'),
    )
    .addArgument(boardsArgument())
    .option(
      '--delay <ms>',
      'pause between two boards, so that not all load the supply at once',
      wholeNumber(0, MOST_DELAY),
      0,
    );
  withExamples(
    command,
    [
      ['power --bmp-host 192.168.240.0', 'shows how board 0 is.'],
      ['power on 0-23 --delay 100 --bmp-host 10.0.0.0', 'switches a whole frame on.'],
      ['power off 3', 'switches board 3 of the frame off.'],
    ],
    '{ boards: [{ board, on, volts, celsius, fansRpm, warnings, shutdowns }] }, or { boards, power } when they are switched',
  );
  return runs<PowerOptions, [Action, readonly number[]]>(withFrame(command), io, runPower);
}

async function runPower(
  options: PowerOptions,
  terminal: Terminal,
  action: Action,
  numbers: readonly number[],
): Promise<void> {
  const boards = boardsOf(numbers);
  await withBoards(options, async (controller) => {
    if (action !== 'status') {
      await controller.power(boards, action === 'on', { delayMs: options.delay });
      terminal.report(`${count(boards.length, 'board')} switched ${action}: ${boards.join(', ')}`);
      terminal.result({ boards, power: action });
      return;
    }
    const statuses = await Promise.all(
      boards.map(async (board) => ({ board, ...(await controller.readAdc(board)) })),
    );
    terminal.sayAll(statusLines(statuses, terminal));
    terminal.result({
      boards: statuses.map((status) => ({ ...status, on: isPowered(status) })),
    });
  });
}

type Board = BoardStatus & { readonly board: number };

/** A column for each board, with what is out of its limits in red below. */
function statusLines(boards: readonly Board[], terminal: Terminal): string[] {
  const line = (name: string, cell: (board: Board) => string) => [name, ...boards.map(cell)];
  const wrong = boards.flatMap((status) =>
    outOfRange(status).map(({ what, value, limits }) =>
      terminal.colours.red(`board ${status.board}: ${what} is ${value}, should be ${limits}`),
    ),
  );
  return [
    ...columns([
      line('board', ({ board }) => String(board)),
      line('power', (status) => (isPowered(status) ? 'on' : 'off')),
      line('1.2 V A', ({ volts }) => shown(volts.core1V2A, 2, 'V')),
      line('1.2 V B', ({ volts }) => shown(volts.core1V2B, 2, 'V')),
      line('1.2 V C', ({ volts }) => shown(volts.core1V2C, 2, 'V')),
      line('1.8 V', ({ volts }) => shown(volts.memory1V8, 2, 'V')),
      line('3.3 V', ({ volts }) => shown(volts.io3V3, 2, 'V')),
      line('12 V', ({ volts }) => shown(volts.input12V, 2, 'V')),
      line('top', ({ celsius }) => shown(celsius.top, 1, '°C')),
      line('bottom', ({ celsius }) => shown(celsius.bottom, 1, '°C')),
      line('fans', ({ fansRpm }) => fansRpm.map((rpm) => shown(rpm, 0, '')).join(' ')),
    ]),
    ...wrong,
  ];
}

function shown(value: number | undefined, digits: number, unit: string): string {
  return value === undefined ? '-' : `${value.toFixed(digits)} ${unit}`.trim();
}
