/**
 * Fewest entries for one chip.
 *
 * Two things make multicast tables shorter than general ones: keys that no net sends through the
 * chip may be matched by anything, and a router sends what matches no entry straight on, so default
 * routes need no entry as long as no shorter prefix covers them. Among tables of key prefixes the
 * result is optimal. Of that table and the one that ordered covering finds, the shorter one has its entries merged in
 * pairs, and so has the other where it is hardly longer; where all that is too long, the bits of keys are tested in
 * other orders.
 */
import { addReorderedTable } from './bit-orders.js';
import { mergeEntries } from './merge.js';
import { coverInOrder } from './ordered-covering.js';
import { writePrefixes } from './prefixes.js';
import { type ChipTable, type CoveredTable, isDefaultRoute, ROUTING_ENTRIES } from './tables.js';
import { addTable, emptyTrie, idleTrie, type Trie } from './trie.js';

/** Longer tables are merged only where they do not fit: the work grows with the square of the rows. */
const MERGED_ROWS = 128;

/**
 * Tables longer than so many times the shortest one hardly become shorter than it: of 41,437 entries of
 * published and generated tables, merging those as well saves 7.
 */
const MOST_MERGED = 1.1;

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
  const prefixes = writePrefixes(trie, addTable(trie));
  const { length } = prefixes.table.key;
  const least = leastEntries(trie);
  if (length === least || (length <= enough && rows > MERGED_ROWS)) return prefixes.table;
  const best = mergeShortest(complete, [prefixes, coverInOrder(complete, trie)], least);
  if (best.key.length <= Math.max(capacity, least)) return best;
  const reordered = writePrefixes(trie, addReorderedTable(trie));
  return shorter(best, mergeEntries(complete, reordered));
}

const shorter = (one: ChipTable, other: ChipTable): ChipTable =>
  other.key.length < one.key.length ? other : one;

/** The shortest that equivalent tables become; those much longer than another one are not tried. */
function mergeShortest(
  complete: ChipTable,
  equivalent: readonly CoveredTable[],
  least: number,
): ChipTable {
  let best = equivalent.map(({ table }) => table).reduce(shorter);
  const most = MOST_MERGED * best.key.length;
  for (const each of equivalent) {
    if (best.key.length === least) return best;
    if (each.table.key.length <= most) best = shorter(best, mergeEntries(complete, each));
  }
  return best;
}

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
