/** Boards of 48 chips and how they tile a machine: three boards make a triad of period 12 by 12. */
import {
  BOARD_ROWS,
  type ChipAddress,
  isEthernetPlace,
  isOnBoard,
  TRIAD_CHIPS,
  TRIAD_ETHERNETS,
} from '@spin-tools/scp';
import type { Torus } from './torus.js';

export { BOARD_ROWS, isEthernetPlace, isOnBoard, TRIAD_CHIPS, TRIAD_ETHERNETS };

/** Chips of one board. */
export const BOARD_CHIPS = 48;

/** The chips of a board relative to its ethernet chip, row by row. */
export const BOARD_PLACES: readonly ChipAddress[] = BOARD_ROWS.flatMap(([first, last], y) =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ x: first + index, y })),
);

/** Ethernet chip, and place on the board, of each place in a triad: index x + 12 * y. */
const TRIAD_TABLE: readonly { readonly x: number; readonly y: number }[] = Array.from(
  { length: TRIAD_CHIPS * TRIAD_CHIPS },
  (_, index) => localInTriad(index % TRIAD_CHIPS, Math.floor(index / TRIAD_CHIPS)),
);

/** Where a chip of a triad machine lies on its board, relative to the ethernet chip. */
export function boardPlace(chip: ChipAddress): ChipAddress {
  return TRIAD_TABLE[(chip.x % TRIAD_CHIPS) + TRIAD_CHIPS * (chip.y % TRIAD_CHIPS)] as ChipAddress;
}

/** The ethernet chip of the board that a chip of a triad machine is on. */
export function boardEthernet(torus: Torus, chip: ChipAddress): ChipAddress {
  const local = boardPlace(chip);
  return {
    x: (chip.x - local.x + torus.width) % torus.width,
    y: (chip.y - local.y + torus.height) % torus.height,
  };
}

/** All chips of the board of an ethernet chip that lie inside the machine. */
export function boardChips(torus: Torus, ethernet: ChipAddress): ChipAddress[] {
  return BOARD_PLACES.flatMap((place) => {
    const x = ethernet.x + place.x;
    const y = ethernet.y + place.y;
    if ((x >= torus.width && !torus.wrapX) || (y >= torus.height && !torus.wrapY)) return [];
    return [{ x: x % torus.width, y: y % torus.height }];
  });
}

function localInTriad(x: number, y: number): ChipAddress {
  for (const ethernet of TRIAD_ETHERNETS) {
    const local = {
      x: (x - ethernet.x + TRIAD_CHIPS) % TRIAD_CHIPS,
      y: (y - ethernet.y + TRIAD_CHIPS) % TRIAD_CHIPS,
    };
    if (isOnBoard(local.x, local.y)) return local;
  }
  throw new Error(`boards do not tile place (${x}, ${y})`);
}
