/** Finds boards of a machine for a request: single boards, or rectangles of triads. */
import type { LogicalBoard } from '../v1/results.js';
import {
  boardAt,
  rootChip,
  type ServedBoard,
  type ServedMachine,
  TRIAD_BOARDS,
} from './machine.js';

/** What boards are asked for. Null means that any number will do. */
export type BoardRequest = {
  readonly maxDeadBoards: number | null;
  readonly maxDeadLinks: number | null;
  readonly requireTorus: boolean;
} & (
  | { readonly kind: 'count'; readonly count: number; readonly minRatio: number }
  | { readonly kind: 'triads'; readonly width: number; readonly height: number }
  | { readonly kind: 'board'; readonly board: LogicalBoard }
);

/** Boards that belong together. */
export interface Allocation {
  readonly machine: ServedMachine;
  readonly boards: readonly ServedBoard[];
  /** Chips. */
  readonly width: number;
  /** Chips. */
  readonly height: number;
  /** The chip of the whole machine that is the job's (0, 0). */
  readonly root: { readonly x: number; readonly y: number };
}

/** Chips of a single board, and of triads side by side: each has 12, and boards hang over by 4. */
const BOARD_SIDE = 8;
const TRIAD_SIDE = 12;
const OVERHANG = 4;

/**
 * Boards of a machine that fulfil a request.
 *
 * @param isFree whether a board may be given away
 */
export function findBoards(
  machine: ServedMachine,
  request: BoardRequest,
  isFree: (board: ServedBoard) => boolean,
): Allocation | undefined {
  if (request.kind === 'board') return oneBoard(machine, boardAt(machine, request.board), isFree);
  if (request.kind === 'count' && request.count === 1) {
    return oneBoard(machine, bestSingleBoard(machine, isFree), isFree);
  }
  for (const size of sizes(machine, request)) {
    const found = rectangle(machine, size, request, isFree);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A board of the triad that has fewest left, so that whole triads stay whole. */
function bestSingleBoard(machine: ServedMachine, isFree: (board: ServedBoard) => boolean) {
  const free = machine.boards.filter(isFree);
  const left = ({ logical }: ServedBoard) =>
    free.filter(({ logical: { x, y } }) => x === logical.x && y === logical.y).length;
  return free.reduce<ServedBoard | undefined>(
    (best, board) => (best === undefined || left(board) < left(best) ? board : best),
    undefined,
  );
}

function oneBoard(
  machine: ServedMachine,
  board: ServedBoard | undefined,
  isFree: (board: ServedBoard) => boolean,
): Allocation | undefined {
  if (board === undefined || !isFree(board)) return undefined;
  const side = { width: BOARD_SIDE, height: BOARD_SIDE };
  return { machine, boards: [board], ...side, root: rootChip(board.logical) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Sizes in triads that hold what is asked for, smallest and squarest first. */
function sizes(machine: ServedMachine, request: BoardRequest): readonly Size[] {
  if (request.kind === 'triads') return [request];
  if (request.kind !== 'count') return [];
  const least = Math.ceil(request.count / TRIAD_BOARDS);
  const all = Array.from({ length: machine.width * machine.height }, (_, index) => ({
    width: 1 + (index % machine.width),
    height: 1 + Math.floor(index / machine.width),
  }));
  return all
    .filter((size) => size.width * size.height >= least && ratio(size) >= request.minRatio)
    .sort((a, b) => a.width * a.height - b.width * b.height || ratio(b) - ratio(a));
}

function ratio({ width, height }: Size): number {
  return Math.min(width / height, height / width);
}

function rectangle(
  machine: ServedMachine,
  { width, height }: Size,
  request: BoardRequest,
  isFree: (board: ServedBoard) => boolean,
): Allocation | undefined {
  const isWhole = width === machine.width && height === machine.height;
  if (request.requireTorus && !(machine.wraps && isWhole)) return undefined;
  for (let x = 0; x + width <= machine.width; x++) {
    for (let y = 0; y + height <= machine.height; y++) {
      const isInside = (place: LogicalBoard) =>
        place.x >= x && place.x < x + width && place.y >= y && place.y < y + height;
      const boards = machine.boards.filter(({ logical }) => isInside(logical));
      const deadLinks = machine.deadLinks.filter(isInside).length;
      const wanted = request.kind === 'count' ? request.count : width * height * TRIAD_BOARDS;
      const fits =
        boards.length >= Math.max(1, wanted - (request.maxDeadBoards ?? wanted)) &&
        deadLinks <= (request.maxDeadLinks ?? deadLinks) &&
        boards.every(isFree);
      if (!fits) continue;
      return {
        ...{ machine, boards },
        width: width * TRIAD_SIDE + (machine.wraps && width === machine.width ? 0 : OVERHANG),
        height: height * TRIAD_SIDE + (machine.wraps && height === machine.height ? 0 : OVERHANG),
        root: { x: x * TRIAD_SIDE, y: y * TRIAD_SIDE },
      };
    }
  }
  return undefined;
}
