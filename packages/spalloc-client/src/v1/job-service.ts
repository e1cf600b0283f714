/** A job on a server of protocol version 1. */
import { BOOT_PORT, SCP_PORT, type Transport, udpTransport } from '@spin-tools/scp';
import {
  SpallocCommandError,
  SpallocConnectionError,
  SpallocProtocolError,
  SpallocRequestError,
  SpallocTimeoutError,
} from '../errors.js';
import type { JobOptions } from '../job-options.js';
import type { BadBoard, Changes, JobService } from '../job-service.js';
import {
  createJob,
  destroyJob,
  getBoardAtPosition,
  getJobMachineInfo,
  getJobState,
  jobKeepalive,
  powerOffJobBoards,
  powerOnJobBoards,
  reportProblem,
  whereIs,
} from './commands.js';
import { jobRequest } from './job-request.js';
import type { BoardConnection, JobMachine, JobState, Location } from './results.js';
import { type SessionOptions, SpallocSession } from './session.js';

/** Where boards of a version 1 server listen, as protocol and server say nothing about ports. */
export interface BoardPorts {
  /** UDP port of SCP. Default 17893. */
  readonly scpPort?: number | undefined;
  /** UDP port of the boot protocol. Default 54321. */
  readonly bootPort?: number | undefined;
}

/** The only server that takes reports; it has no epoch, which tells it from the Python server. */
const SERVER_WITH_REPORTS = '5.0.0';

/** Connects and asks for boards. */
export async function createV1Job(
  options: SessionOptions & JobOptions & BoardPorts,
): Promise<JobService> {
  const request = await usableRequest(options);
  const session = await SpallocSession.connect(options);
  try {
    const wanted =
      request ?? jobRequest({ ...options, ...(await boardAtPosition(session, options)) });
    return new V1JobService(session, await session.send(createJob(wanted)), options);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Connects to a job that exists. */
export async function findV1Job(
  id: number,
  options: SessionOptions & BoardPorts,
): Promise<JobService> {
  const session = await SpallocSession.connect(options);
  return new V1JobService(session, id, options);
}

/** The request, or undefined where the server must be asked for a board's coordinates first. */
async function usableRequest(options: JobOptions) {
  const { boards } = options;
  if (typeof boards !== 'object' || !('cabinet' in boards)) return jobRequest(options);
  if (options.machine !== undefined) return undefined;
  throw new SpallocRequestError('boards', boards, 'a place in the room needs "machine" as well');
}

async function boardAtPosition(session: SpallocSession, { machine, boards }: JobOptions) {
  if (typeof boards !== 'object' || !('cabinet' in boards) || machine === undefined) return {};
  const found = await session.send(getBoardAtPosition(machine, boards));
  if (found !== null) return { boards: found };
  throw new SpallocRequestError('boards', boards, `machine ${machine} has no board there`);
}

class V1JobService implements JobService {
  readonly #session: SpallocSession;
  readonly #ports: BoardPorts;

  constructor(
    session: SpallocSession,
    readonly id: number,
    ports: BoardPorts,
  ) {
    this.#session = session;
    this.#ports = ports;
  }

  state(): Promise<JobState> {
    return this.#session.send(getJobState(this.id));
  }

  changes(): Changes {
    let changed = false;
    let wake = () => {};
    const stop = this.#session.onChange(() => {
      changed = true;
      wake();
    });
    // Asked for before the first question; a server that cannot be asked is noticed by that question.
    this.#session.watch(this.id).catch(() => undefined);
    return {
      async next() {
        if (!changed) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        changed = false;
      },
      stop: () => {
        stop();
        wake();
        this.#session.unwatch(this.id);
      },
    };
  }

  machine(): Promise<JobMachine | null> {
    return this.#session.send(getJobMachineInfo(this.id));
  }

  keepAlive(): Promise<void> {
    return this.#session.send(jobKeepalive(this.id), Number.POSITIVE_INFINITY);
  }

  power(on: boolean): Promise<void> {
    return this.#session.send((on ? powerOnJobBoards : powerOffJobBoards)(this.id));
  }

  async destroy(reason: string): Promise<void> {
    await this.#session.send(destroyJob(this.id, reason)).catch(ignoreJobGone);
  }

  /** Node.js hands a small write to the system at once, so that it leaves although the program ends. */
  destroyAtExit(reason: string): void {
    this.#session.post(destroyJob(this.id, reason));
  }

  whereIs(chip: { readonly x: number; readonly y: number }): Promise<Location | null> {
    return this.#session.send(whereIs({ jobId: this.id, chip }));
  }

  async report(boards: readonly BadBoard[]): Promise<void> {
    if (this.#session.version !== SERVER_WITH_REPORTS) return;
    for (const { host, why } of boards) await this.#session.send(reportProblem(host, why));
  }

  open({ host }: BoardConnection, kind: 'scp' | 'boot'): Promise<Transport> {
    const { scpPort = SCP_PORT, bootPort = BOOT_PORT } = this.#ports;
    return udpTransport({ host, port: kind === 'scp' ? scpPort : bootPort });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/** Newer servers refuse to destroy a job that is gone; one that cannot be reached will miss our keepalive. */
function ignoreJobGone(error: unknown): void {
  const isHarmless =
    error instanceof SpallocCommandError ||
    error instanceof SpallocConnectionError ||
    error instanceof SpallocTimeoutError ||
    error instanceof SpallocProtocolError;
  if (!isHarmless) throw error;
}
