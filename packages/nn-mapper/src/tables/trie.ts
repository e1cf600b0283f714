/**
 * A binary trie over the keys of a routing table, with the least number of entries below each
 * prefix: the optimal routing table constructor (Draves, King, Venkatachary and Zill, INFOCOM
 * 1999), bottom-up pass. Keys that no net sends through the chip may be matched by anything, so
 * gaps cost nothing and nodes with a single child are left out.
 *
 * Nodes are rows of columns, as a machine has millions of them; a node is the index of its row.
 */
import { KEY_BITS } from './bits.js';
import { type ChipTable, isDefaultRoute, routeClasses, SEVERAL } from './tables.js';

/** Index of a node in a {@link Trie}. */
export type TrieNode = number;

/** "No node": what a leaf has as its lower one. */
export const NO_NODE = -1;

/** Prefixes of the keys, each with all entries of the complete table below it. Columns by node. */
export interface Trie {
  table: ChipTable;
  /** Class of each row of the table: rows of one route have the same. */
  classOf: Int32Array;
  /** Route of each class. */
  routes: Uint32Array;
  size: number;
  key: Uint32Array;
  mask: Uint32Array;
  arrival: Int8Array;
  /** Least entries below a covering one with one of the node's routes. */
  covered: Int32Array;
  /** Least entries when nothing covers the prefix: default routes need none. */
  uncovered: Int32Array;
  /** The nodes below; at a leaf {@link NO_NODE} and the row of the table. */
  lower: Int32Array;
  upper: Int32Array;
  /** Classes that a covering entry may have for `covered` to hold: ascending, in the pool. */
  classStart: Int32Array;
  classEnd: Int32Array;
  pool: Int32Array;
  poolSize: number;
}

/** Bits of a key from the one that the trie tests first to the last. */
export type BitOrder = readonly number[];

/** Highest bit first: prefixes as usual. */
export const NATURAL_ORDER: BitOrder = Array.from({ length: KEY_BITS }, (_, bit) => 31 - bit);

/** Masks of prefixes of 0 to 32 bits, with the bits where an order has them. */
function prefixMasksOf(order: BitOrder): Uint32Array {
  const masks = new Uint32Array(KEY_BITS + 1);
  order.forEach((bit, depth) => {
    masks[depth + 1] = (masks[depth] as number) | (1 << bit);
  });
  return masks;
}

const NATURAL_MASKS = prefixMasksOf(NATURAL_ORDER);

/** Some rows of a table, sorted by their keys, the bits taken in some order. */
interface SortedRows {
  readonly rows: Uint32Array;
  /** Keys of `rows` with their bits in that order, ascending. */
  readonly keys: Uint32Array;
  readonly prefixMasks: Uint32Array;
}

/** Replaces the trie of some rows by a better one, where there is one. */
export type Improve = (rows: Uint32Array, node: TrieNode) => TrieNode;

/** Memory for tries, reused from table to table: a machine has tens of thousands. */
export function idleTrie(): Trie {
  const column = () => new Int32Array(LEAST_ROOM);
  return {
    table: EMPTY_TABLE,
    classOf: new Int32Array(0),
    routes: new Uint32Array(0),
    size: 0,
    key: new Uint32Array(LEAST_ROOM),
    mask: new Uint32Array(LEAST_ROOM),
    arrival: new Int8Array(LEAST_ROOM),
    covered: column(),
    uncovered: column(),
    lower: column(),
    upper: column(),
    classStart: column(),
    classEnd: column(),
    pool: column(),
    poolSize: 0,
  };
}

/**
 * Rows that hold most tables: columns that are replaced by larger ones cost more than their copying, as the
 * program was compiled for those that were there.
 */
const LEAST_ROOM = 8192;

const EMPTY_TABLE: ChipTable = {
  key: new Uint32Array(0),
  mask: new Uint32Array(0),
  route: new Uint32Array(0),
  arrival: new Int8Array(0),
};

/** Forgets all nodes; those to come are of another table. */
export function emptyTrie(trie: Trie, table: ChipTable): void {
  trie.table = table;
  const { classOf, routes } = routeClasses(table);
  trie.classOf = classOf;
  trie.routes = routes;
  trie.size = 0;
  trie.poolSize = 0;
}

/** Adds the nodes of a whole table, which is sorted by key and without overlap; the root of them. */
export function addTable(trie: Trie): TrieNode {
  const { key } = trie.table;
  const rows = new Uint32Array(key.length);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  const sorted = { rows, keys: key, prefixMasks: NATURAL_MASKS };
  return addRange(trie, sorted, 0, key.length, undefined);
}

/**
 * Adds the nodes of some rows; the root of them.
 * @param rows at least one; without overlap
 * @param order must have the bits that some of the masks leave out last, highest first
 * @param improve is asked about every node with others below, from the leaves up
 */
export function addRows(
  trie: Trie,
  rows: Uint32Array,
  order: BitOrder,
  improve?: Improve,
): TrieNode {
  return addRange(trie, sortRows(trie.table, rows, order), 0, rows.length, improve);
}

/** Rows below this number fit into one exact number together with a key. */
const ROWS = 2 ** 21;

function sortRows(table: ChipTable, rows: Uint32Array, order: BitOrder): SortedRows {
  const reorder = (key: number) => {
    let reordered = 0;
    for (const bit of order) reordered = (reordered << 1) | ((key >>> bit) & 1);
    return reordered >>> 0;
  };
  const sorted = Float64Array.from(rows, (row) => reorder(table.key[row] as number) * ROWS + row);
  sorted.sort();
  return {
    rows: Uint32Array.from(sorted, (both) => both % ROWS),
    keys: Uint32Array.from(sorted, (both) => Math.floor(both / ROWS)),
    prefixMasks: prefixMasksOf(order),
  };
}

function addRange(
  trie: Trie,
  sorted: SortedRows,
  from: number,
  to: number,
  improve: Improve | undefined,
): TrieNode {
  const { rows, keys, prefixMasks } = sorted;
  if (to - from === 1) return addLeaf(trie, rows[from] as number);
  const depth = Math.clz32((keys[from] as number) ^ (keys[to - 1] as number));
  const middle = firstWithBit(keys, 1 << (KEY_BITS - 1 - depth), from, to);
  const mask = prefixMasks[depth] as number;
  const key = ((trie.table.key[rows[from] as number] as number) & mask) >>> 0;
  const lower = addRange(trie, sorted, from, middle, improve);
  const upper = addRange(trie, sorted, middle, to, improve);
  const node = addBranch(trie, key, mask, lower, upper);
  return improve ? improve(rows.subarray(from, to), node) : node;
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

function addLeaf(trie: Trie, row: number): TrieNode {
  const { table } = trie;
  const route = table.route[row] as number;
  const arrival = table.arrival[row] as number;
  const node = addNode(trie, 1);
  trie.key[node] = table.key[row] as number;
  trie.mask[node] = table.mask[row] as number;
  trie.arrival[node] = arrival;
  trie.covered[node] = 0;
  trie.uncovered[node] = isDefaultRoute(arrival, route) ? 0 : 1;
  trie.lower[node] = NO_NODE;
  trie.upper[node] = row;
  trie.pool[trie.poolSize++] = trie.classOf[row] as number;
  trie.classEnd[node] = trie.poolSize;
  return node;
}

function addBranch(
  trie: Trie,
  key: number,
  mask: number,
  lower: TrieNode,
  upper: TrieNode,
): TrieNode {
  const classes =
    (trie.classEnd[lower] as number) -
    (trie.classStart[lower] as number) +
    ((trie.classEnd[upper] as number) - (trie.classStart[upper] as number));
  const node = addNode(trie, classes);
  const areCommon = addCommonClasses(trie, lower, upper);
  if (!areCommon) addAllClasses(trie, lower, upper);
  const below = (trie.covered[lower] as number) + (trie.covered[upper] as number);
  const covered = below + (areCommon ? 0 : 1);
  const apart = (trie.uncovered[lower] as number) + (trie.uncovered[upper] as number);
  trie.key[node] = key;
  trie.mask[node] = mask;
  trie.arrival[node] = SEVERAL;
  trie.covered[node] = covered;
  trie.uncovered[node] = Math.min(apart, covered + 1);
  trie.lower[node] = lower;
  trie.upper[node] = upper;
  trie.classEnd[node] = trie.poolSize;
  return node;
}

/** Adds the classes that both nodes have to the pool; false when there are none. */
function addCommonClasses(trie: Trie, one: TrieNode, other: TrieNode): boolean {
  const { pool, classStart, classEnd } = trie;
  const before = trie.poolSize;
  let a = classStart[one] as number;
  let b = classStart[other] as number;
  const endA = classEnd[one] as number;
  const endB = classEnd[other] as number;
  while (a < endA && b < endB) {
    const difference = (pool[a] as number) - (pool[b] as number);
    if (difference === 0) pool[trie.poolSize++] = pool[a] as number;
    if (difference <= 0) a++;
    if (difference >= 0) b++;
  }
  return trie.poolSize > before;
}

/** Adds the classes of two nodes that have none in common to the pool. */
function addAllClasses(trie: Trie, one: TrieNode, other: TrieNode): void {
  const { pool, classStart, classEnd } = trie;
  let a = classStart[one] as number;
  let b = classStart[other] as number;
  const endA = classEnd[one] as number;
  const endB = classEnd[other] as number;
  while (a < endA || b < endB) {
    const fromOne = b >= endB || (a < endA && (pool[a] as number) < (pool[b] as number));
    pool[trie.poolSize++] = pool[fromOne ? a++ : b++] as number;
  }
}

/** A new row, with room for some classes; columns double when they are full. */
function addNode(trie: Trie, classes: number): TrieNode {
  if (trie.size === trie.key.length) growColumns(trie);
  if (trie.poolSize + classes > trie.pool.length) {
    trie.pool = grown(trie.pool, new Int32Array(2 * (trie.poolSize + classes)));
  }
  trie.classStart[trie.size] = trie.poolSize;
  return trie.size++;
}

function growColumns(trie: Trie): void {
  const room = 2 * trie.size;
  trie.key = grown(trie.key, new Uint32Array(room));
  trie.mask = grown(trie.mask, new Uint32Array(room));
  trie.arrival = grown(trie.arrival, new Int8Array(room));
  trie.covered = grown(trie.covered, new Int32Array(room));
  trie.uncovered = grown(trie.uncovered, new Int32Array(room));
  trie.lower = grown(trie.lower, new Int32Array(room));
  trie.upper = grown(trie.upper, new Int32Array(room));
  trie.classStart = grown(trie.classStart, new Int32Array(room));
  trie.classEnd = grown(trie.classEnd, new Int32Array(room));
}

function grown<Column extends Int32Array | Uint32Array | Int8Array>(
  old: Column,
  larger: Column,
): Column {
  larger.set(old);
  return larger;
}
