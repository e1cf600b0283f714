/** A routing table while ordered covering joins its entries. */
import { countOnes } from './bits.js';
import {
  blankColumns,
  type ChipTable,
  isDefaultRoute,
  type RouteClasses,
  SEVERAL,
  STRAIGHT_ON,
} from './tables.js';

/** A table while its entries are joined: columns by place, entries that match the fewest keys first. */
export interface Covering {
  count: number;
  readonly key: Int32Array;
  readonly mask: Int32Array;
  /** Entries of one route have the same class. */
  readonly classOf: Int32Array;
  readonly arrival: Int8Array;
  /** Bits that the entry does not test. */
  readonly free: Uint8Array;
  /** Where the first entry that was joined is; those above are rows of the complete table. */
  firstJoined: number;
  /** Rows of the complete table that it stands for, their keys and masks: from `rowStart[place]` on. */
  readonly rowStart: Int32Array;
  readonly rowOf: Int32Array;
  readonly rowKey: Int32Array;
  readonly rowMask: Int32Array;
}

/** Entries that may become one. */
export interface Join {
  /** Their places in the table, ascending. */
  readonly members: readonly number[];
  readonly key: number;
  readonly mask: number;
  readonly free: number;
  /** Where the entry that they become belongs. */
  readonly place: number;
}

/** Room for a table of so many rows. */
export function blankCovering(rows: number): Covering {
  return {
    count: 0,
    key: new Int32Array(rows),
    mask: new Int32Array(rows),
    classOf: new Int32Array(rows),
    arrival: new Int8Array(rows),
    free: new Uint8Array(rows),
    firstJoined: 0,
    rowStart: new Int32Array(rows + 1),
    rowOf: new Int32Array(rows),
    rowKey: new Int32Array(rows),
    rowMask: new Int32Array(rows),
  };
}

/** Makes `covering`, which has room for it, a complete table before anything is joined. */
export function startCovering(
  covering: Covering,
  { key, mask, arrival }: ChipTable,
  { classOf }: RouteClasses,
): void {
  const count = key.length;
  covering.count = count;
  covering.firstJoined = count;
  covering.rowStart[0] = 0;
  const order = byFreeBits(mask);
  for (let place = 0; place < count; place++) {
    const row = order === undefined ? place : (order[place] as number);
    covering.key[place] = key[row] as number;
    covering.mask[place] = mask[row] as number;
    covering.classOf[place] = classOf[row] as number;
    covering.arrival[place] = arrival[row] as number;
    covering.free[place] = countOnes(~(mask[row] as number));
    covering.rowOf[place] = row;
    covering.rowKey[place] = key[row] as number;
    covering.rowMask[place] = mask[row] as number;
    covering.rowStart[place + 1] = place + 1;
  }
}

/** Rows that match the fewest keys first; undefined where all match as many. */
function byFreeBits(mask: Uint32Array): Uint32Array | undefined {
  if (mask.every((each) => each === mask[0])) return undefined;
  const free = (row: number) => countOnes(~(mask[row] as number));
  return Uint32Array.from(mask.keys()).sort((a, b) => free(a) - free(b) || a - b);
}

/**
 * Whether an entry below a place and above another one matches any key of it: one that was joined, as rows of the
 * complete table do not overlap.
 */
export function isHidden(
  { key, mask, firstJoined }: Covering,
  place: number,
  until: number,
): boolean {
  const own = key[place] as number;
  const ownMask = mask[place] as number;
  for (let below = Math.max(place + 1, firstJoined); below < until; below++) {
    if (((own ^ (key[below] as number)) & ownMask & (mask[below] as number)) === 0) return true;
  }
  return false;
}

/** Writes the table down with a join carried out. */
export function carryOut(from: Covering, join: Join, to: Covering): void {
  const { members, place } = join;
  to.count = 0;
  to.rowStart[0] = 0;
  let next = 0;
  let isJoined = false;
  for (let taken = 0; taken <= members.length; taken++) {
    const end = taken < members.length ? (members[taken] as number) : from.count;
    if (!isJoined && place <= end) {
      copyEntries(from, next, place, to);
      addJoined(from, join, to);
      next = place;
      isJoined = true;
    }
    copyEntries(from, next, end, to);
    next = end + 1;
  }
  to.firstJoined = 0;
  while (isRow(to, to.firstJoined)) to.firstJoined++;
}

const isRow = ({ rowStart }: Covering, place: number): boolean =>
  rowStart[place + 1] === (rowStart[place] as number) + 1;

/** Adds the entries from `start` to before `end`: whole columns at once, as tables are long. */
function copyEntries(from: Covering, start: number, end: number, to: Covering): void {
  if (start === end) return;
  const { count } = to;
  to.key.set(from.key.subarray(start, end), count);
  to.mask.set(from.mask.subarray(start, end), count);
  to.free.set(from.free.subarray(start, end), count);
  to.arrival.set(from.arrival.subarray(start, end), count);
  to.classOf.set(from.classOf.subarray(start, end), count);
  const further = (to.rowStart[count] as number) - (from.rowStart[start] as number);
  for (let entry = start; entry < end; entry++) {
    to.rowStart[count + entry + 1 - start] = (from.rowStart[entry + 1] as number) + further;
  }
  copyRows(from, start, end, to, to.rowStart[count] as number);
  to.count += end - start;
}

function addJoined(from: Covering, join: Join, to: Covering): void {
  const { members, key, mask, free } = join;
  const { count } = to;
  to.key[count] = key;
  to.mask[count] = mask;
  to.free[count] = free;
  to.arrival[count] = arrivalOf(from, members);
  to.classOf[count] = from.classOf[members[0] as number] as number;
  let rows = to.rowStart[count] as number;
  for (const member of members) rows = copyRows(from, member, member + 1, to, rows);
  to.rowStart[count + 1] = rows;
  to.count++;
}

/** Copies the rows of the entries from `start` to before `end`; the place behind them. */
function copyRows(from: Covering, start: number, end: number, to: Covering, place: number): number {
  const [first, last] = [from.rowStart[start] as number, from.rowStart[end] as number];
  if (last - first === 1) {
    to.rowOf[place] = from.rowOf[first] as number;
    to.rowKey[place] = from.rowKey[first] as number;
    to.rowMask[place] = from.rowMask[first] as number;
  } else {
    to.rowOf.set(from.rowOf.subarray(first, last), place);
    to.rowKey.set(from.rowKey.subarray(first, last), place);
    to.rowMask.set(from.rowMask.subarray(first, last), place);
  }
  return place + last - first;
}

function arrivalOf({ arrival }: Covering, members: readonly number[]): number {
  const first = arrival[members[0] as number] as number;
  return members.every((member) => arrival[member] === first) ? first : SEVERAL;
}

/** A table, and which of its entries takes each row of the complete one. */
export interface CoveredTable {
  readonly table: ChipTable;
  /** The entry, or {@link STRAIGHT_ON}, by row. */
  readonly entryOf: Int32Array;
}

/** Leaves out the entries that only send straight on what no entry below them would catch. */
export function withoutDefaults(covering: Covering, { routes }: RouteClasses): CoveredTable {
  const { count, key, mask, arrival, rowStart, rowOf } = covering;
  const entryOf = new Int32Array(rowStart[count] as number);
  const places = new Int32Array(count);
  let left = 0;
  for (let place = 0; place < count; place++) {
    const route = routes[covering.classOf[place] as number] as number;
    const isDefault = isDefaultRoute(arrival[place] as number, route);
    const isLeft = !isDefault || isHidden(covering, place, count);
    const entry = isLeft ? left : STRAIGHT_ON;
    if (isLeft) places[left++] = place;
    const end = rowStart[place + 1] as number;
    for (let row = rowStart[place] as number; row < end; row++)
      entryOf[rowOf[row] as number] = entry;
  }
  const table = blankColumns(left);
  for (let entry = 0; entry < left; entry++) {
    const place = places[entry] as number;
    table.key[entry] = key[place] as number;
    table.mask[entry] = mask[place] as number;
    table.route[entry] = routes[covering.classOf[place] as number] as number;
    table.arrival[entry] = arrival[place] as number;
  }
  return { table, entryOf };
}
