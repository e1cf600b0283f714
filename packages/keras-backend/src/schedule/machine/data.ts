/** Data sets in the SDRAM of a replica: whole where they fit, else piece by piece in the order of the epoch. */

import type { ChipAddress } from '@spin-tools/scp';
import { shuffledIndex } from '@spin-tools/sim/fixed';
import type { Host } from '../../machine/host.js';
import type { CompiledNetwork, StreamFormat } from '../compile.js';
import type { ScheduleData, ScheduleRun } from '../engine.js';
import { decodeStream, streamsOf } from '../replica.js';

/** Samples of a run that are in memory at the same time. */
export interface Piece {
  /** Places in the epoch: from the first up to but not including the end. */
  readonly first: number;
  readonly end: number;
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
  readonly #chip: ChipAddress;
  readonly #network: CompiledNetwork;
  readonly #address: number;
  /** Samples that the block has room for. */
  readonly #room: number;
  /** Address of each stream in the block, by index. */
  readonly #streams = new Map<number, number>();

  private constructor(
    host: Host,
    chip: ChipAddress,
    network: CompiledNetwork,
    data: ScheduleData,
    address: number,
    room: number,
  ) {
    this.#host = host;
    this.#chip = chip;
    this.#network = network;
    this.data = data;
    this.#address = address;
    this.#room = room;
    let next = address;
    for (const { stream, stride } of formatsOf(network, data)) {
      this.#streams.set(stream, next);
      next += aligned(stride * room);
    }
  }

  /**
   * Takes memory for a data set, and writes it there if all of it fits.
   *
   * @param most bytes that may be taken; what is free unless told
   */
  static async create(
    host: Host,
    chip: ChipAddress,
    appId: number,
    network: CompiledNetwork,
    data: ScheduleData,
    most?: number,
  ): Promise<MachineData> {
    const { largest } = await host.controller.sdramSpace(chip);
    const budget = most ?? largest - RESERVE_BYTES;
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
    const address = await host.controller.allocateSdram(chip, bytesOf(room), { appId });
    const result = new MachineData(host, chip, network, data, address, room);
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
  pieces({ batchSize, shuffleSeed }: ScheduleRun): Piece[] {
    const { samples } = this.data;
    if (this.isWhole) return [{ first: 0, end: samples, order: undefined }];
    const size = Math.floor(this.#room / batchSize) * batchSize;
    return Array.from({ length: Math.ceil(samples / size) }, (_, piece) => {
      const first = piece * size;
      const end = Math.min(samples, first + size);
      const order = Array.from({ length: end - first }, (_, i) =>
        shuffleSeed === undefined ? first + i : shuffledIndex(first + i, samples, shuffleSeed),
      );
      return { first, end, order };
    });
  }

  /** Brings a piece into memory. @returns address of the sample at place 0 of each stream, by index */
  async bring({ first, order }: Piece): Promise<ReadonlyMap<number, number>> {
    if (order === undefined) return this.#streams;
    await this.#write(order);
    const strides = new Map(
      formatsOf(this.#network, this.data).map((each) => [each.stream, each.stride]),
    );
    return new Map(
      [...this.#streams].map(([stream, at]) => [
        stream,
        at - first * (strides.get(stream) as number),
      ]),
    );
  }

  /** Puts the outputs of a piece at their samples' places in `results`. */
  async collect(
    { first, end, order }: Piece,
    outputs: readonly StreamFormat[],
    results: readonly Float32Array[],
  ): Promise<void> {
    for (const [index, format] of outputs.entries()) {
      const at = this.#streams.get(format.stream) as number;
      const bytes = await this.#host.controller.read(this.#chip, at, format.stride * (end - first));
      const values = decodeStream(format, bytes, end - first);
      const result = results[index] as Float32Array;
      if (order === undefined) result.set(values);
      else {
        for (const [i, sample] of order.entries()) {
          result.set(values.subarray(i * format.size, (i + 1) * format.size), sample * format.size);
        }
      }
    }
  }

  /** Gives the memory back. */
  free(): Promise<void> {
    return this.#host.controller.freeSdram(this.#chip, this.#address);
  }

  async #write(order: readonly number[] | undefined): Promise<void> {
    for (const { format, bytes } of streamsOf(this.#network, this.data, order)) {
      const at = this.#streams.get(format.stream) as number;
      await this.#host.controller.write(this.#chip, at, bytes);
    }
  }
}

/** The streams of a data set, those of its outputs too. */
function formatsOf(network: CompiledNetwork, { targets }: ScheduleData): StreamFormat[] {
  const judged = targets === undefined ? [] : [...network.targets, ...network.sampleWeights];
  return [...network.inputs, ...judged, ...network.outputs];
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
