/**
 * Keras for SpiNNaker: build, train and evaluate models in fixed point.
 */
export type {
  Accuracy,
  Activation,
  DataSet,
  DataSlot,
  Engine,
  EngineFactory,
  LayerFractions,
  LayerPlan,
  LayerWeights,
  Loss,
  MachineCost,
  MachineSpread,
  NetworkPlan,
  NumberMode,
  Operands,
  RunRequest,
  RunResult,
} from './engine.js';
export {
  DataError,
  ModelDefinitionError,
  ModelFileError,
  ModelStateError,
  OptionError,
  UnsupportedError,
} from './errors.js';
export { modelFromKeras, modelToKeras } from './formats/keras-archive.js';
export { loadH5Weights, modelFromH5, modelToH5 } from './formats/keras-h5.js';
export {
  type ModelFile,
  modelFromJson,
  modelToJson,
  type StoredCall,
  type StoredCompilation,
  type StoredTensor,
  type StoredTraining,
} from './formats/spin-tools-json.js';
export {
  type LayersModelLike,
  modelFromLayersModel,
  modelFromTensorFlowJs,
  modelToTensorFlowJs,
  type TensorFlowJsFiles,
  type TensorLike,
} from './formats/tensorflow-js.js';
export { createFunctionalEngine } from './functional/index.js';
export type { LayerGraph, PlacedLayer } from './graph/graph.js';
export { apply, input, type SymbolicTensor } from './graph/tensors.js';
export type {
  Initialiser,
  InitialiserConfig,
  InitialiserName,
} from './initialisers/initialisers.js';
export type { ActivationName } from './layers/activations.js';
export { isLayerName, type KindName, LAYER_NAMES } from './layers/kinds/index.js';
export {
  type ComputedLayer,
  type DenseLayer,
  type DenseOptions,
  type FlattenLayer,
  type FlattenOptions,
  type InputLayer,
  type InputOptions,
  type Layer,
  type LayerOptions,
  layerOf,
  layers,
  type Shape,
} from './layers/layers.js';
export type { LossConfig, LossName } from './losses/configs.js';
export {
  DataSetTooLargeError,
  MachineRunError,
  PacketsDroppedError,
  ScheduleTooLargeError,
} from './machine/errors.js';
export {
  type CoreProvenance,
  type DeploymentExplanation,
  type LayerExplanation,
  type LayerTime,
  layerTimes,
  type MachineAddress,
  type MachineEngine,
  type MachineEngineOptions,
  type MachineStage,
  type MachineTransports,
  type PhaseCycles,
} from './machine/index.js';
export type { MetricConfig } from './metrics/metrics.js';
export {
  type CheckpointOptions,
  type CsvLoggerOptions,
  csvLogger,
  type EarlyStoppingOptions,
  earlyStopping,
  learningRateScheduler,
  type MonitorMode,
  type MonitorOptions,
  modelCheckpoint,
  type PlateauOptions,
  reduceLearningRateOnPlateau,
  terminateOnNaN,
} from './model/callbacks.js';
export type { TrainingControl } from './model/control.js';
export type { ModelSamples, NestedNumbers, Samples, Tensor } from './model/data.js';
export { createMachineEngine, type EngineChoice } from './model/engines.js';
export type {
  Callbacks,
  History,
  LayerCount,
  LayerCounts,
  Logs,
  Progress,
} from './model/history.js';
export type { KeptFormats, KeptSchedule, KeptStack } from './model/kept-formats.js';
export {
  Model,
  type ModelOptions,
  model,
  type SequentialOptions,
  sequential,
} from './model/model.js';
export type {
  CompileOptions,
  Dataset,
  DatasetBatch,
  EvaluateOptions,
  FitDatasetOptions,
  FitOptions,
  LossChoice,
  MetricChoice,
  RunOptions,
  SampleWeights,
} from './model/options.js';
export type { Rounding } from './model/schedule-backend.js';
export type { ModelState } from './model/state.js';
export type { Evaluation } from './model/training.js';
export type { FloatTensor } from './model/weights.js';
export {
  adagrad,
  adam,
  adamw,
  type Optimiser,
  rmsprop,
  sgd,
} from './optimisers/optimisers.js';
export type { LearningRate, Schedule } from './optimisers/schedules.js';
export type { FloatLayer } from './plan/estimate.js';
export { type PlanRequest, planNetwork } from './plan/plan.js';
export type { Constraint } from './regularisers/constraints.js';
export type { Regulariser } from './regularisers/regularisers.js';
export type { WorkersExplanation } from './schedule/engine.js';
export type { ExchangeSize, ScheduledLayer, ScheduleExplanation } from './schedule/explain.js';
export type { ReplicaTime } from './schedule/machine/exchange.js';
export type { TensorFormat, TensorFormats } from './schedule/named-formats.js';
export type { Stage, StagedNetwork, StageRate } from './schedule/stages.js';
export { InvalidTilingError, NetworkTooLargeError, TileTooLargeError } from './tiles/errors.js';
export type { TileOptions, Tiling } from './tiles/index.js';
