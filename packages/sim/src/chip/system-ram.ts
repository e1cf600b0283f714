/** System RAM of one chip: 32 KB that all its cores share. SpiNN-2 data sheet, chapter on the memory map. */

/** Size of the System RAM, bytes. */
export const SYSTEM_RAM_BYTES = 0x8000;

/** The clocks among the system variables: what is in these 16 bytes changes by itself. */
const CLOCKS = 0x7f10;
const CLOCK_BYTES = 16;

/** System RAM, addressed by offset; offsets wrap around at its size. */
export class SystemRam {
  /** Brings the clocks up to date before they are read. */
  updateClocks: (() => void) | undefined;
  private readonly bytes: Uint8Array;
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
    if ((at & -CLOCK_BYTES) === CLOCKS) this.updateClocks?.();
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

  /** Copies bytes out; they lie within the memory. */
  readBlock(offset: number, target: Uint8Array): void {
    const end = offset + target.length;
    if (offset < CLOCKS + CLOCK_BYTES && end > CLOCKS) this.updateClocks?.();
    target.set(this.bytes.subarray(offset, end));
  }

  /** Copies bytes in; they lie within the memory. */
  writeBlock(offset: number, source: Uint8Array): void {
    this.bytes.set(source, offset);
  }
}
