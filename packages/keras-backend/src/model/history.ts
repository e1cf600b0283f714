/** What training tells: Keras's History and its callbacks. */
import type { MachineCost } from '../engine.js';
import { costSum } from '../machine/cost-sum.js';
import type { EpochResult } from './backend.js';
import type { TrainingControl } from './control.js';

/** Loss and metrics of an epoch, by Keras's names: `loss`, `accuracy`, `val_loss`, `val_accuracy`. */
export type Logs = Record<string, number>;

/** What number formats did to the values of one layer. */
export interface LayerCount {
  /** Values that were clamped to their format. */
  readonly saturations: number;
  /** Gradients other than 0 that were rounded to 0; not counted in stacks of Dense layers. */
  readonly underflows?: number;
}

/** Counts by the layers' names. */
export type LayerCounts = Readonly<Record<string, LayerCount>>;

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 0. */
  readonly epoch: number[];
  /** One value an epoch for each of the {@link Logs}. */
  readonly history: Record<string, number[]>;
  /** Values that were clamped to their number format; many of them mean that training suffers. */
  saturations: number;
  /** The same, and gradients that vanished, by layer; absent with engines that count nothing. */
  layers?: LayerCounts;
  /** What all runs cost on the machine; absent with engines that use none. */
  machine?: MachineCost;
  /** Why training ended before its last epoch: a signal, or a callback; absent otherwise. */
  stopped?: 'signal' | 'callback';
}

/** How far `fit` is. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  readonly batches: number;
}

/** Functions that `fit` calls, and waits for. */
export interface Callbacks {
  /** Before the first epoch. */
  onTrainBegin?(control: TrainingControl): void | Promise<void>;
  /** Before an epoch, counted from 0. */
  onEpochBegin?(epoch: number, control: TrainingControl): void | Promise<void>;
  /** With the engine `float`, after every batch; with others, now and then, after the last one, and without logs. */
  onBatchEnd?(
    batch: number,
    logs: Logs | undefined,
    control: TrainingControl,
  ): void | Promise<void>;
  /** What it puts into `logs` is recorded. */
  onEpochEnd?(epoch: number, logs: Logs, control: TrainingControl): void | Promise<void>;
  /** After the last epoch, also of a training that was stopped. */
  onTrainEnd?(control: TrainingControl): void | Promise<void>;
}

/** A history without epochs. */
export function emptyHistory(): History {
  return { epoch: [], history: {}, saturations: 0 };
}

/** Adds an epoch to a history. */
export function recordEpoch(history: History, epoch: number, logs: Logs): void {
  history.epoch.push(epoch);
  for (const [name, value] of Object.entries(logs)) {
    const values = history.history[name] ?? [];
    values.push(value);
    history.history[name] = values;
  }
}

/** Adds what a run cost. */
export function recordCost(history: History, { saturations, layers, machine }: EpochResult): void {
  history.saturations += saturations;
  if (layers !== undefined) history.layers = countsOf(history.layers, layers);
  const cost = costSum([history.machine, machine]);
  if (cost !== undefined) history.machine = cost;
}

/** Sums of counts. */
export function countsOf(before: LayerCounts | undefined, more: LayerCounts): LayerCounts {
  const sums: Record<string, LayerCount> = { ...before };
  for (const [name, { saturations, underflows }] of Object.entries(more)) {
    const own = sums[name];
    const lost = (own?.underflows ?? 0) + (underflows ?? 0);
    sums[name] = {
      saturations: (own?.saturations ?? 0) + saturations,
      ...((own?.underflows ?? underflows) !== undefined && { underflows: lost }),
    };
  }
  return sums;
}

/** The line that `verbose` prints after an epoch. */
export function epochLine(epoch: number, epochs: number, logs: Logs): string {
  const values = Object.entries(logs).map(([name, value]) => `${name}: ${shown(value)}`);
  return `Epoch ${epoch + 1}/${epochs} - ${values.join(' - ')}`;
}

/** As Keras prints: four digits behind the point, or an exponent where those would show nothing. */
function shown(value: number): string {
  return Math.abs(value) > 1e-3 || value === 0 ? value.toFixed(4) : value.toExponential(4);
}
