/** Moving values between orders of axes. */

import { sizeOf } from '../layers/kinds/kind.js';
import type { BatchTensor } from './compute.js';

/**
 * Values in another order of axes.
 *
 * @param order for each axis of the result, which axis of the input it is
 */
export function transpose({ data, shape }: BatchTensor, order: readonly number[]): BatchTensor {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  const sizes = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = new Float32Array(sizeOf(sizes));
  const inner = sizes.length - 1;
  const [length, step] = [sizes[inner] ?? 1, steps[inner] ?? 1];
  const position = new Array<number>(Math.max(0, inner)).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to += length) {
    for (let i = 0; i < length; i++) result[to + i] = data[from + i * step] as number;
    for (let axis = inner - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] as number) + 1;
      from += steps[axis] as number;
      if ((position[axis] as number) < (sizes[axis] as number)) break;
      from -= (sizes[axis] as number) * (steps[axis] as number);
      position[axis] = 0;
    }
  }
  return { data: result, shape: sizes };
}

/** The order that undoes another. */
export function inverseOrder(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

/** The order that brings channels from behind the batch to the end. */
export function channelsLastOrder(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];
}

/** The order that brings one axis to the end and leaves the others as they are. */
export function axisLastOrder(rank: number, axis: number): number[] {
  const others = Array.from({ length: rank }, (_, each) => each).filter((each) => each !== axis);
  return [...others, axis];
}
