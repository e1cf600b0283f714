/** What training tells: Keras's History and its callbacks. */
import type { MachineCost, RunResult } from '../engine.js';

/** Loss and metrics of an epoch, by Keras's names: `loss`, `accuracy`, `val_loss`, `val_accuracy`. */
export type Logs = Record<string, number>;

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 0. */
  readonly epoch: number[];
  /** One value an epoch for each of the {@link Logs}. */
  readonly history: Record<string, number[]>;
  /** Values that were clamped to their number format; many of them mean that training suffers. */
  saturations: number;
  /** What all runs cost on the machine; absent with the functional engine. */
  machine?: MachineCost;
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
  onTrainBegin?(): void | Promise<void>;
  onEpochBegin?(epoch: number): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  onTrainEnd?(): void | Promise<void>;
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
export function recordCost(history: History, { saturations, machine }: RunResult): void {
  history.saturations += saturations;
  if (machine === undefined) return;
  const before = history.machine;
  history.machine =
    before === undefined
      ? machine
      : {
          seconds: before.seconds + machine.seconds,
          joules: before.joules + machine.joules,
          packetsSent: before.packetsSent + machine.packetsSent,
          packetsDropped: before.packetsDropped + machine.packetsDropped,
        };
}

/** The line that `verbose` prints after an epoch. */
export function epochLine(epoch: number, epochs: number, logs: Logs): string {
  const values = Object.entries(logs).map(([name, value]) => `${name}: ${value.toFixed(4)}`);
  return `Epoch ${epoch + 1}/${epochs} - ${values.join(' - ')}`;
}
