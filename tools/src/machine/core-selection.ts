/** Reads which cores of which chips a user means: `0,0:1-4,7` or `all`. */
import { InvalidArgumentError } from 'commander';

/** Cores of one chip. */
export interface ChipCores {
  readonly x: number;
  readonly y: number;
  /** Virtual cores, ascending, each once. */
  readonly cores: readonly number[];
}

/** Some cores by name, or all application cores of the machine. */
export type CoreSelection = readonly ChipCores[] | 'all';

/** Highest virtual core of a chip without dead cores. */
const LAST_CORE = 17;

/** One more argument of a variadic option, for commander. */
export function addCores(value: string, before: CoreSelection | undefined): CoreSelection {
  if (value === 'all') return 'all';
  if (before === 'all') return before;
  return [...(before ?? []), chipCores(value)];
}

function chipCores(value: string): ChipCores {
  const [, x, y, list] = /^(\d{1,3}),(\d{1,3}):([\d,-]+)$/.exec(value) ?? [];
  if (list === undefined || Number(x) > 255 || Number(y) > 255) {
    throw new InvalidArgumentError('Give X,Y:CORES such as 0,0:1-4,7, or all.');
  }
  const cores = list.split(',').flatMap(coreRange);
  return { x: Number(x), y: Number(y), cores: [...new Set(cores)].sort((a, b) => a - b) };
}

function coreRange(range: string): number[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (!(from >= 1 && to >= from && to <= LAST_CORE)) {
    throw new InvalidArgumentError(
      `"${range}" is not a core or range of cores from 1 to ${LAST_CORE}.`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
