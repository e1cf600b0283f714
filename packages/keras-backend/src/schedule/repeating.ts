/** What a schedule does about packets that were lost: a batch cannot be taken back, so the whole run is repeated. */
import type { MachineCost } from '../engine.js';
import { MachineRunError, PacketsDroppedError } from '../machine/errors.js';
import type { ScheduleResult } from './engine.js';

/** Runs until one loses nothing; a machine that loses packets of each of so many has another fault. */
const ATTEMPTS = 8;

/**
 * Runs again, from the same weights, when routers dropped packets: the result has the bits of a run that lost nothing,
 * and its cost counts what was dropped and repeated.
 *
 * @param run starts from the same state each time
 * @throws PacketsDroppedError of the last of 8 attempts; any other error at once
 */
export async function untilNothingIsLost(
  run: () => Promise<ScheduleResult>,
): Promise<ScheduleResult> {
  let packetsDropped = 0;
  let batchesRepeated = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await run();
      const { machine } = result;
      return machine ? { ...result, machine: withLosses(machine) } : result;
    } catch (error) {
      if (!(error instanceof PacketsDroppedError) || attempt === ATTEMPTS) throw error;
      packetsDropped += error.drops.reduce((sum, { packets }) => sum + packets, 0);
      batchesRepeated += 1 + (error.cause instanceof MachineRunError ? error.cause.batchesDone : 0);
    }
  }

  function withLosses(machine: MachineCost): MachineCost {
    return {
      ...machine,
      packetsDropped: machine.packetsDropped + packetsDropped,
      batchesRepeated: machine.batchesRepeated + batchesRepeated,
    };
  }
}
