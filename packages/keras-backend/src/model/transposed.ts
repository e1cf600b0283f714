/** The other order of a matrix: Keras keeps kernels by input, engines by unit. */

/**
 * Writes `[rows][columns]` as `[columns][rows]` into `result`, and returns it.
 *
 * @param convert what becomes of each value; nothing unless told
 */
export function transposed<Result extends Int32Array | Float32Array>(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  result: Result,
  convert: (value: number) => number = (value) => value,
): Result {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = convert(values[row * columns + column] as number);
    }
  }
  return result;
}
