/**
 * What was seen of the memories of a chip that another thread runs. Monitors look at many words, one by one, and
 * between two windows nothing but they themselves changes them; so parts are fetched as a whole and kept until then.
 */
import { SDRAM_BASE, SDRAM_BYTES, Sdram } from '../chip/sdram.js';
import { SYSTEM_RAM_BYTES, SystemRam } from '../chip/system-ram.js';

const PAGE_BYTES = 4096;
const SYSTEM_RAM = 0xe5000000;

/** Fetches bytes of memory. */
export type Fetch = (address: number, length: number) => Uint8Array;

/** Parts of SDRAM and System RAM. */
export class SeenMemory {
  private ram: SystemRam | undefined;
  private readonly sdram = new Sdram();
  /** Pages of SDRAM that were fetched. */
  private readonly pages = new Set<number>();

  private readonly locks = new Map<number, boolean>();

  constructor(private readonly fetch: Fetch) {}

  /** System RAM, by offset. */
  get systemRam(): SystemRam {
    if (this.ram !== undefined) return this.ram;
    const ram = new SystemRam();
    ram.writeBlock(0, this.fetch(SYSTEM_RAM, SYSTEM_RAM_BYTES));
    this.ram = ram;
    return ram;
  }

  /** SDRAM, by offset, of which a part is about to be read. */
  sdramAt(offset: number, length: number): Sdram {
    for (let page = pageOf(offset); page <= pageOf(offset + length - 1); page++) {
      if (this.pages.has(page)) continue;
      this.pages.add(page);
      const start = page * PAGE_BYTES;
      this.sdram.writeBlock(
        start,
        this.fetch(SDRAM_BASE + (start & (SDRAM_BYTES - 1)), PAGE_BYTES),
      );
    }
    return this.sdram;
  }

  /** Whether a lock of the system controller is taken. */
  isLocked(lock: number, ask: (lock: number) => boolean): boolean {
    const isTaken = this.locks.get(lock) ?? ask(lock);
    this.locks.set(lock, isTaken);
    return isTaken;
  }

  /** A device was read or written: that may have changed a lock. */
  forgetLocks(): void {
    this.locks.clear();
  }

  /** Bytes are written to System RAM. */
  ramWritten(offset: number, bytes: Uint8Array): void {
    this.ram?.writeBlock(offset, bytes);
  }

  /** Bytes are written to SDRAM. */
  sdramWritten(offset: number, bytes: Uint8Array): void {
    for (let page = pageOf(offset); page <= pageOf(offset + bytes.length - 1); page++) {
      const start = Math.max(0, page * PAGE_BYTES - offset);
      const end = Math.min(bytes.length, (page + 1) * PAGE_BYTES - offset);
      if (this.pages.has(page)) this.sdram.writeBlock(offset + start, bytes.subarray(start, end));
    }
  }
}

function pageOf(offset: number): number {
  return Math.floor(offset / PAGE_BYTES);
}
