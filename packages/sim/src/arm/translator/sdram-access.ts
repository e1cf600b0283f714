/**
 * Accesses of translated code to SDRAM, by the table of its pages. They take the time, and count the bytes, that
 * they do by the core's bus.
 */
import { Slot } from '../state.js';
import type { Frame } from './frame.js';
import { Access, type Label, Wasm } from './wasm.js';

/** Bits that tell SDRAM, for loads and for posted stores. Unbuffered stores take longer. */
export const SDRAM_LOADS = 0xe0000000;
export const SDRAM_STORES = 0xf0000000;
const SDRAM = 0x60000000;
/** Pages are 4 KB and their entries a word: from an address to the offset of its entry. */
const ENTRY_SHIFT = 10;
const ENTRY_MASK = 0x1fffc;
const PAGE_MASK = 0xfff;

/**
 * Branches to a label unless the address is aligned, in SDRAM, and in a page of the table; that is in `scratch` then.
 *
 * @param window - bits that tell SDRAM
 * @param bytes - size of the access
 */
export function unlessInSdram(frame: Frame, window: number, bytes: number, elsewhere: Label): void {
  const { code, address, scratch } = frame;
  code
    .get(address)
    .constant(window | (bytes - 1))
    .do(Wasm.And)
    .constant(SDRAM)
    .do(Wasm.NotEqual)
    .branchIf(elsewhere);
  frame.loadState(Slot.SdramTable);
  code.tee(scratch).do(Wasm.EqualZero).branchIf(elsewhere);
  code.get(address).constant(ENTRY_SHIFT).do(Wasm.ShiftRightUnsigned).constant(ENTRY_MASK);
  code.do(Wasm.And).get(scratch).do(Wasm.Add).access(Access.LoadWord).tee(scratch);
  code.do(Wasm.EqualZero).branchIf(elsewhere);
}

/** Pushes the place of the address in that page. */
export function pushSdramPlace({ code, address, scratch }: Frame): void {
  code.get(scratch).get(address).constant(PAGE_MASK).do(Wasm.And, Wasm.Add);
}

/** Lets the core wait, and counts the bytes. */
export function noteSdram(frame: Frame, bytes: number, cycles: number): void {
  const { code, sdramBytes } = frame;
  code.get(sdramBytes).constant(bytes).do(Wasm.Add).set(sdramBytes);
  frame.wait(cycles);
}
