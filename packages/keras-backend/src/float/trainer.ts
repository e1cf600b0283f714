/** Trains, evaluates and predicts in float32, batch by batch. */
import { randomWord } from '@spin-tools/sim/fixed';
import { type LayerGraph, type PlacedWeight, weightsOf } from '../graph/graph.js';
import { LossFunction, prefersLogitsOf } from '../losses/batch-loss.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import { constrain } from '../regularisers/constraints.js';
import { addPenaltyGradient, penaltyOf } from '../regularisers/regularisers.js';
import type { BatchTensor } from './compute.js';
import { FloatNetwork, type ForwardPass, type OutputGradient } from './network.js';
import { clipGradients, firstSlots, type Slots, slotNames, takeStep } from './steps.js';
import { type OutputGoal, rowsOf, type Tally } from './tally.js';

/** One batch. */
export interface Batch {
  /** In the order of the model's inputs. */
  readonly inputs: readonly BatchTensor[];
  /** In the order of its outputs. */
  readonly targets: readonly Float32Array[];
  /** One for each sample, for each output; all 1 where absent. */
  readonly weights: readonly (Float32Array | undefined)[];
}

/** Everything that training changes. A copy of it is a checkpoint. */
export interface FloatState {
  /** All weights in Keras's order. */
  readonly weights: readonly Float32Array[];
  /** What the optimiser remembers of each weight; nothing of those that are not trained. */
  readonly slots: readonly Slots[];
  /** Steps taken. */
  readonly steps: number;
}

/** Trains one graph. */
export class FloatTrainer {
  readonly #network: FloatNetwork;
  readonly #definitions: readonly PlacedWeight[];
  readonly #losses: readonly LossFunction[];
  /** The same, of what comes before the last activation. */
  readonly #lossesOfLogits: readonly LossFunction[];
  readonly #goals: readonly OutputGoal[];
  readonly #optimiser: Optimiser;
  readonly #seed: number;
  readonly #weights: readonly Float32Array[];
  readonly #slots: readonly Slots[];
  #steps: number;

  /**
   * @param goals in the order of the graph's outputs
   * @param state is copied
   * @param seed fixes dropout; unsigned 32 bit
   */
  constructor(
    graph: LayerGraph,
    goals: readonly OutputGoal[],
    optimiser: Optimiser,
    state: FloatState,
    seed: number,
  ) {
    this.#network = new FloatNetwork(graph);
    this.#definitions = weightsOf(graph);
    this.#goals = goals;
    this.#losses = goals.map(({ loss }) => new LossFunction(loss));
    this.#lossesOfLogits = goals.map(({ loss }) =>
      prefersLogitsOf(loss)
        ? new LossFunction({ ...loss, fromLogits: true })
        : new LossFunction(loss),
    );
    this.#optimiser = optimiser;
    this.#seed = seed;
    this.#weights = state.weights.map((weight) => weight.slice());
    const trained = trainedWeights(graph);
    this.#slots = this.#weights.map((weight, index) => {
      if (!trained[index]) return [];
      const kept = state.slots[index]?.map((slot) => slot.slice());
      return kept?.length === slotNames(optimiser).length
        ? kept
        : firstSlots(optimiser, weight.length);
    });
    this.#steps = state.steps;
  }

  /** A copy of everything that training has changed. */
  get state(): FloatState {
    return {
      weights: this.#weights.map((weight) => weight.slice()),
      slots: this.#slots.map((slots) => slots.map((slot) => slot.slice())),
      steps: this.#steps,
    };
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** One step; loss and metrics from before it are added to `tally`. @param rate learning rate */
  train(batch: Batch, tally: Tally, rate: number): void {
    const pass = this.#forward(batch.inputs, true);
    const gradients = this.#judge(pass, batch, tally);
    const { weights: byWeight } = pass.backward(gradients);
    for (const [index, { regulariser }] of this.#definitions.entries()) {
      const gradient = byWeight[index];
      if (!regulariser || !gradient) continue;
      // Gradients may be shared with others: add to a copy.
      const own = gradient.slice();
      addPenaltyGradient(regulariser, this.#weights[index] as Float32Array, own);
      byWeight[index] = own;
    }
    this.#step(byWeight, rate);
    pass.release();
  }

  /** Adds loss and metrics of a batch to `tally`. */
  evaluate(batch: Batch, tally: Tally): void {
    const pass = this.#forward(batch.inputs, false);
    this.#judge(pass, batch, tally);
    pass.release();
  }

  /** Outputs of a batch. */
  predict(inputs: readonly BatchTensor[]): readonly BatchTensor[] {
    return this.#forward(inputs, false).outputs;
  }

  #forward(inputs: readonly BatchTensor[], training: boolean): ForwardPass {
    const seed = randomWord(this.#seed, this.#steps);
    return this.#network.forward(inputs, this.#weights, { training, seed });
  }

  #judge(pass: ForwardPass, { inputs, targets, weights }: Batch, tally: Tally): OutputGradient[] {
    const gradients = pass.outputs.map(({ data, logits }, index): OutputGradient => {
      const goal = this.#goals[index] as OutputGoal;
      const around = logits !== undefined && logits.activation === prefersLogitsOf(goal.loss);
      const loss = (around ? this.#lossesOfLogits : this.#losses)[index] as LossFunction;
      const values = around ? logits.values : data;
      const [own, target] = [weights[index], targets[index] as Float32Array];
      const { sum, gradient } = loss.compute(target, rowsOf(goal, values), own);
      tally.addOutput(index, sum, data, target, own);
      if (goal.lossWeight === 1) return { gradient, byLogits: around };
      return { gradient: gradient.map((value) => value * goal.lossWeight), byLogits: around };
    });
    tally.addBatch(inputs[0]?.shape[0] ?? 0, this.#penalty());
    return gradients;
  }

  #penalty(): number {
    return this.#definitions.reduce((sum, { regulariser }, index) => {
      return regulariser ? sum + penaltyOf(regulariser, this.#weights[index] as Float32Array) : sum;
    }, 0);
  }

  #step(byWeight: readonly (Float32Array | undefined)[], rate: number): void {
    const indices = [...byWeight.keys()].filter((index) => byWeight[index] !== undefined);
    const gradients = clipGradients(
      this.#optimiser,
      indices.map((index) => byWeight[index] as Float32Array),
    );
    this.#steps += 1;
    for (const [i, index] of indices.entries()) {
      const weights = this.#weights[index] as Float32Array;
      const trained = {
        weights,
        gradient: gradients[i] as Float32Array,
        slots: this.#slots[index] as Slots,
      };
      takeStep(this.#optimiser, trained, this.#steps, rate);
      const { constraint, shape } = this.#definitions[index] as PlacedWeight;
      if (constraint) constrain(constraint, weights, shape);
    }
  }
}

/** Which weights an optimiser moves. */
export function trainedWeights(graph: LayerGraph): boolean[] {
  return graph.layers.flatMap(({ layer, weights }) =>
    weights.map(
      ({ trainable }) => trainable && layer.className !== 'InputLayer' && layer.trainable,
    ),
  );
}
