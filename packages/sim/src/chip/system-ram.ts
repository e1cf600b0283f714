/** System RAM of one chip: 32 KB that all its cores share. SpiNN-2 data sheet, chapter on the memory map. */

/** Size of the System RAM, bytes. */
export const SYSTEM_RAM_BYTES = 0x8000;

/** System RAM, addressed by offset; offsets wrap around at its size. */
export class SystemRam {
  readonly bytes: Uint8Array;
  private readonly halves: Uint16Array;
  private readonly words: Uint32Array;

  constructor() {
    const block = new ArrayBuffer(SYSTEM_RAM_BYTES);
    this.bytes = new Uint8Array(block);
    this.halves = new Uint16Array(block);
    this.words = new Uint32Array(block);
  }

  /** Unsigned value of `size` bytes at an aligned offset. */
  read(offset: number, size: 1 | 2 | 4): number {
    const at = offset & (SYSTEM_RAM_BYTES - 1);
    if (size === 4) return this.words[at >> 2] as number;
    return size === 2 ? (this.halves[at >> 1] as number) : (this.bytes[at] as number);
  }

  /** Writes `size` bytes at an aligned offset. */
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    const at = offset & (SYSTEM_RAM_BYTES - 1);
    if (size === 4) this.words[at >> 2] = value;
    else if (size === 2) this.halves[at >> 1] = value;
    else this.bytes[at] = value;
  }
}
