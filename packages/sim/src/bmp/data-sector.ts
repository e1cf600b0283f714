/**
 * What the flash of a board holds when it leaves the factory and gets its addresses, and what the management
 * processor makes of it. Source: BMP firmware 2.1.2, `copy_ip_data`, `sf_scan`, `configure_spin`.
 */
import {
  FlashAddress,
  FlashEntryType,
  FpgaRegister,
  flashDirectoryLayout,
  ipBlockLayout,
  ipToBytes,
  MOST_BLACKLIST_WORDS,
  SCP_PORT,
} from '@spin-tools/scp';
import { seal } from './checksum.js';
import type { NorMemory } from './nor-memory.js';

/** Bytes of the sector. */
const SECTOR_BYTES = 0x1000;
const DIRECTORY_ENTRIES = 16;
const ERASED = 0xff;
/** The block in flash counts, not the backplane. Source: `proc_setup`, flag 0x4000. */
const BMP_FLAGS = 0xc000;
const SPINNAKER_FLAGS = 0xc059;
/** Most pairs that an entry has room for. */
const MOST_SETTINGS = 12;
/** Bytes of a bit file for a Spartan-6 LX45T: 11,939,296 bits. Source: Xilinx UG380, table 5-5. */
export const BIT_FILE_BYTES = 1_492_412;
/** Where serial flash holds the bit files of FPGA 0, 1 and 2. */
const BIT_FILES = [0x200000, 0x380000, 0x500000];
const IS_LOADED = 0x8000;
const ALL_FPGAS = 3;
/** What is set after loading: links to chips on, error lights off. Source: spio, `spinnaker_fpgas`, README. */
const FIRST_SETTINGS = [
  [FpgaRegister.LinkEnables | ALL_FPGAS, 0xffffffff],
  [FpgaRegister.LedOverride | ALL_FPGAS, 0],
] as const;
/** Where serial flash holds the blacklist, and how much is written there at every start. */
const SERIAL_BLACKLIST = 0x100;
const SERIAL_BYTES = 512;

/** Addresses and blacklist of a board. */
export interface BoardSettings {
  readonly bmp: string;
  readonly spinnaker: string;
  readonly blacklist: readonly number[];
}

/** The data sector of a board. Throws RangeError for a blacklist of more than 63 words. */
export function dataSector({ bmp, spinnaker, blacklist }: BoardSettings): Uint8Array {
  if (blacklist.length > MOST_BLACKLIST_WORDS)
    throw new RangeError(
      `a blacklist has at most ${MOST_BLACKLIST_WORDS} words, not ${blacklist.length}`,
    );
  const sector = new Uint8Array(SECTOR_BYTES).fill(ERASED);
  const entries = [
    { type: FlashEntryType.BmpIp, data: ipData(bmp, BMP_FLAGS) },
    { type: FlashEntryType.SpinnakerIp, data: ipData(spinnaker, SPINNAKER_FLAGS) },
    ...BIT_FILES.map((base, fpga) => ({
      type: FlashEntryType.FpgaBitFile,
      flags: IS_LOADED | (1 << fpga),
      base,
      length: BIT_FILE_BYTES,
    })),
    {
      type: FlashEntryType.FpgaRegisters,
      size: FIRST_SETTINGS.length,
      data: padded(littleEndian(FIRST_SETTINGS.flat())),
    },
  ];
  entries.forEach((entry, index) => {
    sector.set(flashDirectoryLayout.encode(entry), index * flashDirectoryLayout.size);
  });
  const list = littleEndian([blacklist.length, ...blacklist]);
  sector.set(list, FlashAddress.Blacklist - FlashAddress.DataSector);
  seal(sector);
  return sector;
}

/** A first setting of a register of FPGAs, bit f for FPGA f. */
export interface FpgaSetting {
  readonly fpgas: number;
  readonly address: number;
  readonly value: number;
}

/** What to do with the FPGAs at power-on, as the directory in flash says. */
export function fpgaSetUp(flash: NorMemory): {
  readonly bitFiles: readonly { readonly fpgas: number; readonly length: number }[];
  readonly settings: readonly FpgaSetting[];
} {
  const directory = flash.read(
    FlashAddress.DataSector,
    DIRECTORY_ENTRIES * flashDirectoryLayout.size,
  );
  const entries = Array.from({ length: DIRECTORY_ENTRIES }, (_, index) =>
    flashDirectoryLayout.decode(directory, index * flashDirectoryLayout.size),
  );
  return {
    bitFiles: entries
      .filter(({ type, flags }) => type === FlashEntryType.FpgaBitFile && (flags & IS_LOADED) !== 0)
      .map(({ flags, length }) => ({ fpgas: flags & 7, length: Math.min(length, BIT_FILE_BYTES) })),
    settings: entries
      .filter(({ type }) => type === FlashEntryType.FpgaRegisters)
      .flatMap(({ size, data }) => settingsOf(size, data)),
  };
}

/**
 * The first 512 bytes of serial flash, which the processor writes at its start for the boot ROM and the
 * monitor: a block that loads the IP block to 0xf5007fe0, its words turned round, and the blacklist.
 */
export function serialFlashStart(flash: NorMemory): Uint8Array {
  const bytes = new Uint8Array(SERIAL_BYTES).fill(ERASED);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x553a0008);
  view.setUint32(4, 0xf5007fe0);
  const block = flash.read(FlashAddress.SpinnakerIp, ipBlockLayout.size);
  const words = new DataView(block.buffer);
  for (let at = 0; at < block.length; at += 4) view.setUint32(8 + at, words.getUint32(at, true));
  view.setUint32(8 + block.length, 0xaaaaaaaa);
  bytes.set(blacklistBytes(flash), SERIAL_BLACKLIST);
  return bytes;
}

/** A count that cannot be, as in flash that was never written, stands for none. */
function blacklistBytes(flash: NorMemory): Uint8Array {
  const found = flash.read(FlashAddress.Blacklist, 4 * (1 + MOST_BLACKLIST_WORDS));
  const count = new DataView(found.buffer).getUint32(0, true);
  return count > MOST_BLACKLIST_WORDS ? new Uint8Array(4) : found.subarray(0, 4 * (1 + count));
}

function settingsOf(size: number, data: Uint8Array): FpgaSetting[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.min(size, MOST_SETTINGS) }, (_, index) => {
    const address = view.getUint32(index * 8, true);
    const fpga = address & ALL_FPGAS;
    return {
      fpgas: fpga === ALL_FPGAS ? 7 : 1 << fpga,
      address: (address & ~ALL_FPGAS) >>> 0,
      value: view.getUint32(index * 8 + 4, true),
    };
  });
}

function ipData(ip: string, flags: number): Uint8Array {
  const octets = ipToBytes(ip);
  const [, , frame = 0, host = 0] = octets;
  const data = ipBlockLayout.encode({
    flags,
    mac: Uint8Array.of(0, 0, 0xa4, frame, 0, host),
    ip: octets,
    gateway: Uint8Array.of(...octets.subarray(0, 3), 254),
    netMask: Uint8Array.of(255, 255, 0, 0),
    udpPort: SCP_PORT,
  });
  return padded(data);
}

function padded(data: Uint8Array): Uint8Array {
  const field = new Uint8Array(flashDirectoryLayout.places.data.size).fill(ERASED);
  field.set(data);
  return field;
}

function littleEndian(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  return bytes;
}
