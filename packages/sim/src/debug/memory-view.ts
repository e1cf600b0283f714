/**
 * Memory as a core sees it, for looking: reading takes no time and changes nothing, so that registers
 * that change when they are read are refused. SpiNN-2 data sheet, chapter on the memory map.
 */
import type { ArmCore } from '../arm/arm-core.js';
import { DTCM_BASE, DTCM_BYTES, ITCM_BYTES } from '../arm/memory.js';
import type { Chip } from '../chip/chip.js';
import { SDRAM_BYTES } from '../chip/sdram.js';
import { SYSTEM_RAM_BYTES } from '../chip/system-ram.js';
import { BusError } from '../core/core.js';

/** A place in memory that cannot be looked at, or not be changed. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError';

  constructor(
    /** The first address, unsigned. */
    readonly address: number,
    problem: string,
  ) {
    super(`0x${address.toString(16).padStart(8, '0')} ${problem}`);
  }
}

/** A kind of memory: addresses from `start` up to `end`. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly kind: 'tcm' | 'shared' | 'device';
}

const SHARED = [
  { start: 0x60000000, end: 0x60000000 + SDRAM_BYTES },
  { start: 0x70000000, end: 0x70000000 + SDRAM_BYTES },
  { start: 0xe5000000, end: 0xe5000000 + SYSTEM_RAM_BYTES },
  { start: 0xf5000000, end: 0xf5000000 + SYSTEM_RAM_BYTES },
];

const REGIONS: readonly Region[] = [
  { start: 0, end: ITCM_BYTES, kind: 'tcm' },
  { start: DTCM_BASE, end: DTCM_BASE + DTCM_BYTES, kind: 'tcm' },
  ...SHARED.map((range) => ({ ...range, kind: 'shared' as const })),
];

const END = 2 ** 32;

/** Memory of a core that does not run; without a core, of one whose memories are blank. */
export class MemoryView {
  constructor(
    private readonly chip: Chip,
    private readonly core: ArmCore | undefined,
  ) {}

  /**
   * Up to `length` bytes from an address on, fewer where unreadable memory follows.
   *
   * @throws MemoryError when the first byte cannot be read
   */
  read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(length, END - address));
    for (let done = 0; done < bytes.length; ) {
      const at = address + done;
      const { end, kind } = regionOf(at);
      const part = bytes.subarray(done, Math.min(bytes.length, end - address));
      try {
        if (kind === 'tcm') this.readTcm(at, part);
        else if (kind === 'shared') this.chip.copyOut(at, part);
        else this.readDevice(at, part);
      } catch (error) {
        if (!(error instanceof BusError || error instanceof MemoryError)) throw error;
        if (done > 0) return bytes.slice(0, done);
        throw error instanceof MemoryError ? error : new MemoryError(at, 'cannot be read');
      }
      done += part.length;
    }
    return bytes;
  }

  /**
   * Writes bytes from an address on; devices take whole words only.
   *
   * @throws MemoryError where memory cannot be written; what lies before it has been
   */
  write(address: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + done;
      if (at >= END) throw new MemoryError(at % END, 'lies behind the end of memory');
      const { end, kind } = regionOf(at);
      const part = bytes.subarray(done, Math.min(bytes.length, end - address));
      try {
        if (kind === 'tcm') this.writeTcm(at, part);
        else if (kind === 'shared') this.chip.copyIn(at, part);
        else this.writeDevice(at, part);
      } catch (error) {
        throw error instanceof BusError ? new MemoryError(at, 'cannot be written') : error;
      }
      done += part.length;
    }
  }

  private readTcm(address: number, target: Uint8Array): void {
    if (this.core !== undefined) target.set(this.core.readTcm(address, target.length));
  }

  private writeTcm(address: number, bytes: Uint8Array): void {
    if (this.core === undefined)
      throw new MemoryError(address, 'belongs to a core without a program');
    this.core.writeTcm(address, bytes);
  }

  /** Reads bytes of one word of a device. */
  private readDevice(address: number, target: Uint8Array): void {
    const word = address - (address % 4);
    if (changesWhenRead(word))
      throw new MemoryError(word, 'is a register that reading would change');
    const value = this.core?.peek(word) ?? this.chip.read(NO_CORE, word, 4);
    for (let byte = 0; byte < target.length; byte++) {
      target[byte] = value >>> (8 * ((address % 4) + byte));
    }
  }

  private writeDevice(address: number, bytes: Uint8Array): void {
    if (bytes.length < 4)
      throw new MemoryError(address, 'is a device, which takes whole words only');
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
    if (this.core !== undefined) this.core.poke(address, value);
    else this.chip.write(NO_CORE, address, value, 4);
  }
}

/** Stands for nobody as the core of an access. */
const NO_CORE = -1;

/** The region of an address; elsewhere each word is a region of its own, of a device or of nothing. */
function regionOf(address: number): Region {
  const found = REGIONS.find(({ start, end }) => address >= start && address < end);
  const word = address - (address % 4);
  return found ?? { start: word, end: word + 4, kind: 'device' };
}

/** Offsets of registers that change when they are read. */
const RECEIVED_KEY = 0x14;
const VECTOR_ADDRESS = 0x30;
const DROP_STATUS = 0x28;
const FIRST_LOCK = 0x100;
const LAST_LOCK = 0x1ff;

function changesWhenRead(address: number): boolean {
  const region = address >>> 28;
  const device = (address >>> 24) & 15;
  const offset = address & 0xffffff;
  const shortOffset = address & 0xfff;
  if (address >= 0xfffff000) return shortOffset === VECTOR_ADDRESS;
  if (region === 1 || region === 2) {
    return (
      (device === 0 && shortOffset === RECEIVED_KEY) ||
      (device === 15 && shortOffset === VECTOR_ADDRESS)
    );
  }
  if (region < 14) return false;
  const isLock = offset >= FIRST_LOCK && offset <= LAST_LOCK;
  return (device === 1 && offset === DROP_STATUS) || (device === 2 && isLock);
}
