/** What the web interface answers, and how each answer is checked. Source: JavaSpiNNaker's allocserv, its `web` records. */
import type { ChipAddress } from '@spin-tools/scp';
import { SpallocProtocolError } from '../errors.js';
import { arrayOf, field, fieldsOf, integer, integers, optionalField, text } from '../v1/fields.js';
import {
  connections,
  type JobMachine,
  type JobPhase,
  type Location,
  type LogicalBoard,
  logicalBoard,
  logicalBoards,
  type MachineListing,
  physicalBoard,
} from '../v1/results.js';

/** What the service knows about a job. */
export interface RestJobState {
  readonly phase: JobPhase;
  readonly owner: string;
  readonly reason: string | null;
  /** Seconds since 1970. */
  readonly startTime: number | null;
  readonly keepaliveHost: string | null;
  /** Where the proxy is; null unless the job has boards and the service has a proxy. */
  readonly proxy: string | null;
}

/** The answer to a request for boards. */
export interface CreatedJob {
  readonly id: number;
}

/** Some of the jobs. */
export interface JobPage {
  readonly ids: readonly number[];
  readonly hasMore: boolean;
}

const PHASES: Readonly<Record<string, JobPhase>> = {
  ...{ QUEUED: 'queued', POWER: 'power', READY: 'ready', DESTROYED: 'destroyed' },
};
const MS_PER_SECOND = 1000;

/** Directions of links to other boards, as the service's numbers have them. */
const DIRECTIONS = ['N', 'E', 'SE', 'S', 'W', 'NW'];

/** The state of a job; null when there is none. */
export function parseState(value: unknown): RestJobState | null {
  if (value === undefined) return null;
  const reply = fieldsOf('the job', value);
  return {
    phase: PHASES[field(reply, 'state', text)] ?? 'unknown',
    owner: optionalField(reply, 'owner', text) ?? '',
    reason: optionalField(reply, 'reason', text) || null,
    startTime: optionalField(reply, 'start-time', seconds),
    keepaliveHost: optionalField(reply, 'keepalive-host', text),
    proxy: optionalField(reply, 'proxy-ref', text),
  };
}

/** The answer to a request for boards. */
export function createdJob(value: unknown): CreatedJob {
  return { id: field(fieldsOf('the new job', value), 'job-id', integer) };
}

/** A list of jobs, of which only links are told. */
export function jobPage(value: unknown): JobPage {
  const reply = fieldsOf('the list of jobs', value);
  return {
    ids: field(reply, 'jobs', (source, links) => arrayOf(source, links, jobOfLink)),
    hasMore: optionalField(reply, 'next', text) !== null,
  };
}

function jobOfLink(source: string, value: unknown): number {
  const id = /\/jobs\/(\d{1,15})\/?$/.exec(text(source, value))?.[1];
  if (id !== undefined) return Number(id);
  throw new SpallocProtocolError(
    `the allocation service sent ${source}, which is no link to a job`,
  );
}

/** The boards of a job, its size in triads; null when it has none. */
export function parseAllocation(value: unknown) {
  if (value === undefined) return null;
  const reply = fieldsOf('the allocation', value);
  const allocation: Omit<JobMachine, 'width' | 'height'> = {
    machineName: field(reply, 'machine-name', text),
    connections: field(reply, 'connections', connections),
    boards: optionalField(reply, 'boards', logicalBoards) ?? [],
  };
  const triads = {
    width: field(reply, 'width', integer),
    height: field(reply, 'height', integer),
    depth: field(reply, 'depth', integer),
  };
  return { ...allocation, triads };
}

/** Whether boards are on; null when there are none. */
export function parsePower(value: unknown): boolean | null {
  if (value === undefined) return null;
  return field(fieldsOf('the power', value), 'power', text).toUpperCase() === 'ON';
}

/** Where something is; null when it is not. */
export function parseLocation(value: unknown): Location | null {
  if (value === undefined) return null;
  const reply = fieldsOf('the place', value);
  return {
    machine: field(reply, 'machine', text),
    logical: field(reply, 'logical-board-coordinates', logicalBoard),
    physical: field(reply, 'physical-board-coordinates', physicalBoard),
    chip: field(reply, 'chip', chip),
    boardChip: field(reply, 'board-chip', chip),
    jobId: optionalField(reply, 'job-id', integer),
    jobChip: optionalField(reply, 'job-chip', chip),
  };
}

/** All machines. */
export function machineList(value: unknown): MachineListing[] {
  return field(fieldsOf('the list of machines', value), 'machines', (source, machines) =>
    arrayOf(source, machines, machine),
  );
}

/** The size of one machine; null when there is none. */
export function sizeInTriads(value: unknown) {
  if (value === undefined) return null;
  const reply = fieldsOf('the machine', value);
  return { width: field(reply, 'width', integer), height: field(reply, 'height', integer) };
}

function machine(source: string, value: unknown): MachineListing {
  const reply = fieldsOf(source, value);
  return {
    name: field(reply, 'name', text),
    tags: field(reply, 'tags', (path, tags) => arrayOf(path, tags, text)),
    width: field(reply, 'width', integer),
    height: field(reply, 'height', integer),
    deadBoards:
      optionalField(reply, 'dead-boards', (path, boards) => arrayOf(path, boards, boardOf)) ?? [],
    deadLinks:
      optionalField(reply, 'dead-links', (path, links) => arrayOf(path, links, deadLink)) ?? [],
  };
}

function boardOf(source: string, value: unknown): LogicalBoard {
  const board = fieldsOf(source, value);
  return {
    x: field(board, 'x', integer),
    y: field(board, 'y', integer),
    z: field(board, 'z', integer),
  };
}

/** A link is told by both of its ends; the first names it. */
function deadLink(source: string, value: unknown): LogicalBoard & { link: number } {
  const [end] = arrayOf(source, value, (path, each) => ({
    ...boardOf(`${path}.board`, fieldsOf(path, each).values.board),
    link: DIRECTIONS.indexOf(field(fieldsOf(path, each), 'direction', text)),
  }));
  if (end !== undefined && end.link >= 0) return end;
  throw new SpallocProtocolError(`the allocation service sent ${source}, which is no link`);
}

function chip(source: string, value: unknown): ChipAddress {
  const [x, y] = integers(source, value, 2) as [number, number];
  return { x, y };
}

function seconds(source: string, value: unknown): number {
  const ms = Date.parse(text(source, value));
  if (Number.isFinite(ms)) return ms / MS_PER_SECOND;
  throw new SpallocProtocolError(`the allocation service sent ${source}, which is no date`);
}
