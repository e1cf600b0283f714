/** The jobs of a server: queue, boards, power, and the end of those that nobody keeps alive. */
import type { Clock } from '../clock.js';
import { type Allocation, type BoardRequest, findBoards } from './find-boards.js';
import type { ServedBoard, ServedMachine } from './machine.js';

/** Which boards somebody wants, and of which machines. */
export interface Wish {
  readonly owner: string;
  /** Seconds; null for no limit. */
  readonly keepalive: number | null;
  readonly machine: string | null;
  readonly tags: readonly string[];
  readonly boards: BoardRequest;
  /** As they were sent, for lists. */
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** A job that is not over. */
export interface LiveJob {
  readonly id: number;
  readonly wish: Wish;
  /** Seconds since 1970. */
  readonly startTime: number;
  phase: 'queued' | 'power' | 'ready';
  power: boolean | null;
  allocation: Allocation | undefined;
  /** Address of the host that was last heard of. */
  keepaliveHost: string;
  cancelKeepalive: () => void;
  /** Counts how often its boards were switched: only the last of several ends the phase `power`. */
  switchings: number;
}

/** What a server can do besides answering. */
export interface JobsOptions {
  /** In the order in which they are given away. */
  readonly machines: readonly ServedMachine[];
  readonly clock: Clock;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Called with a job, or the name of a machine, that changed. */
  readonly changed: (what: { readonly job: number } | { readonly machine: string }) => void;
}

/** How many jobs that are over are remembered. Source: spalloc_server, `max_retired_jobs`. */
const MOST_RETIRED = 1200;
const NO_MACHINE = 'Cancelled: No suitable machines available.';
const TIMED_OUT = 'Job timed out.';

/** All jobs of all machines. */
export class Jobs {
  readonly machines: readonly ServedMachine[];
  readonly #options: JobsOptions;
  readonly #live = new Map<number, LiveJob>();
  readonly #retired = new Map<number, string | null>();
  readonly #taken = new Set<ServedBoard>();
  #nextId = 1;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.machines = options.machines;
  }

  /** Jobs that are not over, oldest first. */
  get live(): readonly LiveJob[] {
    return [...this.#live.values()];
  }

  /** A job that is not over. */
  get(id: number): LiveJob | undefined {
    return this.#live.get(id);
  }

  /** Why a job is over; undefined for one that is not, or never was. */
  retirement(id: number): { readonly reason: string | null } | undefined {
    const reason = this.#retired.get(id);
    return reason === undefined ? undefined : { reason };
  }

  /** Queues a job and gives it boards if there are some; one that can never get any is over at once. */
  create(wish: Wish, host: string): number {
    const id = this.#nextId++;
    if (!this.#suitable(wish).some((machine) => this.#find(machine, wish, () => true))) {
      this.#retire(id, NO_MACHINE);
      return id;
    }
    const job: LiveJob = {
      ...{ id, wish, startTime: this.#options.now() },
      ...{ phase: 'queued', power: null, allocation: undefined, switchings: 0 },
      keepaliveHost: host,
      cancelKeepalive: () => {},
    };
    this.#live.set(id, job);
    this.keepAlive(id, host);
    this.#options.changed({ job: id });
    this.#serveQueue();
    return id;
  }

  /** Starts a job's keepalive interval anew. */
  keepAlive(id: number, host: string): void {
    const job = this.#live.get(id);
    if (job === undefined) return;
    job.keepaliveHost = host;
    job.cancelKeepalive();
    const { keepalive } = job.wish;
    if (keepalive === null) return;
    job.cancelKeepalive = this.#options.clock.after(Math.max(0, keepalive * 1000), () =>
      this.destroy(id, TIMED_OUT),
    );
  }

  /** Switches a job's boards, if it has any. */
  power(id: number, on: boolean): void {
    const job = this.#live.get(id);
    if (job?.allocation !== undefined) this.#switch(job, job.allocation, on);
  }

  /** Ends a job; its boards go to others once they are off. */
  destroy(id: number, reason: string | null): void {
    const job = this.#live.get(id);
    if (job === undefined) return;
    job.cancelKeepalive();
    this.#live.delete(id);
    const { allocation } = job;
    this.#retire(id, job.phase === 'queued' ? `Cancelled: ${reason ?? ''}` : reason);
    if (allocation === undefined) {
      this.#serveQueue();
      return;
    }
    const { machine, boards } = allocation;
    const free = () => {
      for (const board of boards) this.#taken.delete(board);
      this.#options.changed({ machine: machine.name });
      this.#serveQueue();
    };
    // A board that does not go off can still be given to others, who switch it on anew.
    machine.power.switchOff(boards).then(free, free);
  }

  /** Forgets all timers; nothing happens any more. */
  close(): void {
    for (const job of this.#live.values()) job.cancelKeepalive();
  }

  #suitable({ machine, tags }: Wish): readonly ServedMachine[] {
    return this.machines.filter((each) =>
      machine === null ? tags.every((tag) => each.tags.includes(tag)) : each.name === machine,
    );
  }

  #find(machine: ServedMachine, wish: Wish, isFree: (board: ServedBoard) => boolean) {
    return findBoards(machine, wish.boards, isFree);
  }

  /** First come, first served; those whose machines are full do not hold up the others. */
  #serveQueue(): void {
    const isFree = (board: ServedBoard) => !this.#taken.has(board);
    for (const job of this.#live.values()) {
      if (job.phase !== 'queued') continue;
      for (const machine of this.#suitable(job.wish)) {
        const found = this.#find(machine, job.wish, isFree);
        if (found === undefined) continue;
        for (const board of found.boards) this.#taken.add(board);
        job.allocation = found;
        this.#options.changed({ machine: machine.name });
        this.#switch(job, found, true);
        break;
      }
    }
  }

  #switch(job: LiveJob, { machine, boards }: Allocation, on: boolean): void {
    job.phase = 'power';
    job.power = on;
    const turn = ++job.switchings;
    this.#options.changed({ job: job.id });
    const { power } = machine;
    (on ? power.switchOn(boards) : power.switchOff(boards)).then(
      () => {
        if (job.switchings !== turn || !this.#live.has(job.id)) return;
        job.phase = 'ready';
        this.#options.changed({ job: job.id });
      },
      (error: unknown) =>
        this.destroy(job.id, `Machine configuration failed. Error: ${String(error)}`),
    );
  }

  #retire(id: number, reason: string | null): void {
    this.#retired.set(id, reason);
    const [oldest] = this.#retired.keys();
    if (this.#retired.size > MOST_RETIRED && oldest !== undefined) this.#retired.delete(oldest);
    this.#options.changed({ job: id });
  }
}
