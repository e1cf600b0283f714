/** Checks of boards, by their management processors. */
import type { BmpController } from '@spin-tools/scp';
import { isPowered, outOfRange } from '../machine/board-health.js';
import { formatRanges } from '../machine/core-selection.js';
import { type BmpOptions, withBoards } from '../machine/frame.js';
import { count } from '../terminal/count.js';
import { plain } from '../terminal/plain.js';
import { type Finding, fault, ok } from './finding.js';

const CHECK = 'boards';

/** Whether the management processor answers, and its boards are powered and well. */
export async function checkBoards(options: BmpOptions): Promise<Finding[]> {
  const { bmpHost } = options;
  try {
    return await withBoards(options, checkFrame);
  } catch (error) {
    const isSilent = (error as Error).name === 'ScpTimeoutError';
    return [
      fault(
        'management',
        isSilent ? `no management processor answers at ${bmpHost}` : (error as Error).message,
        'is the supply of the boards on, and the network cable in the socket of the management processor? ' +
          'A board that stands alone has it at 192.168.240.0',
      ),
    ];
  }
}

async function checkFrame(controller: BmpController): Promise<Finding[]> {
  const { name, version } = await controller.version();
  const seen = await controller.canAddresses();
  const boards = seen.length === 0 ? [0] : seen;
  const wrong = await Promise.all(boards.map((board) => checkBoard(controller, board)));
  const well = boards.filter((_, index) => wrong[index]?.length === 0);
  const what = `${plain(`${name} ${version}`)}, ${count(boards.length, 'board')}`;
  const right = `on, with the right volts and temperatures: ${formatRanges(well)}`;
  return [ok('management', what), ...wrong.flat(), ...(well.length > 0 ? [ok(CHECK, right)] : [])];
}

/** What is wrong with a board. */
async function checkBoard(controller: BmpController, board: number): Promise<Finding[]> {
  const status = await controller.readAdc(board);
  if (!isPowered(status)) {
    const advice = `switch it on with "spin-tools power on ${board}", then boot it`;
    return [fault(CHECK, `board ${board} is switched off`, advice)];
  }
  return outOfRange(status).map(({ what, value, limits }) =>
    fault(
      CHECK,
      `board ${board}: ${what} is ${value}`,
      `it should be ${limits}: look at the supply, the fans and the air around the board`,
    ),
  );
}
