/** Which of the two fixed-point backends a model gets. */
import { randomWord } from '@spin-tools/sim/fixed';
import { OptionError, UnsupportedError } from '../errors.js';
import { FunctionalScheduleEngine } from '../schedule/functional.js';
import type { TensorFormats } from '../schedule/named-formats.js';
import type { Backend } from './backend.js';
import { engineName } from './engines.js';
import { FixedBackend, type FixedCompilation } from './fixed-backend.js';
import { type Rounding, ScheduleBackend } from './schedule-backend.js';
import { StackBackend } from './stack-backend.js';

/** The stream of random numbers that dropout is seeded from. */
const DROPOUT_STREAM = 0x40000000;

/** What dropout is seeded from in a model of a seed. */
export const dropoutSeed = (seed: number): number => randomWord(seed, DROPOUT_STREAM);

/** What only schedules know. */
export interface ScheduleWishes {
  readonly formats: TensorFormats;
  readonly rounding: Rounding;
}

/**
 * A stack of Dense layers whose weights stay in the cores where that is possible, else a schedule.
 *
 * @throws UnsupportedError naming the first layer, loss, optimiser or metric that neither computes
 * @throws OptionError naming the first format that cannot be used
 */
export function fixedPointBackend(
  compilation: FixedCompilation,
  wishes: ScheduleWishes,
  seed: number,
): Backend {
  const { engine } = compilation;
  const isPlain = Object.keys(wishes.formats).length === 0 && wishes.rounding === 'nearest';
  // An engine of one's own computes stacks and nothing else.
  if (typeof engine !== 'string') {
    if (isPlain) return new FixedBackend(compilation);
    throw new OptionError(
      'formats or rounding',
      'given',
      "only with engine 'machine' or 'functional'",
    );
  }
  const schedule = () => scheduleBackend(compilation, engine, wishes, seed);
  if (!isPlain) return schedule();
  let stack: FixedBackend;
  try {
    stack = new FixedBackend(compilation);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return schedule();
  }
  return new StackBackend(stack, schedule);
}

function scheduleBackend(
  { graph, goals, optimiser, mode, machine }: FixedCompilation,
  engine: 'machine' | 'functional',
  wishes: ScheduleWishes,
  seed: number,
): ScheduleBackend {
  return new ScheduleBackend({
    graph,
    goals,
    optimiser,
    mode,
    ...wishes,
    seed: dropoutSeed(seed),
    engineName: engineName(engine),
    open: async (explain) => {
      if (engine === 'functional') return new FunctionalScheduleEngine();
      // What drives machines is loaded only when it is needed.
      const { createMachineScheduleEngine } = await import('../schedule/machine/index.js');
      return createMachineScheduleEngine(machine, explain);
    },
  });
}
