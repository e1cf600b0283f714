/** A Keras Sequential model that trains in fixed point, in this process or on a SpiNNaker machine. */
import { fromFixed, randomWord } from '@spin-tools/sim/fixed';
import type { Engine, LayerWeights, Loss, NetworkPlan } from '../engine.js';
import { ModelStateError } from '../errors.js';
import { type DenseStack, denseStack } from '../layers/dense-stack.js';
import type { Layer } from '../layers/layers.js';
import { checkOutput, lossOf } from '../losses/losses.js';
import { type Optimiser, optimiserOf } from '../optimisers/optimisers.js';
import { checkLearningRate } from '../plan/plan.js';
import { flatSamples, type Samples, type Tensor } from './data.js';
import { checkEngine } from './engines.js';
import type { History } from './history.js';
import {
  type CompileOptions,
  checkCount,
  checkMetrics,
  checkMode,
  type DataRules,
  DEFAULT_BATCH,
  dataSet,
  type FitOptions,
  labelledSamples,
  type RunOptions,
  splitSamples,
} from './options.js';
import { EngineSession } from './session.js';
import { summaryOf } from './summary.js';
import { type Evaluation, evaluationOf, trainEpochs } from './training.js';
import { type FloatTensor, firstWeights, fromKeras, toKeras } from './weights.js';

/** Options of {@link sequential}. */
export interface SequentialOptions {
  readonly layers?: readonly Layer[];
  /** Fixes first weights and the order of samples: unsigned 32 bit, 0 unless told. */
  readonly seed?: number;
  /** `sequential` unless told. */
  readonly name?: string;
}

interface Compiled {
  readonly optimizer: Optimiser;
  readonly loss: Loss;
  readonly metrics: readonly string[];
  readonly session: EngineSession;
}

/**
 * A model to add layers to, compile, fit, evaluate and predict with, as in Keras.
 *
 * Methods that run must not overlap. Close the model (or declare it with `await using`) to give
 * back its engine.
 */
export class Sequential implements AsyncDisposable {
  readonly name: string;
  readonly seed: number;
  readonly #layers: Layer[];
  #stack: DenseStack | undefined;
  #weights: LayerWeights[] | undefined;
  #compiled: (Compiled & { readonly options: CompileOptions }) | undefined;
  /** Sessions of earlier compilations, to be closed before the next run. */
  readonly #retired: EngineSession[] = [];
  #epochsTrained = 0;
  #busy = false;

  constructor({ layers = [], seed = 0, name = 'sequential' }: SequentialOptions = {}) {
    this.name = name;
    this.seed = seed >>> 0;
    this.#layers = [...layers];
    if (layers.length > 0) this.#stackOfLayers();
  }

  /** Appends a layer. Not after `compile`. */
  add(layer: Layer): this {
    if (this.#compiled !== undefined) {
      throw new ModelStateError('a compiled model takes no more layers: add them before compile()');
    }
    this.#layers.push(layer);
    this.#stack = undefined;
    this.#weights = undefined;
    return this;
  }

  /** The layers as they were given. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** What `compile` was told, or undefined before. */
  get compileOptions(): CompileOptions | undefined {
    return this.#compiled?.options;
  }

  /** The engine that is open, or undefined: for reports on what a machine did. */
  get engine(): Engine | undefined {
    return this.#compiled?.session.openEngine;
  }

  /**
   * Chooses loss, optimiser, number mode and engine. Nothing is computed or mapped yet. Compiling
   * again keeps the weights.
   *
   * @throws {@link UnsupportedError} {@link ModelDefinitionError} {@link OptionError}
   */
  compile(options: CompileOptions): void {
    const { dense } = this.#stackOfLayers();
    const loss = lossOf(options.loss);
    const output = dense.at(-1);
    if (output !== undefined) checkOutput(loss, output.name, output.layer.activation);
    const engine = checkEngine(options.engine ?? 'machine');
    const session = new EngineSession({
      dense,
      loss,
      mode: checkMode(options.mode ?? 'fast'),
      engine,
      machine: options.machine ?? {},
    });
    if (this.#compiled !== undefined) this.#retired.push(this.#compiled.session);
    this.#compiled = {
      options,
      optimizer: optimiserOf(options.optimizer),
      loss,
      metrics: checkMetrics(options.metrics ?? []),
      session,
    };
  }

  /**
   * Trains.
   *
   * When it throws, the model has the weights of before.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async fit(x: Samples, y: Samples, options: FitOptions = {}): Promise<History> {
    const compiled = this.#needCompiled();
    const epochs = checkCount('epochs', options.epochs ?? 1);
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    const rules = this.#dataRules(compiled);
    const { training, validation } = splitSamples(labelledSamples(x, y, rules), options, rules);
    return this.#run(compiled, async (weights) => {
      const open = await compiled.session.engine(weights, {
        inputPeak: Math.max(training.x.peak, validation?.x.peak ?? 0),
        targetPeak: Math.max(training.y.peak, validation?.y.peak ?? 0),
        trainingBatch: batchSize,
      });
      const lastBatch = training.x.samples % batchSize || batchSize;
      const { learningRate } = compiled.optimizer;
      for (const size of [batchSize, lastBatch]) checkLearningRate(open.plan, learningRate, size);
      await open.engine.load(0, dataSet(open.plan, training.x, training.y));
      if (validation) await open.engine.load(1, dataSet(open.plan, validation.x, validation.y));
      const history = await trainEpochs(open, {
        options,
        epochs,
        batchSize,
        learningRate,
        metrics: compiled.metrics,
        validates: validation !== undefined,
        shuffleSeed: () => this.#nextShuffleSeed(),
      });
      this.#weights = await open.engine.getWeights();
      return history;
    });
  }

  /**
   * Loss and metrics of data; the weights stay.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async evaluate(x: Samples, y: Samples, options: RunOptions = {}): Promise<Evaluation> {
    const compiled = this.#needCompiled();
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    const data = labelledSamples(x, y, this.#dataRules(compiled));
    return this.#run(compiled, async (weights) => {
      const needs = { inputPeak: data.x.peak, targetPeak: data.y.peak };
      const { engine, plan } = await compiled.session.engine(weights, needs);
      await engine.load(1, dataSet(plan, data.x, data.y));
      const size = Math.min(batchSize, plan.batchSize);
      return evaluationOf(
        compiled.metrics,
        plan,
        await engine.run({ mode: 'evaluate', slot: 1, batchSize: size }),
      );
    });
  }

  /**
   * Outputs for data, `[samples, units]`.
   *
   * @throws {@link DataError} {@link OptionError} {@link ModelStateError}
   */
  async predict(x: Samples, options: RunOptions = {}): Promise<FloatTensor> {
    const compiled = this.#needCompiled();
    const batchSize = checkCount('batchSize', options.batchSize ?? DEFAULT_BATCH);
    const { inputShape, units } = this.#dataRules(compiled);
    const data = flatSamples(x, 'x', inputShape);
    return this.#run(compiled, async (weights) => {
      const needs = { inputPeak: data.peak, targetPeak: 0 };
      const { engine, plan } = await compiled.session.engine(weights, needs);
      await engine.load(1, dataSet(plan, data));
      const size = Math.min(batchSize, plan.batchSize);
      const { outputs = [] } = await engine.run({ mode: 'predict', slot: 1, batchSize: size });
      const fraction = plan.layers.at(-1)?.fractions.activation ?? 0;
      return {
        data: Float32Array.from(outputs, (value) => fromFixed(value, fraction)),
        shape: [data.samples, units],
      };
    });
  }

  /** Kernel `(inputs, units)` and bias `(units)` of every Dense layer, in Keras's order. */
  getWeights(): FloatTensor[] {
    const weights = this.#weightsOfLayers();
    return this.#stackOfLayers().dense.flatMap((place, index) =>
      toKeras(place, weights[index] as LayerWeights),
    );
  }

  /**
   * Sets all weights, in Keras's order and shape.
   *
   * @throws {@link DataError} when a shape is wrong or a value is not within -16 .. 16
   */
  async setWeights(tensors: readonly Tensor[]): Promise<void> {
    await this.setFixedWeights(fromKeras(this.#stackOfLayers().dense, tensors));
  }

  /** The weights as engines hold them, s4.27: what `getWeights` rounds to float32. */
  getFixedWeights(): readonly LayerWeights[] {
    return this.#weightsOfLayers();
  }

  /** Sets the weights as engines hold them. */
  async setFixedWeights(weights: readonly LayerWeights[]): Promise<void> {
    await this.#compiled?.session.close();
    this.#weights = weights.map(({ kernel, bias }) => ({
      kernel: kernel.slice(),
      bias: bias.slice(),
    }));
  }

  /**
   * The number formats that training would start with: what the model is mapped by.
   *
   * @param batchSize 32 unless told
   * @param inputPeak largest magnitude of the inputs; 1 unless told
   */
  plan(batchSize: number = DEFAULT_BATCH, inputPeak = 1): NetworkPlan {
    const { session } = this.#needCompiled();
    const needs = { inputPeak, targetPeak: 1, trainingBatch: checkCount('batchSize', batchSize) };
    return session.plan(this.#weightsOfLayers(), needs);
  }

  /** The table of layers that Keras prints. */
  summary(): string {
    return summaryOf(this.name, this.#stackOfLayers());
  }

  /** Gives back the engine. The model keeps its weights and opens another engine when it is used again. */
  async close(): Promise<void> {
    await this.#closeRetired();
    await this.#compiled?.session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs on the engine, and closes it when that fails: its state is not known then. */
  async #run<T>(
    { session }: Compiled,
    action: (weights: readonly LayerWeights[]) => Promise<T>,
  ): Promise<T> {
    if (this.#busy) {
      throw new ModelStateError('the model is running: await fit, evaluate or predict first');
    }
    this.#busy = true;
    try {
      await this.#closeRetired();
      return await action(this.#weightsOfLayers());
    } catch (error) {
      // What went wrong first says more than that closing fails too.
      await session.close().catch(() => undefined);
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #closeRetired(): Promise<void> {
    for (const session of this.#retired.splice(0)) await session.close();
  }

  #nextShuffleSeed(): number {
    this.#epochsTrained += 1;
    return randomWord(this.seed, this.#epochsTrained);
  }

  #needCompiled(): Compiled {
    if (this.#compiled === undefined) {
      throw new ModelStateError(
        'the model is not compiled: call compile({ optimizer, loss }) first',
      );
    }
    return this.#compiled;
  }

  #dataRules({ loss }: Compiled): DataRules {
    const { inputShape, dense } = this.#stackOfLayers();
    return {
      inputShape,
      units: dense.at(-1)?.layer.units ?? 0,
      probabilities: loss !== 'mean_squared_error',
    };
  }

  #stackOfLayers(): DenseStack {
    this.#stack ??= denseStack(this.#layers);
    return this.#stack;
  }

  #weightsOfLayers(): LayerWeights[] {
    this.#weights ??= this.#stackOfLayers().dense.map((place, index) => {
      const kernelSeed = randomWord(this.seed, 0x80000000 + 2 * index);
      const biasSeed = randomWord(this.seed, 0x80000001 + 2 * index);
      return firstWeights(place, kernelSeed, biasSeed);
    });
    return this.#weights;
  }
}

/** A model of layers one after another. */
export function sequential(options: SequentialOptions = {}): Sequential {
  return new Sequential(options);
}
