/** Computes schedules in this process: the on-core program, compiled to WebAssembly, as one worker of one replica. */
import type { DataSlot } from '../engine.js';
import type { FloatState } from '../float/trainer.js';
import type { CompiledNetwork, ScheduleTarget, StreamFormat } from './compile.js';
import type { ScheduleData, ScheduleEngine, ScheduleResult, ScheduleRun } from './engine.js';
import {
  decodeStatistics,
  decodeStream,
  encodeHeader,
  encodeSteps,
  firstWrites,
  formatsOf,
  layoutReplica,
  type ReplicaLayout,
  readState,
  type StreamBytes,
  stateWrites,
  streamsOf,
} from './replica.js';
import { WasmReplica } from './wasm-worker.js';

/** Blocks may be large: they are worked on in place. */
const TARGET: ScheduleTarget = { workers: 1, replicas: 1, arenaBytes: 1 << 18 };
/** Milliseconds after which other work of the process gets its turn. */
const TURN_MS = 50;

/** A data set of a slot. */
interface Loaded {
  readonly data: ScheduleData;
  readonly formats: readonly StreamFormat[];
  /** Where sample 0 of each stream is, by its number. */
  readonly streams: ReadonlyMap<number, number>;
}

/** A {@link ScheduleEngine} over whole tensors. */
export class FunctionalScheduleEngine implements ScheduleEngine {
  readonly target = TARGET;
  readonly #data: (Loaded | undefined)[] = [];
  /** What was loaded for the network before, and the memory that it is in. */
  #before: { readonly worker: WasmReplica; readonly data: readonly Loaded[] } | undefined;
  #network: CompiledNetwork | undefined;
  #worker: WasmReplica | undefined;
  #layout: ReplicaLayout | undefined;
  #steps = 0;
  /** Where further blocks go in memory. */
  #end = 0;

  hasRoom(): boolean {
    return true;
  }

  async prepare(network: CompiledNetwork): Promise<void> {
    const layout = layoutReplica(network);
    const { arenaBytes } = TARGET;
    const worker = await WasmReplica.create({ memoryBytes: layout.bytes, arenaBytes });
    for (const { offset, bytes } of firstWrites(network, layout)) write(worker, offset, bytes);
    const data = this.#data.filter((each) => each !== undefined);
    this.#before = this.#worker && { worker: this.#worker, data };
    this.#network = network;
    this.#layout = layout;
    this.#worker = worker;
    this.#data.length = 0;
    this.#end = layout.bytes;
  }

  async load(slot: DataSlot, data: ScheduleData): Promise<void> {
    const { network, worker } = this.#prepared();
    const formats = formatsOf(network, data);
    const streams = new Map<number, number>();
    for (const { format, bytes } of this.#encoded(data, formats) ?? streamsOf(network, data)) {
      const offset = this.#reserve(bytes.length);
      write(worker, offset, bytes);
      streams.set(format.stream, offset);
    }
    this.#before = undefined;
    this.#data[slot] = { data, formats, streams };
  }

  /** The same data in the same formats, where the network before had them. */
  #encoded(data: ScheduleData, formats: readonly StreamFormat[]): StreamBytes[] | undefined {
    const { worker, data: loaded = [] } = this.#before ?? {};
    const same = loaded.find(
      (each) => each.data === data && JSON.stringify(each.formats) === JSON.stringify(formats),
    );
    if (worker === undefined || same === undefined) return undefined;
    return formats.map((format) => {
      const offset = same.streams.get(format.stream) as number;
      return { format, bytes: worker.bytes(offset, format.stride * data.samples) };
    });
  }

  async setState(state: FloatState): Promise<void> {
    const { network, worker, layout } = this.#prepared();
    for (const { offset, bytes } of stateWrites(network, state)) write(worker, offset, bytes);
    this.#steps = state.steps;
    this.#writeHeader({ mode: 'predict', samples: 0, position: 0, step: 0 });
    worker.runSchedule(layout.header, layout.loading, network.loadingOperations);
  }

  async getState(): Promise<FloatState> {
    const { network, worker } = this.#prepared();
    return readState(network, this.#steps, async (offset, bytes) => worker.bytes(offset, bytes));
  }

  async run(request: ScheduleRun): Promise<ScheduleResult> {
    const { network, worker, layout } = this.#prepared();
    const loaded = this.#data[request.slot];
    if (loaded === undefined) throw new RangeError(`no data was loaded into slot ${request.slot}`);
    const { mode, batchSize, rates = [], keepsOutputs } = request;
    const { data } = loaded;
    const { first, end } = request.part ?? { first: 0, end: data.samples };
    const streams = new Map(loaded.streams);
    if (!keepsOutputs) for (const { stream } of network.outputs) streams.delete(stream);
    const table = encodeSteps(network.request, rates, this.#steps);
    const steps = this.#reserve(table.length);
    write(worker, steps, table);
    write(worker, layout.statistics, new Uint8Array(layout.statisticsStride));
    let batches = 0;
    let samples = 0;
    let last = performance.now();
    while (first + samples < end && !(mode === 'train' && request.stops?.())) {
      const count = Math.min(batchSize, end - first - samples);
      this.#writeHeader({
        mode,
        samples: count,
        position: first + samples,
        epochSamples: data.samples,
        shuffleSeed: request.shuffleSeed,
        steps,
        step: batches,
        streams,
      });
      worker.runSchedule(layout.header, layout.schedule, network.operations.length);
      batches += 1;
      samples += count;
      if (mode === 'train') this.#steps += 1;
      await request.onBatch?.(batches);
      if (performance.now() - last > TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        last = performance.now();
      }
    }
    const outputs = keepsOutputs
      ? network.outputs.map((format) => this.#outputs(format, streams, data.samples))
      : undefined;
    const statistics = worker.bytes(layout.statistics, layout.statisticsStride);
    // The table was the last block.
    this.#end = steps;
    return {
      batches,
      samples,
      ...decodeStatistics(network, [statistics]),
      ...(outputs && { outputs }),
    };
  }

  async close(): Promise<void> {
    this.#worker = undefined;
    this.#network = undefined;
  }

  #outputs(format: StreamFormat, streams: ReadonlyMap<number, number>, samples: number) {
    const { worker } = this.#prepared();
    const offset = streams.get(format.stream) as number;
    return decodeStream(format, worker.bytes(offset, format.stride * samples), samples);
  }

  #writeHeader(values: {
    mode: ScheduleRun['mode'];
    samples: number;
    position: number;
    step: number;
    epochSamples?: number;
    shuffleSeed?: number | undefined;
    steps?: number;
    streams?: ReadonlyMap<number, number>;
  }): void {
    const { network, worker, layout } = this.#prepared();
    const { samples } = values;
    const header = encodeHeader(network, layout, {
      firstSample: 0,
      batchSamples: Math.max(1, samples),
      epochSamples: Math.max(1, samples),
      shuffleSeed: undefined,
      steps: 0,
      replica: 0,
      streams: new Map(),
      ...values,
    });
    write(worker, layout.header, header);
  }

  #reserve(bytes: number): number {
    const offset = this.#end;
    this.#end += Math.ceil(bytes / 16) * 16;
    this.#prepared().worker.reserve(this.#end);
    return offset;
  }

  #prepared() {
    const [network, worker, layout] = [this.#network, this.#worker, this.#layout];
    if (network === undefined || worker === undefined || layout === undefined) {
      throw new RangeError('the engine has no network: call prepare first');
    }
    return { network, worker, layout };
  }
}

function write(worker: WasmReplica, offset: number, bytes: Uint8Array): void {
  worker.bytes(offset, bytes.length).set(bytes);
}
