/** The compiled matrix kernels of assembly/kernels.ts, and the memory that they work in. */
import { kernelsBase64 } from './kernels.generated.js';

/** Address of a matrix in kernel memory. */
type Pointer = number;

/** What assembly/kernels.ts exports; it documents every function. */
export interface Kernels {
  takeSaturations(): number;
  forwardFast: ForwardKernel;
  forwardExact(...args: [...Parameters<ForwardKernel>, biasShift: number]): void;
  backwardFast: BackwardKernel;
  backwardExact: BackwardKernel;
  interleavePairs(from: Pointer, to: Pointer, samples: number, stride: number): void;
  updateFast: UpdateKernel;
  updateExact: UpdateKernel;
  refreshOperands(master: Pointer, operand: Pointer, count: number, shift: number): void;
}

type ForwardKernel = (
  x: Pointer,
  w: Pointer,
  bias: Pointer,
  z: Pointer,
  samples: number,
  units: number,
  stride: number,
  zStride: number,
  shift: number,
) => void;

/** Multiplies deltas by the weights. */
export type BackwardKernel = (
  w: Pointer,
  d: Pointer,
  g: Pointer,
  samples: number,
  units: number,
  stride: number,
  dStride: number,
  shift: number,
) => void;

type UpdateKernel = (
  x: Pointer,
  d: Pointer,
  master: Pointer,
  sums: Pointer,
  samplesOrPairs: number,
  units: number,
  stride: number,
  dStride: number,
  mantissa: number,
  shift: number,
) => void;

interface KernelExports extends Kernels {
  firstFreeAddress(): Pointer;
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The part of the WebAssembly API that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
}

const PAGE_BYTES = 65536;
const ALIGNMENT = 16;

/** How many bytes each array of an engine takes; made into views once the memory is large enough. */
export class KernelMemory {
  readonly #exports: KernelExports;
  #next: Pointer;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
    this.#next = exports.firstFreeAddress();
  }

  /** Kernels with a memory of their own. */
  static async create(): Promise<KernelMemory> {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes, {
      env: {
        abort: () => {
          throw new Error('a matrix kernel stopped');
        },
      },
    });
    return new KernelMemory(instance.exports as KernelExports);
  }

  get kernels(): Kernels {
    return this.#exports;
  }

  /** Reserves zeroed bytes. All must be reserved before the first view is made: growing detaches views. */
  reserve(bytes: number): Pointer {
    const address = this.#next;
    this.#next += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = this.#next - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  /** A view on 16-bit integers. */
  int16(address: Pointer, length: number): Int16Array {
    return new Int16Array(this.#exports.memory.buffer, address, length);
  }

  /** A view on 32-bit integers. */
  int32(address: Pointer, length: number): Int32Array {
    return new Int32Array(this.#exports.memory.buffer, address, length);
  }
}
