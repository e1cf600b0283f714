/** The engine that trains on a SpiNNaker machine. */
import { LOGARITHM_FRACTION, shuffledIndex } from '@spin-tools/sim/fixed';
import type {
  DataSet,
  DataSlot,
  Engine,
  LayerPlan,
  LayerWeights,
  MachineCost,
  RunRequest,
  RunResult,
} from '../engine.js';
import { SequencerOperation, SequencerState } from '../layouts/index.js';
import { countCategorical } from './accuracy.js';
import {
  type NetworkMemory,
  readWeights,
  writeConfigurations,
  writeWeights,
} from './core-regions.js';
import { checkData } from './data-layout.js';
import { freeData, type LoadedData, loadData, readOutputs } from './data-sets.js';
import type { Deployment } from './deployment.js';
import { diagnose } from './diagnosis.js';
import { dropsAfterFailure, dropsBetween, type RouterCounts, readCounts } from './drops.js';
import { PacketsDroppedError } from './errors.js';
import { type DeploymentExplanation, explain } from './explain.js';
import type { ApplicationIds, Host } from './host.js';
import { clearApplications } from './load.js';
import { type CoreProvenance, provenanceOf } from './provenance.js';
import { type RouterControl, restoreWaits } from './router-waits.js';
import { runCommand } from './run-command.js';
import { runCost } from './run-cost.js';
import {
  type Command,
  type CommandWatcher,
  type Operation,
  operationOf,
  type Progress,
  Sequencer,
} from './sequencer.js';
import {
  type DenseStatistics,
  layerSaturations,
  type NetworkStatistics,
  readStatistics,
  totalsOf,
} from './statistics.js';
import { checkWeights } from './weights.js';

/** An {@link Engine} on a machine, with what reports need. */
export interface MachineEngine extends Engine {
  /** How the network lies on the machine: tiles, places, link loads. Plain JSON. */
  explain(): DeploymentExplanation;
  /** Seconds that placing and routing the network took on this computer. */
  readonly mappingSeconds: number;
  /** What each dense core counted in the last run, by index. */
  statistics(): readonly DenseStatistics[];
  /** The same for people and reports: where each core's cycles went. Plain JSON. */
  provenance(): CoreProvenance[];
}

/** What a {@link LoadedEngine} is made of. */
export interface LoadedNetwork extends NetworkMemory {
  readonly ids: ApplicationIds;
  readonly routers: readonly RouterControl[];
}

/** An engine whose programs run. */
export class LoadedEngine implements MachineEngine {
  readonly #host: Host;
  readonly #deployment: Deployment;
  readonly #ids: ApplicationIds;
  readonly #memory: NetworkMemory;
  readonly #routers: readonly RouterControl[];
  readonly #sequencer: Sequencer;
  readonly #data: [LoadedData | undefined, LoadedData | undefined] = [undefined, undefined];
  #statistics: readonly DenseStatistics[] = [];
  /** Cores do not know yet where their data lies. */
  #dataMoved = false;
  /** Cores have newer weights than SDRAM. */
  #weightsMoved = false;

  constructor({ host, deployment, ids, tables, routers }: LoadedNetwork) {
    this.#host = host;
    this.#deployment = deployment;
    this.#ids = ids;
    this.#memory = { host, deployment, tables };
    this.#routers = routers;
    this.#sequencer = new Sequencer(host, deployment, tables, ids);
  }

  async load(slot: DataSlot, data: DataSet): Promise<void> {
    checkData(this.#deployment.plan, data);
    const before = this.#data[slot];
    this.#data[slot] = undefined;
    if (before) await freeData(this.#host, before);
    this.#data[slot] = await loadData(this.#host, this.#deployment, this.#ids, slot, data);
    this.#dataMoved = true;
  }

  async setWeights(weights: readonly LayerWeights[]): Promise<void> {
    checkWeights(this.#deployment.plan, weights);
    await writeWeights(this.#memory, weights);
    await this.#loadCores();
  }

  async getWeights(): Promise<LayerWeights[]> {
    await this.#storeWeights();
    return readWeights(this.#memory);
  }

  async run(request: RunRequest): Promise<RunResult> {
    const data = this.#dataFor(request);
    if (this.#dataMoved) {
      await this.#storeWeights();
      await this.#loadCores();
    }
    const batches = Math.ceil(data.samples / request.batchSize);
    const command = runCommand(request, data.samples, this.#keepsOutputs(request));
    this.#weightsMoved ||= request.mode === 'train';
    const before = await this.#routerCounts();
    const progress = await this.#execute(command, before, {
      onProgress: ({ batchesDone }) => request.onBatch?.(batchesDone, batches),
      stops: () => request.mode === 'train' && request.stops?.() === true,
    });
    const { after, dropped } = await this.#checkDrops(before, progress);
    this.#statistics = await readStatistics(this.#memory);
    const totals = totalsOf(this.#statistics);
    const cost = {
      ...runCost(this.#host.machine, Number(progress.elapsed), totals.busyCycles, before, after),
      packetsDropped: dropped,
      batchesRepeated: progress.repeated,
    };
    return this.#resultOf(request, data, progress.samplesDone, totals, cost);
  }

  async close(): Promise<void> {
    try {
      await clearApplications(this.#host, this.#deployment, this.#ids);
      await restoreWaits(this.#host, this.#routers);
    } finally {
      await this.#host.close();
    }
  }

  get mappingSeconds(): number {
    return this.#deployment.mappingSeconds;
  }

  explain(): DeploymentExplanation {
    return explain(this.#deployment, this.#host);
  }

  statistics(): readonly DenseStatistics[] {
    return this.#statistics;
  }

  provenance(): CoreProvenance[] {
    return provenanceOf(this.#deployment, this.#statistics);
  }

  #dataFor({ slot, mode, batchSize, learningRate }: RunRequest): LoadedData {
    const data = this.#data[slot];
    if (data === undefined) throw new RangeError(`no data was loaded into slot ${slot}`);
    if (mode !== 'predict' && data.targets === undefined) {
      throw new RangeError('the loaded data has no targets');
    }
    const most = this.#deployment.plan.batchSize;
    if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= most)) {
      throw new RangeError(`"batchSize" must be 1 to ${most}, as planned, not ${batchSize}`);
    }
    if (mode === 'train' && !(learningRate !== undefined && learningRate > 0)) {
      throw new RangeError(`"learningRate" must be above 0 to train, not ${learningRate}`);
    }
    return data;
  }

  /** Outputs are for the caller, or for the accuracy of a layer whose units have several heads. */
  #keepsOutputs({ mode }: RunRequest): boolean {
    return mode === 'predict' || this.#countsOnHost;
  }

  get #countsOnHost(): boolean {
    const { plan, tiles } = this.#deployment;
    const last = plan.layers.length - 1;
    const heads = tiles.cores.filter(({ layer, head }) => layer === last && head);
    return plan.accuracy === 'categorical' && heads.length > 1;
  }

  async #resultOf(
    request: RunRequest,
    data: LoadedData,
    samples: number,
    totals: NetworkStatistics,
    machine: MachineCost,
  ): Promise<RunResult> {
    const { plan } = this.#deployment;
    const predicts = request.mode === 'predict';
    const { units } = plan.layers.at(-1) as LayerPlan;
    const perUnit = plan.loss === 'categorical_crossentropy' ? 1 : units;
    const outputs = this.#keepsOutputs(request)
      ? await readOutputs(this.#host, this.#deployment, data)
      : undefined;
    const { targets } = data;
    const correct =
      outputs && targets && this.#countsOnHost
        ? countCategorical(outputs, targets, units, samplesDone(request, data.samples, samples))
        : totals.correct;
    return {
      samples,
      lossSum: predicts ? 0 : (totals.lossSum * 2 ** -LOGARITHM_FRACTION) / perUnit,
      correct: predicts ? 0 : correct,
      ...(predicts && outputs && { outputs }),
      saturations: totals.saturations,
      layerSaturations: layerSaturations(this.#deployment, this.#statistics),
      machine,
    };
  }

  /** Brings the cores' weights into SDRAM, unless they are there. */
  async #storeWeights(): Promise<void> {
    if (!this.#weightsMoved) return;
    await this.#operate(SequencerOperation.StoreWeights);
    this.#weightsMoved = false;
  }

  /** Has the cores read weights and places of data from SDRAM. */
  async #loadCores(): Promise<void> {
    if (this.#dataMoved) await writeConfigurations(this.#memory, this.#data);
    await this.#operate(SequencerOperation.LoadWeights);
    this.#dataMoved = false;
    this.#weightsMoved = false;
  }

  async #operate(operation: Operation): Promise<void> {
    await this.#execute(operationOf(operation), await this.#routerCounts());
  }

  /** Runs a command; whatever goes wrong, dropped packets are named first, since they explain the rest. */
  async #execute(
    command: Command,
    before: readonly RouterCounts[],
    watcher?: CommandWatcher,
  ): Promise<Progress> {
    const progress = await this.#sequencer.execute(command, watcher);
    if (progress?.state === SequencerState.Finished) return progress;
    const failure = await diagnose(this.#memory, progress);
    const drops = await dropsAfterFailure(this.#host, before);
    if (drops.length > 0) throw new PacketsDroppedError(drops, failure);
    throw failure;
  }

  #routerCounts(): Promise<RouterCounts[]> {
    return readCounts(this.#host);
  }

  /** Packets that were dropped are an error, unless batches were repeated for them. */
  async #checkDrops(
    before: readonly RouterCounts[],
    { repeated, resent }: Progress,
  ): Promise<{ readonly after: RouterCounts[]; readonly dropped: number }> {
    const after = await this.#routerCounts();
    const drops = await dropsBetween(this.#host, before, after);
    if (drops.length > 0 && repeated + resent === 0) throw new PacketsDroppedError(drops);
    return { after, dropped: drops.reduce((sum, { packets }) => sum + packets, 0) };
  }
}

/** The samples of a run that were done, which are the first ones of its order. */
function samplesDone({ shuffleSeed }: RunRequest, samples: number, done: number): number[] {
  return Array.from({ length: done }, (_, position) =>
    shuffleSeed === undefined ? position : shuffledIndex(position, samples, shuffleSeed),
  );
}
