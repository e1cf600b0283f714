import { readFileSync } from 'node:fs';
import t from 'tap';
import { BusError, type ChipBus, type Packet } from '../core/core.js';
import { ArmCore } from './arm-core.js';

/** Images of the programs beside it, by build.sh in the same folder. */
const PROGRAMS = JSON.parse(
  readFileSync(new URL('./fixtures/programs.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const RESULTS = 0x00400000;
const SDRAM = 0x60000000;
const WAIT_FOR_INTERRUPT = 0xee070f90;

/** A chip of 4 KB of SDRAM that notes the packets it is sent. */
function fakeChip() {
  const sdram = new DataView(new ArrayBuffer(4096));
  const sent: { packet: Packet; at: number }[] = [];
  const chip = { takesPackets: true, sent, sdram };
  const offset = (address: number) => {
    if (address >>> 29 !== 3) throw new BusError(address);
    return address & 0xfff;
  };
  const bytes = (address: number, length: number) =>
    new Uint8Array(sdram.buffer, offset(address), length);
  const bus: ChipBus = {
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
    readBlock: (address, target) => target.set(bytes(address, target.length)),
    writeBlock: (address, source) => bytes(address, source.length).set(source),
    send(_, packet, at) {
      if (chip.takesPackets) sent.push({ packet, at });
      return chip.takesPackets;
    },
  };
  return Object.assign(chip, { bus });
}

function loaded(name: string, chip = fakeChip()): ArmCore {
  const core = new ArmCore(5, chip.bus);
  core.writeTcm(0, Buffer.from(PROGRAMS[name]!, 'base64'));
  core.start(0);
  return core;
}

/** A core that runs ARM instructions given as words, then sleeps. */
function running(words: readonly number[], chip = fakeChip()): ArmCore {
  const core = new ArmCore(5, chip.bus);
  core.writeTcm(0, new Uint8Array(Uint32Array.of(...words, WAIT_FOR_INTERRUPT).buffer));
  core.start(0);
  core.run(1_000_000);
  return core;
}

function results(core: ArmCore, count: number): number[] {
  return [...new Uint32Array(core.readTcm(RESULTS, 4 * count).buffer)];
}

function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** What fixtures/computation.c computes. */
function computation(): number[] {
  let seed = 1;
  const next = () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed >>> 0;
  };
  const numbers = Uint32Array.from({ length: 200 }, next).sort();
  let product = 1n;
  let sum = 0n;
  for (const [index, value] of numbers.entries()) {
    product = BigInt.asUintN(64, product * BigInt((value | 1) >>> 0) + BigInt(index));
    sum += BigInt(value | 0) * BigInt(index);
  }
  const word = (value: bigint) => Number(BigInt.asUintN(32, value));
  return [
    numbers[0]!,
    numbers[199]!,
    crc32(new Uint8Array(numbers.buffer)),
    word(product),
    word(product >> 32n),
    word(sum >> 7n),
    word(product / BigInt((numbers[10]! | 3) >>> 0)),
    (numbers[3]! % 1000) + (numbers[5]! >>> (numbers[6]! & 63 ? numbers[6]! & 31 : 0)),
  ];
}

for (const state of ['arm', 'thumb']) {
  t.test(`a program compiled to ${state} code computes what JavaScript computes`, async (t) => {
    const core = loaded(`computation-${state}`);
    core.run(100_000_000);
    t.ok(core.asleep);
    t.same(results(core, 8), computation());
  });
}

t.test(
  'running in short slices ends in the same state at the same time as in long ones',
  async (t) => {
    const whole = loaded('computation-thumb');
    whole.run(4_000_000);
    const sliced = loaded('computation-thumb');
    for (let until = 700; until <= 4_000_000; until += 700) sliced.run(until);
    sliced.run(4_000_000);
    t.same(results(sliced, 8), results(whole, 8));
    t.equal(sliced.statistics.instructions, whole.statistics.instructions);
    t.equal(sliced.statistics.cyclesAwake, whole.statistics.cyclesAwake);
  },
);

t.test(
  'each exception enters its mode with the saved status and the return address of the architecture',
  async (t) => {
    const core = loaded('exceptions');
    core.run(100_000);
    t.ok(core.asleep);
    const user = 0x400000df;
    t.same(results(core, 23), [
      ...[2, 0x400000d3, user, 4],
      ...[1, 0x400000db, user, 4],
      ...[4, 0x400000d7, user, 8],
      ...[4, 0x400000d7, user, 8],
      ...[3, 0x400000d7, user, 4],
      ...[0, 0x50000000, 0x00400101],
    ]);
  },
);

t.test(
  'interrupts of higher priority nest, others wait, and a DMA transfer ends with its own',
  async (t) => {
    const chip = fakeChip();
    for (let index = 0; index < 64; index++) chip.sdram.setUint8(0x100 + index, index);
    const core = loaded('interrupts', chip);
    for (let until = 2000; until <= 26_000; until += 2000) core.run(until);
    const [length, ...log] = results(core, 63);
    const timer = [0x100, 0x200, 0x101, 0x300];
    t.same(log.slice(0, length), [0x400 + 0x0f0e0d0c, ...timer, ...timer]);
    t.ok(core.asleep);
    t.ok(core.nextEvent > core.time && core.nextEvent <= core.time + 10_000, 'the next tick');
  },
);

t.test(
  'a packet wakes the core, is answered by its fast interrupt handler, and frees the register',
  async (t) => {
    const chip = fakeChip();
    const core = loaded('interrupts', chip);
    core.run(4000);
    const packet = { control: 0x02, key: 0xfffffffe, payload: 21 };
    t.ok(core.deliver(packet, 3, 4000));
    t.notOk(core.deliver(packet, 3, 4000), 'second packet while the first is unread');
    core.run(6000);
    t.match(chip.sent, [{ packet: { key: 0xffffffff, payload: 42 } }]);
    const { control } = chip.sent[0]!.packet;
    t.equal(control >>> 6, 0);
    t.ok(chip.sent[0]!.at > 4000 && chip.sent[0]!.at < 6000);
    t.ok(core.deliver(packet, 3, 6000));
  },
);

t.test('a packet that the router does not take is offered again until it does', async (t) => {
  const chip = fakeChip();
  chip.takesPackets = false;
  // mov r1, #0x10000000; str r1, [r1, #8]; ldr r0, [r1]
  const core = running([0xe3a01201, 0xe5811008, 0xe5910000], chip);
  t.equal(core.registers[0], 0, 'neither empty nor not full');
  t.ok(Number.isFinite(core.nextEvent));
  chip.takesPackets = true;
  core.run(core.nextEvent + 1000);
  t.equal(chip.sent.length, 1);
  t.equal(core.nextEvent, Number.POSITIVE_INFINITY);
});

t.test(
  'code that overwrites an instruction ahead runs the new one, and only in its own core',
  async (t) => {
    const chip = fakeChip();
    // ldr r1, [pc, #16]; mov r2, #20; str r1, [r2]; b +0; nop; mov r0, #1; WFI; .word mov r0, #7
    const words = [
      0xe59f1014,
      0xe3a02014,
      0xe5821000,
      0xeaffffff,
      0xe1a00000,
      0xe3a00001,
      WAIT_FOR_INTERRUPT,
      0xe3a00007,
    ];
    const plain = words.with(2, 0xe1a00000);
    t.equal(running(words, chip).registers[0], 7);
    t.equal(running(plain, chip).registers[0], 1);
    t.equal(running(words, chip).registers[0], 7);
  },
);

t.test('memory loaded anew is executed anew', async (t) => {
  const core = running([0xe3a00001]);
  t.equal(core.registers[0], 1);
  core.writeTcm(0, Uint8Array.of(2));
  core.start(0);
  core.run(core.time + 1000);
  t.equal(core.registers[0], 2);
});

t.test('code outside the instruction memory is executed through the chip', async (t) => {
  const chip = fakeChip();
  // mov r0, #5; adds r0, r0, r0; WFI
  for (const [index, word] of [0xe3a00005, 0xe0900000, WAIT_FOR_INTERRUPT].entries()) {
    chip.sdram.setUint32(4 * index, word, true);
  }
  const core = new ArmCore(0, chip.bus);
  core.start(SDRAM);
  core.run(10_000);
  t.equal(core.registers[0], 10);
  t.ok(core.asleep);
});

t.test('loads and pops of the program counter switch state, moves to it do not', async (t) => {
  // ldr pc, [pc]; nop (skipped); .word 13; thumb at 12: mov r0, #3; bx pc; nop; ARM: WFI
  const core = running([0xe51ff004, 9, 0x4778_2003, 0x2001_46c0]);
  t.equal(core.registers[0], 3);
  // mov r1, #13; mov pc, r1; (skipped); mov r0, #4
  t.equal(running([0xe3a0100d, 0xe1a0f001, 0xe3a00001, 0xe3a00004]).registers[0], 4);
  // mov r1, #17; mov sp, #0x00400000; str r1, [sp]; ldmia sp!, {pc}; thumb at 16: mov r0, #6; bx pc
  const popped = running([
    0xe3a01011, 0xe3a0d501, 0xe58d1000, 0xe8bd8000, 0x4778_2006, 0x46c0_46c0,
  ]);
  t.equal(popped.registers[0], 6);
});

t.test(
  'nine registers and more are stored and loaded, the program counter with them',
  async (t) => {
    // mov sp, #0x00400100 in two steps; mov r4, #9; mov lr, #25; push {r4-r11, lr}; mov r4, #0; pop {r4-r11, pc}
    const prologue = [
      0xe3a0d501, 0xe28ddc01, 0xe3a04009, 0xe3a0e01d, 0xe92d4ff0, 0xe3a04000, 0xe8bd8ff0,
    ];
    // thumb at 28: mov r0, r4; bx pc
    const core = running([...prologue, 0x4778_1c20, 0x46c0_46c0]);
    t.equal(core.registers[0], 9);
    t.equal(core.registers[13], 0x00400100);
  },
);

t.test(
  'while alignment is not checked words rotate, and blocks ignore the lowest bits',
  async (t) => {
    // mov r1, #0x00400000; ldr r2, [pc, #16]; str r2, [r1]; str r2, [r1, #4]; the access; WFI; .word
    const after = (access: number) =>
      running([
        0xe3a01501,
        0xe59f200c,
        0xe5812000,
        0xe5812004,
        access,
        WAIT_FOR_INTERRUPT,
        0x44332211,
      ]).registers[0]! >>> 0;
    t.equal(after(0xe5910001), 0x11443322, 'ldr r0, [r1, #1]');
    t.equal(after(0xe5910002), 0x22114433, 'ldr r0, [r1, #2]');
    t.equal(after(0xe5910003), 0x33221144, 'ldr r0, [r1, #3]');
    t.equal(after(0xe1d100b3), 0x4433, 'ldrh r0, [r1, #3]');
    // add r1, r1, #3 before the access.
    const block = (access: number) =>
      running([
        ...[0xe3a01501, 0xe59f2010, 0xe5812000, 0xe5812004, 0xe2811003, access],
        ...[WAIT_FOR_INTERRUPT, 0x44332211],
      ]).registers;
    t.equal(block(0xe8910001)[0], 0x44332211, 'ldmia r1, {r0}');
    t.equal(block(0xe8b10011)[1], 0x0040000b, 'ldmia r1!, {r0, r4} keeps the bits in its base');
  },
);

t.test('stores of the program counter give the address of the instruction plus 12', async (t) => {
  // mov r1, #0x00400000; str pc, [r1]; stmib r1, {r1, pc}
  const core = running([0xe3a01501, 0xe581f000, 0xe9818002]);
  t.same(results(core, 3), [4 + 12, 0x00400000, 8 + 12]);
});

t.test('data processing of every kind with flags into r15 returns from an exception', async (t) => {
  // msr spsr_c, #0xdf; msr spsr_f, #0x60000000; add lr, pc, #0; the return; mrs r0, cpsr
  const status = (back: number) =>
    running([0xe361f0df, 0xe368f206, 0xe28fe000, back, 0xe10f0000]).registers[0]! >>> 0;
  for (const [back, name] of [
    [0xe01ef00e, 'ands pc, lr, lr'],
    [0xe23ef000, 'eors pc, lr, #0'],
    [0xe25ef000, 'subs pc, lr, #0'],
    [0xe29ef000, 'adds pc, lr, #0'],
    [0xe39ef000, 'orrs pc, lr, #0'],
    [0xe1b0f00e, 'movs pc, lr'],
    [0xe3def000, 'bics pc, lr, #0'],
  ] as const)
    t.equal(status(back), 0x600000df, name);
});

t.test(
  'CP15 identifies the core, moves the vectors, and keeps loads from switching state',
  async (t) => {
    // mrc p15, 0, r0, c0, c0; mrc p15, 0, r1, c0, c0, 2; mrc p15, 0, r2, c1, c0
    const { registers } = running([0xee100f10, 0xee101f50, 0xee112f10]);
    t.equal(registers[0], 0x41059680, 'ARM968E-S');
    t.equal(registers[1], (7 << 18) | (6 << 6), '64 KB and 32 KB');
    t.equal(registers[2]! & (1 << 13), 1 << 13, 'high vectors after reset');
    // b 16; at 4, the undefined vector: mov r0, #1; WFI; at 16: mov r1, #0; mcr p15, 0, r1, c1, c0; undefined
    const low = [0xea000002, 0xe3a00001, WAIT_FOR_INTERRUPT, 0, 0xe3a01000, 0xee011f10, 0xe7f000f0];
    t.equal(running(low).registers[0], 1, 'low vectors');
    // mov r1, #0x8000; mcr p15, 0, r1, c1, c0; ldr pc, [pc, #-4]; .word 17; mov r0, #5
    const plain = [0xe3a01902, 0xee011f10, 0xe51ff004, 17, 0xe3a00005];
    t.equal(running(plain).registers[0], 5, 'bit 0 of a loaded address is ignored');
  },
);

t.test('cycles follow the pipeline: interlocks, multiplications, taken branches', async (t) => {
  const cost = (words: readonly number[]) =>
    running(words).statistics.cyclesAwake - running([]).statistics.cyclesAwake;
  const pointer = 0xe3a01501; // mov r1, #0x00400000
  t.equal(cost([pointer]), 1);
  t.equal(cost([pointer, 0xe5913000]), 2, 'load');
  t.equal(cost([pointer, 0xe5913000, 0xe2830001]), 4, 'load, then use: one cycle late');
  t.equal(cost([pointer, 0xe5d13000, 0xe2830001]), 5, 'byte load, then use: two cycles late');
  t.equal(cost([pointer, 0xe891000c]), 3, 'load of two');
  t.equal(cost([0xe1010281]), 1, 'smlabb');
  t.equal(cost([0xe0030291]), 2, 'mul');
  t.equal(cost([0xeaffffff]), 3, 'taken branch');
  t.equal(cost([0x0affffff]), 1, 'branch not taken');
});

t.test('an access beyond the tightly coupled memories takes more than 100 ns', async (t) => {
  const before = running([0xe3a01206]).time; // mov r1, #0x60000000
  const core = running([0xe3a01206, 0xe5910000]);
  t.equal(before, core.time);
  const cycles = core.statistics.cyclesAwake - running([0xe3a01206]).statistics.cyclesAwake;
  t.ok(cycles * 5 > 100);
});

t.test('a failed posted write is noted by the DMA controller, any other aborts', async (t) => {
  // mov r1, #0x2e000000 (no device); str r0, [r1]; mov r2, #0x30000000; ldr r0, [r2, #0x14]
  const core = running([0xe3a0142e, 0xe5810000, 0xe3a02203, 0xe5920014]);
  t.equal(core.registers[0], (5 << 24) | (1 << 20));
});

t.test('a core may start another, or itself, by a register of its chip', async (t) => {
  const chip = fakeChip();
  const other = new ArmCore(1, chip.bus);
  other.writeTcm(0, new Uint8Array(Uint32Array.of(0xe2800001, WAIT_FOR_INTERRUPT).buffer));
  // mov r1, #0x60000000; mov r2, #9; str r2, [r1]; add r3, r2, #1; WFI; at 20: add r0, r0, #2; WFI
  const words = [0xe3a01206, 0xe3a02009, 0xe5812000, 0xe2823001, WAIT_FOR_INTERRUPT, 0xe2800002];
  const write = chip.bus.write;
  chip.bus.write = (...access) => {
    write(...access);
    other.start(0, 40);
  };
  const core = running(words, chip);
  other.run(1000);
  t.equal(core.registers[3], 10, 'registers of the running core are kept');
  t.equal(other.registers[0], 41);
  const itself: { core?: ArmCore } = {};
  const own = fakeChip();
  own.bus.write = () => itself.core?.start(20, 70);
  itself.core = new ArmCore(2, own.bus);
  itself.core.writeTcm(0, new Uint8Array(Uint32Array.of(...words, WAIT_FOR_INTERRUPT).buffer));
  itself.core.start(0);
  itself.core.run(1000);
  t.equal(itself.core.registers[0], 72);
  t.equal(itself.core.registers[3], 0);
  t.equal(itself.core.time, 1000);
});

t.test('a core that never started needs no memory and sleeps', async (t) => {
  const core = new ArmCore(3, fakeChip().bus);
  core.run(5000);
  t.equal(core.time, 5000);
  t.ok(core.asleep);
  t.equal(core.nextEvent, Number.POSITIVE_INFINITY);
  t.notOk(core.deliver({ control: 0, key: 0, payload: undefined }, 0, 5000));
});

t.test('host access beyond the memories is refused with the address', async (t) => {
  const core = new ArmCore(3, fakeChip().bus);
  t.throws(() => core.readTcm(0x8000, 4), new BusError(0x8000));
  t.throws(() => core.writeTcm(0x0040ffff, new Uint8Array(2)), BusError);
});

/** A core at the first of ARM instructions given as words. */
function startedAt(words: readonly number[], chip = fakeChip()): ArmCore {
  const core = new ArmCore(5, chip.bus);
  core.writeTcm(0, new Uint8Array(Uint32Array.from(words).buffer));
  core.start(0);
  return core;
}

const ADD_ONE = 0xe2800001;
/** mov r2, #0x10000000; ldr r1, [r2, #0xc]: the status of the receiver. */
const LOOK_FOR_PACKET = [0xe3a02201, 0xe592100c];

t.test(
  'a core that computes runs to the end of its window, and on from there when it is due',
  async (t) => {
    // add r0, #1; b -> add
    const core = startedAt([ADD_ONE, 0xeafffffd]);
    core.run(500, 2000);
    t.ok(core.time >= 2000 && core.time < 2100, `${core.time} ns`);
    const { registers } = core;
    core.run(1000, 2000);
    t.same(core.registers, registers, 'it has been there');
    core.run(2500, 4000);
    t.ok(core.time >= 4000, `${core.time} ns`);
  },
);

t.test('a core that looks for packets keeps in step until the window ends', async (t) => {
  // Looks; adds; b -> ldr
  const core = startedAt([...LOOK_FOR_PACKET, ADD_ONE, 0xeafffffc]);
  core.run(500, 2000);
  t.ok(core.time >= 500 && core.time < 600, `${core.time} ns`);
  core.run(1000, 2000);
  t.ok(core.time >= 1000 && core.time < 1100, `${core.time} ns`);
});

t.test('a core that has run ahead stops where it looks for a packet', async (t) => {
  // mov r3, #80; subs r3, #1; add r0, #1; bne -> subs: 1.6 us; looks; b -> ldr
  const counts = [0xe3a03050, 0xe2533001, ADD_ONE, 0x1afffffc];
  const core = startedAt([...counts, ...LOOK_FOR_PACKET, 0xeafffffd]);
  core.run(500, 4000);
  t.ok(core.time > 1600 && core.time < 2200, `${core.time} ns`);
});

t.test('a core that goes to sleep ahead of its turn takes a packet at its time', async (t) => {
  // mov r3, #20; subs r3, #1; add r0, #1; bne -> subs: 0.4 us; WFI
  const counts = [0xe3a03014, 0xe2533001, ADD_ONE, 0x1afffffc, WAIT_FOR_INTERRUPT];
  const core = startedAt(counts);
  core.run(100, 2000);
  t.ok(core.asleep);
  const { time } = core;
  t.ok(time > 400 && time < 700, `${time} ns`);
  t.ok(core.deliver({ control: 0, key: 1, payload: undefined }, 0, 900));
  t.equal(core.time, 900);
});

t.test('sending does not keep a core from running ahead, unless the router refuses', async (t) => {
  // mov r2, #0x10000000; str r0, [r2, #8]; add r0, #1; b -> add
  const program = [0xe3a02201, 0xe5820008, ADD_ONE, 0xeafffffd];
  const chip = fakeChip();
  const core = startedAt(program, chip);
  core.run(500, 2000);
  t.ok(core.time >= 2000, `${core.time} ns`);
  t.equal(chip.sent.length, 1);
  const refusing = Object.assign(fakeChip(), { takesPackets: false });
  const refused = startedAt(program, refusing);
  refused.run(500, 2000);
  t.ok(refused.time < 600, `${refused.time} ns`);
});
