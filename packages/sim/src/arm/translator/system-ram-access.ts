/**
 * Accesses of translated code to System RAM, while no other core could notice them. They take the time that they do by
 * the core's bus.
 */
import { activeState, Slot } from '../state.js';
import { Access, type FunctionCode, type Label, Wasm } from './wasm.js';

/** Bits that tell System RAM, for posted accesses: at 0xe5000000, again and again. Unbuffered ones take longer. */
const SYSTEM_RAM_MASK = 0xff000000;
const SYSTEM_RAM = 0xe5000000;
const OFFSET_MASK = 0x7fff;

const place = (slot: number): number => slot * activeState.BYTES_PER_ELEMENT;

/** Pushes the place in the arena of the address in a variable, unless it is not aligned, or must be reached by the bus. */
export function pushSystemRamPlace(
  code: FunctionCode,
  address: number,
  bytes: number,
  elsewhere: Label,
): void {
  code
    .get(address)
    .constant(SYSTEM_RAM_MASK | (bytes - 1))
    .do(Wasm.And);
  code.constant(SYSTEM_RAM).do(Wasm.NotEqual).branchIf(elsewhere);
  code.constant(0).access(Access.LoadWord, place(Slot.SystemRam)).do(Wasm.EqualZero);
  code.branchIf(elsewhere);
  code.constant(0).access(Access.LoadWord, place(Slot.SystemRam));
  code.get(address).constant(OFFSET_MASK).do(Wasm.And, Wasm.Add);
}
