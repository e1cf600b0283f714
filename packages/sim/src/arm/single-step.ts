/**
 * Execution one instruction at a time, for what wants to see each: breakpoints, traces, profiles.
 *
 * The interpreter runs on as it always does, over pages that hold a single instruction: behind it is a
 * page end, and the limit of a slice of one cycle ends the run there. Cycles are those that the
 * instruction takes among its neighbours, and a slice ends where it ends in the interpreter, so that a
 * run takes the same simulated time whether it is followed or not.
 */
import {
  codeStore,
  decodeStep,
  FIRST_STEP,
  PAGE_BYTES,
  STEP_ENTRIES,
  STEP_WORDS,
} from './code-cache.js';
import { holds } from './conditions.js';
import type { Cpu } from './cpu.js';
import { type DecodedPages, interpret } from './interpreter.js';
import { ITCM_BYTES } from './memory.js';
import { CONDITIONAL, Op } from './opcodes.js';
import { activeState, Slot } from './state.js';

/** What follows a core. While it is called, the core's registers are in {@link activeState}. */
export interface Probe {
  /** Called in front of each instruction; true stops the core there. */
  before(cpu: Cpu): boolean;
  /** Called behind it with the cycles that it took, waiting for memory included. */
  after(cpu: Cpu, cycles: number): void;
}

/** For each entry: two instruction words, address and state. */
const TAG_WORDS = 3;
const tags = new Int32Array(STEP_ENTRIES * TAG_WORDS).fill(-1);

/** Pages of one instruction each. */
export class SingleSteps implements DecodedPages {
  /** None is known in advance. */
  readonly starts = new Int32Array((2 * ITCM_BYTES) / PAGE_BYTES);
  private entry = 0;

  constructor(private readonly itcm: Int32Array) {}

  refresh(): void {}

  /** Where a page would start whose entry for this address is the single one. */
  find(address: number, thumb: number): number {
    const at = (address >>> 1) & (STEP_ENTRIES - 1);
    this.entry = FIRST_STEP + at * STEP_WORDS;
    const [first, second] = this.words(address, thumb);
    if (!isTagged(at * TAG_WORDS, first, second, address * 2 + thumb)) {
      decodeStep(this.entry, address, thumb, this.itcm);
      tags.set([first, second, address * 2 + thumb], at * TAG_WORDS);
    }
    return this.entry - ((address & (PAGE_BYTES - 1)) << thumb);
  }

  /** The operation of the instruction found last, unless its condition does not hold. */
  get executed(): number | undefined {
    const first = codeStore[this.entry] as number;
    if (first < CONDITIONAL) return first;
    return holds(first - CONDITIONAL) ? (codeStore[this.entry + 1] as number) >>> 22 : undefined;
  }

  /** What decides how the instruction at an address is decoded. */
  private words(address: number, thumb: number): [number, number] {
    const word = this.itcm[address >> 2] as number;
    const next = this.itcm[(address >> 2) + 1] ?? 0;
    return thumb === 0 || (address & 2) === 0 ? [word, next] : [word >>> 16, next];
  }
}

function isTagged(at: number, first: number, second: number, place: number): boolean {
  return tags[at] === first && tags[at + 1] === second && tags[at + 2] === place;
}

/** Operations behind which the interpreter ends a slice whose limit is 0: rare ones, and stores that had to wait. */
function endsSlice(op: number | undefined, hasWaited: boolean): boolean {
  if (op === undefined) return false;
  if (op >= Op.StoreWordOffset && op <= Op.StoreWordPre) return hasWaited;
  return op >= Op.GeneralDataProcessing && op <= Op.Breakpoint;
}

/**
 * Runs a slice as {@link interpret} does, from r15 to the limit in {@link activeState}.
 *
 * @param account called behind each instruction: adds it to counts and local time, and returns its cycles
 * @returns whether the probe stopped the core
 */
export function stepSlice(
  cpu: Cpu,
  probe: Probe,
  pages: SingleSteps,
  account: () => number,
): boolean {
  let limit = activeState[Slot.Limit] as number;
  let elapsed = 0;
  for (;;) {
    if (probe.before(cpu)) return true;
    const address = activeState[15] as number;
    const next = address + (cpu.thumb === 1 ? 2 : 4);
    const isOutside = address >>> 0 >= ITCM_BYTES;
    activeState[Slot.Limit] = 1;
    interpret(cpu, true, pages);
    const isSliceEnded = activeState[Slot.Limit] === 0;
    const issued = (activeState[Slot.Elapsed] as number) & 0xffff;
    const spent = account();
    elapsed += issued;
    limit = isSliceEnded ? 0 : Math.max(0, limit - (spent - issued));
    probe.after(cpu, spent);
    // The interpreter looks at its limit where execution leaves the straight line or its page.
    const isTurn = isOutside || activeState[15] !== next || (next & (PAGE_BYTES - 1)) === 0;
    if (elapsed >= limit && isTurn) return false;
    if (limit === 0 && endsSlice(pages.executed, spent > issued)) return false;
  }
}
