/**
 * The functional engine: the arithmetic of the on-core programs over whole tensors, without a
 * machine. It is the oracle for the machine engine and the quick way to study convergence.
 */
import {
  LOGARITHM_FRACTION,
  type ScaleFactor,
  scaleFactor,
  shuffledIndex,
} from '@spin-tools/sim/fixed';
import type {
  DataSet,
  DataSlot,
  Engine,
  LayerPlan,
  LayerWeights,
  NetworkPlan,
  Operands,
  RunRequest,
  RunResult,
} from '../engine.js';
import { activate, differentiate, type OperandRange, operandRange } from './activations.js';
import { KernelMemory } from './kernels.js';
import { getLayerWeights, type Layer, type SaturationCount, setLayerWeights } from './layer.js';
import { createLayers } from './layer-memory.js';
import { correctInBatch, differentiateLoss, lossOfBatch, type OutputBatch } from './losses.js';

/** Batches between two reports of progress, at which other work of the process gets its turn. */
const BATCHES_PER_TURN = 64;

/** Makes a functional engine. It has no options. */
export async function createFunctionalEngine(plan: NetworkPlan): Promise<Engine> {
  return new FunctionalEngine(plan, await KernelMemory.create());
}

class FunctionalEngine implements Engine {
  readonly #plan: NetworkPlan;
  readonly #memory: KernelMemory;
  readonly #layers: readonly Layer[];
  readonly #output: Layer;
  readonly #range: OperandRange;
  readonly #saturations: SaturationCount = { count: 0 };
  readonly #data = new Map<DataSlot, DataSet>();
  /** By layer, since a run began. */
  readonly #counts: number[];
  readonly #targets: Operands;
  readonly #values31: Int32Array;

  constructor(plan: NetworkPlan, memory: KernelMemory) {
    const exact = plan.mode === 'exact';
    this.#plan = plan;
    this.#memory = memory;
    this.#layers = createLayers(plan.layers, plan.batchSize, exact, memory, this.#saturations);
    this.#output = this.#layers.at(-1) as Layer;
    this.#counts = plan.layers.map(() => 0);
    this.#range = operandRange(exact);
    const widest = Math.max(...plan.layers.map(({ units }) => units));
    this.#values31 = new Int32Array(plan.batchSize * widest);
    const targets = plan.batchSize * this.#output.plan.units;
    this.#targets = exact ? new Int32Array(targets) : new Int16Array(targets);
  }

  async load(slot: DataSlot, data: DataSet): Promise<void> {
    this.#data.set(slot, data);
  }

  async setWeights(weights: readonly LayerWeights[]): Promise<void> {
    for (const [index, layer] of this.#layers.entries()) {
      setLayerWeights(layer, weights[index] as LayerWeights);
    }
  }

  async getWeights(): Promise<LayerWeights[]> {
    return this.#layers.map(getLayerWeights);
  }

  async run(request: RunRequest): Promise<RunResult> {
    const data = this.#data.get(request.slot);
    if (data === undefined) throw new RangeError(`no data was loaded into slot ${request.slot}`);
    this.#takeCounts();
    const { units } = this.#output.plan;
    const outputs = request.mode === 'predict' ? this.#operands(data.samples * units) : undefined;
    let lossSum = 0;
    let correct = 0;
    let done = 0;
    const batches = Math.ceil(data.samples / request.batchSize);
    for (let batch = 0; batch < batches && !request.stops?.(); batch++) {
      const first = batch * request.batchSize;
      const samples = Math.min(request.batchSize, data.samples - first);
      done += samples;
      const result = this.#runBatch(request, data, first, samples, outputs);
      lossSum += result.loss;
      correct += result.correct;
      if ((batch + 1) % BATCHES_PER_TURN === 0 || batch + 1 === batches) {
        request.onBatch?.(batch + 1, batches);
        await nextTurn();
      }
    }
    const layerSaturations = this.#takeCounts();
    return {
      samples: done,
      lossSum: this.#kerasLoss(lossSum),
      correct,
      ...(outputs && { outputs }),
      saturations: layerSaturations.reduce((sum, count) => sum + count, 0),
      layerSaturations,
    };
  }

  async close(): Promise<void> {
    this.#data.clear();
  }

  #runBatch(
    request: RunRequest,
    data: DataSet,
    first: number,
    samples: number,
    outputs: Operands | undefined,
  ): { loss: number; correct: number } {
    for (let s = 0; s < samples; s++) this.#gather(request, data, first + s, s);
    this.#clearSamples(samples);
    for (const [index, layer] of this.#layers.entries()) {
      layer.forward(samples);
      activate(layer, samples, this.#values31, this.#range, this.#saturations);
      this.#countFor(index);
    }
    if (outputs !== undefined) {
      this.#copyOutputs(outputs, first, samples);
      return { loss: 0, correct: 0 };
    }
    const batch: OutputBatch = { samples, targets: this.#targets, values31: this.#values31 };
    const result = {
      loss: lossOfBatch(this.#plan, this.#output, batch),
      correct: correctInBatch(this.#plan, this.#output, batch),
    };
    if (request.mode === 'train') {
      this.#train(batch, scaleFactor((request.learningRate as number) / samples));
    }
    return result;
  }

  #train(batch: OutputBatch, rate: ScaleFactor): void {
    differentiateLoss(this.#plan, this.#output, batch, this.#range, this.#saturations);
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const layer = this.#layers[index] as Layer;
      if (layer !== this.#output || this.#plan.loss === 'mean_squared_error') {
        differentiate(layer, batch.samples, this.#range, this.#saturations);
      }
      this.#countFor(index);
      const below = this.#layers[index - 1];
      if (below !== undefined) {
        layer.backward(batch.samples, below);
        // Clamped errors are those of the layer that they are for.
        this.#countFor(index - 1);
      }
      layer.update(batch.samples, rate);
      this.#countFor(index);
    }
  }

  /** Copies one sample of the data into row `s` of the batch. */
  #gather({ shuffleSeed, mode }: RunRequest, data: DataSet, position: number, s: number): void {
    const { inputs } = this.#plan.layers[0] as LayerPlan;
    const { units } = this.#output.plan;
    const index =
      shuffleSeed === undefined ? position : shuffledIndex(position, data.samples, shuffleSeed);
    const { values, stride } = (this.#layers[0] as Layer).inputs;
    values.set(data.inputs.subarray(index * inputs, (index + 1) * inputs), s * stride);
    if (mode === 'predict') return;
    if (data.targets === undefined) throw new RangeError('the loaded data has no targets');
    this.#targets.set(data.targets.subarray(index * units, (index + 1) * units), s * units);
  }

  /** Zeros what an earlier, longer batch left behind a short one: kernels take samples in blocks. */
  #clearSamples(samples: number): void {
    for (const { inputs, outputs, deltas } of this.#layers) {
      for (const { values, stride } of [inputs, outputs, deltas]) values.fill(0, samples * stride);
    }
  }

  #copyOutputs(target: Operands, first: number, samples: number): void {
    const { outputs, outputStride, plan } = this.#output;
    for (let s = 0; s < samples; s++) {
      const from = s * outputStride;
      target.set(outputs.values.subarray(from, from + plan.units), (first + s) * plan.units);
    }
  }

  #operands(length: number): Operands {
    return this.#plan.mode === 'exact' ? new Int32Array(length) : new Int16Array(length);
  }

  #kerasLoss(sum: number): number {
    const perUnit = this.#plan.loss === 'categorical_crossentropy' ? 1 : this.#output.plan.units;
    return (sum * 2 ** -LOGARITHM_FRACTION) / perUnit;
  }

  /** What was clamped since the last call belongs to a layer. */
  #countFor(index: number): void {
    const count = this.#saturations.count + this.#memory.kernels.takeSaturations();
    this.#saturations.count = 0;
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }

  #takeCounts(): number[] {
    this.#countFor(this.#counts.length - 1);
    const counts = [...this.#counts];
    this.#counts.fill(0);
    return counts;
  }
}

/** Lets timers and sockets of the process have their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
