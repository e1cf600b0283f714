/** How large the values of a lowered graph are: measured in float32 over some samples. */
import type { BatchTensor } from '../float/compute.js';
import { FloatNetwork, type OutputGradient } from '../float/network.js';
import { type OutputGoal, rowsOf } from '../float/tally.js';
import { LossFunction, prefersLogitsOf } from '../losses/batch-loss.js';
import type { LoweredGraph } from './lower.js';

/** Largest magnitudes seen at one call of a layer; 0 where nothing came by. */
export interface NodePeaks {
  /** Of the values that come out. */
  readonly value: number;
  /** Root mean square of them. */
  readonly scale: number;
  /** Of the gradient by them, of the loss of one sample, as large as it can become while weights stay as they are. */
  readonly error: number;
  /** Likewise of what this call adds to the gradient by each of its inputs. */
  readonly backward: number;
}

/** Gradients by outputs without a bound may grow by this factor beyond those that were measured. */
const GROWTH = 4;

/** Samples to measure with. */
export interface CalibrationData {
  readonly inputs: readonly BatchTensor[];
  /** In the order of the outputs; absent where nothing is trained. */
  readonly targets?: readonly Float32Array[];
}

/**
 * Runs a batch forwards and, where there are targets, backwards.
 *
 * @param weights of all layers in Keras's order; not changed
 * @param seed fixes dropout; unsigned 32 bit
 */
export function calibrate(
  graph: LoweredGraph,
  weights: readonly Float32Array[],
  goals: readonly OutputGoal[],
  data: CalibrationData,
  seed: number,
): NodePeaks[] {
  const peaks = graph.nodes.map(() => ({ value: 0, scale: 0, error: 0, backward: 0 }));
  const at = (node: number) => peaks[node] as (typeof peaks)[number];
  const training = data.targets !== undefined;
  const samples = data.inputs[0]?.shape[0] ?? 1;
  const network = new FloatNetwork(graph);
  // Moving averages are moved by a pass.
  const own = weights.map((weight) => weight.slice());
  const pass = network.forward(data.inputs, own, {
    training,
    seed,
    observer: {
      value: (node, values) => {
        at(node).value = Math.max(at(node).value, largest(values));
        at(node).scale = Math.max(at(node).scale, rootMeanSquare(values));
      },
      error: (node, errors) => {
        at(node).error = Math.max(at(node).error, samples * largest(errors));
      },
      contribution: (node, errors) => {
        at(node).backward = Math.max(at(node).backward, samples * largest(errors));
      },
    },
  });
  if (data.targets !== undefined) {
    const { targets } = data;
    let growth = 1;
    pass.backward(
      pass.outputs.map(({ data: values, logits }, index): OutputGradient => {
        const goal = goals[index] as OutputGoal;
        const byLogits = logits !== undefined && logits.activation === prefersLogitsOf(goal.loss);
        const loss = new LossFunction(byLogits ? { ...goal.loss, fromLogits: true } : goal.loss);
        const rows = rowsOf(goal, byLogits ? logits.values : values);
        const { gradient } = loss.compute(
          targets[index] as Float32Array,
          rows,
          undefined,
          goal.lossWeight,
        );
        growth = Math.max(growth, growthOf(goal, byLogits, samples * largest(gradient)));
        return { gradient, byLogits };
      }),
    );
    // The way back is linear: what grows at the outputs grows by as much everywhere.
    for (const peak of peaks) {
      peak.error *= growth;
      peak.backward *= growth;
    }
  }
  return peaks;
}

/**
 * By what factor the gradient by an output may exceed that of the few samples that were measured: when those are learnt,
 * it is next to nothing, but others are still mistaken. Crossentropies by logits have errors of at most 1.
 */
function growthOf(
  { lossWeight, rowsPerSample }: OutputGoal,
  byLogits: boolean,
  measured: number,
): number {
  return byLogits && measured > 0 ? lossWeight / rowsPerSample / measured : GROWTH;
}

/** Largest magnitude. */
export function largest(values: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number);
    if (size > peak) peak = size;
  }
  return peak;
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / Math.max(1, values.length));
}
