/** Turns what a user asks for into the arguments of `create_job`, refusing what would harm a server. */
import { SpallocRequestError } from '../errors.js';
import type { LogicalBoard } from './results.js';

/** What boards to ask for, and for how long they stay ours without a sign of life. */
export interface JobOptions {
  /** Who asks; an e-mail address lets the operators reach you. */
  readonly owner: string;
  /** At least so many boards, rounded up to whole triads (1 stays 1); or triads; or one certain board. Default 1. */
  readonly boards?: number | { readonly width: number; readonly height: number } | LogicalBoard;
  /** Seconds after which the server takes the boards back if it hears nothing. Default 60. */
  readonly keepalive?: number;
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

/** Checked arguments of `create_job`. Options that are not set are left to the server. */
export interface JobRequest {
  readonly args: readonly number[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** @throws SpallocRequestError naming the option that no server can fulfil, or must not be sent. */
export function jobRequest(options: JobOptions): JobRequest {
  if (options.owner.trim() === '') {
    throw new SpallocRequestError(
      'owner',
      options.owner,
      'say who asks, such as your e-mail address',
    );
  }
  if (options.machine !== undefined && options.tags !== undefined) {
    throw new SpallocRequestError('tags', options.tags, 'name a machine or tags, not both');
  }
  checkKeepalive(options.keepalive);
  const args = boardArguments(options.boards ?? 1);
  if (options.requireTorus && args.length !== 2) {
    throw new SpallocRequestError(
      'requireTorus',
      true,
      'only a width and height in triads can wrap around',
    );
  }
  return { args, kwargs: present(options) };
}

function checkKeepalive(keepalive: number | undefined): void {
  if (keepalive === undefined || (Number.isFinite(keepalive) && keepalive > 0)) return;
  throw new SpallocRequestError('keepalive', keepalive, 'give seconds above 0');
}

function boardArguments(boards: NonNullable<JobOptions['boards']>): number[] {
  if (typeof boards === 'number') return [whole('boards', boards, 1)];
  if ('width' in boards) {
    return [whole('boards.width', boards.width, 1), whole('boards.height', boards.height, 1)];
  }
  return [
    whole('boards.x', boards.x, 0),
    whole('boards.y', boards.y, 0),
    whole('boards.z', boards.z, 0),
  ];
}

function whole(field: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new SpallocRequestError(field, value, `give a whole number, ${least} or more`);
}

/** Servers mishandle null in several options, so that an option which is not set is not sent. */
function present(options: JobOptions): Record<string, unknown> {
  const kwargs = {
    owner: options.owner,
    keepalive: options.keepalive ?? DEFAULT_KEEPALIVE,
    machine: options.machine,
    tags: options.tags,
    min_ratio: options.minRatio,
    max_dead_boards: options.maxDeadBoards,
    max_dead_links: options.maxDeadLinks,
    require_torus: options.requireTorus,
  };
  return Object.fromEntries(Object.entries(kwargs).filter(([, value]) => value !== undefined));
}

/** Seconds. The default of the protocol's servers. */
export const DEFAULT_KEEPALIVE = 60;
