/**
 * The registers of the core that is running, as one block of words.
 *
 * Only one core runs at a time, so all cores share one block: it is a constant of the program, and
 * the compiler addresses it directly, without the bounds checks and base loads that a block per core
 * costs at every operand (measured: a third of the interpreter's speed). A core copies its words in
 * before it runs and out afterwards. Translated code finds them at the beginning of the arena.
 */
import { arena } from './arena.js';

/** Words of {@link activeState}. Numbers 0 to 15 are the registers of the current mode. */
export const Slot = {
  /** Negative flag: the sign bit of this word. */
  Negative: 16,
  /** Zero flag: set when this word is 0. */
  Zero: 17,
  /** Carry flag: 0 or 1. */
  Carry: 18,
  /** Overflow flag: the sign bit of this word. */
  Overflow: 19,
  /** Sticky saturation flag Q: the sign bit of this word. */
  Saturated: 20,
  /** Of the present slice: instructions executed (31:16) and cycles spent (15:0). */
  Elapsed: 21,
  /** Cycles at which the present slice ends; tested at taken branches. */
  Limit: 22,
  /** Cycles waited for the bus in the present slice. */
  Stalled: 23,
  /** Not 0 after a memory access of translated code failed. */
  Fault: 24,
  /** Address in the arena of the running core's memories. */
  Memories: 25,
  /** Address in the arena of the table of SDRAM pages of its chip; 0 when there is none. */
  SdramTable: 26,
  /** Bytes of SDRAM that translated code read and wrote by that table in the present slice. */
  SdramBytes: 27,
  /** Address in the arena of the registers and flags of the running core: of these words, or of where they are kept. */
  Registers: 28,
  /** Address in the arena of the running core's table of entries, see entry-tables.ts; 0 when it has none. */
  Entries: 29,
  /** Address in the arena of what the running core keeps, see {@link Kept}. */
  Kept: 30,
  /** Not 0 while an interrupt is asked for. */
  Requested: 31,
  /** Address in the arena of System RAM; 0 while it is reached by the bus. */
  SystemRam: 32,
} as const;
export type Slot = typeof Slot;

/** Words of {@link activeState} that a core keeps while it does not run: those up to Q. */
export const STATE_WORDS = Slot.Saturated + 1;

/** Modes have six sets of r13, r14 and SPSR. */
const BANKS = 6;

/** What else each core keeps, behind those words: first words of ranges. */
export const Kept = {
  /** r13 and r14 of the banks. */
  StackAndLink: STATE_WORDS,
  /** SPSR of the banks. */
  SavedStatus: STATE_WORDS + 2 * BANKS,
  /** r8 to r12: of all other modes while FIQ mode runs, of FIQ mode otherwise. */
  OtherHigh: STATE_WORDS + 3 * BANKS,
  /** Interrupt disables and mode, as in a status register. */
  Control: 48,
} as const;

/** Words that a core keeps: a power of two. */
export const KEPT_WORDS = 64;

/** The running core's words, and some of its run, outside the garbage-collected heap. */
export const activeState = new Int32Array(arena.buffer, 0, 64);
