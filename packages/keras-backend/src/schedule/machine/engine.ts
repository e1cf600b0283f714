/** Computes schedules on a SpiNNaker machine, real or virtual. */
import { type ChipAddress, CoreState, Signal, vcpuField, write } from '@spin-tools/scp';
import type { DataSlot, MachineCost, MachineSpread } from '../../engine.js';
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
  replicaExchange,
  SequencerOperation,
  SequencerState,
  sequencerConfiguration,
} from '../../layouts/index.js';
import { costSum } from '../../machine/cost-sum.js';
import { dropsAfterFailure, dropsBetween, readCounts } from '../../machine/drops.js';
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
import {
  type Command,
  type CommandWatcher,
  operationOf,
  type Progress,
  patienceMs,
  Sequencer,
} from '../../machine/sequencer.js';
import type { CompiledNetwork, ScheduleTarget } from '../compile.js';
import type {
  ScheduleData,
  ScheduleEngine,
  ScheduleResult,
  ScheduleRun,
  WorkersExplanation,
} from '../engine.js';
import { explainSchedule, type ScheduleExplanation } from '../explain.js';
import { batchHeader } from '../operations.js';
import {
  decodeStatistics,
  encodeHeader,
  encodeSteps,
  firstWrites,
  type HeaderValues,
  layoutReplica,
  type ReplicaLayout,
  readState,
  stateWrites,
} from '../replica.js';
import { batchBytes, MachineData, type Piece } from './data.js';
import { DONE_SPACING, type ExchangeGaps, encodeExchange } from './exchange.js';
import { runFailure, type WorkerReport } from './failure.js';
import type { SchedulePlaces } from './place.js';
import {
  ARRIVE_KEY,
  CONTROL_KEY,
  DONE_KEY,
  READY_KEY,
  REDUCE_KEY,
  type ScheduleRoutes,
  SHARE_KEY,
  workerKey,
} from './routes.js';
import { replicaBytes } from './spread.js';

/** A batch is given up for lost after so many times its estimated time, and that much besides; ms of machine time. */
const PATIENCE = 20;
const PATIENCE_MS = 2_000;
/** The sequencer counts milliseconds in 32 bit, and takes 16 times the longest batch. */
const MOST_PATIENCE_MS = 2 ** 27;
/** Blocks of data begin at multiples of this, bytes. */
const ALIGNMENT = 16;
const WORD_BYTES = 4;
/** How long programs may take to start, ms of the wall clock. */
const START_MS = 30_000;

interface Prepared {
  readonly network: CompiledNetwork;
  readonly layout: ReplicaLayout;
  /** Address of each replica's memory. */
  readonly memories: readonly number[];
}

/** Where a schedule runs, and how its packets get about. */
export interface ScheduleNetwork extends ScheduleRoutes {
  readonly places: SchedulePlaces;
  readonly gaps: ExchangeGaps;
  readonly spread?: MachineSpread;
}

/** Programs that run. */
interface Running {
  /** Longest time of a batch, ms of machine time. */
  readonly budgetMs: number;
  readonly sequencer: Sequencer;
  /** Address of the region table of each worker, replica by replica, and then of the sequencer. */
  readonly tables: readonly number[];
  /** Address of the workers' overlays on the chip of each replica. */
  readonly overlays: readonly number[];
  /** Address of what they know about the exchange, likewise. */
  readonly exchanges: readonly number[];
}

/** A machine with workers. */
export class MachineScheduleEngine implements ScheduleEngine {
  readonly target: ScheduleTarget;
  readonly #host: Host;
  readonly #network: ScheduleNetwork;
  readonly #ids: ApplicationIds;
  /** Of the replicas. */
  readonly #chips: readonly ChipAddress[];
  /** Of all workers, replica by replica. */
  readonly #workers: readonly (ChipAddress & { readonly core: number })[];
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
    network: ScheduleNetwork,
    ids: ApplicationIds,
    { dataBytes, onStage }: Pick<MachineEngineOptions, 'dataBytes' | 'onStage'> = {},
  ) {
    this.#dataBytes = dataBytes;
    this.#onStage = onStage;
    const { replicas } = network.places;
    this.#chips = replicas.map(({ x, y }) => ({ x, y }));
    this.#workers = replicas.flatMap(({ x, y, workers }) =>
      workers.map((core) => ({ x, y, core })),
    );
    this.target = {
      workers: this.#workers.length / replicas.length,
      replicas: replicas.length,
      arenaBytes: LAYERS_ARENA_BYTES,
    };
    this.#host = host;
    this.#network = network;
    this.#ids = ids;
    const own = regionMap([layersConfiguration.size, layersReport.size]);
    this.#regions = [...this.#workers.map(() => own), sequencerRegions()];
  }

  hasRoom(explanation: ScheduleExplanation): boolean {
    const { machine } = this.#host;
    const free = this.#chips.map(({ x, y }) => machine.chipAt(x, y)?.sdramBytes ?? 0);
    return replicaBytes(explanation) <= Math.min(...free);
  }

  async prepare(network: CompiledNetwork): Promise<void> {
    const { controller } = this.#host;
    const before = this.#prepared;
    if (before) {
      await this.#onEach((chip, replica) =>
        controller.freeSdram(chip, before.memories[replica] as number),
      );
    }
    this.#prepared = undefined;
    const budgetMs = budgetOf(network);
    if (budgetMs > (this.#running?.budgetMs ?? 0)) await this.#start(budgetMs);
    const layout = layoutReplica(network);
    if (!(await this.#isFree(layout.bytes))) await this.#freeData();
    const memories = await this.#allocate(layout.bytes);
    this.#prepared = { network, layout, memories };
    const nothing = { streams: new Map<number, number>(), steps: 0 };
    await this.#onEach(async (chip, replica) => {
      const memory = memories[replica] as number;
      await controller.fill(chip, memory, layout.bytes);
      for (const { offset, bytes } of firstWrites(network, layout)) {
        await controller.write(chip, memory + offset, bytes);
      }
      await this.#writeTemplate(0, replica, nothing);
    });
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
    // Data of the other slot may have taken all there was.
    if (!(await this.#isFree(batchBytes(network, data)))) await this.#freeData();
    this.#data[slot] = await MachineData.create(
      this.#host,
      this.#chips,
      dense,
      network,
      data,
      most,
    );
  }

  async setState(state: FloatState): Promise<void> {
    const { network, memories } = this.#needPrepared();
    const writes = stateWrites(network, state);
    await this.#onEach(async (chip, replica) => {
      for (const { offset, bytes } of writes) {
        await this.#host.controller.write(chip, (memories[replica] as number) + offset, bytes);
      }
    });
    this.#steps = state.steps;
    await this.#execute(operationOf(SequencerOperation.LoadWeights));
  }

  /** All replicas have the weights; what the optimiser remembers, those that step them. */
  async getState(): Promise<FloatState> {
    const { network, memories } = this.#needPrepared();
    const { per, target } = network;
    const read = (replica: number, offset: number, bytes: number) =>
      this.#host.controller.read(
        this.#chips[replica] as ChipAddress,
        (memories[replica] as number) + offset,
        bytes,
      );
    return readState(network, this.#steps, async (offset, bytes, { slots, first }) => {
      if (first === undefined || !slots.includes(offset)) return read(0, offset, bytes);
      const result = new Uint8Array(bytes);
      const owned = WORD_BYTES * per * target.workers;
      for (let replica = 0; replica < target.replicas; replica++) {
        const start = Math.max(0, replica * owned - WORD_BYTES * first);
        const end = Math.min(bytes, (replica + 1) * owned - WORD_BYTES * first);
        if (end > start) result.set(await read(replica, offset + start, end - start), start);
      }
      return result;
    });
  }

  async run(request: ScheduleRun): Promise<ScheduleResult> {
    const { network, memories, layout } = this.#needPrepared();
    const { controller } = this.#host;
    const slot = this.#data[request.slot];
    if (slot === undefined) throw new RangeError(`no data was loaded into slot ${request.slot}`);
    const { mode, rates = [], keepsOutputs } = request;
    const stops = () => mode === 'train' && request.stops?.() === true;
    const table = encodeSteps(network.request, rates, this.#steps);
    const tables = await this.#allocate(Math.max(ALIGNMENT, table.length));
    const kept = keepsOutputs ? network.outputs : [];
    const outputs = kept.map(({ size }) => new Float32Array(slot.data.samples * size));
    const costs: MachineCost[] = [];
    let batches = 0;
    let samples = 0;
    this.#busy = [];
    const free = () =>
      this.#onEach((chip, replica) => controller.freeSdram(chip, tables[replica] as number));
    try {
      const statisticsBytes = layout.statisticsStride * network.target.workers;
      await this.#onEach(async (chip, replica) => {
        await controller.write(chip, tables[replica] as number, table);
        await controller.fill(
          chip,
          (memories[replica] as number) + layout.statistics,
          statisticsBytes,
        );
      });
      for (const piece of slot.pieces(request)) {
        const places = await slot.bring(piece);
        await this.#onEach(async (_, replica) => {
          const memory = memories[replica] as number;
          const streams = new Map(
            [...(places[replica] ?? [])].map(([stream, at]) => [stream, at - memory]),
          );
          if (!keepsOutputs) for (const { stream } of network.outputs) streams.delete(stream);
          const steps = (tables[replica] as number) - memory;
          await this.#writeTemplate(request.slot, replica, { streams, steps });
        });
        const before = batches;
        const command = commandOf(request, piece, slot.data.samples);
        const { progress, cost } = await this.#execute(command, {
          onProgress: ({ batchesDone }) => request.onBatch?.(before + batchesDone),
          stops,
        });
        costs.push(cost);
        batches += progress.batchesDone;
        samples += progress.samplesDone;
        await slot.collect(piece, progress.samplesDone, request, kept, outputs);
        if (stops()) break;
      }
      if (mode === 'train') this.#steps += batches;
      const blocks: Uint8Array[] = [];
      await this.#onEach(async (chip, replica) => {
        const at = (memories[replica] as number) + layout.statistics;
        const bytes = await controller.read(chip, at, statisticsBytes);
        for (let from = 0; from < bytes.length; from += layout.statisticsStride) {
          blocks.push(bytes.subarray(from, from + layout.statisticsStride));
        }
      });
      await free();
      const machine = costSum(costs);
      return {
        batches,
        samples,
        ...decodeStatistics(network, blocks),
        ...(keepsOutputs && { outputs }),
        ...(machine && { machine }),
      };
    } catch (error) {
      // A machine that failed may not answer any more; why it did says more than that.
      await free().catch(() => undefined);
      throw error;
    }
  }

  workers(): WorkersExplanation {
    const { width, height, chips } = this.#host.machine;
    const { sequencer } = this.#network.places;
    return {
      machine: { width, height, chips: chips.map(({ x, y, cores }) => ({ x, y, cores })) },
      workers: this.#workers.map((core, worker) => ({
        ...core,
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
    const { places, tables: routes, trees, gaps } = this.#network;
    const { sequencer } = places;
    this.#running = undefined;
    this.#data.length = 0;
    this.#onStage?.('load');
    await this.#clear();
    const code = layersOverlays();
    const overlays = await this.#allocate(code.length);
    await this.#onEach((chip, replica) =>
      controller.write(chip, overlays[replica] as number, code),
    );
    const exchanges = await this.#allocate(replicaExchange.size);
    await this.#onEach((chip, replica) =>
      controller.write(chip, exchanges[replica] as number, encodeExchange(trees, gaps, replica)),
    );
    const cores = [...this.#workers, sequencer];
    const { workers } = this.target;
    const blocks = await this.#allocate(
      this.#regions.slice(-1 - workers).reduce((sum, { size }) => sum + size, 0),
    );
    // The sequencer's regions lie behind those of the first replica's workers.
    const tables = this.#regions.map((_, vertex) => {
      const replica = vertex === this.#workers.length ? 0 : Math.floor(vertex / workers);
      const before = vertex === this.#workers.length ? workers : vertex % workers;
      return (blocks[replica] as number) + before * (this.#regions[0] as RegionMap).size;
    });
    const network = { sequencer: this.#workers.length };
    const deployment = { places: cores, regions: this.#regions, network };
    this.#running = {
      budgetMs,
      tables,
      overlays,
      exchanges,
      sequencer: new Sequencer(this.#host, deployment, tables, this.#ids, patienceMs(budgetMs, 1)),
    };
    for (const [vertex, { x, y, core }] of cores.entries()) {
      const [table, regions] = [tables[vertex] as number, this.#regions[vertex] as RegionMap];
      await controller.fill({ x, y }, table, regions.size);
      await controller.write({ x, y }, table, encodeRegionTable(regions, table));
      const user0 = new Uint8Array(WORD_BYTES);
      new DataView(user0.buffer).setUint32(0, table, true);
      await controller.scp.send({ x, y }, write(vcpuField(core, 'user0').address, user0));
    }
    await this.#writeSequencer();
    await this.#writeConfigurations(undefined);
    for (const { x, y, entries } of routes) {
      await controller.loadRoutingTable({ x, y }, entries, this.#ids.dense);
    }
    // All workers arrive at a barrier at once: packets queue for longer than the monitor lets them.
    this.#routers ??= await lengthenWaits(this.#host);
    this.#onStage?.('start');
    const own = places.replicas.map(({ x, y, workers: own }) => ({ chip: { x, y }, cores: own }));
    const { x, y } = sequencer;
    const last = [{ chip: { x, y }, cores: [sequencer.core] }];
    const limits = { timeoutMs: START_MS * places.replicas.length };
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
    for (const { x, y } of this.#network.tables) {
      await controller.freeRoutingEntriesOfApp({ x, y }, this.#ids.dense);
    }
    await this.#onEach((chip) => controller.freeSdramOfApp(chip, this.#ids.dense));
  }

  /** Does something on the chip of every replica, on all at the same time. */
  #onEach<Result>(
    work: (chip: ChipAddress, replica: number) => Promise<Result>,
  ): Promise<Result[]> {
    return Promise.all(this.#chips.map(work));
  }

  /** Memory of the same size for every replica: addresses. */
  #allocate(bytes: number): Promise<number[]> {
    const { controller } = this.#host;
    return this.#onEach((chip) =>
      controller.allocateSdram(chip, bytes, { appId: this.#ids.dense }),
    );
  }

  /** Whether there is a block of so many bytes on the chips of all replicas. */
  async #isFree(bytes: number): Promise<boolean> {
    const spaces = await this.#onEach((chip) => this.#host.controller.sdramSpace(chip));
    return spaces.every(({ largest }) => largest >= bytes);
  }

  /** Gives the memory of all data sets back; they are brought again when they are needed. */
  async #freeData(): Promise<void> {
    for (const data of this.#data.splice(0)) await data?.free();
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
    replica: number,
    { streams, steps }: Pick<HeaderValues, 'streams' | 'steps'>,
  ): Promise<void> {
    const { network, memories, layout } = this.#needPrepared();
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
      replica,
      streams,
    });
    const at = (memories[replica] as number) + layout.templates + slot * batchHeader.size;
    await this.#host.controller.write(this.#chips[replica] as ChipAddress, at, bytes);
  }

  async #writeSequencer(): Promise<void> {
    const vertex = this.#workers.length;
    const bytes = encodeLayout(sequencerConfiguration, {
      bytes: sequencerConfiguration.size,
      cores: this.#workers.length,
      controlKey: CONTROL_KEY,
      doneKey: DONE_KEY,
      sendGap: MINIMUM_SEND_GAP,
      budget: this.#needRunning().budgetMs,
      // Weights are stepped where they lie, so that a batch cannot be taken back.
      attempts: 1,
    });
    const { x, y } = this.#network.places.sequencer;
    await this.#host.controller.write({ x, y }, this.#regionOf(vertex, 0), bytes);
  }

  async #writeConfigurations(prepared: Prepared | undefined): Promise<void> {
    const { overlays, exchanges } = this.#needRunning();
    const { workers, replicas } = this.target;
    for (const [vertex, { x, y }] of this.#workers.entries()) {
      const [replica, worker] = [Math.floor(vertex / workers), vertex % workers];
      const bytes = encodeLayout(layersConfiguration, {
        bytes: layersConfiguration.size,
        worker,
        workers,
        replica,
        replicas,
        samples: prepared?.network.samples ?? 0,
        memory: prepared?.memories[replica] ?? 0,
        schedule: prepared?.layout.schedule ?? 0,
        operations: prepared?.network.operations.length ?? 0,
        loading: prepared?.layout.loading ?? 0,
        loadingOperations: prepared?.network.loadingOperations ?? 0,
        header: prepared?.layout.header ?? 0,
        templates: prepared?.layout.templates ?? 0,
        doneKey: DONE_KEY,
        doneDelay: DONE_SPACING * vertex,
        arriveKey: ARRIVE_KEY,
        reduceKey: workerKey(REDUCE_KEY, 0, worker),
        shareKey: workerKey(SHARE_KEY, replica, worker),
        readyKey: workerKey(READY_KEY, replica, 0),
        exchange: exchanges[replica] as number,
        sendGap: MINIMUM_SEND_GAP,
        overlays: overlays[replica] as number,
      });
      const at = this.#regionOf(vertex, LayersRegion.Configuration);
      await this.#host.controller.write({ x, y }, at, bytes);
    }
  }

  #regionOf(vertex: number, region: number): number {
    return regionAddress({ regions: this.#regions }, this.#needRunning().tables, vertex, region);
  }

  async #execute(
    command: Command,
    watcher?: CommandWatcher,
  ): Promise<{ readonly progress: Progress; readonly cost: MachineCost }> {
    const before = await readCounts(this.#host);
    const busyBefore = await this.#busyCycles();
    const progress = await this.#needRunning().sequencer.execute(command, watcher);
    // Workers may wait for one another for ever, or miscount: the next network starts them anew.
    if (progress?.state !== SequencerState.Finished) {
      const reports = await this.#reports().catch(() => []);
      this.#running = undefined;
      const failure = await runFailure(this.#host, this.#network.places, progress, reports);
      const drops = await dropsAfterFailure(this.#host, before);
      throw drops.length > 0 ? new PacketsDroppedError(drops, failure) : failure;
    }
    const after = await readCounts(this.#host);
    const drops = await dropsBetween(this.#host, before, after);
    if (drops.length > 0) {
      this.#running = undefined;
      throw new PacketsDroppedError(drops);
    }
    const busyAfter = await this.#busyCycles();
    let busy = 0;
    for (const [worker, cycles] of busyAfter.entries()) {
      const own = cycles - (busyBefore[worker] as number);
      this.#busy[worker] = (this.#busy[worker] ?? 0) + own;
      busy += own;
    }
    const cost = runCost(this.#host.machine, Number(progress.elapsed), busy, before, after);
    const { spread } = this.#network;
    const lost = { packetsDropped: 0, batchesRepeated: 0 };
    return { progress, cost: { ...cost, ...lost, ...(spread && { spread }) } };
  }

  /** Cycles that each worker has been busy since its start, as of its last report. */
  async #busyCycles(): Promise<number[]> {
    return (await this.#reports()).map(({ busyCycles }) => Number(busyCycles));
  }

  #reports(): Promise<WorkerReport[]> {
    return Promise.all(
      this.#workers.map(async ({ x, y }, vertex) => {
        const at = this.#regionOf(vertex, LayersRegion.Report);
        const bytes = await this.#host.controller.read({ x, y }, at, layersReport.size);
        return decodeLayout(layersReport, bytes);
      }),
    );
  }
}

function budgetOf(network: CompiledNetwork): number {
  const { seconds } = explainSchedule(network);
  return Math.min(MOST_PATIENCE_MS, PATIENCE_MS + Math.ceil(PATIENCE * seconds.training * 1000));
}

function commandOf(
  { mode, slot, batchSize, shuffleSeed }: ScheduleRun,
  { first, end, order }: Piece,
  samples: number,
): Command {
  const shuffles = shuffleSeed !== undefined && order === undefined;
  return {
    operation: SequencerOperation.Run,
    flags:
      (mode === 'train' ? RunFlag.Train : mode === 'evaluate' ? RunFlag.Evaluate : 0) |
      (shuffles ? RunFlag.Shuffle : 0) |
      (slot << RunFlag.SlotShift),
    samples,
    firstSample: first,
    endSample: end,
    batch: batchSize,
    seed: shuffleSeed ?? 0,
    mantissa: 0,
    exponent: 0,
    lastMantissa: 0,
    lastExponent: 0,
  };
}
