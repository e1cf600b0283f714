import { createFunctionalEngine, type EngineFactory } from '../index.js';

/** The functional engine, whose first run of a model ends behind some batches: it tells of batches now and then only. */
export function ending(batches: number): EngineFactory<unknown> {
  return async (plan) => {
    const engine = await createFunctionalEngine(plan);
    let asked = 0;
    return {
      load: (slot, data) => engine.load(slot, data),
      setWeights: (weights) => engine.setWeights(weights),
      getWeights: () => engine.getWeights(),
      run: (request) => engine.run({ ...request, stops: () => asked++ === batches }),
      close: () => engine.close(),
    };
  };
}
