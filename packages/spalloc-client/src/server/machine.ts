/** A machine that a server hands out boards of, and where everything is in it. */
import { type ChipAddress, isOnBoard, TRIAD_CHIPS, TRIAD_ETHERNETS } from '@spin-tools/scp';
import type { Location, LogicalBoard, PhysicalBoard } from '../v1/results.js';

/** One board of a machine. */
export interface ServedBoard {
  readonly logical: LogicalBoard;
  readonly physical: PhysicalBoard;
  /** Name or IP address that hosts reach it by. */
  readonly address: string;
}

/** Switches boards. Rejecting means that they cannot be used. */
export interface BoardPower {
  /**
   * Gives boards power, or resets those that have it, and joins them to each other and to no others.
   *
   * @param boards all boards of one job
   */
  switchOn(boards: readonly ServedBoard[]): Promise<void>;
  /** Answers when all of them are off. */
  switchOff(boards: readonly ServedBoard[]): Promise<void>;
}

/** A machine of triads of boards. Boards that are not listed are dead. */
export interface ServedMachine {
  readonly name: string;
  readonly tags: readonly string[];
  /** Triads. */
  readonly width: number;
  /** Triads. */
  readonly height: number;
  /** Whether opposite edges are joined. */
  readonly wraps: boolean;
  readonly boards: readonly ServedBoard[];
  /** Links that do not work, by board and link: 0 is east, and so on against the clock. */
  readonly deadLinks: readonly (LogicalBoard & { readonly link: number })[];
  readonly power: BoardPower;
}

/** Boards of a triad. */
export const TRIAD_BOARDS = 3;

/** Places of boards that the machine lacks. */
export function deadBoards({ width, height, boards }: ServedMachine): LogicalBoard[] {
  const alive = new Set(boards.map(({ logical }) => key(logical)));
  const places = Array.from({ length: width * height * TRIAD_BOARDS }, (_, index) => {
    const triad = Math.floor(index / TRIAD_BOARDS);
    return {
      x: Math.floor(triad / height),
      y: triad % height,
      z: index % TRIAD_BOARDS,
    };
  });
  return places.filter((place) => !alive.has(key(place)));
}

/** The board at a place among the triads. */
export function boardAt({ boards }: ServedMachine, place: LogicalBoard): ServedBoard | undefined {
  return boards.find(({ logical }) => key(logical) === key(place));
}

/** The board at a place in the room. */
export function boardAtPosition(
  { boards }: ServedMachine,
  { cabinet, frame, board }: PhysicalBoard,
): ServedBoard | undefined {
  return boards.find(
    ({ physical }) =>
      physical.cabinet === cabinet && physical.frame === frame && physical.board === board,
  );
}

/** Where a board's ethernet chip is, in chips of the whole machine. */
export function rootChip({ x, y, z }: LogicalBoard): ChipAddress {
  const place = TRIAD_ETHERNETS[z] ?? { x: 0, y: 0 };
  return { x: x * TRIAD_CHIPS + place.x, y: y * TRIAD_CHIPS + place.y };
}

/** The board that a chip of the whole machine is on. Coordinates go around, as on a torus. */
export function boardOfChip(machine: ServedMachine, chip: ChipAddress): ServedBoard | undefined {
  return machine.boards.find(({ logical }) => {
    const { x, y } = onBoard(machine, logical, chip);
    return isOnBoard(x, y);
  });
}

/** Chips by which boards hang over the last triad, where edges are not joined. */
const OVERHANG = 4;

/** Size of a machine in chips. */
export function sizeInChips({ width, height, wraps }: ServedMachine) {
  const overhang = wraps ? 0 : OVERHANG;
  return { width: width * TRIAD_CHIPS + overhang, height: height * TRIAD_CHIPS + overhang };
}

/** A chip of the whole machine relative to a board's ethernet chip. */
export function onBoard(machine: ServedMachine, board: LogicalBoard, chip: ChipAddress) {
  return relativeTo(machine, rootChip(board), chip);
}

/** A chip of the whole machine as seen from another. Coordinates go around. */
export function relativeTo(machine: ServedMachine, root: ChipAddress, chip: ChipAddress) {
  const { width, height } = sizeInChips(machine);
  return { x: modulo(chip.x - root.x, width), y: modulo(chip.y - root.y, height) };
}

/** All ways of saying where a chip of a board is, but for the job's. */
export function locate(
  machine: ServedMachine,
  board: ServedBoard,
  boardChip: ChipAddress,
): Omit<Location, 'jobId' | 'jobChip'> {
  const root = rootChip(board.logical);
  const { width, height } = sizeInChips(machine);
  return {
    machine: machine.name,
    logical: board.logical,
    physical: board.physical,
    boardChip,
    chip: {
      x: modulo(root.x + boardChip.x, width),
      y: modulo(root.y + boardChip.y, height),
    },
  };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function key({ x, y, z }: LogicalBoard): string {
  return `${x},${y},${z}`;
}
