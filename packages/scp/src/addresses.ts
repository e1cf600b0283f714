/** How chips and cores are named. */

/** A chip by its place in the machine, 0 to 254 each; (255, 255) is the chip one is connected to. */
export interface ChipAddress {
  readonly x: number;
  readonly y: number;
}

/** A core of a chip. `core` is a virtual core, 0 (the monitor) to 17. */
export interface CoreAddress extends ChipAddress {
  readonly core: number;
}

/** The chip at the other end of the connection, whatever its real address. */
export const CONNECTED_CHIP: ChipAddress = { x: 255, y: 255 };

/** The 16-bit address of a chip on the wire and in the machine: x << 8 | y. */
export function chipToAddress(chip: ChipAddress): number {
  return (chip.x << 8) | chip.y;
}

/** The chip of a 16-bit address. */
export function addressToChip(address: number): ChipAddress {
  return { x: (address >>> 8) & 0xff, y: address & 0xff };
}

/** Whether both name the same chip. */
export function sameChip(a: ChipAddress, b: ChipAddress): boolean {
  return a.x === b.x && a.y === b.y;
}

/** For messages: `chip (3, 4)` or `the connected chip`. */
export function formatChip(chip: ChipAddress): string {
  return sameChip(chip, CONNECTED_CHIP) ? 'the connected chip' : `chip (${chip.x}, ${chip.y})`;
}

/** For messages: `chip (3, 4)` for a monitor, `chip (3, 4) core 5` for another core. */
export function formatCore(at: CoreAddress): string {
  return at.core === 0 ? formatChip(at) : `${formatChip(at)} core ${at.core}`;
}
