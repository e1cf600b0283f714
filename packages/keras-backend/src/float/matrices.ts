/** Matrix products in float32. */
import { FLOAT_BYTES, Kernels, packedSize } from './kernels.js';

/** A product `a * b`, with `a` of m rows and k columns and `b` of k rows and n columns. */
export interface Product {
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** `b` is stored by columns: `[n][k]`. */
  readonly bTransposed?: boolean;
  /** Is added to each row. */
  readonly bias?: Float32Array | undefined;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Rows that are added up before they join a sum: keeps rounding small. */
const BLOCK = 256;

/** Multiplies matrices; holds no state between calls. */
export class Matrices {
  /** Their kernels, which convolutions use too. */
  readonly kernels = new Kernels();

  /** The product, `[m][n]`. @param result takes it; a new array unless told */
  multiply(
    { a, b, bTransposed = false, bias, m, n, k }: Product,
    result: Float32Array = new Float32Array(m * n),
  ): Float32Array {
    const { functions } = this.kernels;
    const [left, right, packed, start, offsets, out] = this.kernels.room(
      m * k,
      k * n,
      packedSize(k, n),
      packedSize(1, n),
      1,
      m * n,
    );
    left.set(a);
    right.set(b);
    start.fill(0);
    if (bias) start.set(bias);
    offsets.fill(0);
    const [rowStep, columnStep] = bTransposed ? [1, k] : [n, 1];
    functions.pack(
      right.byteOffset,
      rowStep * FLOAT_BYTES,
      columnStep * FLOAT_BYTES,
      packed.byteOffset,
      k,
      n,
    );
    functions.multiply(
      left.byteOffset,
      k * FLOAT_BYTES,
      offsets.byteOffset,
      1,
      k,
      packed.byteOffset,
      start.byteOffset,
      out.byteOffset,
      n * FLOAT_BYTES,
      m,
      n,
    );
    result.set(out);
    return result;
  }

  /**
   * Adds the product of `a`, turned over, and `b` to `sums`.
   *
   * @param a `[rows][m]`
   * @param b `[rows][n]`
   * @param sums `[m][n]`
   * @param rows how many products each sum gets
   */
  addCorrelation(a: Float32Array, b: Float32Array, sums: Float32Array, rows: number): void {
    const [m, n] = [a.length / rows, b.length / rows];
    const [left, right, out] = this.kernels.room(a.length, b.length, sums.length);
    left.set(a);
    right.set(b);
    out.set(sums);
    for (let row = 0; row < rows; row += BLOCK) {
      this.kernels.functions.correlate(
        left.byteOffset + row * m * FLOAT_BYTES,
        0,
        m * FLOAT_BYTES,
        right.byteOffset + row * n * FLOAT_BYTES,
        out.byteOffset,
        1,
        Math.min(BLOCK, rows - row),
        m,
        n,
      );
    }
    sums.set(out);
  }
}
