/** What the server answers, and how each answer is checked. Source: the protocol page of the Python spalloc_server. */
import type { ChipAddress } from '@spin-tools/scp';
import {
  arrayOf,
  field,
  fieldsOf,
  finite,
  flag,
  integer,
  integers,
  optionalField,
  text,
} from './fields.js';

/** The life of a job: queued, power, ready; power again while boards switch; destroyed at the end. */
export type JobPhase = 'unknown' | 'queued' | 'power' | 'ready' | 'destroyed';

/** Protocol numbers of {@link JobPhase}. */
const JOB_PHASES: readonly JobPhase[] = ['unknown', 'queued', 'power', 'ready', 'destroyed'];

/** What a server knows about a job. */
export interface JobState {
  readonly phase: JobPhase;
  /** Whether the boards are switched on; null unless the job has boards. */
  readonly power: boolean | null;
  /** Seconds. */
  readonly keepalive: number | null;
  /** Why the job was destroyed. */
  readonly reason: string | null;
  /** Seconds since 1970. */
  readonly startTime: number | null;
}

/** A board by its place in the machine's grid of triads. */
export interface LogicalBoard {
  readonly x: number;
  readonly y: number;
  /** 0, 1 or 2: which board of the triad. */
  readonly z: number;
}

/** A board by where it hangs in the room. */
export interface PhysicalBoard {
  readonly cabinet: number;
  readonly frame: number;
  readonly board: number;
}

/** The address of a board's ethernet chip. */
export interface BoardConnection {
  /** Relative to the job's own chip (0, 0). */
  readonly chip: ChipAddress;
  readonly host: string;
}

/** The boards that a job got. */
export interface JobMachine {
  readonly machineName: string;
  /** Chips. */
  readonly width: number;
  /** Chips. */
  readonly height: number;
  /** Sorted by x, then y. */
  readonly connections: readonly BoardConnection[];
  readonly boards: readonly LogicalBoard[];
}

/** A machine that the server hands out boards of. */
export interface MachineListing {
  readonly name: string;
  readonly tags: readonly string[];
  /** Triads. */
  readonly width: number;
  /** Triads. */
  readonly height: number;
  readonly deadBoards: readonly LogicalBoard[];
  /** Link numbers are the server's: 0 is east on the Python server, north on its successor. */
  readonly deadLinks: readonly (LogicalBoard & { readonly link: number })[];
}

/** A live job in the server's list. */
export interface JobListing {
  readonly jobId: number;
  readonly owner: string;
  readonly phase: JobPhase;
  /** Whether its boards are switched on; null unless it has some. */
  readonly power: boolean | null;
  readonly machineName: string | null;
  readonly boards: readonly LogicalBoard[];
  /** Seconds; null for no limit. */
  readonly keepalive: number | null;
  /** Seconds since 1970. */
  readonly startTime: number | null;
  /** Address of the host that keeps it alive, where the server tells. */
  readonly host: string | null;
}

/** Where a chip or board is, by every way of counting. */
export interface Location {
  readonly machine: string;
  readonly logical: LogicalBoard;
  readonly physical: PhysicalBoard;
  /** Within the whole machine. */
  readonly chip: ChipAddress;
  /** Within its board. */
  readonly boardChip: ChipAddress;
  readonly jobId: number | null;
  /** Within the job that has the board. */
  readonly jobChip: ChipAddress | null;
}

/** The answer to `get_job_state`. */
export function parseJobState(value: unknown): JobState {
  const reply = fieldsOf('get_job_state', value);
  return {
    phase: field(reply, 'state', phase),
    power: optionalField(reply, 'power', flag),
    keepalive: optionalField(reply, 'keepalive', finite),
    reason: optionalField(reply, 'reason', text) || null,
    startTime: optionalField(reply, 'start_time', finite),
  };
}

/** The answer to `get_job_machine_info`. */
export function parseJobMachine(value: unknown): JobMachine | null {
  const reply = fieldsOf('get_job_machine_info', value);
  if (reply.values.connections == null) return null;
  return {
    machineName: field(reply, 'machine_name', text),
    width: field(reply, 'width', integer),
    height: field(reply, 'height', integer),
    connections: field(reply, 'connections', connections),
    boards: field(reply, 'boards', logicalBoards),
  };
}

/** The answer to `where_is`. */
export function parseLocation(value: unknown): Location | null {
  if (value == null) return null;
  const reply = fieldsOf('where_is', value);
  return {
    machine: field(reply, 'machine', text),
    logical: field(reply, 'logical', logicalBoard),
    physical: field(reply, 'physical', physicalBoard),
    chip: field(reply, 'chip', chip),
    boardChip: field(reply, 'board_chip', chip),
    jobId: optionalField(reply, 'job_id', integer),
    jobChip: optionalField(reply, 'job_chip', chip),
  };
}

function phase(source: string, value: unknown): JobPhase {
  return JOB_PHASES[integer(source, value)] ?? 'unknown';
}

function chip(source: string, value: unknown): ChipAddress {
  const [x, y] = integers(source, value, 2) as [number, number];
  return { x, y };
}

/** A board as `[x, y, z]`. */
export function logicalBoard(source: string, value: unknown): LogicalBoard {
  const [x, y, z] = integers(source, value, 3) as [number, number, number];
  return { x, y, z };
}

/** Boards as `[x, y, z]`. */
export function logicalBoards(source: string, value: unknown): LogicalBoard[] {
  return arrayOf(source, value, logicalBoard);
}

/** A board as `[cabinet, frame, board]`. */
export function physicalBoard(source: string, value: unknown): PhysicalBoard {
  const [cabinet, frame, board] = integers(source, value, 3) as [number, number, number];
  return { cabinet, frame, board };
}

/** Boards as `[[x, y], host]`, sorted by x, then y. */
export function connections(source: string, value: unknown): BoardConnection[] {
  return arrayOf(source, value, (itemSource, item) => {
    const [at, host] = arrayOf(itemSource, item, (_, part) => part);
    return { chip: chip(`${itemSource}[0]`, at), host: text(`${itemSource}[1]`, host) };
  }).sort((a, b) => a.chip.x - b.chip.x || a.chip.y - b.chip.y);
}

/** One item of `list_machines`. */
export function machineListing(source: string, value: unknown): MachineListing {
  const reply = fieldsOf(source, value);
  return {
    name: field(reply, 'name', text),
    tags: field(reply, 'tags', (path, tags) => arrayOf(path, tags, text)),
    width: field(reply, 'width', integer),
    height: field(reply, 'height', integer),
    deadBoards: field(reply, 'dead_boards', logicalBoards),
    deadLinks: field(reply, 'dead_links', (path, links) => arrayOf(path, links, deadLink)),
  };
}

function deadLink(source: string, value: unknown): LogicalBoard & { link: number } {
  const [x, y, z, link] = integers(source, value, 4) as [number, number, number, number];
  return { x, y, z, link };
}

/** One item of `list_jobs`. */
export function jobListing(source: string, value: unknown): JobListing {
  const reply = fieldsOf(source, value);
  return {
    jobId: field(reply, 'job_id', integer),
    owner: field(reply, 'owner', text),
    phase: field(reply, 'state', phase),
    power: optionalField(reply, 'power', flag),
    machineName: optionalField(reply, 'allocated_machine_name', text),
    boards: optionalField(reply, 'boards', logicalBoards) ?? [],
    keepalive: optionalField(reply, 'keepalive', finite),
    startTime: optionalField(reply, 'start_time', finite),
    host: optionalField(reply, 'keepalivehost', text) || null,
  };
}
