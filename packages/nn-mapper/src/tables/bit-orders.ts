/**
 * Shorter tables by testing the bits of keys in another order. Keys are made of fields (a block, a
 * unit, a sample); where the route depends on a low field and not on the high one, prefixes merge
 * nothing until the low field is tested first. Entries are then key and mask with gaps in the mask.
 */
import type { ChipTable } from './tables.js';
import { addRows, type BitOrder, NATURAL_ORDER, type Trie, type TrieNode } from './trie.js';

/** Fewer rows have too few entries to be worth the search. */
const LEAST_ROWS = 8;

/**
 * Adds a whole table in which every part has the best of the bit orders that swap a high field for
 * a low one; the root of it.
 */
export function addReorderedTable(trie: Trie): TrieNode {
  const rows = Uint32Array.from(trie.table.key.keys());
  return addRows(trie, rows, NATURAL_ORDER, (part, node) =>
    part.length < LEAST_ROWS ? node : bestOf(trie, node, part),
  );
}

function bestOf(trie: Trie, node: TrieNode, rows: Uint32Array): TrieNode {
  let best = node;
  for (const order of fieldSwaps(trie.table, rows)) {
    const candidate = addRows(trie, rows, order);
    const { covered, uncovered } = trie;
    const gain =
      (covered[best] as number) - (covered[candidate] as number) ||
      (uncovered[best] as number) - (uncovered[candidate] as number);
    if (gain > 0) best = candidate;
  }
  return best;
}

/** The bits in which the keys differ, rotated by 1, 2, ...; fixed bits first, free bits last. */
function fieldSwaps(table: ChipTable, rows: Uint32Array): BitOrder[] {
  const first = table.key[rows[0] as number] as number;
  let tested = -1;
  let differing = 0;
  for (const row of rows) {
    tested &= table.mask[row] as number;
    differing |= (table.key[row] as number) ^ first;
  }
  const isSet = (mask: number) => (bit: number) => ((mask >>> bit) & 1) === 1;
  const fixed = NATURAL_ORDER.filter(isSet(tested & ~differing));
  const fields = NATURAL_ORDER.filter(isSet(tested & differing));
  const free = NATURAL_ORDER.filter(isSet(~tested));
  return fields
    .slice(1)
    .map((_, split) => [
      ...fixed,
      ...fields.slice(split + 1),
      ...fields.slice(0, split + 1),
      ...free,
    ]);
}
