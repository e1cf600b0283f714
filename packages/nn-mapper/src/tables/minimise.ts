/**
 * Fewest entries for one chip.
 *
 * Two things make multicast tables shorter than general ones: keys that no net sends through the
 * chip may be matched by anything, and a router sends what matches no entry straight on, so default
 * routes need no entry as long as no shorter prefix covers them. Among tables of key prefixes the
 * result is optimal. Entries that no prefix can join are then merged in pairs, and the same is tried from
 * what ordered covering finds; where all that is too long, the bits of keys are tested in other orders.
 */
import { addReorderedTable } from './bit-orders.js';
import type { CoveredTable } from './covering.js';
import { mergeEntries } from './merge.js';
import { coverInOrder } from './ordered-covering.js';
import { type ChipTable, isDefaultRoute, ROUTING_ENTRIES, STRAIGHT_ON } from './tables.js';
import { addTable, emptyTrie, idleTrie, NO_NODE, type Trie, type TrieNode } from './trie.js';

/** Longer tables are merged only where they do not fit: the work grows with the square of the rows. */
const MERGED_ROWS = 128;

/**
 * Covered tables longer than so many times the best one hardly become shorter than it: of 75,000 entries of
 * published and generated tables, merging those as well saves 30.
 */
const MOST_MERGED = 1.05;

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete sorted by key, without overlap, default routes included; masks are prefixes
 * @param enough a table of so many entries needs no long search; 0 for one that is never longer than
 * ordered covering's
 */
export function minimise(complete: ChipTable, enough = Number.POSITIVE_INFINITY): ChipTable {
  return minimiseWith(idleTrie(), complete, enough);
}

/**
 * {@link minimise} with memory that is at hand.
 * @param trie serves table after table
 * @param capacity entries of the router
 */
export function minimiseWith(
  trie: Trie,
  complete: ChipTable,
  enough: number,
  capacity = ROUTING_ENTRIES,
): ChipTable {
  const rows = complete.key.length;
  if (rows === 0) return complete;
  emptyTrie(trie, complete);
  const prefixes = write(trie, addTable(trie));
  const isShort = rows <= MERGED_ROWS || prefixes.table.key.length > enough;
  if (!isShort) return prefixes.table;
  const least = leastEntries(trie);
  let best = prefixes.table;
  if (best.key.length > least) {
    best = shorter(best, mergeEntries(complete, prefixes.table, prefixes.entryOf));
  }
  if (best.key.length > least) best = coverShorter(trie, best);
  if (best.key.length <= capacity) return best;
  const { table, entryOf } = write(trie, addReorderedTable(trie));
  return shorter(best, mergeEntries(complete, table, entryOf));
}

const shorter = (one: ChipTable, other: ChipTable): ChipTable =>
  other.key.length < one.key.length ? other : one;

/** No table has fewer: one for each route that is not the default one. */
function leastEntries({ table, classOf, routes }: Trie): number {
  const isNeeded = new Uint8Array(routes.length);
  let least = 0;
  for (let row = 0; row < classOf.length; row++) {
    const own = classOf[row] as number;
    if (isNeeded[own] || isDefaultRoute(table.arrival[row] as number, routes[own] as number)) {
      continue;
    }
    isNeeded[own] = 1;
    least++;
  }
  return least;
}

/** Ordered covering, merged further, where that is shorter than what there is. */
function coverShorter(trie: Trie, best: ChipTable): ChipTable {
  const { table: complete, classOf, routes } = trie;
  const { table, entryOf } = coverInOrder(complete, { classOf, routes });
  if (table.key.length > MOST_MERGED * best.key.length) return best;
  return shorter(best, mergeEntries(complete, table, entryOf));
}

/** Entries of a table that is being written. */
interface Written {
  readonly trie: Trie;
  readonly nodes: Int32Array;
  readonly classes: Int32Array;
  count: number;
  /** Node whose entry takes each row of the complete table, or {@link NO_NODE}. */
  readonly ownerOf: Int32Array;
}

/** Routers take the first match: what is below a prefix comes before the entry that covers it. */
function write(trie: Trie, root: TrieNode): CoveredTable {
  const length = trie.uncovered[root] as number;
  const written = {
    trie,
    nodes: new Int32Array(length),
    classes: new Int32Array(length),
    count: 0,
    ownerOf: new Int32Array(trie.table.key.length).fill(NO_NODE),
  };
  writeUncovered(written, root);
  return { table: tableOf(written), entryOf: entriesOf(written) };
}

function tableOf({ trie, nodes, classes }: Written): ChipTable {
  const { routes } = trie;
  const key = new Uint32Array(nodes.length);
  const mask = new Uint32Array(nodes.length);
  const route = new Uint32Array(nodes.length);
  const arrival = new Int8Array(nodes.length);
  for (let entry = 0; entry < nodes.length; entry++) {
    const node = nodes[entry] as number;
    key[entry] = trie.key[node] as number;
    mask[entry] = trie.mask[node] as number;
    route[entry] = routes[classes[entry] as number] as number;
    arrival[entry] = trie.arrival[node] as number;
  }
  return { key, mask, route, arrival };
}

function entriesOf({ trie, nodes, ownerOf }: Written): Int32Array {
  const entryOfNode = new Int32Array(trie.size);
  for (let entry = 0; entry < nodes.length; entry++) entryOfNode[nodes[entry] as number] = entry;
  const entryOf = new Int32Array(ownerOf.length);
  for (let row = 0; row < ownerOf.length; row++) {
    const node = ownerOf[row] as number;
    entryOf[row] = node === NO_NODE ? STRAIGHT_ON : (entryOfNode[node] as number);
  }
  return entryOf;
}

/** Entries for a prefix that nothing covers: below it where that is cheaper, or one over all. */
function writeUncovered(written: Written, node: TrieNode): void {
  const { uncovered, covered, lower, upper } = written.trie;
  if (uncovered[node] === 0) return;
  const below = lower[node] as number;
  const above = upper[node] as number;
  const apart =
    below === NO_NODE
      ? Number.POSITIVE_INFINITY
      : (uncovered[below] as number) + (uncovered[above] as number);
  if (apart <= (covered[node] as number) + 1) {
    writeUncovered(written, below);
    writeUncovered(written, above);
  } else writeCovered(written, node, NO_NODE, NO_CLASS);
}

const NO_CLASS = -1;

/** Entries for a prefix that the entry of `owner`, if any, covers with a class. */
function writeCovered(written: Written, node: TrieNode, owner: TrieNode, inherited: number): void {
  const { lower, upper, classStart, pool } = written.trie;
  const isInherited = inherited !== NO_CLASS && hasClass(written.trie, node, inherited);
  const own = isInherited ? inherited : (pool[classStart[node] as number] as number);
  const ownOwner = isInherited ? owner : node;
  if (lower[node] === NO_NODE) written.ownerOf[upper[node] as number] = ownOwner;
  else {
    writeCovered(written, lower[node] as number, ownOwner, own);
    writeCovered(written, upper[node] as number, ownOwner, own);
  }
  if (isInherited) return;
  written.nodes[written.count] = node;
  written.classes[written.count++] = own;
}

function hasClass({ pool, classStart, classEnd }: Trie, node: TrieNode, wanted: number): boolean {
  const end = classEnd[node] as number;
  for (let at = classStart[node] as number; at < end; at++) if (pool[at] === wanted) return true;
  return false;
}
