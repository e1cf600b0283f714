/** A routing table while ordered covering joins its entries. */
import { countOnes } from './bits.js';
import {
  type ChipTable,
  filterTable,
  isDefaultRoute,
  type RouteClasses,
  SEVERAL,
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
  /** Keys and masks of the complete table that it stands for: from `rowStart[place]` on. */
  readonly rowStart: Int32Array;
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
    rowStart: new Int32Array(rows + 1),
    rowKey: new Int32Array(rows),
    rowMask: new Int32Array(rows),
  };
}

/** A complete table before anything is joined. */
export function startCovering(
  { key, mask, arrival }: ChipTable,
  { classOf }: RouteClasses,
): Covering {
  const count = key.length;
  const covering = { ...blankCovering(count), count };
  const freeOf = Uint8Array.from(mask, (bits) => countOnes(~bits));
  const order = Uint32Array.from(key.keys());
  if (freeOf.some((free) => free !== freeOf[0])) {
    order.sort((a, b) => (freeOf[a] as number) - (freeOf[b] as number) || a - b);
  }
  for (let place = 0; place < count; place++) {
    const row = order[place] as number;
    covering.key[place] = key[row] as number;
    covering.mask[place] = mask[row] as number;
    covering.classOf[place] = classOf[row] as number;
    covering.arrival[place] = arrival[row] as number;
    covering.free[place] = freeOf[row] as number;
    covering.rowKey[place] = key[row] as number;
    covering.rowMask[place] = mask[row] as number;
    covering.rowStart[place + 1] = place + 1;
  }
  return covering;
}

/** Whether an entry below a place and above another one matches any key of it. */
export function isHidden({ key, mask }: Covering, place: number, until: number): boolean {
  const own = key[place] as number;
  const ownMask = mask[place] as number;
  for (let below = place + 1; below < until; below++) {
    if (((own ^ (key[below] as number)) & ownMask & (mask[below] as number)) === 0) return true;
  }
  return false;
}

/** Writes the table down with a join carried out. */
export function carryOut(from: Covering, join: Join, to: Covering): void {
  const { members, place } = join;
  let rows = 0;
  to.count = 0;
  const addRows = (entry: number) => {
    const end = from.rowStart[entry + 1] as number;
    for (let row = from.rowStart[entry] as number; row < end; row++) {
      to.rowKey[rows] = from.rowKey[row] as number;
      to.rowMask[rows++] = from.rowMask[row] as number;
    }
  };
  const addEntry = (entry: number, key: number, mask: number, free: number, arrival: number) => {
    to.key[to.count] = key;
    to.mask[to.count] = mask;
    to.free[to.count] = free;
    to.arrival[to.count] = arrival;
    to.classOf[to.count] = from.classOf[entry] as number;
    to.rowStart[++to.count] = rows;
  };
  const addJoined = () => {
    for (const member of members) addRows(member);
    addEntry(members[0] as number, join.key, join.mask, join.free, arrivalOf(from, members));
  };
  for (let entry = 0, joined = 0; entry < from.count; entry++) {
    if (entry === place) addJoined();
    if (entry === members[joined]) {
      joined++;
      continue;
    }
    addRows(entry);
    const { key, mask, free, arrival } = from;
    addEntry(
      entry,
      key[entry] as number,
      mask[entry] as number,
      free[entry] as number,
      arrival[entry] as number,
    );
  }
  if (place === from.count) addJoined();
}

function arrivalOf({ arrival }: Covering, members: readonly number[]): number {
  const first = arrival[members[0] as number] as number;
  return members.every((member) => arrival[member] === first) ? first : SEVERAL;
}

/** Leaves out the entries that only send straight on what no entry below them would catch. */
export function withoutDefaults(covering: Covering, { routes }: RouteClasses): ChipTable {
  const { count, key, mask, arrival } = covering;
  const route = Uint32Array.from(covering.classOf, (own) => routes[own] as number);
  const table: ChipTable = {
    key: Uint32Array.from(key.subarray(0, count)),
    mask: Uint32Array.from(mask.subarray(0, count)),
    route: route.subarray(0, count),
    arrival: arrival.subarray(0, count),
  };
  return filterTable(
    table,
    (place) =>
      !isDefaultRoute(arrival[place] as number, route[place] as number) ||
      isHidden(covering, place, count),
  );
}
