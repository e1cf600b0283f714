/**
 * Random Thumb instructions of every class that raises no exception. r6, r7 and r13 point into the data, r5 is a
 * small offset, r0 to r4, r8, r9, r12 and r14 are free.
 */
import { pick, type Random } from './random.js';

/** Halfwords of instructions that are executed all; `at` is how many precede them. */
export type ThumbClass = (random: Random, at: number) => number[];

const low = (random: Random) => random(5);
const anyLow = (random: Random) => random(8);
const pointer = (random: Random) => pick(random, [6, 7]);
const NO_OPERATION = 0x46c0;

const shift = (random: Random): number =>
  (random(3) << 11) | (random(32) << 6) | (anyLow(random) << 3) | low(random);
const constant = (random: Random): number =>
  0x2000 | (random(4) << 11) | (low(random) << 8) | random(256);

function high(random: Random): number {
  const d = pick(random, [0, 1, 2, 3, 4, 8, 9, 12, 14]);
  const isCompare = random(3) === 0;
  const operation = isCompare ? 1 : pick(random, [0, 2]);
  const m = isCompare ? random(15) : random(16);
  return 0x4400 | (operation << 8) | ((d & 8) << 4) | (m << 3) | (d & 7);
}

/** B and B<cond> over one or two instructions. */
function branchOver(random: Random): number[] {
  const distance = random(2);
  const branch = random(3) === 0 ? 0xe000 : 0xd000 | (random(14) << 8);
  return [branch | distance, ...[constant(random), shift(random)].slice(0, distance + 1)];
}

/** BL over nothing or over one instruction. */
const call = (random: Random): number[] =>
  random(2) === 0 ? [0xf000, 0xf800] : [0xf000, 0xf801, constant(random)];

/** Into ARM state and back: BX pc, or BLX with an address; there BLX with an address. */
function throughArm(random: Random, at: number): number[] {
  const padding = at % 2 === 0 ? [] : [NO_OPERATION];
  const toArm = random(2) === 0 ? [0x4778, NO_OPERATION] : [0xf000, 0xe800];
  return [...padding, ...toArm, 0xffff, 0xfaff];
}

/** MOV pc, BX, BLX of a register, POP {pc}: all go on behind in Thumb state. */
function computedBranch(random: Random): number[] {
  const address = 0x467c;
  const add = (distance: number) => 0x3400 | distance;
  switch (random(4)) {
    case 0:
      return [address, add(2), 0x46a7];
    case 1:
      return [address, add(3), 0x4720];
    case 2:
      return [address, add(3), 0x47a0];
    default: {
      const others = random(16);
      return [address, add(5), 0xb410 | others, 0xbd00 | others];
    }
  }
}

/** One halfword each. */
const SINGLE: readonly ((random: Random) => number)[] = [
  ...[shift, constant, high],
  (random) => 0x1800 | (random(4) << 9) | (random(8) << 6) | (anyLow(random) << 3) | low(random),
  (random) => 0x4000 | (random(16) << 6) | (anyLow(random) << 3) | low(random),
  (random) => 0x4000 | (random(16) << 6) | (anyLow(random) << 3) | low(random),
  (random) => 0x4800 | (low(random) << 8) | random(4),
  (random) => 0x5000 | (random(8) << 9) | (5 << 6) | (pointer(random) << 3) | low(random),
  (random) => 0x6000 | (random(4) << 11) | (random(8) << 6) | (pointer(random) << 3) | low(random),
  (random) => 0x8000 | (random(2) << 11) | (random(8) << 6) | (pointer(random) << 3) | low(random),
  (random) => 0x9000 | (random(2) << 11) | (low(random) << 8) | random(8),
  (random) => 0xa000 | (random(2) << 11) | (low(random) << 8) | random(256),
  (random) => 0xb000 | (random(2) << 7) | random(4),
  (random) => 0xb400 | (random(2) << 8) | (random(32) || 1),
  (random) => 0xbc00 | (random(32) || 1),
  (random) => 0xc000 | (random(2) << 11) | (pointer(random) << 8) | (random(32) || 1),
];

/** Every class of instruction that raises no exception. */
export const THUMB_CLASSES: readonly ThumbClass[] = [
  ...SINGLE.map((make) => (random: Random) => [make(random)]),
  ...[branchOver, call, throughArm, computedBranch],
];

/** At least `length` halfwords of instructions of some classes. */
export function thumbSequence(
  random: Random,
  classes: readonly ThumbClass[],
  length: number,
): number[] {
  const halves: number[] = [];
  while (halves.length < length) halves.push(...pick(random, classes)(random, halves.length));
  return halves;
}
