/** Reads the arguments of commands, which may be anything. */
import { isObject } from '../v1/fields.js';
import type { BoardRequest } from './find-boards.js';
import type { Wish } from './jobs.js';

/** A request with the right shape. */
export interface Request {
  readonly command: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** A request that is none, for which a server hangs up. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
}

/** Arguments that a command does not take, for which a server answers with an exception. */
export class BadArgumentError extends Error {
  override readonly name = 'BadArgumentError';
}

/** @throws BadRequestError when a line of JSON is no request */
export function parseRequest(line: unknown): Request {
  if (!isObject(line)) throw new BadRequestError('a request must be an object');
  const { command, args = [], kwargs = {} } = line;
  if (typeof command !== 'string' || !Array.isArray(args) || !isObject(kwargs)) {
    throw new BadRequestError('"command" must be text, "args" an array and "kwargs" an object');
  }
  return { command, args, kwargs };
}

/**
 * The arguments of a command by name, given in order or by name.
 *
 * @throws BadArgumentError for one too many or one that the command does not have
 */
export function named(request: Request, names: readonly string[]): Record<string, unknown> {
  const { command, args, kwargs } = request;
  if (args.length > names.length) throw new BadArgumentError(`${command} has too many arguments`);
  const unknown = Object.keys(kwargs).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BadArgumentError(`${command} has no argument ${unknown}`);
  const inOrder = args.map((value, index) => [names[index] as string, value] as const);
  return { ...kwargs, ...Object.fromEntries(inOrder) };
}

/** @throws BadArgumentError when an argument is no whole number */
export function whole(values: Readonly<Record<string, unknown>>, name: string): number {
  const value = values[name];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new BadArgumentError(`"${name}" must be a whole number`);
}

/** @throws BadArgumentError when an argument is no text */
export function words(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = values[name];
  if (typeof value === 'string') return value;
  throw new BadArgumentError(`"${name}" must be text`);
}

const JOB_ARGUMENTS = new Set([
  ...['owner', 'keepalive', 'machine', 'tags', 'min_ratio', 'max_dead_boards', 'max_dead_links'],
  'require_torus',
]);

/** Seconds. */
const DEFAULT_KEEPALIVE = 60;

/** @throws BadArgumentError when the arguments of `create_job` make no sense; a size may be impossible */
export function parseWish({ args, kwargs }: Request): Wish {
  const unknown = Object.keys(kwargs).find((name) => !JOB_ARGUMENTS.has(name));
  if (unknown !== undefined) throw new BadArgumentError(`create_job has no argument ${unknown}`);
  const { owner, keepalive, machine = null, tags, ...limits } = kwargs;
  if (owner === undefined || owner === null) throw new BadArgumentError('"owner" must be given');
  if (machine !== null && tags != null) {
    throw new BadArgumentError('give "machine" or "tags", not both');
  }
  return {
    owner: String(owner),
    keepalive: keepalive === null ? null : number(keepalive ?? DEFAULT_KEEPALIVE, 'keepalive'),
    machine: machine === null ? null : words({ machine }, 'machine'),
    tags: tagsOf(tags),
    boards: boardsOf(args, limits),
    args,
    kwargs: { machine, tags: tags ?? null, ...limits },
  };
}

function tagsOf(tags: unknown): readonly string[] {
  if (tags == null) return ['default'];
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  throw new BadArgumentError('"tags" must be a list of words');
}

function boardsOf(args: readonly unknown[], limits: Record<string, unknown>): BoardRequest {
  const sizes = args.map((value, index) =>
    whole({ [`argument ${index + 1}`]: value }, `argument ${index + 1}`),
  );
  const [first = 1, second = 0, third = 0] = sizes;
  const shared = {
    maxDeadBoards: limit(limits.max_dead_boards, 'max_dead_boards'),
    maxDeadLinks: limit(limits.max_dead_links, 'max_dead_links'),
    requireTorus: flag(limits.require_torus),
  };
  const minRatio = number(limits.min_ratio ?? 0, 'min_ratio');
  switch (sizes.length) {
    case 0:
    case 1:
      return { ...shared, kind: 'count', count: possible(first), minRatio };
    case 2:
      return { ...shared, kind: 'triads', width: possible(first), height: possible(second) };
    case 3:
      return { ...shared, kind: 'board', board: { x: first, y: second, z: third } };
    default:
      throw new BadArgumentError('create_job has too many arguments');
  }
}

/** A size that no machine has, where a number makes no sense: the job is cancelled, as by other servers. */
const IMPOSSIBLE = Number.MAX_SAFE_INTEGER;

function possible(size: number): number {
  return size >= 1 ? size : IMPOSSIBLE;
}

function limit(value: unknown, name: string): number | null {
  return value == null ? null : number(value, name);
}

function number(value: unknown, name: string): number {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof found === 'number' && Number.isFinite(found)) return found;
  throw new BadArgumentError(`"${name}" must be a number`);
}

function flag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new BadArgumentError('"require_torus" must be true or false');
}
