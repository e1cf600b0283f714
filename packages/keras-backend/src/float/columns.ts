/** Sums of columns of values whose rows lie together. */
import type { Kernels } from './kernels.js';

/** Values of a vector. */
const VECTOR = 4;
/** A float64 takes the room of two float32. */
const DOUBLE = 2;

/** After how many values whole vectors meet the same columns again. */
export function periodOf(columns: number): number {
  let period = columns;
  while (period % VECTOR !== 0) period += columns;
  return period;
}

/** Room for float32 as float64. */
export function doubles(room: Float32Array): Float64Array {
  return new Float64Array(room.buffer, room.byteOffset, room.length / DOUBLE);
}

/** Room, in float32, for a float64 of each column of a period. */
export const doublesSize = (columns: number): number => DOUBLE * periodOf(columns);

/** The sums of each column, of sums that were made for each column of a period. */
export function folded(sums: Float64Array, columns: number): Float64Array {
  const result = new Float64Array(columns);
  for (const [place, sum] of sums.entries()) {
    result[place % columns] = (result[place % columns] as number) + sum;
  }
  return result;
}

/** Writes a value for each column to all columns of a period. */
export function repeat(values: ArrayLike<number>, room: Float32Array | Float64Array): void {
  for (let place = 0; place < room.length; place++) {
    room[place] = values[place % values.length] as number;
  }
}

/** The sum of each column, made in float64. */
export function columnSums(kernels: Kernels, values: Float32Array, columns: number): Float32Array {
  const [x, room] = kernels.room(values.length, doublesSize(columns));
  x.set(values);
  const sums = doubles(room).fill(0);
  kernels.functions.columnSums(x.byteOffset, values.length, sums.length, sums.byteOffset);
  return Float32Array.from(folded(sums, columns));
}
