/**
 * A machine as the mapper sees it: chips are indices, neighbours and resources are columns.
 * The only place that knows how a machine is described.
 */
import { type Chip, LINKS, type Machine, neighbour } from '@spin-tools/machine-model';

/** "No chip": beyond an edge, dead, or behind a dead link. */
export const NO_CHIP = -1;

/** What the mapper needs to know of a machine; any {@link Machine} will do. */
export interface MappableMachine extends Pick<Machine, 'width' | 'height' | 'wrapX' | 'wrapY'> {
  readonly chips: readonly (Pick<Chip, 'x' | 'y' | 'links' | 'cores' | 'sdramBytes'> &
    Partial<Pick<Chip, 'ethernet'>>)[];
}

/** What to keep free for others. */
export interface Reservation {
  /** Where; default on every chip. */
  readonly chip?: { readonly x: number; readonly y: number };
  /** Virtual cores, 1 to 17. */
  readonly cores?: readonly number[];
  /** Bytes. */
  readonly sdramBytes?: number;
}

/** Something of a machine that cannot be reserved. */
export class InvalidReservationError extends Error {
  readonly reservation: Reservation;

  constructor(reservation: Reservation, problem: string) {
    super(`the reservation ${JSON.stringify(reservation)} ${problem}`);
    this.name = 'InvalidReservationError';
    this.reservation = reservation;
  }
}

/** Columns indexed by chip. */
export interface Topology {
  readonly width: number;
  readonly height: number;
  readonly wrapX: boolean;
  readonly wrapY: boolean;
  readonly chips: number;
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Chip at x + y * width, or {@link NO_CHIP}. */
  readonly chipAt: Int32Array;
  /** Chip behind link l of chip c at c * 6 + l, or {@link NO_CHIP}. */
  readonly neighbours: Int32Array;
  /** Bit v: virtual core v may run an application. */
  readonly coreMask: Uint32Array;
  readonly sdramBytes: Float64Array;
  /** Chip whose ethernet serves each chip, or {@link NO_CHIP} where that is not known. */
  readonly ethernetOf: Int32Array;
}

/**
 * The columns of a machine.
 * @param reservedCores application cores of each chip to keep free, taken from the highest
 * @param reserved what else to keep free
 * @throws InvalidReservationError when a chip, core or size of it makes no sense
 */
export function indexMachine(
  machine: MappableMachine,
  reservedCores = 0,
  reserved: readonly Reservation[] = [],
): Topology {
  const { width, height, wrapX, wrapY, chips } = machine;
  const chipAt = new Int32Array(width * height).fill(NO_CHIP);
  chips.forEach(({ x, y }, chip) => {
    chipAt[x + y * width] = chip;
  });
  const topology: Topology = {
    width,
    height,
    wrapX,
    wrapY,
    chips: chips.length,
    x: Int32Array.from(chips, ({ x }) => x),
    y: Int32Array.from(chips, ({ y }) => y),
    chipAt,
    neighbours: indexNeighbours(machine, chipAt),
    coreMask: Uint32Array.from(chips, ({ cores }) => applicationCores(cores, reservedCores)),
    sdramBytes: Float64Array.from(chips, ({ sdramBytes }) => sdramBytes),
    ethernetOf: Int32Array.from(chips, ({ ethernet }) =>
      ethernet ? (chipAt[ethernet.x + ethernet.y * width] ?? NO_CHIP) : NO_CHIP,
    ),
  };
  for (const reservation of reserved) reserve(topology, reservation);
  return topology;
}

/** Most virtual cores of a chip, the monitor included. SpiNNaker data sheet, section 1. */
const CORES = 18;

function reserve(topology: Topology, reservation: Reservation): void {
  const { chip: place, cores = [], sdramBytes = 0 } = reservation;
  const chip = place ? findChip(topology, place.x, place.y) : NO_CHIP;
  if (place && chip === NO_CHIP) {
    throw new InvalidReservationError(reservation, 'names a chip that is absent or dead');
  }
  if (!cores.every((core) => Number.isInteger(core) && core >= 1 && core < CORES)) {
    throw new InvalidReservationError(reservation, 'names a core that is not from 1 to 17');
  }
  if (!Number.isFinite(sdramBytes) || sdramBytes < 0) {
    throw new InvalidReservationError(reservation, 'needs sdramBytes of 0 or more');
  }
  const taken = cores.reduce((mask, core) => mask | (1 << core), 0);
  for (let index = 0; index < topology.chips; index++) {
    if (place && index !== chip) continue;
    topology.coreMask[index] = ((topology.coreMask[index] as number) & ~taken) >>> 0;
    const left = (topology.sdramBytes[index] as number) - sdramBytes;
    topology.sdramBytes[index] = Math.max(0, left);
  }
}

function indexNeighbours(machine: MappableMachine, chipAt: Int32Array): Int32Array {
  const neighbours = new Int32Array(machine.chips.length * LINKS).fill(NO_CHIP);
  machine.chips.forEach((address, chip) => {
    for (const link of address.links) {
      const next = neighbour(machine, address, link);
      if (next) neighbours[chip * LINKS + link] = chipAt[next.x + next.y * machine.width] as number;
    }
  });
  return neighbours;
}

/** Chip at a place, {@link NO_CHIP} when there is none. */
export function findChip(topology: Topology, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= topology.width || y >= topology.height) return NO_CHIP;
  return topology.chipAt[x + y * topology.width] as number;
}

/** `chip (3, 4)`, as every message names a chip. */
export const chipName = ({ x, y }: Pick<Topology, 'x' | 'y'>, chip: number): string =>
  `chip (${x[chip]}, ${y[chip]})`;

/** Number of bits set: cores in a core mask. */
export function countBits(mask: number): number {
  let bits = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits++;
  return bits;
}

/** Virtual cores 1 and up, as a mask. */
function applicationCores(cores: number, reserved: number): number {
  const usable = Math.max(0, cores - 1 - reserved);
  return (2 ** (usable + 1) - 2) >>> 0;
}
