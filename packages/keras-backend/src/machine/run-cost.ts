/** What a run costs on a real machine. */
import { isEthernet, type Machine } from '@spin-tools/machine-model';
import { energy } from '@spin-tools/sim';
import type { MachineCost } from '../engine.js';
import { countedBetween, type RouterCounts } from './drops.js';

/** Nanoseconds of a core cycle at the 200 MHz that the monitor sets. */
const CYCLE_NS = 5;

/**
 * Time, energy and packets of a run.
 *
 * @param cycles core cycles that it took
 * @param busyCycles core cycles in which cores were awake, of all of them
 */
export function runCost(
  { chips, chipCount }: Machine,
  cycles: number,
  busyCycles: number,
  before: readonly RouterCounts[],
  after: readonly RouterCounts[],
): Pick<MachineCost, 'seconds' | 'joules' | 'packetsSent'> {
  const packetsSent = countedBetween('sent', before, after);
  const { joules } = energy({
    timeNs: cycles * CYCLE_NS,
    awakeNs: busyCycles * CYCLE_NS,
    boards: chips.filter(isEthernet).length,
    chips: chipCount,
    packetsSent,
    linkPackets: countedBetween('passed', before, after),
    boardCrossings: 0,
  });
  return { seconds: cycles * CYCLE_NS * 1e-9, joules, packetsSent };
}
