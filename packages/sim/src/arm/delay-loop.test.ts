/** Delay loops that are passed at once must leave what executing them leaves. */
import t from 'tap';
import type { ChipBus } from '../core/core.js';
import { ArmCore } from './arm-core.js';

const bus: ChipBus = {
  read: () => 0,
  write: () => undefined,
  readBlock: () => undefined,
  writeBlock: () => undefined,
  send: () => true,
};
const ROUNDS = 1000;
const WAIT_FOR_INTERRUPT = 0xee070f90;
const CLOCK_NS = 5;

/** Loads a count, counts it down by `step` in a loop, and sleeps. */
const arm = (step: number, branch: number) => [
  0xe3a00ffa, // mov  r0, #1000
  0xe3a01000 | step, // mov  r1, #step
  0xe0000190, // mul  r0, r0, r1
  0xe2500000 | step, // subs r0, r0, #step
  branch, // to the line before
  WAIT_FOR_INTERRUPT,
];
const ARM_BNE = 0x1afffffd;
const ARM_BCS = 0x2afffffd;

/** Runs a program in runs of some ns until it sleeps; what it leaves. */
function outcome(words: readonly number[], runNs: number, thumb = false) {
  const core = new ArmCore(0, bus);
  core.writeTcm(0, new Uint8Array(Uint32Array.from(words).buffer));
  core.start(0, 0, thumb);
  let until = 0;
  while (!core.waitsForInterrupt) {
    until += runNs;
    core.run(until);
  }
  const { instructions, cyclesAwake } = core.statistics;
  return { left: core.registers[0], instructions, cyclesAwake };
}

for (const [name, branch] of [
  ['until it is 0', ARM_BNE],
  ['until it is below 0', ARM_BCS],
] as const) {
  t.test(`counting down by 1 ${name} takes as long as by 2`, async (t) => {
    const passed = outcome(arm(1, branch), 1_000_000);
    const executed = outcome(arm(2, branch), 1_000_000);
    t.equal(passed.instructions, executed.instructions);
    t.equal(passed.cyclesAwake, executed.cyclesAwake);
    t.ok(passed.instructions >= 2 * ROUNDS);
    t.ok(passed.cyclesAwake >= 4 * (ROUNDS - 1));
    t.equal(passed.left, branch === ARM_BNE ? 0 : -1);
  });
}

t.test('it does not matter in how many runs the time passes', async (t) => {
  const whole = outcome(arm(1, ARM_BCS), 1_000_000);
  for (const runNs of [10, 35, 500, 2000]) t.same(outcome(arm(1, ARM_BCS), runNs), whole);
});

t.test('loops in Thumb state are passed too', async (t) => {
  const halves = [
    0x20ff, // mov r0, #255
    0x3801, // sub r0, #1
    0xd2fd, // bcs back
    0x4778, // bx  pc, to ARM state
  ];
  const words = [halves[0]! | (halves[1]! << 16), (halves[2]! | (halves[3]! << 16)) >>> 0];
  // `bx pc` lies at 6: it goes on at 6 + 4, rounded down to a word.
  const { left, instructions } = outcome([...words, WAIT_FOR_INTERRUPT], 500, true);
  t.equal(left, -1);
  t.ok(instructions >= 2 * 256 + 3 && instructions <= 2 * 256 + 4);
});

t.test(
  'a core in a delay loop needs no turn until the loop ends, but does not count as asleep',
  async (t) => {
    const core = new ArmCore(0, bus);
    core.writeTcm(0, new Uint8Array(Uint32Array.from(arm(1, ARM_BNE)).buffer));
    core.start(0);
    core.run(500);
    core.run(1000);
    t.equal(core.asleep, true);
    t.equal(core.waitsForInterrupt, false);
    const ends = core.nextEvent;
    t.ok(ends > 15_000 && ends < 4 * ROUNDS * CLOCK_NS + 200, `ends at ${ends}`);
    core.run(ends + 500);
    t.equal(core.waitsForInterrupt, true);
  },
);
