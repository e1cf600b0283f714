/** A replica to try operations on: tensors are placed with values, operations run, values read. */
import { deepStrictEqual } from 'node:assert/strict';
import { encodeLayout } from '../../layouts/layout.js';
import {
  BatchMode,
  batchHeader,
  denseTensor,
  ElementType,
  type ElementTypeValue,
  encodeSchedule,
  OPERATION_BYTES,
  type Operation,
  STREAMS,
  statisticsBytes,
  stepRow,
  type Tensor,
  workerStatistics,
} from '../operations.js';
import { WasmReplica } from '../wasm-worker.js';

/** Sizes of a sample. */
export type Sizes = readonly [rows: number, columns: number, channels: number];

/** How operations are run; results must not depend on it. */
export interface Way {
  readonly workers: number;
  readonly copies: boolean;
  readonly arenaBytes: number;
}

/** Ways that are compared with one another. */
export const WAYS: readonly Way[] = [
  { workers: 1, copies: false, arenaBytes: 2 ** 20 },
  { workers: 1, copies: true, arenaBytes: 40_000 },
  { workers: 3, copies: true, arenaBytes: 6_000 },
  { workers: 16, copies: true, arenaBytes: 40_000 },
];

/** What the batch is like. */
export interface BatchOptions {
  readonly samples: number;
  readonly mode?: number;
  readonly rate?: number;
  readonly correctedRate?: number;
  readonly seed?: number;
  readonly streams?: readonly number[];
  readonly shuffleSeed?: number;
  readonly epochSamples?: number;
  readonly position?: number;
}

/** What workers counted, added up. */
export interface Counts {
  readonly losses: readonly number[];
  readonly penalty: number;
  readonly correct: readonly number[];
  readonly saturations: readonly number[];
  readonly underflows: readonly number[];
}

const MEMORY_BYTES = 2 ** 20;
const HEADER = 64;
const STEP = 256;
const FIRST = 512;
const float = new DataView(new ArrayBuffer(4));
const bitsOf = (value: number): number => {
  float.setFloat32(0, value);
  return float.getUint32(0);
};

/** One replica. */
export class Workbench {
  readonly replica: WasmReplica;
  readonly #way: Way;
  #next = FIRST;

  private constructor(replica: WasmReplica, way: Way) {
    this.replica = replica;
    this.#way = way;
  }

  static async create(way: Way = WAYS[0] as Way): Promise<Workbench> {
    const { copies, arenaBytes } = way;
    return new Workbench(
      await WasmReplica.create({ memoryBytes: MEMORY_BYTES, arenaBytes, copies }),
      way,
    );
  }

  /** Forgets everything. */
  #reset(): void {
    this.replica.bytes(0, this.#next).fill(0);
    this.#next = FIRST;
  }

  /** Does something from the start. */
  fresh<Result>(work: (bench: Workbench) => Result): Result {
    this.#reset();
    return work(this);
  }

  /** Room, 16-byte aligned and 0. */
  room(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / 16) * 16 + 16;
    if (this.#next > MEMORY_BYTES) throw new RangeError('the workbench is full');
    return address;
  }

  /** float32 numbers. */
  floats(values: readonly number[] | Float32Array): number {
    const address = this.room(4 * values.length);
    this.replica.float32(address, values.length).set(values);
    return address;
  }

  /** A tensor without values. */
  tensor(samples: number, sizes: Sizes, type: ElementTypeValue, fraction: number): Tensor {
    const tensor = denseTensor(0, sizes, type, fraction);
    return { ...tensor, address: this.room(samples * tensor.sampleStride) };
  }

  /** A tensor with integers, in order. */
  filled(
    values: readonly number[],
    sizes: Sizes,
    type: ElementTypeValue,
    fraction: number,
  ): Tensor {
    const samples = values.length / (sizes[0] * sizes[1] * sizes[2]);
    const tensor = this.tensor(samples, sizes, type, fraction);
    this.#each(tensor, samples, (view, at, index) => {
      view[at] = values[index] as number;
    });
    return tensor;
  }

  /** The integers (or floats) of a tensor, in order. */
  integers(tensor: Tensor, samples: number): number[] {
    const result: number[] = [];
    this.#each(tensor, samples, (view, at) => result.push(view[at] as number));
    return result;
  }

  /** What they stand for. */
  reals(tensor: Tensor, samples: number): number[] {
    return this.integers(tensor, samples).map((value) => value * 2 ** -tensor.fraction);
  }

  #each(
    tensor: Tensor,
    samples: number,
    visit: (view: { [index: number]: number }, at: number, index: number) => void,
  ): void {
    const { address, rows, columns, channels, pixelStride, rowStride, sampleStride, type } = tensor;
    const bytes = type === ElementType.Int16 ? 2 : 4;
    const length = (samples * sampleStride) / bytes;
    const { replica } = this;
    const view =
      type === ElementType.Int16
        ? replica.int16(address, length)
        : type === ElementType.Int32
          ? replica.int32(address, length)
          : replica.float32(address, length);
    let index = 0;
    for (let s = 0; s < samples; s++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          for (let k = 0; k < channels; k++, index++) {
            const at = (s * sampleStride) / bytes + r * rowStride + c * pixelStride + k;
            visit(view, at, index);
          }
        }
      }
    }
  }

  /** Runs operations one after the other, each worker in turn. */
  run(operations: readonly Operation[], options: BatchOptions): Counts {
    const { workers, arenaBytes } = this.#way;
    const { samples, mode = BatchMode.Train } = options;
    const schedule = this.room(operations.length * OPERATION_BYTES);
    this.replica
      .bytes(schedule, operations.length * OPERATION_BYTES)
      .set(encodeSchedule(operations, { workers, arenaBytes, samples }));
    const stride = statisticsBytes(operations.length);
    const statistics = this.room(workers * stride);
    const per = Math.ceil(2 ** 20 / workers / 64) * 64;
    const header = encodeLayout(batchHeader, {
      mode,
      samples,
      firstSample: 0,
      batchSamples: samples,
      position: options.position ?? 0,
      epochSamples: options.epochSamples ?? samples,
      shuffle: options.shuffleSeed === undefined ? 0 : 1,
      shuffleSeed: options.shuffleSeed ?? 0,
      steps: STEP,
      step: 0,
      statistics,
      statisticsStride: stride,
      replica: 0,
      replicas: 1,
      workers,
      per,
      streams: Array.from({ length: STREAMS }, (_, index) => options.streams?.[index] ?? 0),
    });
    this.replica.bytes(HEADER, header.length).set(header);
    const step = encodeLayout(stepRow, {
      rate: bitsOf(options.rate ?? 0.5),
      correctedRate: bitsOf(options.correctedRate ?? 0.5),
      seed: options.seed ?? 1,
      chance: 0,
    });
    this.replica.bytes(STEP, step.length).set(step);
    for (const index of operations.keys()) {
      for (let worker = 0; worker < workers; worker++) {
        this.replica.runOperation(HEADER, schedule + index * OPERATION_BYTES, worker);
      }
    }
    return this.#counts(statistics, stride, operations.length);
  }

  #counts(statistics: number, stride: number, operations: number): Counts {
    const { workers } = this.#way;
    const sum = (read: (at: number) => number) => {
      let total = 0;
      for (let w = 0; w < workers; w++) total += read(statistics + w * stride);
      return total;
    };
    const int64 = (offset: number) =>
      sum((at) => Number(this.replica.int64(at + offset, 1)[0]) * 2 ** -24);
    const word = (offset: number) => sum((at) => this.replica.int32(at + offset, 1)[0] as number);
    const { offsets, size } = workerStatistics;
    const eight = Array.from({ length: 8 }, (_, index) => index);
    const each = Array.from({ length: operations }, (_, index) => index);
    return {
      losses: eight.map((index) => int64(offsets.losses + 8 * index)),
      penalty: int64(offsets.penalty),
      correct: eight.map((index) => word(offsets.correct + 4 * index)),
      saturations: each.map((index) => word(size + 8 * index)),
      underflows: each.map((index) => word(size + 8 * index + 4)),
    };
  }
}

/** Whole numbers from a seed: `bits` wide, with sign. Deterministic. */
export function integers(count: number, bits: number, seed: number): number[] {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32 - 0.5) * 2 ** bits);
  });
}

const benches = Promise.all(WAYS.map((way) => Workbench.create(way)));

/** Does the same in every way, and checks that all give the same; what they give. */
export async function inEveryWay<Result>(work: (bench: Workbench) => Result): Promise<Result> {
  const [first, ...others] = await benches;
  const result = (first as Workbench).fresh(work);
  for (const [index, bench] of others.entries()) {
    const { workers, arenaBytes } = WAYS[index + 1] as Way;
    const message = `${workers} workers with ${arenaBytes} bytes each compute something else`;
    deepStrictEqual(bench.fresh(work), result, message);
  }
  return result;
}
