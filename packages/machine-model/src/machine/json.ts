/** Machines in JSON, and back with every field checked. */
import type { Torus } from '../geometry/torus.js';
import { InvalidMachineError } from './errors.js';
import { dropLooseLinks, emptyColumns, type Machine, machineOf } from './machine.js';

/** A machine as JSON holds it. */
export interface MachineJson extends Torus {
  readonly format: typeof FORMAT;
  readonly chips: readonly ChipJson[];
}

/** A chip as JSON holds it. */
export interface ChipJson {
  readonly x: number;
  readonly y: number;
  readonly links: readonly number[];
  /** Working physical cores, bit mask. */
  readonly physicalCoreMask: number;
  readonly sdramBytes: number;
  readonly ethernet: readonly [x: number, y: number];
  readonly ip?: string;
}

const FORMAT = 'spin-tools machine 1';
/** Addresses have 8 bits for x and for y. */
const MOST_CHIPS_PER_SIDE = 256;
/** 18 cores. */
const MOST_CORE_MASK = 0x3ffff;

/** A plain object for `JSON.stringify`. */
export function machineToJson(machine: Machine): MachineJson {
  const { width, height, wrapX, wrapY } = machine;
  return {
    format: FORMAT,
    width,
    height,
    wrapX,
    wrapY,
    chips: machine.chips.map(({ x, y, links, physicalCoreMask, sdramBytes, ethernet, ip }) => ({
      x,
      y,
      links,
      physicalCoreMask,
      sdramBytes,
      ethernet: [ethernet.x, ethernet.y],
      ...(ip === undefined ? {} : { ip }),
    })),
  };
}

/**
 * The machine of a parsed JSON value. Links without a mate are dropped.
 *
 * @throws InvalidMachineError naming the first field that is wrong
 */
export function machineFromJson(value: unknown): Machine {
  const fields = objectAt('the description', value);
  if (fields.format !== FORMAT) throw new InvalidMachineError('format', `is not "${FORMAT}"`);
  const torus = {
    width: integerAt('width', fields.width, 1, MOST_CHIPS_PER_SIDE),
    height: integerAt('height', fields.height, 1, MOST_CHIPS_PER_SIDE),
    wrapX: booleanAt('wrapX', fields.wrapX),
    wrapY: booleanAt('wrapY', fields.wrapY),
  };
  const columns = emptyColumns(torus.width * torus.height);
  arrayAt('chips', fields.chips).forEach((chip, index) => {
    readChip(`chips[${index}]`, objectAt(`chips[${index}]`, chip), torus, columns);
  });
  checkEthernets(torus, columns);
  dropLooseLinks(torus, columns);
  return machineOf(torus, columns);
}

function readChip(
  field: string,
  chip: Record<string, unknown>,
  { width, height }: Torus,
  columns: ReturnType<typeof emptyColumns>,
): void {
  const x = integerAt(`${field}.x`, chip.x, 0, width - 1);
  const y = integerAt(`${field}.y`, chip.y, 0, height - 1);
  const place = x + y * width;
  if (columns.cores[place] !== 0) throw new InvalidMachineError(field, `repeats chip (${x}, ${y})`);
  const links = arrayAt(`${field}.links`, chip.links);
  const [ethernetX, ethernetY] = arrayAt(`${field}.ethernet`, chip.ethernet);
  columns.cores[place] = integerAt(
    `${field}.physicalCoreMask`,
    chip.physicalCoreMask,
    1,
    MOST_CORE_MASK,
  );
  columns.links[place] = links.reduce(
    (mask: number, link) => mask | (1 << integerAt(`${field}.links`, link, 0, 5)),
    0,
  );
  columns.sdramBytes[place] = integerAt(`${field}.sdramBytes`, chip.sdramBytes, 0, 2 ** 32 - 1);
  columns.ethernet[place] =
    integerAt(`${field}.ethernet[0]`, ethernetX, 0, width - 1) +
    integerAt(`${field}.ethernet[1]`, ethernetY, 0, height - 1) * width;
  if (chip.ip !== undefined) columns.ips.set(place, ipAt(`${field}.ip`, chip.ip));
}

function checkEthernets({ width }: Torus, columns: ReturnType<typeof emptyColumns>): void {
  columns.cores.forEach((mask, place) => {
    const ethernet = columns.ethernet[place] as number;
    if (mask !== 0 && columns.cores[ethernet] === 0) {
      const name = `(${place % width}, ${Math.floor(place / width)})`;
      throw new InvalidMachineError(`chip ${name}`, 'has an ethernet chip that does not exist');
    }
  });
}

function objectAt(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidMachineError(field, 'is no object');
  }
  return value as Record<string, unknown>;
}

function arrayAt(field: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new InvalidMachineError(field, 'is no list');
  return value;
}

function integerAt(field: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new InvalidMachineError(
      field,
      `is no integer from ${least} to ${most}: ${JSON.stringify(value)}`,
    );
  }
  return value;
}

function booleanAt(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidMachineError(field, 'is neither true nor false');
  return value;
}

function ipAt(field: string, value: unknown): string {
  if (typeof value !== 'string' || !/^\d{1,3}(\.\d{1,3}){3}$/.test(value)) {
    throw new InvalidMachineError(field, `is no IPv4 address: ${JSON.stringify(value)}`);
  }
  return value;
}
