/**
 * The point-to-point table of one router: by which link packets leave for each of 65,536 chip addresses,
 * 3 bits each and 8 in a word. SpiNN-2 data sheet, router registers. Until a word is written, its entries
 * are the ways that the monitors found through the machine.
 */

/** Words of the table. */
export const P2P_WORDS = 8192;
/** Entry of an address to which there is no way. */
export const P2P_NO_WAY = 6;
/** Entry of the chip's own address. */
export const P2P_HERE = 7;
const ENTRIES_OF_WORD = 8;
const ENTRY_BITS = 3;
const ENTRY_MASK = 7;
const WORD_MASK = 0xffffff;

/** Entries as found, and words written over them. */
export class PointToPointTable {
  private written: Map<number, number> | undefined;

  /** @param found entry for a chip address, x << 8 | y, while its word is not written */
  constructor(private readonly found: (address: number) => number) {}

  /** Link 0 to 5, {@link P2P_NO_WAY} or {@link P2P_HERE}, for a chip address, x << 8 | y. */
  entry(address: number): number {
    const word = this.written?.get(Math.floor(address / ENTRIES_OF_WORD));
    if (word === undefined) return this.found(address);
    return (word >>> (ENTRY_BITS * (address % ENTRIES_OF_WORD))) & ENTRY_MASK;
  }

  /** The eight entries from address 8 * `index` on, the first in bits 2:0. */
  word(index: number): number {
    const written = this.written?.get(index);
    if (written !== undefined) return written;
    let value = 0;
    for (let entry = 0; entry < ENTRIES_OF_WORD; entry++) {
      value |= this.found(index * ENTRIES_OF_WORD + entry) << (ENTRY_BITS * entry);
    }
    return value;
  }

  /** Sets eight entries, for good. */
  setWord(index: number, value: number): void {
    this.written ??= new Map();
    this.written.set(index, value & WORD_MASK);
  }
}
