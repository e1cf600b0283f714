/**
 * The commands of spalloc protocol version 1 as values: what to send, and how to read the reply.
 * Source: the protocol page of the Python spalloc_server; argument forms are those that its
 * successor's compatibility service accepts too.
 */
import type { ChipAddress } from '@spin-tools/scp';
import { arrayOf, integer, text } from './fields.js';
import type { JobRequest } from './job-request.js';
import {
  type JobListing,
  type JobMachine,
  type JobState,
  jobListing,
  type Location,
  type LogicalBoard,
  logicalBoard,
  type MachineListing,
  machineListing,
  type PhysicalBoard,
  parseJobMachine,
  parseJobState,
  parseLocation,
  physicalBoard,
} from './results.js';

/** One command: its request and the type of its answer. */
export interface SpallocCommand<T> {
  readonly command: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Whether it may be sent again when its answer was lost. */
  readonly repeatable: boolean;
  /** @throws SpallocProtocolError when the server's answer is not what the command promises. */
  readonly parse: (value: unknown) => T;
}

/** What to look for with {@link whereIs}. */
export type Place =
  | ({ readonly machine: string } & LogicalBoard)
  | ({ readonly machine: string } & PhysicalBoard)
  | { readonly machine: string; readonly chip: ChipAddress }
  | { readonly jobId: number; readonly chip: ChipAddress };

/** The server's version as it spells it, for example `1!6.0.1`. */
export const version = (): SpallocCommand<string> =>
  define('version', [], {}, (value) => text('version', value));

/** Asks for boards; the answer is the job's id. The job must be kept alive. */
export const createJob = (request: JobRequest): SpallocCommand<number> => ({
  ...define('create_job', request.args, request.kwargs, (value) => integer('create_job', value)),
  repeatable: false,
});

/** Restarts the job's keepalive interval. */
export const jobKeepalive = (jobId: number): SpallocCommand<void> =>
  define('job_keepalive', [jobId], {}, nothing);

/** Asks for a job's state; an unknown id is in the phase `unknown`, or an exception on newer servers. */
export const getJobState = (jobId: number): SpallocCommand<JobState> =>
  define('get_job_state', [jobId], {}, parseJobState);

/** Asks which boards a job has; null while it has none. */
export const getJobMachineInfo = (jobId: number): SpallocCommand<JobMachine | null> =>
  define('get_job_machine_info', [jobId], {}, parseJobMachine);

/** Switches a job's boards on; boards that are on are reset. */
export const powerOnJobBoards = (jobId: number): SpallocCommand<void> =>
  define('power_on_job_boards', [jobId], {}, nothing);

/** Switches a job's boards off; the job keeps them. */
export const powerOffJobBoards = (jobId: number): SpallocCommand<void> =>
  define('power_off_job_boards', [jobId], {}, nothing);

/** Ends a job and gives its boards back. */
export const destroyJob = (jobId: number, reason: string): SpallocCommand<void> =>
  define('destroy_job', [jobId], { reason }, nothing);

/** Asks to be told on this connection when a job changes, or any job. */
export const notifyJob = (jobId?: number): SpallocCommand<void> =>
  define('notify_job', given(jobId), {}, nothing);

/** Takes {@link notifyJob} back; without a job, for all of them. */
export const noNotifyJob = (jobId?: number): SpallocCommand<void> =>
  define('no_notify_job', given(jobId), {}, nothing);

/** Asks to be told on this connection when boards of a machine, or of any, are allocated or freed. */
export const notifyMachine = (machine?: string): SpallocCommand<void> =>
  define('notify_machine', given(machine), {}, nothing);

/** Takes {@link notifyMachine} back; without a machine, for all of them. */
export const noNotifyMachine = (machine?: string): SpallocCommand<void> =>
  define('no_notify_machine', given(machine), {}, nothing);

/**
 * Tells the operators what is wrong with a board. Only the compatibility service of the newer servers,
 * version 5.0.0, knows it; others close the connection.
 */
export const reportProblem = (address: string, description: string): SpallocCommand<void> =>
  define('report_problem', [address], { description }, nothing);

/** The jobs that are alive, oldest first. */
export const listJobs = (): SpallocCommand<JobListing[]> =>
  define('list_jobs', [], {}, (value) => arrayOf('list_jobs', value, jobListing));

/** The machines, in the order in which the server prefers them. */
export const listMachines = (): SpallocCommand<MachineListing[]> =>
  define('list_machines', [], {}, (value) => arrayOf('list_machines', value, machineListing));

/** Where in the room a board hangs; null when there is no such board. */
export const getBoardPosition = (
  machine: string,
  { x, y, z }: LogicalBoard,
): SpallocCommand<PhysicalBoard | null> =>
  define('get_board_position', [], { machine_name: machine, x, y, z }, (value) =>
    value == null ? null : physicalBoard('get_board_position', value),
  );

/** Which board hangs at a place in the room; null when there is none. */
export const getBoardAtPosition = (
  machine: string,
  { cabinet, frame, board }: PhysicalBoard,
): SpallocCommand<LogicalBoard | null> =>
  define(
    'get_board_at_position',
    [],
    { machine_name: machine, x: cabinet, y: frame, z: board },
    (value) => (value == null ? null : logicalBoard('get_board_at_position', value)),
  );

/** Finds a board or chip; null when nothing is there. */
export const whereIs = (place: Place): SpallocCommand<Location | null> =>
  define('where_is', [], whereIsArguments(place), parseLocation);

function define<T>(
  command: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  parse: (value: unknown) => T,
): SpallocCommand<T> {
  return { command, args, kwargs, repeatable: true, parse };
}

/** Servers mistake null for a name, so that what is not given is not sent. */
function given(value: number | string | undefined): unknown[] {
  return value === undefined ? [] : [value];
}

function whereIsArguments(place: Place): Record<string, unknown> {
  if (!('chip' in place)) return { ...place };
  const chips = { chip_x: place.chip.x, chip_y: place.chip.y };
  return 'jobId' in place
    ? { job_id: place.jobId, ...chips }
    : { machine: place.machine, ...chips };
}

function nothing(): void {}
