/**
 * Memory accesses of translated code that it does not make in place. They go the interpreter's way; an error
 * is kept until the region has been left, since the registers are in its local variables.
 */
import { loadListed, loadPacked, storeListed, storePacked } from '../block.js';
import type { CoreMemory } from '../memory.js';
import { runningCpu } from '../running-core.js';
import { activeState, Slot } from '../state.js';
import type { ImportedFunction } from './wasm.js';

/** What a store tells. */
export const STORED = { Done: 0, Fault: 1, EndedSlice: 2 } as const;

/** Upper three bits of addresses of SDRAM. */
const SDRAM_WINDOWS = 3;
/** Upper eight bits of addresses of System RAM. */
const SYSTEM_RAM = 0xe5;

let failure: unknown;

/** The error of the access that failed. */
export function takeFailure(): unknown {
  activeState[Slot.Fault] = 0;
  const error = failure;
  failure = undefined;
  return error;
}

/** Words come most often, from devices: their functions call nothing by a variable. */
function loadWord(address: number): number {
  const { memory } = runningCpu();
  try {
    const value = memory.loadWord(address);
    noteUse(memory, address);
    return value;
  } catch (error) {
    return fail(error);
  }
}

function storeWord(address: number, value: number): number {
  const { memory } = runningCpu();
  try {
    memory.storeWord(address, value);
    noteUse(memory, address);
  } catch (error) {
    fail(error);
    return STORED.Fault;
  }
  return activeState[Slot.Limit] === 0 ? STORED.EndedSlice : STORED.Done;
}

/** Makes a load; 0 in place of what could not be loaded. */
function load(address: number, read: (from: CoreMemory) => number): number {
  const { memory } = runningCpu();
  try {
    const value = read(memory);
    noteUse(memory, address);
    return value;
  } catch (error) {
    return fail(error);
  }
}

function store(address: number, write: (to: CoreMemory) => void): number {
  const { memory } = runningCpu();
  try {
    write(memory);
    noteUse(memory, address);
  } catch (error) {
    fail(error);
    return STORED.Fault;
  }
  return activeState[Slot.Limit] === 0 ? STORED.EndedSlice : STORED.Done;
}

function loadBlock(address: number, read: (from: CoreMemory) => void): number {
  return store(address, read) === STORED.Fault ? STORED.Fault : STORED.Done;
}

/** Returns what is loaded in place of what could not be. */
function fail(error: unknown): number {
  failure = error;
  activeState[Slot.Fault] = 1;
  return 0;
}

/** What is used often becomes reachable directly. */
function noteUse(core: CoreMemory, address: number): void {
  if (address >>> 24 === SYSTEM_RAM) core.outer.directSystemRam?.used();
  if (address >>> 29 !== SDRAM_WINDOWS) return;
  const { direct } = core.outer;
  if (direct === undefined) return;
  direct.used(address);
  core.sdramTable = direct.table;
  activeState[Slot.SdramTable] = core.sdramTable;
}

/** Functions that regions import. Blocks come as list, count, address; those that load tell whether they failed. */
export const slowAccess = {
  loadWord,
  loadHalf: (address: number) => load(address, (from) => from.loadHalf(address)),
  loadByte: (address: number) => load(address, (from) => from.loadByte(address)),
  storeWord,
  storeHalf: (address: number, value: number) =>
    store(address, (to) => to.storeHalf(address, value)),
  storeByte: (address: number, value: number) =>
    store(address, (to) => to.storeByte(address, value)),
  loadPacked: (list: number, count: number, address: number) =>
    loadBlock(address, (from) => loadPacked(from, list, count, address)),
  loadListed: (list: number, _count: number, address: number) =>
    loadBlock(address, (from) => loadListed(from, list, address)),
  storePacked: (list: number, count: number, address: number) =>
    store(address, (to) => storePacked(to, list, count, address)),
  storeListed: (list: number, _count: number, address: number) =>
    store(address, (to) => storeListed(to, list, address)),
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
