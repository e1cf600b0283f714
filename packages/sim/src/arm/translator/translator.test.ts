/**
 * Translated code against the interpreter: random programs on two cores, compared while they run.
 * SPIN_TOOLS_LARGE=1 executes more than a million instructions of each kind; SPIN_TOOLS_SEED is another seed.
 */
import t from 'tap';
import { randomProgram } from '../../../test-support/arm/random-program.js';
import { generator, type Random } from '../../../test-support/instructions/random.js';
import { Sdram } from '../../chip/sdram.js';
import { SystemRam } from '../../chip/system-ram.js';
import { BusError, type ChipBus } from '../../core/core.js';
import { ArmCore } from '../arm-core.js';
import { HOT_ENTRIES, setHotness } from '../heat.js';

const PROGRAMS = process.env.SPIN_TOOLS_LARGE === '1' ? 400 : 12;
const SEED = Number(process.env.SPIN_TOOLS_SEED ?? 1);
/** Simulated time that a program runs, ns, and the longest piece of it. */
const DURATION = 60_000;
const LONGEST_PIECE = 20_000;

/** Enough uses for translated code to get a table of SDRAM pages. */
const MANY_USES = 1000;
const SDRAM = 0x60000000;

/** SDRAM; everything else of the chip answers with an error. */
function memoryOnly(sdram = new Sdram()): ChipBus {
  const inSdram = (address: number) => {
    if (address >>> 29 !== 3) throw new BusError(address);
    return address & 0x7ffffff;
  };
  return {
    direct: sdram,
    read: (_, address, size) => sdram.read(inSdram(address), size),
    write: (_, address, value, size) => sdram.write(inSdram(address), value, size),
    readBlock: (address, target) => sdram.readBlock(inSdram(address), target),
    writeBlock: (address, source) => sdram.writeBlock(inSdram(address), source),
    send: () => true,
  };
}

/** SDRAM whose first page is in the table. */
function usedSdram(): Sdram {
  const sdram = new Sdram();
  sdram.write(0, 0, 4);
  for (let use = 0; use < MANY_USES; use++) sdram.used(SDRAM);
  return sdram;
}

function newCore(program: Uint8Array, translates: boolean): ArmCore {
  const core = new ArmCore(1, memoryOnly(usedSdram()), translates);
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
t.teardown(() => setHotness(HOT_ENTRIES));

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

const WAIT_FOR_INTERRUPT = 0xee070f90;

function loadedWords(words: readonly number[], chip = memoryOnly(), at = 0): ArmCore {
  const core = new ArmCore(1, chip);
  core.writeTcm(at, new Uint8Array(Uint32Array.from(words).buffer));
  core.start(at);
  return core;
}

/** r0 := r0 + 1 at SDRAM address r1 for ever, or as often as r2 says. */
const COUNT_IN_SDRAM = [
  // mov r1, #0x60000000; ldr r0, [r1]; add r0, #1; str r0, [r1]; subs r2, #1; bne -> ldr; WFI
  0xe3a01206,
  0xe5910000,
  0xe2800001,
  0xe5810000,
  0xe2522001,
  0x1afffffa,
  WAIT_FOR_INTERRUPT,
];

t.test('translated code writes to its own copy of an SDRAM page that chips share', async (t) => {
  const sdram = new Sdram();
  sdram.write(0, 7, 4);
  const core = loadedWords(COUNT_IN_SDRAM, memoryOnly(sdram));
  core.run(1_000_000);
  t.not(sdram.table, 0, 'the page is reached directly');
  const before = sdram.read(0, 4);
  const shared = sdram.share();
  const other = new Sdram();
  other.adopt(shared);
  core.run(2_000_000);
  t.equal(other.read(0, 4), before);
  t.ok(sdram.read(0, 4) > before + 1000);
  t.equal(sdram.bytesPastBus % 4, 0);
});

/** Writes and reads blocks of four words in two pages of SDRAM, and over the ends of these, for ever. */
const BLOCKS_IN_SDRAM = [
  // mov r1, #0x60000000; stmia r1!, {r3-r6}; ldmdb r1, {r7-r10}; add r11, r11, r7; add r11, r11, r10
  ...[0xe3a01206, 0xe8a10078, 0xe9110780, 0xe08bb007, 0xe08bb00a],
  // add r3, r3, #1; add r5, r5, r11; add r1, r1, #4; bic r1, r1, #0x2000; b -> stmia
  ...[0xe2833001, 0xe085500b, 0xe2811004, 0xe3c11a02, 0xeafffff6],
];

for (const [name, program] of [
  ['words', COUNT_IN_SDRAM],
  ['blocks', BLOCKS_IN_SDRAM],
] as const) {
  t.test(`${name} of SDRAM take the same time past the bus as by it`, async (t) => {
    const runs = [true, false].map((translates) => {
      const sdram = new Sdram();
      for (const page of [0, 0x1000]) sdram.write(page, 0, 4);
      let byBus = 0;
      const { read, write, ...rest } = memoryOnly(sdram);
      const core = new ArmCore(
        1,
        {
          ...rest,
          read(id, address, size) {
            byBus += size;
            return read(id, address, size);
          },
          write(id, address, value, size) {
            byBus += size;
            write(id, address, value, size);
          },
        },
        translates,
      );
      core.writeTcm(0, new Uint8Array(Uint32Array.from(program).buffer));
      core.start(0);
      core.run(2_000_000);
      const written = new Uint8Array(0x2000);
      sdram.readBlock(0, written);
      return {
        bytes: byBus + sdram.bytesPastBus,
        written: Buffer.from(written).toString('base64'),
        byBus,
        ...visible(core),
      };
    });
    const [translated, interpreted] = runs as [(typeof runs)[0], (typeof runs)[0]];
    t.same({ ...translated, byBus: 0 }, { ...interpreted, byBus: 0 });
    t.ok(translated.byBus < translated.bytes / 2, `${translated.byBus} bytes by the bus`);
  });
}

/** Asks for, sends and times, by the devices that r1 and r2 get, for ever: what it reads is in r5. */
const deviceLoop = (communications: number, timers: number) => [
  // Both; mov r9, #0xc2; add r3, r3, #0x90000; str r3, [r1]; ldr r4, [r1]; eor r5, r4, r5, ror #7
  ...[communications, timers, 0xe3a090c2, 0xe2833809, 0xe5813000, 0xe5914000, 0xe02453e5],
  // str r5, [r1, #4]; str r3, [r1, #8]; ldr r4, [r1, #0xc]; eor r5, r4, r5, ror #7
  ...[0xe5815004, 0xe5813008, 0xe591400c, 0xe02453e5],
  // str r5, [r2]; str r9, [r2, #8]; ldr r4, [r2, #4]; str r4, [r2, #0xc]; eor r5, r4, r5, ror #7; b -> add
  ...[0xe5825000, 0xe5829008, 0xe5924004, 0xe582400c, 0xe02453e5, 0xeafffff1],
];

for (const [name, communications, timers] of [
  ['devices', 0xe3a01201, 0xe3a02411],
  ['devices by posted writes', 0xe3a01202, 0xe3a02421],
] as const) {
  t.test(`${name} do the same when translated`, async (t) => {
    const program = new Uint8Array(Uint32Array.from(deviceLoop(communications, timers)).buffer);
    const cores = [newCore(program, false), newCore(program, true)] as const;
    const difference = firstDifference(generator(SEED), cores);
    t.same(difference?.found, difference?.expected);
    t.ok(cores[1].registers[3]! >>> 0 > 100 * 0x90000, 'it went around');
  });
}

/** Counts at 0xe5000080, and copies a byte of the count, for ever: four accesses a round. */
const COUNT_IN_SYSTEM_RAM = [
  // mov r1, #0xe5000000; ldr r0, [r1, #0x80]; add r0, #1; str r0, [r1, #0x80]
  ...[0xe3a014e5, 0xe5910080, 0xe2800001, 0xe5810080],
  // ldrh r3, [r1, #0x80]; strb r3, [r1, #0x90]; b -> ldr
  ...[0xe1d138b0, 0xe5c13090, 0xeafffff9],
];

t.test('System RAM takes the same time past the bus as by it', async (t) => {
  const runs = [true, false].map((isDirect) => {
    const systemRam = new SystemRam();
    let byBus = 0;
    const core = loadedWords(COUNT_IN_SYSTEM_RAM, {
      ...memoryOnly(),
      ...(isDirect ? { directSystemRam: systemRam } : {}),
      read(_, address, size) {
        byBus++;
        return systemRam.read(address, size);
      },
      write(_, address, value, size) {
        byBus++;
        systemRam.write(address, value, size);
      },
    });
    for (let time = 0; time < 4_000_000; time += 20_000) core.run(time);
    const value = systemRam.read(0x80, 4);
    return { value, time: core.time, statistics: core.statistics, byBus };
  });
  const [direct, other] = runs as [(typeof runs)[0], (typeof runs)[0]];
  t.ok(direct.value > 10_000, `${direct.value}`);
  t.same({ ...direct, byBus: 0 }, { ...other, byBus: 0 });
  t.ok(other.byBus > 40_000 && direct.byBus < 10_000, `${direct.byBus} accesses by the bus`);
});

t.test('code that differs in a page behind is not taken for the same', async (t) => {
  // At 0x3f0: mov r1, #0; add r1, #1; cmp r1, r1; nop | at 0x400: add r0, r0, #k; b 0x3f4
  const program = (step: number) => [
    0xe3a01000,
    0xe2811001,
    0xe1510001,
    0xe1a00000,
    0xe2800000 | step,
    0xeafffffa,
  ];
  const cores = [1, 2].map((step) => loadedWords(program(step), memoryOnly(), 0x3f0));
  for (let until = 1000; until <= 200_000; until += 1000) for (const core of cores) core.run(until);
  const [one, two] = cores as [ArmCore, ArmCore];
  t.ok(one.registers[0]! > 1000);
  t.equal(one.registers[1], two.registers[1]);
  t.equal(2 * one.registers[0]!, two.registers[0]);
});

/** Transfers by shifted and subtracted registers, and loads to the program counter, at the address that r1 gets. */
const uncommonTransfers = (base: number) => [
  // mov r1, #base; mov r2, #0; add r2, #4; and r2, #0x1c
  base,
  0xe3a02000,
  0xe2822004,
  0xe202201c,
  // ldr r3, [r1, r2, lsr #1]; str r2, [r1, r2, asr #1]; ldrb r4, [r1, r2, ror #31]; ldr r5, [r1], -r2
  0xe79130a2,
  0xe78120c2,
  0xe7d14fe2,
  0xe6115002,
  // add r1, r2; strh r2, [r1], -r2; add r1, r2; and r7, r2, #4; ldr pc, [pc, r7]; nop
  0xe0811002,
  0xe00120b2,
  0xe0811002,
  0xe2027004,
  0xe79ff007,
  0xe1a00000,
  // Their targets; add r8, #1; b -> add; add r9, #3; ldr pc, [pc, #-4]; its target
  0x40,
  0x48,
  0xe2888001,
  0xeaffffef,
  0xe2899003,
  0xe51ff004,
  0x08,
];

for (const [name, base] of [
  ['data memory', 0xe3a01501],
  ['SDRAM', 0xe3a01206],
] as const) {
  t.test(`uncommon transfers in ${name} do the same when translated`, async (t) => {
    const program = new Uint8Array(Uint32Array.from(uncommonTransfers(base)).buffer);
    const cores = [newCore(program, false), newCore(program, true)] as const;
    const difference = firstDifference(generator(SEED), cores);
    t.same(difference?.found, difference?.expected);
    t.ok(cores[0].registers[8]! > 10, 'one way of the table');
    t.not(cores[0].registers[9], 0, 'the other');
  });
}

/** A Thumb loop that calls ARM code twice, so that this is hot first; and that ends its slice by writing CP15. */
const INTERWORKING = [
  // mov r3, #0x40; add r1, pc, #1; bx r1 | Thumb: blx r3; blx r3; add r0, #1; b -> blx
  ...[0xe3a03040, 0xe28f1001, 0xe12fff11, 0x47984798, 0xe7fb3001],
  ...new Array<number>(11).fill(0),
  // At 0x40: mrc p15, 0, r5, c1, c0, 0; mcr p15, 0, r5, c1, c0, 0; add r6, #1; bx lr
  ...[0xee115f10, 0xee015f10, 0xe2866001, 0xe12fff1e],
];

t.test('translated code that is called in the other state goes on in its own', async (t) => {
  const program = new Uint8Array(Uint32Array.from(INTERWORKING).buffer);
  const cores = [newCore(program, false), newCore(program, true)] as const;
  const difference = firstDifference(generator(SEED), cores);
  t.same(difference?.found, difference?.expected);
  t.ok(cores[1].registers[0]! > 100);
});

/** Calls by a register what stands at 0x800, and every 64th time turns what that adds to r0 from 1 to 2, or back. */
const CHANGING_CALLEE = [
  // mov r3, #0x800; ldr r5, [r3]; add r4, #1; movs r6, r4, lsl #26; eoreq r5, #3; streq r5, [r3]
  ...[0xe3a03b02, 0xe5935000, 0xe2844001, 0xe1b06d04, 0x02255003, 0x05835000],
  // mov lr, pc; bx r3; b -> add r4
  ...[0xe1a0e00f, 0xe12fff13, 0xeafffff8],
  ...new Array<number>(0x200 - 9).fill(0),
  // At 0x800: add r0, #1; bx lr
  ...[0xe2800001, 0xe12fff1e],
];

t.test('code that changes is not entered as it was from other translated code', async (t) => {
  const program = new Uint8Array(Uint32Array.from(CHANGING_CALLEE).buffer);
  const cores = [newCore(program, false), newCore(program, true)] as const;
  const difference = firstDifference(generator(SEED), cores);
  t.same(difference?.found, difference?.expected);
  const [calls, sum] = [cores[1].registers[4]!, cores[1].registers[0]!];
  t.ok(calls > 500 && sum > 1.2 * calls && sum < 1.8 * calls, `${sum} in ${calls} calls`);
});
