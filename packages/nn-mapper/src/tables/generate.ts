/** One routing entry for every chip that a net's tree visits. */
import type { KeyAllocation } from '../keys/allocate.js';
import type { Trees } from '../route/trees.js';
import { blankTables, type Tables } from './tables.js';

/**
 * Complete tables: sorted by key, no two entries of a chip overlap.
 * @param chips number of chips of the machine
 */
export function generateTables(trees: Trees, keys: KeyAllocation, chips: number): Tables {
  const start = firstRows(trees, chips);
  const tables = blankTables(start);
  const next = start.slice();
  for (const net of netsByKey(keys)) {
    const end = trees.start[net + 1] as number;
    for (let node = trees.start[net] as number; node < end; node++) {
      const chip = trees.chip[node] as number;
      const row = next[chip] as number;
      next[chip] = row + 1;
      tables.key[row] = keys.netKey[net] as number;
      tables.mask[row] = keys.netMask[net] as number;
      tables.route[row] = trees.route[node] as number;
      tables.arrival[row] = trees.arrival[node] as number;
    }
  }
  return tables;
}

function firstRows(trees: Trees, chips: number): Int32Array {
  const start = new Int32Array(chips + 1);
  for (const chip of trees.chip) start[chip + 1] = (start[chip + 1] as number) + 1;
  for (let chip = 0; chip < chips; chip++) {
    start[chip + 1] = (start[chip + 1] as number) + (start[chip] as number);
  }
  return start;
}

const netsByKey = ({ netKey }: KeyAllocation): Uint32Array =>
  Uint32Array.from(netKey.keys()).sort((a, b) => (netKey[a] as number) - (netKey[b] as number));
