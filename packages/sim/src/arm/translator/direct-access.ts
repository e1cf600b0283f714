/**
 * Memory accesses that translated code does not make in place: loads of the instruction memory, and SDRAM by a
 * table of its pages, are made here, in WebAssembly. All others are left to slow-access.ts.
 *
 * An access to SDRAM takes the time, and counts the bytes, that it does by the core's bus.
 */
import { arena } from '../arena.js';
import { POSTED_CYCLES, SHARED_CYCLES } from '../private-bus.js';
import { activeState, Slot } from '../state.js';
import { STORED, slowAccess, slowImports } from './slow-access.js';
import { Access, encodeModule, FunctionCode, Wasm } from './wasm.js';

const WORD_BYTES = activeState.BYTES_PER_ELEMENT;
/** Bits of an address that tell the instruction memory, at 0. */
const INSTRUCTION_MEMORY = 0xffff8000;
/** Bits that tell SDRAM, for loads and for posted stores. Unbuffered stores take longer. */
const SDRAM_LOADS = 0xe0000000;
const SDRAM_STORES = 0xf0000000;
const SDRAM = 0x60000000;
/** Pages are 4 KB and their entries a word: from an address to the offset of its entry. */
const ENTRY_SHIFT = 10;
const ENTRY_MASK = 0x1fffc;
const PAGE_MASK = 0xfff;
const ADDRESS = 0;
const VALUE = 1;

/** How accesses of a name are made: size in bytes and instruction. */
const LOADS = {
  loadWord: [4, Access.LoadWord],
  loadHalf: [2, Access.LoadHalf],
  loadByte: [1, Access.LoadByte],
} as const;
const STORES = {
  storeWord: [4, Access.StoreWord],
  storeHalf: [2, Access.StoreHalf],
  storeByte: [1, Access.StoreByte],
} as const;

const slowIndex = (name: string): number => slowImports.findIndex((each) => each.name === name);

function pushState(code: FunctionCode, slot: number): void {
  code.constant(0).access(Access.LoadWord, slot * WORD_BYTES);
}

/** Adds a constant to a word of the state. */
function addToState(code: FunctionCode, slot: number, amount: number): void {
  code.constant(0);
  pushState(code, slot);
  code
    .constant(amount)
    .do(Wasm.Add)
    .access(Access.StoreWord, slot * WORD_BYTES);
}

/** Lets the core wait, as its bus does; leaves the limit of the slice in `limit`. */
function wait(code: FunctionCode, cycles: number, limit: number): void {
  addToState(code, Slot.Stalled, cycles);
  pushState(code, Slot.Limit);
  code.constant(cycles).do(Wasm.Subtract).tee(limit).constant(0);
  code.get(limit).constant(0).do(Wasm.GreaterSigned, Wasm.Select).set(limit);
  code
    .constant(0)
    .get(limit)
    .access(Access.StoreWord, Slot.Limit * WORD_BYTES);
}

/**
 * Opens what is done when the address is aligned, in SDRAM, and in a page of the table; `page` is its place.
 * Both blocks that it opens have to be ended.
 */
function ifInSdram(code: FunctionCode, window: number, bytes: number, page: number): void {
  code
    .get(ADDRESS)
    .constant(window | (bytes - 1))
    .do(Wasm.And)
    .constant(SDRAM)
    .do(Wasm.Equal);
  pushState(code, Slot.SdramTable);
  code.tee(page).constant(0).do(Wasm.NotEqual, Wasm.And).if();
  code.get(page).get(ADDRESS).constant(ENTRY_SHIFT).do(Wasm.ShiftRightUnsigned);
  code.constant(ENTRY_MASK).do(Wasm.And, Wasm.Add).access(Access.LoadWord).tee(page).if();
}

function pushPlace(code: FunctionCode, page: number): void {
  code.get(page).get(ADDRESS).constant(PAGE_MASK).do(Wasm.And, Wasm.Add);
}

function loadCode(name: string, bytes: number, access: Access): FunctionCode {
  const code = new FunctionCode(1);
  const page = code.local();
  const limit = code.local();
  code
    .get(ADDRESS)
    .constant(INSTRUCTION_MEMORY | (bytes - 1))
    .do(Wasm.And, Wasm.EqualZero)
    .if();
  pushState(code, Slot.Memories);
  code.get(ADDRESS).do(Wasm.Add).access(access).do(Wasm.Return).end();
  ifInSdram(code, SDRAM_LOADS, bytes, page);
  wait(code, SHARED_CYCLES, limit);
  addToState(code, Slot.SdramBytes, bytes);
  pushPlace(code, page);
  code.access(access).do(Wasm.Return).end().end();
  return code.get(ADDRESS).call(slowIndex(name));
}

function storeCode(name: string, bytes: number, access: Access): FunctionCode {
  const code = new FunctionCode(2);
  const page = code.local();
  const limit = code.local();
  ifInSdram(code, SDRAM_STORES, bytes, page);
  pushPlace(code, page);
  code.get(VALUE).access(access);
  addToState(code, Slot.SdramBytes, bytes);
  wait(code, POSTED_CYCLES, limit);
  code.constant(STORED.Done).constant(STORED.EndedSlice).get(limit);
  code.do(Wasm.Select, Wasm.Return).end().end();
  return code.get(ADDRESS).get(VALUE).call(slowIndex(name));
}

function instantiate(): Readonly<Record<string, unknown>> {
  const functions = [
    ...Object.entries(LOADS).map(([name, [bytes, access]]) => ({
      ...{ name, parameters: 1, results: 1 },
      code: loadCode(name, bytes, access),
    })),
    ...Object.entries(STORES).map(([name, [bytes, access]]) => ({
      ...{ name, parameters: 2, results: 1 },
      code: storeCode(name, bytes, access),
    })),
  ];
  const bytes = encodeModule(arena.buffer.byteLength, slowImports, functions);
  const imports = { core: { memory: arena, ...slowAccess } };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

let imports: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;

/** What modules of regions import: the functions of {@link slowAccess}, those that are made here in their place. */
export function regionImports(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  imports ??= { core: { memory: arena, ...slowAccess, ...instantiate() } };
  return imports;
}
