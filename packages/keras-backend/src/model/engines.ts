/** Which engine a model runs on. */
import type { Engine, EngineFactory, NetworkPlan } from '../engine.js';
import { UnsupportedError } from '../errors.js';
import { createFunctionalEngine } from '../functional/index.js';
import type { MachineEngine, MachineEngineOptions } from '../machine/index.js';

/**
 * `machine`: a SpiNNaker machine, virtual unless its options say otherwise. `functional`: whole
 * tensors in this process; the same bits, quicker. Or a maker of such engines of one's own.
 * `float`: float32 in this process, for all layers, losses and optimisers.
 */
export type EngineChoice = FixedEngineChoice | 'float';

/** The engines that compute in fixed point. */
export type FixedEngineChoice = 'machine' | 'functional' | EngineFactory<MachineEngineOptions>;

const ENGINES = ['machine', 'functional', 'float'];

/** @throws {@link UnsupportedError} when there is no such engine */
export function checkEngine(choice: EngineChoice): EngineChoice {
  if (typeof choice === 'function' || ENGINES.includes(choice)) return choice;
  throw new UnsupportedError('engine', String(choice), ENGINES);
}

/** What an engine is called in messages. */
export function engineName(choice: EngineChoice): string {
  return typeof choice === 'string' ? choice : 'given';
}

/** An engine for a plan. */
export async function createEngine(
  choice: FixedEngineChoice,
  plan: NetworkPlan,
  options: MachineEngineOptions,
): Promise<Engine> {
  if (choice === 'functional') return createFunctionalEngine(plan);
  return choice === 'machine' ? createMachineEngine(plan, options) : choice(plan, options);
}

/**
 * Puts a network on a machine and starts it there. What drives machines is loaded only now.
 *
 * @throws {@link NetworkTooLargeError} {@link TileTooLargeError} {@link InvalidTilingError} when
 *   the network does not fit; what the mapper and the controller throw
 */
export async function createMachineEngine(
  plan: NetworkPlan,
  options: MachineEngineOptions = {},
): Promise<MachineEngine> {
  const machine = await import('../machine/index.js');
  return machine.createMachineEngine(plan, options);
}
