/** LDM and STM of up to eight words, register numbers four bits each, outside the data memory. */
import type { CoreMemory } from './memory.js';
import { activeState as state } from './state.js';

/** Loads `count` words from `address` up; registers change only when all of them could be read. */
export function loadPacked(memory: CoreMemory, list: number, count: number, address: number): void {
  const values = Array.from({ length: count }, (_, index) => memory.loadWord(address + 4 * index));
  for (const [index, value] of values.entries()) state[(list >>> (4 * index)) & 15] = value;
}

/** Stores `count` words from `address` up. */
export function storePacked(
  memory: CoreMemory,
  list: number,
  count: number,
  address: number,
): void {
  for (let index = 0; index < count; index++) {
    memory.storeWord(address + 4 * index, state[(list >>> (4 * index)) & 15] as number);
  }
}
