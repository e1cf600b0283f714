/**
 * Memory as the program of one core sees it: the core's own two memories, its private devices, then what
 * the cores of its chip share. SpiNN-2 data sheet, chapter on the memory map.
 */
import type { ArmCore } from '../arm/arm-core.js';
import { DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from '../arm/memory.js';
import { type Chip, MONITOR_ACCESS } from '../chip/chip.js';
import { isSdram } from '../chip/sdram.js';

/** Private devices lie in these blocks of 256 MB, and in the last 4 KB. */
const FIRST_PRIVATE_BLOCK = 1;
const LAST_PRIVATE_BLOCK = 4;
const HIGH_INTERRUPTS = 0xfffff000;

/** Sizes of accesses, bytes. */
export type AccessSize = 1 | 2 | 4;

/** Reads and writes for one core. */
export class CoreView {
  /** @param core the core's own memories; only asked for when they are accessed */
  constructor(
    private readonly chip: Chip,
    private readonly core: () => ArmCore,
  ) {}

  /** Whether a block is SDRAM, which {@link copyOut} and {@link copyIn} take as a whole. */
  isBulk(address: number, length: number): boolean {
    return isSdram(address, length);
  }

  copyOut(address: number, target: Uint8Array): void {
    this.chip.copyOut(address, target);
  }

  copyIn(address: number, source: Uint8Array): void {
    this.chip.copyIn(address, source);
  }

  /** Private devices read as 0. Throws BusError where nothing is. */
  read(address: number, size: AccessSize): number {
    if (isPrivateMemory(address, size)) {
      return this.core()
        .readTcm(address, size)
        .reduceRight((value, byte) => ((value << 8) | byte) >>> 0, 0);
    }
    return isPrivateDevice(address) ? 0 : this.chip.read(MONITOR_ACCESS, address, size);
  }

  /** Writes to private devices change nothing. Throws BusError where nothing is. */
  write(address: number, value: number, size: AccessSize): void {
    if (isPrivateMemory(address, size)) {
      const bytes = Uint8Array.from({ length: size }, (_, byte) => value >>> (8 * byte));
      this.core().writeTcm(address, bytes);
    } else if (!isPrivateDevice(address)) this.chip.write(MONITOR_ACCESS, address, value, size);
  }
}

function isPrivateMemory(address: number, size: number): boolean {
  const isData = address >= DTCM_BASE && address + size <= DTCM_BASE + DTCM_BYTES;
  return address + size <= ITCM_BYTES || isData;
}

function isPrivateDevice(address: number): boolean {
  const block = address >>> 28;
  const isLow = block >= FIRST_PRIVATE_BLOCK && block <= LAST_PRIVATE_BLOCK;
  return isLow || address >= HIGH_INTERRUPTS;
}
