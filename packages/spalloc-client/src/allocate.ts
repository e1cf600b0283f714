/** From a wish for boards to boards that work. */
import type { BootOptions } from '@spin-tools/scp';
import { bootBoards, unwantedBoards } from './board-check.js';
import { BadBoardsError, SpallocRequestError } from './errors.js';
import { Job, type WaitForBoards } from './job.js';
import { DEFAULT_KEEPALIVE, type JobOptions } from './job-options.js';
import type { BadBoard } from './job-service.js';
import { createRestJobService, findRestJobService } from './rest/job-service.js';
import { knownServer, type ServerOptions } from './server-address.js';
import { createV1Job, findV1Job } from './v1/job-service.js';

/** What to ask for, and of whom. */
export interface RequestOptions extends ServerOptions, Partial<JobOptions> {
  /** Whether boards are given back on signals, uncaught exceptions and `process.exit`. Default true. */
  readonly giveBackAtExit?: boolean;
}

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
  const server = await knownServer(options);
  const keepalive =
    server.options.keepalive === undefined ? DEFAULT_KEEPALIVE : server.options.keepalive;
  // Services with a web interface know who asks from the log-in.
  const owner = server.options.owner ?? (server.kind === 'rest' ? UNSAID : undefined);
  if (owner === undefined) {
    const advice = 'say who asks, here or as "owner" in .spalloc';
    throw new SpallocRequestError('owner', owner, advice);
  }
  const service =
    server.kind === 'v1'
      ? await createV1Job({ ...server.options, owner })
      : await createRestJobService({ ...server.options, owner });
  return new Job(service, { ...options, keepalive });
}

const UNSAID = 'as logged in';

/** Takes a job over that exists, and keeps it alive: one of another program, or of one that was stopped. */
export async function resumeJob(
  id: number,
  options: ServerOptions & Pick<RequestOptions, 'giveBackAtExit'>,
): Promise<Job> {
  const server = await knownServer(options);
  const service =
    server.kind === 'v1'
      ? await findV1Job(id, server.options)
      : await findRestJobService(id, server.options);
  try {
    const { keepalive } = await service.state();
    return new Job(service, { ...options, keepalive });
  } catch (error) {
    await service.close();
    throw error;
  }
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
