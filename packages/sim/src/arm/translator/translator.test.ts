/**
 * Translated code against the interpreter: random programs on two cores, compared while they run.
 * SPIN_TOOLS_LARGE=1 executes more than a million instructions of each kind; SPIN_TOOLS_SEED is another seed.
 */
import t from 'tap';
import { generator, type Random, randomProgram } from '../../../test-support/arm/random-program.js';
import { BusError, type ChipBus } from '../../core/core.js';
import { ArmCore } from '../arm-core.js';
import { setHotness } from './translate.js';

const PROGRAMS = process.env.SPIN_TOOLS_LARGE === '1' ? 400 : 12;
const SEED = Number(process.env.SPIN_TOOLS_SEED ?? 1);
/** Simulated time that a program runs, ns, and the longest piece of it. */
const DURATION = 60_000;
const LONGEST_PIECE = 20_000;

/** SDRAM of 1 KB that repeats; everything else of the chip answers with an error. */
function smallChip(): ChipBus {
  const sdram = new DataView(new ArrayBuffer(1024));
  const offset = (address: number) => {
    if (address >>> 29 !== 3) throw new BusError(address);
    return address & 1023;
  };
  return {
    read(_, address, size) {
      const at = offset(address);
      if (size === 1) return sdram.getUint8(at);
      return size === 2 ? sdram.getUint16(at, true) : sdram.getUint32(at, true);
    },
    write(_, address, value, size) {
      const at = offset(address);
      if (size === 1) sdram.setUint8(at, value);
      else if (size === 2) sdram.setUint16(at, value, true);
      else sdram.setUint32(at, value, true);
    },
    readBlock: (address) => {
      throw new BusError(address);
    },
    writeBlock: (address) => {
      throw new BusError(address);
    },
    send: () => true,
  };
}

function newCore(program: Uint8Array, translates: boolean): ArmCore {
  const core = new ArmCore(1, smallChip(), translates);
  const data = Uint8Array.from({ length: 0x2000 }, (_, index) => (index * 37 + 11) & 255);
  core.writeTcm(0, program);
  core.writeTcm(0x00400000, data);
  core.start(0);
  return core;
}

function visible(core: ArmCore) {
  const { registers, statistics, time } = core;
  return { registers: [...registers].map((each) => each >>> 0), statistics, time };
}

const memoryOf = (core: ArmCore) => [core.readTcm(0, 0x8000), core.readTcm(0x00400000, 0x10000)];

/** Runs both cores in the same pieces; tells the time at which they differ, if they do. */
function firstDifference(random: Random, [interpreted, translated]: readonly [ArmCore, ArmCore]) {
  while (interpreted.time < DURATION) {
    const until = interpreted.time + 1 + random(LONGEST_PIECE);
    interpreted.run(until);
    translated.run(until);
    const expected = visible(interpreted);
    const found = visible(translated);
    if (JSON.stringify(expected) !== JSON.stringify(found)) return { expected, found };
  }
  const expected = memoryOf(interpreted).map((each) => Buffer.from(each).toString('base64'));
  const found = memoryOf(translated).map((each) => Buffer.from(each).toString('base64'));
  return expected.join() === found.join() ? undefined : { expected, found };
}

t.before(() => setHotness(20));
t.teardown(() => setHotness(1000));

for (const [thumb, name] of [
  [0, 'ARM'],
  [1, 'Thumb'],
] as const) {
  t.test(
    `random ${name} programs leave the same registers, memory, times and counts when translated`,
    async (t) => {
      let instructions = 0;
      for (let index = 0; index < PROGRAMS; index++) {
        const random = generator(SEED * 1_000_003 + 2 * index + thumb);
        const program = randomProgram(random, thumb);
        const cores = [newCore(program, false), newCore(program, true)] as const;
        const difference = firstDifference(random, cores);
        instructions += cores[0].statistics.instructions;
        if (difference === undefined) continue;
        t.same(difference.found, difference.expected, `seed ${SEED}, program ${index}`);
        return;
      }
      t.pass(`${instructions} instructions`);
    },
  );
}
