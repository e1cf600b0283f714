/**
 * The registers of the core that is running, as one block of words.
 *
 * Only one core runs at a time, so all cores share one block: it is a constant of the program, and
 * the compiler addresses it directly, without the bounds checks and base loads that a block per core
 * costs at every operand (measured: a third of the interpreter's speed). A core copies its words in
 * before it runs and out afterwards. Translated code finds them at the beginning of the arena.
 */
import { arena, takeArenaBlock } from './arena.js';

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
  /** Changes when tables of entries are forgotten. */
  EntriesMade: 32,
  /** Not 0 when a run is to end at the end of the present slice. */
  Stop: 33,
  /** Packets that the running core may send without a function of the chip; see {@link SENT}. */
  SendRoom: 34,
  /** Packets that it sent so. */
  Sent: 35,
  /** Where the core that runs is in the arena, or another number for cores elsewhere; 0 when none runs. */
  Running: 36,
  /** Not 0 while something waits until no core runs. */
  Deferred: 37,
  /** What `run_cores` of wasm/core.c tells. */
  Slept: 38,
  Finished: 39,
  /** Physical number of the running core, when it is run by `run_cores`. */
  Number: 40,
  /** Address in the arena of System RAM; 0 while it is reached by the bus. */
  SystemRam: 41,
} as const;
export type Slot = typeof Slot;

/** Words of {@link activeState} that a core keeps while it does not run: those up to Q. */
export const STATE_WORDS = Slot.Saturated + 1;

/** Address in the arena of the packets that a core has sent in its run, with {@link SENT_BYTES} for each. */
export const SENT = 1024;
/** Time in cycles as a number of 64 bits, then as words control, key, payload, and whether there is a payload. */
export const SENT_BYTES = 32;

/** Modes have six sets of r13, r14 and SPSR. */
const BANKS = 6;

/**
 * What else each core keeps, behind those words: numbers of words, first words of ranges. What is a time or a long count
 * is a number of 64 bits and takes two words. The functions of wasm/core.c work on the same words.
 */
export const Kept = {
  /** r13 and r14 of the banks. */
  StackAndLink: STATE_WORDS,
  /** SPSR of the banks. */
  SavedStatus: STATE_WORDS + 2 * BANKS,
  /** r8 to r12: of all other modes while FIQ mode runs, of FIQ mode otherwise. */
  OtherHigh: STATE_WORDS + 3 * BANKS,
  /** Interrupt disables and mode, as in a status register. */
  Control: 48,
  /** 1 in Thumb state. */
  Thumb: 49,
  /** 1 while the core waits for an interrupt. */
  Asleep: 50,
  /** Address of the exception vectors. */
  VectorBase: 51,
  /** Not 0 while its hot code is translated. */
  Translates: 52,
  /** See {@link Slot.Memories}, {@link Slot.SdramTable} and {@link Slot.Entries}. */
  Memories: 53,
  SdramTable: 54,
  Entries: 55,
  /** Value of {@link Slot.EntriesMade} for which the table of entries holds. */
  EntriesMade: 56,
  /** r15 where the last run ended. */
  LastStop: 57,
  /** Whether {@link Kept.NextEvent} holds. */
  KnowsNextEvent: 58,
  /** Whether IRQ and FIQ were asked for when the present slice began. */
  WasInterrupt: 59,
  WasFastInterrupt: 60,
  /** Levels of the core's IRQ and FIQ inputs. */
  Interrupt: 61,
  FastInterrupt: 62,
  /** Local time at the beginning of the present slice; this and the following are cycles. */
  Cycle: 64,
  /** To which the core has to run. */
  Turn: 66,
  /** At which it stops: later than its turn while it runs ahead. */
  End: 68,
  /** Until which it does not run ahead: the end of a window. */
  TurnsUntil: 70,
  /** At which the present slice ends. */
  SliceEnd: 72,
  /** Of the next timer, DMA or transmission event. */
  NextEvent: 74,
  /** At which a delay loop that the core is in ends; in the past when it is in none. */
  DelayEnd: 76,
  /** Counts. */
  Instructions: 78,
  CyclesAwake: 80,
  CyclesAsleep: 82,
  /** At which the active DMA transfer ends. */
  TransferEnd: 84,
  /** At which a waiting packet is offered again. */
  OfferAgain: 86,
  /** At which the timers had their counts. */
  TimerSince: 88,
  /** Of the timers, see {@link TimerWord}. */
  Timers: 92,
  /** Of the interrupt controller, see peripherals/vic.ts. */
  Interrupts: 102,
  /** Of the communications controller, see peripherals/communications.ts. */
  Communications: 110,
  /** Of the vectored slots of the interrupt controller: addresses and controls. */
  Vectors: 128,
  VectorControls: 144,
  /** Of the packets that wait in front of the core, see {@link InboxWord}. */
  Inbox: 160,
  /** Not 0 while it was started and not stopped since. */
  Started: 63,
  /** Not 0 while nothing follows or holds the core, and its code may be translated. */
  Plain: 127,
} as const;

/** Words of an inbox, see router/inbox.ts; times are numbers of 64 bits, ns. */
export const InboxWord = {
  NextTime: 0,
  LedUntil: 2,
  Late: 4,
  TurnsUntil: 6,
  /** Number of the first packet. */
  Head: 8,
  Count: 9,
  /** Places in the ring, less 1. */
  Mask: 10,
  /** Where the ring is in the arena. */
  RingAddress: 11,
  Delivered: 12,
  /** First word of the ring at first. */
  Ring: 16,
} as const;

/** Words that a core keeps: a power of two. */
export const KEPT_WORDS = 256;

/** What a core keeps, as words and as numbers of 64 bits: the number at word n is n / 2. */
export interface KeptState {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/** The state of a core that has nothing yet; in the arena, if there is room. Its memory is given back with it. */
export function newKeptState(): KeptState {
  const owner: { words?: Int32Array; numbers?: Float64Array } = {};
  const bytes = KEPT_WORDS * Int32Array.BYTES_PER_ELEMENT;
  const block = takeArenaBlock(owner, bytes);
  const buffer = block === undefined ? new ArrayBuffer(bytes) : arena.buffer;
  const at = block?.address ?? 0;
  owner.words = new Int32Array(buffer, at, KEPT_WORDS);
  owner.numbers = new Float64Array(buffer, at, KEPT_WORDS / 2);
  return owner as KeptState;
}

/** The running core's words, and some of its run, outside the garbage-collected heap. */
export const activeState = new Int32Array(arena.buffer, 0, 64);
