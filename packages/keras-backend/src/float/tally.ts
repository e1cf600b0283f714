/** Loss and metrics of a model, added up over batches, under Keras's names. */
import { isSparse, type OutputRows } from '../losses/batch-loss.js';
import type { LossConfig } from '../losses/configs.js';
import { createMetric, type Metric, type MetricConfig } from '../metrics/metrics.js';

/** What is judged of one output. */
export interface OutputGoal {
  /** Name of the output, in the logs of models with several. */
  readonly name: string;
  /** Values along the last axis. */
  readonly size: number;
  readonly rowsPerSample: number;
  readonly loss: LossConfig;
  /** Factor of its loss in the sum. */
  readonly lossWeight: number;
  readonly metrics: readonly MetricConfig[];
  /** The same, but counting sample weights. */
  readonly weightedMetrics: readonly MetricConfig[];
}

interface JudgedBy {
  readonly plain: readonly Metric[];
  readonly weighted: readonly Metric[];
}

/** Adds up one run over data. */
export class Tally {
  readonly #goals: readonly OutputGoal[];
  readonly #metrics: readonly JudgedBy[];
  readonly #losses: number[];
  #penalties = 0;
  #samples = 0;

  constructor(goals: readonly OutputGoal[]) {
    this.#goals = goals;
    this.#losses = goals.map(() => 0);
    this.#metrics = goals.map(({ metrics, weightedMetrics }) => ({
      plain: metrics.map(createMetric),
      weighted: weightedMetrics.map(createMetric),
    }));
  }

  /**
   * Adds a batch of one output.
   *
   * @param lossSum over its samples, weighted, without the output's own factor
   */
  addOutput(
    index: number,
    lossSum: number,
    values: ArrayLike<number>,
    targets: ArrayLike<number>,
    weights: ArrayLike<number> | undefined,
  ): void {
    const { size, rowsPerSample, loss } = this.#goals[index] as OutputGoal;
    const { plain, weighted } = this.#metrics[index] as JudgedBy;
    this.#losses[index] = (this.#losses[index] as number) + lossSum;
    if (plain.length + weighted.length === 0) return;
    const [y, p] = [new Float64Array(size), new Float64Array(size)];
    const sparse = isSparse(loss);
    for (let row = 0; row < values.length / size; row++) {
      for (let i = 0; i < size; i++) {
        p[i] = values[row * size + i] as number;
        y[i] = sparse ? Number(targets[row] === i) : (targets[row * size + i] as number);
      }
      for (const metric of plain) metric.add(y, p, 1);
      const weight = weights?.[Math.floor(row / rowsPerSample)] ?? 1;
      for (const metric of weighted) metric.add(y, p, weight);
    }
  }

  /** Ends a batch. @param penalty of all regularisers, which counts once a batch */
  addBatch(samples: number, penalty: number): void {
    this.#samples += samples;
    this.#penalties += penalty * samples;
  }

  /** Means so far. */
  logs(): Record<string, number> {
    const samples = Math.max(1, this.#samples);
    const several = this.#goals.length > 1;
    const logs: Record<string, number> = { loss: 0 };
    let total = this.#penalties / samples;
    for (const [index, { name, lossWeight }] of this.#goals.entries()) {
      const loss = (this.#losses[index] as number) / samples;
      total += lossWeight * loss;
      if (several) logs[`${name}_loss`] = loss;
    }
    for (const [index, { name }] of this.#goals.entries()) {
      const { plain, weighted } = this.#metrics[index] as JudgedBy;
      for (const metric of [...plain, ...weighted]) {
        logs[several ? `${name}_${metric.name}` : metric.name] = metric.result();
      }
    }
    logs.loss = total;
    return logs;
  }
}

/** Outputs as rows of a goal. */
export function rowsOf({ size, rowsPerSample }: OutputGoal, values: ArrayLike<number>): OutputRows {
  return { values, size, rowsPerSample };
}
