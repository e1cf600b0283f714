/** The epochs of `fit`. */
import type { MachineCost } from '../engine.js';
import type { TrainingRun } from './backend.js';
import type { TrainingControl } from './control.js';
import {
  type Callbacks,
  emptyHistory,
  epochLine,
  type History,
  type Logs,
  recordCost,
  recordEpoch,
} from './history.js';
import type { FitOptions } from './options.js';
import type { ModelState } from './state.js';

/** Loss and metrics of {@link Model.evaluate}, by Keras's names. */
export type Evaluation = Logs & {
  readonly loss: number;
  /** With the metric `accuracy`: share of samples (or, with one output, of outputs) that are right. */
  readonly accuracy?: number;
};

/** How to train. */
export interface Training {
  /** Callbacks, progress, shuffling and printing. */
  readonly options: FitOptions;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly validates: boolean;
  /** For each epoch, its seed; asked once an epoch. */
  shuffleSeed(): number;
  /** Puts a state into the model. */
  keep(state: ModelState): void;
}

/** Trains and validates epoch by epoch. */
export async function trainEpochs(run: TrainingRun, training: Training): Promise<History> {
  const { options, epochs } = training;
  const { signal } = options;
  const callbacks = callbackList(options.callbacks);
  const history = emptyHistory();
  const control = new Control(run, training, history);
  for (const each of callbacks) await each.onTrainBegin?.(control);
  for (let epoch = training.initialEpoch; epoch < epochs; epoch++) {
    if (control.stopped || signal?.aborted) break;
    for (const each of callbacks) await each.onEpochBegin?.(epoch, control);
    const logs = await runEpoch(run, training, control, callbacks, epoch, history);
    for (const each of callbacks) await each.onEpochEnd?.(epoch, logs, control);
    recordEpoch(history, epoch, logs);
    if (options.verbose === 1) console.log(epochLine(epoch, epochs, logs));
  }
  for (const each of callbacks) await each.onTrainEnd?.(control);
  if (signal?.aborted) history.stopped = 'signal';
  else if (control.stopped) history.stopped = 'callback';
  return history;
}

async function runEpoch(
  run: TrainingRun,
  { options, epochs, validates, shuffleSeed }: Training,
  control: Control,
  callbacks: readonly Callbacks[],
  epoch: number,
  history: History,
): Promise<Logs> {
  const shuffled = options.shuffle ?? true;
  const result = await run.epoch({
    shuffleSeed: shuffled ? shuffleSeed() : undefined,
    learningRate: control.ownRate,
    stops: () => control.stopped || options.signal?.aborted === true,
    onBatch: async (batch, batches, logs) => {
      options.onProgress?.({ epoch, epochs, batch, batches });
      for (const each of callbacks) await each.onBatchEnd?.(batch - 1, logs, control);
    },
  });
  recordCost(history, result);
  const logs: Logs = { ...result.logs };
  if (!validates || options.signal?.aborted) return logs;
  const validation = await run.validate();
  recordCost(history, validation);
  for (const [name, value] of Object.entries(validation.logs)) logs[`val_${name}`] = value;
  return logs;
}

class Control implements TrainingControl {
  readonly epochs: number;
  readonly #run: TrainingRun;
  readonly #keep: (state: ModelState) => void;
  readonly #history: History;
  #stopped = false;
  /** What a callback set. */
  ownRate: number | undefined;

  constructor(run: TrainingRun, { epochs, keep }: Training, history: History) {
    this.#history = history;
    this.epochs = epochs;
    this.#run = run;
    this.#keep = keep;
  }

  get learningRate(): number {
    return this.ownRate ?? this.#run.learningRate();
  }

  set learningRate(rate: number) {
    this.ownRate = rate;
  }

  get machine(): MachineCost | undefined {
    return this.#history.machine;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
  }

  state(): Promise<ModelState> {
    return this.#run.state();
  }

  restore(state: ModelState): Promise<void> {
    return this.#run.restore(state);
  }

  async keep(): Promise<void> {
    this.#keep(await this.#run.state());
  }
}

function callbackList(callbacks: FitOptions['callbacks']): readonly Callbacks[] {
  if (callbacks === undefined) return [];
  return 'length' in callbacks ? callbacks : [callbacks];
}
