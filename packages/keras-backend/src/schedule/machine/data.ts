/** Data sets in the SDRAM of every replica: whole where they fit, else piece by piece in the order of the epoch. */

import type { ChipAddress } from '@spin-tools/scp';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import type { Host } from '../../machine/host.js';
import type { CompiledNetwork, StreamFormat } from '../compile.js';
import type { EpochPart, ScheduleData, ScheduleRun } from '../engine.js';
import { decodeStream, formatsOf, streamsOf } from '../replica.js';

/** Samples of a run that are in memory at the same time. */
export interface Piece extends EpochPart {
  /** Samples at those places, where they are not all there in their own order. */
  readonly order: readonly number[] | undefined;
}

/** Blocks of data begin at multiples of this, bytes. */
const ALIGNMENT = 16;
/** SDRAM that is left for tables and the host's own buffers, bytes. */
const RESERVE_BYTES = 1 << 20;

/** A data set of a slot. */
export class MachineData {
  readonly data: ScheduleData;
  readonly #host: Host;
  readonly #network: CompiledNetwork;
  /** Blocks, by replica. */
  readonly #blocks: readonly Block[];
  /** Samples that the block has room for. */
  readonly #room: number;
  /** Offset of each stream in a block, by index. */
  readonly #streams = new Map<number, number>();

  private constructor(
    host: Host,
    network: CompiledNetwork,
    data: ScheduleData,
    blocks: readonly Block[],
    room: number,
  ) {
    this.#host = host;
    this.#network = network;
    this.data = data;
    this.#blocks = blocks;
    this.#room = room;
    let next = 0;
    for (const { stream, stride } of formatsOf(network, data)) {
      this.#streams.set(stream, next);
      next += aligned(stride * room);
    }
  }

  /**
   * Takes memory for a data set, and writes it there if all of it fits.
   *
   * @param chips of the replicas
   * @param most bytes that may be taken; what is free unless told
   */
  static async create(
    host: Host,
    chips: readonly ChipAddress[],
    appId: number,
    network: CompiledNetwork,
    data: ScheduleData,
    most?: number,
  ): Promise<MachineData> {
    const { controller } = host;
    const spaces = await Promise.all(chips.map((chip) => controller.sdramSpace(chip)));
    const budget = most ?? Math.min(...spaces.map(({ largest }) => largest)) - RESERVE_BYTES;
    const formats = formatsOf(network, data);
    const bytesOf = (samples: number) =>
      formats.reduce((sum, { stride }) => sum + aligned(stride * samples), 0);
    const perSample = formats.reduce((sum, { stride }) => sum + stride, 0);
    const { batchSize } = network;
    const batches = Math.max(
      1,
      Math.floor((budget - ALIGNMENT * formats.length) / perSample / batchSize),
    );
    const room = bytesOf(data.samples) <= budget ? data.samples : batches * batchSize;
    const blocks = await Promise.all(
      chips.map(async (chip) => {
        const address = await controller.allocateSdram(chip, bytesOf(room), { appId });
        return { chip, address };
      }),
    );
    const result = new MachineData(host, network, data, blocks, room);
    if (result.isWhole) await result.#write(undefined);
    return result;
  }

  /** Whether it holds some data in the formats of a network. */
  holds(data: ScheduleData, network: CompiledNetwork): boolean {
    const same = ({ inputs, targets, sampleWeights }: CompiledNetwork) =>
      JSON.stringify([inputs, targets, sampleWeights]);
    return this.data === data && same(network) === same(this.#network);
  }

  /** Whether all of it is in memory. */
  get isWhole(): boolean {
    return this.#room >= this.data.samples;
  }

  /** What a run has to be cut into. */
  pieces({ batchSize, shuffleSeed, part }: ScheduleRun): Piece[] {
    const { samples } = this.data;
    const { first: start, end: stop } = part ?? { first: 0, end: samples };
    if (this.isWhole) return [{ first: start, end: stop, order: undefined }];
    const size = Math.floor(this.#room / batchSize) * batchSize;
    return Array.from({ length: Math.ceil((stop - start) / size) }, (_, piece) => {
      const first = start + piece * size;
      const end = Math.min(stop, first + size);
      const order = Array.from({ length: end - first }, (_, i) =>
        shuffleSeed === undefined ? first + i : shuffledIndex(first + i, samples, shuffleSeed),
      );
      return { first, end, order };
    });
  }

  /**
   * Brings a piece into memory.
   *
   * @returns by replica: address of the sample at place 0 of each stream, by index
   */
  async bring({ first, order }: Piece): Promise<ReadonlyMap<number, number>[]> {
    if (order !== undefined) await this.#write(order);
    const before = order === undefined ? 0 : first;
    const strides = new Map(
      formatsOf(this.#network, this.data).map((each) => [each.stream, each.stride]),
    );
    return this.#blocks.map(
      ({ address }) =>
        new Map(
          [...this.#streams].map(([stream, offset]) => [
            stream,
            address + offset - before * (strides.get(stream) as number),
          ]),
        ),
    );
  }

  /**
   * Puts the outputs of a piece at their samples' places in `results`, each from the replica that computed it.
   *
   * @param done samples of the piece that were computed, the first ones
   */
  async collect(
    { first, end, order }: Piece,
    done: number,
    { batchSize, shuffleSeed }: ScheduleRun,
    outputs: readonly StreamFormat[],
    results: readonly Float32Array[],
  ): Promise<void> {
    const { samples } = this.data;
    const share = this.#network.samples;
    const held = order === undefined ? samples : end - first;
    /** Places in memory that a replica wrote, and the samples that are there. */
    const written = this.#blocks.map((): { at: number; sample: number }[] => []);
    for (let place = first; place < first + done; place++) {
      const shuffled =
        shuffleSeed === undefined ? place : shuffledIndex(place, samples, shuffleSeed);
      const at = order === undefined ? shuffled : place - first;
      const sample = order?.[at] ?? shuffled;
      written[Math.floor((place % batchSize) / share)]?.push({ at, sample });
    }
    for (const [index, format] of outputs.entries()) {
      const { size, stride, stream } = format;
      const result = results[index] as Float32Array;
      for (const [replica, { chip, address }] of this.#blocks.entries()) {
        const own = written[replica] ?? [];
        if (own.length === 0) continue;
        const from = address + (this.#streams.get(stream) as number);
        const bytes = await this.#host.controller.read(chip, from, stride * held);
        const values = decodeStream(format, bytes, held);
        for (const { at, sample } of own) {
          result.set(values.subarray(at * size, (at + 1) * size), sample * size);
        }
      }
    }
  }

  /** Gives the memory back. */
  async free(): Promise<void> {
    for (const { chip, address } of this.#blocks) {
      await this.#host.controller.freeSdram(chip, address);
    }
  }

  async #write(order: readonly number[] | undefined): Promise<void> {
    for (const { format, bytes } of streamsOf(this.#network, this.data, order)) {
      const offset = this.#streams.get(format.stream) as number;
      await Promise.all(
        this.#blocks.map(({ chip, address }) =>
          this.#host.controller.write(chip, address + offset, bytes),
        ),
      );
    }
  }
}

/** Fewest bytes that a data set can do with: those of a batch, and what is left to others. */
export function batchBytes(network: CompiledNetwork, data: ScheduleData): number {
  const samples = Math.min(network.batchSize, data.samples);
  return formatsOf(network, data).reduce(
    (sum, { stride }) => sum + aligned(stride * samples) + ALIGNMENT,
    RESERVE_BYTES,
  );
}

/** Memory of a data set on one chip. */
interface Block {
  readonly chip: ChipAddress;
  readonly address: number;
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
