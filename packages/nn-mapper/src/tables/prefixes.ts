/** Writes the fewest prefixes that a trie found for its keys down as a table. */
import { type ChipTable, type CoveredTable, STRAIGHT_ON } from './tables.js';
import { NO_NODE, type Trie, type TrieNode } from './trie.js';

/** Routers take the first match: what is below a prefix comes before the entry that covers it. */
export function writePrefixes(trie: Trie, root: TrieNode): CoveredTable {
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

/** Entries of a table that is being written. */
interface Written {
  readonly trie: Trie;
  readonly nodes: Int32Array;
  readonly classes: Int32Array;
  count: number;
  /** Node whose entry takes each row of the complete table, or {@link NO_NODE}. */
  readonly ownerOf: Int32Array;
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
