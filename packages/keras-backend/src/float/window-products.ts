/** Products of windows of images with a kernel, and their gradients: what convolutions consist of. */
import { FLOAT_BYTES, type Kernels, packedSize } from './kernels.js';
import { sizesOf, type Windows } from './windows.js';

/** Values of images and outputs that are in the memory of the kernels at a time: 64 MiB. */
const MOST_VALUES = 2 ** 24;

/** How windows lie over images with borders of zeros; counts values. */
interface Layout {
  readonly paddedRow: number;
  readonly paddedSize: number;
  /** Where the image begins. */
  readonly inside: number;
  /** Where the runs of values that lie together begin in a window, and their length. */
  readonly offsets: readonly number[];
  readonly run: number;
}

function layoutOf({ rows, columns, channels }: Windows): Layout {
  const size = ({ input, output, kernel, stride, dilation, before }: Windows['rows']) =>
    Math.max(before + input, (output - 1) * stride + (kernel - 1) * dilation + 1);
  const paddedRow = size(columns) * channels;
  const together = columns.dilation === 1;
  const starts = together ? [0] : Array.from({ length: columns.kernel }, (_, j) => j);
  return {
    paddedRow,
    paddedSize: size(rows) * paddedRow,
    inside: rows.before * paddedRow + columns.before * channels,
    offsets: Array.from({ length: rows.kernel }, (_, i) =>
      starts.map((j) => i * rows.dilation * paddedRow + j * columns.dilation * channels),
    ).flat(),
    run: channels * (together ? columns.kernel : 1),
  };
}

/** Multiplies the windows of images by kernels of `[window][filters]`. */
export class WindowProducts {
  readonly #kernels: Kernels;
  readonly #windows: Windows;
  readonly #filters: number;
  readonly #layout: Layout;
  /** Values of one image, of the outputs of one, and of a window. */
  readonly #image: number;
  readonly #out: number;
  readonly #window: number;

  constructor(kernels: Kernels, windows: Windows, filters: number) {
    this.#kernels = kernels;
    this.#windows = windows;
    this.#filters = filters;
    this.#layout = layoutOf(windows);
    const { image, positions, window } = sizesOf(windows);
    this.#image = image;
    this.#out = positions * filters;
    this.#window = window;
  }

  /** Products of one image. */
  get outputs(): number {
    return this.#out;
  }

  /** Writes the products, `[samples][windows][filters]`, to `result`. */
  multiply(
    images: Float32Array,
    kernel: Float32Array,
    bias: Float32Array | undefined,
    result: Float32Array,
  ): void {
    const filters = this.#filters;
    this.#inParts(images.length / this.#image, (first, samples) => {
      const [windows, x, padded, weights, packed, start, z] = this.#kernels.room(
        this.#descriptionSize,
        samples * this.#image,
        this.#layout.paddedSize,
        kernel.length,
        packedSize(this.#window, filters),
        packedSize(1, filters),
        samples * this.#out,
      );
      this.#describe(windows);
      x.set(images.subarray(first * this.#image, (first + samples) * this.#image));
      weights.set(kernel);
      start.fill(0);
      if (bias) start.set(bias);
      const { pack, convolve } = this.#kernels.functions;
      pack(
        weights.byteOffset,
        filters * FLOAT_BYTES,
        FLOAT_BYTES,
        packed.byteOffset,
        this.#window,
        filters,
      );
      convolve(
        windows.byteOffset,
        x.byteOffset,
        padded.byteOffset,
        packed.byteOffset,
        start.byteOffset,
        z.byteOffset,
        samples,
        filters,
      );
      result.set(z, first * this.#out);
    });
  }

  /** The gradient by the kernel. @param gradient by the products */
  byKernel(images: Float32Array, gradient: Float32Array): Float32Array {
    const result = new Float32Array(this.#window * this.#filters);
    this.#inParts(images.length / this.#image, (first, samples) => {
      const [windows, x, padded, slopes, sums] = this.#kernels.room(
        this.#descriptionSize,
        samples * this.#image,
        this.#layout.paddedSize,
        samples * this.#out,
        result.length,
      );
      this.#describe(windows);
      x.set(images.subarray(first * this.#image, (first + samples) * this.#image));
      slopes.set(gradient.subarray(first * this.#out, (first + samples) * this.#out));
      sums.set(result);
      this.#kernels.functions.convolveByKernel(
        windows.byteOffset,
        x.byteOffset,
        padded.byteOffset,
        slopes.byteOffset,
        sums.byteOffset,
        samples,
        this.#filters,
      );
      result.set(sums);
    });
    return result;
  }

  /** Writes the gradient by the images to `result`, which is returned. @param gradient by the products */
  byImages(gradient: Float32Array, kernel: Float32Array, result: Float32Array): Float32Array {
    const filters = this.#filters;
    this.#inParts(gradient.length / this.#out, (first, samples) => {
      const [windows, slopes, weights, packed, start, row, padded, x] = this.#kernels.room(
        this.#descriptionSize,
        samples * this.#out,
        kernel.length,
        packedSize(filters, this.#window),
        packedSize(1, this.#window),
        this.#windows.columns.output * this.#window,
        this.#layout.paddedSize,
        samples * this.#image,
      );
      this.#describe(windows);
      slopes.set(gradient.subarray(first * this.#out, (first + samples) * this.#out));
      weights.set(kernel);
      start.fill(0);
      const { pack, convolveByImages } = this.#kernels.functions;
      pack(
        weights.byteOffset,
        FLOAT_BYTES,
        filters * FLOAT_BYTES,
        packed.byteOffset,
        filters,
        this.#window,
      );
      convolveByImages(
        windows.byteOffset,
        slopes.byteOffset,
        packed.byteOffset,
        start.byteOffset,
        row.byteOffset,
        padded.byteOffset,
        x.byteOffset,
        samples,
        filters,
      );
      result.set(x, first * this.#image);
    });
    return result;
  }

  #inParts(samples: number, visit: (first: number, samples: number) => void): void {
    const together = Math.max(1, Math.floor(MOST_VALUES / (this.#image + this.#out)));
    for (let first = 0; first < samples; first += together) {
      visit(first, Math.min(together, samples - first));
    }
  }

  get #descriptionSize(): number {
    return DESCRIPTION_FIELDS + this.#layout.offsets.length;
  }

  /** Writes the class `Windows` of assembly/float.ts, and the offsets behind it. */
  #describe(room: Float32Array): void {
    const { rows, columns, channels } = this.#windows;
    const { paddedRow, paddedSize, inside, offsets, run } = this.#layout;
    const bytes = (values: number) => values * FLOAT_BYTES;
    new Int32Array(room.buffer, room.byteOffset, room.length).set([
      rows.input,
      bytes(columns.input * channels),
      bytes(paddedRow),
      bytes(paddedSize),
      bytes(inside),
      rows.output,
      columns.output,
      bytes(rows.stride * paddedRow),
      bytes(columns.stride * channels),
      offsets.length,
      run,
      room.byteOffset + bytes(DESCRIPTION_FIELDS),
      ...offsets.map(bytes),
    ]);
  }
}

const DESCRIPTION_FIELDS = 12;
