/**
 * Loads of the instruction memory, which translated code does not make in place, are made here, in WebAssembly.
 * All other accesses are left to slow-access.ts.
 */
import { arena } from '../arena.js';
import { activeState, Slot } from '../state.js';
import { callImports } from './general-step.js';
import { slowAccess, slowImports } from './slow-access.js';
import { Access, encodeModule, FunctionCode, Wasm } from './wasm.js';

/** Bits of an address that tell the instruction memory, at 0. */
const INSTRUCTION_MEMORY = 0xffff8000;
const ADDRESS = 0;

/** How loads of a name are made: size in bytes and instruction. */
const LOADS = {
  loadWord: [4, Access.LoadWord],
  loadHalf: [2, Access.LoadHalf],
  loadByte: [1, Access.LoadByte],
} as const;

const slowIndex = (name: string): number => slowImports.findIndex((each) => each.name === name);

function loadCode(name: string, bytes: number, access: Access): FunctionCode {
  const code = new FunctionCode(1);
  code
    .get(ADDRESS)
    .constant(INSTRUCTION_MEMORY | (bytes - 1))
    .do(Wasm.And, Wasm.EqualZero)
    .if();
  code.constant(0).access(Access.LoadWord, Slot.Memories * activeState.BYTES_PER_ELEMENT);
  code.get(ADDRESS).do(Wasm.Add).access(access).do(Wasm.Return).end();
  return code.get(ADDRESS).call(slowIndex(name));
}

function instantiate(): Readonly<Record<string, unknown>> {
  const functions = Object.entries(LOADS).map(([name, [bytes, access]]) => ({
    ...{ name, parameters: 1, results: 1 },
    code: loadCode(name, bytes, access),
  }));
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
