/** A routing table while ordered covering joins its entries. */
import { countOnes } from './bits.js';
import {
  blankColumns,
  type ChipTable,
  type CoveredTable,
  isDefaultRoute,
  type RouteClasses,
  SEVERAL,
  STRAIGHT_ON,
} from './tables.js';

/** A row of the complete table, or several that were joined. */
export interface Entry {
  readonly key: number;
  readonly mask: number;
  /** Bits that it does not test. */
  readonly free: number;
  /** Entries of one route have the same class. */
  readonly routeClass: number;
  readonly arrival: number;
  /** Rows of the complete table that it stands for. */
  readonly rows: readonly number[];
  /** Its index in the table. */
  place: number;
}

/** A table while its entries are joined. */
export interface Covering {
  /** Without overlap, default routes included. */
  readonly complete: ChipTable;
  /** Those that match the fewest keys first; of equal ones, those that were joined last. */
  entries: readonly Entry[];
  /** The entries of each class, in the order of the table. */
  readonly groups: (readonly Entry[])[];
  /** Where the first entry that was joined is. */
  firstJoined: number;
}

/** Entries that may become one. */
export interface Join {
  /** In the order of the table. */
  readonly members: readonly Entry[];
  readonly key: number;
  readonly mask: number;
  readonly free: number;
  /** Where the entry that they become belongs. */
  readonly place: number;
}

/** A complete table before anything is joined. */
export function startCovering(complete: ChipTable, { classOf, routes }: RouteClasses): Covering {
  const entries = Array.from(complete.key, (key, row): Entry => {
    const mask = (complete.mask[row] as number) | 0;
    return {
      key: key | 0,
      mask,
      free: countOnes(~mask),
      routeClass: classOf[row] as number,
      arrival: complete.arrival[row] as number,
      rows: [row],
      place: row,
    };
  });
  entries.sort((a, b) => a.free - b.free || a.place - b.place);
  const groups: Entry[][] = Array.from(routes, () => []);
  entries.forEach((entry, place) => {
    entry.place = place;
    groups[entry.routeClass]?.push(entry);
  });
  return { complete, entries, groups, firstJoined: entries.length };
}

/** Puts the entry that its members become into the table. */
export function carryOut(covering: Covering, { members, key, mask, free }: Join): void {
  const [{ routeClass, arrival }] = members as [Entry];
  const joined: Entry = {
    key,
    mask,
    free,
    routeClass,
    arrival: members.every((member) => member.arrival === arrival) ? arrival : SEVERAL,
    rows: members.flatMap(({ rows }) => rows),
    place: 0,
  };
  covering.groups[routeClass] = replace(covering.groups[routeClass] ?? [], members, joined);
  const entries = replace(covering.entries, members, joined);
  for (let place = 0; place < entries.length; place++) (entries[place] as Entry).place = place;
  covering.entries = entries;
  covering.firstJoined = entries.findIndex(({ rows }) => rows.length > 1);
}

/** The list without the members, and with what they become above all that match as many keys or more. */
function replace(list: readonly Entry[], members: readonly Entry[], joined: Entry): Entry[] {
  const to: Entry[] = [];
  let taken = 0;
  let isIn = false;
  for (let index = 0; index < list.length; index++) {
    const entry = list[index] as Entry;
    if (!isIn && entry.free >= joined.free) {
      to.push(joined);
      isIn = true;
    }
    if (entry === members[taken]) taken++;
    else to.push(entry);
  }
  if (!isIn) to.push(joined);
  return to;
}

/** Whether an entry below it and above a place matches any key of it: one that was joined, as rows do not overlap. */
export function isHidden({ entries, firstJoined }: Covering, entry: Entry, until: number): boolean {
  for (let below = Math.max(entry.place + 1, firstJoined); below < until; below++) {
    const other = entries[below] as Entry;
    if (((entry.key ^ other.key) & entry.mask & other.mask) === 0) return true;
  }
  return false;
}

/** Leaves out the entries that only send straight on what no entry below them would catch. */
export function withoutDefaults(covering: Covering, { routes }: RouteClasses): CoveredTable {
  const { complete, entries } = covering;
  const routeOf = ({ routeClass }: Entry) => routes[routeClass] as number;
  const left = entries.filter(
    (entry) =>
      !isDefaultRoute(entry.arrival, routeOf(entry)) || isHidden(covering, entry, entries.length),
  );
  const entryOf = new Int32Array(complete.key.length).fill(STRAIGHT_ON);
  const table = blankColumns(left.length);
  left.forEach((entry, index) => {
    table.key[index] = entry.key;
    table.mask[index] = entry.mask;
    table.route[index] = routeOf(entry);
    table.arrival[index] = entry.arrival;
    for (const row of entry.rows) entryOf[row] = index;
  });
  return { table, entryOf };
}
