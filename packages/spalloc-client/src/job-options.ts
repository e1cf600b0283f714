/** What boards a user wants, checked before any server sees it. */
import { SpallocRequestError } from './errors.js';
import type { LogicalBoard, PhysicalBoard } from './v1/results.js';

/** How boards can be asked for. */
export type BoardsWanted =
  /** At least so many, rounded up to whole triads; 1 stays 1. */
  | number
  /** Triads of three boards each, side by side. */
  | { readonly width: number; readonly height: number }
  /** A certain board, by its place among the triads. */
  | LogicalBoard
  /** A certain board, by where it hangs in the room; older servers need `machine` for it. */
  | PhysicalBoard
  /** A certain board, by its IP address; older servers cannot find it. */
  | { readonly address: string };

/** What boards to ask for, and for how long they stay ours without a sign of life. */
export interface JobOptions {
  /** Who asks; an e-mail address lets the operators reach you. Newer servers know it from the log-in. */
  readonly owner: string;
  /** Default 1. */
  readonly boards?: BoardsWanted;
  /** Seconds after which the server takes the boards back if it hears nothing; null for never. Default 60. */
  readonly keepalive?: number | null;
  /** The machine's exact name. Excludes `tags`. */
  readonly machine?: string;
  /** The machine must carry all of these. Excludes `machine`. */
  readonly tags?: readonly string[];
  /** Least ratio of the shorter to the longer side, 0 to 1, when `boards` is a number. */
  readonly minRatio?: number;
  /** How many of the boards may be dead. */
  readonly maxDeadBoards?: number;
  /** How many links between the boards may be dead. */
  readonly maxDeadLinks?: number;
  /** Whether the boards must wrap around; only for requests of a whole machine. */
  readonly requireTorus?: boolean;
}

/** Seconds. The default of the protocol's servers. */
export const DEFAULT_KEEPALIVE = 60;

/** Seconds: a day. More is a mistake, or boards that nobody gets back. */
const MOST_KEEPALIVE = 86_400;

/** What a server takes for one line of text. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** @throws SpallocRequestError naming the option that no server can fulfil, or that would harm one. */
export function checkJobOptions(options: JobOptions): void {
  const { owner, machine, tags, keepalive = DEFAULT_KEEPALIVE, requireTorus } = options;
  if (owner.trim() === '' || !PRINTABLE.test(owner)) {
    refuse('owner', owner, 'say who asks in plain letters, such as your e-mail address');
  }
  if (machine !== undefined && tags !== undefined) {
    refuse('tags', tags, 'name a machine or tags, not both');
  }
  if (machine?.trim() === '') refuse('machine', machine, 'give the name of a machine');
  if (tags !== undefined && !(Array.isArray(tags) && tags.every(isTag))) {
    refuse('tags', tags, 'give a list of words');
  }
  if (keepalive !== null && !(keepalive > 0 && keepalive <= MOST_KEEPALIVE)) {
    refuse('keepalive', keepalive, `give seconds above 0, at most ${MOST_KEEPALIVE}`);
  }
  checkBoards(options.boards ?? 1);
  checkLimits(options);
  const isSize = typeof options.boards === 'object' && 'width' in options.boards;
  if (requireTorus && !isSize) {
    refuse('requireTorus', true, 'only a width and height in triads can wrap around');
  }
}

const ADDRESS = /^[\w.:-]+$/;

function isTag(tag: unknown): boolean {
  return typeof tag === 'string' && tag !== '';
}

function checkBoards(boards: BoardsWanted): void {
  if (typeof boards === 'number') {
    whole('boards', boards, 1);
  } else if ('address' in boards) {
    const { address } = boards;
    if (ADDRESS.test(address)) return;
    refuse('boards.address', address, 'give an IP address such as 10.11.193.1');
  } else {
    const least = 'width' in boards ? 1 : 0;
    for (const [name, value] of Object.entries(boards)) whole(`boards.${name}`, value, least);
  }
}

function checkLimits({ minRatio, maxDeadBoards, maxDeadLinks }: JobOptions): void {
  if (minRatio !== undefined && !(minRatio >= 0 && minRatio <= 1)) {
    refuse('minRatio', minRatio, 'give a share from 0 to 1');
  }
  if (maxDeadBoards !== undefined) whole('maxDeadBoards', maxDeadBoards, 0);
  if (maxDeadLinks !== undefined) whole('maxDeadLinks', maxDeadLinks, 0);
}

/** Chips are addressed with 8 bits; no count in a request is anywhere near this. */
const MOST = 65_535;

function whole(field: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= MOST) return;
  refuse(field, value, `give a whole number, ${least} or more`);
}

function refuse(field: string, value: unknown, advice: string): never {
  throw new SpallocRequestError(field, value, advice);
}
