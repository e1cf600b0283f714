/** Matrix products in float32: assembly/float.ts with the memory that it works in. */
import { kernelsBase64 } from './kernels.generated.js';

/** What assembly/float.ts exports; it documents the function. */
interface FloatKernels {
  multiplyAdd(
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    c: number,
    cRow: number,
    m: number,
    n: number,
    k: number,
  ): void;
  firstFreeAddress(): number;
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The part of the WebAssembly API that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const PAGE_BYTES = 65536;
const FLOAT_BYTES = 4;
/** Columns come in vectors of four. */
const VECTOR = 4;

/** A product `a * b`, with `a` of m rows and k columns and `b` of k rows and n columns. */
export interface Product {
  readonly a: Float32Array;
  /** `a` is stored by columns: `[k][m]`. */
  readonly aTransposed?: boolean;
  readonly b: Float32Array;
  /** `b` is stored by columns: `[n][k]`. */
  readonly bTransposed?: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Multiplies matrices; holds no state between calls. */
export class Matrices {
  readonly #kernels: FloatKernels;
  readonly #base: number;

  constructor() {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
    const module = new WebAssembly.Module(bytes);
    const abort = () => {
      throw new Error('a matrix kernel stopped');
    };
    this.#kernels = new WebAssembly.Instance(module, { env: { abort } }).exports as FloatKernels;
    this.#base = this.#kernels.firstFreeAddress();
  }

  /** The product, added to `out` (`[m][n]`), which is returned. */
  multiplyAdd(
    { a, aTransposed = false, b, bTransposed = false, m, n, k }: Product,
    out: Float32Array,
  ): Float32Array {
    const columns = Math.ceil(n / VECTOR) * VECTOR;
    const aWords = Math.ceil((m * k) / VECTOR) * VECTOR;
    const [aAt, bAt, cAt] = [0, aWords, aWords + k * columns];
    const memory = this.#reserve(cAt + m * columns);
    memory.set(a, aAt);
    if (bTransposed) transposeInto(memory, bAt, columns, b, n, k);
    else rowsInto(memory, bAt, columns, b, k, n);
    rowsInto(memory, cAt, columns, out, m, n);
    const address = (word: number) => this.#base + word * FLOAT_BYTES;
    const row = columns * FLOAT_BYTES;
    const [aRow, aColumn] = aTransposed ? [1, m] : [k, 1];
    this.#kernels.multiplyAdd(
      address(aAt),
      aRow * FLOAT_BYTES,
      aColumn * FLOAT_BYTES,
      address(bAt),
      row,
      address(cAt),
      row,
      m,
      columns,
      k,
    );
    if (columns === n) out.set(memory.subarray(cAt, cAt + m * n));
    else {
      for (let i = 0; i < m; i++) {
        out.set(memory.subarray(cAt + i * columns, cAt + i * columns + n), i * n);
      }
    }
    return out;
  }

  /** The product. */
  multiply(product: Product): Float32Array {
    return this.multiplyAdd(product, new Float32Array(product.m * product.n));
  }

  #reserve(words: number): Float32Array {
    const { memory } = this.#kernels;
    const missing = this.#base + words * FLOAT_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Float32Array(memory.buffer, this.#base, words);
  }
}

function rowsInto(
  memory: Float32Array,
  at: number,
  stride: number,
  values: Float32Array,
  rows: number,
  columns: number,
): void {
  if (stride === columns) {
    memory.set(values, at);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const from = at + row * stride;
    memory.set(values.subarray(row * columns, (row + 1) * columns), from);
    memory.fill(0, from + columns, from + stride);
  }
}

/** Writes `values` of `[n][k]` as k rows of n. */
function transposeInto(
  memory: Float32Array,
  at: number,
  stride: number,
  values: Float32Array,
  n: number,
  k: number,
): void {
  if (stride !== n) memory.fill(0, at, at + k * stride);
  for (let j = 0; j < n; j++) {
    for (let p = 0, from = j * k; p < k; p++)
      memory[at + p * stride + j] = values[from + p] as number;
  }
}
