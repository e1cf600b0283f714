/**
 * What a core's loads, stores and instruction fetches reach: its tightly coupled memories, its private
 * devices, and through its chip everything else. SpiNN-2 data sheet, chapter on the memory map.
 */
import { BusError, type DirectSdram, type DirectSystemRam } from '../core/core.js';
import { arena, takeArenaBlock } from './arena.js';
import { Kept, type KeptState, newKeptState } from './state.js';

/** Instruction memory, at 0. Bytes. */
export const ITCM_BYTES = 0x8000;
/** Data memory. Bytes. */
export const DTCM_BYTES = 0x10000;
/** Address of the data memory. */
export const DTCM_BASE = 0x00400000;

/** Raised by a word or halfword access to an address that is not a multiple of its size, when the core checks that. */
export class AlignmentFault extends Error {
  constructor(readonly address: number) {
    super(`unaligned access to 0x${(address >>> 0).toString(16).padStart(8, '0')}`);
    this.name = 'AlignmentFault';
  }
}

/** Raised when an instruction cannot be fetched. */
export class PrefetchFault extends Error {
  constructor(readonly address: number) {
    super(`no instruction at 0x${(address >>> 0).toString(16).padStart(8, '0')}`);
    this.name = 'PrefetchFault';
  }
}

/** Access sizes in bytes. */
export type AccessSize = 1 | 2 | 4;

/** Everything beyond the tightly coupled memories. Values are unsigned on writes, any 32 bits on reads. */
export interface OuterBus {
  readonly direct?: DirectSdram | undefined;
  readonly directSystemRam?: DirectSystemRam | undefined;
  read(address: number, size: AccessSize): number;
  write(address: number, value: number, size: AccessSize): void;
}

/**
 * The memory of one core. The interpreter serves aligned accesses to the data memory itself, by the
 * views; the methods serve all others.
 */
export class CoreMemory {
  readonly itcm8: Uint8Array;
  readonly itcm16: Uint16Array;
  readonly itcm32: Int32Array;
  readonly dtcm8: Uint8Array;
  readonly dtcm16: Uint16Array;
  readonly dtcm32: Int32Array;
  /** What a core's processor keeps, see {@link Kept}. */
  readonly kept: KeptState;
  /** Where the memories are in the arena, ITCM first; undefined when they are elsewhere. */
  readonly arenaAddress: number | undefined;
  /** CP15 control bit 1: unaligned accesses fault. Without it a word load rotates, as the ARM9 does. */
  checksAlignment = false;

  constructor(
    readonly outer: OuterBus,
    /** Called with the byte address of every word of instruction memory that is written. */
    readonly codeWritten: (address: number) => void,
    kept: KeptState = newKeptState(),
  ) {
    this.kept = kept;
    const isInArena = kept.words.buffer === arena.buffer;
    const place = isInArena ? takeArenaBlock(this, ITCM_BYTES + DTCM_BYTES) : undefined;
    const buffer = place === undefined ? new ArrayBuffer(ITCM_BYTES + DTCM_BYTES) : arena.buffer;
    const itcm = place?.address ?? 0;
    const dtcm = itcm + ITCM_BYTES;
    this.arenaAddress = place?.address;
    kept.words[Kept.Memories] = this.arenaAddress ?? 0;
    this.itcm8 = new Uint8Array(buffer, itcm, ITCM_BYTES);
    this.itcm16 = new Uint16Array(buffer, itcm, ITCM_BYTES >> 1);
    this.itcm32 = new Int32Array(buffer, itcm, ITCM_BYTES >> 2);
    this.dtcm8 = new Uint8Array(buffer, dtcm, DTCM_BYTES);
    this.dtcm16 = new Uint16Array(buffer, dtcm, DTCM_BYTES >> 1);
    this.dtcm32 = new Int32Array(buffer, dtcm, DTCM_BYTES >> 2);
  }

  /** Address in the arena of the table of SDRAM pages of the chip, as far as the core has found it; 0 before. */
  get sdramTable(): number {
    return this.kept.words[Kept.SdramTable] as number;
  }

  set sdramTable(address: number) {
    this.kept.words[Kept.SdramTable] = address;
  }

  loadWord(address: number): number {
    if ((address & 3) !== 0) return this.loadUnaligned(address);
    if (address >>> 0 < ITCM_BYTES) return this.itcm32[address >> 2] as number;
    if ((address & 0xffff0000) === DTCM_BASE) return this.dtcm32[(address & 0xffff) >> 2] as number;
    return this.outer.read(address >>> 0, 4) | 0;
  }

  /** The addressed byte comes lowest. */
  private loadUnaligned(address: number): number {
    this.refuseUnaligned(address);
    const word = this.loadWord(address & ~3);
    const distance = (address & 3) * 8;
    return (word >>> distance) | (word << (32 - distance));
  }

  loadHalf(address: number): number {
    if ((address & 1) !== 0) this.refuseUnaligned(address);
    const even = address & ~1;
    if (even >>> 0 < ITCM_BYTES) return this.itcm16[even >> 1] as number;
    if ((even & 0xffff0000) === DTCM_BASE) return this.dtcm16[(even & 0xffff) >> 1] as number;
    return this.outer.read(even >>> 0, 2);
  }

  loadByte(address: number): number {
    if (address >>> 0 < ITCM_BYTES) return this.itcm8[address] as number;
    if ((address & 0xffff0000) === DTCM_BASE) return this.dtcm8[address & 0xffff] as number;
    return this.outer.read(address >>> 0, 1);
  }

  storeWord(address: number, value: number): void {
    if ((address & 3) !== 0) this.refuseUnaligned(address);
    const aligned = address & ~3;
    if (aligned >>> 0 < ITCM_BYTES) {
      this.itcm32[aligned >> 2] = value;
      this.codeWritten(aligned);
    } else if ((aligned & 0xffff0000) === DTCM_BASE) this.dtcm32[(aligned & 0xffff) >> 2] = value;
    else this.outer.write(aligned >>> 0, value >>> 0, 4);
  }

  storeHalf(address: number, value: number): void {
    if ((address & 1) !== 0) this.refuseUnaligned(address);
    const even = address & ~1;
    if (even >>> 0 < ITCM_BYTES) {
      this.itcm16[even >> 1] = value;
      this.codeWritten(even & ~3);
    } else if ((even & 0xffff0000) === DTCM_BASE) this.dtcm16[(even & 0xffff) >> 1] = value;
    else this.outer.write(even >>> 0, value & 0xffff, 2);
  }

  storeByte(address: number, value: number): void {
    if (address >>> 0 < ITCM_BYTES) {
      this.itcm8[address] = value;
      this.codeWritten(address & ~3);
    } else if ((address & 0xffff0000) === DTCM_BASE) this.dtcm8[address & 0xffff] = value;
    else this.outer.write(address >>> 0, value & 0xff, 1);
  }

  /** The instruction at an address outside the instruction memory. The data memory cannot be executed from. */
  fetch(address: number, size: 2 | 4): number {
    if ((address & 0xffff0000) === DTCM_BASE) throw new BusError(address);
    return this.outer.read(address >>> 0, size) | 0;
  }

  /** Where a transfer of several words starts: bits 1:0 are ignored while alignment is not checked. */
  blockStart(address: number): number {
    if ((address & 3) !== 0) this.refuseUnaligned(address);
    return address & ~3;
  }

  private refuseUnaligned(address: number): void {
    if (this.checksAlignment) throw new AlignmentFault(address);
  }
}
