/**
 * Random ARM instructions of every class that stays in its mode. r10, r11 and r13 point into the data, r9 is
 * a small offset, the others are free. Unpredictable forms are left out: ARM Architecture Reference Manual
 * (DDI 0100), chapter A4.
 */
import { pick, type Random } from './random.js';

/** Registers that sequences may overwrite. */
export const FREE: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 14];
const ANY = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
/** Registers that point into the data. */
export const POINTERS: readonly number[] = [10, 11, 13];
/** Register that holds a small offset. */
export const INDEX = 9;
const ALWAYS = 0xe0000000;

/** Which registers the accesses of a sequence use. */
export interface Registers {
  readonly pointers: readonly number[];
  readonly free: readonly number[];
}
const USUAL: Registers = { pointers: POINTERS, free: FREE };

/** Words of instructions; those whose condition field is 0 may be given any condition, others stay as they are. */
export type ArmClass = (random: Random) => number | number[];

function isFlagless(operation: number): boolean {
  return operation < 8 || operation > 11;
}

function dataProcessing(random: Random): number {
  const operation = random(16);
  const s = !isFlagless(operation) || random(2) === 0 ? 1 : 0;
  const d = isFlagless(operation) ? pick(random, FREE) : 0;
  const hasFirst = operation !== 13 && operation !== 15;
  const kind = random(5);
  const first = kind !== 1 && random(16) === 0 ? 15 : pick(random, ANY);
  const head = (operation << 21) | (s << 20) | ((hasFirst ? first : 0) << 16) | (d << 12);
  if (kind === 0) return 0x02000000 | head | (random(2) === 0 ? random(256) : random(4096));
  if (kind === 1)
    return head | (pick(random, ANY) << 8) | (random(4) << 5) | 0x10 | pick(random, ANY);
  const second = random(16) === 0 ? 15 : pick(random, ANY);
  if (kind === 2) return head | second;
  const distance = kind === 3 ? random(32) : pick(random, [0, 0, 1, 31]);
  return head | (distance << 7) | (random(4) << 5) | second;
}

/** A shift distance around 32 in a register, then a shift by it with flags. */
function longShift(random: Random): number[] {
  const s = pick(random, FREE);
  const [d, m] = [pick(random, FREE), pick(random, ANY)];
  const operation = pick(random, [0, 1, 12, 13, 14, 15]);
  const n = operation === 13 || operation === 15 ? 0 : pick(random, ANY);
  const distance = pick(random, [0, 1, 31, 32, 33, 63, 64, 65, 128, 255]);
  return [
    ALWAYS | 0x03a00000 | (s << 12) | distance,
    (operation << 21) | (1 << 20) | (n << 16) | (d << 12) | (s << 8) | (random(4) << 5) | 0x10 | m,
  ];
}

function multiply(random: Random): number {
  const [d, n] = [pick(random, FREE), pick(random, FREE)];
  const operation = pick(random, d === n ? [0, 1] : [0, 1, 4, 5, 6, 7]);
  const m = pick(
    random,
    ANY.filter((each) => each !== d && each !== n),
  );
  return (
    (operation << 21) |
    (random(2) << 20) |
    (d << 16) |
    ((operation === 0 ? 0 : n) << 12) |
    (pick(random, ANY) << 8) |
    0x90 |
    m
  );
}

function multiplyHalves(random: Random): number {
  const [d, n] = [pick(random, FREE), pick(random, FREE)];
  const operation = d === n ? pick(random, [0, 1, 3]) : random(4);
  const takesSum = operation === 0 || operation === 2;
  const xy = random(4) << 5;
  const low = operation === 3 || (operation === 1 && (xy & 0x20) !== 0) ? 0 : n;
  return (
    0x01000080 |
    (operation << 21) |
    (d << 16) |
    ((takesSum || operation === 1 ? low : 0) << 12) |
    (pick(random, ANY) << 8) |
    xy |
    pick(random, ANY)
  );
}

const saturating = (random: Random): number =>
  0x01000050 |
  (random(4) << 21) |
  (pick(random, ANY) << 16) |
  (pick(random, FREE) << 12) |
  pick(random, ANY);

const countZeros = (random: Random): number =>
  0x016f0f10 | (pick(random, FREE) << 12) | pick(random, ANY);

/** LDR, STR, LDRB, STRB, and the user-mode forms. */
export function transfer(random: Random, { pointers, free } = USUAL): number {
  const isByte = random(2);
  const pre = random(2);
  const bit21 = random(2);
  const keepsBase = pre > bit21;
  const head =
    0x04000000 |
    (pre << 24) |
    (random(2) << 23) |
    (isByte << 22) |
    (bit21 << 21) |
    (random(2) << 20);
  const fields = (pick(random, pointers) << 16) | (pick(random, free) << 12);
  if (random(3) === 0) return head | 0x02000000 | fields | indexShift(random);
  return head | fields | (isByte === 1 && keepsBase ? random(16) : random(4) * 4);
}

/** The small offset, shifted in ways that keep it a multiple of four and small. */
function indexShift(random: Random): number {
  const [kind, distance] = pick(random, [
    [0, 0],
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 8],
    [2, 0],
    [2, 9],
  ] as const);
  return (distance << 7) | (kind << 5) | INDEX;
}

/** Halfwords, signed bytes, doublewords. */
export function transferExtra(random: Random, { pointers, free } = USUAL): number {
  const kind = random(6);
  const isDouble = kind > 3;
  const d = isDouble ? pick(random, [0, 2, 4, 6]) : pick(random, free);
  const [load, sh] = [
    [0, 1],
    [1, 1],
    [1, 2],
    [1, 3],
    [0, 2],
    [0, 3],
  ][kind] as [number, number];
  const pre = random(2);
  const isConstant = random(3) !== 0 ? 1 : 0;
  const head =
    (pre << 24) | (random(2) << 23) | (isConstant << 22) | ((pre & random(2)) << 21) | (load << 20);
  const offset = isConstant === 1 ? random(2) * 8 : INDEX;
  return head | (pick(random, pointers) << 16) | (d << 12) | 0x90 | (sh << 5) | offset;
}

/** Loads relative to r15, of words and of their parts. */
function literal(random: Random): number {
  const d = pick(random, FREE);
  const up = random(2) << 23;
  if (random(2) === 0) return 0x051f0000 | up | (d << 12) | (random(3) * 4);
  return random(2) === 0
    ? 0x055f0000 | up | (d << 12) | random(8)
    : 0x015f0090 | up | (d << 12) | (pick(random, [1, 2, 3]) << 5) | (random(4) * 2);
}

export function block(random: Random, { pointers } = USUAL): number {
  const list = random(0x200) | random(0x200) | (random(4) === 0 ? 0x5000 : 0) || 1;
  return (
    0x08000000 |
    (random(4) << 23) |
    (random(2) << 21) |
    (random(2) << 20) |
    (pick(random, pointers) << 16) |
    list
  );
}

/** The base in the list where the result is defined: loads and stores without write-back, stores of the lowest. */
function blockWithBase(random: Random): number {
  const base = pick(random, POINTERS);
  const above = (0xffff << base) & 0x5fff;
  const addressing = random(4) << 23;
  if (random(3) === 0)
    return 0x08200000 | addressing | (base << 16) | (1 << base) | (above & random(2 ** 16));
  return 0x08000000 | addressing | (base << 16) | (1 << base) | random(0x200);
}

/** LDM that loads its base. */
function blockOverBase(random: Random): number[] {
  const base = pick(random, FREE);
  const copyOfPointer = ALWAYS | 0x01a00000 | (base << 12) | pick(random, POINTERS);
  const addressing = random(4) << 23;
  return [copyOfPointer, 0x08100000 | addressing | (base << 16) | (1 << base) | random(0x200)];
}

export const swap = (random: Random, { pointers, free } = USUAL): number =>
  0x01000090 |
  (random(2) << 22) |
  (pick(random, pointers) << 16) |
  (pick(random, free) << 12) |
  pick(random, free);

/** MRS, and MSR of the flags. */
function flags(random: Random): number {
  if (random(2) === 0) return 0x010f0000 | (pick(random, FREE) << 12);
  return random(2) === 0 ? 0x0128f000 | pick(random, ANY) : 0x0328f400 | random(256);
}

/** B and BL on any condition over one or two instructions. */
function branchOver(random: Random): number[] {
  const condition = (random(2) === 0 ? random(14) : 14) << 28;
  const link = random(4) === 0 ? 1 << 24 : 0;
  const distance = random(2);
  const skipped = [dataProcessing(random), saturating(random)].slice(0, distance + 1);
  return [condition | 0x0a000000 | link | distance, ...skipped.map((word) => word | ALWAYS)];
}

/** Writes to r15 that go on behind, in ARM state. */
function computedBranch(random: Random): number[] {
  const r = pick(random, FREE);
  const addressBehind = (distance: number) => ALWAYS | 0x028f0000 | (r << 12) | distance;
  switch (random(5)) {
    case 0:
      return [addressBehind(0), ALWAYS | 0x012fff10 | r];
    case 1:
      return [addressBehind(0), ALWAYS | 0x012fff30 | r];
    case 2:
      return [addressBehind(0), ALWAYS | 0x01a0f000 | r];
    case 3:
      return [
        addressBehind(4),
        ALWAYS | 0x058a0000 | (r << 12),
        ALWAYS | 0x059af000 | (random(2) << 21),
      ];
    default: {
      const below = random(2 ** Math.min(r, 9));
      return [
        addressBehind(4),
        ALWAYS | 0x092d0000 | (1 << r) | below,
        ALWAYS | 0x08bd8000 | below,
      ];
    }
  }
}

/** Into Thumb state, there back to ARM state, and on behind: BLX with an address, BX and BLX of a register. */
function throughThumb(random: Random): number[] {
  const backToArm = 0x46c04778;
  if (random(2) === 0) return [0xfaffffff, backToArm];
  const r = pick(random, FREE);
  const exchange = ALWAYS | 0x012fff10 | (random(2) << 5) | r;
  return [ALWAYS | 0x028f0001 | (r << 12), exchange, backToArm];
}

/** SMLAxy with halves 0 = bottom, 1 = top of rm and rs. */
function product(random: Random, ofM: number, ofS: number): number {
  const operands =
    (pick(random, FREE) << 16) | (pick(random, FREE) << 12) | (pick(random, ANY) << 8);
  return ALWAYS | 0x01000080 | (ofM << 5) | (ofS << 6) | operands | pick(random, ANY);
}

/** What is executed as one operation when all are unconditional. */
function fusedSequence(random: Random): number[] {
  const [d, n, m] = [pick(random, FREE), pick(random, FREE), pick(random, ANY)];
  const skips = pick(random, [1, 2]) << 28;
  switch (random(4)) {
    case 0:
      return [
        product(random, 0, 0),
        product(random, 1, 1),
        product(random, 0, 0),
        product(random, 1, 1),
      ];
    case 1:
      return [
        product(random, 0, 0),
        product(random, 0, 1),
        product(random, 1, 0),
        product(random, 1, 1),
      ];
    case 2:
      return [
        ALWAYS | 0x02500000 | (n << 16) | (d << 12) | random(4),
        0x0a000000 | skips,
        dataProcessing(random),
      ];
    default:
      return [ALWAYS | 0x01500000 | (n << 16) | m, 0x0a000000 | skips, dataProcessing(random)];
  }
}

/** PLD, a hint. */
const preload = (random: Random): number => 0xf5d0f000 | (pick(random, POINTERS) << 16);

/** Every class of instruction that stays in its mode and raises no exception. */
export const ARM_CLASSES: readonly ArmClass[] = [
  ...[dataProcessing, dataProcessing, dataProcessing, longShift, multiply, multiplyHalves],
  ...[saturating, countZeros, flags, branchOver, computedBranch, throughThumb],
  ...[fusedSequence, preload, literal],
  (random) => transfer(random),
  (random) => transferExtra(random),
  (random) => block(random),
  ...[blockWithBase, blockOverBase],
  (random) => swap(random),
];

const CONDITION = 0xf0000000;

/** At least `length` words of instructions of some classes. */
export function armSequence(
  random: Random,
  classes: readonly ArmClass[],
  length: number,
): number[] {
  const words: number[] = [];
  while (words.length < length) words.push(...conditional(random, pick(random, classes)(random)));
  return words;
}

/** One instruction alone gets any condition; those that belong together are executed all. */
function conditional(random: Random, made: number | number[]): number[] {
  if (typeof made === 'number') {
    const condition = random(3) === 0 ? random(14) : 14;
    return [((made & CONDITION) === 0 ? made | (condition << 28) : made) >>> 0];
  }
  return made.map((word) => ((word & CONDITION) === 0 ? word | ALWAYS : word) >>> 0);
}
