/** A job on an allocation service with a web interface. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { BOOT_PORT, SCP_PORT, type Transport, udpTransport } from '@spin-tools/scp';
import {
  SpallocCommandError,
  SpallocConnectionError,
  SpallocLogInError,
  SpallocRequestError,
  SpallocTimeoutError,
} from '../errors.js';
import { checkJobOptions, DEFAULT_KEEPALIVE, type JobOptions } from '../job-options.js';
import type { BadBoard, Changes, JobService } from '../job-service.js';
import type { BoardConnection, JobMachine, JobState, Location } from '../v1/results.js';
import { BoardProxy } from './proxy.js';
import {
  awaitRestJob,
  createRestJob,
  destroyRestJob,
  getRestJob,
  getRestJobMachine,
  getRestJobPower,
  getRestMachineSize,
  inChips,
  keepRestJobAlive,
  reportIssue,
  setRestJobPower,
  whereIsInRestJob,
} from './requests.js';
import { type RestServer, RestSession } from './session.js';

/** What only services with a web interface know. */
export interface RestJobOptions {
  /** Group whose quota is used; the service asks for it where one is in several. */
  readonly group?: string;
  /** EBRAINS collaboration whose quota is used, in place of a group. */
  readonly collaboration?: string;
  /** Whether boards are reached by UDP in place of the proxy, from inside of their network. Default false. */
  readonly direct?: boolean;
}

/** Seconds between which the service takes keepalive intervals. */
const KEEPALIVE = { least: 30, most: 300 };

/** What a job that is unknown looks like. */
const UNKNOWN: JobState = {
  ...{ phase: 'unknown', power: null, keepalive: null, reason: null, startTime: null },
};

/** Logs in and asks for boards. */
export async function createRestJobService(
  options: RestServer & JobOptions & RestJobOptions,
): Promise<JobService> {
  const wish = restWish(options);
  const session = await RestSession.logIn(options);
  try {
    const { id } = await session.send(createRestJob(wish));
    return new RestJobService(session, id, options);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Logs in to a job that exists. */
export async function findRestJobService(
  id: number,
  options: RestServer & RestJobOptions,
): Promise<JobService> {
  return new RestJobService(await RestSession.logIn(options), id, options);
}

/**
 * The body of a request for boards. Who asks is known from the log-in, and ratios and links are not asked about.
 *
 * @throws SpallocRequestError naming the option that the service cannot fulfil
 */
export function restWish(options: JobOptions & RestJobOptions): object {
  checkJobOptions(options);
  const { keepalive = DEFAULT_KEEPALIVE, machine, tags, maxDeadBoards, requireTorus } = options;
  if (keepalive === null || keepalive < KEEPALIVE.least || keepalive > KEEPALIVE.most) {
    const advice = `this service takes ${KEEPALIVE.least} to ${KEEPALIVE.most} seconds`;
    throw new SpallocRequestError('keepalive', keepalive, advice);
  }
  if (requireTorus) {
    throw new SpallocRequestError('requireTorus', true, 'this service cannot be asked for that');
  }
  return {
    'keepalive-interval': `PT${keepalive}S`,
    ...(machine === undefined ? { tags: tags ?? ['default'] } : { 'machine-name': machine }),
    ...boardsOf(options.boards ?? 1),
    ...(maxDeadBoards !== undefined && { 'max-dead-boards': maxDeadBoards }),
    ...(options.group !== undefined && { group: options.group }),
    ...(options.collaboration !== undefined && { 'nmpi-collab': options.collaboration }),
  };
}

function boardsOf(boards: NonNullable<JobOptions['boards']>): object {
  if (typeof boards === 'number') return { 'num-boards': boards };
  return 'width' in boards ? { dimensions: boards } : { board: boards };
}

class RestJobService implements JobService {
  readonly #session: RestSession;
  readonly #proxy: BoardProxy;
  readonly #direct: boolean;

  constructor(
    session: RestSession,
    readonly id: number,
    { direct = false }: RestJobOptions,
  ) {
    this.#session = session;
    this.#direct = direct;
    this.#proxy = new BoardProxy({
      clock: session.clock,
      pause: () => session.pause(),
      place: () => this.#proxyPlace(),
      ...session.connection,
    });
  }

  async state(): Promise<JobState> {
    const job = await this.#session.send(getRestJob(this.id));
    if (job === null) return UNKNOWN;
    const { phase, reason, startTime } = job;
    const hasBoards = phase === 'power' || phase === 'ready';
    const power = hasBoards ? await this.#session.send(getRestJobPower(this.id)) : null;
    return { phase, power, keepalive: null, reason, startTime };
  }

  /** A question is always under way that was asked before the last state, so that no change is missed. */
  changes(): Changes {
    const end = new AbortController();
    let waiting = this.#change(end.signal);
    return {
      next: async () => {
        await waiting;
        waiting = this.#change(end.signal);
      },
      stop: () => end.abort(new Error('nobody waits any more')),
    };
  }

  async machine(): Promise<JobMachine | null> {
    const allocation = await this.#session.send(getRestJobMachine(this.id));
    if (allocation === null) return null;
    // Who may not know the machine takes it for one without joined edges.
    const size = await this.#session
      .send(getRestMachineSize(allocation.machineName))
      .catch((error: unknown) => {
        if (error instanceof SpallocCommandError) return null;
        throw error;
      });
    return inChips(allocation, size);
  }

  keepAlive(): Promise<void> {
    return this.#session.send(keepRestJobAlive(this.id), Number.POSITIVE_INFINITY);
  }

  power(on: boolean): Promise<void> {
    return this.#session.send(setRestJobPower(this.id, on));
  }

  async destroy(reason: string): Promise<void> {
    await this.#session.send(destroyRestJob(this.id, reason)).catch((error: unknown) => {
      const isHarmless =
        error instanceof SpallocCommandError ||
        error instanceof SpallocConnectionError ||
        error instanceof SpallocTimeoutError ||
        error instanceof SpallocLogInError;
      if (!isHarmless) throw error;
    });
  }

  /** HTTP cannot be spoken while a program ends, so that another is started for this one request. */
  destroyAtExit(reason: string): void {
    const { method, path, query } = destroyRestJob(this.id, reason);
    const url = new URL(`srv/spalloc/${path}`, this.#session.base);
    url.search = new URLSearchParams(query as Record<string, string>).toString();
    const request = {
      ...{ url: url.href, method, headers: this.#session.headers() },
      ca: this.#session.connection.certificate,
    };
    // Secrets go by standard input: others can see the arguments of programs.
    spawnSync(process.execPath, ['-e', SEND_ONE], {
      input: JSON.stringify(request),
      timeout: EXIT_PATIENCE_MS,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  whereIs(chip: { readonly x: number; readonly y: number }): Promise<Location | null> {
    return this.#session.send(whereIsInRestJob(this.id, chip));
  }

  async report(boards: readonly BadBoard[]): Promise<void> {
    for (const why of new Set(boards.map((board) => board.why))) {
      const hosts = boards.filter((board) => board.why === why).map(({ host }) => host);
      await this.#session.send(reportIssue(this.id, why, hosts));
    }
  }

  open({ chip, host }: BoardConnection, kind: 'scp' | 'boot'): Promise<Transport> {
    const port = kind === 'scp' ? SCP_PORT : BOOT_PORT;
    return this.#direct ? udpTransport({ host, port }) : this.#proxy.open(chip, port);
  }

  async close(): Promise<void> {
    await this.#proxy.close();
    await this.#session.close();
  }

  async #change(signal: AbortSignal): Promise<void> {
    try {
      await this.#session.send(awaitRestJob(this.id), 0, signal);
    } catch {
      // What is wrong is told by the question for the state that follows.
      if (!signal.aborted) await this.#session.pause();
    }
  }

  async #proxyPlace() {
    const job = await this.#session.send(getRestJob(this.id), 0);
    if (job?.proxy == null) {
      throw new SpallocConnectionError(
        this.#session.base.origin,
        'it has no proxy for this job, which may be over',
      );
    }
    const url = this.#session.urlOf(job.proxy);
    url.protocol = url.protocol.replace('http', 'ws');
    return { url, headers: this.#session.headers() };
  }
}

/** How long an ending program waits for its last request, ms. */
const EXIT_PATIENCE_MS = 3000;

/** A program that sends one request, told on standard input. */
const SEND_ONE = `
const { url, ...options } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
require(url.startsWith('https:') ? 'node:https' : 'node:http').request(url, options, (reply) => {
  reply.resume();
}).end();
`;
