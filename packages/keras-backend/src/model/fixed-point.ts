/** Which of the two fixed-point backends a model gets. */
import { randomWord } from '@spin-tools/sim/fixed';
import { UnsupportedError } from '../errors.js';
import { FunctionalScheduleEngine } from '../schedule/functional.js';
import type { Backend } from './backend.js';
import { engineName } from './engines.js';
import { FixedBackend, type FixedCompilation } from './fixed-backend.js';
import { ScheduleBackend } from './schedule-backend.js';

/** The stream of random numbers that dropout is seeded from. */
const DROPOUT_STREAM = 0x40000000;

/** What dropout is seeded from in a model of a seed. */
export const dropoutSeed = (seed: number): number => randomWord(seed, DROPOUT_STREAM);

/**
 * A stack of Dense layers whose weights stay in the cores where that is possible, else a schedule.
 *
 * @throws UnsupportedError naming the first layer, loss, optimiser or metric that neither computes
 */
export function fixedPointBackend(compilation: FixedCompilation, seed: number): Backend {
  const { graph, goals, optimiser, mode, engine } = compilation;
  try {
    return new FixedBackend(compilation);
  } catch (error) {
    if (!(error instanceof UnsupportedError) || typeof engine !== 'string') throw error;
    return new ScheduleBackend({
      graph,
      goals,
      optimiser,
      mode,
      seed: dropoutSeed(seed),
      engineName: engineName(engine),
      open: async (explain) => {
        if (engine === 'functional') return new FunctionalScheduleEngine();
        // What drives machines is loaded only when it is needed.
        const { createMachineScheduleEngine } = await import('../schedule/machine/index.js');
        return createMachineScheduleEngine(compilation.machine, explain);
      },
    });
  }
}
