/** A job: boards that are ours from allocation to destruction, kept alive in between. */
import {
  JobDestroyedError,
  SpallocCommandError,
  SpallocConnectionError,
  SpallocTimeoutError,
} from './errors.js';
import { SpallocClient, type SpallocServer } from './v1/client.js';
import {
  createJob,
  destroyJob,
  getJobMachineInfo,
  getJobState,
  jobKeepalive,
  noNotifyJob,
  notifyJob,
  powerOffJobBoards,
  powerOnJobBoards,
} from './v1/commands.js';
import { DEFAULT_KEEPALIVE, type JobOptions, jobRequest } from './v1/job-request.js';
import type { JobMachine, JobState } from './v1/results.js';

/** What to ask for, of whom, and when to stop waiting. */
export interface AllocateOptions extends SpallocServer, JobOptions {
  /** Aborting gives up waiting in the queue and destroys the job. */
  readonly signal?: AbortSignal;
}

/**
 * Asks for boards and waits until they are allocated and switched on (they are not booted).
 *
 * ```ts
 * await using job = await allocate({ host: 'spinnaker.example', owner: 'me@example', boards: 3 });
 * const { connections } = await job.machine();
 * ```
 *
 * @throws SpallocRequestError when the options make no sense, JobDestroyedError when the server cannot
 * fulfil them, and what {@link SpallocClient.send} throws.
 */
export async function allocate(options: AllocateOptions): Promise<Job> {
  const job = await requestJob(options);
  try {
    await job.untilReady(options.signal);
    return job;
  } catch (error) {
    await job.destroy('Gave up waiting');
    throw error;
  }
}

/** Asks for boards without waiting for them: the job may be queued, or already destroyed. */
export async function requestJob(options: AllocateOptions): Promise<Job> {
  const request = jobRequest(options);
  const client = await SpallocClient.connect(options);
  try {
    const id = await client.send(createJob(request));
    return new Job(client, id, options.keepalive ?? DEFAULT_KEEPALIVE);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** A job on its own connection, which keeps it alive until it is destroyed. */
export class Job implements AsyncDisposable {
  readonly #client: SpallocClient;
  readonly #keepalive: NodeJS.Timeout;

  /** @internal */
  constructor(
    client: SpallocClient,
    readonly id: number,
    /** Seconds. */
    keepalive: number,
  ) {
    this.#client = client;
    this.#keepalive = setInterval(() => this.#sendKeepalive(), (keepalive * 1000) / 2);
  }

  /** The state now. */
  state(): Promise<JobState> {
    return this.#client.send(getJobState(this.id));
  }

  /**
   * The state now, then every state that differs from the one before, as the server announces them.
   * Ends with the job.
   *
   * @throws SpallocConnectionError when the connection is lost.
   */
  async *states(): AsyncGenerator<JobState, void, undefined> {
    const changes = new Changes(this.#client);
    let shown = '';
    try {
      await this.#client.send(notifyJob(this.id));
      while (true) {
        const state = await this.state();
        const spelled = JSON.stringify(state);
        if (spelled !== shown) yield state;
        shown = spelled;
        if (hasEnded(state)) return;
        await changes.next();
      }
    } finally {
      changes.stop();
      await this.#client.send(noNotifyJob(this.id)).catch(ignoreLostConnection);
    }
  }

  /**
   * Waits until the boards are there and have power.
   *
   * @throws JobDestroyedError when the job ends first, or the signal's reason when it aborts.
   */
  async untilReady(signal?: AbortSignal): Promise<void> {
    const waiting = this.#waitForReady();
    if (signal === undefined) return waiting;
    signal.throwIfAborted();
    const { promise, stop } = whenAborted(signal);
    await Promise.race([waiting, promise]).finally(stop);
  }

  /**
   * The boards of this job.
   *
   * @throws JobDestroyedError when it has none any more.
   */
  async machine(): Promise<JobMachine> {
    const machine = await this.#client.send(getJobMachineInfo(this.id));
    if (machine !== null) return machine;
    throw new JobDestroyedError(this.id, (await this.state()).reason);
  }

  /** Switches the boards on, or resets them, and waits until that is done. */
  async powerOn(): Promise<void> {
    await this.#client.send(powerOnJobBoards(this.id));
    await this.untilReady();
  }

  /** Switches the boards off. The job keeps them. */
  async powerOff(): Promise<void> {
    await this.#client.send(powerOffJobBoards(this.id));
  }

  /** Gives the boards back and closes the connection. Safe to call twice, and on a lost connection. */
  async destroy(reason = 'Finished'): Promise<void> {
    clearInterval(this.#keepalive);
    await this.#client.send(destroyJob(this.id, reason)).catch(ignoreJobGone);
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }

  async #waitForReady(): Promise<void> {
    for await (const state of this.states()) {
      if (state.phase === 'ready') return;
      if (hasEnded(state)) throw new JobDestroyedError(this.id, state.reason);
    }
  }

  /** A keepalive that fails is no news of its own: every later command reports the lost connection. */
  #sendKeepalive(): void {
    this.#client.send(jobKeepalive(this.id)).catch(() => clearInterval(this.#keepalive));
  }
}

/** Remembers that something changed until somebody asks, so that no change falls between two questions. */
class Changes {
  readonly stop: () => void;
  #changed = false;
  #wake: () => void = () => {};

  constructor(client: SpallocClient) {
    this.stop = client.onChange(() => {
      this.#changed = true;
      this.#wake();
    });
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
  }
}

function hasEnded({ phase }: JobState): boolean {
  return phase === 'destroyed' || phase === 'unknown';
}

function whenAborted(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    const listener = () => reject(signal.reason);
    signal.addEventListener('abort', listener, { once: true });
    stop = () => signal.removeEventListener('abort', listener);
  });
  return { promise, stop };
}

/** Where the connection is gone the server has forgotten us, or will when the keepalive runs out. */
function ignoreLostConnection(error: unknown): void {
  if (error instanceof SpallocConnectionError || error instanceof SpallocTimeoutError) return;
  throw error;
}

/** Newer servers refuse to destroy a job that is already gone. */
function ignoreJobGone(error: unknown): void {
  if (error instanceof SpallocCommandError) return;
  ignoreLostConnection(error);
}
