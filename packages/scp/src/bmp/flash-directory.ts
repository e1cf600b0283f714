/**
 * What a board is told by its flash. Source: BMP firmware 2.1.2, `fl_dir_t` in `bmp.h`, `sf_scan` in
 * `bmp_cmd.c`, `configure_spin` in `bmp_hw.c`.
 */
import { byte, bytes, half, padding, struct, word } from '../layout/struct.js';

/** One of the 16 entries at 0x1000 of flash. */
export const flashDirectoryLayout = struct('flash directory entry', {
  /** See {@link FlashEntryType}. */
  type: byte,
  /** Of register settings: how many. */
  size: byte,
  /** Of bit files: bit 15 says that it is to be loaded, bits 2:0 into which FPGAs. */
  flags: half,
  /** Seconds since 1970. */
  time: word,
  checksum: word,
  /** Of bit files: where it is in serial flash. */
  base: word,
  /** Of bit files: bytes. */
  length: word,
  spare: padding(12),
  /** An IP block, or register settings: pairs of address, with the FPGA or 3 for all in bits 1:0, and value. */
  data: bytes(96),
});

/** Kinds of directory entries. */
export const FlashEntryType = {
  BmpIp: 1,
  SpinnakerIp: 2,
  FpgaBitFile: 3,
  FpgaRegisters: 4,
} as const;

/** Places in flash. */
export const FlashAddress = {
  /** The sector of 4 KiB that holds all that is below; its last word makes the CRC-32 come out as 0. */
  DataSector: 0x1000,
  /** IP block of the management processor, in entry 0. */
  BmpIp: 0x1020,
  /** IP block of the ethernet chip, in entry 1. */
  SpinnakerIp: 0x10a0,
  /** Words of the blacklist: their number, at most 63, and then as many. */
  Blacklist: 0x1e00,
} as const;

/** Most words of a blacklist. */
export const MOST_BLACKLIST_WORDS = 63;
