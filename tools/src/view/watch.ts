/**
 * Watches a machine by asking it over SCP, a board or a virtual one alike, and tells what changed. It only looks:
 * nothing that it asks for changes the machine, and it asks for a limited number of things in a second.
 */
import { describeMachine, discoverMachine, type Machine } from '@spin-tools/machine-model';
import { type MachineController, type VersionInformation, version } from '@spin-tools/scp';
import { ChangedChips } from './changed-chips.js';
import { readChips, tellChip } from './chip-reading.js';
import { machineMessage } from './machine-message.js';
import type { Message, Question } from './messages.js';
import { isNoAnswer, pause } from './patience.js';
import type { MachineCounters } from './virtual-counters.js';

/** What to watch, and how eagerly. */
export interface WatchOptions {
  /** What the machine is called. */
  readonly name: string;
  /** A controller to ask with, anew for each time that the machine comes back; it is closed when it went away. */
  connect(): Promise<MachineController>;
  /** Told everything that is found out. */
  tell(message: Message): void;
  /** Counts that only a virtual machine has. */
  readonly counters?: MachineCounters;
  /** Requests to the machine in a second, at most. Default 2000: less than a tenth of what a board answers. */
  readonly requestsPerSecond?: number;
  /** Least time between two looks at a chip, ms. Default 250. */
  readonly intervalMs?: number;
}

const DEFAULT_REQUESTS_PER_SECOND = 2000;
const DEFAULT_INTERVAL_MS = 250;
/** Chips that are asked together: few enough that a message to the page is small. */
const CHIPS_AT_ONCE = 512;
/** Requests for a look at a chip: what it is, and the counters of its router. */
const REQUESTS_A_CHIP = 2;
/** Rest after a look at all chips, in times of what it took: a machine that is slow to answer is asked less often. */
const REST = 2;
/** How long an answer is waited for where it is not known whether anybody is there, ms. */
const KNOCK = { tries: 1, timeoutMs: 1000 };
/** Pause between two attempts to reach a machine that does not answer, ms. */
const KNOCK_MS = 500;
/** Most chips whose tables and programs are read unasked: those of 24 boards. */
const MOST_FOLLOWED_CHIPS = 1152;

/** Watches one machine from {@link run} until its signal comes. */
export class MachineWatch {
  private readonly options: WatchOptions;
  private readonly startedAt = performance.now();
  private watched:
    | { readonly controller: MachineController; readonly machine: Machine }
    | undefined;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  /** Watches until the signal comes; a machine that is silent is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const controller = await this.options.connect();
      const hangUp = () => void controller.close();
      signal.addEventListener('abort', hangUp);
      try {
        await this.watchMachine(controller, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isNoAnswer(error)) throw error;
        await pause(KNOCK_MS, signal);
      } finally {
        this.watched = undefined;
        signal.removeEventListener('abort', hangUp);
        await controller.close();
      }
    }
  }

  /** Finds out what a viewer asks for, and tells it to all. What the machine refuses is left untold. */
  async ask(question: Question): Promise<void> {
    const { watched, options } = this;
    const { chip: index } = question;
    const chip = watched?.machine.chips[index];
    if (watched === undefined || chip === undefined) return;
    try {
      if (question.about === 'chip') {
        await tellChip({ ...watched, tell: options.tell }, index, { programs: 'all', table: true });
      } else if (question.core >= 0 && question.core < chip.cores) {
        const { core } = question;
        const text = await watched.controller.iobuf({ x: chip.x, y: chip.y, core });
        options.tell({ type: 'iobuf', chip: index, core, text });
      }
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
    }
  }

  private async watchMachine(controller: MachineController, signal: AbortSignal): Promise<void> {
    const { name, tell } = this.options;
    tell({ type: 'status', status: 'waiting', text: `waiting for ${name}: boot it, if it is not` });
    const found = await knock(controller, signal);
    if (found === undefined) return;
    const machine = await discoverMachine(controller);
    this.watched = { controller, machine };
    const software = `${found.name} ${found.version}`;
    const tellsAll = machine.chipCount <= MOST_FOLLOWED_CHIPS;
    tell(machineMessage(machine, { name, software, tellsAll }));
    const text = `${software}, ${describeMachine(machine)}`;
    tell({ type: 'status', status: 'watching', text });
    await this.sweep(controller, machine, tellsAll, signal);
    if (!signal.aborted) {
      tell({ type: 'status', status: 'lost', text: `${name} does not answer any more` });
    }
  }

  /** Looks at all chips again and again, until none answers. */
  private async sweep(
    controller: MachineController,
    machine: Machine,
    tellsAll: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const {
      requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND,
      intervalMs = DEFAULT_INTERVAL_MS,
      counters,
      tell,
    } = this.options;
    const changed = new ChangedChips(machine.chipCount);
    for (let answers = 1; answers > 0 && !signal.aborted; ) {
      const sweepBegan = performance.now();
      answers = 0;
      for (let first = 0; first < machine.chipCount && !signal.aborted; first += CHIPS_AT_ONCE) {
        const began = performance.now();
        const readings = await readChips(controller, machine, first, CHIPS_AT_ONCE);
        answers += readings.filter(({ states }) => states !== undefined).length;
        const { frame, news } = changed.frameOf(readings, counters?.links(machine));
        const at = Math.round(performance.now() - this.startedAt);
        tell({ ...frame, at, ...(counters && { simulatedNs: counters.timeNs() }) });
        let requests = REQUESTS_A_CHIP * readings.length;
        for (const { index, ...what } of tellsAll ? news : []) {
          requests += await tellChip({ controller, machine, tell }, index, what);
        }
        await pause((requests * 1000) / requestsPerSecond - (performance.now() - began), signal);
      }
      const tookMs = performance.now() - sweepBegan;
      await pause(Math.max(intervalMs - tookMs, tookMs * REST), signal);
    }
  }
}

/** Asks who is there until somebody answers; undefined when the signal comes before. */
async function knock(
  controller: MachineController,
  signal: AbortSignal,
): Promise<VersionInformation | undefined> {
  while (!signal.aborted) {
    try {
      const found = await controller.scp.send({ x: 255, y: 255 }, version(), KNOCK);
      // A monitor that is still being booted does not know its place.
      if (found.chip.x !== 255) return found;
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
    }
    await pause(KNOCK_MS, signal);
  }
  return undefined;
}
