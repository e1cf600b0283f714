/** Options of a model's methods, with Keras's names and defaults. */
import type { NumberMode } from '../engine.js';
import type { LossConfig } from '../losses/configs.js';
import type { MachineEngineOptions } from '../machine/index.js';
import type { MetricConfig } from '../metrics/metrics.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import type { TensorFormats } from '../schedule/named-formats.js';
import type { ModelSamples } from './data.js';
import type { EngineChoice } from './engines.js';
import type { Callbacks, Progress } from './history.js';
import type { Rounding } from './schedule-backend.js';

/** A loss by its name, or with parameters. */
export type LossChoice = string | LossConfig;

/** A metric by its name, or with parameters. */
export type MetricChoice = string | MetricConfig;

/** Metrics of the only output; or a list of lists, or a record, for several outputs. */
export type MetricChoices =
  | readonly MetricChoice[]
  | readonly (readonly MetricChoice[])[]
  | Readonly<Record<string, MetricChoice | readonly MetricChoice[]>>;

/** Options of {@link Model.compile}. */
export interface CompileOptions {
  /** `sgd({ learningRate })` and its sisters, or a name such as `'adam'`. */
  readonly optimizer: Optimiser | string;
  /** A loss for all outputs; or a list, or a record, of one for each. */
  readonly loss: LossChoice | readonly LossChoice[] | Readonly<Record<string, LossChoice>>;
  /** Factors of the losses of several outputs; 1 unless told. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  /** Measured without sample weights. */
  readonly metrics?: MetricChoices;
  /** Measured with sample weights. */
  readonly weightedMetrics?: MetricChoices;
  /** Of fixed-point engines: `fast` (16-bit operands) unless told; `exact` agrees with float32 to some 1e-6. */
  readonly mode?: NumberMode;
  /**
   * Of fixed-point engines: fraction bits of tensors by name, such as `{ 'conv2d/kernel': { fractionBits: 13 } }`, in
   * place of those that are measured. An error for a name that there is not lists those that there are.
   */
  readonly formats?: TensorFormats;
  /** Of fixed-point engines: how weights and deltas are rounded in training; `nearest` unless told. */
  readonly rounding?: Rounding;
  /** What computes; `machine` unless told. */
  readonly engine?: EngineChoice;
  /** Which machine, and how the layers are cut; a virtual SpiNN-5 unless told. */
  readonly machine?: MachineEngineOptions;
}

/** Weights of samples: one number a sample, or a list or record of those of several outputs. */
export type SampleWeights =
  | ArrayLike<number>
  | readonly ArrayLike<number>[]
  | Readonly<Record<string, ArrayLike<number>>>;

/** Options of {@link Model.fit}. */
export interface FitOptions {
  /** Epoch to stop before; 1 unless told. */
  readonly epochs?: number;
  /** Number of the first epoch, to go on from an earlier run; 0 unless told. */
  readonly initialEpoch?: number;
  /** 32 unless told. */
  readonly batchSize?: number;
  /** A new order of the samples every epoch; `true` unless told. */
  readonly shuffle?: boolean;
  /** Part of the data, from its end, to validate with instead of training: 0 to below 1. */
  readonly validationSplit?: number;
  /** Data to validate with after every epoch. */
  readonly validationData?:
    | readonly [x: ModelSamples, y: ModelSamples]
    | readonly [x: ModelSamples, y: ModelSamples, sampleWeight: SampleWeights];
  /** How much each sample counts in the loss. */
  readonly sampleWeight?: SampleWeights;
  /** How much the samples of each class count in the loss. */
  readonly classWeight?: Readonly<Record<number, number>>;
  readonly callbacks?: Callbacks | readonly Callbacks[];
  /** 1 prints a line an epoch; 0 unless told. */
  readonly verbose?: 0 | 1;
  /** Ends training behind the batch that runs; its result is kept, and `History.stopped` set. */
  readonly signal?: AbortSignal;
  /** Called now and then while an epoch runs. */
  onProgress?(progress: Progress): void;
}

/** One batch of a {@link Dataset}. */
export interface DatasetBatch {
  readonly x: ModelSamples;
  readonly y: ModelSamples;
  readonly sampleWeight?: SampleWeights;
}

/** Gives the batches of an epoch, each time anew: a function, such as a generator, or a list of batches. */
export type Dataset =
  | Iterable<DatasetBatch>
  | (() => Iterable<DatasetBatch> | AsyncIterable<DatasetBatch>);

/** Options of {@link Model.fitDataset}: the batches are as they come, in their own order. */
export type FitDatasetOptions = Omit<
  FitOptions,
  'shuffle' | 'validationSplit' | 'sampleWeight' | 'classWeight'
>;

/** Options of {@link Model.predict}. */
export interface RunOptions {
  /** 32 unless told; does not change any result. */
  readonly batchSize?: number;
}

/** Options of {@link Model.evaluate}. */
export interface EvaluateOptions extends RunOptions {
  /** How much each sample counts in the loss. */
  readonly sampleWeight?: SampleWeights;
}
