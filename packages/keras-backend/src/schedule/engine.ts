/** What computes schedules, and what it is told: plain data both ways. */
import type { DataSlot, MachineCost } from '../engine.js';
import type { FloatState } from '../float/trainer.js';
import type { CompiledNetwork, ScheduleTarget } from './compile.js';
import type { ScheduleExplanation } from './explain.js';

/** Samples as a caller has them. */
export interface ScheduleData {
  readonly samples: number;
  /** Of each input, `[samples][values of a sample]`. */
  readonly inputs: readonly ArrayLike<number>[];
  /** Of each output, `[samples][values]`, or `[samples][rows]` class numbers; not needed to predict. */
  readonly targets?: readonly ArrayLike<number>[];
  /** Of each output, one a sample; all 1 where absent. */
  readonly weights?: readonly (ArrayLike<number> | undefined)[];
}

/** Places in an epoch: from the first up to but not including the end. */
export interface EpochPart {
  /** A multiple of the batch size. */
  readonly first: number;
  /** A multiple of the batch size, or the number of samples. */
  readonly end: number;
}

/** One pass over the data of a slot. */
export interface ScheduleRun {
  readonly mode: 'train' | 'evaluate' | 'predict';
  readonly slot: DataSlot;
  /** At most {@link CompiledNetwork.batchSize}. */
  readonly batchSize: number;
  /** What is run, from weights that {@link ScheduleEngine.setState} has set; all unless told. */
  readonly part?: EpochPart;
  /** Unsigned 32 bit. Given: samples are taken in the order of `shuffledIndex`; else in their own. */
  readonly shuffleSeed?: number;
  /** Learning rate of each batch that is run; needed to train. */
  readonly rates?: readonly number[];
  /** Whether outputs are wanted. */
  readonly keepsOutputs: boolean;
  /** Called now and then with the number of batches done. */
  onBatch?(done: number): void | Promise<void>;
  /** Asked between batches while training, or now and then: `true` ends the run behind the batch in progress. */
  stops?(): boolean;
}

/** What a run found out. */
export interface ScheduleResult {
  /** Batches that were run. */
  readonly batches: number;
  /** Samples in them. */
  readonly samples: number;
  /** Of each output, the sum over samples of their weighted loss; 0 after `predict`. */
  readonly lossSums: readonly number[];
  /** Sum over samples of what regularisers added to the loss. */
  readonly penaltySum: number;
  /** Of each output, `[samples][values]` in the data's own order, where they were asked for. */
  readonly outputs?: readonly Float32Array[];
  /** Values that were clamped to their format, by operation. */
  readonly saturations: readonly number[];
  /** Gradients other than 0 that were rounded to 0, by operation. */
  readonly underflows: readonly number[];
  readonly machine?: MachineCost;
}

/** The cores that work through a schedule together, as plain JSON for reports and for people. */
export interface WorkersExplanation {
  readonly machine: {
    readonly width: number;
    readonly height: number;
    readonly chips: readonly { readonly x: number; readonly y: number; readonly cores: number }[];
  };
  /** By number, with the core cycles for which each was busy in the last run. */
  readonly workers: readonly {
    readonly x: number;
    readonly y: number;
    readonly core: number;
    readonly busyCycles: number;
  }[];
  readonly sequencer: { readonly x: number; readonly y: number; readonly core: number };
}

/** Something that computes one network after another. Calls must not overlap. */
export interface ScheduleEngine {
  /** What networks have to be compiled for. */
  readonly target: ScheduleTarget;
  /** Takes a network in place of the one before. Data and state have to be given again. */
  prepare(network: CompiledNetwork): Promise<void>;
  load(slot: DataSlot, data: ScheduleData): Promise<void>;
  /** Weights in Keras's order and shape, and what the optimiser remembers. */
  setState(state: FloatState): Promise<void>;
  getState(): Promise<FloatState>;
  run(request: ScheduleRun): Promise<ScheduleResult>;
  /** Whether it has room for a batch of a network in memory. */
  hasRoom(explanation: ScheduleExplanation): boolean;
  /** The cores that compute; absent where nothing but this process is used. */
  workers?(): WorkersExplanation;
  close(): Promise<void>;
}
