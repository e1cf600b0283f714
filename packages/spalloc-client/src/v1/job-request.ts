/** Turns what a user asks for into the arguments of `create_job`. */
import { SpallocRequestError } from '../errors.js';
import {
  type BoardsWanted,
  checkJobOptions,
  DEFAULT_KEEPALIVE,
  type JobOptions,
} from '../job-options.js';

/** Checked arguments of `create_job`. Options that are not set are left to the server. */
export interface JobRequest {
  readonly args: readonly number[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** @throws SpallocRequestError naming the option that no server can fulfil, or must not be sent. */
export function jobRequest(options: JobOptions): JobRequest {
  checkJobOptions(options);
  return { args: boardArguments(options.boards ?? 1), kwargs: present(options) };
}

function boardArguments(boards: BoardsWanted): number[] {
  if (typeof boards === 'number') return [boards];
  if ('width' in boards) return [boards.width, boards.height];
  if ('z' in boards) return [boards.x, boards.y, boards.z];
  throw new SpallocRequestError(
    'boards',
    boards,
    'a server of protocol version 1 finds boards by x, y and z; see "spin-tools alloc where-is"',
  );
}

/** Servers mishandle null in several options, so that an option which is not set is not sent. */
function present(options: JobOptions): Record<string, unknown> {
  const kwargs = {
    owner: options.owner,
    keepalive: options.keepalive === undefined ? DEFAULT_KEEPALIVE : options.keepalive,
    machine: options.machine,
    tags: options.tags,
    min_ratio: options.minRatio,
    max_dead_boards: options.maxDeadBoards,
    max_dead_links: options.maxDeadLinks,
    require_torus: options.requireTorus || undefined,
  };
  return Object.fromEntries(Object.entries(kwargs).filter(([, value]) => value !== undefined));
}
