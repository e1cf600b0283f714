/**
 * Random instruction sequences of every class, executed here and by Unicorn, an independent ARMv5TE
 * implementation. SPIN_TOOLS_DIFFERENTIAL=n runs n sequences per state; SPIN_TOOLS_SEED another seed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Cpu } from './cpu.js';
import { interpret } from './interpreter.js';
import { CoreMemory } from './memory.js';
import { activeState, Slot } from './state.js';

const SEQUENCES = Number(process.env.SPIN_TOOLS_DIFFERENTIAL ?? 1000);
const SEED = Number(process.env.SPIN_TOOLS_SEED ?? 1);
const LENGTH = 14;
const CODE = 0x1000;
const DATA = 0x00400000;
const DATA_BYTES = 512;
const REFERENCE = fileURLToPath(new URL('./fixtures/reference.py', import.meta.url).href);

/** mulberry32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const WAIT_FOR_INTERRUPT = 0xee070f90;
/** BX pc and a halfword of padding. */
const THUMB_TO_ARM = 0x46c04778;
/** Bytes of a sequence, with the padding that branches at its end may skip. */
const ARM_END = 4 * (LENGTH + 3);
const THUMB_END = 2 * (LENGTH + 4);

type Random = (below: number) => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

// ARM sequences: r10, r11 and r13 point into the data, r9 is a small offset, the others are free.
const FREE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 14];
const ANY = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
const POINTERS = [10, 11, 13];
const INDEX = 9;

const condition = (random: Random) => ((random(3) === 0 ? random(14) : 14) << 28) >>> 0;

function dataProcessing(random: Random): number {
  const operation = random(16);
  const isCompare = operation >= 8 && operation <= 11;
  const s = isCompare || random(2) === 0 ? 1 : 0;
  const d = isCompare ? 0 : pick(random, FREE);
  const n = operation === 13 || operation === 15 ? 0 : pick(random, ANY);
  const head = (operation << 21) | (s << 20) | (n << 16) | (d << 12);
  const kind = random(4);
  if (kind === 0) return 0x02000000 | head | (random(2) === 0 ? random(256) : random(4096));
  if (kind === 1)
    return head | (pick(random, ANY) << 8) | (random(4) << 5) | 0x10 | pick(random, ANY);
  const shift = kind === 2 ? 0 : random(128) << 5;
  return head | shift | (random(20) === 0 && s === 0 ? 15 : pick(random, ANY));
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

function transfer(random: Random): number {
  const isLoad = random(2);
  const isByte = random(2);
  const pre = random(2);
  const writesBack = pre & random(2);
  const head =
    0x04000000 |
    (pre << 24) |
    (random(2) << 23) |
    (isByte << 22) |
    (writesBack << 21) |
    (isLoad << 20);
  const fields = (pick(random, POINTERS) << 16) | (pick(random, FREE) << 12);
  if (random(3) === 0) return head | 0x02000000 | fields | (pick(random, [0, 0, 1]) << 7) | INDEX;
  return head | fields | (isByte === 1 && pre > writesBack ? random(16) : random(4) * 4);
}

function transferExtra(random: Random): number {
  const kind = random(6);
  const isDouble = kind > 3;
  const d = isDouble ? pick(random, [0, 2, 4, 6]) : pick(random, FREE);
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
  return head | (pick(random, POINTERS) << 16) | (d << 12) | 0x90 | (sh << 5) | offset;
}

function block(random: Random): number {
  const list = random(0x200) | random(0x200) | (random(4) === 0 ? 0x5000 : 0) || 1;
  return (
    0x08000000 |
    (random(4) << 23) |
    (random(2) << 21) |
    (random(2) << 20) |
    (pick(random, POINTERS) << 16) |
    list
  );
}

const swap = (random: Random): number =>
  0x01000090 |
  (random(2) << 22) |
  (pick(random, POINTERS) << 16) |
  (pick(random, FREE) << 12) |
  pick(random, FREE);

function status(random: Random): number {
  if (random(2) === 0) return 0x010f0000 | (pick(random, FREE) << 12);
  return random(2) === 0 ? 0x0128f000 | pick(random, ANY) : 0x0328f400 | random(256);
}

const branch = (random: Random): number => 0x0a000000 | (random(4) === 0 ? 1 << 24 : 0) | random(2);

/** SMLAxy with halves 0 = bottom, 1 = top of rm and rs. */
function product(random: Random, ofM: number, ofS: number): number {
  const operands =
    (pick(random, FREE) << 16) | (pick(random, FREE) << 12) | (pick(random, ANY) << 8);
  return 0x01000080 | (ofM << 5) | (ofS << 6) | operands | pick(random, ANY);
}

/** What is executed as one operation when all are unconditional. */
function fusedSequence(random: Random): number[] {
  const [d, n, m] = [pick(random, FREE), pick(random, FREE), pick(random, ANY)];
  const skips = pick(random, [1, 2, 10]) << 28;
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
      return [0x02500000 | (n << 16) | (d << 12) | random(4), 0x0a000000 | skips];
    default:
      return [0x01500000 | (n << 16) | m, 0x0a000000 | skips];
  }
}

const ARM_CLASSES: Record<string, (random: Random) => number | number[]> = {
  fusedSequence,
  dataProcessing,
  moreDataProcessing: dataProcessing,
  multiply,
  multiplyHalves,
  saturating,
  countZeros,
  transfer,
  transferExtra,
  block,
  swap,
  status,
  branch,
};

function armCode(random: Random): Uint8Array {
  const code = new DataView(new ArrayBuffer(ARM_END + 4));
  code.setUint32(ARM_END, WAIT_FOR_INTERRUPT, true);
  const words: number[] = [];
  while (words.length < LENGTH) {
    const made = pick(random, Object.values(ARM_CLASSES))(random);
    if (typeof made === 'number') words.push((made | condition(random)) >>> 0);
    else
      for (const word of made)
        words.push(word >>> 28 === 0 ? (word | 0xe0000000) >>> 0 : word >>> 0);
  }
  for (let index = 0; index < ARM_END / 4; index++) {
    code.setUint32(4 * index, index < LENGTH ? words[index]! : 0xe1a00000, true);
  }
  return new Uint8Array(code.buffer);
}

// Thumb sequences: r6, r7 and r13 point into the data, r5 is a small offset.
const low = (random: Random) => random(5);
const anyLow = (random: Random) => random(8);

const THUMB_CLASSES: Record<string, (random: Random) => number> = {
  shift: (random) => (random(3) << 11) | (random(32) << 6) | (anyLow(random) << 3) | low(random),
  addSubtract: (random) =>
    0x1800 | (random(4) << 9) | (random(8) << 6) | (anyLow(random) << 3) | low(random),
  constant: (random) => 0x2000 | (random(4) << 11) | (low(random) << 8) | random(256),
  register: (random) => 0x4000 | (random(16) << 6) | (anyLow(random) << 3) | low(random),
  high: (random) => {
    const d = pick(random, [0, 1, 2, 3, 4, 8, 9, 12, 14]);
    return 0x4400 | (random(3) << 8) | ((d & 8) << 4) | (random(15) << 3) | (d & 7);
  },
  literal: (random) => 0x4800 | (low(random) << 8) | random(4),
  indexed: (random) =>
    0x5000 | (random(8) << 9) | (5 << 6) | (pick(random, [6, 7]) << 3) | low(random),
  offset: (random) =>
    0x6000 | (random(4) << 11) | (random(8) << 6) | (pick(random, [6, 7]) << 3) | low(random),
  halves: (random) =>
    0x8000 | (random(2) << 11) | (random(8) << 6) | (pick(random, [6, 7]) << 3) | low(random),
  stack: (random) => 0x9000 | (random(2) << 11) | (low(random) << 8) | random(8),
  address: (random) => 0xa000 | (random(2) << 11) | (low(random) << 8) | random(256),
  adjust: (random) => 0xb000 | (random(2) << 7) | random(4),
  push: (random) => 0xb400 | (random(2) << 8) | (random(32) || 1),
  pop: (random) => 0xbc00 | (random(32) || 1),
  block: (random) => 0xc000 | (random(2) << 11) | (pick(random, [6, 7]) << 8) | (random(32) || 1),
  conditional: (random) => 0xd000 | (random(14) << 8) | random(2),
  branch: (random) => 0xe000 | random(2),
};

function thumbCode(random: Random): Uint8Array {
  const code = new DataView(new ArrayBuffer(THUMB_END + 8));
  code.setUint32(THUMB_END, THUMB_TO_ARM, true);
  code.setUint32(THUMB_END + 4, WAIT_FOR_INTERRUPT, true);
  for (let index = 0; index < LENGTH + 4; index++) {
    const half = index < LENGTH ? pick(random, Object.values(THUMB_CLASSES))(random) : 0x46c0;
    code.setUint16(2 * index, half, true);
  }
  return new Uint8Array(code.buffer);
}

interface Case {
  readonly thumb: 0 | 1;
  /** Instructions and, behind {@link end}, what puts our core to sleep. */
  readonly code: Uint8Array;
  readonly end: number;
  readonly registers: number[];
  readonly status: number;
}

const INTERESTING = [
  0, 1, -1, 0x7fffffff, 0x80000000, 0x7fff, 0x8000, 0xffff8000, 31, 32, 33, 255, 256,
];

function makeCase(random: Random, thumb: 0 | 1): Case {
  const value = () => (random(3) === 0 ? pick(random, INTERESTING) : random(2 ** 32)) >>> 0;
  const registers = Array.from({ length: 15 }, value);
  for (const pointer of thumb === 1 ? [6, 7, 13] : POINTERS)
    registers[pointer] = DATA + 192 + 8 * random(16);
  registers[thumb === 1 ? 5 : INDEX] = 4 * random(4);
  const flags = random(32) * 2 ** 27;
  const code = thumb === 1 ? thumbCode(random) : armCode(random);
  const end = thumb === 1 ? THUMB_END : ARM_END;
  return { thumb, code, end, registers, status: flags + 0xd3 + 0x20 * thumb };
}

interface Outcome {
  readonly registers: number[];
  readonly status: number;
  readonly memory: string;
}

const noBus = { read: () => 0, write: () => {} };
const memory = new CoreMemory(noBus, () => {});
const pattern = Uint8Array.from({ length: DATA_BYTES }, (_, index) => (index * 37 + 11) & 255);

function execute({ thumb, code, registers, status }: Case): Outcome {
  const cpu = new Cpu(memory);
  memory.itcm8.fill(0);
  memory.itcm8.set(code, CODE);
  memory.dtcm8.set(pattern);
  cpu.reset();
  cpu.resume();
  cpu.status = status;
  activeState.set(registers);
  activeState[15] = CODE;
  activeState[Slot.Limit] = 8000;
  interpret(cpu);
  if (!cpu.asleep) throw new Error(`sequence stopped at 0x${activeState[15]!.toString(16)}`);
  cpu.thumb = thumb;
  return {
    registers: [...activeState.subarray(0, 15)].map((each) => each >>> 0),
    status: cpu.status >>> 0,
    memory: Buffer.from(memory.dtcm8.subarray(0, DATA_BYTES)).toString('hex'),
  };
}

function reference(cases: readonly Case[]): Outcome[] | undefined {
  const input = JSON.stringify(
    cases.map((each) => ({ ...each, code: Buffer.from(each.code).toString('hex') })),
  );
  const result = spawnSync('/usr/bin/python3', [REFERENCE], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (result.error !== undefined || /No module named/.test(result.stderr)) return undefined;
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Outcome[];
}

function describe({ thumb, code, registers, status }: Case): string {
  const words = thumb === 1 ? new Uint16Array(code.buffer) : new Uint32Array(code.buffer);
  const hex = (values: Iterable<number>) => [...values].map((each) => each.toString(16)).join(' ');
  return `code ${hex(words)}, registers ${hex(registers)}, status ${status.toString(16)}`;
}

for (const [thumb, name] of [
  [0, 'ARM'],
  [1, 'Thumb'],
] as const) {
  t.test(
    `random ${name} sequences leave registers, flags and memory as Unicorn does`,
    async (t) => {
      const random = generator(SEED + thumb);
      const cases = Array.from({ length: SEQUENCES }, () => makeCase(random, thumb));
      const expected = reference(cases);
      if (expected === undefined) {
        t.pass('compared', { skip: 'needs Debian package python3-unicorn' });
        return;
      }
      for (const [index, each] of cases.entries()) {
        const outcome = execute(each);
        if (JSON.stringify(outcome) === JSON.stringify(expected[index])) continue;
        t.same(outcome, expected[index], `seed ${SEED}, sequence ${index}: ${describe(each)}`);
        return;
      }
      t.pass(`${cases.length * LENGTH} instructions`);
    },
  );
}
