/**
 * The flash of a management processor and how software writes it. Source: BMP firmware 2.1.2, `bmp_flash.c`;
 * NXP UM10360, chapter 32 (in-application programming).
 */
import { FLASH_BUFFER_BYTES } from '@spin-tools/scp';
import { NorMemory } from './nor-memory.js';

/** Bytes: an LPC1768 has 512 KiB. */
export const FLASH_BYTES = 0x80000;
/** Sectors below this address have 4 KiB, the others 32 KiB. */
const LARGE_SECTORS = 0x10000;
const SMALL_SECTOR_BYTES = 0x1000;
const LARGE_SECTOR_BYTES = 0x8000;
const SECTORS = 30;
/** Lengths that may be written at once. */
const WRITE_LENGTHS: ReadonlySet<number> = new Set([256, 512, 1024, FLASH_BUFFER_BYTES]);
const WRITE_ALIGNMENT = 256;

/** Status codes of in-application programming. Source: UM10360, table 589. */
export const FlashStatus = {
  Success: 0,
  DestinationAddress: 3,
  DestinationNotMapped: 5,
  Count: 6,
  InvalidSector: 7,
  SectorNotPrepared: 9,
} as const;

/** Flash with sectors. */
export class Flash {
  readonly memory = new NorMemory(FLASH_BYTES);

  /** Erases all sectors that hold some of `first` to `last`; gives a {@link FlashStatus}. */
  erase(first: number, last: number): number {
    const [from, to] = [sectorOf(first), sectorOf(last)];
    if (from > to || to >= SECTORS) return FlashStatus.InvalidSector;
    this.memory.erase(sectorStart(from), sectorStart(to + 1));
    return FlashStatus.Success;
  }

  /** Writes into one sector; gives a {@link FlashStatus}. */
  write(address: number, length: number, source: Uint8Array): number {
    if (sectorOf(address) >= SECTORS) return FlashStatus.InvalidSector;
    if (address % WRITE_ALIGNMENT !== 0) return FlashStatus.DestinationAddress;
    if (!WRITE_LENGTHS.has(length)) return FlashStatus.Count;
    if (address + length > FLASH_BYTES) return FlashStatus.DestinationNotMapped;
    if (sectorOf(address + length - 1) !== sectorOf(address)) return FlashStatus.SectorNotPrepared;
    this.memory.program(address, source.subarray(0, length));
    return FlashStatus.Success;
  }
}

function sectorOf(address: number): number {
  if (address < LARGE_SECTORS) return Math.floor(address / SMALL_SECTOR_BYTES);
  const small = LARGE_SECTORS / SMALL_SECTOR_BYTES;
  return small + Math.floor((address - LARGE_SECTORS) / LARGE_SECTOR_BYTES);
}

function sectorStart(sector: number): number {
  const small = LARGE_SECTORS / SMALL_SECTOR_BYTES;
  return sector < small
    ? sector * SMALL_SECTOR_BYTES
    : LARGE_SECTORS + (sector - small) * LARGE_SECTOR_BYTES;
}
