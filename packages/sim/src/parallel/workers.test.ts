/**
 * Machines that several threads run, beside the same that one runs. SPIN_TOOLS_BOOT_IMAGES names images of the real
 * monitor, which are run too; with SPIN_TOOLS_LARGE=1 more cases are drawn, and all on all chips of three boards.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { machineFromJson, machineToJson, spin3, triads } from '@spin-tools/machine-model';
import { BmpController, describeBootImage, MachineController } from '@spin-tools/scp';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { carryTraffic, type TrafficOptions } from '../../test-support/board-traffic.js';
import { TurnClock } from '../../test-support/turn-clock.js';
import { Crossings } from '../machine/crossings.js';
import { type MachineOptions, VirtualMachine } from '../machine/virtual-machine.js';
import { type BoardGroup, WindowClock } from '../machine/window-clock.js';
import { BoardThreadError, NoDebuggingError, NotInThreadError } from './errors.js';
import { newTeam } from './team.js';

const IS_LARGE = process.env.SPIN_TOOLS_LARGE === '1';
const IMAGES = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter((file) => file);
const TRIAD = { triads: { width: 1, height: 1 } };
/** Ways between the ethernet chips of three boards. */
const WAYS = new Set(
  '0,0 1,1 2,2 3,3 4,4 4,5 4,6 4,7 4,8 5,4 6,4 7,4 8,4 9,4 9,5 5,8 5,9 8,5 4,9'.split(' '),
);
const deadChips = triads(TRIAD.triads).chips.filter(({ x, y }) => !WAYS.has(`${x},${y}`));
/** Three boards of few chips each. */
const NARROW: MachineOptions = { ...TRIAD, deadChips };
const FAR = { x: 4, y: 8 };
/** An image boots for half a million windows, in each of which threads wait for each other. */
const IMAGE_TIMEOUT_MS = 600_000;
/** Four chips as three boards, which is all the same to an image: two boards have one chip each. */
const FOUR_CHIPS = machineFromJson({
  ...machineToJson(spin3()),
  chips: machineToJson(spin3()).chips.map((chip) => ({
    ...chip,
    ethernet: chip.y === 1 ? [0, 1] : [chip.x, 0],
  })),
});

/** Runs the same with one and with several workers; gives what one made of it. */
async function sameWithAll(t: Test, options: TrafficOptions, several: readonly number[]) {
  const withWorkers = (workers: number) =>
    carryTraffic({ ...options, machine: { ...options.machine, workers } });
  const alone = await withWorkers(1);
  for (const workers of several) {
    const shared = await withWorkers(workers);
    t.equal(shared.seen, alone.seen, `${workers} workers, seed ${options.seed}`);
  }
  return alone;
}

/** A booted machine of three boards and two workers. */
async function booted(t: Test) {
  const machine = new VirtualMachine({ ...NARROW, workers: 2 });
  const controller = new MachineController({
    ...{ scp: machine.scpTransport(), boot: machine.bootTransport() },
    ...{ timeoutMs: 1000, tries: 10, clock: new TurnClock() },
  });
  t.teardown(async () => {
    await controller.close();
    await machine.close();
  });
  await controller.boot({ pauseMs: 0 });
  return { machine, controller };
}

t.test('random traffic between boards ends alike, however many workers run them', async (t) => {
  let dropped = 0;
  let crossings = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
      const machine = IS_LARGE ? TRIAD : NARROW;
      const alone = await sameWithAll(t, { seed, machine }, [2, 3]);
      dropped += alone.packetsDropped;
      crossings += alone.boardCrossings;
    }),
    { numRuns: IS_LARGE ? 20 : 1, seed: 7, endOnFailure: true },
  );
  t.ok(crossings > 0, 'packets crossed boards');
  t.ok(dropped > 0, 'there were more than routers take');
});

t.test('what a fault plan does is the same, however many workers there are', async (t) => {
  const deaths = [
    { x: 4, y: 8, link: 1, afterMessages: 60 },
    { x: 8, y: 4, core: 9, afterMessages: 70 },
  ];
  const faults = { seed: 3, packets: { lose: 0.05 }, datagrams: { delayMs: 0.1 }, deaths };
  await sameWithAll(t, { seed: 11, machine: { ...NARROW, faults } }, [2]);
});

if (IMAGES.length === 0) t.pass('skipped: SPIN_TOOLS_BOOT_IMAGES names no boot image');

for (const file of IMAGES) {
  const image = new Uint8Array(readFileSync(file));
  const { version } = describeBootImage(image);
  const name = `SC&MP ${version} runs three boards alike, however many workers there are`;
  t.test(name, { timeout: IMAGE_TIMEOUT_MS }, async (t) => {
    const shape = IS_LARGE ? TRIAD : { machine: FOUR_CHIPS };
    const hardwareVersion = IS_LARGE ? 5 : 3;
    const machine: MachineOptions = { ...shape, monitor: 'image' };
    const options = { seed: 5, rounds: 2, machine, image, hardwareVersion };
    const alone = await sameWithAll(t, options, [2, 3]);
    t.ok(alone.boardCrossings > 0, 'packets crossed boards');
    t.ok(alone.packetsDropped > 0, 'there were more than routers take');
  });
}

/** Boards that do nothing but note the ends of their windows. */
function sleepers(chip: number, ends: number[], others: Partial<BoardGroup> = {}): BoardGroup {
  let end = 0;
  return {
    ...{ isIdle: true, nextTime: Infinity, nextAction: Infinity, latestEnd: Infinity },
    ...{ crossings: new Crossings(), has: (other) => other === chip },
    ...{ setPresent: () => undefined, takeReports: () => [], take: () => undefined },
    begin: (until) => {
      end = until;
    },
    finish: () => ends.push(end),
    ...others,
  };
}

t.test('a window is as long as nothing gets from board to board in it', async (t) => {
  for (const [latestEnd, expected] of [
    [1300, 1000],
    [1999, 1500],
    [Infinity, 2000],
    [-400, 500],
  ] as const) {
    const ends: number[] = [];
    const running = { time: 0, betweenWindows: (action: () => void) => action() };
    const groups = [sleepers(0, ends, { nextTime: 0, latestEnd }), sleepers(1, ends)];
    const clock = new WindowClock(groups, running);
    clock.runQuantum();
    t.same(ends, [expected, expected]);
    clock.runQuantum(clock.time + 700);
    t.equal(clock.time, expected + 500, 'nor longer than it may be');
  }
});

t.test(
  'boards that are to answer to what they took do so at the end of the next window',
  async (t) => {
    const ends: number[] = [];
    const taken: number[] = [];
    const crossings = new Crossings();
    const answers = new Crossings();
    const packet = { control: 0, key: 1, payload: undefined };
    const running = { time: 0, betweenWindows: (action: () => void) => action() };
    const clock = new WindowClock(
      [
        sleepers(0, ends, { crossings: answers, take: () => answers.room(1, 2) }),
        sleepers(1, ends, { crossings, take: (from, index) => taken.push(from.chipOf(index)) }),
      ],
      running,
    );
    t.ok(clock.isIdle);
    crossings.packet(0, 5, packet, 2000, true);
    clock.runQuantum();
    const { time } = clock;
    t.notOk(clock.isIdle, 'there is an answer to come');
    t.equal(clock.nextTime, time);
    t.same([taken, crossings.length, answers.length], [[], 0, 1]);
    clock.runQuantum();
    t.ok(clock.isIdle);
    t.same([taken, answers.length], [[1], 0]);
  },
);

t.test('chips of other threads are read and written as any, also where nothing is', async (t) => {
  const { controller } = await booted(t);
  const bytes = Uint8Array.from({ length: 5000 }, (_, at) => at * 7);
  for (const address of [0x60000ffd, 0x67fff000 - 4000]) {
    await controller.write(FAR, address, bytes);
    t.same(await controller.read(FAR, address, bytes.length), bytes);
  }
  await controller.write(FAR, 0x60001001, Uint8Array.of(255, 254));
  t.same([...(await controller.read(FAR, 0x60001000, 4))].slice(1, 3), [255, 254]);
  await t.rejects(controller.read({ ...FAR, core: 0 }, 0x90000000, 4), 'a bus error has no answer');
  t.equal((await controller.chipInformation(FAR)).ethernetUp, true);
});

t.test('boards of other threads are switched off and on, and booted again', async (t) => {
  const { machine, controller } = await booted(t);
  const bmp = new BmpController({ scp: machine.bmpTransport() });
  t.teardown(() => bmp.close());
  await controller.write(FAR, 0x60100000, Uint8Array.of(1, 2, 3, 4));
  await bmp.power([0, 1, 2], false);
  t.equal(machine.isBooted, false);
  await bmp.power([0, 1, 2], true);
  await controller.boot({ pauseMs: 0 });
  t.same([...(await controller.read(FAR, 0x60100000, 4))], [0, 0, 0, 0], 'it has forgotten');
});

t.test('what needs the chips in one thread is refused in words', async (t) => {
  const { machine } = await booted(t);
  const program = { start: () => 0 };
  t.throws(() => machine.runProgram({ ...FAR, core: 1 }, program, 16), NotInThreadError);
  t.doesNotThrow(() => machine.runProgram({ x: 0, y: 0, core: 1 }, program, 16));
  t.throws(() => machine.inspect(), NoDebuggingError);
  for (const workers of [0, 1.5, -1, Number.NaN]) {
    t.throws(() => new VirtualMachine({ ...TRIAD, workers }), /"workers" must be a whole number/);
  }
  const single = new VirtualMachine({ board: 'spin3', workers: 4 });
  t.doesNotThrow(() => single.inspect(), 'one board needs no other thread');
  await single.close();
});

t.test('a thread that fails ends the machine with an error that names its boards', async (t) => {
  const { others } = newTeam({
    ...{ machine: triads(TRIAD.triads), workers: 2, monitor: 'built-in', translates: true },
    ...{ lose: 0, seed: 1, report: () => undefined, settle: () => undefined },
  });
  const [boards] = others;
  const failure = /the thread that runs boards 1 to 2 failed: TypeError/;
  t.throws(() => boards!.ask('readTcm', 100, 1, 0, 4), failure);
  t.throws(() => boards!.ask('look'), BoardThreadError, 'and is of no use any more');
});
