/** The loss of one output over a batch, and its gradient. */
import type { LossConfig } from './configs.js';
import { type RowLoss, rowLoss } from './rows.js';

/** Outputs of a batch: rows along the last axis. */
export interface OutputRows {
  readonly values: ArrayLike<number>;
  /** Values in a row. */
  readonly size: number;
  /** Rows in a sample: more than 1 where outputs have more axes. */
  readonly rowsPerSample: number;
}

/** What comes out. */
export interface BatchLoss {
  /** Sum over samples of the loss of a sample, weighted. */
  readonly sum: number;
  /** Of the mean over the batch, by the outputs. */
  readonly gradient: Float32Array;
}

/** Whether targets are class numbers, one for each row. */
export function isSparse({ kind }: LossConfig): boolean {
  return kind === 'sparse_categorical_crossentropy';
}

/**
 * Which last activation a loss would rather go around: the crossentropies of probabilities lose
 * what rounds to 0 or 1, so they are computed from the values before.
 */
export function prefersLogitsOf(config: LossConfig): 'softmax' | 'sigmoid' | undefined {
  if (config.fromLogits) return undefined;
  if (config.kind === 'binary_crossentropy') return 'sigmoid';
  const categorical = config.kind === 'categorical_crossentropy' || isSparse(config);
  return categorical ? 'softmax' : undefined;
}

/** Computes one loss again and again. */
export class LossFunction {
  readonly config: LossConfig;
  readonly #loss: RowLoss;

  constructor(config: LossConfig) {
    this.config = config;
    this.#loss = rowLoss(config);
  }

  /**
   * @param targets as many as outputs, or one class for each row
   * @param weights one for each sample; all 1 unless given
   * @param scale factor of gradient and sum
   */
  compute(
    targets: ArrayLike<number>,
    { values, size, rowsPerSample }: OutputRows,
    weights: ArrayLike<number> | undefined,
    scale = 1,
  ): BatchLoss {
    const rows = values.length / size;
    const gradient = new Float32Array(values.length);
    const [y, p, g] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
    const sparse = isSparse(this.config);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const from = row * size;
      for (let i = 0; i < size; i++) {
        p[i] = values[from + i] as number;
        y[i] = sparse ? Number(targets[row] === i) : (targets[from + i] as number);
      }
      const weight = (weights?.[Math.floor(row / rowsPerSample)] ?? 1) * scale;
      sum += (weight * this.#loss(y, p, g)) / rowsPerSample;
      for (let i = 0; i < size; i++) gradient[from + i] = (weight * (g[i] as number)) / rows;
    }
    return { sum, gradient };
  }
}
