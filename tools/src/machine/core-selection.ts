/** Reads which cores of which chips a user means: `0,0:1-4,7` or `all`. */
import type { ChipAddress } from '@spin-tools/scp';
import { InvalidArgumentError } from 'commander';
import { groupBy } from '../group-by.js';
import { numberRanges } from './number-ranges.js';

/** Cores of one chip. */
export interface ChipCores {
  readonly chip: ChipAddress;
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

const applicationCores = numberRanges('core', 1, LAST_CORE);

function chipCores(value: string): ChipCores {
  const [, x, y, list] = /^(\d{1,3}),(\d{1,3}):([\d,-]+)$/.exec(value) ?? [];
  if (list === undefined || Number(x) > 255 || Number(y) > 255) {
    throw new InvalidArgumentError('Give X,Y:CORES such as 0,0:1-4,7, or all.');
  }
  return { chip: { x: Number(x), y: Number(y) }, cores: applicationCores(list) };
}

/** Cores as a user would name them, `0,0:1-4,7 1,0:1`; after a few chips only their number. */
export function formatCores(cores: readonly (ChipAddress & { readonly core: number })[]): string {
  const chips = [...groupBy(cores, ({ x, y }) => `${x},${y}`)];
  const shown = chips
    .slice(0, MOST_CHIPS_SHOWN)
    .map(([chip, group]) => `${chip}:${formatRanges(group.map(({ core }) => core))}`);
  const more = chips.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more chips`] : [])].join(' ');
}

const MOST_CHIPS_SHOWN = 4;

/** Numbers as ranges, `1-4,7`. */
export function formatRanges(cores: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const core of cores.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === core - 1) range[1] = core;
    else ranges.push([core, core]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',');
}
