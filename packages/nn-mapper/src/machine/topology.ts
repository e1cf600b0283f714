/**
 * A machine as the mapper sees it: chips are indices, neighbours and resources are columns.
 * The only place that knows how a machine is described.
 */
import { InvalidMachineError } from './errors.js';

/** "No chip": beyond an edge, dead, or behind a dead link. */
export const NO_CHIP = -1;

/** Links of a chip: E, NE, N, W, SW, S. SpiNNaker data sheet, section 10. */
export const LINKS = 6;

/** Chips the six links lead to. */
const LINK_DX = [1, 1, 0, -1, -1, 0];
const LINK_DY = [0, 1, 1, 0, -1, -1];

/** The link that leads back. */
export const oppositeLink = (link: number): number => (link + 3) % LINKS;

/** What the mapper needs to know of one chip. */
export interface MachineChip {
  readonly x: number;
  readonly y: number;
  /** Working links, 0 to 5. */
  readonly links: readonly number[];
  /** Working cores with the monitor: virtual cores 0 to cores - 1. */
  readonly cores: number;
  /** SDRAM that applications may allocate, bytes. */
  readonly sdramBytes: number;
}

/** What the mapper needs to know of a machine. */
export interface MappableMachine {
  readonly width: number;
  readonly height: number;
  readonly wrapX: boolean;
  readonly wrapY: boolean;
  readonly chips: readonly MachineChip[];
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
}

/**
 * The columns of a machine.
 * @param reservedCores application cores of each chip to keep free, taken from the highest
 * @throws InvalidMachineError when a chip lies outside or is listed twice
 */
export function indexMachine(machine: MappableMachine, reservedCores = 0): Topology {
  const { width, height, wrapX, wrapY } = machine;
  const chips = machine.chips;
  const topology = {
    width,
    height,
    wrapX,
    wrapY,
    chips: chips.length,
    x: Int32Array.from(chips, ({ x }) => x),
    y: Int32Array.from(chips, ({ y }) => y),
    chipAt: indexCoordinates(machine),
    neighbours: new Int32Array(chips.length * LINKS).fill(NO_CHIP),
    coreMask: Uint32Array.from(chips, ({ cores }) => applicationCores(cores, reservedCores)),
    sdramBytes: Float64Array.from(chips, ({ sdramBytes }) => sdramBytes),
  };
  chips.forEach(({ links }, chip) => {
    for (const link of links) {
      topology.neighbours[chip * LINKS + link] = chipBehindLink(topology, chip, link);
    }
  });
  return topology;
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

function indexCoordinates({ width, height, chips }: MappableMachine): Int32Array {
  const chipAt = new Int32Array(width * height).fill(NO_CHIP);
  chips.forEach(({ x, y }, chip) => {
    if (x < 0 || y < 0 || x >= width || y >= height) {
      throw new InvalidMachineError(`chip (${x}, ${y}) lies outside ${width} x ${height} chips`);
    }
    if (chipAt[x + y * width] !== NO_CHIP) {
      throw new InvalidMachineError(`chip (${x}, ${y}) is listed twice`);
    }
    chipAt[x + y * width] = chip;
  });
  return chipAt;
}

function applicationCores(cores: number, reserved: number): number {
  const usable = Math.max(0, cores - 1 - reserved);
  return (2 ** (usable + 1) - 2) >>> 0;
}

type Grid = Pick<Topology, 'width' | 'height' | 'wrapX' | 'wrapY' | 'x' | 'y' | 'chipAt'>;

function chipBehindLink(grid: Grid, chip: number, link: number): number {
  const { width, height, wrapX, wrapY } = grid;
  let x = (grid.x[chip] as number) + (LINK_DX[link] as number);
  let y = (grid.y[chip] as number) + (LINK_DY[link] as number);
  if (wrapX) x = (x + width) % width;
  if (wrapY) y = (y + height) % height;
  if (x < 0 || y < 0 || x >= width || y >= height) return NO_CHIP;
  return grid.chipAt[x + y * width] as number;
}
