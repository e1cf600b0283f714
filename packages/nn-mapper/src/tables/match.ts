/**
 * Finds the first matching entry of a table without reading all of it. The entries of each chip are
 * divided by the value of one bit after another, until few are left; entries that do not test a bit
 * are on both sides. The order of the router is kept on every side.
 */
import { KEY_BITS } from './bits.js';
import type { Tables } from './tables.js';

/** Shares of a chip's entries of up to this size are read one by one: dividing them takes longer. */
const MOST_READ = 64;

/** Rows that are asked which bit divides them best. */
const SAMPLE = 16;

/** What {@link firstMatch} finds when no entry matches any of the keys. */
export const NO_ENTRY = -1;

/** What {@link firstMatch} finds when the first entry that matches takes only some of the keys. */
export const PARTIAL = -2;

/** Divided tables. */
export interface TableIndex {
  readonly tables: Tables;
  /** Node of all entries of each chip, or {@link UNDIVIDED}. */
  readonly rootOf: Int32Array;
  /**
   * Three numbers a node: the bit that divides it and its two nodes below; or {@link LEAF} and the start
   * and end of its rows.
   */
  readonly nodes: Int32Array;
  /** Rows of the leaves, with their keys and masks: they are read one after another. */
  readonly rows: Int32Array;
  readonly keys: Int32Array;
  readonly masks: Int32Array;
}

const LEAF = -1;

/** Root of a chip with few entries. */
const UNDIVIDED = -1;

/** The entries of all chips, divided. */
export function indexTables(tables: Tables): TableIndex {
  const chips = tables.start.length - 1;
  const growing: Growing = {
    tables,
    nodes: [],
    rows: [],
    ones: new Int32Array(KEY_BITS),
    zeros: new Int32Array(KEY_BITS),
  };
  const rootOf = new Int32Array(chips);
  for (let chip = 0; chip < chips; chip++) {
    const from = tables.start[chip] as number;
    const rows = new Int32Array((tables.start[chip + 1] as number) - from);
    if (rows.length <= MOST_READ) {
      rootOf[chip] = UNDIVIDED;
      continue;
    }
    for (let index = 0; index < rows.length; index++) rows[index] = from + index;
    rootOf[chip] = divide(growing, rows);
  }
  const rows = Int32Array.from(growing.rows);
  return {
    tables,
    rootOf,
    nodes: Int32Array.from(growing.nodes),
    rows,
    keys: rows.map((row) => tables.key[row] as number),
    masks: rows.map((row) => tables.mask[row] as number),
  };
}

/** A {@link TableIndex} in the making. */
interface Growing {
  readonly tables: Tables;
  readonly nodes: number[];
  readonly rows: number[];
  /** Rows in the sample of the node in hand with each bit set and clear. */
  readonly ones: Int32Array;
  readonly zeros: Int32Array;
}

function divide(growing: Growing, rows: Int32Array): number {
  const { nodes, tables } = growing;
  const node = nodes.length;
  const bit = rows.length > MOST_READ ? dividingBit(growing, rows) : LEAF;
  if (bit === LEAF) {
    const start = growing.rows.length;
    for (const row of rows) growing.rows.push(row);
    nodes.push(LEAF, start, growing.rows.length);
    return node;
  }
  nodes.push(bit, 0, 0);
  for (let value = 0; value < 2; value++) {
    nodes[node + 1 + value] = divide(growing, rowsOfSide(tables, rows, bit, value));
  }
  return node;
}

/** The rows that match keys with that value of a bit. */
function rowsOfSide(tables: Tables, rows: Int32Array, bit: number, value: number): Int32Array {
  const side = new Int32Array(rows.length);
  let count = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    const isTested = ((tables.mask[row] as number) >>> bit) & 1;
    const isOther = (((tables.key[row] as number) >>> bit) & 1) ^ value;
    if ((isTested & isOther) === 0) side[count++] = row;
  }
  return side.subarray(0, count);
}

/** A bit that leaves few rows on the larger side; {@link LEAF} when none leaves few enough. */
function dividingBit({ tables, ones, zeros }: Growing, rows: Int32Array): number {
  ones.fill(0);
  zeros.fill(0);
  const step = rows.length / SAMPLE;
  const { key, mask } = tables;
  for (let index = 0; index < SAMPLE; index++) {
    const row = rows[Math.floor(index * step)] as number;
    countBits(ones, (key[row] as number) & (mask[row] as number));
    countBits(zeros, ~(key[row] as number) & (mask[row] as number));
  }
  let best = LEAF;
  let most = SAMPLE / 4;
  for (let bit = 0; bit < KEY_BITS; bit++) {
    const fewer = Math.min(ones[bit] as number, zeros[bit] as number);
    if (fewer < most) continue;
    most = fewer + 1;
    best = bit;
  }
  return best;
}

function countBits(counts: Int32Array, word: number): void {
  for (let rest = word; rest !== 0; rest &= rest - 1) {
    const bit = KEY_BITS - 1 - Math.clz32(rest & -rest);
    counts[bit] = (counts[bit] as number) + 1;
  }
}

/** The row that all keys of a range match first, {@link NO_ENTRY}, or {@link PARTIAL}. */
export function firstMatch(index: TableIndex, chip: number, key: number, mask: number): number {
  const { tables, nodes, keys, masks } = index;
  let node = index.rootOf[chip] as number;
  if (node === UNDIVIDED) return firstOfAll(tables, chip, key, mask);
  for (let bit = nodes[node] as number; bit !== LEAF; bit = nodes[node] as number) {
    if (((mask >>> bit) & 1) === 0) return firstOfAll(tables, chip, key, mask);
    node = nodes[node + 1 + ((key >>> bit) & 1)] as number;
  }
  const end = nodes[node + 2] as number;
  for (let at = nodes[node + 1] as number; at < end; at++) {
    const entryMask = masks[at] as number;
    if ((((keys[at] as number) ^ key) & entryMask & mask) !== 0) continue;
    return (entryMask & ~mask) === 0 ? (index.rows[at] as number) : PARTIAL;
  }
  return NO_ENTRY;
}

/** The same entry by entry: for few, or a range so wide that both sides of a node have keys of it. */
function firstOfAll(tables: Tables, chip: number, key: number, mask: number): number {
  const end = tables.start[chip + 1] as number;
  for (let row = tables.start[chip] as number; row < end; row++) {
    const entryMask = tables.mask[row] as number;
    if ((((tables.key[row] as number) ^ key) & entryMask & mask) !== 0) continue;
    return (entryMask & ~mask) === 0 ? row : PARTIAL;
  }
  return NO_ENTRY;
}
