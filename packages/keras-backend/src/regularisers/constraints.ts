/** Limits that weights are brought back to after every step, as in keras.constraints. */
import { OptionError, UnsupportedError } from '../errors.js';

/** A constraint. Norms are taken along `axis`, one number or several; 0 unless told. */
export type Constraint =
  | {
      readonly kind: 'maxNorm';
      readonly maxValue?: number;
      readonly axis?: number | readonly number[];
    }
  | { readonly kind: 'unitNorm'; readonly axis?: number | readonly number[] }
  | {
      readonly kind: 'minMaxNorm';
      readonly minValue?: number;
      readonly maxValue?: number;
      readonly rate?: number;
      readonly axis?: number | readonly number[];
    }
  | { readonly kind: 'nonNeg' };

const KINDS = ['maxNorm', 'unitNorm', 'minMaxNorm', 'nonNeg'];

/** Keras's guard against a division by zero. */
const EPSILON = 1e-7;

/** @throws OptionError UnsupportedError when it is none */
export function checkConstraint(given: Constraint): Constraint {
  const known = typeof given === 'object' && given !== null && KINDS.includes(given.kind);
  if (!known) {
    const name = typeof given === 'object' ? JSON.stringify(given) : String(given);
    throw new UnsupportedError('constraint', name, KINDS);
  }
  for (const [name, value] of Object.entries(given)) {
    const values = name === 'kind' ? [] : [value].flat();
    for (const each of values) {
      if (!Number.isFinite(each)) {
        throw new OptionError(`constraint ${name}`, each, 'give a finite number');
      }
    }
  }
  return given;
}

/** Brings weights of a shape back into their limits. */
export function constrain(
  constraint: Constraint,
  weights: Float32Array,
  shape: readonly number[],
): void {
  if (constraint.kind === 'nonNeg') {
    for (const [i, weight] of weights.entries()) weights[i] = Math.max(0, weight);
    return;
  }
  const axes = [constraint.axis ?? 0].flat().map((axis) => (axis < 0 ? axis + shape.length : axis));
  const { groups, count } = groupsAlong(shape, axes);
  const squares = new Float64Array(count);
  for (const [i, group] of groups.entries()) {
    squares[group] = (squares[group] as number) + (weights[i] as number) ** 2;
  }
  const factors = squares.map((square) => factorOf(constraint, Math.sqrt(square)));
  for (const [i, group] of groups.entries()) {
    weights[i] = (weights[i] as number) * (factors[group] as number);
  }
}

function factorOf(constraint: Exclude<Constraint, { kind: 'nonNeg' }>, norm: number): number {
  switch (constraint.kind) {
    case 'maxNorm':
      return Math.min(norm, constraint.maxValue ?? 2) / (EPSILON + norm);
    case 'unitNorm':
      return 1 / (EPSILON + norm);
    case 'minMaxNorm': {
      const { minValue = 0, maxValue = 1, rate = 1 } = constraint;
      const wanted = rate * Math.min(maxValue, Math.max(minValue, norm)) + (1 - rate) * norm;
      return wanted / (EPSILON + norm);
    }
  }
}

/** For each weight, which norm it counts in: weights that differ only along `axes` share one. */
function groupsAlong(
  shape: readonly number[],
  axes: readonly number[],
): { groups: Uint32Array; count: number } {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const total = shape.reduce((product, size) => product * size, 1);
  const groups = new Uint32Array(total);
  for (let i = 0; i < total; i++) {
    let rest = i;
    let group = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      if (!axes.includes(axis)) {
        group += (rest % size) * stride;
        stride *= size;
      }
      rest = Math.floor(rest / size);
    }
    groups[i] = group;
  }
  return { groups, count: kept.reduce((product, size) => product * size, 1) };
}
