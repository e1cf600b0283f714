/** Optimisers in float32: what a step makes of weights, gradients and memory; keras.optimizers's formulas. */
import type { Optimiser } from '../optimisers/optimisers.js';

/** What an optimiser remembers: for each trained weight, some tensors of its size. */
export type Slots = readonly Float32Array[];

/** A weight with its gradient. */
export interface Trained {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly slots: Slots;
}

/** How many tensors an optimiser remembers for a weight, by Keras's names. */
export function slotNames(optimiser: Optimiser): readonly string[] {
  switch (optimiser.kind) {
    case 'sgd':
      return optimiser.momentum ? ['momentum'] : [];
    case 'adagrad':
      return ['accumulator'];
    case 'rmsprop':
      return [
        'velocity',
        ...(optimiser.momentum > 0 ? ['momentum'] : []),
        ...(optimiser.centered ? ['average_gradient'] : []),
      ];
    case 'adam':
    case 'adamw':
      return ['momentum', 'velocity', ...(optimiser.amsgrad ? ['velocity_hat'] : [])];
  }
}

/** Memory of a weight of a size before the first step. */
export function firstSlots(optimiser: Optimiser, size: number): Slots {
  const first = optimiser.kind === 'adagrad' ? optimiser.initialAccumulatorValue : 0;
  return slotNames(optimiser).map(() => new Float32Array(size).fill(first));
}

/** Makes gradients shorter where the optimiser says so. */
export function clipGradients(
  { clipValue, clipNorm, globalClipNorm }: Optimiser,
  gradients: readonly Float32Array[],
): readonly Float32Array[] {
  const scaledTo = (gradient: Float32Array, norm: number, most: number) =>
    norm > most ? gradient.map((value) => (value * most) / norm) : gradient;
  if (clipNorm !== undefined) {
    return gradients.map((gradient) => scaledTo(gradient, Math.sqrt(squares(gradient)), clipNorm));
  }
  if (globalClipNorm !== undefined) {
    const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + squares(gradient), 0));
    return gradients.map((gradient) => scaledTo(gradient, norm, globalClipNorm));
  }
  if (clipValue === undefined) return gradients;
  return gradients.map((gradient) =>
    gradient.map((value) => Math.min(clipValue, Math.max(-clipValue, value))),
  );
}

function squares(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/**
 * One step of one weight.
 *
 * @param step number of the step, from 1
 * @param rate learning rate of the step
 */
export function takeStep(optimiser: Optimiser, trained: Trained, step: number, rate: number): void {
  decay(optimiser, trained.weights, rate);
  switch (optimiser.kind) {
    case 'sgd':
      descend(trained, rate, optimiser.momentum ?? 0, optimiser.nesterov ?? false);
      break;
    case 'adagrad':
      adagradStep(trained, rate, optimiser.epsilon);
      break;
    case 'rmsprop':
      rmspropStep(optimiser, trained, rate);
      break;
    case 'adam':
    case 'adamw':
      adamStep(optimiser, trained, step, rate);
      break;
  }
}

function decay({ weightDecay = 0 }: Optimiser, weights: Float32Array, rate: number): void {
  if (weightDecay === 0) return;
  for (const [i, weight] of weights.entries()) weights[i] = weight - weight * weightDecay * rate;
}

function descend(
  { weights, gradient, slots: [velocity] }: Trained,
  rate: number,
  momentum: number,
  nesterov: boolean,
): void {
  for (let i = 0; i < weights.length; i++) {
    const down = -rate * (gradient[i] as number);
    let move = down;
    if (velocity !== undefined) {
      velocity[i] = momentum * (velocity[i] as number) + down;
      move = nesterov ? momentum * (velocity[i] as number) + down : (velocity[i] as number);
    }
    weights[i] = (weights[i] as number) + move;
  }
}

function adagradStep({ weights, gradient, slots }: Trained, rate: number, epsilon: number): void {
  const [accumulator] = slots as [Float32Array];
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] as number;
    accumulator[i] = (accumulator[i] as number) + g * g;
    weights[i] =
      (weights[i] as number) - (rate * g) / Math.sqrt((accumulator[i] as number) + epsilon);
  }
}

function rmspropStep(
  { rho, momentum, epsilon, centered }: Extract<Optimiser, { kind: 'rmsprop' }>,
  { weights, gradient, slots }: Trained,
  rate: number,
): void {
  const [velocity] = slots as [Float32Array];
  const moved = momentum > 0 ? (slots[1] as Float32Array) : undefined;
  const average = centered ? (slots.at(-1) as Float32Array) : undefined;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] as number;
    velocity[i] = rho * (velocity[i] as number) + (1 - rho) * g * g;
    let spread = velocity[i] as number;
    if (average !== undefined) {
      average[i] = rho * (average[i] as number) + (1 - rho) * g;
      spread -= (average[i] as number) ** 2;
    }
    let move = (rate * g) / Math.sqrt(spread + epsilon);
    if (moved !== undefined) {
      moved[i] = momentum * (moved[i] as number) + move;
      move = moved[i] as number;
    }
    weights[i] = (weights[i] as number) - move;
  }
}

function adamStep(
  { beta1, beta2, epsilon, amsgrad }: Extract<Optimiser, { kind: 'adam' | 'adamw' }>,
  { weights, gradient, slots }: Trained,
  step: number,
  rate: number,
): void {
  const [m, v, largest] = slots as [Float32Array, Float32Array, Float32Array?];
  const alpha = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] as number;
    m[i] = (m[i] as number) + (g - (m[i] as number)) * (1 - beta1);
    v[i] = (v[i] as number) + (g * g - (v[i] as number)) * (1 - beta2);
    let spread = v[i] as number;
    if (amsgrad && largest !== undefined) {
      largest[i] = Math.max(largest[i] as number, spread);
      spread = largest[i] as number;
    }
    weights[i] =
      (weights[i] as number) - (alpha * (m[i] as number)) / (Math.sqrt(spread) + epsilon);
  }
}
