/** From a wish for boards to boards that work. */
import type { BootOptions } from '@spin-tools/scp';
import { noHost } from './allocation-server.js';
import { bootBoards, unwantedBoards } from './board-check.js';
import { readSettings, withSettings } from './config/settings.js';
import { BadBoardsError, SpallocRequestError } from './errors.js';
import { Job, type WaitForBoards } from './job.js';
import { DEFAULT_KEEPALIVE, type JobOptions } from './job-options.js';
import type { BadBoard } from './job-service.js';
import { type BoardPorts, createV1Job, findV1Job } from './v1/job-service.js';
import type { SessionOptions } from './v1/session.js';

/** Which server, and how it and its boards are reached. What is not given comes from configuration files. */
export interface ServerOptions extends Partial<SessionOptions>, BoardPorts {
  /** Configuration files, the one that counts most at the end. Default: those of the official client. */
  readonly configFiles?: readonly string[];
  /** Whether boards are given back on signals, uncaught exceptions and `process.exit`. Default true. */
  readonly giveBackAtExit?: boolean;
}

/** What to ask for, and of whom. */
export type RequestOptions = ServerOptions & Partial<JobOptions>;

/** What to ask for, of whom, and when to stop waiting. */
export interface AllocateOptions extends RequestOptions, WaitForBoards {
  /** Boots the boards, and replaces those that do not come up. Default: they are only switched on. */
  readonly boot?: boolean | BootOptions;
  /** Addresses of boards that are of no use: a job that gets one is replaced. */
  readonly avoid?: readonly string[];
  /** How often boards are replaced before that is an error. Default 3. */
  readonly replacements?: number;
  /** Called with boards that were replaced. They are also reported to servers that take such reports. */
  readonly onReplaced?: (boards: readonly BadBoard[]) => void;
}

/** How often boards are replaced, as SpiNNMan does. */
const DEFAULT_REPLACEMENTS = 3;

/**
 * Asks for boards and waits until they are allocated and switched on, or booted if that is asked for. Boards
 * that do not come up, or are to be avoided, are reported and others are asked for in their place.
 *
 * ```ts
 * await using job = await allocate({ host: 'spinnaker.example', owner: 'me@example', boards: 3 });
 * const { connections } = await job.machine();
 * ```
 *
 * @throws SpallocRequestError when the options make no sense, JobDestroyedError when the server cannot
 * fulfil them, QueueTimeoutError when that takes too long, BadBoardsError when no usable boards were among
 * those that were given, SpallocConnectionError and SpallocTimeoutError when the server cannot be reached
 */
export async function allocate(options: AllocateOptions): Promise<Job> {
  const { replacements = DEFAULT_REPLACEMENTS } = options;
  // Kept until there are good ones, so that the server does not hand out the same boards again.
  const useless: Job[] = [];
  try {
    while (true) {
      const job = await readyJob(options);
      const bad = await faultsOf(job, options).catch(async (error: unknown) => {
        await job.destroy('Gave up');
        throw error;
      });
      if (bad.length === 0) return job;
      useless.push(job);
      options.onReplaced?.(bad);
      if (useless.length > replacements) {
        const [first] = bad;
        throw new BadBoardsError(
          bad.map(({ host }) => host),
          first?.why ?? 'no reason is known',
        );
      }
    }
  } finally {
    await Promise.all(useless.map((job) => job.destroy('Boards of no use')));
  }
}

/** Asks for boards without waiting for them: the job may be queued, or already destroyed. */
export async function requestJob(options: RequestOptions): Promise<Job> {
  const complete = await withFiles(options);
  return new Job(await createV1Job(complete), { keepalive: DEFAULT_KEEPALIVE, ...complete });
}

/** Takes a job over that exists, and keeps it alive: one of another program, or of one that was stopped. */
export async function resumeJob(id: number, options: ServerOptions): Promise<Job> {
  const service = await findV1Job(id, await withFiles({ owner: NOBODY, ...options }));
  const { keepalive } = await service.state();
  return new Job(service, { ...options, keepalive });
}

/** Who takes a job over does not matter to servers. */
const NOBODY = 'nobody';

/** Completes options by what configuration files say. */
async function withFiles(options: RequestOptions) {
  const { host, owner, ...others } = withSettings(await readSettings(options.configFiles), options);
  if (host === undefined) throw noHost();
  if (owner === undefined) {
    throw new SpallocRequestError('owner', owner, 'say who asks, here or as "owner" in .spalloc');
  }
  return { ...others, host, owner };
}

async function readyJob(options: AllocateOptions): Promise<Job> {
  const job = await requestJob(options);
  try {
    await job.untilReady(options);
    return job;
  } catch (error) {
    await job.destroy('Gave up waiting');
    throw error;
  }
}

async function faultsOf(job: Job, options: AllocateOptions): Promise<readonly BadBoard[]> {
  const { boot = false, avoid = [] } = options;
  if (boot === false && avoid.length === 0) return [];
  const machine = await job.machine();
  const unwanted = unwantedBoards(machine, avoid);
  if (unwanted.length > 0 || boot === false) return unwanted;
  const failed = await bootBoards(job, machine, boot === true ? {} : boot);
  // A report that is not taken changes nothing about the boards.
  if (failed.length > 0) await job.report(failed).catch(() => undefined);
  return failed;
}
