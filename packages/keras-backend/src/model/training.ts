/** The epochs of `fit`, and what runs say in the words of Keras. */
import type { NetworkPlan, RunResult } from '../engine.js';
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
import type { OpenEngine } from './session.js';

/** Loss and metrics of {@link Sequential.evaluate}. */
export interface Evaluation {
  readonly loss: number;
  /** With the metric `accuracy`: share of samples (or, with one output, of outputs) that are right. */
  readonly accuracy?: number;
}

/** How to train an engine whose slots hold the data. */
export interface Training {
  /** Callbacks, progress, shuffling and printing. */
  readonly options: FitOptions;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly metrics: readonly string[];
  /** Whether slot 1 holds data to validate with. */
  readonly validates: boolean;
  /** The seed of the order of the next epoch. */
  shuffleSeed(): number;
}

/** Trains and validates epoch by epoch. */
export async function trainEpochs(open: OpenEngine, training: Training): Promise<History> {
  const { options, epochs } = training;
  const callbacks = callbackList(options.callbacks);
  const history = emptyHistory();
  for (const { onTrainBegin } of callbacks) await onTrainBegin?.();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { onEpochBegin } of callbacks) await onEpochBegin?.(epoch);
    const logs = await runEpoch(open, training, epoch, history);
    recordEpoch(history, epoch, logs);
    if (options.verbose === 1) console.log(epochLine(epoch, epochs, logs));
    for (const { onEpochEnd } of callbacks) await onEpochEnd?.(epoch, logs);
  }
  for (const { onTrainEnd } of callbacks) await onTrainEnd?.();
  return history;
}

async function runEpoch(
  { engine, plan }: OpenEngine,
  { options, epochs, batchSize, learningRate, metrics, validates, shuffleSeed }: Training,
  epoch: number,
  history: History,
): Promise<Logs> {
  const result = await engine.run({
    mode: 'train',
    slot: 0,
    batchSize,
    learningRate,
    ...((options.shuffle ?? true) && { shuffleSeed: shuffleSeed() }),
    onBatch: (batch, batches) => options.onProgress?.({ epoch, epochs, batch, batches }),
  });
  recordCost(history, result);
  const logs: Logs = { ...evaluationOf(metrics, plan, result) };
  if (!validates) return logs;
  const validation = await engine.run({ mode: 'evaluate', slot: 1, batchSize });
  recordCost(history, validation);
  for (const [name, value] of Object.entries(evaluationOf(metrics, plan, validation))) {
    logs[`val_${name}`] = value;
  }
  return logs;
}

/** Loss and metrics of a run. */
export function evaluationOf(
  metrics: readonly string[],
  { accuracy, layers }: NetworkPlan,
  { lossSum, correct, samples }: RunResult,
): Evaluation {
  const loss = lossSum / samples;
  if (!metrics.includes('accuracy')) return { loss };
  const judged = accuracy === 'binary' ? samples * (layers.at(-1)?.units ?? 1) : samples;
  return { loss, accuracy: correct / judged };
}

function callbackList(callbacks: FitOptions['callbacks']): readonly Callbacks[] {
  if (callbacks === undefined) return [];
  return 'length' in callbacks ? callbacks : [callbacks];
}
