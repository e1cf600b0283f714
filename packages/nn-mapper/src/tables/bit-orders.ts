/**
 * Shorter tables by testing the bits of keys in another order. Keys are made of fields (a block, a
 * unit, a sample); where the route depends on a low field and not on the high one, prefixes merge
 * nothing until the low field is tested first. Entries are then key and mask with gaps in the mask.
 */
import type { ChipTable } from './tables.js';
import { type BitOrder, buildTrie, NATURAL_ORDER, type TrieNode } from './trie.js';

/** Fewer rows have too few entries to be worth the search. */
const LEAST_ROWS = 8;

/**
 * The trie of a whole table in which every part has the best of the bit orders that swap a high
 * field for a low one.
 */
export const buildReorderedTrie = (table: ChipTable, rows: Uint32Array): TrieNode =>
  buildTrie(table, rows, NATURAL_ORDER, (part, node) =>
    part.length < LEAST_ROWS ? node : bestOf(node, table, part),
  );

function bestOf(node: TrieNode, table: ChipTable, rows: Uint32Array): TrieNode {
  let best = node;
  for (const order of fieldSwaps(table, rows)) {
    const candidate = buildTrie(table, rows, order);
    const gain = best.covered - candidate.covered || best.uncovered - candidate.uncovered;
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
