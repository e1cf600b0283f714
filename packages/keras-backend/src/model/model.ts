/** A Keras model: layers with weights that train in fixed point, on a SpiNNaker machine, or in float32. */
import type { Machine } from '@spin-tools/machine-model';
import { randomWord } from '@spin-tools/sim/fixed';
import type { Engine, LayerWeights, NetworkPlan } from '../engine.js';
import { ModelStateError, OptionError } from '../errors.js';
import type { OutputGoal } from '../float/tally.js';
import { denseStack } from '../graph/dense-stack.js';
import { functionalGraph, type LayerGraph, sequentialGraph } from '../graph/graph.js';
import type { SymbolicTensor } from '../graph/tensors.js';
import type { Layer } from '../layers/layers.js';
import { type Optimiser, optimiserOf } from '../optimisers/optimisers.js';
import type { WorkersExplanation } from '../schedule/engine.js';
import type { ScheduleExplanation } from '../schedule/explain.js';
import type { ReplicaTime } from '../schedule/machine/exchange.js';
import type { TensorFormats } from '../schedule/named-formats.js';
import type { StagedNetwork } from '../schedule/stages.js';
import type { Backend, BatchStream, ModelData } from './backend.js';
import {
  checkedBatches,
  checkedData,
  checkedInputs,
  type DataRules,
  splitData,
} from './checked-data.js';
import { checkCount, checkMode, checkRounding, DEFAULT_BATCH } from './checks.js';
import { withClassWeights } from './class-weights.js';
import type { FlatSamples, ModelSamples, Tensor } from './data.js';
import { checkEngine, engineName, type FixedEngineChoice } from './engines.js';
import { FixedBackend, needsOf } from './fixed-backend.js';
import { dropoutSeed, fixedPointBackend } from './fixed-point.js';
import { FloatBackend } from './float-backend.js';
import { checkDataset, checkFitOptions, checkMachineOptions } from './given-options.js';
import { goalsOf } from './goals.js';
import type { History } from './history.js';
import { checkOptionNames } from './known-options.js';
import type {
  CompileOptions,
  Dataset,
  EvaluateOptions,
  FitDatasetOptions,
  FitOptions,
  RunOptions,
} from './options.js';
import { RecoverableRun, stateLeft } from './recoverable-run.js';
import { ScheduleBackend } from './schedule-backend.js';
import { StackBackend } from './stack-backend.js';
import { freshState, type ModelState, mastersOf, withMasters } from './state.js';
import { summaryOf } from './summary.js';
import { type Evaluation, type Training, trainEpochs } from './training.js';
import { asTensors, checkedWeights, type FloatTensor, firstWeights } from './weights.js';

/** Options of {@link sequential}. */
export interface SequentialOptions {
  readonly layers?: readonly Layer[];
  /** Fixes first weights and the order of samples: unsigned 32 bit, 0 unless told. */
  readonly seed?: number;
  /** `sequential` unless told. */
  readonly name?: string;
}

/** Options of {@link model}. */
export interface ModelOptions {
  /** What {@link input} returned. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What {@link apply} returned. */
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
  /** Fixes first weights and the order of samples: unsigned 32 bit, 0 unless told. */
  readonly seed?: number;
  /** `functional` unless told. */
  readonly name?: string;
}

interface Compiled {
  readonly options: CompileOptions;
  readonly goals: readonly OutputGoal[];
  readonly optimiser: Optimiser;
  readonly backend: Backend;
  /** Where the backend uses a machine: makes one that computes the same bits in this process. */
  readonly makeFunctional: (() => Backend) | undefined;
}

/**
 * A model to compile, fit, evaluate and predict with, as in Keras; a sequential one takes more layers.
 *
 * Methods that run must not overlap. Close the model (or declare it with `await using`) to give
 * back its engine.
 */
export class Model implements AsyncDisposable {
  readonly name: string;
  readonly seed: number;
  readonly #layers: Layer[];
  #graph: LayerGraph | undefined;
  #state: ModelState | undefined;
  #compiled: Compiled | undefined;
  /** Backends of earlier compilations, to be closed before the next run. */
  readonly #retired: Backend[] = [];
  #busy = false;

  /** Use {@link sequential} or {@link model}. */
  constructor(layers: readonly Layer[], graph: LayerGraph | undefined, name: string, seed: number) {
    this.name = name;
    this.seed = seed >>> 0;
    this.#layers = [...layers];
    this.#graph = graph;
    if (layers.length > 0) this.#checkedGraph();
  }

  /** Appends a layer to a sequential model. Not after `compile`. */
  add(layer: Layer): this {
    if (this.#graph?.kind === 'functional') {
      throw new ModelStateError('a functional model takes no more layers: build it from apply()');
    }
    if (this.#compiled !== undefined) {
      throw new ModelStateError('a compiled model takes no more layers: add them before compile()');
    }
    this.#layers.push(layer);
    this.#graph = undefined;
    this.#state = undefined;
    return this;
  }

  /** The layers as they were given; of a functional model, in an order in which they can be computed. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Layers with names, shapes and weights, and the calls between them. */
  get graph(): LayerGraph {
    return this.#checkedGraph();
  }

  /** What `compile` was told, or undefined before. */
  get compileOptions(): CompileOptions | undefined {
    return this.#compiled?.options;
  }

  /** The engine that is open, or undefined: for reports on what a machine did. */
  get engine(): Engine | undefined {
    return this.#compiled?.backend.engine;
  }

  /**
   * The cores of the machine that is open for a model that is no stack of Dense layers, or undefined: for reports on
   * what they did. Of a stack, {@link Model.engine} tells.
   */
  get workers(): WorkersExplanation | undefined {
    const { backend } = this.#compiled ?? {};
    return backend instanceof ScheduleBackend ? backend.workers() : undefined;
  }

  /** The optimiser of the last `compile`, or undefined before. */
  get optimizer(): Optimiser | undefined {
    return this.#compiled?.optimiser;
  }

  /**
   * Chooses loss, optimiser, metrics, number mode and engine. Nothing is computed or mapped yet.
   * Compiling again keeps the weights, and what the optimiser remembers as long as it stays the same.
   *
   * @throws {@link UnsupportedError} {@link ModelDefinitionError} {@link OptionError}
   */
  compile(options: CompileOptions): void {
    checkOptionNames('compile', options);
    const graph = this.#checkedGraph();
    const goals = goalsOf(graph, options);
    const optimiser = optimiserOf(options.optimizer);
    const mode = checkMode(options.mode ?? 'fast');
    const engine = checkEngine(options.engine ?? 'machine');
    const { machine = {}, formats = {} } = options;
    checkMachineOptions(machine);
    const rounding = checkRounding(options.rounding ?? 'nearest');
    const fixedPoint = (chosen: FixedEngineChoice) =>
      fixedPointBackend(
        { graph, goals, optimiser, mode, engine: chosen, machine },
        { formats, rounding },
        this.seed,
      );
    const backend =
      engine === 'float'
        ? new FloatBackend({ graph, goals, optimiser, seed: dropoutSeed(this.seed) })
        : fixedPoint(engine);
    const makeFunctional = engine === 'machine' ? () => fixedPoint('functional') : undefined;
    const before = this.#compiled;
    if (before !== undefined) this.#retired.push(before.backend);
    if (before?.optimiser.kind !== optimiser.kind && this.#state?.steps) {
      const { floats } = this.#state;
      this.#state = { ...this.#state, slots: freshState(floats).slots, steps: 0 };
    }
    this.#compiled = { options, goals, optimiser, backend, makeFunctional };
  }

  /**
   * Trains.
   *
   * When it is stopped, by a signal or a callback, the model has the weights of the last finished batch. So it has when
   * a machine fails: the error is what went wrong there, and its message ends with what is kept. When anything else
   * throws, the model has the weights of before.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async fit(x: ModelSamples, y: ModelSamples, options: FitOptions = {}): Promise<History> {
    checkOptionNames('fit', options);
    checkFitOptions(options);
    const compiled = this.#needCompiled();
    const rules = this.#rules(compiled);
    const all = checkedData(rules, x, y, options.sampleWeight);
    const { training, validation } = splitData(rules, all, options);
    const weighted = withClassWeights(training, compiled.goals, options.classWeight);
    return this.#train(compiled, weighted, validation, options);
  }

  /**
   * Trains with batches as they come: from a generator, or from a source larger than memory.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError} {@link UnsupportedError}
   */
  async fitDataset(dataset: Dataset, options: FitDatasetOptions = {}): Promise<History> {
    checkOptionNames('fitDataset', options);
    checkFitOptions(options);
    checkDataset(dataset);
    const compiled = this.#needCompiled();
    const rules = this.#rules(compiled);
    const [x, y, weights] = options.validationData ?? [];
    const validation =
      x === undefined || y === undefined
        ? undefined
        : checkedData(rules, x, y, weights, 'validationData.');
    const batches = () => checkedBatches(rules, dataset);
    return this.#train(compiled, batches, validation, options);
  }

  async #train(
    compiled: Compiled,
    training: ModelData | BatchStream,
    validation: ModelData | undefined,
    options: FitOptions,
  ): Promise<History> {
    const epochs = checkCount('epochs', options.epochs ?? 1);
    const { initialEpoch = 0 } = options;
    if (!(Number.isInteger(initialEpoch) && initialEpoch >= 0 && initialEpoch <= epochs)) {
      throw new OptionError(
        'initialEpoch',
        initialEpoch,
        `give a whole number from 0 to ${epochs}`,
      );
    }
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    let left = this.#currentState();
    return this.#run(compiled, async (state) => {
      const { backend, makeFunctional } = compiled;
      const request = { training, validation, batchSize, state };
      const run = makeFunctional
        ? await RecoverableRun.begin(backend, makeFunctional, request)
        : await backend.begin(request);
      let { epochs: trained } = state;
      const keep = (next: ModelState) => {
        this.#state = { ...next, epochs: trained };
      };
      const plan: Training = {
        options,
        epochs,
        initialEpoch,
        validates: validation !== undefined,
        shuffleSeed: () => {
          trained += 1;
          return randomWord(this.seed, trained);
        },
        keep,
      };
      try {
        const history = await trainEpochs(run, plan);
        keep(await run.state());
        return history;
      } catch (error) {
        if (run instanceof RecoverableRun) {
          left = (await stateLeft(run, error, plan, state.epochs)) ?? left;
        }
        throw error;
      }
    }).catch((error: unknown) => {
      this.#state = left;
      throw error;
    });
  }

  /**
   * Loss and metrics of data; the weights stay.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async evaluate(
    x: ModelSamples,
    y: ModelSamples,
    options: EvaluateOptions = {},
  ): Promise<Evaluation> {
    checkOptionNames('evaluate', options);
    const compiled = this.#needCompiled();
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    const data = checkedData(this.#rules(compiled), x, y, options.sampleWeight);
    return this.#run(compiled, async () => {
      await compiled.backend.open?.(Math.min(batchSize, data.samples));
      const state = this.#withFormats(compiled, data.x);
      const logs = await compiled.backend.evaluate(state, data, batchSize);
      return logs as Evaluation;
    });
  }

  /**
   * Outputs for data, `[samples, ...]`. A model with several outputs has {@link predictAll}.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async predict(x: ModelSamples, options: RunOptions = {}): Promise<FloatTensor> {
    const [first] = await this.predictAll(x, options);
    return first as FloatTensor;
  }

  /**
   * All outputs for data, in the model's order.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async predictAll(x: ModelSamples, options: RunOptions = {}): Promise<FloatTensor[]> {
    checkOptionNames('predict', options);
    const compiled = this.#needCompiled();
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    const inputs = checkedInputs(this.#checkedGraph(), x);
    return this.#run(compiled, async () => {
      await compiled.backend.open?.(Math.min(batchSize, inputs[0]?.samples ?? batchSize));
      return compiled.backend.predict(this.#withFormats(compiled, inputs), inputs, batchSize);
    });
  }

  /**
   * Measures the number formats that `evaluate` and `predict` run with, on the first 16 samples; in place of those of the
   * training, or of the first samples that were asked for. Nothing is done where formats are not measured: with the
   * engine `float`, and of stacks of Dense layers.
   *
   * @throws {@link DataError} {@link ModelStateError}
   */
  async calibrate(x: ModelSamples): Promise<void> {
    const compiled = this.#needCompiled();
    const inputs = checkedInputs(this.#checkedGraph(), x);
    await this.#run(compiled, async () => void this.#withFormats(compiled, inputs, true));
  }

  /**
   * The number formats of the last training, or of the first predictions, by the names of tensors; those that `compile`
   * was told before. Undefined where none were measured, and of stacks of Dense layers, which have a {@link plan}.
   */
  get formats(): TensorFormats | undefined {
    const compiled = this.#compiled;
    const known = compiled?.backend.formatsOf?.(this.#currentState());
    return known ?? compiled?.options.formats;
  }

  /** All weights, in Keras's order and shape. */
  getWeights(): FloatTensor[] {
    return asTensors(this.#checkedGraph(), this.#currentState().floats);
  }

  /**
   * Sets all weights, in Keras's order and shape.
   *
   * @throws {@link DataError} when a shape is wrong, or a value is not finite or, once the model is
   *   compiled for a fixed-point engine, not within -16 .. 16
   */
  async setWeights(tensors: readonly Tensor[]): Promise<void> {
    const floats = checkedWeights(this.#checkedGraph(), tensors);
    await this.setState({
      ...this.#currentState(),
      floats,
      masters: undefined,
      formats: undefined,
    });
  }

  /** Everything that training changes: weights, memory of the optimiser, epochs trained. */
  getState(): ModelState {
    return this.#currentState();
  }

  /** Goes on from a state that {@link getState} gave, bit for bit. @throws {@link DataError} */
  async setState(state: ModelState): Promise<void> {
    this.#compiled?.backend.check(state);
    await this.#compiled?.backend.close();
    this.#state = state;
  }

  /** The weights as fixed-point engines hold them, s4.27: what `getWeights` rounds to float32. */
  getFixedWeights(): readonly LayerWeights[] {
    const { dense } = denseStack(this.#checkedGraph(), this.#engineName);
    return mastersOf(this.#currentState(), dense);
  }

  /** Sets the weights as fixed-point engines hold them. */
  async setFixedWeights(weights: readonly LayerWeights[]): Promise<void> {
    const { dense } = denseStack(this.#checkedGraph(), this.#engineName);
    const masters = weights.map(({ kernel, bias }) => ({
      kernel: kernel.slice(),
      bias: bias.slice(),
    }));
    await this.setState(withMasters(this.#currentState(), dense, masters));
  }

  /**
   * The number formats that training in fixed point would start with: what the model is mapped by.
   *
   * @param batchSize 32 unless told
   * @param inputPeak largest magnitude of the inputs; 1 unless told
   * @throws {@link ModelStateError} when the model is not compiled for a fixed-point engine
   */
  plan(batchSize: number = DEFAULT_BATCH, inputPeak = 1): NetworkPlan {
    const { backend } = this.#needCompiled();
    if (!isStack(backend)) {
      throw new ModelStateError(
        'only a stack of Dense layers has number formats before it is trained: see schedule()',
      );
    }
    return backend.plan(
      this.#currentState(),
      needsOf(checkCount('batchSize', batchSize), inputPeak),
    );
  }

  /**
   * What training on a machine costs, layer by layer, of a model that is no stack of Dense layers; undefined of one
   * that is. Nothing is computed or mapped.
   *
   * @param batchSize 32 unless told
   * @param workers cores of a chip that compute; 16, all of them, unless told
   * @param replicas chips that train parts of each batch; 1 unless told. Their exchanges are not in the times
   * @throws {@link ModelStateError} when the model is not compiled for a fixed-point engine
   */
  schedule(
    batchSize: number = DEFAULT_BATCH,
    workers = CHIP_WORKERS,
    replicas = 1,
  ): ScheduleExplanation | undefined {
    const { backend } = this.#needCompiled();
    if (isStack(backend)) return undefined;
    if (!(backend instanceof ScheduleBackend)) {
      throw new ModelStateError('the engine float has no schedule: compile for another engine');
    }
    return backend.explain(
      checkCount('batchSize', batchSize),
      checkCount('workers', workers),
      checkCount('replicas', replicas),
    );
  }

  /**
   * Plans a model that is too large for a chip as a pipeline of chips, and maps it: which layers go where, what limits
   * it, what a sample in training takes. Such plans cannot be run yet.
   *
   * @param machine such as `spin5()` or `triads({ width: 2, height: 2 })` of `@spin-tools/machine-model`
   * @throws {@link ModelStateError} {@link OptionError}; what the mapper throws
   */
  stages(machine: Machine): StagedNetwork {
    const { backend } = this.#needCompiled();
    if (!(backend instanceof ScheduleBackend)) {
      throw new ModelStateError('only a model that is a schedule has stages: see plan()');
    }
    return backend.stages(machine);
  }

  /**
   * Predicted times of a training step on different numbers of chips, each with its part of the batch; the quickest
   * first, which a board takes unless the option `replicas` says otherwise. None where a part of the batch is
   * larger than a chip: see {@link Model.stages}.
   *
   * @param machine such as `spin5()` of `@spin-tools/machine-model`
   * @param batchSize 32 unless told
   * @throws {@link ModelStateError} when the model is no schedule; {@link OptionError} for a machine without cores
   */
  replicas(machine: Machine, batchSize: number = DEFAULT_BATCH): ReplicaTime[] {
    const { backend } = this.#needCompiled();
    if (!(backend instanceof ScheduleBackend)) {
      throw new ModelStateError('only a model that is a schedule has replicas: see plan()');
    }
    return backend.replicas(machine, checkCount('batchSize', batchSize));
  }

  /** The table of layers that Keras prints. */
  summary(): string {
    return summaryOf(this.name, this.#checkedGraph());
  }

  /** Gives back the engine. The model keeps its weights and opens another engine when it is used again. */
  async close(): Promise<void> {
    await this.#closeRetired();
    await this.#compiled?.backend.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #engineName(): string {
    return engineName(this.#compiled?.options.engine ?? 'functional');
  }

  /** Runs on the backend, and closes it when that fails: its state is not known then. */
  async #run<T>({ backend }: Compiled, action: (state: ModelState) => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new ModelStateError('the model is running: await fit, evaluate or predict first');
    }
    this.#busy = true;
    try {
      await this.#closeRetired();
      return await action(this.#currentState());
    } catch (error) {
      // What went wrong first says more than that closing fails too.
      await backend.close().catch(() => undefined);
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #closeRetired(): Promise<void> {
    for (const backend of this.#retired.splice(0)) await backend.close();
  }

  /** Formats stay with the weights that they were measured for, so that a sample's outputs do not depend on others. */
  #withFormats({ backend }: Compiled, x: readonly FlatSamples[], anew = false): ModelState {
    this.#state = backend.withFormats?.(this.#currentState(), x, anew) ?? this.#currentState();
    return this.#state;
  }

  #needCompiled(): Compiled {
    if (this.#compiled === undefined) {
      throw new ModelStateError(
        'the model is not compiled: call compile({ optimizer, loss }) first',
      );
    }
    return this.#compiled;
  }

  #rules({ goals }: Compiled): DataRules {
    return { graph: this.#checkedGraph(), goals };
  }

  #checkedGraph(): LayerGraph {
    this.#graph ??= sequentialGraph(this.#layers);
    return this.#graph;
  }

  #currentState(): ModelState {
    this.#state ??= freshState(firstWeights(this.#checkedGraph(), this.seed));
    return this.#state;
  }
}

/** Whether a model is a stack of Dense layers whose weights stay in the cores. */
function isStack(backend: Backend): backend is FixedBackend | StackBackend {
  return backend instanceof FixedBackend || backend instanceof StackBackend;
}

/** Application cores of a chip, but the sequencer's. */
const CHIP_WORKERS = 16;

/** A model of layers one after another. @throws {@link ModelDefinitionError} {@link UnsupportedError} */
export function sequential(options: SequentialOptions = {}): Model {
  const { layers = [], seed = 0, name = 'sequential' } = options;
  return new Model(layers, undefined, name, seed);
}

/**
 * A model between inputs and outputs, with branches, several of both, and shared layers.
 *
 * @throws {@link ModelDefinitionError} {@link UnsupportedError}
 */
export function model({ inputs, outputs, seed = 0, name = 'functional' }: ModelOptions): Model {
  const list = (tensors: ModelOptions['inputs']) => ('layer' in tensors ? [tensors] : tensors);
  const graph = functionalGraph(list(inputs), list(outputs));
  const layers = graph.layers.map(({ layer }) => layer);
  return new Model(layers, graph, name, seed);
}
