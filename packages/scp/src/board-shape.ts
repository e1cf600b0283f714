/**
 * The 48-chip board (SpiNN-4, SpiNN-5) and how boards tile a machine. Here, below the machine
 * model, because a host must know which board's ethernet leads to a chip before it knows the machine.
 * Source: SpiNNaker data sheet; SpiNNMachine `version_5`.
 */
import type { ChipAddress } from './addresses.js';

/** First and last x of each row y of a board, relative to its ethernet chip. */
export const BOARD_ROWS: readonly (readonly [first: number, last: number])[] = [
  [0, 4],
  [0, 5],
  [0, 6],
  [0, 7],
  [1, 7],
  [2, 7],
  [3, 7],
  [4, 7],
];

/** Chips after which the pattern of ethernet chips repeats, in x and in y. */
export const TRIAD_CHIPS = 12;

/** Ethernet chips within one period: three boards make a triad. */
export const TRIAD_ETHERNETS: readonly ChipAddress[] = [
  { x: 0, y: 0 },
  { x: 8, y: 4 },
  { x: 4, y: 8 },
];

/** Whether a chip, relative to an ethernet chip, is on its board. */
export function isOnBoard(x: number, y: number): boolean {
  const row = BOARD_ROWS[y];
  return row !== undefined && x >= row[0] && x <= row[1];
}

/** Whether a place in a machine made of triads is that of an ethernet chip. */
export function isEthernetPlace(x: number, y: number): boolean {
  return TRIAD_ETHERNETS.some(
    (place) => place.x === x % TRIAD_CHIPS && place.y === y % TRIAD_CHIPS,
  );
}
