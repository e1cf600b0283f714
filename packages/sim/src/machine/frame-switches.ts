/** What the management processors of a frame can do to the boards of a machine. */
import { boardPlace, type Machine } from '@spin-tools/machine-model';
import type { BoardSwitches } from '../bmp/index.js';
import type { Chip } from '../chip/chip.js';
import type { Link } from '../router/link.js';
import { linksThrough } from './board-links.js';
import type { Boards } from './boards.js';
import type { Network } from './network.js';

/** Boards of a frame. */
export const BOARDS_OF_FRAME = 24;
const NO_ADDRESS = '0.0.0.0';

/** What switches need to know besides the boards. */
export interface FrameAddresses {
  /** IPv4 address of the frame's management processor. */
  bmp(): string;
  /** IPv4 address of a machine's board, if it has an ethernet. */
  board(number: number): string | undefined;
}

/** Switches for up to 24 boards, from the machine's board `first` on. */
export function frameSwitches(
  network: Network,
  boards: Boards,
  addresses: FrameAddresses,
  first: number,
): BoardSwitches {
  const linksOf = (board: number, fpga: number, serialLink: number) => {
    const chips = boards.boards[first + board]?.chips ?? [];
    const places = chips.map((chip) =>
      boardPlace(network.machine.chips[chip] as Machine['chips'][number]),
    );
    return linksThrough(places, fpga, serialLink).map(({ index, link }) => ({
      chip: chips[index] as number,
      link,
    }));
  };
  return {
    count: Math.min(BOARDS_OF_FRAME, boards.boards.length - first),
    isOn: (board) => boards.isOn(first + board),
    powerOn: (board) => boards.switchOn(first + board),
    powerOff: (board) => boards.switchOff(first + board),
    holdInReset: (board, isHeld) => boards.holdInReset(first + board, isHeld),
    ipAddresses: (board) => ({
      bmp: addresses.bmp(),
      spinnaker: addresses.board(first + board) ?? NO_ADDRESS,
    }),
    setLinkStop(board, fpga, serialLink, isStopped) {
      for (const { chip, link } of linksOf(board, fpga, serialLink)) {
        network.stopLink(chip, link, isStopped);
      }
    },
    isConnected: (board, fpga, serialLink) =>
      linksOf(board, fpga, serialLink).some(({ chip, link }) => {
        const { target } = (network.chips[chip] as Chip).links[link] as Link;
        return target >= 0 && boards.isOn(boards.numberOf(target));
      }),
  };
}
