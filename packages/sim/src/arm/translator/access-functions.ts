/**
 * Functions in WebAssembly for loads and stores that translated code does not make in place. They reach the
 * instruction memory (loads only), System RAM, and SDRAM by the table of its pages, with the time and the count of bytes
 * that the core's bus has for them; everything else is left to slow-access.ts. One copy serves all regions, whose code stays short.
 */
import { arena } from '../arena.js';
import { POSTED_CYCLES, SHARED_CYCLES } from '../private-bus.js';
import { activeState, Slot } from '../state.js';
import { callImports } from './general-step.js';
import { noteSdram, pushSdramPlace, SDRAM_LOADS, SDRAM_STORES, stall } from './sdram-access.js';
import { STORED, slowAccess, slowImports } from './slow-access.js';
import { pushSystemRamPlace } from './system-ram-access.js';
import { Access, encodeModule, FunctionCode, type ModuleFunction, Wasm } from './wasm.js';

/** Bits of an address that tell the instruction memory, at 0. */
const INSTRUCTION_MEMORY = 0xffff8000;
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
  pushSdramPlace(
    code,
    { address: ADDRESS, page: code.local() },
    SDRAM_LOADS | (bytes - 1),
    elsewhere,
  );
  code.access(access);
  noteSdram(code, code.local(), bytes, SHARED_CYCLES);
  code.do(Wasm.Return).end();
  const byBus = code.block();
  pushSystemRamPlace(code, ADDRESS, bytes, byBus);
  code.access(access);
  stall(code, code.local(), SHARED_CYCLES);
  code.do(Wasm.Return).end();
  code.get(ADDRESS).call(slowIndex(name));
  return { name, parameters: 1, results: 1, code };
}

function store(name: string, bytes: number, access: Access): ModuleFunction {
  const code = new FunctionCode(2);
  const elsewhere = code.block();
  pushSdramPlace(
    code,
    { address: ADDRESS, page: code.local() },
    SDRAM_STORES | (bytes - 1),
    elsewhere,
  );
  code.get(VALUE).access(access);
  noteSdram(code, code.local(), bytes, POSTED_CYCLES);
  returnStored(code);
  code.end();
  const byBus = code.block();
  pushSystemRamPlace(code, ADDRESS, bytes, byBus);
  code.get(VALUE).access(access);
  stall(code, code.local(), POSTED_CYCLES);
  returnStored(code);
  code.end();
  code.get(ADDRESS).get(VALUE).call(slowIndex(name));
  return { name, parameters: 2, results: 1, code };
}

function returnStored(code: FunctionCode): void {
  code.constant(STORED.Done).constant(STORED.EndedSlice);
  code.constant(0).access(Access.LoadWord, place(Slot.Limit)).do(Wasm.Select, Wasm.Return);
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
