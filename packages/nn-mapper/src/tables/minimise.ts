/**
 * Fewest entries for one chip, among tables whose entries are key prefixes.
 *
 * The optimal routing table constructor (Draves, King, Venkatachary and Zill, INFOCOM 1999) on a
 * binary trie of the keys, with two additions that multicast allows. Keys that no net sends through
 * the chip may be matched by anything, so gaps cost nothing. And a router sends what matches no
 * entry straight on, so default routes need no entry as long as no shorter prefix covers them.
 * Routers take the first match: longer prefixes come first.
 */
import { type ChipTable, isDefaultRoute, SEVERAL } from './tables.js';

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete sorted by key, without overlap, default routes included; masks are prefixes
 */
export function minimise(complete: ChipTable): ChipTable {
  if (complete.key.length === 0) return complete;
  const trie = buildTrie(complete, 0, complete.key.length);
  const entries: Entry[] = [];
  emitUncovered(trie, entries);
  entries.sort((a, b) => b.mask - a.mask || a.key - b.key);
  return {
    key: Uint32Array.from(entries, ({ key }) => key),
    mask: Uint32Array.from(entries, ({ mask }) => mask),
    route: Uint32Array.from(entries, ({ route }) => route),
    arrival: Int8Array.from(entries, ({ arrival }) => arrival),
  };
}

/** A prefix of the keys, with all entries of the complete table below it. */
interface TrieNode {
  readonly key: number;
  readonly mask: number;
  /** Routes that a covering entry may have for {@link covered} to hold. */
  readonly routes: readonly number[];
  /** Least entries below a covering one with one of `routes`. */
  readonly covered: number;
  /** Least entries when nothing covers the prefix. */
  readonly uncovered: number;
  readonly arrival: number;
  readonly children: readonly [TrieNode, TrieNode] | undefined;
}

interface Entry {
  readonly key: number;
  readonly mask: number;
  readonly route: number;
  readonly arrival: number;
}

/** The trie of rows `from .. to`, one or more; nodes with a single child are left out. */
function buildTrie(table: ChipTable, from: number, to: number): TrieNode {
  const first = table.key[from] as number;
  if (to - from === 1) return leaf(table, from);
  const last = table.key[to - 1] as number;
  const branchBit = 31 - Math.clz32(first ^ last);
  const upperHalf = ((first & prefixMask(branchBit + 1)) | (1 << branchBit)) >>> 0;
  const middle = firstRowFrom(table.key, upperHalf, from, to);
  return branch(
    first,
    prefixMask(branchBit + 1),
    buildTrie(table, from, middle),
    buildTrie(table, middle, to),
  );
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
    key: (key & mask) >>> 0,
    mask,
    routes: common.length > 0 ? common : [...lower.routes, ...upper.routes],
    covered,
    uncovered: Math.min(lower.uncovered + upper.uncovered, covered + 1),
    arrival: SEVERAL,
    children: [lower, upper],
  };
}

/** Entries for a prefix that nothing covers: below it where that is cheaper, or one over all. */
function emitUncovered(node: TrieNode, entries: Entry[]): void {
  if (node.uncovered === 0) return;
  if (
    node.children &&
    node.children[0].uncovered + node.children[1].uncovered <= node.covered + 1
  ) {
    for (const child of node.children) emitUncovered(child, entries);
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

function firstRowFrom(keys: Uint32Array, key: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ones from bit `bits` up. */
const prefixMask = (bits: number): number => (bits === 32 ? 0 : (-1 << bits) >>> 0);
