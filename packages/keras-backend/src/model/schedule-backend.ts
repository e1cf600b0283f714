/** Runs a model of any layers in fixed point: measures formats, compiles a schedule, has an engine compute it. */
import type { Machine } from '@spin-tools/machine-model';
import { randomWord, shuffledIndex } from '@spin-tools/sim/fixed';
import type { DataSlot, NumberMode } from '../engine.js';
import type { BatchTensor } from '../float/compute.js';
import { type OutputGoal, Tally } from '../float/tally.js';
import { type LayerGraph, shapesOf } from '../graph/graph.js';
import { sizeOf } from '../layers/kinds/kind.js';
import type { Shape } from '../layers/layers.js';
import { LAYERS_ARENA_BYTES } from '../layouts/index.js';
import { isSparse } from '../losses/batch-loss.js';
import { costSum } from '../machine/cost-sum.js';
import { ScheduleTooLargeError } from '../machine/errors.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { rateAt } from '../optimisers/schedules.js';
import { calibrate } from '../schedule/calibrate.js';
import { type CompiledNetwork, compileNetwork, type ScheduleTarget } from '../schedule/compile.js';
import type {
  EpochPart,
  ScheduleData,
  ScheduleEngine,
  ScheduleResult,
  ScheduleRun,
  WorkersExplanation,
} from '../schedule/engine.js';
import { type Explain, explainSchedule, type ScheduleExplanation } from '../schedule/explain.js';
import { chooseFormats, inputFraction, type NodeFormats } from '../schedule/formats.js';
import { type LoweredGraph, lower } from '../schedule/lower.js';
import { type ReplicaTime, replicaTimes } from '../schedule/machine/exchange.js';
import {
  checkFormats,
  namedFormats,
  type TensorFormats,
  withFormats,
  withRoomFor,
} from '../schedule/named-formats.js';
import { untilNothingIsLost } from '../schedule/repeating.js';
import { type StagedNetwork, stageNetwork } from '../schedule/stages.js';
import type {
  Backend,
  EpochRequest,
  EpochResult,
  ModelData,
  TrainingRequest,
  TrainingRun,
} from './backend.js';
import type { FlatSamples } from './data.js';
import { countsOf, type LayerCount, type LayerCounts, type Logs } from './history.js';
import type { ModelState } from './state.js';
import type { FloatTensor } from './weights.js';

/**
 * `nearest`: halves up. `stochastic`: up with the chance of what is cut off, so that steps too small for a number format
 * still count in the mean; by random numbers that the seed of the model fixes.
 */
export type Rounding = 'nearest' | 'stochastic';

/** What is compiled for schedules. */
export interface ScheduleCompilation {
  readonly graph: LayerGraph;
  readonly goals: readonly OutputGoal[];
  readonly optimiser: Optimiser;
  readonly mode: NumberMode;
  /** Fixes what dropout drops; unsigned 32 bit. */
  readonly seed: number;
  /** Formats in place of the measured ones. */
  readonly formats: TensorFormats;
  /** How weights and deltas are rounded. */
  readonly rounding: Rounding;
  /** Name of the engine, for messages. */
  readonly engineName: string;
  /** Opens the engine. @param explain what training the network costs there */
  open(explain: Explain): Promise<ScheduleEngine>;
}

/** Workers of a chip. */
const CHIP_WORKERS = 16;
/** Samples of a batch there, which share the time of its update. */
const STAGE_BATCH = 32;
/** Samples that formats are measured with. */
const CALIBRATION_SAMPLES = 16;
/** Formats of 16 bits are measured again behind so many steps, and whenever twice as many were taken: young weights grow fast. */
const YOUNG_STEPS = 8;

/** Computes every layer but recurrent ones, and every loss and optimiser. */
export class ScheduleBackend implements Backend {
  readonly engine = undefined;
  readonly #compilation: ScheduleCompilation;
  readonly #lowered: LoweredGraph;
  readonly #outputShapes: readonly Shape[];
  #open: ScheduleEngine | undefined;
  /** What batches cost that somebody asked about. */
  readonly #explained = new Map<string, ScheduleExplanation>();

  /**
   * @throws UnsupportedError naming the first layer that fixed point does not compute
   * @throws OptionError naming the first format that cannot be used
   */
  constructor(compilation: ScheduleCompilation) {
    this.#compilation = compilation;
    const { graph, engineName } = compilation;
    this.#lowered = lower(graph, engineName);
    checkFormats(this.#lowered, compilation.formats);
    this.#outputShapes = shapesOf(graph, graph.outputs);
  }

  /** The cores that compute, while a machine is open. */
  workers(): WorkersExplanation | undefined {
    return this.#open?.workers?.();
  }

  check(): void {
    // Any finite weight will do: its format is chosen by its size.
  }

  /**
   * What a batch would cost. Formats do not matter for that, so nothing is measured.
   *
   * @param workers cores of a replica
   * @param replicas chips that have parts of each batch
   * @param training whether it is a training step
   */
  explain(batchSize: number, workers: number, replicas = 1, training = true): ScheduleExplanation {
    const formats = this.#lowered.nodes.map(() => ({ value: 12, weight: 12, error: 12 }));
    const target = { workers, replicas, arenaBytes: LAYERS_ARENA_BYTES };
    const key = [batchSize, workers, replicas, training].join();
    const known = this.#explained.get(key);
    if (known !== undefined) return known;
    const explanation = explainSchedule(this.#compile(target, formats, batchSize, training));
    this.#explained.set(key, explanation);
    return explanation;
  }

  /** Predicted times of a training step, by the number of chips. */
  replicas(machine: Machine, batchSize: number): ReplicaTime[] {
    return replicaTimes(machine, ({ workers, replicas }) =>
      this.explain(batchSize, workers, replicas),
    );
  }

  /** The network as a pipeline of chips. */
  stages(machine: Machine): StagedNetwork {
    const parameters = new Map(
      this.#compilation.graph.layers.map((layer) => [layer.name, layer.parameters]),
    );
    const schedule = this.explain(STAGE_BATCH, CHIP_WORKERS);
    return stageNetwork(this.#lowered, schedule, parameters, machine);
  }

  async begin({ training, validation, batchSize, state }: TrainingRequest): Promise<TrainingRun> {
    const { optimiser } = this.#compilation;
    // What cannot be computed is refused before anything is mapped.
    this.explain(batchSize, CHIP_WORKERS);
    let engine = await this.#engine(batchSize, true);
    let current = state;
    /** Whether the engine has newer weights than `current`. */
    let moved = false;
    const now = async (): Promise<ModelState> => {
      if (moved) current = { ...current, ...stateOf(await engine.getState()), masters: undefined };
      moved = false;
      return current;
    };
    const pass = async (
      data: ModelData,
      size: number,
      request: EpochRequest,
      done: number,
      part: EpochPart,
    ) => {
      const before = await now();
      engine = await this.#engine(size, true);
      const { steps } = before;
      const calls = this.#measured(before, data, true);
      current = { ...before, formats: { kind: 'schedule', mode: this.#compilation.mode, calls } };
      const network = this.#compile(engine.target, calls, size, true);
      const total = Math.ceil(data.samples / size);
      const rates = Array.from(
        { length: Math.ceil((part.end - part.first) / size) },
        (_, i) => request.learningRate ?? rateAt(optimiser.learningRate, steps + i),
      );
      const result = await untilNothingIsLost(async () => {
        moved = false;
        await engine.prepare(network);
        await engine.setState(floatStateOf(before));
        await engine.load(0, dataOf(data));
        moved = true;
        return engine.run({
          mode: 'train',
          slot: 0,
          batchSize: size,
          part,
          rates,
          keepsOutputs: this.#hasMetrics,
          ...(request.shuffleSeed !== undefined && { shuffleSeed: request.shuffleSeed }),
          onBatch: (batch) =>
            request.onBatch(done + batch, Math.max(total, done + batch), undefined),
          stops: () => request.stops(),
        });
      });
      return counted(result, network);
    };
    return {
      learningRate: () => rateAt(optimiser.learningRate, current.steps),
      epoch: async (request) => {
        const sum = new Results(this.#compilation.goals);
        if (typeof training !== 'function') {
          const { samples } = training;
          let isStopped = false;
          const stops = () => {
            isStopped ||= request.stops();
            return isStopped;
          };
          for (const part of this.#parts(samples, batchSize, (await now()).steps)) {
            const done = part.first / batchSize;
            const result = await pass(training, batchSize, { ...request, stops }, done, part);
            const order = orderOf(samples, part.first, result.samples, request.shuffleSeed);
            sum.add(result, training, order);
            if (isStopped) break;
          }
          return sum.result();
        }
        let done = 0;
        for await (const batch of training()) {
          if (request.stops()) break;
          const { samples } = batch;
          const whole = { first: 0, end: samples };
          sum.add(await pass(batch, samples, request, done, whole), batch);
          await now();
          done += 1;
        }
        return sum.result();
      },
      validate: async () => {
        if (!validation) return { logs: {}, saturations: 0 };
        return this.#evaluation(await now(), validation, batchSize);
      },
      state: now,
      restore: async (other) => {
        current = other;
        moved = false;
      },
    };
  }

  async open(batchSize: number): Promise<void> {
    await this.#engine(batchSize, false);
  }

  /** A state with formats to run it with, measured on the first samples where it has none. */
  withFormats(state: ModelState, x: readonly FlatSamples[], anew = false): ModelState {
    const data = { samples: x[0]?.samples ?? 0, x, y: [], weights: [] };
    if (!anew && this.#kept(state, data) !== undefined) return state;
    const calls = this.#measured(state, data, false);
    return { ...state, formats: { kind: 'schedule', mode: this.#compilation.mode, calls } };
  }

  /** The formats that a state was trained with, or that it runs with, by the names of tensors; undefined without. */
  formatsOf({ formats }: ModelState): TensorFormats | undefined {
    const { mode, formats: wanted } = this.#compilation;
    const graph = this.#lowered;
    if (formats?.kind !== 'schedule' || formats.mode !== mode) return undefined;
    return namedFormats(graph, withFormats(graph, formats.calls, mode, wanted));
  }

  async evaluate(state: ModelState, data: ModelData, batchSize: number): Promise<Logs> {
    return (await this.#evaluation(state, data, batchSize)).logs;
  }

  async predict(
    state: ModelState,
    x: readonly FlatSamples[],
    batchSize: number,
  ): Promise<FloatTensor[]> {
    const samples = x[0]?.samples ?? 0;
    const data = { samples, x, y: [], weights: [] };
    const { outputs = [] } = await this.#pass(state, data, batchSize, 'predict', true);
    return outputs.map((values, index) => ({
      data: values,
      shape: [samples, ...(this.#outputShapes[index] as Shape)],
    }));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  get #chance(): boolean {
    return this.#compilation.rounding === 'stochastic';
  }

  get #hasMetrics(): boolean {
    return this.#compilation.goals.some(
      ({ metrics, weightedMetrics }) => metrics.length + weightedMetrics.length > 0,
    );
  }

  /** The engine that is open, or another one where that has no room for such batches. */
  async #engine(batchSize: number, training: boolean): Promise<ScheduleEngine> {
    const open = this.#open;
    const explained =
      open && this.explain(batchSize, open.target.workers, open.target.replicas, training);
    if (open && explained && open.hasRoom(explained)) return open;
    await this.close();
    this.#open = await this.#opened(batchSize, training);
    return this.#open;
  }

  /** An engine that is spread as suits training, unless only evaluation has room. */
  async #opened(batchSize: number, training: boolean): Promise<ScheduleEngine> {
    const explain =
      (trains: boolean): Explain =>
      ({ workers, replicas }) =>
        this.explain(batchSize, workers, replicas, trains);
    try {
      return await this.#compilation.open(explain(true));
    } catch (error) {
      if (training || !(error instanceof ScheduleTooLargeError)) throw error;
      return this.#compilation.open(explain(false));
    }
  }

  async #evaluation(state: ModelState, data: ModelData, batchSize: number): Promise<EpochResult> {
    const sum = new Results(this.#compilation.goals);
    sum.add(await this.#pass(state, data, batchSize, 'evaluate', this.#hasMetrics), data);
    return sum.result();
  }

  async #pass(
    state: ModelState,
    data: ModelData,
    batchSize: number,
    mode: ScheduleRun['mode'],
    keepsOutputs: boolean,
  ): Promise<CountedResult> {
    const size = Math.min(batchSize, data.samples);
    const engine = await this.#engine(size, false);
    const slot: DataSlot = 1;
    const formats = this.#kept(state, data) ?? this.#measured(state, data, false);
    const network = this.#compile(engine.target, formats, size, false);
    const result = await untilNothingIsLost(async () => {
      await engine.prepare(network);
      await engine.setState(floatStateOf(state));
      await engine.load(slot, dataOf(data));
      return engine.run({ mode, slot, batchSize: size, keepsOutputs });
    });
    return counted(result, network);
  }

  /** The formats that a state was trained with, with room for inputs that are larger. */
  #kept(state: ModelState, data: ModelData): readonly NodeFormats[] | undefined {
    const { mode } = this.#compilation;
    const { formats: kept } = state;
    const { nodes, inputs } = this.#lowered;
    if (kept?.kind !== 'schedule' || kept.mode !== mode || kept.calls.length !== nodes.length) {
      return undefined;
    }
    const now = data.x.map(({ peak }) => inputFraction(peak, mode));
    return withRoomFor(
      this.#lowered,
      kept.calls,
      inputs.map((_, index) => now[index] as number),
    );
  }

  /** The parts of an epoch in front of which formats are measured. @param steps that were taken before */
  #parts(samples: number, batchSize: number, steps: number): EpochPart[] {
    const ends: number[] = [];
    if (this.#compilation.mode === 'fast') {
      const last = steps + Math.ceil(samples / batchSize);
      for (let step = YOUNG_STEPS; step < last; step *= 2) {
        if (step > steps) ends.push((step - steps) * batchSize);
      }
    }
    return [...ends, samples].map((end, index) => ({ first: ends[index - 1] ?? 0, end }));
  }

  /** Measures formats on the first samples. */
  #measured(state: ModelState, data: ModelData, training: boolean): readonly NodeFormats[] {
    const { graph, goals, mode, seed } = this.#compilation;
    const lowered = this.#lowered;
    const samples = Math.min(data.samples, CALIBRATION_SAMPLES);
    const inputs = shapesOf(graph, graph.inputs).map((shape, index): BatchTensor => {
      const size = sizeOf(shape);
      const { values } = data.x[index] as FlatSamples;
      const length = samples * size;
      return {
        data: Float32Array.from({ length }, (_, i) => values[i] as number),
        shape: [samples, ...shape],
      };
    });
    const targets = data.y.map(({ values, size }) =>
      Float32Array.from({ length: samples * size }, (_, i) => values[i] as number),
    );
    const peaks = calibrate(
      lowered,
      state.floats,
      goals,
      { inputs, ...(training && { targets }) },
      randomWord(seed, state.steps),
    );
    // Inputs are all there, so that their largest is known.
    for (const [index, node] of lowered.inputs.entries()) {
      const { peak } = data.x[index] as FlatSamples;
      const measured = peaks[node];
      if (measured !== undefined) peaks[node] = { ...measured, value: peak };
    }
    return chooseFormats(lowered, state.floats, peaks, mode);
  }

  #compile(
    target: ScheduleTarget,
    measured: readonly NodeFormats[],
    batchSize: number,
    training: boolean,
  ): CompiledNetwork {
    const { goals, optimiser, mode, seed, formats: wanted } = this.#compilation;
    const graph = this.#lowered;
    const formats = withFormats(graph, measured, mode, wanted);
    const chance = this.#chance;
    const request = {
      graph,
      formats,
      goals,
      optimiser,
      mode,
      batchSize,
      seed,
      chance,
      training,
    };
    return compileNetwork(request, target);
  }
}

/** What a run found out, with what it counted by layer. */
interface CountedResult extends ScheduleResult {
  readonly layers: LayerCounts;
}

function counted(result: ScheduleResult, { owners }: CompiledNetwork): CountedResult {
  const layers: Record<string, LayerCount> = {};
  for (const [index, owner] of owners.entries()) {
    if (owner === '') continue;
    const { saturations = 0, underflows = 0 } = layers[owner] ?? {};
    layers[owner] = {
      saturations: saturations + (result.saturations[index] ?? 0),
      underflows: underflows + (result.underflows[index] ?? 0),
    };
  }
  return { ...result, layers };
}

/** Adds up what runs found out, as Keras reports it. */
class Results {
  readonly #goals: readonly OutputGoal[];
  readonly #tally: Tally;
  #saturations = 0;
  #layers: LayerCounts = {};
  #machine: EpochResult['machine'];

  constructor(goals: readonly OutputGoal[]) {
    this.#goals = goals;
    this.#tally = new Tally(goals);
  }

  /** @param order the samples that were run, where not all of the data were */
  add(result: CountedResult, data: ModelData, order?: readonly number[]): void {
    const { lossSums, outputs = [], penaltySum, samples, saturations, machine } = result;
    for (const [index, goal] of this.#goals.entries()) {
      const values = outputs[index] ?? new Float32Array(0);
      const { values: targets } = data.y[index] as FlatSamples;
      const weights = data.weights[index];
      const lossSum = lossSums[index] ?? 0;
      if (order === undefined || values.length === 0) {
        this.#tally.addOutput(index, lossSum, values, targets, weights);
        continue;
      }
      const size = goal.size * goal.rowsPerSample;
      const targetSize = isSparse(goal.loss) ? goal.rowsPerSample : size;
      this.#tally.addOutput(
        index,
        lossSum,
        picked(values, size, order),
        picked(targets, targetSize, order),
        weights && picked(weights, 1, order),
      );
    }
    this.#tally.addBatch(samples, penaltySum / Math.max(1, samples));
    this.#saturations += saturations.reduce((sum, count) => sum + count, 0);
    this.#layers = countsOf(this.#layers, result.layers);
    this.#machine = costSum([this.#machine, machine]);
  }

  result(): EpochResult {
    return {
      logs: this.#tally.logs(),
      saturations: this.#saturations,
      layers: this.#layers,
      ...(this.#machine && { machine: this.#machine }),
    };
  }
}

/** The samples of a part of an epoch; undefined where they are all. */
function orderOf(
  samples: number,
  first: number,
  done: number,
  shuffleSeed: number | undefined,
): number[] | undefined {
  if (done === samples) return undefined;
  return Array.from({ length: done }, (_, index) =>
    shuffleSeed === undefined ? first + index : shuffledIndex(first + index, samples, shuffleSeed),
  );
}

function picked(values: ArrayLike<number>, size: number, order: readonly number[]): Float32Array {
  const result = new Float32Array(order.length * size);
  for (const [place, index] of order.entries()) {
    for (let i = 0; i < size; i++) result[place * size + i] = values[index * size + i] as number;
  }
  return result;
}

/** The same object for the same data, so that engines need not take them twice. */
const converted = new WeakMap<ModelData, ScheduleData>();

function dataOf(data: ModelData): ScheduleData {
  const known = converted.get(data);
  if (known !== undefined) return known;
  const { samples, x, y, weights } = data;
  const result = {
    samples,
    inputs: x.map(({ values }) => values),
    ...(y.length > 0 && { targets: y.map(({ values }) => values) }),
    ...(weights.some((each) => each !== undefined) && { weights }),
  };
  converted.set(data, result);
  return result;
}

const floatStateOf = ({ floats, slots, steps }: ModelState) => ({ weights: floats, slots, steps });

const stateOf = ({ weights, slots, steps }: ReturnType<typeof floatStateOf>) => ({
  floats: weights,
  slots,
  steps,
});
