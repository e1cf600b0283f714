/** How the boards of a frame are named. Source: spinnaker_tools BMP firmware 2.1.2, `bmp.h`, `bmp_can.c`. */

/** Most boards of one frame. */
export const MOST_BOARDS = 24;

/** FPGAs of a SpiNN-5 board. */
export const FPGAS = 3;

/** The set of boards as a mask, bit b for board b. Throws RangeError for a number that is not 0 to 23. */
export function boardMask(boards: Iterable<number>): number {
  let mask = 0;
  for (const board of boards) mask |= 1 << checkedBoard(board);
  return mask >>> 0;
}

/** The boards of a mask, ascending. */
export function boardsOfMask(mask: number): number[] {
  return Array.from({ length: MOST_BOARDS }, (_, board) => board).filter(
    (board) => ((mask >>> board) & 1) === 1,
  );
}

/** A board's number. Throws RangeError unless it is from 0 to 23. */
export function checkedBoard(board: number): number {
  return inRange('board', board, MOST_BOARDS - 1);
}

/** An integer from 0 to `most`. Throws RangeError that names it otherwise. */
export function inRange(name: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new RangeError(`"${name}" must be an integer from 0 to ${most}: ${value}`);
  return value;
}
