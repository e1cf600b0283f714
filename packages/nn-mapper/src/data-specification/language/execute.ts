/**
 * Carries a data specification out, as the executors of hosts and chips did. Where they differed from
 * each other or from the command reference: 64-bit immediates have the low word first (hosts);
 * WRITE_ARRAY counts words (hosts); ELSE and END_IF nest; ALIGN_WR_PTR uses the register's value;
 * BREAK_LOOP ends the loop; BLOCK_COPY and pointers count from the start of the region in focus.
 */
import { carryOut } from './carry-out.js';
import type { ExecutedRegion } from './memory.js';
import { emptyState } from './state.js';

/** Limits and choices of {@link executeSpecification}. */
export interface ExecuteOptions {
  /** SDRAM that all regions together may reserve, bytes. Default 117 MiB, what SC&MP leaves free. */
  readonly memoryBytes?: number;
  /** Instructions read, and values repeated, before a program counts as endless. Default 10 million. */
  readonly mostSteps?: number;
}

/** What a specification made. */
export interface ExecutedSpecification {
  /** Regions by number. */
  readonly regions: ReadonlyMap<number, ExecutedRegion>;
  /** References to regions of other cores of the chip: reference numbers by region. */
  readonly references: ReadonlyMap<number, number>;
  /** What it printed, a line each. */
  readonly printed: readonly string[];
}

/** SDRAM that SC&MP leaves to applications, bytes. Source: `sv->sdram_heap` of SC&MP 3. */
const FREE_SDRAM = 117 * 2 ** 20;

const MOST_STEPS = 10_000_000;

/**
 * Executes a program.
 * @param program its words; it must end with END_SPEC
 * @throws DataSpecificationError naming the instruction, its place and what is wrong
 */
export function executeSpecification(
  program: Uint32Array,
  { memoryBytes = FREE_SDRAM, mostSteps = MOST_STEPS }: ExecuteOptions = {},
): ExecutedSpecification {
  const state = emptyState(program, memoryBytes, mostSteps);
  while (!state.isOver) carryOut(state, state.fetch());
  return { regions: state.regions, references: state.references, printed: state.printed };
}
