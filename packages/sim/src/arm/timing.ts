/**
 * Cycles of the ARM9E-S pipeline with single-cycle tightly coupled memory.
 *
 * Source: ARM9EJ-S Technical Reference Manual (DDI 0222B), table 8.2 and its sections on interlocks, without
 * what only the EJ core adds: a cycle when a logical operation writes the program counter. Modelled: issue
 * cycles of every class, taken branches, and the interlock between neighbouring instructions inside
 * a page of code when the second needs a loaded value or a product in its execute stage. Not modelled:
 * interlocks across taken branches and page ends, at two instructions' distance, and on store data
 * (which is needed a stage later).
 */
export const Cycles = {
  /** Any write to the program counter: refill of three stages. */
  TakenBranch: 3,
  /** Added to a branch inside the page when it is taken. */
  BranchTaken: 2,
  /** Data processing with a shift by a register. */
  ShiftByRegister: 2,
  /** Load of the program counter. */
  LoadProgramCounter: 5,
  /** Added to a load or store whose offset register is shifted. */
  ScaledOffset: 1,
  Multiply: 2,
  MultiplyFlags: 4,
  MultiplyLong: 3,
  MultiplyLongFlags: 5,
  MultiplyLongHalf: 2,
  Swap: 2,
  StatusRead: 2,
  /** MSR of the flags alone. */
  FlagsWrite: 1,
  StatusWrite: 3,
  Coprocessor: 2,
  Exception: 3,
} as const;

/** Cycles that a loaded word, or a product, is late for an instruction right behind. */
export const LATE_WORD = 1;
/** Cycles that a loaded byte or halfword is late: it is extended a stage later. */
export const LATE_PART = 2;
