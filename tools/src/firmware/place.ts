/** Addresses as users name them: `0x400000`, `c_main`, `c_main+0x10`. */
import type { SymbolTable } from '@spin-tools/sim/debug';
import { hexadecimal } from '../terminal/hexadecimal.js';

/** There is no address of a name. */
export class UnknownPlaceError extends Error {
  override readonly name = 'UnknownPlaceError';

  constructor(
    readonly place: string,
    hasNames: boolean,
  ) {
    const advice = hasNames ? 'the ELF file has no such name' : 'names need an ELF file (--elf)';
    super(`"${place}" is no address: ${advice}; give one such as 0x400000`);
  }
}

/** The address of a place. Throws UnknownPlaceError. */
export function addressOf(place: string, symbols: SymbolTable | undefined): number {
  const [, name = '', offset] = /^(.*?)(?:\+(0x[\da-f]+|\d+))?$/i.exec(place) ?? [];
  const base = /^(0x[\da-f]{1,8}|\d{1,10})$/i.test(name)
    ? Number(name)
    : symbols?.find(name)?.address;
  const address = base === undefined ? Number.NaN : base + Number(offset ?? 0);
  if (Number.isInteger(address) && address < 2 ** 32) return address;
  throw new UnknownPlaceError(place, symbols !== undefined);
}

/** An address with its name, if it has one. */
export function named(address: number, symbols: SymbolTable | undefined): string {
  const name = symbols?.describe(address);
  const digits = hexadecimal(address);
  return name === undefined ? digits : `${digits} <${name}>`;
}
