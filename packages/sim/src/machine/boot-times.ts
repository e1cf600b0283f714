/**
 * How long a machine takes from the start of its first monitor until hosts may use it. Source: the phases
 * of SC&MP's network initialisation (`scamp-3.c` of spinnaker_tools 4.0 and 3.4), which count ticks of 10 ms.
 */
import type { SystemVariables } from '@spin-tools/scp';

/** A phase and when it begins, ns after the root's monitor started. */
export interface BootPhase {
  /** Value of the system variable `networkPhase`. */
  readonly phase: number;
  readonly at: number;
}

/** What the times depend on. */
export interface BootSize {
  /** Major version of the monitor. */
  readonly version: number;
  /** Links from the root to the farthest chip. */
  readonly depth: number;
  /** Chips in x and y. */
  readonly width: number;
  readonly height: number;
}

const Phase = {
  Addresses: 0,
  Dimensions: 1,
  BoardInformation: 2,
  Tables: 3,
  WaysBack: 4,
  Done: 255,
};
const TICK_NS = 10_000_000;
const MICROSECOND_NS = 1000;
/** Groups of six packets by which a chip sends the image to its neighbours: 32 blocks of 258. */
const IMAGE_GROUPS = 32 * 258;
/** Ticks in which boards exchange what is known to be broken, and since 4.0 also test their links. */
const BOARD_TICKS = { before4: 3, since4: 200 };
/** Time that each chip is given for its packets of a round, microseconds. */
const TABLE_MICROSECONDS_PER_CHIP = 100;
/** Microseconds that count as a tick of a round. */
const TABLE_DIVISOR = { before4: 10_000, since4: 8192 };
const LEAST_TABLE_TICKS = 3;
/** First version with tests of links and ways back from every chip. */
const FIRST_WITH_TESTS = 4;

/** The phases of a boot in order; the machine is up when the last begins. */
export function bootPhases(variables: SystemVariables, size: BootSize): BootPhase[] {
  const era = size.version < FIRST_WITH_TESTS ? 'before4' : 'since4';
  const lastStart = size.depth * IMAGE_GROUPS * variables.bootDelayMicroseconds * MICROSECOND_NS;
  const wait = (variables.networkWait + 1) * TICK_NS;
  const period = size.width * size.height * TABLE_MICROSECONDS_PER_CHIP;
  const roundTicks = Math.floor(period / TABLE_DIVISOR[era]) + LEAST_TABLE_TICKS;
  const tables = (variables.p2pBroadcastRepeats + 1) * roundTicks * TICK_NS;
  const lengths: readonly (readonly [phase: number, ns: number])[] = [
    [Phase.Addresses, lastStart + wait],
    [Phase.Dimensions, wait],
    [Phase.BoardInformation, BOARD_TICKS[era] * TICK_NS],
    [Phase.Tables, tables],
    ...(era === 'since4' ? [[Phase.WaysBack, tables] as const] : []),
    [Phase.Done, 0],
  ];
  let at = 0;
  return lengths.map(([phase, ns]) => {
    const begin = at;
    at += ns;
    return { phase, at: begin };
  });
}
