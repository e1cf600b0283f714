/**
 * Simulated time of instructions and inner loops against the cycles that ARM publishes: ARM9EJ-S Technical
 * Reference Manual (DDI 0222B), table 8.2 and the sections on interlocks; multiplications as GCC's description
 * of the pipeline of the ARM926EJ-S has them.
 */
import t from 'tap';
import type { ChipBus } from '../core/core.js';
import { ArmCore } from './arm-core.js';

/** Of a register that no example writes. */
const WAIT_FOR_INTERRUPT = 0xee079f90;
/** r10 = 0x00400000, r11 = 0x00400100, sp = r11; the rest is zero. */
const POINTERS = [0xe3a0a501, 0xe3a0b501, 0xe28bbc01, 0xe1a0d00b];
/** Published cycles that an inner loop may take more or less here. */
const TOLERANCE = 0.05;

const refuse = (): never => {
  throw new Error('outside');
};
const bus: ChipBus = {
  ...{ read: refuse, write: refuse, readBlock: refuse, writeBlock: refuse },
  send: () => true,
};

function cyclesOf(words: readonly number[]): number {
  const core = new ArmCore(0, bus);
  const all = Uint32Array.of(...POINTERS, ...words, WAIT_FOR_INTERRUPT);
  core.writeTcm(0, new Uint8Array(all.buffer));
  core.start(0);
  core.run(100_000_000);
  if (!core.asleep) throw new Error('did not end');
  return core.statistics.cyclesAwake;
}

/** Cycles of a piece of code, between what comes before and the end. */
const cost = (...words: number[]) => cyclesOf(words) - cyclesOf([]);

/** By class: assembly, encoding, published cycles. */
const INSTRUCTIONS: readonly (readonly [string, readonly number[], number])[] = [
  ['add r0, r1, r2, lsl #3', [0xe0810182], 1],
  ['add r0, r1, r2, lsl r3', [0xe0810312], 2],
  ['clz r0, r1', [0xe16f0f11], 1],
  ['add pc, pc, #-4', [0xe24ff004], 3],
  ['mul r0, r1, r2', [0xe0000291], 2],
  ['mul r0, r1, r2; add r3, r0, #1', [0xe0000291, 0xe2803001], 4],
  ['mla r0, r1, r2, r3; mla r0, r1, r2, r0', [0xe0203291, 0xe0200291], 4],
  ['muls r0, r1, r2; add r3, r0, #1', [0xe0100291, 0xe2803001], 5],
  ['smull r0, r1, r2, r3', [0xe0c10392], 3],
  ['smull r0, r1, r2, r3; add r4, r1, #1', [0xe0c10392, 0xe2814001], 5],
  ['smulls r0, r1, r2, r3', [0xe0d10392], 5],
  ['smlal r0, r1, r2, r3 twice', [0xe0e10392, 0xe0e10392], 6],
  ['smlabb r0, r1, r2, r0 twice', [0xe1000281, 0xe1000281], 2],
  ['smulbb r0, r1, r2; add r3, r0, #1', [0xe1600281, 0xe2803001], 3],
  ['smlawb r0, r1, r2, r3', [0xe1203281], 1],
  ['smlalbb r0, r1, r2, r3', [0xe1410382], 2],
  ['smlalbb r0, r1, r2, r3; add r3, r1, #1', [0xe1410382, 0xe2813001], 4],
  ['qadd r0, r1, r2; add r3, r0, #1', [0xe1020051, 0xe2803001], 3],
  ['ldr r0, [r10]', [0xe59a0000], 1],
  ['ldr r0, [r10]; add r1, r0, #1', [0xe59a0000, 0xe2801001], 3],
  ['ldrb r0, [r10]; add r1, r0, #1', [0xe5da0000, 0xe2801001], 4],
  ['ldrh r0, [r10, -r9]; add r1, r0, #1', [0xe11a00b9, 0xe2801001], 4],
  ['ldr r0, [r10, r9, lsl #2]', [0xe79a0109], 2],
  ['ldr r0, [r10, r9, lsl #2]; add r1, r0, #1', [0xe79a0109, 0xe2801001], 4],
  ['str r0, [r10, r9, lsl #2]', [0xe78a0109], 2],
  ['ldr pc, [pc, #-4]', [0xe51ff004, 24], 5],
  ['ldrd r0, [r10]; add r2, r0, #1', [0xe1ca00d0, 0xe2802001], 3],
  ['ldrd r0, [r10]; add r2, r1, #1', [0xe1ca00d0, 0xe2812001], 4],
  ['strd r0, [r10]', [0xe1ca00f0], 2],
  ['ldmia r10, {r0}', [0xe89a0001], 2],
  ['ldmia r10, {r0-r3}', [0xe89a000f], 4],
  ['ldmia r10, {r0-r3}; add r4, r2, #1', [0xe89a000f, 0xe2824001], 5],
  ['ldmia r10, {r0-r3}; add r4, r3, #1', [0xe89a000f, 0xe2834001], 6],
  ['ldmia r10, {r0-r8, r12}', [0xe89a11ff], 10],
  ['stmia r10, {r0}', [0xe88a0001], 2],
  ['stmia r10, {r0-r7}', [0xe88a00ff], 8],
  ['swp r0, r1, [r10]', [0xe10a0091], 2],
  ['swp r0, r1, [r10]; add r2, r0, #1', [0xe10a0091, 0xe2802001], 4],
  ['mrs r0, cpsr', [0xe10f0000], 2],
  ['msr cpsr_f, r0', [0xe128f000], 1],
  ['msr cpsr_c, #0xd3', [0xe321f0d3], 3],
  ['b to the next', [0xeaffffff], 3],
  ['bl to the next', [0xebffffff], 3],
  ['beq, not taken', [0x0affffff], 1],
  ['add r0, pc, #0; bx r0', [0xe28f0000, 0xe12fff10], 4],
];

t.test('instructions take the cycles of the published table', async (t) => {
  for (const [assembly, words, cycles] of INSTRUCTIONS) t.equal(cost(...words), cycles, assembly);
});

/** Inner loops: a description, the code, published cycles in all. */
const LOOPS: readonly (readonly [string, readonly number[], number])[] = [
  [
    // 1: ldr r1, [r10], #4; ldr r2, [r11], #4; mla r3, r1, r2, r3; subs r0, r0, #1; bne 1b
    'multiply-accumulate of words, 100 times 1 + 2 + 2 + 1 + 3',
    [0xe3a00064, 0xe49a1004, 0xe49b2004, 0xe0233291, 0xe2500001, 0x1afffffa],
    899,
  ],
  [
    // 1: ldrh r1, [r10], #2; ldrh r2, [r11], #2; smlabb r3, r1, r2, r3; subs r0, r0, #1; bne 1b
    'multiply-accumulate of halfwords, 100 times 1 + 3 + 1 + 1 + 3',
    [0xe3a00064, 0xe0da10b2, 0xe0db20b2, 0xe1033281, 0xe2500001, 0x1afffffa],
    899,
  ],
  [
    // 1: ldmia r10!, {r1, r2}; ldmia r11!, {r3, r4}; smlabb, smlatt of both into r5; subs r0, r0, #4; bne 1b
    'multiply-accumulate of packed halfwords, 25 times 2 + 2 + 4 + 1 + 3',
    [
      ...[0xe3a00064, 0xe8ba0006, 0xe8bb0018, 0xe1055381, 0xe10553e1, 0xe1055482, 0xe10554e2],
      ...[0xe2500004, 0x1afffff7],
    ],
    299,
  ],
  [
    // 1: ldmia r10!, {r1-r8}; stmia r11!, {r1-r8}; subs r0, r0, #8; bgt 1b
    'copy by blocks of eight, 13 times 8 + 8 + 1 + 3',
    [0xe3a00064, 0xe8ba01fe, 0xe8ab01fe, 0xe2500008, 0xcafffffb],
    259,
  ],
  [
    // 1: ldr r1, [r10], #4; subs r0, r0, #1; str r1, [r11], #4; bne 1b
    'copy by words, 100 times 1 + 1 + 1 + 3',
    [0xe3a00064, 0xe49a1004, 0xe2500001, 0xe48b1004, 0x1afffffb],
    599,
  ],
  [
    // 1: tst r0, #1; addne r1, r1, #1; beq 2f; add r2, r2, #1; 2: bl 3f; subs r0, r0, #1; bne 1b; b 4f; 3: bx lr; 4:
    'branches and calls, 50 times 14 and 50 times 15',
    [
      ...[0xe3a00064, 0xe3100001, 0x12811001, 0x0a000000, 0xe2822001, 0xeb000002, 0xe2500001],
      ...[0x1afffff8, 0xea000000, 0xe12fff1e],
    ],
    1452,
  ],
  [
    // 1: smull r1, r2, r3, r4; smlal r5, r6, r3, r4; smlalbb r5, r6, r3, r4; mul r7, r3, r4; add r8, r8, r7; subs; bne 1b
    'multiplications, 100 times 3 + 3 + 2 + 3 + 1 + 1 + 3',
    [
      ...[0xe3a00064, 0xe0c21493, 0xe0e65493, 0xe1465483, 0xe0070493, 0xe0888007, 0xe2500001],
      0x1afffff8,
    ],
    1599,
  ],
  [
    // 1: push {r4-r7, lr}; pop {r4-r7, lr}; subs r0, r0, #1; bne 1b
    'stack frames, 100 times 5 + 5 + 1 + 3',
    [0xe3a00064, 0xe92d40f0, 0xe8bd40f0, 0xe2500001, 0x1afffffb],
    1399,
  ],
];

t.test('inner loops take their published cycles, at most 5 % more or less', async (t) => {
  for (const [name, words, published] of LOOPS) {
    const found = cost(...words);
    const deviation = Math.abs(found - published) / published;
    t.ok(deviation <= TOLERANCE, `${name}: ${found} cycles, published ${published}`);
  }
});
