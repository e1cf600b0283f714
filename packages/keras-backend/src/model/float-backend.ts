/** Runs a model in float32, in this process. */
import { shuffledIndex } from '@spin-tools/sim/fixed';
import type { BatchTensor } from '../float/compute.js';
import { type OutputGoal, Tally } from '../float/tally.js';
import { type Batch, FloatTrainer } from '../float/trainer.js';
import { type LayerGraph, shapesOf } from '../graph/graph.js';
import type { Shape } from '../layers/layers.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { rateAt } from '../optimisers/schedules.js';
import type {
  Backend,
  EpochRequest,
  EpochResult,
  ModelData,
  TrainingRequest,
  TrainingRun,
} from './backend.js';
import type { FlatSamples } from './data.js';
import type { Logs } from './history.js';
import type { ModelState } from './state.js';
import type { FloatTensor } from './weights.js';

/** What is compiled for float32. */
export interface FloatCompilation {
  readonly graph: LayerGraph;
  readonly goals: readonly OutputGoal[];
  readonly optimiser: Optimiser;
  /** Fixes what dropout drops; unsigned 32 bit. */
  readonly seed: number;
}

/** Milliseconds after which other work of the process gets its turn. */
const TURN_MS = 50;

/** Computes every layer, loss and optimiser. */
export class FloatBackend implements Backend {
  readonly engine = undefined;
  readonly #compilation: FloatCompilation;
  readonly #inputShapes: readonly Shape[];

  constructor(compilation: FloatCompilation) {
    this.#compilation = compilation;
    this.#inputShapes = shapesOf(compilation.graph, compilation.graph.inputs);
  }

  check(): void {
    // Any finite weight will do.
  }

  async begin({ training, validation, batchSize, state }: TrainingRequest): Promise<TrainingRun> {
    const { optimiser } = this.#compilation;
    let trainer = this.#trainer(state);
    return {
      learningRate: () => rateAt(optimiser.learningRate, trainer.steps),
      epoch: (request) => {
        const batches =
          typeof training === 'function'
            ? training()
            : inBatches(training, batchSize, request.shuffleSeed);
        const total =
          typeof training === 'function' ? undefined : Math.ceil(training.samples / batchSize);
        return this.#epoch(trainer, batches, total, request);
      },
      validate: async () => {
        const logs = validation ? await this.#evaluate(trainer, validation, batchSize) : {};
        return { logs, saturations: 0 };
      },
      state: async () => ({ ...stateOf(trainer), epochs: state.epochs }),
      restore: async (other) => {
        trainer = this.#trainer(other);
      },
    };
  }

  evaluate(state: ModelState, data: ModelData, batchSize: number): Promise<Logs> {
    return this.#evaluate(this.#trainer(state), data, batchSize);
  }

  async predict(
    state: ModelState,
    x: readonly FlatSamples[],
    batchSize: number,
  ): Promise<FloatTensor[]> {
    const { graph } = this.#compilation;
    const trainer = this.#trainer(state);
    const samples = x[0]?.samples ?? 0;
    const outputs = shapesOf(graph, graph.outputs).map((shape) => ({
      data: new Float32Array(shape.reduce((size, each) => size * each, samples)),
      shape: [samples, ...shape],
    }));
    const turns = new Turns();
    let first = 0;
    const all = { samples, x, y: [], weights: [] };
    for (const batch of inBatches(all, batchSize, undefined)) {
      const results = trainer.predict(this.#inputs(batch.x));
      for (const [index, { data }] of results.entries()) {
        outputs[index]?.data.set(data, (first * data.length) / batch.samples);
      }
      first += batch.samples;
      await turns.next();
    }
    return outputs;
  }

  async close(): Promise<void> {
    // Nothing is held between calls.
  }

  #trainer({ floats, slots, steps }: ModelState): FloatTrainer {
    const { graph, goals, optimiser, seed } = this.#compilation;
    return new FloatTrainer(graph, goals, optimiser, { weights: floats, slots, steps }, seed);
  }

  async #epoch(
    trainer: FloatTrainer,
    batches: Iterable<ModelData> | AsyncIterable<ModelData>,
    total: number | undefined,
    request: EpochRequest,
  ): Promise<EpochResult> {
    const { goals, optimiser } = this.#compilation;
    const tally = new Tally(goals);
    const turns = new Turns();
    let done = 0;
    for await (const batch of batches) {
      if (request.stops()) break;
      const rate = request.learningRate ?? rateAt(optimiser.learningRate, trainer.steps);
      trainer.train(this.#batch(batch), tally, rate);
      done += 1;
      await request.onBatch(done, total ?? done, tally.logs());
      await turns.next();
    }
    return { logs: tally.logs(), saturations: 0 };
  }

  async #evaluate(trainer: FloatTrainer, data: ModelData, batchSize: number): Promise<Logs> {
    const tally = new Tally(this.#compilation.goals);
    const turns = new Turns();
    for (const batch of inBatches(data, batchSize, undefined)) {
      trainer.evaluate(this.#batch(batch), tally);
      await turns.next();
    }
    return tally.logs();
  }

  #inputs(x: readonly FlatSamples[]): BatchTensor[] {
    return x.map(({ values, samples }, index) => ({
      data: Float32Array.from(values),
      shape: [samples, ...(this.#inputShapes[index] as Shape)],
    }));
  }

  #batch({ x, y, weights }: ModelData): Batch {
    return {
      inputs: this.#inputs(x),
      targets: y.map(({ values }) => Float32Array.from(values)),
      weights,
    };
  }
}

/** Data in batches, in their own order or in that of `shuffledIndex`. */
function* inBatches(
  { samples, x, y, weights }: ModelData,
  batchSize: number,
  shuffleSeed: number | undefined,
): Iterable<ModelData> {
  for (let first = 0; first < samples; first += batchSize) {
    const positions = range(first, Math.min(samples, first + batchSize));
    const indices =
      shuffleSeed === undefined
        ? positions
        : positions.map((position) => shuffledIndex(position, samples, shuffleSeed));
    const picked = (data: FlatSamples): FlatSamples => ({
      ...data,
      samples: indices.length,
      values: gathered(data, indices),
    });
    yield {
      samples: indices.length,
      x: x.map(picked),
      y: y.map(picked),
      weights: weights.map((each) => each && Float32Array.from(indices, (i) => each[i] as number)),
    };
  }
}

function stateOf(trainer: FloatTrainer): Omit<ModelState, 'epochs'> {
  const { weights, slots, steps } = trainer.state;
  return { floats: weights, slots, steps };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, i) => from + i);
}

/** Some samples, one behind the other. */
function gathered({ values, size }: FlatSamples, indices: readonly number[]): Float32Array {
  const result = new Float32Array(indices.length * size);
  for (const [place, index] of indices.entries()) {
    const from = index * size;
    for (let i = 0; i < size; i++) result[place * size + i] = values[from + i] as number;
  }
  return result;
}

/** Lets timers and sockets of the process have their turn now and then; never changes a result. */
class Turns {
  #last = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#last < TURN_MS) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
    this.#last = performance.now();
  }
}
