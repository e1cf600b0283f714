/** Runs a model in fixed point, on a machine or with the functional engine. */
import { fromFixed } from '@spin-tools/sim/fixed';
import type { DataSet, Engine, Loss, NetworkPlan, NumberMode, RunResult } from '../engine.js';
import { UnsupportedError } from '../errors.js';
import type { OutputGoal } from '../float/tally.js';
import { type DenseStack, denseStack } from '../graph/dense-stack.js';
import type { LayerGraph } from '../graph/graph.js';
import { checkOutput, lossOf } from '../losses/losses.js';
import type { MachineEngineOptions } from '../machine/index.js';
import type { MetricConfig } from '../metrics/metrics.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { checkLearningRate } from '../plan/plan.js';
import type {
  Backend,
  EpochRequest,
  EpochResult,
  ModelData,
  TrainingRequest,
  TrainingRun,
} from './backend.js';
import { DEFAULT_BATCH } from './checks.js';
import { type FlatSamples, toOperands } from './data.js';
import { engineName, type FixedEngineChoice } from './engines.js';
import type { LayerCounts, Logs } from './history.js';
import { EngineSession, type OpenEngine, type SessionNeeds } from './session.js';
import { type ModelState, mastersOf, withMasters } from './state.js';
import type { FloatTensor } from './weights.js';

/** What is compiled for fixed point. */
export interface FixedCompilation {
  readonly graph: LayerGraph;
  readonly goals: readonly OutputGoal[];
  readonly optimiser: Optimiser;
  readonly mode: NumberMode;
  readonly engine: FixedEngineChoice;
  readonly machine: MachineEngineOptions;
}

const OTHERWISE = "or engine 'float'";

/** Runs a stack of Dense layers. */
export class FixedBackend implements Backend {
  readonly #stack: DenseStack;
  readonly #session: EngineSession;
  readonly #learningRate: number;
  readonly #metrics: readonly MetricConfig[];
  readonly #engineName: string;

  /**
   * @throws UnsupportedError naming the first layer, loss, optimiser or metric that the engine does not compute
   * @throws ModelDefinitionError when the loss does not suit the output layer
   */
  constructor({ graph, goals, optimiser, mode, engine, machine }: FixedCompilation) {
    const name = engineName(engine);
    this.#engineName = name;
    this.#stack = denseStack(graph, name);
    const [goal] = goals as [OutputGoal];
    if (goal.lossWeight !== 1) {
      const kind = `on the ${name} engine, option`;
      throw new UnsupportedError(kind, `lossWeights: [${goal.lossWeight}]`, ['1', OTHERWISE]);
    }
    const loss = fixedLoss(goal, name);
    const output = this.#stack.dense.at(-1);
    if (output !== undefined) checkOutput(loss, output.name, output.layer.activation);
    this.#learningRate = fixedRate(optimiser, name);
    this.#metrics = fixedMetrics(goal, name);
    const { dense } = this.#stack;
    this.#session = new EngineSession({ dense, loss, mode, engine, machine });
  }

  get engine(): Engine | undefined {
    return this.#session.openEngine;
  }

  check(state: ModelState): void {
    mastersOf(state, this.#stack.dense);
  }

  /** The number formats that training would start with. */
  plan(state: ModelState, needs: SessionNeeds): NetworkPlan {
    return this.#session.plan(mastersOf(state, this.#stack.dense), needs);
  }

  async begin({ training, validation, batchSize, state }: TrainingRequest): Promise<TrainingRun> {
    if (typeof training === 'function') {
      const kind = `on the ${this.#engineName} engine, data from`;
      throw new UnsupportedError(kind, 'an iterator', ['arrays', OTHERWISE]);
    }
    const all = [training, ...(validation ? [validation] : [])];
    for (const data of all) this.#checkWeights(data);
    const open = await this.#open(state, {
      inputPeak: peakOf(all.map(({ x }) => x)),
      targetPeak: peakOf(all.map(({ y }) => y)),
      trainingBatch: batchSize,
    });
    const lastBatch = training.samples % batchSize || batchSize;
    const check = (rate: number) => {
      for (const size of [batchSize, lastBatch]) checkLearningRate(open.plan, rate, size);
    };
    check(this.#learningRate);
    await open.engine.load(0, dataSet(open.plan, training));
    if (validation) await open.engine.load(1, dataSet(open.plan, validation));
    const { dense } = this.#stack;
    const { formats } = this.#session;
    let current = { ...withMasters(state, dense, mastersOf(state, dense)), formats };
    /** Whether the engine has newer weights than `current`. */
    let moved = false;
    return {
      learningRate: () => this.#learningRate,
      epoch: (request) =>
        this.#epoch(open, request, batchSize, check).finally(() => {
          moved = true;
        }),
      validate: async () =>
        this.#resultOf(open, await open.engine.run({ mode: 'evaluate', slot: 1, batchSize })),
      state: async () => {
        if (moved)
          current = { ...withMasters(state, dense, await open.engine.getWeights()), formats };
        moved = false;
        return current;
      },
      restore: async (other) => {
        moved = true;
        await open.engine.setWeights(mastersOf(other, dense));
      },
    };
  }

  async evaluate(state: ModelState, data: ModelData, batchSize: number): Promise<Logs> {
    this.#checkWeights(data);
    const needs = { inputPeak: peakOf([data.x]), targetPeak: peakOf([data.y]) };
    const open = await this.#open(state, needs);
    await open.engine.load(1, dataSet(open.plan, data));
    const size = Math.min(batchSize, open.plan.batchSize);
    const result = await open.engine.run({ mode: 'evaluate', slot: 1, batchSize: size });
    return this.#logsOf(open, result);
  }

  async predict(
    state: ModelState,
    x: readonly FlatSamples[],
    batchSize: number,
  ): Promise<FloatTensor[]> {
    const { engine, plan } = await this.#open(state, { inputPeak: peakOf([x]), targetPeak: 0 });
    const samples = x[0]?.samples ?? 0;
    await engine.load(1, dataSet(plan, { samples, x, y: [], weights: [] }));
    const size = Math.min(batchSize, plan.batchSize);
    const { outputs = [] } = await engine.run({ mode: 'predict', slot: 1, batchSize: size });
    const output = plan.layers.at(-1);
    const fraction = output?.fractions.activation ?? 0;
    const data = Float32Array.from(outputs, (value) => fromFixed(value, fraction));
    return [{ data, shape: [samples, output?.units ?? 0] }];
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #open(state: ModelState, needs: SessionNeeds): Promise<OpenEngine> {
    return this.#session.engine(mastersOf(state, this.#stack.dense), needs, state.formats);
  }

  async #epoch(
    open: OpenEngine,
    request: EpochRequest,
    batchSize: number,
    check: (rate: number) => void,
  ): Promise<EpochResult> {
    const learningRate = request.learningRate ?? this.#learningRate;
    check(learningRate);
    const told: Promise<void>[] = [];
    let failure: { readonly error: unknown } | undefined;
    const result = await open.engine.run({
      mode: 'train',
      slot: 0,
      batchSize,
      learningRate,
      ...(request.shuffleSeed !== undefined && { shuffleSeed: request.shuffleSeed }),
      onBatch: (done, total) => {
        told.push(
          Promise.resolve(request.onBatch(done, total, undefined)).catch((error: unknown) => {
            failure ??= { error };
          }),
        );
      },
      stops: () => failure !== undefined || request.stops(),
    });
    await Promise.all(told);
    if (failure !== undefined) throw failure.error;
    return this.#resultOf(open, result);
  }

  #resultOf(open: OpenEngine, result: RunResult): EpochResult {
    const { saturations, layerSaturations, machine } = result;
    return {
      logs: this.#logsOf(open, result),
      saturations,
      ...(layerSaturations && { layers: this.#countsOf(layerSaturations) }),
      ...(machine && { machine }),
    };
  }

  #countsOf(saturations: readonly number[]): LayerCounts {
    const named = this.#stack.dense.map(({ name }, index) => {
      return [name, { saturations: saturations[index] ?? 0 }] as const;
    });
    return Object.fromEntries(named);
  }

  #logsOf({ plan }: OpenEngine, { lossSum, correct, samples }: RunResult): Logs {
    const logs: Logs = { loss: lossSum / samples };
    const units = plan.layers.at(-1)?.units ?? 1;
    const judged = plan.accuracy === 'binary' ? samples * units : samples;
    for (const { kind, name = kind } of this.#metrics) logs[name] = correct / judged;
    return logs;
  }

  #checkWeights({ weights }: ModelData): void {
    if (weights.every((each) => each === undefined)) return;
    const kind = `on the ${this.#engineName} engine, option`;
    throw new UnsupportedError(kind, 'sampleWeight or classWeight', ['none', OTHERWISE]);
  }
}

function fixedLoss({ loss: { kind, ...parameters } }: OutputGoal, engine: string): Loss {
  const [parameter] = Object.entries(parameters).find(([, value]) => Boolean(value)) ?? [];
  if (parameter !== undefined) {
    throw new UnsupportedError(`on the ${engine} engine, option of ${kind}`, parameter, [
      OTHERWISE,
    ]);
  }
  try {
    return lossOf(kind);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    throw new UnsupportedError(`on the ${engine} engine, loss`, kind, [
      ...error.supported,
      OTHERWISE,
    ]);
  }
}

function fixedRate({ kind, learningRate, ...others }: Optimiser, engine: string): number {
  const given = Object.keys(others);
  if (kind !== 'sgd' || given.length > 0 || typeof learningRate !== 'number') {
    const what =
      kind !== 'sgd'
        ? kind
        : given.length > 0
          ? `sgd with ${given.join(', ')}`
          : 'sgd with a schedule';
    const supported = ['sgd with a constant learningRate', OTHERWISE];
    throw new UnsupportedError(`on the ${engine} engine, optimizer`, what, supported);
  }
  return learningRate;
}

function fixedMetrics(
  { metrics, weightedMetrics }: OutputGoal,
  engine: string,
): readonly MetricConfig[] {
  const wanted = [...metrics, ...weightedMetrics];
  const odd = wanted.find(({ kind, threshold }) => !isAccuracy(kind) || threshold !== undefined);
  if (odd === undefined) return wanted;
  throw new UnsupportedError(`on the ${engine} engine, metric`, odd.kind, ['accuracy', OTHERWISE]);
}

function isAccuracy(kind: string): boolean {
  return kind === 'categorical_accuracy' || kind === 'binary_accuracy';
}

function peakOf(data: readonly (readonly FlatSamples[])[]): number {
  return data.flat().reduce((most, { peak }) => Math.max(most, peak), 0);
}

/** Samples as an engine takes them. */
function dataSet({ layers, mode, targetFraction }: NetworkPlan, { x, y }: ModelData): DataSet {
  const exact = mode === 'exact';
  const fraction = layers[0]?.fractions.input ?? 0;
  const [inputs] = x as [FlatSamples];
  const [targets] = y;
  return {
    samples: inputs.samples,
    inputs: toOperands(inputs.values, inputs.samples * inputs.size, fraction, exact),
    ...(targets && {
      targets: toOperands(targets.values, targets.samples * targets.size, targetFraction, exact),
    }),
  };
}

/** What a session needs for a batch size and inputs of a size. */
export function needsOf(trainingBatch = DEFAULT_BATCH, inputPeak = 1): SessionNeeds {
  return { inputPeak, targetPeak: 1, trainingBatch };
}
