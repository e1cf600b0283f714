/**
 * Fewest entries for one chip.
 *
 * Two things make multicast tables shorter than general ones: keys that no net sends through the
 * chip may be matched by anything, and a router sends what matches no entry straight on, so default
 * routes need no entry as long as no shorter prefix covers them. Among tables of key prefixes the
 * result is optimal; where that is still too long, the bits of keys are tested in other orders.
 */
import { countBits } from '../machine/topology.js';
import { buildReorderedTrie } from './bit-orders.js';
import type { ChipTable } from './tables.js';
import { buildTrie, NATURAL_ORDER, type TrieNode } from './trie.js';

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete without overlap, default routes included; masks are prefixes
 * @param enough a table of so many entries needs no further search
 */
export function minimise(complete: ChipTable, enough = Number.POSITIVE_INFINITY): ChipTable {
  if (complete.key.length === 0) return complete;
  const rows = Uint32Array.from(complete.key.keys());
  const trie = buildTrie(complete, rows, NATURAL_ORDER);
  if (trie.uncovered <= enough) return tableOf(trie);
  const reordered = buildReorderedTrie(complete, rows);
  return tableOf(reordered.uncovered < trie.uncovered ? reordered : trie);
}

/** Routers take the first match: entries that test more bits come first. */
function tableOf(trie: TrieNode): ChipTable {
  const entries: Entry[] = [];
  emitUncovered(trie, entries);
  entries.sort((a, b) => countBits(b.mask) - countBits(a.mask) || a.key - b.key);
  return {
    key: Uint32Array.from(entries, ({ key }) => key),
    mask: Uint32Array.from(entries, ({ mask }) => mask),
    route: Uint32Array.from(entries, ({ route }) => route),
    arrival: Int8Array.from(entries, ({ arrival }) => arrival),
  };
}

interface Entry {
  readonly key: number;
  readonly mask: number;
  readonly route: number;
  readonly arrival: number;
}

/** Entries for a prefix that nothing covers: below it where that is cheaper, or one over all. */
function emitUncovered(node: TrieNode, entries: Entry[]): void {
  if (node.uncovered === 0) return;
  const [lower, upper] = node.children ?? [];
  if (lower && upper && lower.uncovered + upper.uncovered <= node.covered + 1) {
    emitUncovered(lower, entries);
    emitUncovered(upper, entries);
    return;
  }
  emitCovered(node, undefined, entries);
}

/** Entries for a prefix that an entry with the route `inherited`, if any, covers. */
function emitCovered(node: TrieNode, inherited: number | undefined, entries: Entry[]): void {
  let route = inherited;
  if (route === undefined || !node.routes.includes(route)) {
    route = node.routes[0] as number;
    entries.push({ key: node.key, mask: node.mask, route, arrival: node.arrival });
  }
  for (const child of node.children ?? []) emitCovered(child, route, entries);
}
