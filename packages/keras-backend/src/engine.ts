/**
 * What a model needs of the thing that trains it, and what that thing is told: plain data both ways.
 *
 * An engine holds the weights of one network and runs epochs over data that was loaded into it.
 * `functional` computes over whole tensors in this process, `machine` on a SpiNNaker machine; both
 * follow docs/on-core-programs.md and give the same bits.
 */

/** `fast`: 16-bit operands and 32-bit sums; `exact`: 32-bit operands and 64-bit sums. */
export type NumberMode = 'fast' | 'exact';

/** The activations that a Dense layer can have. */
export type Activation = 'linear' | 'relu' | 'sigmoid' | 'tanh' | 'softmax';

/** The losses that a network can be trained with. */
export type Loss = 'categorical_crossentropy' | 'binary_crossentropy' | 'mean_squared_error';

/** What counts as correct: the largest output, or each output on the right side of one half. */
export type Accuracy = 'categorical' | 'binary';

/** Fraction of the master weights and biases in both modes: s4.27. */
export const MASTER_FRACTION = 27;

/** Fraction of `difference` at the output layer, and of the error of an output layer. */
export const DIFFERENCE_FRACTION = 27;

/** Fraction of {@link NetworkPlan.lossScale}. */
export const LOSS_SCALE_FRACTION = 30;

/** Number of fraction bits of each tensor of one layer; docs/on-core-programs.md, section 1. */
export interface LayerFractions {
  /** Inputs as multiplied. Of layer l + 1, this is the `activation` of layer l. */
  readonly input: number;
  /** Weights as multiplied; 27 in `exact`. */
  readonly weight: number;
  /** Pre-activations. */
  readonly z: number;
  /** Activations as stored. */
  readonly activation: number;
  /** Deltas as multiplied. */
  readonly delta: number;
  /** Error before the derivative; at the output layer {@link DIFFERENCE_FRACTION}. */
  readonly error: number;
}

/** One Dense layer. */
export interface LayerPlan {
  /** Name of the layer in its model, for messages. */
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation;
  /** Without a bias, {@link LayerWeights.bias} is all zero and is not trained. */
  readonly useBias: boolean;
  readonly fractions: LayerFractions;
}

/** A network lowered to fixed point: all that an engine needs to know besides weights and data. */
export interface NetworkPlan {
  readonly mode: NumberMode;
  /** Largest batch that a run may ask for. */
  readonly batchSize: number;
  readonly layers: readonly LayerPlan[];
  readonly loss: Loss;
  /** Unsigned 32 bit with fraction {@link LOSS_SCALE_FRACTION}: 1, 1 / units or 2 / units by the loss. */
  readonly lossScale: number;
  readonly accuracy: Accuracy;
  /** Fraction of the targets. */
  readonly targetFraction: number;
}

/** Weights of one layer, fraction {@link MASTER_FRACTION}. */
export interface LayerWeights {
  /** `[units][inputs]`, the transpose of Keras's kernel. */
  readonly kernel: Int32Array;
  readonly bias: Int32Array;
}

/** Operands of a plan's mode: int16 in `fast`, int32 in `exact`. */
export type Operands = Int16Array | Int32Array;

/** Samples as operands. */
export interface DataSet {
  readonly samples: number;
  /** `[samples][inputs of the first layer]`, at its `input` fraction. */
  readonly inputs: Operands;
  /** `[samples][units of the last layer]`, at the plan's `targetFraction`; not needed to predict. */
  readonly targets?: Operands;
}

/** Place of a data set in an engine: 0 for training, 1 for evaluation and prediction. */
export type DataSlot = 0 | 1;

/** One pass over the data of a slot. */
export interface RunRequest {
  /** `evaluate` and `predict` leave the weights alone; `predict` returns outputs and needs no targets. */
  readonly mode: 'train' | 'evaluate' | 'predict';
  readonly slot: DataSlot;
  /** At most {@link NetworkPlan.batchSize}. The last batch may be shorter and counts with its own mean. */
  readonly batchSize: number;
  /** Unsigned 32 bit. Given: samples are taken in the order of `shuffledIndex`; else in their own. */
  readonly shuffleSeed?: number;
  /** Needed to train. */
  readonly learningRate?: number;
  /** Called now and then with the number of batches done and their total. */
  onBatch?(done: number, total: number): void;
  /**
   * Asked between batches while training, or now and then where batches run elsewhere: `true` ends the
   * run behind the batch in progress. Its result then counts the batches that are done.
   */
  stops?(): boolean;
}

/** What the machine spent on a run. */
export interface MachineCost {
  /** Time on a real machine. */
  readonly seconds: number;
  /** Energy on a real machine. */
  readonly joules: number;
  readonly packetsSent: number;
  /** Packets that routers dropped. Other than 0 only where batches were repeated for them. */
  readonly packetsDropped: number;
  /** Batches that were begun again since packets were missing; the result is what it would have been without. */
  readonly batchesRepeated: number;
  /** Of a model that is no stack of Dense layers: what computed it. */
  readonly spread?: MachineSpread;
}

/** Chips and cores that a schedule is spread over. */
export interface MachineSpread {
  /** Chips, each with its part of every batch. */
  readonly chips: number;
  /** Cores of each that compute. */
  readonly workers: number;
  /** Predicted time of a whole batch on a board, seconds. */
  readonly batchSeconds: number;
  /** What is quickest on a board, where this is fewer chips since they are simulated sooner. */
  readonly board?: MachineSpread;
}

/** What a run found out. */
export interface RunResult {
  readonly samples: number;
  /** Sum over samples of Keras's loss of a sample (mean over units where Keras takes it); 0 after `predict`. */
  readonly lossSum: number;
  /** Samples (categorical) or units (binary) that were right; 0 after `predict`. */
  readonly correct: number;
  /** `[samples][units]` at the last layer's `activation` fraction, in the data's own order; after `predict`. */
  readonly outputs?: Operands;
  /** Values that were clamped to their format. */
  readonly saturations: number;
  /** The same by layer, in the order of the plan; absent where an engine does not tell. */
  readonly layerSaturations?: readonly number[];
  /** Absent where nothing but this process was used. */
  readonly machine?: MachineCost;
}

/** Something that trains one network. Calls must not overlap. */
export interface Engine {
  /** Puts a data set in a slot, in place of what was there. */
  load(slot: DataSlot, data: DataSet): Promise<void>;
  /** Sets the weights of all layers. They are zero before. */
  setWeights(weights: readonly LayerWeights[]): Promise<void>;
  /** Copies of the weights of all layers. */
  getWeights(): Promise<LayerWeights[]>;
  /** Trains, tests or predicts, and answers when all of it is done. */
  run(request: RunRequest): Promise<RunResult>;
  /** Gives back what the engine holds; it must not be used after that. */
  close(): Promise<void>;
}

/** Makes an engine for a plan, with options of its own. */
export type EngineFactory<Options> = (plan: NetworkPlan, options: Options) => Promise<Engine>;
