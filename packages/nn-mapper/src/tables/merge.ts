/**
 * Joins entries of one route that are not parts of one prefix: a table of 100 columns of vertices
 * has nets of one route at keys 100 apart. The joined entry must not take a packet from another
 * route; whether it would is asked of the packets that really visit the chip, not of all keys.
 */
import { countOnes, KEY_BITS } from './bits.js';
import { type ChipTable, type CoveredTable, STRAIGHT_ON } from './tables.js';

/** Longer tables are left alone: the work grows with the square of their length. */
const MOST_ENTRIES = 2048;

/** Entries of one route that are tried with each one: those with the most similar keys. */
const PARTNERS = 12;

/**
 * Likely ones are tried first: an entry with as many untested bits as make it match one row by chance,
 * or this many more.
 */
const CHANCE_BITS = 1;

/** Then all, until so many entries in a row found no partner. */
const PATIENCE = 8;

interface Merging {
  readonly complete: ChipTable;
  readonly key: Uint32Array;
  readonly mask: Uint32Array;
  readonly route: Uint32Array;
  /** 0 for entries that became part of another one. */
  readonly isLeft: Uint8Array;
  /** Entry that each row of the complete table meets first; {@link STRAIGHT_ON} when none. */
  readonly entryOf: Int32Array;
  /** Rows that meet each entry first. */
  readonly rowsOf: number[][];
  /** Bits in which keys of other routes differ from the entry in hand. */
  readonly differences: Int32Array;
  /** Bits in which any two keys of the chip differ. */
  readonly span: number;
  /** Most of those bits that an entry may leave untested to be tried at all. */
  mostFree: number;
}

/**
 * A table of the same effect that is as long or shorter.
 * @param complete what the packets that visit the chip need: sorted by key, without overlap
 * @param covered what does that at present; every row of `complete` meets one entry only; its `entryOf` changes
 */
export function mergeEntries(complete: ChipTable, covered: CoveredTable): ChipTable {
  const { table } = covered;
  const length = table.key.length;
  if (length < 2 || length > MOST_ENTRIES) return table;
  const merging = startMerging(complete, covered);
  const groups = entriesByRoute(table);
  const likely = mergeGroups(merging, groups, Number.POSITIVE_INFINITY);
  merging.mostFree = KEY_BITS;
  const unlikely = mergeGroups(merging, groups, PATIENCE);
  if (!likely && !unlikely) return table;
  const kept = (_: number, entry: number) => merging.isLeft[entry] === 1;
  return {
    key: merging.key.filter(kept),
    mask: merging.mask.filter(kept),
    route: merging.route.filter(kept),
    arrival: table.arrival.filter(kept),
  };
}

/**
 * Tries to join every entry to those above it in its group; true when any was.
 * @param patience failures in a row after which it is no use to go on
 */
function mergeGroups(
  merging: Merging,
  groups: readonly (readonly number[])[],
  patience: number,
): boolean {
  let merged = false;
  let left = patience;
  for (const group of groups) {
    for (let last = group.length - 1; last > 0 && left > 0; last--) {
      const target = group[last] as number;
      if (merging.isLeft[target] === 0) continue;
      left--;
      while (mergeInto(merging, target, group, last)) {
        merged = true;
        left = patience;
      }
    }
  }
  return merged;
}

function startMerging(complete: ChipTable, { table, entryOf }: CoveredTable): Merging {
  const rowsOf: number[][] = Array.from(table.key, () => []);
  let span = 0;
  for (const key of complete.key) span |= key ^ (complete.key[0] as number);
  entryOf.forEach((entry, row) => {
    if (entry !== STRAIGHT_ON) (rowsOf[entry] as number[]).push(row);
  });
  return {
    complete,
    key: table.key.slice(),
    mask: table.mask.slice(),
    route: table.route,
    isLeft: new Uint8Array(table.key.length).fill(1),
    entryOf,
    rowsOf,
    differences: new Int32Array(entryOf.length),
    span,
    mostFree: countOnes(span) - Math.floor(Math.log2(entryOf.length)) + CHANCE_BITS,
  };
}

function entriesByRoute({ route }: ChipTable): number[][] {
  const groups = new Map<number, number[]>();
  route.forEach((value, entry) => {
    const group = groups.get(value);
    if (group) group.push(entry);
    else groups.set(value, [entry]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Joins one of the entries above `target` in its group to it; false when none may be. */
function mergeInto(
  merging: Merging,
  target: number,
  group: readonly number[],
  last: number,
): boolean {
  const candidates = similarEntries(merging, target, group, last);
  if (candidates.length === 0) return false;
  let count = NOT_MEASURED;
  for (const other of candidates) {
    const mask = joinedMask(merging, target, other);
    if (takesNeighbour(merging, target, mask)) continue;
    if (count === NOT_MEASURED) count = measureStrangers(merging, target);
    if (takesAny(merging, count, mask) || isCaught(merging, other, target)) continue;
    join(merging, target, other, mask);
    return true;
  }
  return false;
}

/** The entries whose joined mask leaves out the fewest bits, best first. */
function similarEntries(
  merging: Merging,
  target: number,
  group: readonly number[],
  last: number,
): number[] {
  const best: number[] = [];
  const bits: number[] = [];
  for (let index = last - 1; index >= 0; index--) {
    const other = group[index] as number;
    if (merging.isLeft[other] === 0) continue;
    const free = countOnes(~joinedMask(merging, target, other) & merging.span);
    if (free > merging.mostFree) continue;
    if (best.length === PARTNERS && free >= (bits[PARTNERS - 1] as number)) continue;
    insert(best, bits, other, free);
  }
  return best;
}

/** Puts an entry among the best, before those that leave out more bits; the last of too many goes. */
function insert(best: number[], bits: number[], entry: number, free: number): void {
  let place = Math.min(best.length, PARTNERS - 1);
  while (place > 0 && (bits[place - 1] as number) > free) {
    best[place] = best[place - 1] as number;
    bits[place] = bits[place - 1] as number;
    place--;
  }
  best[place] = entry;
  bits[place] = free;
}

/** Bits that both entries test and agree in. */
const joinedMask = ({ key, mask }: Merging, one: number, other: number): number =>
  ((mask[one] as number) &
    (mask[other] as number) &
    ~((key[one] as number) ^ (key[other] as number))) >>>
  0;

/**
 * For each row of another route that comes to `target` or below, the bits in which it differs: a
 * wider mask takes it when it tests none of them. Those that differ in two bits
 * or less come first: they are the first to be taken by mistake.
 */
function measureStrangers(merging: Merging, target: number): number {
  const { complete, entryOf, differences } = merging;
  const { key, mask, route } = complete;
  const targetKey = merging.key[target] as number;
  const targetMask = merging.mask[target] as number;
  const own = merging.route[target] as number;
  let close = 0;
  let count = 0;
  for (let row = 0; row < entryOf.length; row++) {
    if ((entryOf[row] as number) <= target || route[row] === own) continue;
    const difference = ((key[row] as number) ^ targetKey) & targetMask & (mask[row] as number);
    const beyondOne = difference & (difference - 1);
    const isClose = (beyondOne & (beyondOne - 1)) === 0;
    differences[count++] = isClose ? (differences[close] as number) : difference;
    if (isClose) differences[close++] = difference;
  }
  return count;
}

const NOT_MEASURED = -1;

/** Rows on each side of a row that are looked at first: with the most similar keys, they are taken most often. */
const NEIGHBOURS = 12;

/** Whether a wider mask of `target` takes a row of another route close to one of its own. */
function takesNeighbour(merging: Merging, target: number, mask: number): boolean {
  const { complete, entryOf } = merging;
  const { key, mask: rowMask, route } = complete;
  const targetKey = merging.key[target] as number;
  const own = merging.route[target] as number;
  const near = merging.rowsOf[target]?.[0];
  if (near === undefined) return false;
  const end = Math.min(entryOf.length, near + NEIGHBOURS + 1);
  for (let row = Math.max(0, near - NEIGHBOURS); row < end; row++) {
    if ((entryOf[row] as number) <= target || route[row] === own) continue;
    const difference = ((key[row] as number) ^ targetKey) & (rowMask[row] as number);
    if ((difference & mask) === 0) return true;
  }
  return false;
}

function takesAny({ differences }: Merging, count: number, mask: number): boolean {
  for (let index = 0; index < count; index++) {
    if (((differences[index] as number) & mask) === 0) return true;
  }
  return false;
}

/** Whether another route would get rows of `other` on their way down to `target`. */
function isCaught(merging: Merging, other: number, target: number): boolean {
  const { complete, key, mask, route, isLeft } = merging;
  for (const row of merging.rowsOf[other] as number[]) {
    for (let entry = other + 1; entry < target; entry++) {
      if (isLeft[entry] === 0 || route[entry] === route[target]) continue;
      if (overlaps(complete, row, key[entry] as number, mask[entry] as number)) return true;
    }
  }
  return false;
}

function join(merging: Merging, target: number, other: number, mask: number): void {
  const { complete, entryOf, rowsOf } = merging;
  merging.isLeft[other] = 0;
  merging.mask[target] = mask;
  merging.key[target] = ((merging.key[target] as number) & mask) >>> 0;
  const mine = rowsOf[target] as number[];
  for (const row of rowsOf[other] as number[]) {
    const entry = firstMatch(merging, row, other + 1);
    entryOf[row] = entry;
    (rowsOf[entry] as number[]).push(row);
  }
  rowsOf[other] = [];
  const joined = merging.key[target] as number;
  for (let row = 0; row < entryOf.length; row++) {
    const entry = entryOf[row] as number;
    if (entry <= target || !contains(complete, row, joined, mask)) continue;
    if (entry !== STRAIGHT_ON) {
      const theirs = rowsOf[entry] as number[];
      theirs.splice(theirs.indexOf(row), 1);
    }
    entryOf[row] = target;
    mine.push(row);
  }
}

/** The first entry below that takes all keys of a row; those that take some have its route. */
function firstMatch({ complete, key, mask, isLeft }: Merging, row: number, from: number): number {
  let entry = from;
  while (
    isLeft[entry] === 0 ||
    !contains(complete, row, key[entry] as number, mask[entry] as number)
  ) {
    entry++;
  }
  return entry;
}

/** Whether an entry matches any key of a row. */
const overlaps = (rows: ChipTable, row: number, key: number, mask: number): boolean =>
  (((rows.key[row] as number) ^ key) & mask & (rows.mask[row] as number)) === 0;

/** Whether an entry matches all keys of a row. */
const contains = (rows: ChipTable, row: number, key: number, mask: number): boolean =>
  (((rows.key[row] as number) ^ key) & mask) === 0 && (mask & ~(rows.mask[row] as number)) === 0;
