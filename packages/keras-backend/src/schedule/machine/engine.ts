/** Computes schedules on a SpiNNaker machine, real or virtual. */
import { type ChipAddress, CoreState, Signal, vcpuField, write } from '@spin-tools/scp';
import type { DataSlot, MachineCost } from '../../engine.js';
import type { FloatState } from '../../float/trainer.js';
import { layersImage, layersOverlays, sequencerImage } from '../../images/index.js';
import {
  decodeLayout,
  encodeLayout,
  LAYERS_ARENA_BYTES,
  LayersRegion,
  layersConfiguration,
  layersReport,
  MINIMUM_SEND_GAP,
  RunFlag,
  SequencerOperation,
  SequencerState,
  sequencerConfiguration,
} from '../../layouts/index.js';
import { dropsBetween, readCounts } from '../../machine/drops.js';
import { PacketsDroppedError } from '../../machine/errors.js';
import type { ApplicationIds, Host } from '../../machine/host.js';
import { regionAddress } from '../../machine/load.js';
import type { MachineEngineOptions } from '../../machine/options.js';
import {
  encodeRegionTable,
  type RegionMap,
  regionMap,
  sequencerRegions,
} from '../../machine/region-map.js';
import { lengthenWaits, type RouterControl, restoreWaits } from '../../machine/router-waits.js';
import { runCost } from '../../machine/run-cost.js';
import { type Command, operationOf, Sequencer } from '../../machine/sequencer.js';
import type { CompiledNetwork, ScheduleTarget } from '../compile.js';
import type {
  ScheduleData,
  ScheduleEngine,
  ScheduleResult,
  ScheduleRun,
  WorkersExplanation,
} from '../engine.js';
import { explainSchedule } from '../explain.js';
import { batchHeader } from '../operations.js';
import {
  decodeStatistics,
  encodeHeader,
  encodeSteps,
  firstWrites,
  layoutReplica,
  type ReplicaLayout,
  readState,
  stateWrites,
} from '../replica.js';
import { MachineData, type Piece } from './data.js';
import { runFailure } from './failure.js';
import { ARRIVE_KEY, CONTROL_KEY, DONE_KEY, entriesOf, type SchedulePlaces } from './place.js';

/** Core cycles between done packets of neighbours: the sequencer takes one in some 30. */
const DONE_SPACING = 100;
/** A batch is given up for lost after so many times its estimated time, and that much besides; ms of machine time. */
const PATIENCE = 20;
const PATIENCE_MS = 2_000;
/** The sequencer counts milliseconds in 32 bit, and takes 16 times the longest batch. */
const MOST_PATIENCE_MS = 2 ** 27;
/** Blocks of data begin at multiples of this, bytes. */
const ALIGNMENT = 16;
/** How long programs may take to start, ms of the wall clock. */
const START_MS = 30_000;

interface Prepared {
  readonly network: CompiledNetwork;
  readonly layout: ReplicaLayout;
  /** Address of the replica's memory. */
  readonly memory: number;
}

/** Programs that run. */
interface Running {
  /** Longest time of a batch, ms of machine time. */
  readonly budgetMs: number;
  readonly sequencer: Sequencer;
  /** Address of the region table of each worker, and then of the sequencer. */
  readonly tables: readonly number[];
  /** Address of the workers' overlays. */
  readonly overlays: number;
}

/** A machine with workers. */
export class MachineScheduleEngine implements ScheduleEngine {
  readonly target: ScheduleTarget;
  readonly #host: Host;
  readonly #places: SchedulePlaces;
  readonly #ids: ApplicationIds;
  readonly #chip: ChipAddress;
  readonly #workers: readonly number[];
  readonly #regions: readonly RegionMap[];
  /** By slot. */
  readonly #data: (MachineData | undefined)[] = [];
  readonly #dataBytes: number | undefined;
  readonly #onStage: MachineEngineOptions['onStage'];
  /** Cycles of the last run in which each worker was busy. */
  #busy: number[] = [];
  /** Of all routers, as they were before they were made patient. */
  #routers: readonly RouterControl[] | undefined;
  #running: Running | undefined;
  #prepared: Prepared | undefined;
  #steps = 0;

  /** Programs are started when the first network is prepared. */
  constructor(
    host: Host,
    places: SchedulePlaces,
    ids: ApplicationIds,
    { dataBytes, onStage }: Pick<MachineEngineOptions, 'dataBytes' | 'onStage'> = {},
  ) {
    this.#dataBytes = dataBytes;
    this.#onStage = onStage;
    const { x, y, workers } = places.replica;
    this.target = { workers: workers.length, replicas: 1, arenaBytes: LAYERS_ARENA_BYTES };
    this.#host = host;
    this.#places = places;
    this.#ids = ids;
    this.#chip = { x, y };
    this.#workers = workers;
    const own = regionMap([layersConfiguration.size, layersReport.size]);
    this.#regions = [...workers.map(() => own), sequencerRegions()];
  }

  async prepare(network: CompiledNetwork): Promise<void> {
    const { controller } = this.#host;
    if (this.#prepared) await controller.freeSdram(this.#chip, this.#prepared.memory);
    this.#prepared = undefined;
    const budgetMs = budgetOf(network);
    if (budgetMs > (this.#running?.budgetMs ?? 0)) await this.#start(budgetMs);
    const layout = layoutReplica(network);
    const memory = await this.#allocate(layout.bytes);
    this.#prepared = { network, layout, memory };
    await controller.fill(this.#chip, memory, layout.bytes);
    for (const { offset, bytes } of firstWrites(network, layout)) {
      await controller.write(this.#chip, memory + offset, bytes);
    }
    await this.#writeTemplate(0, new Map(), 0);
    await this.#writeConfigurations(this.#prepared);
  }

  async load(slot: DataSlot, data: ScheduleData): Promise<void> {
    const { network } = this.#needPrepared();
    const before = this.#data[slot];
    if (before?.holds(data, network)) return;
    this.#data[slot] = undefined;
    await before?.free();
    const { dense } = this.#ids;
    const most = this.#dataBytes;
    this.#data[slot] = await MachineData.create(this.#host, this.#chip, dense, network, data, most);
  }

  async setState(state: FloatState): Promise<void> {
    const { network, memory } = this.#needPrepared();
    for (const { offset, bytes } of stateWrites(network, state)) {
      await this.#host.controller.write(this.#chip, memory + offset, bytes);
    }
    this.#steps = state.steps;
    await this.#execute(operationOf(SequencerOperation.LoadWeights));
  }

  async getState(): Promise<FloatState> {
    const { network, memory } = this.#needPrepared();
    return readState(network, this.#steps, (offset, bytes) =>
      this.#host.controller.read(this.#chip, memory + offset, bytes),
    );
  }

  async run(request: ScheduleRun): Promise<ScheduleResult> {
    const { network, memory, layout } = this.#needPrepared();
    const { controller } = this.#host;
    const slot = this.#data[request.slot];
    if (slot === undefined) throw new RangeError(`no data was loaded into slot ${request.slot}`);
    const { mode, rates = [], keepsOutputs, batchSize } = request;
    const { samples } = slot.data;
    const table = encodeSteps(network.request, rates, this.#steps);
    const steps = await this.#allocate(Math.max(ALIGNMENT, table.length));
    const kept = keepsOutputs ? network.outputs : [];
    const outputs = kept.map(({ size }) => new Float32Array(samples * size));
    const costs: MachineCost[] = [];
    this.#busy = [];
    try {
      await controller.write(this.#chip, steps, table);
      const statisticsBytes = layout.statisticsStride * network.target.workers;
      await controller.fill(this.#chip, memory + layout.statistics, statisticsBytes);
      for (const piece of slot.pieces(request)) {
        const places = await slot.bring(piece);
        const streams = new Map([...places].map(([stream, at]) => [stream, at - memory]));
        if (!keepsOutputs) for (const { stream } of network.outputs) streams.delete(stream);
        await this.#writeTemplate(request.slot, streams, steps - memory);
        const before = Math.floor(piece.first / batchSize);
        costs.push(
          await this.#execute(commandOf(request, piece), (batches) =>
            request.onBatch?.(before + batches),
          ),
        );
        await slot.collect(piece, kept, outputs);
      }
      const batches = Math.ceil(samples / batchSize);
      if (mode === 'train') this.#steps += batches;
      const blocks: Uint8Array[] = [];
      for (let worker = 0; worker < network.target.workers; worker++) {
        const at = memory + layout.statistics + worker * layout.statisticsStride;
        blocks.push(await controller.read(this.#chip, at, layout.statisticsStride));
      }
      return {
        batches,
        samples,
        ...decodeStatistics(network, blocks),
        ...(keepsOutputs && { outputs }),
        machine: sumOf(costs),
      };
    } finally {
      await controller.freeSdram(this.#chip, steps);
    }
  }

  workers(): WorkersExplanation {
    const { width, height, chips } = this.#host.machine;
    const { sequencer } = this.#places;
    return {
      machine: { width, height, chips: chips.map(({ x, y, cores }) => ({ x, y, cores })) },
      workers: this.#workers.map((core, worker) => ({
        ...this.#chip,
        core,
        busyCycles: this.#busy[worker] ?? 0,
      })),
      sequencer,
    };
  }

  async close(): Promise<void> {
    try {
      await this.#clear();
      await restoreWaits(this.#host, this.#routers ?? []);
    } finally {
      await this.#host.close();
    }
  }

  /** Starts programs in place of those that run, and of all that they had. */
  async #start(budgetMs: number): Promise<void> {
    const { controller } = this.#host;
    const { sequencer } = this.#places;
    this.#running = undefined;
    this.#data.length = 0;
    this.#onStage?.('load');
    await this.#clear();
    const code = layersOverlays();
    const overlays = await this.#allocate(code.length);
    await controller.write(this.#chip, overlays, code);
    let next = await this.#allocate(this.#regions.reduce((sum, { size }) => sum + size, 0));
    const tables = this.#regions.map(({ size }) => {
      const table = next;
      next += size;
      return table;
    });
    const cores = [...this.#workers.map((core) => ({ ...this.#chip, core })), sequencer];
    const network = { sequencer: this.#workers.length };
    const deployment = { places: cores, regions: this.#regions, network };
    this.#running = {
      budgetMs,
      tables,
      overlays,
      sequencer: new Sequencer(this.#host, deployment, tables, this.#ids),
    };
    for (const [vertex, { core }] of cores.entries()) {
      const [table, regions] = [tables[vertex] as number, this.#regions[vertex] as RegionMap];
      await controller.fill(this.#chip, table, regions.size);
      await controller.write(this.#chip, table, encodeRegionTable(regions, table));
      const user0 = new Uint8Array(4);
      new DataView(user0.buffer).setUint32(0, table, true);
      await controller.scp.send(this.#chip, write(vcpuField(core, 'user0').address, user0));
    }
    await this.#writeSequencer();
    await this.#writeConfigurations(undefined);
    await controller.loadRoutingTable(this.#chip, entriesOf(this.#places), this.#ids.dense);
    // All workers arrive at a barrier at once: packets queue for longer than the monitor lets them.
    this.#routers ??= await lengthenWaits(this.#host);
    this.#onStage?.('start');
    const own = [{ chip: this.#chip, cores: this.#workers }];
    const last = [{ chip: this.#chip, cores: [sequencer.core] }];
    const limits = { timeoutMs: START_MS };
    await controller.loadApplication(layersImage(), own, this.#ids.dense, limits);
    await controller.waitForState(own, CoreState.Run, limits);
    await controller.loadApplication(sequencerImage(), last, this.#ids.sequencer, limits);
    await controller.waitForState(last, CoreState.Run, limits);
  }

  /** Stops what runs under our identifiers, and frees what it has. */
  async #clear(): Promise<void> {
    const { controller } = this.#host;
    await controller.signal(Signal.Stop, this.#ids.dense);
    await controller.signal(Signal.Stop, this.#ids.sequencer);
    await controller.freeRoutingEntriesOfApp(this.#chip, this.#ids.dense);
    await controller.freeSdramOfApp(this.#chip, this.#ids.dense);
  }

  #allocate(bytes: number): Promise<number> {
    return this.#host.controller.allocateSdram(this.#chip, bytes, { appId: this.#ids.dense });
  }

  #needRunning(): Running {
    if (this.#running === undefined) throw new RangeError('no program runs: call prepare first');
    return this.#running;
  }

  #needPrepared(): Prepared {
    if (this.#prepared === undefined) {
      throw new RangeError('the engine has no network: call prepare first');
    }
    return this.#prepared;
  }

  async #writeTemplate(
    slot: DataSlot,
    streams: ReadonlyMap<number, number>,
    steps: number,
  ): Promise<void> {
    const { network, memory, layout } = this.#needPrepared();
    const bytes = encodeHeader(network, layout, {
      mode: 'predict',
      samples: 0,
      firstSample: 0,
      batchSamples: 1,
      position: 0,
      epochSamples: 1,
      shuffleSeed: undefined,
      steps,
      step: 0,
      replica: 0,
      streams,
    });
    const at = memory + layout.templates + slot * batchHeader.size;
    await this.#host.controller.write(this.#chip, at, bytes);
  }

  async #writeSequencer(): Promise<void> {
    const vertex = this.target.workers;
    const bytes = encodeLayout(sequencerConfiguration, {
      bytes: sequencerConfiguration.size,
      cores: this.target.workers,
      controlKey: CONTROL_KEY,
      doneKey: DONE_KEY,
      sendGap: MINIMUM_SEND_GAP,
      budget: this.#needRunning().budgetMs,
      // Weights are stepped where they lie, so that a batch cannot be taken back.
      attempts: 1,
    });
    await this.#host.controller.write(this.#chip, this.#regionOf(vertex, 0), bytes);
  }

  async #writeConfigurations(prepared: Prepared | undefined): Promise<void> {
    const { workers } = this.target;
    const { overlays } = this.#needRunning();
    for (let worker = 0; worker < workers; worker++) {
      const bytes = encodeLayout(layersConfiguration, {
        bytes: layersConfiguration.size,
        worker,
        workers,
        replica: 0,
        samples: prepared?.network.samples ?? 0,
        memory: prepared?.memory ?? 0,
        schedule: prepared?.layout.schedule ?? 0,
        operations: prepared?.network.operations.length ?? 0,
        loading: prepared?.layout.loading ?? 0,
        loadingOperations: prepared?.network.loadingOperations ?? 0,
        header: prepared?.layout.header ?? 0,
        templates: prepared?.layout.templates ?? 0,
        doneKey: DONE_KEY,
        doneDelay: DONE_SPACING * worker,
        arriveKey: ARRIVE_KEY,
        sendGap: MINIMUM_SEND_GAP,
        overlays,
      });
      const at = this.#regionOf(worker, LayersRegion.Configuration);
      await this.#host.controller.write(this.#chip, at, bytes);
    }
  }

  #regionOf(vertex: number, region: number): number {
    return regionAddress({ regions: this.#regions }, this.#needRunning().tables, vertex, region);
  }

  async #execute(command: Command, onBatch?: (batches: number) => void): Promise<MachineCost> {
    const before = await readCounts(this.#host);
    const busyBefore = await this.#busyCycles();
    const progress = await this.#needRunning().sequencer.execute(command, ({ batchesDone }) => {
      onBatch?.(batchesDone);
    });
    const after = await readCounts(this.#host);
    const drops = await dropsBetween(this.#host, before, after);
    // Workers may wait for one another for ever, or miscount: the next network starts them anew.
    if (progress?.state !== SequencerState.Finished || drops.length > 0) this.#running = undefined;
    if (progress?.state !== SequencerState.Finished) {
      const failure = await runFailure(this.#host, this.#places, progress);
      throw drops.length > 0 ? new PacketsDroppedError(drops, failure) : failure;
    }
    if (drops.length > 0) throw new PacketsDroppedError(drops);
    const busyAfter = await this.#busyCycles();
    let busy = 0;
    for (const [worker, cycles] of busyAfter.entries()) {
      const own = cycles - (busyBefore[worker] as number);
      this.#busy[worker] = (this.#busy[worker] ?? 0) + own;
      busy += own;
    }
    const cost = runCost(this.#host.machine, Number(progress.elapsed), busy, before, after);
    return { ...cost, packetsDropped: 0, batchesRepeated: 0 };
  }

  /** Cycles that each worker has been busy since its start, as of its last report. */
  async #busyCycles(): Promise<number[]> {
    const cycles: number[] = [];
    for (let worker = 0; worker < this.target.workers; worker++) {
      const at = this.#regionOf(worker, LayersRegion.Report);
      const bytes = await this.#host.controller.read(this.#chip, at, layersReport.size);
      cycles.push(Number(decodeLayout(layersReport, bytes).busyCycles));
    }
    return cycles;
  }
}

function budgetOf(network: CompiledNetwork): number {
  const { seconds } = explainSchedule(network);
  return Math.min(MOST_PATIENCE_MS, PATIENCE_MS + Math.ceil(PATIENCE * seconds.training * 1000));
}

function commandOf(
  { mode, slot, batchSize, shuffleSeed }: ScheduleRun,
  { first, end, order }: Piece,
): Command {
  const shuffles = shuffleSeed !== undefined && order === undefined;
  return {
    operation: SequencerOperation.Run,
    flags:
      (mode === 'train' ? RunFlag.Train : mode === 'evaluate' ? RunFlag.Evaluate : 0) |
      (shuffles ? RunFlag.Shuffle : 0) |
      (slot << RunFlag.SlotShift),
    samples: end,
    firstSample: first,
    batch: batchSize,
    seed: shuffleSeed ?? 0,
    mantissa: 0,
    exponent: 0,
    lastMantissa: 0,
    lastExponent: 0,
  };
}

function sumOf(costs: readonly MachineCost[]): MachineCost {
  const sum = (of: (cost: MachineCost) => number) => costs.reduce((all, cost) => all + of(cost), 0);
  return {
    seconds: sum(({ seconds }) => seconds),
    joules: sum(({ joules }) => joules),
    packetsSent: sum(({ packetsSent }) => packetsSent),
    packetsDropped: sum(({ packetsDropped }) => packetsDropped),
    batchesRepeated: sum(({ batchesRepeated }) => batchesRepeated),
  };
}
