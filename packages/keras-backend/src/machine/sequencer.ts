/** Commands to the sequencer: write the block, signal, watch the progress. */
import { type ChipAddress, type CoreAddress, CoreState, Signal } from '@spin-tools/scp';
import {
  decodeLayout,
  encodeLayout,
  type LayoutValues,
  type SequencerOperation,
  SequencerState,
  sequencerCommand,
  sequencerProgress,
} from '../layouts/index.js';
import type { ApplicationIds, Host } from './host.js';
import {
  commandAddress,
  progressAddress,
  type SequencerDeployment,
  type TableAddresses,
} from './load.js';

/** The fields of the command block; `run` and `stopRun` are up to {@link Sequencer}. */
export type Command = Omit<LayoutValues<(typeof sequencerCommand)['fields']>, 'run' | 'stopRun'>;

/** Somebody who watches a command. */
export interface CommandWatcher {
  /** Called, and waited for, when batches were finished. */
  onProgress?(progress: Progress): void | Promise<void>;
  /** Asked now and then: `true` ends a run behind the batch in progress. */
  stops?(): boolean;
}

/** The fields of the progress block. */
export type Progress = LayoutValues<(typeof sequencerProgress)['fields']>;

/** Values of {@link SequencerOperation}. */
export type Operation = (typeof SequencerOperation)[keyof typeof SequencerOperation];

/** A command that only asks for an operation. */
export const operationOf = (operation: Operation): Command => ({
  operation,
  flags: 0,
  samples: 0,
  firstSample: 0,
  endSample: 0,
  batch: 0,
  seed: 0,
  mantissa: 0,
  exponent: 0,
  lastMantissa: 0,
  lastExponent: 0,
});

/** Pauses between two looks at the progress, ms of the wall clock. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
/** Time in which neither progress nor the machine's clock moves after which the sequencer counts as stuck, ms. */
const STALL_MS = 300_000;
/** Looks in a row at which neither progress nor the machine's time moved. */
const STILL_LOOKS = 100;
/** Longest time of a batch or an operation, ms of machine time, and how often it is tried, unless the program is told. */
const [DEFAULT_BUDGET_MS, DEFAULT_ATTEMPTS] = [2000, 8];
/** A batch that is tried so often also has attempts to stop the one before, and to clear what came of it. */
const STEPS_OF_AN_ATTEMPT = 4;

/** How long a sequencer that lives may be silent, ms of machine time. */
export const patienceMs = (budgetMs = DEFAULT_BUDGET_MS, attempts = DEFAULT_ATTEMPTS): number =>
  STEPS_OF_AN_ATTEMPT * budgetMs * attempts;

/** Drives the sequencer of one deployment. */
export class Sequencer {
  readonly #host: Host;
  readonly #deployment: SequencerDeployment;
  readonly #tables: TableAddresses;
  readonly #appId: number;
  readonly #chip: ChipAddress;
  readonly #at: CoreAddress;
  readonly #patienceMs: number;
  #run = 0;

  /** @param patience how long it may be silent, ms of machine time */
  constructor(
    host: Host,
    deployment: SequencerDeployment,
    tables: TableAddresses,
    ids: Pick<ApplicationIds, 'sequencer'>,
    patience: number = patienceMs(),
  ) {
    this.#patienceMs = patience;
    this.#host = host;
    this.#deployment = deployment;
    this.#tables = tables;
    this.#appId = ids.sequencer;
    const { x, y, core } = deployment.places[deployment.network.sequencer] as CoreAddress;
    this.#chip = { x, y };
    this.#at = { x, y, core };
  }

  /**
   * Runs a command to its end, good or bad.
   * @returns the last progress block; undefined when the sequencer stopped answering
   */
  async execute(command: Command, watcher: CommandWatcher = {}): Promise<Progress | undefined> {
    const { controller } = this.#host;
    this.#run += 1;
    const block = encodeLayout(sequencerCommand, { run: this.#run, ...command, stopRun: 0 });
    await controller.write(this.#chip, commandAddress(this.#deployment, this.#tables), block);
    await controller.signal(Signal.User0, this.#appId);
    return this.#watch(watcher);
  }

  async #watch({ onProgress, stops }: CommandWatcher) {
    let batches = 0;
    let isStopping = false;
    const silence = new Silence(this.#host, this.#chip, this.#patienceMs);
    await silence.isTooLong(true);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
      const progress = await this.#progress();
      const isOurs = progress.run === this.#run;
      if (isOurs && progress.state > SequencerState.Running) {
        if (progress.batchesDone !== batches) await onProgress?.(progress);
        return progress;
      }
      const hasMoved = isOurs && progress.batchesDone !== batches;
      const isSilent = await silence.isTooLong(hasMoved);
      if (hasMoved) {
        batches = progress.batchesDone;
        await onProgress?.(progress);
      } else if (isSilent || (await this.#hasStopped())) {
        return undefined;
      }
      if (!isStopping && stops?.()) {
        isStopping = true;
        await this.#stop();
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #stop(): Promise<void> {
    const block = commandAddress(this.#deployment, this.#tables);
    const word = new Uint8Array(4);
    new DataView(word.buffer).setUint32(0, this.#run, true);
    const address = block + sequencerCommand.offsets.stopRun;
    await this.#host.controller.write(this.#chip, address, word);
  }

  async #hasStopped(): Promise<boolean> {
    return (await this.#host.controller.coreState(this.#at)) !== CoreState.Run;
  }

  async #progress(): Promise<Progress> {
    const address = progressAddress(this.#deployment, this.#tables);
    const bytes = await this.#host.controller.read(this.#chip, address, sequencerProgress.size);
    return decodeLayout(sequencerProgress, bytes);
  }
}

/** How long nothing has come from a sequencer, by the machine's clock, or by ours while that one stands still. */
class Silence {
  readonly #host: Host;
  readonly #chip: ChipAddress;
  readonly #patienceMs: number;
  /** When something came last, ms of machine time. */
  #heardAt = 0;
  /** What the clocks said at the last look. */
  #machineMs = -1;
  #changedAt = 0;
  #stillLooks = 0;

  constructor(host: Host, chip: ChipAddress, patience: number) {
    this.#host = host;
    this.#chip = chip;
    this.#patienceMs = patience;
  }

  /** Looks at the clocks. @param heard whether something came since the last look */
  async isTooLong(heard: boolean): Promise<boolean> {
    const now = this.#host.now();
    const machineMs = (await this.#host.chipMs?.(this.#chip)) ?? now;
    const stoodStill = machineMs === this.#machineMs;
    // A coarse clock may stand still while a slow simulation goes on.
    const isExact = this.#host.chipMs === undefined;
    this.#stillLooks = stoodStill && isExact ? this.#stillLooks + 1 : 0;
    if (!stoodStill) this.#changedAt = now;
    this.#machineMs = machineMs;
    if (heard) [this.#heardAt, this.#changedAt, this.#stillLooks] = [machineMs, now, 0];
    return (
      machineMs - this.#heardAt > this.#patienceMs ||
      now - this.#changedAt > STALL_MS ||
      this.#stillLooks > STILL_LOOKS
    );
  }
}
