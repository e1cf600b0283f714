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
export { createFunctionalEngine } from './functional/index.js';
export type {
  Initialiser,
  InitialiserConfig,
  InitialiserName,
} from './initialisers/initialisers.js';
export {
  type DenseLayer,
  type DenseOptions,
  type FlattenLayer,
  type FlattenOptions,
  type InputLayer,
  type InputOptions,
  type Layer,
  layers,
  type Shape,
} from './layers/layers.js';
export { DataSetTooLargeError, MachineRunError, PacketsDroppedError } from './machine/errors.js';
export type {
  DeploymentExplanation,
  LayerExplanation,
  MachineAddress,
  MachineEngine,
  MachineEngineOptions,
  MachineStage,
} from './machine/index.js';
export type { NestedNumbers, Samples, Tensor } from './model/data.js';
export { createMachineEngine, type EngineChoice } from './model/engines.js';
export {
  type ModelFile,
  modelFromJson,
  modelToJson,
  type StoredCompilation,
  type StoredTensor,
} from './model/file.js';
export type { Callbacks, History, Logs, Progress } from './model/history.js';
export type { CompileOptions, FitOptions, RunOptions } from './model/options.js';
export {
  Sequential,
  type SequentialOptions,
  sequential,
} from './model/sequential.js';
export type { Evaluation } from './model/training.js';
export type { FloatTensor } from './model/weights.js';
export { type Optimiser, sgd } from './optimisers/optimisers.js';
export type { FloatLayer } from './plan/estimate.js';
export { type PlanRequest, planNetwork } from './plan/plan.js';
export { InvalidTilingError, NetworkTooLargeError, TileTooLargeError } from './tiles/errors.js';
export type { TileOptions, Tiling } from './tiles/index.js';
