/**
 * Runs a stack of Dense layers in fixed point: in the cores' own memory whatever can be done there, and as a schedule
 * what only schedules compute, which are sample weights and batches as they come.
 */
import type { Engine, NetworkPlan } from '../engine.js';
import type { Backend, ModelData, TrainingRequest, TrainingRun } from './backend.js';
import type { FlatSamples } from './data.js';
import type { FixedBackend } from './fixed-backend.js';
import type { Logs } from './history.js';
import type { SessionNeeds } from './session.js';
import type { ModelState } from './state.js';
import type { FloatTensor } from './weights.js';

/** Two backends for one model, of which one at a time holds an engine. */
export class StackBackend implements Backend {
  readonly #stack: FixedBackend;
  readonly #makeSchedule: () => Backend;
  #schedule: Backend | undefined;

  /** @param makeSchedule called when something is asked that the stack cannot do */
  constructor(stack: FixedBackend, makeSchedule: () => Backend) {
    this.#stack = stack;
    this.#makeSchedule = makeSchedule;
  }

  get engine(): Engine | undefined {
    return this.#stack.engine;
  }

  check(state: ModelState): void {
    this.#stack.check(state);
  }

  /** The number formats that training would start with in the cores' own memory. */
  plan(state: ModelState, needs: SessionNeeds): NetworkPlan {
    return this.#stack.plan(state, needs);
  }

  async begin(request: TrainingRequest): Promise<TrainingRun> {
    const { training, validation } = request;
    const streams = typeof training === 'function';
    const isStack = !streams && !isWeighted(training) && !(validation && isWeighted(validation));
    return (await this.#use(isStack)).begin(request);
  }

  async evaluate(state: ModelState, data: ModelData, batchSize: number): Promise<Logs> {
    return (await this.#use(!isWeighted(data))).evaluate(state, data, batchSize);
  }

  async predict(
    state: ModelState,
    x: readonly FlatSamples[],
    batchSize: number,
  ): Promise<FloatTensor[]> {
    return (await this.#use(true)).predict(state, x, batchSize);
  }

  async close(): Promise<void> {
    await this.#stack.close();
    await this.#schedule?.close();
  }

  /** The backend that is to run, after the other one gave back its engine: both may want the same machine. */
  async #use(isStack: boolean): Promise<Backend> {
    if (isStack) {
      await this.#schedule?.close();
      return this.#stack;
    }
    await this.#stack.close();
    this.#schedule ??= this.#makeSchedule();
    return this.#schedule;
  }
}

function isWeighted({ weights }: ModelData): boolean {
  return weights.some((each) => each !== undefined);
}
