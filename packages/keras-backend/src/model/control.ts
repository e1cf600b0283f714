/** What a callback can do with the training that calls it. */
import type { MachineCost } from '../engine.js';
import type { ModelState } from './state.js';

/** Training under way, as callbacks see it. */
export interface TrainingControl {
  /** Epochs that `fit` was asked for. */
  readonly epochs: number;
  /** Of the next step. Setting it takes the place of the optimiser's rate, or of its schedule. */
  learningRate: number;
  /** What the epochs so far cost on the machine; undefined before the first, and with engines that use none. */
  readonly machine: MachineCost | undefined;
  /** Ends training behind the batch, or epoch, that runs. */
  stop(): void;
  /** Whether somebody called {@link stop}. */
  readonly stopped: boolean;
  /** Everything that was trained so far; a copy. */
  state(): Promise<ModelState>;
  /** Goes on from another state. */
  restore(state: ModelState): Promise<void>;
  /** Brings what was trained so far into the model, so that it can be saved or asked. */
  keep(): Promise<void>;
}
