/** Which memory the instruction in front of a core would access. ARM Architecture Reference Manual A5.2 to A5.4. */
import type { ArmCore } from '../arm/arm-core.js';
import { holds } from '../arm/conditions.js';
import type { Cpu } from '../arm/cpu.js';
import { armEncoding } from '../arm/decode-thumb.js';
import { blockOffsets } from '../arm/decode-transfer.js';
import { shiftedOffset } from '../arm/general.js';
import { ITCM_BYTES } from '../arm/memory.js';
import { ALWAYS } from '../arm/opcodes.js';
import { activeState } from '../arm/state.js';
import { BusError } from '../core/core.js';

/** One access to memory. */
export interface Access {
  /** First address, unsigned. */
  readonly address: number;
  /** Bytes, at least 1. */
  readonly length: number;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** From here on lies what the cores of a chip share. */
const FIRST_SHARED = 0x60000000;

/** The instruction of a core at an address: a word, or a halfword in Thumb state; undefined where none can be fetched. */
export function instructionAt(
  core: ArmCore,
  address: number,
  isThumb: boolean,
): number | undefined {
  const word = wordAt(core, address & ~3);
  if (word === undefined || !isThumb) return word;
  return (address & 2) !== 0 ? word >>> 16 : word & 0xffff;
}

function wordAt(core: ArmCore, address: number): number | undefined {
  if (address >>> 0 < ITCM_BYTES) {
    return (core.processor.memory.itcm32[address >> 2] as number) >>> 0;
  }
  // Devices hold no code, and fetching from them would change them.
  if (address >>> 0 < FIRST_SHARED) return undefined;
  try {
    return core.peek(address >>> 0) >>> 0;
  } catch (error) {
    if (error instanceof BusError) return undefined;
    throw error;
  }
}

/** What the next instruction would access; the core's registers are in {@link activeState}. */
export function nextAccess(core: ArmCore, cpu: Cpu): Access | undefined {
  const address = activeState[15] as number;
  const isThumb = cpu.thumb === 1;
  const instruction = instructionAt(core, address, isThumb);
  if (instruction === undefined) return undefined;
  if (!isThumb) return accessOf(instruction, address + 8);
  if (instruction >>> 11 === 0b01001) {
    const literal = ((address + 4) & ~3) + ((instruction & 255) << 2);
    return { address: literal, length: 4, reads: true, writes: false };
  }
  const encoding = armEncoding(instruction);
  return encoding === undefined ? undefined : accessOf(encoding >>> 0, address + 4);
}

/** The access of an ARM instruction that would be executed now; `programCounter` is what it reads in r15. */
function accessOf(word: number, programCounter: number): Access | undefined {
  const condition = word >>> 28;
  if (condition > ALWAYS || (condition < ALWAYS && !holds(condition))) return undefined;
  const register = (number: number) =>
    number === 15 ? programCounter : (activeState[number] as number);
  const base = register((word >>> 16) & 15);
  const isLoad = (word & 0x00100000) !== 0;
  if ((word & 0x0c000000) === 0x04000000 && (word & 0x02000010) !== 0x02000010) {
    const offset = (word & 0x02000000) !== 0 ? shiftedOffset(word) : word & 0xfff;
    const length = (word & 0x00400000) !== 0 ? 1 : 4;
    return access(indexed(word, base, offset), length, isLoad);
  }
  if ((word & 0x0fb00ff0) === 0x01000090) {
    const length = (word & 0x00400000) !== 0 ? 1 : 4;
    return { address: base >>> 0, length, reads: true, writes: true };
  }
  if ((word & 0x0e000090) === 0x00000090 && (word & 0x60) !== 0) {
    const isConstant = (word & 0x00400000) !== 0;
    const offset = isConstant ? ((word >>> 4) & 0xf0) | (word & 15) : register(word & 15);
    const isDouble = !isLoad && (word & 0x40) !== 0;
    const length = isDouble ? 8 : (word & 0x60) === 0x40 ? 1 : 2;
    return access(indexed(word, base, offset), length, isLoad || (isDouble && (word & 0x20) === 0));
  }
  if ((word & 0x0e000000) === 0x08000000) {
    const count = (word & 0xffff).toString(2).replaceAll('0', '').length;
    const first = (base + blockOffsets(word, count).start) & ~3;
    return count === 0 ? undefined : access(first, 4 * count, isLoad);
  }
  return undefined;
}

/** Address of a single transfer: before or after the offset is added. */
function indexed(word: number, base: number, offset: number): number {
  if ((word & 0x01000000) === 0) return base;
  return (word & 0x00800000) !== 0 ? base + offset : base - offset;
}

function access(address: number, length: number, isLoad: boolean): Access {
  return { address: address >>> 0, length, reads: isLoad, writes: !isLoad };
}
