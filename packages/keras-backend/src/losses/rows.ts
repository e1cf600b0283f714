/** Losses in floating point, row by row, with their gradients: keras.losses's definitions. */
import type { LossConfig } from './configs.js';

/** One row: targets and outputs along the last axis. Gradients are written, values returned. */
export type RowLoss = (y: Float64Array, p: Float64Array, gradient: Float64Array) => number;

/** Keras's epsilon. */
const EPSILON = 1e-7;

const clipped = (value: number): number => Math.min(1 - EPSILON, Math.max(EPSILON, value));
const isInside = (value: number): boolean => value > EPSILON && value < 1 - EPSILON;
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => Math.exp(-softplus(-x));

/** The mean over a row of a function of target and output, which returns value and derivative. */
function mean(each: (y: number, p: number) => readonly [value: number, slope: number]): RowLoss {
  return (y, p, gradient) => {
    let sum = 0;
    for (let i = 0; i < p.length; i++) {
      const [value, slope] = each(y[i] as number, p[i] as number);
      sum += value;
      gradient[i] = slope / p.length;
    }
    return sum / p.length;
  };
}

const ofDifference = (each: (difference: number) => readonly [number, number]): RowLoss =>
  mean((y, p) => each(p - y));

/** Labels of 0 and 1 count as -1 and 1. */
const sign = (y: number): number => (y === 0 ? -1 : y);

/** Labels moved towards `even`. */
const smoothed = (y: number, smoothing: number, even: number): number =>
  y * (1 - smoothing) + even * smoothing;

function binary({ fromLogits = false, labelSmoothing = 0 }: LossConfig): RowLoss {
  return mean((label, p) => {
    const y = smoothed(label, labelSmoothing, 0.5);
    if (fromLogits) return [softplus(p) - p * y, sigmoid(p) - y];
    const q = clipped(p);
    const value = -(y * Math.log(q) + (1 - y) * Math.log(1 - q));
    return [value, isInside(p) ? (1 - y) / (1 - q) - y / q : 0];
  });
}

function binaryFocal(config: LossConfig): RowLoss {
  const { fromLogits = false, labelSmoothing = 0, gamma = 2, alpha = 0.25 } = config;
  return mean((label, output) => {
    const y = smoothed(label, labelSmoothing, 0.5);
    const p = fromLogits ? sigmoid(output) : output;
    const q = clipped(p);
    const entropy = -(y * Math.log(q) + (1 - y) * Math.log(1 - q));
    const right = y * q + (1 - y) * (1 - q);
    const focus = (1 - right) ** gamma;
    const byQ =
      focus * ((1 - y) / (1 - q) - y / q) -
      gamma * (1 - right) ** (gamma - 1) * (2 * y - 1) * entropy;
    const weight = config.applyClassBalancing ? y * alpha + (1 - y) * (1 - alpha) : 1;
    const slope = isInside(p) ? byQ * (fromLogits ? q * (1 - q) : 1) : 0;
    return [weight * focus * entropy, weight * slope];
  });
}

/** Sums a function of label and probability over classes; outputs are normalised, or logits. */
function overClasses(
  { fromLogits = false, labelSmoothing = 0 }: LossConfig,
  each: (y: number, q: number) => readonly [value: number, slope: number],
): RowLoss {
  return (y, p, gradient) => {
    const q = fromLogits ? softmax(p) : p;
    const sum = fromLogits ? 1 : q.reduce((total, value) => total + value, 0);
    let value = 0;
    let dot = 0;
    for (let i = 0; i < p.length; i++) {
      const share = (q[i] as number) / sum;
      const label = smoothed(y[i] as number, labelSmoothing, 1 / p.length);
      const [part, slope] = each(label, clipped(share));
      value += part;
      gradient[i] = isInside(share) ? slope : 0;
      dot += (gradient[i] as number) * share;
    }
    for (let i = 0; i < p.length; i++) {
      const factor = fromLogits ? (q[i] as number) : 1 / sum;
      gradient[i] = factor * ((gradient[i] as number) - dot);
    }
    return value;
  };
}

function softmax(z: Float64Array): Float64Array {
  const largest = z.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = z.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** From logits without going through probabilities, so that nothing is clipped. */
function entropyOfLogits(labelSmoothing: number): RowLoss {
  return (y, z, gradient) => {
    const q = softmax(z);
    const largest = z.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0)) + largest;
    let labels = 0;
    let value = 0;
    for (let i = 0; i < z.length; i++) {
      const label = smoothed(y[i] as number, labelSmoothing, 1 / z.length);
      labels += label;
      value += label * (total - (z[i] as number));
      gradient[i] = -label;
    }
    for (let i = 0; i < z.length; i++)
      gradient[i] = (gradient[i] as number) + labels * (q[i] as number);
    return value;
  };
}

function categorical(config: LossConfig): RowLoss {
  const { fromLogits = false, labelSmoothing = 0 } = config;
  if (fromLogits) return entropyOfLogits(labelSmoothing);
  return overClasses(config, (y, q) => [-y * Math.log(q), -y / q]);
}

function categoricalFocal(config: LossConfig): RowLoss {
  const { gamma = 2, alpha = 0.25 } = config;
  return overClasses(config, (y, q) => {
    const focus = alpha * (1 - q) ** gamma;
    const entropy = -y * Math.log(q);
    return [focus * entropy, (-focus * y) / q - alpha * gamma * (1 - q) ** (gamma - 1) * entropy];
  });
}

const cosine: RowLoss = (y, p, gradient) => {
  const length = (values: Float64Array) => Math.max(EPSILON, Math.hypot(...values));
  const [yLength, pLength] = [length(y), length(p)];
  let product = 0;
  for (let i = 0; i < p.length; i++)
    product += ((y[i] as number) * (p[i] as number)) / yLength / pLength;
  for (let i = 0; i < p.length; i++) {
    const along = (product * (p[i] as number)) / pLength;
    gradient[i] = -((y[i] as number) / yLength - along) / pLength;
  }
  return -product;
};

const divergence: RowLoss = (y, p, gradient) => {
  let sum = 0;
  const limit = (value: number) => Math.min(1, Math.max(EPSILON, value));
  for (let i = 0; i < p.length; i++) {
    const [label, output] = [limit(y[i] as number), limit(p[i] as number)];
    sum += label * Math.log(label / output);
    gradient[i] = (p[i] as number) > EPSILON && (p[i] as number) < 1 ? -label / output : 0;
  }
  return sum;
};

const categoricalHinge: RowLoss = (y, p, gradient) => {
  let positive = 0;
  let negative = 0;
  let worst = -1;
  for (let i = 0; i < p.length; i++) {
    positive += (y[i] as number) * (p[i] as number);
    const wrong = (1 - (y[i] as number)) * (p[i] as number);
    if (worst < 0 || wrong > negative) [negative, worst] = [wrong, i];
  }
  const value = Math.max(0, negative - positive + 1);
  for (let i = 0; i < p.length; i++) {
    const label = y[i] as number;
    gradient[i] = value > 0 ? (i === worst ? 1 - label : 0) - label : 0;
  }
  return value;
};

/** The function of a loss. Targets of sparse losses must be one-hot by now. */
export function rowLoss(config: LossConfig): RowLoss {
  switch (config.kind) {
    case 'mean_squared_error':
      return ofDifference((d) => [d * d, 2 * d]);
    case 'mean_absolute_error':
      return ofDifference((d) => [Math.abs(d), Math.sign(d)]);
    case 'mean_absolute_percentage_error':
      return mean((y, p) => {
        const size = Math.max(EPSILON, Math.abs(y)) / 100;
        return [Math.abs(y - p) / size, Math.sign(p - y) / size];
      });
    case 'mean_squared_logarithmic_error':
      return mean((y, p) => {
        const d = Math.log1p(Math.max(EPSILON, p)) - Math.log1p(Math.max(EPSILON, y));
        return [d * d, p > EPSILON ? (2 * d) / (1 + p) : 0];
      });
    case 'huber': {
      const { delta = 1 } = config;
      return ofDifference((d) =>
        Math.abs(d) <= delta
          ? [(d * d) / 2, d]
          : [delta * (Math.abs(d) - delta / 2), delta * Math.sign(d)],
      );
    }
    case 'log_cosh':
      return ofDifference((d) => [d + softplus(-2 * d) - Math.LN2, Math.tanh(d)]);
    case 'cosine_similarity':
      return cosine;
    case 'kl_divergence':
      return divergence;
    case 'poisson':
      return mean((y, p) => [p - y * Math.log(p + EPSILON), 1 - y / (p + EPSILON)]);
    case 'hinge':
      return mean((y, p) => {
        const gap = 1 - sign(y) * p;
        return [Math.max(0, gap), gap > 0 ? -sign(y) : 0];
      });
    case 'squared_hinge':
      return mean((y, p) => {
        const gap = Math.max(0, 1 - sign(y) * p);
        return [gap * gap, -2 * gap * sign(y)];
      });
    case 'categorical_hinge':
      return categoricalHinge;
    case 'binary_crossentropy':
      return binary(config);
    case 'categorical_crossentropy':
    case 'sparse_categorical_crossentropy':
      return categorical(config);
    case 'binary_focal_crossentropy':
      return binaryFocal(config);
    case 'categorical_focal_crossentropy':
      return categoricalFocal(config);
  }
}
