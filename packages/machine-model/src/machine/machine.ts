/** Machines as data: what chips there are, and what of them works. */
import { type ChipAddress, formatChip } from '@spin-tools/scp';
import { LINKS, type Link, neighbour, type Torus } from '../geometry/torus.js';

/** One chip that works. */
export interface Chip extends ChipAddress {
  /** Links that work, in ascending order. */
  readonly links: readonly Link[];
  /** The same, bit l for link l. */
  readonly linkMask: number;
  /** Working cores, monitor included: virtual cores 0 to this - 1. */
  readonly cores: number;
  /** Working physical cores, bit c for core c of 18. */
  readonly physicalCoreMask: number;
  /** SDRAM that applications may allocate, bytes. */
  readonly sdramBytes: number;
  /** The chip whose ethernet serves this one; itself on an ethernet chip. */
  readonly ethernet: ChipAddress;
  /** IPv4 address of an ethernet chip, if known. */
  readonly ip?: string;
}

/** A machine. Immutable; its memory is columns, so that large machines stay small. */
export interface Machine extends Torus {
  readonly chipCount: number;
  /** All working chips, by y, then by x. */
  readonly chips: readonly Chip[];
  /** The chip at a place, if it works. */
  chipAt(x: number, y: number): Chip | undefined;
  /** Columns for fast code; treat them as read-only. */
  readonly columns: ChipColumns;
}

/** What a machine is made of, indexed by place: x + y * width. */
export interface ChipColumns {
  /** Working physical cores, bit mask; 0 where there is no chip. */
  readonly cores: Uint32Array;
  /** Working links, bit mask. */
  readonly links: Uint8Array;
  /** Bytes that applications may allocate. */
  readonly sdramBytes: Uint32Array;
  /** Place of the chip whose ethernet serves this one. */
  readonly ethernet: Uint32Array;
  /** IPv4 addresses by place. */
  readonly ips: ReadonlyMap<number, string>;
}

/** Empty columns for a machine of that size. */
export function emptyColumns(places: number): ChipColumns & { ips: Map<number, string> } {
  return {
    cores: new Uint32Array(places),
    links: new Uint8Array(places),
    sdramBytes: new Uint32Array(places),
    ethernet: new Uint32Array(places),
    ips: new Map(),
  };
}

/** The machine of some columns; takes them over. Links that lead nowhere must be off already. */
export function machineOf(torus: Torus, columns: ChipColumns): Machine {
  const { width, height, wrapX, wrapY } = torus;
  let views: readonly Chip[] | undefined;
  const chipAt = (x: number, y: number): Chip | undefined => {
    const inside = x >= 0 && y >= 0 && x < width && y < height;
    return inside ? chipView(columns, width, x + y * width) : undefined;
  };
  return {
    width,
    height,
    wrapX,
    wrapY,
    columns,
    chipAt,
    chipCount: columns.cores.reduce((count, mask) => count + (mask === 0 ? 0 : 1), 0),
    get chips() {
      views ??= Object.freeze(allViews(columns, width));
      return views;
    },
  };
}

/**
 * Turns links off that lead beyond an edge, to a chip that does not work, or only one way, in place.
 */
export function dropLooseLinks(torus: Torus, columns: ChipColumns): void {
  const { cores, links } = columns;
  const mates = matesOf(torus);
  for (let place = 0; place < links.length; place++) {
    for (let link = 0; link < LINKS; link++) {
      const mate = mates(place, link);
      const back = (link + 3) % LINKS;
      const both =
        mate >= 0 && cores[place] !== 0 && cores[mate] !== 0 && hasBit(links[mate], back);
      if (!both) links[place] = (links[place] as number) & ~(1 << link);
    }
  }
}

/** The place behind a link of a place, or -1 beyond an edge. */
function matesOf(torus: Torus): (place: number, link: Link) => number {
  const { width } = torus;
  return (place, link) => {
    const chip = { x: place % width, y: Math.floor(place / width) };
    const found = neighbour(torus, chip, link);
    return found ? found.x + found.y * width : -1;
  };
}

/** A machine in a few words: `48 chips (8 x 8), 864 cores, 1 ethernet chip`. */
export function describeMachine(machine: Machine): string {
  const cores = machine.chips.reduce((sum, chip) => sum + chip.cores, 0);
  const ethernets = machine.chips.filter(isEthernet).length;
  return (
    `${machine.chipCount} chips (${machine.width} x ${machine.height}), ${cores} cores, ` +
    `${ethernets} ethernet ${ethernets === 1 ? 'chip' : 'chips'}`
  );
}

/** Whether a chip has an ethernet of its own. */
export function isEthernet(chip: Chip): boolean {
  return chip.ethernet.x === chip.x && chip.ethernet.y === chip.y;
}

/** The chip at a place. Throws RangeError when there is none. */
export function requireChip(machine: Machine, { x, y }: ChipAddress): Chip {
  const chip = machine.chipAt(x, y);
  if (!chip) throw new RangeError(`the machine has no working ${formatChip({ x, y })}`);
  return chip;
}

/** Number of set bits. */
export function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function allViews(columns: ChipColumns, width: number): Chip[] {
  const views: Chip[] = [];
  for (let place = 0; place < columns.cores.length; place++) {
    const view = chipView(columns, width, place);
    if (view) views.push(view);
  }
  return views;
}

function chipView(columns: ChipColumns, width: number, place: number): Chip | undefined {
  const physicalCoreMask = columns.cores[place] as number;
  if (physicalCoreMask === 0) return undefined;
  const linkMask = columns.links[place] as number;
  const ethernet = columns.ethernet[place] as number;
  const ip = columns.ips.get(place);
  return {
    x: place % width,
    y: Math.floor(place / width),
    links: LINKS_OF_MASK[linkMask] as readonly Link[],
    linkMask,
    cores: countBits(physicalCoreMask),
    physicalCoreMask,
    sdramBytes: columns.sdramBytes[place] as number,
    ethernet: { x: ethernet % width, y: Math.floor(ethernet / width) },
    ...(ip === undefined ? {} : { ip }),
  };
}

function hasBit(mask: number | undefined, bit: number): boolean {
  return (((mask as number) >>> bit) & 1) === 1;
}

/** The links of each of the 64 masks. */
const LINKS_OF_MASK: readonly (readonly Link[])[] = Array.from({ length: 1 << LINKS }, (_, mask) =>
  Array.from({ length: LINKS }, (__, link) => link).filter((link) => hasBit(mask, link)),
);
