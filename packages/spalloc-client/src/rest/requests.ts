/**
 * Requests to the web interface as values: what to send, and how to read the reply. Source: the `SpallocServiceAPI`
 * of JavaSpiNNaker's allocserv.
 */
import type { ChipAddress } from '@spin-tools/scp';
import type { Place } from '../v1/commands.js';
import type { JobMachine, Location, MachineListing } from '../v1/results.js';
import {
  type CreatedJob,
  createdJob,
  type JobPage,
  jobPage,
  machineList,
  parseAllocation,
  parseLocation,
  parsePower,
  parseState,
  type RestJobState,
  sizeInTriads,
} from './results.js';

/** One request and the type of its answer. */
export interface RestRequest<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the root of the interface. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  /** Text, bytes, or what becomes JSON. */
  readonly body?: string | Uint8Array | object;
  /** What a reply holds. Default JSON. */
  readonly answer?: 'bytes' | 'nothing';
  /** HTTP status that stands for "there is no such thing", which `parse` is told as undefined. */
  readonly missing?: number;
  /** Whether it may be sent again when its answer was lost. */
  readonly repeatable: boolean;
  /** Longest wait, where that is not the session's, ms. */
  readonly timeoutMs?: number;
  /**
   * The answer in the body of a reply.
   *
   * @param value undefined for 204, "nothing allocated"
   */
  readonly parse: (value: unknown) => T;
}

/** Longest wait for a change of state, ms: the service answers after 30 s even when nothing changed. */
const LONG_POLL_MS = 45_000;
/** Jobs in one list, at most. */
const PAGE = 200;
const NOT_FOUND = 404;

/** The jobs of all users, newest first; `start` is how many to skip. */
export const listRestJobs = (start = 0): RestRequest<JobPage> =>
  get('jobs', { limit: PAGE, start, deleted: false }, jobPage);

/** Asks for boards. */
export const createRestJob = (wish: object): RestRequest<CreatedJob> => ({
  ...send('POST', 'jobs', wish, createdJob),
  repeatable: false,
});

/** The state of a job; null for one that does not exist, or is somebody else's. */
export const getRestJob = (id: number): RestRequest<RestJobState | null> => ({
  ...get(`jobs/${id}`, {}, parseState),
  missing: NOT_FOUND,
});

/** As {@link getRestJob}, but answered only when the state changes, or after half a minute. */
export const awaitRestJob = (id: number): RestRequest<RestJobState | null> => ({
  ...get(`jobs/${id}`, { wait: true }, parseState),
  ...{ missing: NOT_FOUND, timeoutMs: LONG_POLL_MS },
});

/** Says that a job is still wanted. */
export const keepRestJobAlive = (id: number): RestRequest<void> =>
  act('PUT', `jobs/${id}/keepalive`, 'alive');

/** Ends a job. */
export const destroyRestJob = (id: number, reason: string): RestRequest<void> => ({
  ...act('DELETE', `jobs/${id}`),
  query: { reason },
});

/** The boards of a job; null while it has none. Its size is in triads: the machine says whether it wraps. */
export const getRestJobMachine = (id: number): RestRequest<ReturnType<typeof parseAllocation>> =>
  get(`jobs/${id}/machine`, {}, parseAllocation);

/** Whether the boards of a job are on; null while it has none. */
export const getRestJobPower = (id: number): RestRequest<boolean | null> =>
  get(`jobs/${id}/machine/power`, {}, parsePower);

/** Switches the boards of a job; those that are on are reset. */
export const setRestJobPower = (id: number, on: boolean): RestRequest<void> =>
  act('POST', `jobs/${id}/machine/power`, { power: on ? 'ON' : 'OFF' });

/** Finds a chip of a job; null when it is not the job's. */
export const whereIsInRestJob = (id: number, { x, y }: ChipAddress): RestRequest<Location | null> =>
  get(`jobs/${id}/chip`, { x, y }, parseLocation);

/** Tells those who run the machine what is wrong with boards. */
export const reportIssue = (
  id: number,
  issue: string,
  addresses: readonly string[],
): RestRequest<void> =>
  act('POST', `jobs/${id}/report-issue`, {
    issue,
    boards: addresses.map((address) => ({ address })),
  });

/** Reads memory of a chip of a booted machine, through the service. */
export const readRestMemory = (
  id: number,
  { x, y }: ChipAddress,
  address: number,
  size: number,
): RestRequest<Uint8Array> => ({
  ...get(`jobs/${id}/memory`, { x, y, address, size }, (value) => value as Uint8Array),
  answer: 'bytes',
});

/** Writes memory of a chip of a booted machine, through the service. */
export const writeRestMemory = (
  id: number,
  { x, y }: ChipAddress,
  address: number,
  bytes: Uint8Array,
): RestRequest<void> => ({
  ...act('POST', `jobs/${id}/memory`, bytes),
  query: { x, y, address },
});

/** Clears routes and counters of a job's routers. */
export const clearRestRouters = (
  id: number,
  filters: Readonly<Record<number, number>> = {},
): RestRequest<void> => ({ ...act('DELETE', `jobs/${id}/router`), query: filters });

/** Machines, as the service lists them. */
export const listRestMachines = (): RestRequest<MachineListing[]> =>
  get('machines', {}, machineList);

/** Size of a machine in triads; null when there is none of the name, or we may not know. */
export const getRestMachineSize = (
  name: string,
): RestRequest<{ readonly width: number; readonly height: number } | null> => ({
  ...get(`machines/${encodeURIComponent(name)}`, {}, sizeInTriads),
  missing: NOT_FOUND,
});

/** Finds a board or chip; null when nothing is there. */
export const whereIsByRest = (place: Place): RestRequest<Location | null> => {
  if ('jobId' in place) {
    return { ...whereIsInRestJob(place.jobId, place.chip), missing: NOT_FOUND };
  }
  const { machine, ...at } = place;
  const [form, query] =
    'chip' in at
      ? ['chip', { x: at.chip.x, y: at.chip.y }]
      : [`${'z' in at ? 'logical' : 'physical'}-board`, at];
  return {
    ...get(
      `machines/${encodeURIComponent(machine)}/${form}`,
      query as Record<string, number>,
      parseLocation,
    ),
    missing: NOT_FOUND,
  };
};

/** Finds a board of a machine by its IP address; null when nothing is there. */
export const whereIsAddress = (machine: string, address: string): RestRequest<Location | null> => ({
  ...get(`machines/${encodeURIComponent(machine)}/board-ip`, { address }, parseLocation),
  missing: NOT_FOUND,
});

/** A job's size in chips is for its machine to say. */
export type AllocationInTriads = NonNullable<ReturnType<typeof parseAllocation>>;

/** Chips of triads side by side, and those by which boards hang over where edges are not joined. */
const TRIAD_SIDE = 12;
const OVERHANG = 4;
const BOARD_SIDE = 8;

/**
 * A job's boards with their size in chips. The service does not say whether edges are joined; they are where
 * the job is as wide as the machine, since machines of triads are.
 */
export function inChips(
  { triads, ...others }: AllocationInTriads,
  machine: { readonly width: number; readonly height: number } | null,
): JobMachine {
  const { width, height, depth } = triads;
  if (depth === 1) return { ...others, width: BOARD_SIDE, height: BOARD_SIDE };
  return {
    ...others,
    width: width * TRIAD_SIDE + (width === machine?.width ? 0 : OVERHANG),
    height: height * TRIAD_SIDE + (height === machine?.height ? 0 : OVERHANG),
  };
}

function get<T>(
  path: string,
  query: RestRequest<T>['query'],
  parse: (value: unknown) => T,
): RestRequest<T> {
  return { method: 'GET', path, query, repeatable: true, parse };
}

function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: RestRequest<T>['body'],
  parse: (value: unknown) => T,
): RestRequest<T> {
  return { method, path, query: {}, ...(body !== undefined && { body }), repeatable: true, parse };
}

/** A request whose answer is that it was carried out. */
function act(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: RestRequest<void>['body'],
): RestRequest<void> {
  return { ...send(method, path, body, () => undefined), answer: 'nothing' };
}
