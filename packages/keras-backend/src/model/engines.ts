/** Which engine a model runs on. */
import type { Engine, EngineFactory, NetworkPlan } from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import type { MachineEngineOptions } from '../machine/index.js';
import { UnsupportedError } from './errors.js';

/**
 * `machine`: a SpiNNaker machine, virtual unless its options say otherwise. `functional`: whole
 * tensors in this process; the same bits, quicker. Or a maker of engines of one's own.
 */
export type EngineChoice = 'machine' | 'functional' | EngineFactory<MachineEngineOptions>;

const ENGINES = ['machine', 'functional'];

/** @throws {@link UnsupportedError} when there is no such engine */
export function checkEngine(choice: EngineChoice): EngineChoice {
  if (typeof choice === 'function' || ENGINES.includes(choice)) return choice;
  throw new UnsupportedError('engine', String(choice), ENGINES);
}

/** An engine for a plan. What drives a machine is loaded only when it is used. */
export async function createEngine(
  choice: EngineChoice,
  plan: NetworkPlan,
  options: MachineEngineOptions,
): Promise<Engine> {
  if (choice === 'functional') return createFunctionalEngine(plan);
  if (typeof choice === 'function') return choice(plan, options);
  const { createMachineEngine } = await import('../machine/index.js');
  return createMachineEngine(plan, options);
}
