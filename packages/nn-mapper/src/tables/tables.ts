/** Routing tables of all chips, as columns; within a chip the first matching entry wins. */
import { LINKS, oppositeLink } from '@spin-tools/machine-model';
import { LOCAL } from '../route/trees.js';

/** Entries of chip c are rows `start[c] .. start[c + 1]`, in the order of the router. */
export interface Tables {
  readonly start: Int32Array;
  /** Key of each entry. */
  readonly key: Uint32Array;
  /** Mask of each entry: ones where a packet's key must equal the entry's. */
  readonly mask: Uint32Array;
  /** Links 5:0, virtual core v at bit 6 + v. */
  readonly route: Uint32Array;
  /** Link through which the packets come, {@link LOCAL}, or {@link SEVERAL}. */
  readonly arrival: Int8Array;
}

/** Arrival of an entry that stands for several nets. */
export const SEVERAL = LINKS;

/**
 * Entries that applications may use: the router has 1,024, of which SC&MP keeps one to itself.
 */
export const ROUTING_ENTRIES = 1023;

/** Rows of {@link Tables} for a single chip. */
export interface ChipTable {
  readonly key: Uint32Array;
  readonly mask: Uint32Array;
  readonly route: Uint32Array;
  readonly arrival: Int8Array;
}

/** The rows of one chip, as views. */
export function chipTable(tables: Tables, chip: number): ChipTable {
  const [from, to] = [tables.start[chip], tables.start[chip + 1]];
  return {
    key: tables.key.subarray(from, to),
    mask: tables.mask.subarray(from, to),
    route: tables.route.subarray(from, to),
    arrival: tables.arrival.subarray(from, to),
  };
}

/** Tables to fill in, with the rows of chip c at `start[c] .. start[c + 1]`. */
export function blankTables(start: Int32Array): Tables {
  return { start, ...blankColumns(start.at(-1) as number) };
}

/** A table to fill in. */
export const blankColumns = (rows: number): ChipTable => ({
  key: new Uint32Array(rows),
  mask: new Uint32Array(rows),
  route: new Uint32Array(rows),
  arrival: new Int8Array(rows),
});

/** Joins the tables of chips 0, 1, ... */
export function joinTables(chips: readonly ChipTable[]): Tables {
  const start = new Int32Array(chips.length + 1);
  chips.forEach(({ key }, chip) => {
    start[chip + 1] = (start[chip] as number) + key.length;
  });
  const tables = blankTables(start);
  chips.forEach((table, chip) => {
    const from = start[chip];
    tables.key.set(table.key, from);
    tables.mask.set(table.mask, from);
    tables.route.set(table.route, from);
    tables.arrival.set(table.arrival, from);
  });
  return tables;
}

/** The rows of a table that pass. */
export function filterTable(table: ChipTable, keep: (row: number) => boolean): ChipTable {
  const rows = new Int32Array(table.key.length);
  let count = 0;
  for (let row = 0; row < rows.length; row++) if (keep(row)) rows[count++] = row;
  const kept = blankColumns(count);
  for (let row = 0; row < count; row++) {
    const from = rows[row] as number;
    kept.key[row] = table.key[from] as number;
    kept.mask[row] = table.mask[from] as number;
    kept.route[row] = table.route[from] as number;
    kept.arrival[row] = table.arrival[from] as number;
  }
  return kept;
}

/**
 * Whether a router does what the entry says with packets that no entry matches: they leave through
 * the link opposite to the one they came by. SpiNNaker data sheet, section 10.4.
 */
export const isDefaultRoute = (arrival: number, route: number): boolean =>
  arrival !== LOCAL && arrival !== SEVERAL && route === 1 << oppositeLink(arrival);

/** What takes packets that no entry matches: below all entries. */
export const STRAIGHT_ON = 0x7fffffff;

/** A table that does what a complete one does, and which of its entries takes each row of that. */
export interface CoveredTable {
  readonly table: ChipTable;
  /** The entry, or {@link STRAIGHT_ON}, by row. */
  readonly entryOf: Int32Array;
}

/** Routes by number. */
export interface RouteClasses {
  /** Class of each row: rows of one route have the same. */
  readonly classOf: Int32Array;
  /** Route of each class. */
  readonly routes: Uint32Array;
}

/** Numbers the routes of a table in the order in which they appear. */
export function routeClasses({ route }: ChipTable): RouteClasses {
  const classes = new Map<number, number>();
  const classOf = new Int32Array(route.length);
  for (let row = 0; row < route.length; row++) {
    const value = route[row] as number;
    if (row > 0 && value === route[row - 1]) {
      classOf[row] = classOf[row - 1] as number;
      continue;
    }
    const known = classes.get(value);
    classOf[row] = known ?? classes.size;
    if (known === undefined) classes.set(value, classes.size);
  }
  return { classOf, routes: Uint32Array.from(classes.keys()) };
}
