/**
 * Accesses of translated code to SDRAM, by the table of its pages. They take the time, and count the bytes, that
 * they do by the core's bus.
 */
import { activeState, Slot } from '../state.js';
import { Access, type FunctionCode, type Label, Wasm } from './wasm.js';

/** Bits that tell SDRAM, for loads and for posted stores. Unbuffered stores take longer. */
export const SDRAM_LOADS = 0xe0000000;
export const SDRAM_STORES = 0xf0000000;
const SDRAM = 0x60000000;
/** Pages are 4 KB and their entries a word: from an address to the offset of its entry. */
const ENTRY_SHIFT = 10;
const ENTRY_MASK = 0x1fffc;
const PAGE_MASK = 0xfff;

const place = (slot: number): number => slot * activeState.BYTES_PER_ELEMENT;

/** Variables: the address of an access, and one that may be used. */
interface Variables {
  readonly address: number;
  readonly page: number;
}

/**
 * Pushes the place in the arena of an address, unless it is not aligned, or not in SDRAM and a page of the table.
 *
 * @param mask bits that tell SDRAM, and those that are 0 when the address is aligned
 */
export function pushSdramPlace(
  code: FunctionCode,
  { address, page }: Variables,
  mask: number,
  elsewhere: Label,
): void {
  code.get(address).constant(mask).do(Wasm.And).constant(SDRAM).do(Wasm.NotEqual);
  code.branchIf(elsewhere).constant(0).access(Access.LoadWord, place(Slot.SdramTable));
  code.tee(page).do(Wasm.EqualZero).branchIf(elsewhere);
  code.get(address).constant(ENTRY_SHIFT).do(Wasm.ShiftRightUnsigned).constant(ENTRY_MASK);
  code.do(Wasm.And).get(page).do(Wasm.Add).access(Access.LoadWord).tee(page);
  code.do(Wasm.EqualZero).branchIf(elsewhere);
  code.get(page).get(address).constant(PAGE_MASK).do(Wasm.And, Wasm.Add);
}

/** Lets the core wait, and counts the bytes; `left` is a variable that may be used. */
export function noteSdram(code: FunctionCode, left: number, bytes: number, cycles: number): void {
  add(code, Slot.SdramBytes, bytes);
  stall(code, left, cycles);
}

/** Lets the core wait; `left` is a variable that may be used. */
function stall(code: FunctionCode, left: number, cycles: number): void {
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
