/**
 * A binary trie over the keys of a routing table, with the least number of entries below each
 * prefix: the optimal routing table constructor (Draves, King, Venkatachary and Zill, INFOCOM
 * 1999), bottom-up pass. Keys that no net sends through the chip may be matched by anything, so
 * gaps cost nothing and nodes with a single child are left out.
 */
import { type ChipTable, isDefaultRoute, SEVERAL } from './tables.js';

/** A prefix of the keys, with all entries of the complete table below it. */
export interface TrieNode {
  readonly key: number;
  readonly mask: number;
  /** Routes that a covering entry may have for {@link covered} to hold. */
  readonly routes: readonly number[];
  /** Least entries below a covering one with one of `routes`. */
  readonly covered: number;
  /** Least entries when nothing covers the prefix: default routes need none. */
  readonly uncovered: number;
  readonly arrival: number;
  readonly children: readonly [TrieNode, TrieNode] | undefined;
}

/** Bits of a key from the one that the trie tests first to the last. */
export type BitOrder = readonly number[];

const KEY_BITS = 32;

/** Highest bit first: prefixes as usual. */
export const NATURAL_ORDER: BitOrder = Array.from({ length: KEY_BITS }, (_, bit) => 31 - bit);

/** Rows of a table sorted by their keys, the bits taken in some order. */
interface SortedRows {
  readonly table: ChipTable;
  readonly rows: Uint32Array;
  /** Keys of `rows` with their bits in that order, ascending. */
  readonly keys: Uint32Array;
  /** Masks of prefixes of 0 to 32 bits, with the bits where they belong. */
  readonly prefixMasks: Uint32Array;
}

/** Replaces the trie of some rows by a better one, where there is one. */
export type Improve = (rows: Uint32Array, node: TrieNode) => TrieNode;

/**
 * The trie of some rows of a table.
 * @param rows at least one; without overlap
 * @param order must have the bits that some of the masks leave out last, highest first
 * @param improve is asked about every node with children, from the leaves up
 */
export function buildTrie(
  table: ChipTable,
  rows: Uint32Array,
  order: BitOrder,
  improve: Improve = (_, node) => node,
): TrieNode {
  const sorted = sortRows(table, rows, order);
  return buildRange(sorted, 0, rows.length, improve);
}

function sortRows(table: ChipTable, rows: Uint32Array, order: BitOrder): SortedRows {
  const reorder = (key: number) =>
    order.reduce((reordered, bit) => (reordered << 1) | ((key >>> bit) & 1), 0) >>> 0;
  const keyOfRow = new Map(Array.from(rows, (row) => [row, reorder(table.key[row] as number)]));
  const keyOf = (row: number) => keyOfRow.get(row) as number;
  const sorted = rows.toSorted((a, b) => keyOf(a) - keyOf(b));
  const prefixMasks = new Uint32Array(KEY_BITS + 1);
  order.forEach((bit, depth) => {
    prefixMasks[depth + 1] = (prefixMasks[depth] as number) | (1 << bit);
  });
  return { table, rows: sorted, keys: Uint32Array.from(sorted, keyOf), prefixMasks };
}

function buildRange(sorted: SortedRows, from: number, to: number, improve: Improve): TrieNode {
  const { table, rows, keys, prefixMasks } = sorted;
  if (to - from === 1) return leaf(table, rows[from] as number);
  const first = keys[from] as number;
  const depth = Math.clz32(first ^ (keys[to - 1] as number));
  const branchBit = 1 << (KEY_BITS - 1 - depth);
  const middle = firstWithBit(keys, branchBit, from, to);
  const mask = prefixMasks[depth] as number;
  const key = ((table.key[rows[from] as number] as number) & mask) >>> 0;
  const lower = buildRange(sorted, from, middle, improve);
  const upper = buildRange(sorted, middle, to, improve);
  return improve(rows.subarray(from, to), branch(key, mask, lower, upper));
}

function leaf(table: ChipTable, row: number): TrieNode {
  const route = table.route[row] as number;
  const arrival = table.arrival[row] as number;
  return {
    key: table.key[row] as number,
    mask: table.mask[row] as number,
    routes: [route],
    covered: 0,
    uncovered: isDefaultRoute(arrival, route) ? 0 : 1,
    arrival,
    children: undefined,
  };
}

function branch(key: number, mask: number, lower: TrieNode, upper: TrieNode): TrieNode {
  const common = lower.routes.filter((route) => upper.routes.includes(route));
  const covered = lower.covered + upper.covered + (common.length > 0 ? 0 : 1);
  return {
    key,
    mask,
    routes: common.length > 0 ? common : [...lower.routes, ...upper.routes],
    covered,
    uncovered: Math.min(lower.uncovered + upper.uncovered, covered + 1),
    arrival: SEVERAL,
    children: [lower, upper],
  };
}

/** The first key of a range with a bit set; all keys agree in the bits above it. */
function firstWithBit(keys: Uint32Array, bit: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (((keys[middle] as number) & bit) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
