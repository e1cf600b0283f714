/**
 * Memory accesses of translated code that it does not make in place. They go the interpreter's way; an error
 * is kept until the region has been left, since the registers are in its local variables.
 */
import { loadListed, loadPacked, storeListed, storePacked } from '../block.js';
import type { CoreMemory } from '../memory.js';
import { activeState, Slot } from '../state.js';
import type { ImportedFunction } from './wasm.js';

/** What a store tells. */
export const STORED = { Done: 0, Fault: 1, EndedSlice: 2 } as const;

let memory: CoreMemory | undefined;
let failure: unknown;

/** Sets whose memory is accessed. */
export function accessMemoryOf(core: CoreMemory): void {
  memory = core;
}

/** The error of the access that failed. */
export function takeFailure(): unknown {
  activeState[Slot.Fault] = 0;
  const error = failure;
  failure = undefined;
  return error;
}

/** Makes a load; 0 in place of what could not be loaded. */
function load(read: (from: CoreMemory) => number): number {
  try {
    return memory === undefined ? 0 : read(memory);
  } catch (error) {
    failure = error;
    activeState[Slot.Fault] = 1;
    return 0;
  }
}

function store(write: (to: CoreMemory) => void): number {
  try {
    if (memory !== undefined) write(memory);
  } catch (error) {
    failure = error;
    activeState[Slot.Fault] = 1;
    return STORED.Fault;
  }
  return activeState[Slot.Limit] === 0 ? STORED.EndedSlice : STORED.Done;
}

function loadBlock(read: (from: CoreMemory) => void): number {
  return store(read) === STORED.Fault ? STORED.Fault : STORED.Done;
}

/** Functions that regions import. Blocks come as list, count, address; those that load tell whether they failed. */
export const slowAccess = {
  loadWord: (address: number) => load((from) => from.loadWord(address)),
  loadHalf: (address: number) => load((from) => from.loadHalf(address)),
  loadByte: (address: number) => load((from) => from.loadByte(address)),
  storeWord: (address: number, value: number) => store((to) => to.storeWord(address, value)),
  storeHalf: (address: number, value: number) => store((to) => to.storeHalf(address, value)),
  storeByte: (address: number, value: number) => store((to) => to.storeByte(address, value)),
  loadPacked: (list: number, count: number, address: number) =>
    loadBlock((from) => loadPacked(from, list, count, address)),
  loadListed: (list: number, _count: number, address: number) =>
    loadBlock((from) => loadListed(from, list, address)),
  storePacked: (list: number, count: number, address: number) =>
    store((to) => storePacked(to, list, count, address)),
  storeListed: (list: number, _count: number, address: number) =>
    store((to) => storeListed(to, list, address)),
} as const;

type SlowName = keyof typeof slowAccess;
const NAMES = Object.keys(slowAccess) as SlowName[];

/** The functions as a module imports them. */
export const slowImports: readonly ImportedFunction[] = NAMES.map((name) => ({
  name,
  parameters: slowAccess[name].length,
  results: 1,
}));

/** Their numbers in a module. */
export const SLOW = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Readonly<
  Record<SlowName, number>
>;
