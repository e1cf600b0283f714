/** Which engine a model runs on. */
import type { Engine, EngineFactory, NetworkPlan } from '../engine.js';
import { createFunctionalEngine } from '../functional/index.js';
import { UnsupportedError } from './errors.js';

/** `functional`: whole tensors in this process. Or a maker of engines of one's own. */
export type EngineChoice = 'functional' | EngineFactory<unknown>;

const ENGINES = ['functional'];

/** @throws {@link UnsupportedError} when there is no such engine */
export function checkEngine(choice: EngineChoice): EngineChoice {
  if (typeof choice === 'function' || ENGINES.includes(choice)) return choice;
  throw new UnsupportedError('engine', String(choice), ENGINES);
}

/** An engine for a plan. */
export async function createEngine(choice: EngineChoice, plan: NetworkPlan): Promise<Engine> {
  return typeof choice === 'function' ? choice(plan, {}) : createFunctionalEngine(plan);
}
