/**
 * Random ARM instructions that change modes, use other modes' registers, or raise exceptions. Registers as
 * in arm.ts, in every bank; r7 holds where to go on when an instruction could not be fetched. Left out are forms
 * that are unpredictable, and what differs between implementations: stored r15, unaligned accesses without checks.
 */
import { ARM_CLASSES, type ArmClass, block, FREE, swap, transfer, transferExtra } from './arm.js';
import { pick, type Random } from './random.js';

const ALWAYS = 0xe0000000;
export const USER = 0x10;
const SYSTEM = 0x1f;
/** Mode fields, user to system. */
export const MODES: readonly number[] = [USER, 0x11, 0x12, 0x13, 0x17, 0x1b, SYSTEM];
/** Interrupts masked. */
const MASKED = 0xc0;
const THUMB = 0x20;
const BX_PC_TO_ARM = 0x46c04778;

/** The mode that a sequence is in: known when it is made, because nothing conditional changes it. */
export interface ModeTracker {
  mode: number;
}

const hasSavedStatus = ({ mode }: ModeTracker) => mode !== USER && mode !== SYSTEM;

/** An instruction, or some, of the present mode. */
type SystemClass = (random: Random, tracker: ModeTracker) => number[];

/** MSR of the control field: changes the mode, but not from user mode. */
function changeMode(random: Random, tracker: ModeTracker): number[] {
  const mode = pick(random, MODES);
  const change = ALWAYS | 0x0321f000 | MASKED | mode;
  if (tracker.mode !== USER) tracker.mode = mode;
  return [change];
}

/** MRS, and MSR of the flags and status fields. */
function status(random: Random, tracker: ModeTracker): number[] {
  const saved = hasSavedStatus(tracker) ? random(2) << 22 : 0;
  if (random(2) === 0) return [ALWAYS | 0x010f0000 | saved | (pick(random, FREE) << 12)];
  const fields = pick(random, saved === 0 ? [8, 12] : [8]) << 16;
  return random(2) === 0
    ? [ALWAYS | 0x0120f000 | saved | fields | pick(random, FREE)]
    : [ALWAYS | 0x0320f000 | saved | fields | pick(random, [0x400, 0x300, 0x200]) | random(256)];
}

/** LDM and STM of the user registers. The architecture asks for an instruction without banked registers behind. */
function userBlock(random: Random, tracker: ModeTracker): number[] {
  if (!hasSavedStatus(tracker)) return [];
  const isLoad = random(2);
  const list = isLoad === 1 ? random(0x200) | (random(2) * 0x5000) : random(0x8000);
  const form = 0x08400000 | (random(4) << 23) | (isLoad << 20);
  return [ALWAYS | form | (pick(random, [10, 11]) << 16) | (list || 1), ALWAYS | 0x01a00000];
}

/** Returns from an exception that never was: data processing with flags, or LDM with r15 and ^. */
function exceptionReturn(random: Random, tracker: ModeTracker): number[] {
  if (!hasSavedStatus(tracker)) return [];
  const mode = pick(random, MODES);
  const thumb = random(3) === 0 ? THUMB : 0;
  const saved = ALWAYS | 0x0361f000 | MASKED | mode | thumb;
  const behind = thumb === 0 ? [] : [BX_PC_TO_ARM];
  tracker.mode = mode;
  const address = (distance: number) => ALWAYS | 0x028fe000 | distance;
  switch (random(4)) {
    case 0:
      return [saved, address(0), ALWAYS | 0x01b0f00e, ...behind];
    case 1:
      return [saved, address(4), ALWAYS | 0x025ef004, ...behind];
    case 2:
      return [saved, address(8), ALWAYS | 0x025ef008, ...behind];
    default: {
      const list = random(0x200);
      const offset = 4 * list.toString(2).replaceAll('0', '').length;
      const store = ALWAYS | 0x058ae000 | offset;
      const pops = ALWAYS | 0x08da8000 | list;
      return [saved, address(4), store, pops, ...behind];
    }
  }
}

/** SWI, BKPT, and what ARMv5TE leaves undefined: later architectures' instructions and missing coprocessors. */
const UNDEFINED = [
  ...[0xe7f000f0, 0xe6000010, 0xe7ffffff, 0xe6bf0070, 0xe6ef1072, 0xe6bf0f31, 0xe1900f9f],
  ...[0xe1801f92, 0xe3000123, 0xe3400123, 0xe7e00050, 0xe710f211, 0xf1080080, 0xf57ff01f],
  ...[0xf1010200, 0xfe000000, 0xee000a10, 0xee100a10, 0xed900100, 0xec810a02, 0xee000000],
];

function software(random: Random): number[] {
  const condition = (random(3) === 0 ? random(14) : 14) << 28;
  switch (random(3)) {
    case 0:
      return [condition | 0x0f000000 | random(0x10000)];
    case 1:
      return [ALWAYS | 0x01200070 | (random(4096) << 8) | random(16)];
    default:
      return [pick(random, UNDEFINED)];
  }
}

/** A base that faults, in r12: nothing there, or unaligned; then accesses by it. */
function faultingAccess(random: Random): number[] {
  const base =
    random(2) === 0
      ? [ALWAYS | 0x03a0c456]
      : [ALWAYS | 0x0280c000 | (pick(random, [10, 11]) << 16) | (random(3) + 1)];
  const registers = { pointers: [12], free: FREE.filter((number) => number !== 12) };
  const access = pick(random, [transfer, transferExtra, block, swap])(random, registers);
  return [...base, access];
}

/** A jump to where nothing is, in either state; the handler goes on at r7. */
function faultingFetch(random: Random): number[] {
  const resume = ALWAYS | 0x028f7000 | 8;
  const nowhere = ALWAYS | 0x03a0c456;
  const odd = ALWAYS | 0x028cc000 | random(2);
  const jump = pick(random, [0x012fff1c, 0x012fff3c, 0x01a0f00c]);
  const toEven = ALWAYS | 0x01a00000;
  return jump === 0x01a0f00c
    ? [resume, nowhere, toEven, ALWAYS | jump]
    : [resume, nowhere, odd, ALWAYS | jump];
}

/** System coprocessor: control register, drain write buffer; undefined in user mode. */
function coprocessor(random: Random): number[] {
  switch (random(3)) {
    case 0:
      return [ALWAYS | 0x0e110f10 | (pick(random, FREE) << 12)];
    case 1:
      return [ALWAYS | 0x03a0c07a, ALWAYS | 0x0e01cf10];
    default:
      return [ALWAYS | 0x0e070f9a | (pick(random, FREE) << 12)];
  }
}

const SYSTEM_CLASSES: readonly SystemClass[] = [
  ...[changeMode, changeMode, status, userBlock, exceptionReturn],
  ...[software, faultingAccess, faultingFetch, coprocessor],
];

/** At least `length` words, system classes and others by turns. */
export function armSystemSequence(random: Random, tracker: ModeTracker, length: number): number[] {
  const words: number[] = [];
  while (words.length < length) {
    if (random(2) === 0) words.push(...pick(random, SYSTEM_CLASSES)(random, tracker));
    else words.push(...plain(random, pick(random, ARM_CLASSES)));
  }
  return words.map((word) => ((word & 0xf0000000) === 0 ? word | ALWAYS : word) >>> 0);
}

function plain(random: Random, make: ArmClass): number[] {
  const made = make(random);
  if (typeof made !== 'number') return made;
  return [(made & 0xf0000000) === 0 ? made | ((random(3) === 0 ? random(14) : 14) << 28) : made];
}
