/** What is to go wrong with a virtual machine, as data: the fault plan. */
import { LINKS } from '@spin-tools/machine-model';
import type { ChipAddress } from '@spin-tools/scp';

/** Kinds of datagrams between hosts and ethernet chips. */
export type DatagramKind = 'scp' | 'boot' | 'tags';

/** What happens to datagrams, in both directions. Chances are from 0 to 1 and drawn for each datagram. */
export interface DatagramFaults {
  /** Chance that a datagram is lost. */
  readonly lose?: number;
  /** Chance that a datagram comes twice. */
  readonly duplicate?: number;
  /** Chance that a datagram comes later than some that were sent after it. */
  readonly reorder?: number;
  /** Time that every datagram takes, ms of simulated time. */
  readonly delayMs?: number;
  /** Which datagrams: SDP and SCP, boot frames, plain ones of IPTags. Default: `scp` and `tags`. */
  readonly kinds?: readonly DatagramKind[];
}

/** What happens to multicast packets of cores. */
export interface PacketFaults {
  /** Chance, 0 to 1, that a router drops a packet, drawn at each that it passes, and counts it as dropped. */
  readonly lose?: number;
}

/** When something happens. Time is that of the machine, which stands still while a fast machine is idle. */
export type Moment =
  /** Simulated time since the machine was made, ms. */
  | { readonly afterMs: number }
  /** When that many messages of hosts have come in. */
  | { readonly afterMessages: number };

/** A part of the machine that dies for good. */
export type Death = Moment &
  ChipAddress & {
    /** A link of the chip, both ways, instead of the whole chip. */
    readonly link?: number;
    /** A physical core of the chip instead of the whole chip. */
    readonly core?: number;
  };

/** A board that does not come up when it is booted. */
export interface BootFailure {
  /** Number of the board, in the order of the ethernet chips. */
  readonly board: number;
  /** How many boots come to nothing. */
  readonly times: number;
}

/** A monitor with an ethernet that is slow or busy. */
export interface MonitorLoad {
  /** An ethernet chip; all of them by default. */
  readonly chip?: ChipAddress;
  /**
   * Time that the monitor needs for each message of a host, microseconds of simulated time. Messages wait
   * in 32 buffers; those that find none free are lost, as on a board.
   */
  readonly serviceMicroseconds?: number;
  /** Chance, 0 to 1, that a request is answered with RC_P2P_BUSY and not carried out. */
  readonly busy?: number;
}

/** All that is to go wrong. */
export interface FaultPlan {
  /** What chance is drawn from, a whole number. Default 1. The same plan and requests give the same faults. */
  readonly seed?: number;
  readonly datagrams?: DatagramFaults;
  readonly packets?: PacketFaults;
  readonly deaths?: readonly Death[];
  readonly bootFailures?: readonly BootFailure[];
  readonly monitors?: readonly MonitorLoad[];
}

/** A fault plan that cannot be. */
export class FaultPlanError extends Error {
  override readonly name = 'FaultPlanError';

  /**
   * @param field path of the field, such as `deaths[0].link`
   * @param found its value
   * @param wanted what it should be
   */
  constructor(
    readonly field: string,
    readonly found: unknown,
    wanted: string,
  ) {
    super(`fault plan: "${field}" must be ${wanted}: ${JSON.stringify(found)}`);
  }
}

const KINDS: readonly DatagramKind[] = ['scp', 'boot', 'tags'];
const FIELDS = ['seed', 'datagrams', 'packets', 'deaths', 'bootFailures', 'monitors'];
const CORES = 18;
const MOST_COORDINATE = 255;

/** A fault plan from data of any origin. Throws {@link FaultPlanError} with the field that is wrong. */
export function parseFaultPlan(data: unknown): FaultPlan {
  const plan = record('plan', data, FIELDS);
  optional(plan, 'seed', '', (field, value) => whole(field, value, 0, 2 ** 32 - 1));
  optional(plan, 'datagrams', '', checkDatagrams);
  optional(plan, 'packets', '', (field, value) =>
    optional(record(field, value, ['lose']), 'lose', field, chance),
  );
  optional(plan, 'deaths', '', (field, value) => list(field, value, checkDeath));
  optional(plan, 'bootFailures', '', (field, value) => list(field, value, checkBootFailure));
  optional(plan, 'monitors', '', (field, value) => list(field, value, checkMonitor));
  return plan as FaultPlan;
}

type Fields = Readonly<Record<string, unknown>>;

function checkDatagrams(field: string, value: unknown): void {
  const faults = record(field, value, ['lose', 'duplicate', 'reorder', 'delayMs', 'kinds']);
  for (const name of ['lose', 'duplicate', 'reorder']) optional(faults, name, field, chance);
  optional(faults, 'delayMs', field, notNegative);
  optional(faults, 'kinds', field, (path, kinds) => list(path, kinds, checkKind));
}

function checkKind(field: string, value: unknown): void {
  if (!(KINDS as readonly unknown[]).includes(value)) {
    throw new FaultPlanError(field, value, `one of ${KINDS.join(', ')}`);
  }
}

function checkDeath(field: string, value: unknown): void {
  const death = record(field, value, ['afterMs', 'afterMessages', 'x', 'y', 'link', 'core']);
  if ('afterMs' in death === 'afterMessages' in death) {
    throw new FaultPlanError(field, value, 'given either "afterMs" or "afterMessages"');
  }
  if ('link' in death && 'core' in death) {
    throw new FaultPlanError(field, value, 'given at most one of "link" and "core"');
  }
  optional(death, 'afterMs', field, notNegative);
  optional(death, 'afterMessages', field, (path, count) => whole(path, count, 0, 2 ** 52));
  checkChip(field, death);
  optional(death, 'link', field, (path, link) => whole(path, link, 0, LINKS - 1));
  optional(death, 'core', field, (path, core) => whole(path, core, 0, CORES - 1));
}

function checkBootFailure(field: string, value: unknown): void {
  const failure = record(field, value, ['board', 'times']);
  whole(`${field}.board`, failure.board, 0, 2 ** 16);
  whole(`${field}.times`, failure.times, 1, 2 ** 31);
}

function checkMonitor(field: string, value: unknown): void {
  const load = record(field, value, ['chip', 'serviceMicroseconds', 'busy']);
  optional(load, 'chip', field, (path, chip) => checkChip(path, record(path, chip, ['x', 'y'])));
  optional(load, 'serviceMicroseconds', field, notNegative);
  optional(load, 'busy', field, chance);
}

function checkChip(field: string, chip: Fields): void {
  for (const name of ['x', 'y']) whole(`${field}.${name}`, chip[name], 0, MOST_COORDINATE);
}

function record(field: string, value: unknown, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FaultPlanError(field, value, 'an object');
  }
  const strange = Object.keys(value).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw new FaultPlanError(field, strange, `made of ${names.join(', ')}`);
  }
  return value as Fields;
}

function optional(
  fields: Fields,
  name: string,
  parent: string,
  check: (field: string, value: unknown) => void,
): void {
  if (fields[name] !== undefined) check(parent === '' ? name : `${parent}.${name}`, fields[name]);
}

function list(field: string, value: unknown, check: (field: string, value: unknown) => void): void {
  if (!Array.isArray(value)) throw new FaultPlanError(field, value, 'a list');
  value.forEach((item: unknown, index) => {
    check(`${field}[${index}]`, item);
  });
}

function whole(field: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new FaultPlanError(field, value, `a whole number from ${least} to ${most}`);
  }
}

function chance(field: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw new FaultPlanError(field, value, 'a chance from 0 to 1');
  }
}

function notNegative(field: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0 && Number.isFinite(value))) {
    throw new FaultPlanError(field, value, 'a number of at least 0');
  }
}
