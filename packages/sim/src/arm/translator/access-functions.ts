/**
 * Functions in WebAssembly for loads and stores that translated code does not make in place. They reach the
 * instruction memory (loads only), and SDRAM by the table of its pages, with the time and the count of bytes that the
 * core's bus has for it; everything else is left to slow-access.ts. One copy serves all regions, whose code stays short.
 */
import { arena } from '../arena.js';
import { POSTED_CYCLES, SHARED_CYCLES } from '../private-bus.js';
import { activeState, Slot } from '../state.js';
import { callImports } from './general-step.js';
import { STORED, slowAccess, slowImports } from './slow-access.js';
import {
  Access,
  encodeModule,
  FunctionCode,
  type Label,
  type ModuleFunction,
  Wasm,
} from './wasm.js';

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

/** How loads of a name are made: size in bytes and instruction. */
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
const place = (slot: number): number => slot * activeState.BYTES_PER_ELEMENT;

function load(name: string, bytes: number, access: Access): ModuleFunction {
  const code = new FunctionCode(1);
  code.get(ADDRESS).constant(INSTRUCTION_MEMORY | (bytes - 1));
  code.do(Wasm.And, Wasm.EqualZero).if();
  code.constant(0).access(Access.LoadWord, place(Slot.Memories));
  code.get(ADDRESS).do(Wasm.Add).access(access).do(Wasm.Return).end();
  const elsewhere = code.block();
  pushSdramPlace(code, SDRAM_LOADS, bytes, elsewhere);
  code.access(access);
  noteSdram(code, bytes, SHARED_CYCLES);
  code.do(Wasm.Return).end();
  code.get(ADDRESS).call(slowIndex(name));
  return { name, parameters: 1, results: 1, code };
}

function store(name: string, bytes: number, access: Access): ModuleFunction {
  const code = new FunctionCode(2);
  const elsewhere = code.block();
  pushSdramPlace(code, SDRAM_STORES, bytes, elsewhere);
  code.get(VALUE).access(access);
  noteSdram(code, bytes, POSTED_CYCLES);
  code.constant(STORED.Done).constant(STORED.EndedSlice);
  code.constant(0).access(Access.LoadWord, place(Slot.Limit)).do(Wasm.Select, Wasm.Return).end();
  code.get(ADDRESS).get(VALUE).call(slowIndex(name));
  return { name, parameters: 2, results: 1, code };
}

/** Pushes the place in the arena of the address, unless it is not aligned, or not in SDRAM and a page of the table. */
function pushSdramPlace(code: FunctionCode, window: number, bytes: number, elsewhere: Label): void {
  const table = code.local();
  code.get(ADDRESS).constant(window | (bytes - 1));
  code.do(Wasm.And).constant(SDRAM).do(Wasm.NotEqual).branchIf(elsewhere);
  code.constant(0).access(Access.LoadWord, place(Slot.SdramTable));
  code.tee(table).do(Wasm.EqualZero).branchIf(elsewhere);
  code.get(ADDRESS).constant(ENTRY_SHIFT).do(Wasm.ShiftRightUnsigned).constant(ENTRY_MASK);
  code.do(Wasm.And).get(table).do(Wasm.Add).access(Access.LoadWord).tee(table);
  code.do(Wasm.EqualZero).branchIf(elsewhere);
  code.get(table).get(ADDRESS).constant(PAGE_MASK).do(Wasm.And, Wasm.Add);
}

/** Lets the core wait, and counts the bytes. */
function noteSdram(code: FunctionCode, bytes: number, cycles: number): void {
  const left = code.local();
  add(code, Slot.SdramBytes, bytes);
  add(code, Slot.Stalled, cycles);
  code.constant(0);
  code.constant(0).access(Access.LoadWord, place(Slot.Limit)).constant(cycles).do(Wasm.Subtract);
  code.tee(left).constant(0).get(left).constant(0).do(Wasm.GreaterSigned, Wasm.Select);
  code.access(Access.StoreWord, place(Slot.Limit));
}

function add(code: FunctionCode, slot: number, amount: number): void {
  code.constant(0).constant(0).access(Access.LoadWord, place(slot));
  code.constant(amount).do(Wasm.Add).access(Access.StoreWord, place(slot));
}

function instantiate(): Readonly<Record<string, unknown>> {
  const functions = [
    ...Object.entries(LOADS).map(([name, [bytes, access]]) => load(name, bytes, access)),
    ...Object.entries(STORES).map(([name, [bytes, access]]) => store(name, bytes, access)),
  ];
  const bytes = encodeModule(arena.buffer.byteLength, slowImports, functions);
  const imports = { core: { memory: arena, ...slowAccess } };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

let imports: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;

/** What modules of regions import: the functions of {@link slowAccess}, those that are made here in their place. */
export function regionImports(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  imports ??= { core: { memory: arena, ...slowAccess, ...callImports, ...instantiate() } };
  return imports;
}
