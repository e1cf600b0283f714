/** Machines built from boards: SpiNN-3, SpiNN-5, and any number of triads, with dead parts. */
import type { ChipAddress } from '@spin-tools/scp';
import { BOARD_PLACES, boardChips, boardEthernet, isEthernetPlace } from '../geometry/boards.js';
import { LINKS, type Link, type Torus } from '../geometry/torus.js';
import { dropLooseLinks, emptyColumns, type Machine, machineOf } from '../machine/machine.js';

/** Parts of a machine that do not work. */
export interface DeadParts {
  readonly deadChips?: Iterable<ChipAddress>;
  /** Links, named from either end; both directions are dead. */
  readonly deadLinks?: Iterable<ChipAddress & { readonly link: Link }>;
  /** Physical cores, 0 to 17. */
  readonly deadCores?: Iterable<ChipAddress & { readonly core: number }>;
}

/** How many boards, joined how. */
export interface TriadOptions extends DeadParts {
  /** Triads in x, of 12 by 12 chips and three boards each; 1 to 21. */
  readonly width: number;
  /** Triads in y, 1 to 21. */
  readonly height: number;
  /** Whether the edges are joined, in both directions or in each. Default true. */
  readonly wrap?: boolean | { readonly x: boolean; readonly y: boolean };
}

/** All 18 cores of a chip. */
const ALL_CORES = 0x3ffff;
const ALL_LINKS = (1 << LINKS) - 1;
/**
 * SDRAM that applications may allocate: 0x60640000 to 0x67800000, less the heap's own 32 bytes.
 * Source: SC&MP 4.0 with 4 MB of user SDRAM.
 */
export const FREE_SDRAM_BYTES = 0x67800000 - 0x60640000 - 32;
/** Links of a SpiNN-3 that go to connectors instead of around. Source: SpiNN-3 board. */
const SPIN3_CONNECTORS = [
  { x: 0, y: 0, link: 3 },
  { x: 1, y: 0, link: 0 },
];
/** A triad's boards hang over its 12 by 12 square by 4 chips where edges are not joined. */
const OVERHANG_CHIPS = 4;
const MOST_TRIADS = 21;

/** A SpiNN-3 board: 2 by 2 chips, joined around. */
export function spin3(dead: DeadParts = {}): Machine {
  const torus = { width: 2, height: 2, wrapX: true, wrapY: true };
  const places = [0, 1, 2, 3].map((place) => ({ x: place % 2, y: place >> 1 }));
  const deadLinks = [...SPIN3_CONNECTORS, ...(dead.deadLinks ?? [])];
  return build(torus, places, () => ({ x: 0, y: 0 }), { ...dead, deadLinks });
}

/** A SpiNN-5 board: 48 chips, nothing joined around. */
export function spin5(dead: DeadParts = {}): Machine {
  const torus = { width: 8, height: 8, wrapX: false, wrapY: false };
  return build(torus, BOARD_PLACES, () => ({ x: 0, y: 0 }), dead);
}

/**
 * A machine of triads, three boards of 48 chips each. Joined around it has 12 chips per triad and
 * side; otherwise 4 more, with empty corners.
 *
 * @throws RangeError for a size that no machine has
 */
export function triads({ width, height, wrap = true, ...dead }: TriadOptions): Machine {
  for (const [name, count] of Object.entries({ width, height })) {
    if (!Number.isInteger(count) || count < 1 || count > MOST_TRIADS) {
      throw new RangeError(`"${name}" counts triads, 1 to ${MOST_TRIADS}: ${count}`);
    }
  }
  const { x: wrapX, y: wrapY } = typeof wrap === 'boolean' ? { x: wrap, y: wrap } : wrap;
  const torus = {
    width: width * 12 + (wrapX ? 0 : OVERHANG_CHIPS),
    height: height * 12 + (wrapY ? 0 : OVERHANG_CHIPS),
    wrapX,
    wrapY,
  };
  const places = ethernets(width * 12, height * 12).flatMap((chip) => boardChips(torus, chip));
  return build(torus, places, (chip) => boardEthernet(torus, chip), dead);
}

function ethernets(width: number, height: number): ChipAddress[] {
  const found: ChipAddress[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (isEthernetPlace(x, y)) found.push({ x, y });
  }
  return found;
}

function build(
  torus: Torus,
  places: readonly ChipAddress[],
  ethernetOf: (chip: ChipAddress) => ChipAddress,
  dead: DeadParts,
): Machine {
  const columns = emptyColumns(torus.width * torus.height);
  const placeOf = ({ x, y }: ChipAddress): number => x + y * torus.width;
  for (const chip of places) {
    const place = placeOf(chip);
    columns.cores[place] = ALL_CORES;
    columns.links[place] = ALL_LINKS;
    columns.sdramBytes[place] = FREE_SDRAM_BYTES;
    columns.ethernet[place] = placeOf(ethernetOf(chip));
  }
  const existing = (chip: ChipAddress): number => {
    const place = placeOf(chip);
    const inside = chip.x >= 0 && chip.y >= 0 && chip.x < torus.width && chip.y < torus.height;
    if (!inside || columns.cores[place] === 0) {
      throw new RangeError(`this machine has no chip (${chip.x}, ${chip.y})`);
    }
    return place;
  };
  for (const { x, y, core } of dead.deadCores ?? []) {
    const place = existing({ x, y });
    columns.cores[place] = (columns.cores[place] as number) & ~(1 << core);
  }
  for (const { x, y, link } of dead.deadLinks ?? []) {
    const place = existing({ x, y });
    columns.links[place] = (columns.links[place] as number) & ~(1 << link);
  }
  const gone = [...(dead.deadChips ?? [])].map(existing);
  for (const place of gone) columns.cores[place] = 0;
  dropLooseLinks(torus, columns);
  return machineOf(torus, columns);
}
