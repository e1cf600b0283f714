/**
 * Random programs that run for ever: instructions of every class in loops, calls and branches, with accesses
 * that fail, a timer that interrupts, and code that changes itself.
 */

import { pick, type Random } from '../instructions/random.js';

/** Where the loop of a program begins. */
const MAIN = 0x3c0;
const INIT = 0x100;
/** Where code may be told to point: data memory and its end, instruction memory, SDRAM, System RAM, nothing. */
const PLACES = [
  0x00400800, 0x00401002, 0x0040fff0, 0x00007000, 0x60000100, 0x60000203, 0x50000000, 0x0040fffd,
];

// ARM programs: r8, r10 and r13 are pointers, r9 an index, r5 and r11 count; the others are free.
const FREE = [0, 1, 2, 3, 4, 6, 7, 12];
const ANY = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
const POINTERS = [8, 10];

const condition = (random: Random) => ((random(3) === 0 ? random(14) : 14) << 28) >>> 0;

function dataProcessing(random: Random): number {
  const operation = random(16);
  const isCompare = operation >= 8 && operation <= 11;
  const s = isCompare || random(2) === 0 ? 1 << 20 : 0;
  const d = isCompare ? 0 : pick(random, FREE);
  const n = random(30) === 0 ? 15 : pick(random, ANY);
  const base = (operation << 21) | s | (n << 16) | (d << 12);
  switch (random(3)) {
    case 0:
      return base | 0x02000000 | (random(2) * random(16) * 256) | random(256);
    case 1:
      return base | (random(2) * random(32) * 128) | (random(4) << 5) | pick(random, ANY);
    default:
      return base | 0x10 | (pick(random, ANY) << 8) | (random(4) << 5) | pick(random, ANY);
  }
}

function multiplication(random: Random): number {
  const d = pick(random, FREE);
  const n = pick(
    random,
    FREE.filter((each) => each !== d),
  );
  const s = pick(random, ANY) << 8;
  const m = pick(random, ANY);
  if (random(2) === 0) {
    return (
      (pick(random, [0, 1, 4, 5, 6, 7]) << 21) |
      (random(2) << 20) |
      (d << 16) |
      (n << 12) |
      s |
      0x90 |
      m
    );
  }
  return 0x01000080 | (random(4) << 21) | (d << 16) | (n << 12) | s | (random(4) << 5) | m;
}

function miscellaneous(random: Random): number {
  const d = pick(random, FREE) << 12;
  const m = pick(random, ANY);
  return pick(random, [
    0x016f0f10 | d | m,
    0x01000050 | (random(4) << 21) | (pick(random, ANY) << 16) | d | m,
    0x010f0000 | d,
    0x0128f000 | m,
    0x01000090 | (random(2) << 22) | (8 << 16) | d | pick(random, FREE),
    random(8) === 0 ? 0x0f000000 : 0x01a00000 | d | m,
    random(8) === 0 ? 0x06000010 : 0x01a00000 | d | m,
  ]);
}

function address(random: Random): number {
  const n = pick(random, POINTERS) << 16;
  const modes = [0x01000000, 0x01200000, 0];
  return n | pick(random, modes) | (random(2) << 23);
}

function transfer(random: Random): number {
  const d = pick(random, FREE) << 12;
  const base = 0x04000000 | address(random) | (random(2) << 22) | (random(2) << 20) | d;
  if (random(3) === 0) return base | 0x02000000 | (random(3) << 7) | 9;
  return base | (random(2) === 0 ? 4 * random(8) : random(16));
}

function halfTransfer(random: Random): number {
  const d = pick(random, FREE) << 12;
  const kind = random(2) === 0 ? pick(random, [0x1000b0, 0x1000d0, 0x1000f0, 0xb0]) : 0;
  const operation = kind === 0 ? pick(random, [0xd0, 0xf0]) : kind;
  const even = kind === 0 ? d & ~0x1000 : d;
  const base = address(random) | operation | even;
  return random(3) === 0 ? base | 9 : base | 0x00400000 | (2 * random(8));
}

function block(random: Random): number {
  const n = pick(random, [8, 10]);
  const list = FREE.reduce((bits, each) => bits | (random(2) << each), 1 << pick(random, FREE));
  return 0x08000000 | (random(4) << 23) | (random(2) << 21) | (random(2) << 20) | (n << 16) | list;
}

const ARM_CLASSES = [
  dataProcessing,
  dataProcessing,
  dataProcessing,
  multiplication,
  miscellaneous,
  transfer,
  transfer,
  halfTransfer,
  block,
];

/** Instructions one behind the other, by address. */
class Code {
  readonly view = new DataView(new ArrayBuffer(0x2000));
  at = 0;

  word(value: number): number {
    this.view.setUint32(this.at, value >>> 0, true);
    this.at += 4;
    return this.at - 4;
  }

  half(value: number): number {
    this.view.setUint16(this.at, value, true);
    this.at += 2;
    return this.at - 2;
  }
}

const armBranch = (from: number, to: number): number => ((to - from - 8) >> 2) & 0xffffff;

/** Vectors, and what sets up the timer as a fast interrupt and the alignment check; then MAIN with r0 = its state. */
function writeStart(code: Code, random: Random, thumb: 0 | 1): void {
  for (const vector of [
    0xea000000 | armBranch(0, INIT),
    0xe1b0f00e,
    0xe1b0f00e,
    0xe1b0f00e,
    0xe25ef004,
    0xe1a00000,
    0xe25ef004,
    // Fast interrupt: str r9, [r8, #12]; add r10, r10, #1; subs pc, lr, #4 with registers of its own.
    0xe588900c,
    0xe28aa001,
    0xe25ef004,
  ]) {
    code.word(vector);
  }
  code.at = INIT;
  for (const each of [
    // Low vectors, alignment checked or not.
    0xe3a00078 | (random(3) > 0 ? 2 : 0),
    0xee010f10,
    // FIQ mode: r8 := timer.
    0xe321f0d1,
    0xe3a08411,
    0xe321f0d3,
    // Interrupt controller: source 4 is fast and enabled.
    0xe3a0041f,
    0xe3a01010,
    0xe580100c,
    0xe5801010,
    // Timer: a few hundred cycles, periodic, with interrupts.
    0xe3a00411,
    0xe3a01000 | (0x10 + random(200)),
    0xe1a01101,
    0xe5801000,
    0xe3a010e2,
    0xe5801008,
    // Interrupts on, in supervisor mode.
    0xe321f093,
    0xe3a00000 | thumb,
    0xe3800ff0,
    0xe12fff10,
  ]) {
    code.word(each);
  }
  code.at = MAIN;
}

/** A program for instruction memory from 0 on. */
export function randomProgram(random: Random, thumb: 0 | 1): Uint8Array {
  const code = new Code();
  writeStart(code, random, thumb);
  if (thumb === 1) writeThumb(code, random);
  else writeArm(code, random);
  return new Uint8Array(code.view.buffer, 0, code.view.byteLength);
}

function writeArm(code: Code, random: Random): void {
  const literals: { readonly at: number; readonly d: number; readonly value: number }[] = [];
  const literal = (d: number, value: number) => literals.push({ at: code.word(0), d, value });
  const anything = (count: number) => {
    for (let index = 0; index < count; index++) {
      code.word(condition(random) | pick(random, ARM_CLASSES)(random));
    }
  };
  const calls: number[] = [];
  const main = code.at;
  literal(8, pick(random, PLACES));
  literal(10, random(2) === 0 ? 0x00400a00 : pick(random, PLACES));
  code.word(0xe3a09000 | (4 * random(5)));
  literal(13, 0x0040e000);
  const changes = random(4) === 0 ? code.at : undefined;
  if (changes !== undefined) {
    // The word at a literal's address becomes one of two instructions in turn.
    literal(1, 0);
    literal(2, 0);
    code.word(0xe2855001);
    code.word(0xe20550ff);
    code.word(0xe0811005);
    code.word(pick(random, [0xe5821000, 0xe8820002, 0xe1c210b0]));
  }
  anything(3 + random(8));
  const patched = code.word(0xe3a03001);
  for (let part = 0; part < 1 + random(4); part++) {
    anything(random(10));
    if (random(2) === 0) {
      const skip = code.word(0);
      anything(1 + random(5));
      code.view.setUint32(
        skip,
        ((random(15) << 28) | 0x0a000000 | armBranch(skip, code.at)) >>> 0,
        true,
      );
    }
    if (random(2) === 0) {
      code.word(0xe3a0b001 + random(6));
      const loop = code.at;
      anything(1 + random(12));
      if (random(3) === 0) calls.push(code.word(0));
      code.word(0xe25bb001);
      code.word(0x1a000000 | armBranch(code.at, loop));
    }
    if (random(2) === 0) calls.push(code.word(0));
  }
  code.word(0xea000000 | armBranch(code.at, main));
  for (const call of calls) {
    code.view.setUint32(
      call,
      (condition(random) | 0x0b000000 | armBranch(call, code.at)) >>> 0,
      true,
    );
    if (random(2) === 0) {
      anything(1 + random(4));
      code.word(0xe12fff1e);
    } else {
      code.word(0xe92d4010);
      anything(1 + random(6));
      code.word(0xe8bd8010);
    }
  }
  for (const { at, d, value } of literals) {
    const isPatch = changes !== undefined && at > changes && at <= changes + 4;
    const isInstruction = changes !== undefined && at === changes;
    const place = code.word(isPatch ? patched : isInstruction ? 0xe3a03000 : value);
    code.view.setUint32(at, (0xe59f0000 | (d << 12) | (place - at - 8)) >>> 0, true);
  }
}

// Thumb programs: r6 and r7 are pointers, r5 counts loops; r0 to r4 are free.
const low = (random: Random) => random(5);
const THUMB_CLASSES: readonly ((random: Random) => number)[] = [
  (random) => (random(3) << 11) | (random(32) << 6) | (low(random) << 3) | low(random),
  (random) => 0x1800 | (random(4) << 9) | (random(8) << 6) | (low(random) << 3) | low(random),
  (random) => 0x2000 | (random(4) << 11) | (low(random) << 8) | random(256),
  (random) => 0x4000 | (random(16) << 6) | (random(8) << 3) | low(random),
  (random) => 0x4400 | (random(3) << 8) | (random(15) << 3) | low(random),
  (random) => 0x5000 | (random(8) << 9) | (random(5) << 6) | ((6 + random(2)) << 3) | low(random),
  (random) => 0x6000 | (random(4) << 11) | (random(32) << 6) | ((6 + random(2)) << 3) | low(random),
  (random) => 0x8000 | (random(2) << 11) | (random(32) << 6) | ((6 + random(2)) << 3) | low(random),
  (random) => 0x9000 | (random(2) << 11) | (low(random) << 8) | random(16),
  (random) => 0xa000 | (random(2) << 11) | (low(random) << 8) | random(256),
  (random) => 0xc000 | (random(2) << 11) | ((6 + random(2)) << 8) | (1 + random(31)),
  (random) => (random(12) === 0 ? 0xdf00 : 0x46c0),
];

function writeThumb(code: Code, random: Random): void {
  const anything = (count: number) => {
    for (let index = 0; index < count; index++) code.half(pick(random, THUMB_CLASSES)(random));
  };
  const literals: { readonly at: number; readonly d: number; readonly value: number }[] = [];
  const literal = (d: number, value: number) => literals.push({ at: code.half(0), d, value });
  const calls: number[] = [];
  const main = code.at;
  literal(4, 0x0040e000);
  code.half(0x46a5);
  literal(6, pick(random, PLACES));
  literal(7, random(2) === 0 ? 0x00400a00 : pick(random, PLACES));
  const branch = (from: number, to: number) => ((to - from - 4) >> 1) & 0xff;
  for (let part = 0; part < 2 + random(4); part++) {
    anything(random(10));
    if (random(2) === 0) {
      const skip = code.half(0);
      anything(1 + random(5));
      code.view.setUint16(skip, 0xd000 | (random(14) << 8) | branch(skip, code.at), true);
    }
    if (random(2) === 0) {
      code.half(0x2501 + random(6));
      const loop = code.at;
      anything(1 + random(12));
      code.half(0x3d01);
      code.half(0xd100 | branch(code.at, loop));
    }
    if (random(2) === 0) {
      calls.push(code.half(0));
      code.half(0);
    }
  }
  code.half(0xe000 | (((main - code.at - 4) >> 1) & 0x7ff));
  for (const call of calls) {
    const distance = code.at - call - 4;
    code.view.setUint16(call, 0xf000 | ((distance >> 12) & 0x7ff), true);
    code.view.setUint16(call + 2, 0xf800 | ((distance >> 1) & 0x7ff), true);
    if (random(2) === 0) {
      anything(1 + random(4));
      code.half(0x4770);
    } else {
      code.half(0xb510);
      anything(1 + random(6));
      code.half(0xbd10);
    }
  }
  if (code.at % 4 !== 0) code.half(0x46c0);
  for (const { at, d, value } of literals) {
    const place = code.word(value);
    code.view.setUint16(at, 0x4800 | (d << 8) | ((place - ((at + 4) & ~3)) >> 2), true);
  }
}
