/** LDM and STM outside the data memory: registers as four bits each (packed) or as a bit mask (listed). */
import { registerList } from './decode-transfer.js';
import type { CoreMemory } from './memory.js';
import { activeState as state } from './state.js';

/** Loads `count` words from `from` up; registers change only when all of them could be read. */
export function loadPacked(memory: CoreMemory, list: number, count: number, from: number): void {
  const address = memory.blockStart(from);
  const values = Array.from({ length: count }, (_, index) => memory.loadWord(address + 4 * index));
  for (const [index, value] of values.entries()) state[(list >>> (4 * index)) & 15] = value;
}

/** Stores `count` words from `from` up. */
export function storePacked(memory: CoreMemory, list: number, count: number, from: number): void {
  const address = memory.blockStart(from);
  for (let index = 0; index < count; index++) {
    memory.storeWord(address + 4 * index, state[(list >>> (4 * index)) & 15] as number);
  }
}

/** As {@link loadPacked}, with one bit per register. */
export function loadListed(memory: CoreMemory, list: number, from: number): void {
  const registers = registerList(list);
  const address = memory.blockStart(from);
  const values = registers.map((_, index) => memory.loadWord(address + 4 * index));
  for (const [index, register] of registers.entries()) state[register] = values[index] as number;
}

/** As {@link storePacked}, with one bit per register. */
export function storeListed(memory: CoreMemory, list: number, from: number): void {
  const address = memory.blockStart(from);
  for (const [index, register] of registerList(list).entries()) {
    memory.storeWord(address + 4 * index, state[register] as number);
  }
}
