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
} as const;
export type Slot = typeof Slot;

/** Number of words a core keeps while it does not run. */
export const STATE_WORDS = 23;

/** The running core's words, and some of its run, outside the garbage-collected heap. */
export const activeState = new Int32Array(arena.buffer, 0, 32);
