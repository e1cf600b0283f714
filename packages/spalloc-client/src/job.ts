/** A job: boards that are ours from allocation to destruction, kept alive in between. */
import {
  type ChipAddress,
  type ConnectionOptions,
  MachineController,
  sameChip,
  type Transport,
} from '@spin-tools/scp';
import { abortable } from './abort.js';
import { type Clock, systemClock } from './clock.js';
import { JobDestroyedError, QueueTimeoutError, SpallocCommandError } from './errors.js';
import { giveBackAtExit } from './exit.js';
import type { BadBoard, JobService } from './job-service.js';
import type { BoardConnection, JobMachine, JobState, Location } from './v1/results.js';

/** How to wait for boards. */
export interface WaitForBoards {
  /** Aborting gives up waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time in the queue, ms. Default: no limit. */
  readonly queueLimitMs?: number | undefined;
}

/** How a job is looked after. */
export interface JobCare {
  /** Seconds within which the server must hear of us; null for never. */
  readonly keepalive: number | null;
  readonly clock?: Clock | undefined;
  /** Whether the boards are given back when the program ends in any way. Default true. */
  readonly giveBackAtExit?: boolean | undefined;
}

/** Longest pause between two signs of life, ms: a dead connection is noticed by then. */
const LONGEST_SILENCE_MS = 30_000;

/** A job on any allocation service, kept alive until it is destroyed. */
export class Job implements AsyncDisposable {
  readonly id: number;
  readonly #service: JobService;
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #unguard: () => void;
  #cancelKeepalive: () => void = () => {};
  #ending: Promise<void> | undefined;

  /** @internal */
  constructor(service: JobService, { keepalive, clock = systemClock, ...care }: JobCare) {
    this.id = service.id;
    this.#service = service;
    this.#clock = clock;
    this.#pauseMs = Math.min(((keepalive ?? Infinity) * 1000) / 2, LONGEST_SILENCE_MS);
    this.#unguard = (care.giveBackAtExit ?? true) ? giveBackAtExit(service) : () => {};
    this.#stayAlive();
  }

  /** The state now. */
  state(): Promise<JobState> {
    return this.#service.state();
  }

  /**
   * The state now, then every state that differs from the one before, as the server announces them.
   * Ends with the job, or when it is given back here, and goes on after a lost connection.
   *
   * @throws SpallocConnectionError or SpallocTimeoutError when the server stays away for too long
   */
  async *states(signal?: AbortSignal): AsyncGenerator<JobState, void, undefined> {
    const changes = this.#service.changes();
    let shown = '';
    try {
      while (true) {
        const state = await abortable(this.state(), signal);
        const spelled = JSON.stringify(state);
        if (spelled !== shown) yield state;
        shown = spelled;
        if (hasEnded(state)) return;
        await abortable(changes.next(), signal);
      }
    } catch (error) {
      if (this.#ending === undefined) throw error;
    } finally {
      changes.stop();
    }
  }

  /**
   * Waits until the boards are there and have power.
   *
   * @throws JobDestroyedError when the job ends first, QueueTimeoutError when it is queued for too long, or
   * the signal's reason when it aborts
   */
  async untilReady({ signal, queueLimitMs }: WaitForBoards = {}): Promise<void> {
    const limit = new AbortController();
    let cancelLimit: (() => void) | undefined;
    const signals = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    try {
      for await (const state of this.states(signals)) {
        if (state.phase === 'ready') return;
        if (hasEnded(state)) throw new JobDestroyedError(this.id, state.reason);
        if (state.phase !== 'queued') {
          cancelLimit?.();
          cancelLimit = undefined;
        } else if (queueLimitMs !== undefined) {
          cancelLimit ??= this.#clock.after(queueLimitMs, () =>
            limit.abort(new QueueTimeoutError(this.id, queueLimitMs)),
          );
        }
      }
    } finally {
      cancelLimit?.();
    }
    throw new JobDestroyedError(this.id, 'it was given back here');
  }

  /**
   * The boards of this job.
   *
   * @throws JobDestroyedError when it has none any more.
   */
  async machine(): Promise<JobMachine> {
    const machine = await this.#service.machine();
    if (machine !== null) return machine;
    throw new JobDestroyedError(this.id, (await this.state()).reason);
  }

  /** Switches the boards on, or resets them, and waits until that is done. */
  async powerOn(wait: WaitForBoards = {}): Promise<void> {
    await this.#service.power(true);
    await this.untilReady(wait);
  }

  /** Switches the boards off, and waits until that is done. The job keeps them. */
  async powerOff(wait: WaitForBoards = {}): Promise<void> {
    await this.#service.power(false);
    await this.untilReady(wait);
  }

  /** Finds a chip of the job in the room; null when the job has no such chip. */
  whereIs(chip: ChipAddress): Promise<Location | null> {
    return this.#service.whereIs(chip);
  }

  /** Tells those who run the machine what is wrong with boards, where the server takes such reports. */
  report(boards: readonly BadBoard[]): Promise<void> {
    return this.#service.report(boards);
  }

  /**
   * Opens a way to a board's SCP or boot port: UDP, or through the server's proxy.
   *
   * @param kind which of its ports
   * @param chip its ethernet chip; default (0, 0)
   * @throws RangeError when the job has no ethernet there
   */
  async transport(kind: 'scp' | 'boot', chip: ChipAddress = { x: 0, y: 0 }): Promise<Transport> {
    const { connections } = await this.machine();
    const board = connections.find((each) => sameChip(each.chip, chip));
    if (board !== undefined) return this.#service.open(board, kind);
    throw new RangeError(`job ${this.id} has no ethernet at chip (${chip.x}, ${chip.y})`);
  }

  /**
   * A controller of the machine, with a way in by each of its boards. The caller closes it.
   *
   * @param options how patient and how eager its connections are
   */
  async controller(options: ConnectionOptions = {}): Promise<MachineController> {
    const { connections } = await this.machine();
    const [scp, boot] = await Promise.all([this.transport('scp'), this.transport('boot')]);
    const boards = await Promise.all(
      connections.filter(isNotRoot).map(async (board) => ({
        chip: board.chip,
        scp: await this.#service.open(board, 'scp'),
      })),
    );
    return new MachineController({ scp, boot, boards, ...options });
  }

  /**
   * Gives the boards back and hangs up. Safe to call twice. When the server cannot be reached, it takes the
   * boards back by itself as soon as their keepalive runs out.
   */
  destroy(reason = 'Finished'): Promise<void> {
    this.#ending ??= this.#end(() => this.#service.destroy(reason));
    return this.#ending;
  }

  /** Hangs up and leaves the job to whoever keeps it alive. */
  release(): Promise<void> {
    this.#ending ??= this.#end(() => Promise.resolve());
    return this.#ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }

  async #end(last: () => Promise<void>): Promise<void> {
    this.#cancelKeepalive();
    try {
      await last();
    } finally {
      this.#unguard();
      await this.#service.close();
    }
  }

  /** A server that refuses has no such job any more, which the state tells; what else fails is tried again. */
  #stayAlive(): void {
    this.#cancelKeepalive = this.#clock.after(this.#pauseMs, () => {
      this.#service.keepAlive().then(
        () => this.#goOn(),
        (error) => {
          if (!(error instanceof SpallocCommandError)) this.#goOn();
        },
      );
    });
  }

  #goOn(): void {
    if (this.#ending === undefined) this.#stayAlive();
  }
}

function hasEnded({ phase }: JobState): boolean {
  return phase === 'destroyed' || phase === 'unknown';
}

function isNotRoot({ chip }: BoardConnection): boolean {
  return chip.x !== 0 || chip.y !== 0;
}
