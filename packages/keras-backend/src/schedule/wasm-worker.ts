/** The program `layers` as WebAssembly: a replica's memory, and workers that run operations on it one after the other. */
import { layersBase64 } from './wasm.generated.js';

/** What kernels/layers exports. */
interface LayersExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  place_memory(arenaBytes: number, copies: number): number;
  run_operation(header: number, operation: number, worker: number): number;
  run_schedule(header: number, schedule: number, operations: number, worker: number): void;
  exponential(x: number): number;
  logarithm(x: number): number;
  power(x: number, y: number): number;
  root_by_digits(x: number): number;
}

/** The part of the WebAssembly API that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: unknown }>;
}

/** How a replica is made. */
export interface WasmReplicaOptions {
  /** Bytes of the replica's memory; addresses of a schedule are below. */
  readonly memoryBytes: number;
  /** What the schedule was encoded with. */
  readonly arenaBytes: number;
  /** Copies blocks to the arena and back, as a core does, instead of working in place; `false` unless told. */
  readonly copies?: boolean;
}

/** float32 functions of the program, for those who test it. */
export type RealFunctions = Pick<
  LayersExports,
  'exponential' | 'logarithm' | 'power' | 'root_by_digits'
>;

const PAGE_BYTES = 65536;
const api = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
let compiled: Promise<object> | undefined;

/** One replica. Its memory is 0 at first. */
export class WasmReplica {
  readonly #exports: LayersExports;
  readonly #base: number;

  private constructor(exports: LayersExports, base: number) {
    this.#exports = exports;
    this.#base = base;
  }

  static async create(options: WasmReplicaOptions): Promise<WasmReplica> {
    compiled ??= api.compile(Uint8Array.from(atob(layersBase64), (each) => each.charCodeAt(0)));
    const exports = (await api.instantiate(await compiled, {})).exports as LayersExports;
    const base = exports.place_memory(options.arenaBytes, options.copies ? 1 : 0);
    const replica = new WasmReplica(exports, base);
    replica.reserve(options.memoryBytes);
    return replica;
  }

  /** Makes the memory at least so large; what is added is 0. Views that were taken before must not be used any more. */
  reserve(memoryBytes: number): void {
    const { memory } = this.#exports;
    const missing = this.#base + memoryBytes + PAGE_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  /** Bytes of the replica's memory, as they are now and will be. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, this.#base + address, length);
  }

  /** int16 at a multiple of 2. */
  int16(address: number, length: number): Int16Array {
    return new Int16Array(this.#exports.memory.buffer, this.#base + address, length);
  }

  /** int32 at a multiple of 4. */
  int32(address: number, length: number): Int32Array {
    return new Int32Array(this.#exports.memory.buffer, this.#base + address, length);
  }

  /** float32 at a multiple of 4. */
  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, this.#base + address, length);
  }

  /** int64 at a multiple of 8. */
  int64(address: number, length: number): BigInt64Array {
    return new BigInt64Array(this.#exports.memory.buffer, this.#base + address, length);
  }

  /** Runs a whole schedule as the only worker. Addresses of BatchHeader and of the first operation. */
  runSchedule(header: number, schedule: number, operations: number): void {
    this.#exports.run_schedule(header, schedule, operations, 0);
  }

  /** One worker's share of one operation. */
  runOperation(header: number, operation: number, worker: number): void {
    this.#exports.run_operation(header, operation, worker);
  }

  /** float32 functions. */
  get real(): RealFunctions {
    return this.#exports;
  }
}
