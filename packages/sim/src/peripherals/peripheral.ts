/** What a private device of a core is to the core's bus. */

/** A device of word registers, addressed by their byte offsets. */
export interface Peripheral {
  /** Reads a register: any 32 bits. Throws BusError where there is none. */
  read(offset: number): number;
  /** Writes a register. Throws BusError where there is none that can be written. */
  write(offset: number, value: number): void;
}

/** Sets the levels of the interrupt lines in a mask from the same bits of a word. */
export type SetLines = (mask: number, levels: number) => void;
