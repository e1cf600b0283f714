/** What a compiled model runs on: fixed point on an engine, or float32 in this process. */
import type { Engine, MachineCost } from '../engine.js';
import type { TensorFormats } from '../schedule/named-formats.js';
import type { FlatSamples } from './data.js';
import type { LayerCounts, Logs } from './history.js';
import type { ModelState } from './state.js';
import type { FloatTensor } from './weights.js';

/** Data of a model, checked. */
export interface ModelData {
  readonly samples: number;
  /** In the order of the inputs. */
  readonly x: readonly FlatSamples[];
  /** In the order of the outputs. */
  readonly y: readonly FlatSamples[];
  /** In the order of the outputs; all 1 where absent. */
  readonly weights: readonly (Float32Array | undefined)[];
}

/** The batches of one epoch, each time anew. */
export type BatchStream = () => AsyncIterable<ModelData>;

/** What training begins with. */
export interface TrainingRequest {
  /** All data, or their batches as they come. */
  readonly training: ModelData | BatchStream;
  readonly validation: ModelData | undefined;
  readonly batchSize: number;
  readonly state: ModelState;
}

/** One pass over the training data. */
export interface EpochRequest {
  /** Given: samples are taken in the order of `shuffledIndex`; else in their own. */
  readonly shuffleSeed: number | undefined;
  /** In place of the optimiser's. */
  readonly learningRate: number | undefined;
  /** Asked after every batch, or now and then: `true` ends the pass behind the batch in progress. */
  stops(): boolean;
  /** Called after every batch, or now and then. */
  onBatch(done: number, total: number, logs: Logs | undefined): void | Promise<void>;
}

/** What a pass found out. */
export interface EpochResult {
  readonly logs: Logs;
  readonly saturations: number;
  /** By the layers' names; absent with engines that do not tell. */
  readonly layers?: LayerCounts;
  readonly machine?: MachineCost;
}

/** Training under way. */
export interface TrainingRun {
  /** Of the next step, as the optimiser has it. */
  learningRate(): number;
  epoch(request: EpochRequest): Promise<EpochResult>;
  /** Loss and metrics of the validation data. */
  validate(): Promise<EpochResult>;
  /** Everything that training has changed so far; a copy. */
  state(): Promise<ModelState>;
  /** Goes on from another state. */
  restore(state: ModelState): Promise<void>;
}

/** Runs one compiled model. Calls must not overlap. */
export interface Backend {
  /** The engine that is open, for reports on what a machine did. */
  readonly engine: Engine | undefined;
  /** What it cannot do of a state, such as weights beyond its range. @throws DataError */
  check(state: ModelState): void;
  /**
   * Opens an engine that has room for batches to evaluate, where measuring formats is only worth its time if there is one.
   *
   * @throws ScheduleTooLargeError
   */
  open?(batchSize: number): Promise<void>;
  /** A state with number formats to run it with, where the backend measures those. @param anew also where it has some */
  withFormats?(state: ModelState, x: readonly FlatSamples[], anew?: boolean): ModelState;
  /** The number formats of a state by the names of tensors; undefined without. */
  formatsOf?(state: ModelState): TensorFormats | undefined;
  begin(request: TrainingRequest): Promise<TrainingRun>;
  evaluate(state: ModelState, data: ModelData, batchSize: number): Promise<Logs>;
  /** Outputs in the model's order. */
  predict(state: ModelState, x: readonly FlatSamples[], batchSize: number): Promise<FloatTensor[]>;
  /** Gives back what it holds; the next call opens it again. */
  close(): Promise<void>;
}
