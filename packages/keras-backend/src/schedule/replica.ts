/** What a replica's memory holds besides tensors and weights, and the bytes of all that a host writes and reads. */
import { randomWord } from '@spin-tools/sim/fixed';
import type { FloatState } from '../float/trainer.js';
import { decodeLayout, encodeLayout } from '../layouts/layout.js';
import type { Optimiser } from '../optimisers/optimisers.js';
import {
  type CompiledNetwork,
  fromLayout,
  type StreamFormat,
  toLayout,
  type WeightPlace,
} from './compile.js';
import type { ScheduleData, ScheduleResult } from './engine.js';
import {
  BatchMode,
  batchHeader,
  ElementType,
  LOSS_FRACTION,
  STREAMS,
  statisticsBytes,
  stepRow,
  workerStatistics,
} from './operations.js';

/** Offsets in the memory of a replica, behind tensors and weights. */
export interface ReplicaLayout {
  readonly schedule: number;
  readonly loading: number;
  readonly header: number;
  /** Of the header of each data slot, one behind the other. */
  readonly templates: number;
  readonly statistics: number;
  /** Bytes from one worker to the next. */
  readonly statisticsStride: number;
  /** Bytes of everything. */
  readonly bytes: number;
}

const ALIGNMENT = 16;
const FLOAT_BYTES = 4;
const SLOTS = 2;

/** Lays a replica out. */
export function layoutReplica(network: CompiledNetwork): ReplicaLayout {
  let end = network.memoryBytes;
  const reserve = (bytes: number) => {
    const start = end;
    end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return start;
  };
  const statisticsStride = Math.ceil(statisticsBytes(network.operations.length) / 8) * 8;
  return {
    schedule: reserve(network.schedule.length),
    loading: reserve(network.loading.length),
    header: reserve(batchHeader.size),
    templates: reserve(SLOTS * batchHeader.size),
    statistics: reserve(statisticsStride * network.target.workers),
    statisticsStride,
    bytes: end,
  };
}

/** Bytes for a place in a replica. */
export interface ReplicaWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The memory that tensors take, and all that is the same in every run. */
export function firstWrites(network: CompiledNetwork, layout: ReplicaLayout): ReplicaWrite[] {
  return [
    { offset: layout.schedule, bytes: network.schedule },
    { offset: layout.loading, bytes: network.loading },
  ];
}

/** Weights and what the optimiser remembers of them. */
export function stateWrites(
  { weights: { places }, request }: CompiledNetwork,
  { weights, slots }: FloatState,
): ReplicaWrite[] {
  return places.flatMap((place, index) => {
    const first =
      request.optimiser.kind === 'adagrad' ? request.optimiser.initialAccumulatorValue : 0;
    const arrays = place.slots.map((offset, slot) => ({
      offset,
      values: slots[index]?.[slot] ?? new Float32Array(place.rows * place.depth).fill(first),
    }));
    return [{ offset: place.master, values: weights[index] as Float32Array }, ...arrays].map(
      ({ offset, values }) => ({ offset, bytes: bytesOf(toLayout(place, values)) }),
    );
  });
}

/** Reads the state back. @param read gives bytes of a replica that has them */
export async function readState(
  { weights: { places } }: CompiledNetwork,
  steps: number,
  read: (offset: number, bytes: number, place: WeightPlace) => Promise<Uint8Array>,
): Promise<FloatState> {
  const weights: Float32Array[] = [];
  const slots: Float32Array[][] = [];
  for (const place of places) {
    const array = async (offset: number) => {
      const bytes = await read(offset, place.rows * place.stride * FLOAT_BYTES, place);
      return fromLayout(place, floatsOf(bytes));
    };
    weights.push(await array(place.master));
    const own: Float32Array[] = [];
    for (const offset of place.slots) own.push(await array(offset));
    slots.push(own);
  }
  return { weights, slots, steps };
}

/** Samples in the bytes of a stream. */
export interface StreamBytes {
  readonly format: StreamFormat;
  readonly bytes: Uint8Array;
}

/** The streams of a data set, those of its outputs too. */
export function formatsOf(network: CompiledNetwork, { targets }: ScheduleData): StreamFormat[] {
  const judged = targets === undefined ? [] : [...network.targets, ...network.sampleWeights];
  return [...network.inputs, ...judged, ...network.outputs];
}

/** The data sets of a slot; outputs are empty. @param order indices of samples, where they are not all taken in their order */
export function streamsOf(
  network: CompiledNetwork,
  data: ScheduleData,
  order?: ArrayLike<number>,
): StreamBytes[] {
  const count = order?.length ?? data.samples;
  const filled = (format: StreamFormat, values: ArrayLike<number>): StreamBytes => ({
    format,
    bytes: encodeStream(format, values, count, order),
  });
  const ones = { length: 0 };
  return [
    ...network.inputs.map((format, i) => filled(format, data.inputs[i] as ArrayLike<number>)),
    ...(data.targets === undefined
      ? []
      : network.targets.map((format, i) => filled(format, data.targets?.[i] as ArrayLike<number>))),
    ...(data.targets === undefined
      ? []
      : network.sampleWeights.map((format, i) => filled(format, data.weights?.[i] ?? ones))),
    ...network.outputs.map((format) => ({ format, bytes: new Uint8Array(format.stride * count) })),
  ];
}

function encodeStream(
  { type, fraction, size, stride }: StreamFormat,
  values: ArrayLike<number>,
  samples: number,
  order: ArrayLike<number> | undefined,
): Uint8Array {
  const buffer = new ArrayBuffer(stride * samples);
  const limit = type === ElementType.Int16 ? 2 ** 15 : 2 ** 31;
  const factor = 2 ** fraction;
  const numbers =
    type === ElementType.Int16
      ? new Int16Array(buffer)
      : type === ElementType.Int32
        ? new Int32Array(buffer)
        : new Float32Array(buffer);
  const step = stride / numbers.BYTES_PER_ELEMENT;
  for (let place = 0; place < samples; place++) {
    const from = ((order?.[place] as number | undefined) ?? place) * size;
    for (let i = 0; i < size; i++) {
      const value = values.length === 0 ? 1 : (values[from + i] as number);
      numbers[place * step + i] =
        type === ElementType.Float32
          ? value
          : Math.min(limit - 1, Math.max(-limit, Math.round(value * factor)));
    }
  }
  return new Uint8Array(buffer);
}

/** Values of a stream of outputs. */
export function decodeStream(
  { type, fraction, size, stride }: StreamFormat,
  bytes: Uint8Array,
  samples: number,
): Float32Array {
  const result = new Float32Array(samples * size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unit = 2 ** -fraction;
  for (let place = 0; place < samples; place++) {
    for (let i = 0; i < size; i++) {
      const at = place * stride + i * (type === ElementType.Int16 ? 2 : 4);
      result[place * size + i] =
        unit * (type === ElementType.Int16 ? view.getInt16(at, true) : view.getInt32(at, true));
    }
  }
  return result;
}

/** What the header of a batch is made of. */
export interface HeaderValues {
  readonly mode: 'train' | 'evaluate' | 'predict';
  readonly samples: number;
  readonly firstSample: number;
  readonly batchSamples: number;
  readonly position: number;
  readonly epochSamples: number;
  readonly shuffleSeed: number | undefined;
  readonly steps: number;
  readonly step: number;
  readonly replica: number;
  /** Offset of each stream that there is, by index. */
  readonly streams: ReadonlyMap<number, number>;
}

/** The bytes of a header. Offsets wrap at 32 bits: data may lie before the replica's memory. */
export function encodeHeader(
  { target, per }: CompiledNetwork,
  { statistics, statisticsStride }: Pick<ReplicaLayout, 'statistics' | 'statisticsStride'>,
  values: HeaderValues,
): Uint8Array {
  const { mode, shuffleSeed, streams, steps, ...counts } = values;
  return encodeLayout(batchHeader, {
    ...counts,
    mode: { train: BatchMode.Train, evaluate: BatchMode.Evaluate, predict: BatchMode.Predict }[
      mode
    ],
    shuffle: shuffleSeed === undefined ? 0 : 1,
    shuffleSeed: shuffleSeed ?? 0,
    steps: steps >>> 0,
    statistics,
    statisticsStride,
    replicas: target.replicas,
    workers: target.workers,
    per,
    streams: Array.from({ length: STREAMS }, (_, stream) => (streams.get(stream) ?? 0) >>> 0),
  });
}

/** One row a batch: rates, and what dropout and rounding are seeded with. @param first steps that were taken before */
export function encodeSteps(
  { optimiser, seed, chance }: CompiledNetwork['request'],
  rates: readonly number[],
  first: number,
): Uint8Array {
  const bytes = new Uint8Array(rates.length * stepRow.size);
  const view = new DataView(bytes.buffer);
  for (const [index, rate] of rates.entries()) {
    const at = index * stepRow.size;
    const step = first + index + 1;
    view.setFloat32(at + stepRow.offsets.rate, rate, true);
    view.setFloat32(at + stepRow.offsets.correctedRate, correctedRate(optimiser, rate, step), true);
    view.setUint32(at + stepRow.offsets.seed, randomWord(seed, first + index), true);
    view.setUint32(at + stepRow.offsets.chance, chance ? 1 : 0, true);
  }
  return bytes;
}

function correctedRate(optimiser: Optimiser, rate: number, step: number): number {
  if (optimiser.kind !== 'adam' && optimiser.kind !== 'adamw') return rate;
  const { beta1, beta2 } = optimiser;
  return (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
}

/** Sums over workers of what they counted. */
export function decodeStatistics(
  { operations, request: { goals } }: CompiledNetwork,
  blocks: readonly Uint8Array[],
): Pick<ScheduleResult, 'lossSums' | 'penaltySum' | 'saturations' | 'underflows'> {
  const lossSums = goals.map(() => 0);
  const saturations = operations.map(() => 0);
  const underflows = operations.map(() => 0);
  let penaltySum = 0;
  for (const bytes of blocks) {
    const { losses, penalty } = decodeLayout(workerStatistics, bytes);
    for (const i of lossSums.keys()) {
      lossSums[i] = (lossSums[i] as number) + Number(losses[i] ?? 0n) * 2 ** -LOSS_FRACTION;
    }
    penaltySum += Number(penalty) * 2 ** -LOSS_FRACTION;
    const view = new DataView(bytes.buffer, bytes.byteOffset + workerStatistics.size);
    for (const i of operations.keys()) {
      saturations[i] = (saturations[i] as number) + view.getUint32(8 * i, true);
      underflows[i] = (underflows[i] as number) + view.getUint32(8 * i + 4, true);
    }
  }
  return { lossSums, penaltySum, saturations, underflows };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Numbers whose bytes may lie anywhere. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
