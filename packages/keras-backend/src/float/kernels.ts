/** The kernels of assembly/float.ts with the memory that they work in. */
import { kernelsBase64 } from './kernels.generated.js';

/** What assembly/float.ts exports; it documents the functions. All arguments but sizes are addresses and bytes. */
interface FloatKernels {
  pack(
    from: number,
    rowStep: number,
    columnStep: number,
    to: number,
    rows: number,
    columns: number,
  ): void;
  multiply(
    rows: number,
    step: number,
    offsets: number,
    runs: number,
    run: number,
    b: number,
    start: number,
    out: number,
    outStep: number,
    m: number,
    n: number,
  ): void;
  correlate(
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    sums: number,
    height: number,
    width: number,
    k: number,
    n: number,
  ): void;
  convolve(
    windows: number,
    images: number,
    padded: number,
    kernel: number,
    start: number,
    out: number,
    samples: number,
    filters: number,
  ): void;
  convolveByKernel(
    windows: number,
    images: number,
    padded: number,
    gradient: number,
    byKernel: number,
    samples: number,
    filters: number,
  ): void;
  convolveByImages(
    windows: number,
    gradient: number,
    kernel: number,
    start: number,
    room: number,
    padded: number,
    images: number,
    samples: number,
    filters: number,
  ): void;
  rectify(x: number, out: number, count: number): void;
  rectifiedGradient(values: number, gradient: number, out: number, count: number): void;
  addTo(out: number, x: number, count: number): void;
  poolMaximum(
    images: number,
    out: number,
    places: number,
    samples: number,
    rows: number,
    columns: number,
    channels: number,
    outRows: number,
    outColumns: number,
    height: number,
    width: number,
    rowStride: number,
    columnStride: number,
    above: number,
    left: number,
  ): void;
  pooledGradient(gradient: number, places: number, sums: number, count: number): void;
  columnSums(x: number, count: number, period: number, sums: number): void;
  columnSquares(x: number, count: number, period: number, mean: number, sums: number): void;
  columnProducts(
    gradient: number,
    x: number,
    count: number,
    period: number,
    mean: number,
    sums: number,
  ): void;
  normalise(
    x: number,
    count: number,
    period: number,
    mean: number,
    factor: number,
    offset: number,
    out: number,
  ): void;
  normalisedGradient(
    gradient: number,
    x: number,
    count: number,
    period: number,
    common: number,
    factor: number,
    mean: number,
    share: number,
    out: number,
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
/** Bytes of a float32. */
export const FLOAT_BYTES = 4;
/** Columns that packed matrices come in. */
const PANEL = 8;

/** Values that a packed matrix takes. */
export const packedSize = (rows: number, columns: number): number =>
  rows * Math.ceil(columns / PANEL) * PANEL;

/** An instance of the kernels. Nothing is kept in its memory between calls. */
export class Kernels {
  readonly functions: FloatKernels;
  readonly #base: number;

  constructor() {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
    const module = new WebAssembly.Module(bytes);
    const abort = () => {
      throw new Error('a kernel of the float engine stopped');
    };
    this.functions = new WebAssembly.Instance(module, { env: { abort } }).exports as FloatKernels;
    this.#base = this.functions.firstFreeAddress();
  }

  /**
   * Room for values, until the next call: as many arrays as lengths, 16-byte aligned and with a panel to read behind each
   * of them. Their `byteOffset` is their address. What they hold is undefined.
   */
  room<const Lengths extends readonly number[]>(
    ...lengths: Lengths
  ): { readonly [Place in keyof Lengths]: Float32Array } {
    const starts: number[] = [];
    let end = this.#base;
    for (const length of lengths) {
      starts.push(end);
      end += (Math.ceil(length / PANEL) + 1) * PANEL * FLOAT_BYTES;
    }
    const { memory } = this.functions;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const arrays = starts.map(
      (start, i) => new Float32Array(memory.buffer, start, lengths[i] as number),
    );
    return arrays as { readonly [Place in keyof Lengths]: Float32Array };
  }
}
