/** Keras's callbacks, as functions that make them. */
import { OptionError } from '../errors.js';
import type { TrainingControl } from './control.js';
import { checkCallbackOptions, checkSchedule } from './given-callbacks.js';
import type { Callbacks, Logs } from './history.js';
import type { ModelState } from './state.js';

/** Whether less or more of a monitored value is better; `auto` goes by its name. */
export type MonitorMode = 'auto' | 'min' | 'max';

/** What a callback watches. */
export interface MonitorOptions {
  /** Name in the logs; `val_loss` unless told. */
  readonly monitor?: string;
  readonly mode?: MonitorMode;
}

/** Options of {@link earlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Least change that counts; 0 unless told. */
  readonly minDelta?: number;
  /** Epochs without a better value that are waited for; 0 unless told. */
  readonly patience?: number;
  /** A value that has to be beaten. */
  readonly baseline?: number;
  /** Ends with the weights of the best epoch; `false` unless told. */
  readonly restoreBestWeights?: boolean;
  /** Epoch to begin with; 0 unless told. */
  readonly startFromEpoch?: number;
}

/** Words in names of values of which more is better. */
const MORE_IS_BETTER = /acc|precision|recall|auc|r2_score|f1|cosine/;

/** Watches one value of the logs. */
function watcher({ monitor = 'val_loss', mode = 'auto' }: MonitorOptions, minDelta = 0) {
  const more = mode === 'max' || (mode === 'auto' && MORE_IS_BETTER.test(monitor));
  return {
    worst: more ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    isBetter: (value: number, best: number) =>
      more ? value - Math.abs(minDelta) > best : value + Math.abs(minDelta) < best,
    monitored: (logs: Logs): number => {
      const value = logs[monitor];
      if (value !== undefined) return value;
      throw new OptionError('monitor', monitor, `the logs have ${Object.keys(logs).join(', ')}`);
    },
  };
}

/** Ends training when a value gets no better. @throws {@link OptionError} */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callbacks {
  checkCallbackOptions('earlyStopping', options);
  const { patience = 0, baseline, restoreBestWeights = false, startFromEpoch = 0 } = options;
  const { worst, isBetter, monitored } = watcher(options, options.minDelta);
  let [best, waited] = [worst, 0];
  let kept: ModelState | undefined;
  return {
    onTrainBegin: () => {
      [best, waited, kept] = [worst, 0, undefined];
    },
    onEpochEnd: async (epoch, logs, control) => {
      const value = monitored(logs);
      if (epoch < startFromEpoch) return;
      if (restoreBestWeights && kept === undefined) kept = await control.state();
      waited += 1;
      if (isBetter(value, best)) {
        best = value;
        if (restoreBestWeights) kept = await control.state();
        if (baseline === undefined || isBetter(value, baseline)) waited = 0;
        return;
      }
      if (waited >= patience && epoch > 0) control.stop();
    },
    onTrainEnd: async (control) => {
      if (kept !== undefined && control.stopped) await control.restore(kept);
    },
  };
}

/** Options of {@link reduceLearningRateOnPlateau}. */
export interface PlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by; 0.1 unless told. */
  readonly factor?: number;
  /** 10 unless told. */
  readonly patience?: number;
  /** 0.0001 unless told. */
  readonly minDelta?: number;
  /** Epochs to wait after the rate was reduced; 0 unless told. */
  readonly cooldown?: number;
  /** 0 unless told. */
  readonly minLearningRate?: number;
}

/** Makes the learning rate smaller when a value gets no better; records `learning_rate`. @throws {@link OptionError} */
export function reduceLearningRateOnPlateau(options: PlateauOptions = {}): Callbacks {
  checkCallbackOptions('reduceLearningRateOnPlateau', options);
  const { factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0 } = options;
  const { minLearningRate = 0 } = options;
  const { worst, isBetter, monitored } = watcher(options, minDelta);
  let [best, waited, cooling] = [worst, 0, 0];
  return {
    onTrainBegin: () => {
      [best, waited, cooling] = [worst, 0, 0];
    },
    onEpochEnd: (_, logs, control) => {
      logs.learning_rate = control.learningRate;
      if (cooling > 0) [cooling, waited] = [cooling - 1, 0];
      const value = monitored(logs);
      if (isBetter(value, best)) {
        [best, waited] = [value, 0];
        return;
      }
      if (cooling > 0) return;
      waited += 1;
      if (waited < patience || control.learningRate <= minLearningRate) return;
      control.learningRate = Math.max(control.learningRate * factor, minLearningRate);
      [cooling, waited] = [cooldown, 0];
    },
  };
}

/** Options of {@link modelCheckpoint}. */
export interface CheckpointOptions extends MonitorOptions {
  /** Saves the model, which holds what was trained so far. */
  save(epoch: number, logs: Logs): void | Promise<void>;
  /** `false` unless told. */
  readonly saveBestOnly?: boolean;
  /** A value that has to be beaten to be the best. */
  readonly initialValueThreshold?: number;
}

/** Has a model saved after every epoch, or after those that were the best so far. @throws {@link OptionError} */
export function modelCheckpoint(options: CheckpointOptions): Callbacks {
  checkCallbackOptions('modelCheckpoint', options);
  const { worst, isBetter, monitored } = watcher(options);
  let best = options.initialValueThreshold ?? worst;
  return {
    onEpochEnd: async (epoch, logs, control) => {
      if (options.saveBestOnly) {
        const value = monitored(logs);
        if (!isBetter(value, best)) return;
        best = value;
      }
      await control.keep();
      await options.save(epoch, logs);
    },
  };
}

/** Options of {@link csvLogger}. */
export interface CsvLoggerOptions {
  /** Takes a line, with its line feed. */
  write(line: string): void | Promise<void>;
  /** `,` unless told. */
  readonly separator?: string;
  /** Whether the line of names is there already; `false` unless told. */
  readonly append?: boolean;
}

/** Writes a line of comma-separated values an epoch, behind a line of names. @throws {@link OptionError} */
export function csvLogger(options: CsvLoggerOptions): Callbacks {
  checkCallbackOptions('csvLogger', options);
  const { write, separator = ',', append = false } = options;
  let names: string[] | undefined;
  return {
    onEpochEnd: async (epoch, logs) => {
      if (names === undefined) {
        names = Object.keys(logs).sort();
        if (!append) await write(`${['epoch', ...names].join(separator)}\n`);
      }
      await write(`${[epoch, ...names.map((name) => logs[name] ?? 'NA')].join(separator)}\n`);
    },
  };
}

/** Sets the learning rate of each epoch; records `learning_rate`. @throws {@link OptionError} */
export function learningRateScheduler(
  schedule: (epoch: number, rate: number) => number,
): Callbacks {
  checkSchedule(schedule);
  return {
    onEpochBegin: (epoch, control) => {
      const rate = schedule(epoch, control.learningRate);
      if (!(rate > 0 && Number.isFinite(rate))) {
        throw new OptionError('learningRate', rate, 'a schedule has to give positive numbers');
      }
      control.learningRate = rate;
    },
    onEpochEnd: (_, logs, control) => {
      logs.learning_rate = control.learningRate;
    },
  };
}

/** Ends training when the loss is no number any more. */
export function terminateOnNaN(): Callbacks {
  const check = (logs: Logs | undefined, control: TrainingControl) => {
    if (logs?.loss !== undefined && !Number.isFinite(logs.loss)) control.stop();
  };
  return {
    onBatchEnd: (_, logs, control) => check(logs, control),
    onEpochEnd: (_, logs, control) => check(logs, control),
  };
}
