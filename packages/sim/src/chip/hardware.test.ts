/** What cores of a chip share, register by register, on chips that nobody has booted. */
import { spin3 } from '@spin-tools/machine-model';
import t from 'tap';
import { ArmCore } from '../arm/arm-core.js';
import { BusError } from '../core/core.js';
import { Network } from '../machine/network.js';
import { SerialRom } from '../monitor/serial-rom.js';
import { type Chip, MONITOR_ACCESS } from './chip.js';

const MEMORY_CONTROLLER = 0xf0000000;
const SYSTEM_CONTROLLER = 0xf2000000;
const WATCHDOG = 0xf3000000;
const ETHERNET = 0xf4000000;
const SYSTEM_RAM = 0xf5000000;
const BOOT_ROM = 0xf6000000;
const HIGH_VECTORS = 0xffff0000;
const MS = 1_000_000;

/** A machine of four chips, the first of them, and its registers. */
function hardware() {
  const network = new Network(spin3());
  const frames: Uint8Array[] = [];
  const resets: { chip: number; code: number }[] = [];
  network.surroundings = {
    resettable: (chip, core) => {
      const found = network.chips[chip]!.ports[core]!.core;
      return found instanceof ArmCore ? found : undefined;
    },
    transmit: (_, frame) => frames.push(frame),
    resetChip: (chip, code) => {
      resets.push({ chip, code });
    },
  };
  const chip = network.chips[0] as Chip;
  const read = (address: number) => chip.read(MONITOR_ACCESS, address, 4);
  const write = (address: number, value: number) =>
    chip.write(MONITOR_ACCESS, address, value >>> 0, 4);
  /** Lets time pass. */
  const pass = (ns: number) => {
    const until = network.scheduler.time + ns;
    while (network.scheduler.nextTime < until) network.scheduler.runQuantum(until);
    network.scheduler.skipTo(until);
  };
  return { network, chip, read, write, pass, frames, resets };
}

/** ARM code for System RAM: counts in a word of it, then goes on counting. */
const COUNTER = [
  0xe3a004e5, // mov r0, #0xe5000000
  0xe5901100, // ldr r1, [r0, #0x100]
  0xe2811001, // add r1, r1, #1
  0xe5801100, // str r1, [r0, #0x100]
  0xeafffffb, // b   back to the load
];

/** A chip with that program at the reset vector, and a core of its own to run it. */
function withCounter() {
  const machine = hardware();
  const { chip, write } = machine;
  COUNTER.forEach((word, index) => {
    write(SYSTEM_RAM + 4 * index, word);
  });
  write(SYSTEM_CONTROLLER + 0x38, 1);
  const core = new ArmCore(5, chip);
  chip.setCore(5, core);
  const count = () => machine.read(SYSTEM_RAM + 0x100);
  const counts = () => {
    const before = count();
    machine.pass(10_000);
    return count() > before;
  };
  return { ...machine, core, counts };
}

const CORE_5 = 1 << 5;
const SECURITY = 0x5ec00000;

t.test('a core starts at its reset vector, in System RAM, when its reset ends', async (t) => {
  const { write, read, counts } = withCounter();
  t.notOk(counts());
  write(SYSTEM_CONTROLLER + 0x18, SECURITY | CORE_5);
  t.equal(read(SYSTEM_CONTROLLER + 0x18), CORE_5);
  t.notOk(counts(), 'still in reset');
  write(SYSTEM_CONTROLLER + 0x18, SECURITY);
  t.ok(counts());
});

t.test('a core goes on where it was when its clock comes back', async (t) => {
  const { write, counts, core } = withCounter();
  write(SYSTEM_CONTROLLER + 0x24, SECURITY | CORE_5);
  t.ok(counts());
  write(SYSTEM_CONTROLLER + 0x04, SECURITY | CORE_5);
  t.notOk(counts());
  t.equal(core.nextEvent, Number.POSITIVE_INFINITY);
  write(SYSTEM_CONTROLLER + 0x04, SECURITY);
  t.ok(counts());
  write(SYSTEM_CONTROLLER + 0x04, CORE_5);
  t.ok(counts(), 'without the security code nothing changes');
});

t.test(
  'a core uses System RAM ahead of its turn, but only while the others of its chip sleep',
  async (t) => {
    const { chip, core, counts, network } = withCounter();
    core.resume();
    t.ok(counts());
    const begin = network.scheduler.time;
    chip.othersSleep = true;
    core.run(begin + 500, begin + 2000);
    t.ok(core.time >= begin + 2000, `${core.time - begin} ns`);
    chip.othersSleep = false;
    core.run(begin + 2500, begin + 4000);
    t.ok(core.time < begin + 2800, `${core.time - begin} ns`);
  },
);

t.test('marks, LEDs and who sleeps are the business of those who look at them', async (t) => {
  const { chip } = hardware();
  const isNoticed = (offset: number, value: number) =>
    chip.isNoticed(SYSTEM_CONTROLLER + offset, value);
  t.ok(isNoticed(0x48, 1), 'others are awake');
  chip.othersSleep = true;
  t.notOk(isNoticed(0x48, 1), 'an LED');
  t.ok(isNoticed(0x48, 1 << 8), 'a pin that interrupts cores');
  t.notOk(isNoticed(0x58, 1), 'a flag');
  t.notOk(isNoticed(0x64, 0), 'who sleeps');
  t.ok(isNoticed(0x08, SECURITY | CORE_5), 'an interrupt');
  t.ok(isNoticed(0x100, 0), 'a lock');
  t.ok(chip.isNoticed(0xf1000000, 0), 'the router');
});

t.test('time goes on by a window when all cores have run ahead so far', async (t) => {
  const { network } = hardware();
  const { scheduler, chips } = network;
  const cores = [0, 1].map((index) => {
    const core = new ArmCore(5, chips[index]!);
    // add r0, #1; b -> add
    core.writeTcm(0, new Uint8Array(Uint32Array.of(0xe2800001, 0xeafffffd).buffer));
    core.start(0);
    chips[index]!.setCore(5, core);
    return core;
  });
  scheduler.runQuantum();
  t.equal(scheduler.time, 2000);
  t.ok(cores.every(({ time }) => time >= 2000 && time < 2100));
  scheduler.after(700, () => undefined);
  scheduler.runQuantum();
  t.equal(scheduler.time, 2500, 'the quantum in which something happens');
  scheduler.runQuantum(3200);
  t.equal(scheduler.time, 3000, 'no further than told');
});

t.test('a reset pulse lasts 256 clocks of the system', async (t) => {
  const { write, read, pass } = withCounter();
  write(SYSTEM_CONTROLLER + 0x28, SECURITY | CORE_5);
  t.equal(read(SYSTEM_CONTROLLER + 0x28), CORE_5);
  pass(1500);
  t.equal(read(SYSTEM_CONTROLLER + 0x28), CORE_5);
  pass(1000);
  t.equal(read(SYSTEM_CONTROLLER + 0x28), 0);
});

t.test('a core that starts in the boot ROM sleeps there', async (t) => {
  const { write, read, counts, pass } = withCounter();
  write(SYSTEM_CONTROLLER + 0x38, 0);
  write(SYSTEM_CONTROLLER + 0x24, SECURITY | CORE_5);
  t.notOk(counts());
  pass(10_000);
  t.equal(read(SYSTEM_CONTROLLER + 0x64) & CORE_5, CORE_5);
});

t.test('the boot area shows the ROM, or System RAM when told to', async (t) => {
  const { write, read } = hardware();
  write(SYSTEM_RAM + 0x40, 0x12345678);
  t.not(read(HIGH_VECTORS + 0x40), 0x12345678);
  write(SYSTEM_CONTROLLER + 0x38, 1);
  t.equal(read(HIGH_VECTORS + 0x40), 0x12345678);
  t.equal(read(0xff000040), 0x12345678);
  write(HIGH_VECTORS + 0x44, 7);
  t.equal(read(SYSTEM_RAM + 0x44), 7);
  t.throws(() => write(BOOT_ROM, 1), BusError);
  t.doesNotThrow(() => read(BOOT_ROM));
});

t.test('the monitor is who asks first, until the arbiter is armed again', async (t) => {
  const { write, read } = hardware();
  t.equal(read(SYSTEM_CONTROLLER + 0x80 + 4 * 7), 0x80000000);
  t.equal(read(SYSTEM_CONTROLLER + 0x80 + 4 * 3), 0);
  t.equal(read(SYSTEM_CONTROLLER + 0x34), 7);
  write(SYSTEM_CONTROLLER + 0x34, SECURITY | 0x100 | 7);
  t.equal(read(SYSTEM_CONTROLLER + 0x80 + 4 * 3), 0x80000000);
});

t.test('registers outside of the devices are bus errors', async (t) => {
  const { write, read, chip } = hardware();
  for (const address of [0xf2000204, 0xf3000018, 0xf400c034, 0xf0001000, 0xf7000000, 0xf1000f08]) {
    t.throws(() => read(address), BusError, address.toString(16));
  }
  t.throws(() => write(0xf3000010, 0), BusError);
  t.throws(() => chip.read(MONITOR_ACCESS, SYSTEM_CONTROLLER, 2), BusError);
});

t.test('temperature sensors have their reading as soon as they are started', async (t) => {
  const { write, read } = hardware();
  t.equal(read(SYSTEM_CONTROLLER + 0x68), 0);
  write(SYSTEM_CONTROLLER + 0x68, 0x80000000);
  t.equal((read(SYSTEM_CONTROLLER + 0x68) & 0x01000000) !== 0, true);
});

t.test('pins show outputs as driven and inputs as strapped', async (t) => {
  const { write, read } = hardware();
  t.equal(read(SYSTEM_CONTROLLER + 0x44), 0xffffffff);
  write(SYSTEM_CONTROLLER + 0x48, 0x81);
  t.equal(read(SYSTEM_CONTROLLER + 0x40), 0x81);
  t.equal(read(SYSTEM_CONTROLLER + 0x48) & 0x81, 0, 'all pins are inputs');
  write(SYSTEM_CONTROLLER + 0x44, 0xfffffffe);
  t.equal(read(SYSTEM_CONTROLLER + 0x48) & 0x81, 1);
  write(SYSTEM_CONTROLLER + 0x4c, 1);
  t.equal(read(SYSTEM_CONTROLLER + 0x4c) & 1, 0);
});

t.test(
  'the SDRAM controller goes through its states, and its loop locks once it is on',
  async (t) => {
    const { write, read } = hardware();
    write(MEMORY_CONTROLLER + 4, 3);
    t.equal(read(MEMORY_CONTROLLER) & 3, 2);
    write(MEMORY_CONTROLLER + 4, 4);
    t.equal(read(MEMORY_CONTROLLER) & 3, 0);
    write(MEMORY_CONTROLLER + 4, 0);
    t.equal(read(MEMORY_CONTROLLER) & 3, 1);
    t.equal(read(MEMORY_CONTROLLER + 0x300) & (1 << 18), 0);
    write(MEMORY_CONTROLLER + 0x304, 1 << 24);
    t.equal(read(MEMORY_CONTROLLER + 0x300) & (1 << 18), 1 << 18);
    write(MEMORY_CONTROLLER + 0x10, 1014);
    t.equal(read(MEMORY_CONTROLLER + 0x10), 1014);
  },
);

t.test('the watchdog warns, then resets the chip, unless it is fed', async (t) => {
  const { write, read, pass, resets } = hardware();
  const clocks = Math.ceil(MS / 7.5);
  write(WATCHDOG, clocks);
  write(WATCHDOG + 8, 3);
  pass(0.9 * MS);
  t.ok(read(WATCHDOG + 4) < 0.2 * clocks);
  write(WATCHDOG + 0xc, 1);
  pass(0.9 * MS);
  t.equal(read(WATCHDOG + 0x10), 0);
  pass(0.2 * MS);
  t.equal(read(WATCHDOG + 0x14), 1);
  t.same(resets, []);
  pass(MS);
  t.same(resets, [{ chip: 0, code: 1 }]);
});

t.test('a locked watchdog takes no orders, and one that is off does nothing', async (t) => {
  const { write, read, pass, resets } = hardware();
  write(WATCHDOG + 0xc00, 0);
  write(WATCHDOG, 100);
  t.equal(read(WATCHDOG), 0xffffffff);
  write(WATCHDOG + 0xc00, 0x1acce551);
  write(WATCHDOG, 100);
  pass(MS);
  t.equal(read(WATCHDOG + 0x10), 0);
  t.same(resets, []);
  t.same(
    [0xfe0, 0xfe4, 0xff0].map((at) => read(WATCHDOG + at)),
    [0x05, 0x18, 0x0d],
  );
});

t.test('the watchdog resets the monitor instead, when the system controller says so', async (t) => {
  const { write, read, pass, counts } = withCounter();
  write(SYSTEM_CONTROLLER + 0x34, SECURITY | 0x10000 | 5);
  write(WATCHDOG, 1000);
  write(WATCHDOG + 8, 1);
  pass(10_000);
  t.equal(read(SYSTEM_CONTROLLER + 0x30), 4);
  pass(3000);
  t.ok(counts());
});

t.test('a chip can reset itself', async (t) => {
  const { write, pass, resets } = hardware();
  write(SYSTEM_CONTROLLER + 0x2c, SECURITY | (1 << 17));
  pass(1000);
  t.same(resets, [{ chip: 0, code: 3 }]);
});

t.test('links that a chip switches off carry nothing, either way', async (t) => {
  const { network, write, chip } = hardware();
  const east = network.chips[chip.links[0]!.target] as Chip;
  const opposite = chip.links.findIndex(
    ({ target }, link) => target === east.index && east.links[(link + 3) % 6]!.target === 0,
  );
  write(SYSTEM_CONTROLLER + 0x200, SECURITY | (1 << (8 + opposite)));
  t.equal(chip.links[opposite]!.isDown, true);
  t.equal(east.links[(opposite + 3) % 6]!.isDown, false);
  write(SYSTEM_CONTROLLER + 0x200, SECURITY | (1 << opposite));
  t.equal(chip.links[opposite]!.isDown, false);
  t.equal(east.links[(opposite + 3) % 6]!.isDown, true);
  write(SYSTEM_CONTROLLER + 0x200, SECURITY);
  write(SYSTEM_CONTROLLER + 0x20, SECURITY | (1 << (4 + opposite)));
  t.equal(chip.links[opposite]!.isDown, true);
  write(SYSTEM_CONTROLLER + 0x20, SECURITY);
  t.equal(chip.links[opposite]!.isDown, false);
});

/** Address of a station, as the interface and frames have it. */
const MAC = [0x02, 0x00, 0xc0, 0xa8, 0xf0, 0x01];
const frame = (length: number, target = MAC): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => target[at] ?? (at * 7) & 0xff);

/** An ethernet interface that is on: frames in natural order, unicast and broadcast. */
function ethernet(command = 0x45b) {
  const machine = hardware();
  machine.write(ETHERNET + 0xc014, 0xc0a8f001);
  machine.write(ETHERNET + 0xc018, 0x0200);
  machine.write(ETHERNET + 0xc000, command);
  const unread = () => (machine.read(ETHERNET + 0xc004) >>> 1) & 0x3f;
  const dropped = () => machine.read(ETHERNET + 0xc004) >>> 16;
  return { ...machine, unread, dropped };
}

t.test('a frame that comes in is read byte by byte, then retired', async (t) => {
  const { chip, read, write, unread } = ethernet();
  const first = frame(61);
  chip.ethernet.receive(first);
  chip.ethernet.receive(frame(80));
  t.equal(unread(), 2);
  t.equal(read(ETHERNET + 0x8000), 61);
  t.equal(read(ETHERNET + 0x8004), 80);
  const bytes = Uint8Array.from({ length: 61 }, (_, at) =>
    chip.read(MONITOR_ACCESS, ETHERNET + 0x4000 + at, 1),
  );
  t.same(bytes, first);
  write(ETHERNET + 0xc010, 1);
  t.equal(unread(), 1);
  t.equal(read(ETHERNET + 0xc024), 64, 'frames begin at words');
  t.equal(read(ETHERNET + 0xc02c), 1);
});

t.test('without natural order the first byte is the highest of its word', async (t) => {
  const { chip, read, write, frames, pass } = ethernet(0x7b);
  chip.ethernet.receive(frame(60));
  t.equal(read(ETHERNET + 0x4000), 0x0200c0a8);
  write(ETHERNET, 0x01020304);
  write(ETHERNET + 0xc008, 60);
  write(ETHERNET + 0xc00c, 1);
  pass(10_000);
  t.same([...frames[0]!.subarray(0, 4)], [1, 2, 3, 4]);
});

t.test('only frames for the station get in', async (t) => {
  const { chip, write, unread } = ethernet();
  chip.ethernet.receive(frame(60, [2, 0, 1, 1, 1, 1]));
  chip.ethernet.receive(frame(60, [1, 0, 0x5e, 0, 0, 1]));
  t.equal(unread(), 0);
  chip.ethernet.receive(frame(60, [255, 255, 255, 255, 255, 255]));
  t.equal(unread(), 1);
  write(ETHERNET + 0xc000, 0x4b2);
  chip.ethernet.receive(frame(60, [2, 0, 1, 1, 1, 1]));
  t.equal(unread(), 2);
  write(ETHERNET + 0xc000, 0);
  chip.ethernet.receive(frame(60));
  t.equal(unread(), 0, 'the receiver is off');
});

t.test('frames wrap around the end of memory, and those without room are counted', async (t) => {
  const { chip, read, write, unread, dropped } = ethernet();
  for (let sent = 0; sent < 4; sent++) chip.ethernet.receive(frame(1000));
  t.equal(unread(), 3);
  t.equal(dropped(), 1);
  write(ETHERNET + 0xc010, 1);
  chip.ethernet.receive(frame(1000));
  t.equal(read(ETHERNET + 0xc028), 0x1000 | 928, 'once around');
  for (const _ of [0, 1]) write(ETHERNET + 0xc010, 1);
  const start = ETHERNET + 0x4000 + (read(ETHERNET + 0xc024) & 0xfff);
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) =>
    chip.read(MONITOR_ACCESS, start + at, 1),
  );
  t.same(bytes, frame(1000));
  write(ETHERNET + 0xc000, 0x65b);
  t.equal(dropped(), 0);
});

t.test('the receive interrupt stays until there is nothing more to read', async (t) => {
  const { chip, write } = ethernet();
  const core = new ArmCore(2, chip);
  chip.setCore(2, core);
  const levels: boolean[] = [];
  const setInterrupt = core.setInterrupt.bind(core);
  core.setInterrupt = (source, level) => {
    if (source === 20) levels.push(level);
    setInterrupt(source, level);
  };
  chip.ethernet.receive(frame(60));
  write(ETHERNET + 0xc020, 0x10);
  t.same(levels, [true]);
  write(ETHERNET + 0xc010, 1);
  write(ETHERNET + 0xc020, 0x10);
  t.same(levels, [true, false]);
});

t.test('a frame leaves after its time on the wire', async (t) => {
  const { read, write, pass, frames, chip } = ethernet();
  frame(100).forEach((byte, at) => {
    chip.write(MONITOR_ACCESS, ETHERNET + at, byte, 1);
  });
  write(ETHERNET + 0xc008, 100);
  write(ETHERNET + 0xc00c, 1);
  t.equal(read(ETHERNET + 0xc004) & 1, 1);
  pass(9000);
  t.same(frames, []);
  pass(2000);
  t.same(frames, [frame(100)]);
  t.equal(read(ETHERNET + 0xc004) & 1, 0);
});

const PHY = ETHERNET + 0xc01c;

/** Clocks bits into the PHY, the highest first. */
function shiftOut(write: (address: number, value: number) => void, bits: number, count: number) {
  for (let bit = count - 1; bit >= 0; bit--) {
    const lines = 0x9 | (((bits >>> bit) & 1) << 2);
    write(PHY, lines);
    write(PHY, lines | 0x10);
    write(PHY, lines);
  }
}

t.test('the PHY says over its wires that the link is up', async (t) => {
  const { read, write } = hardware();
  const readRegister = (register: number) => {
    shiftOut(write, 0xffffffff, 32);
    shiftOut(write, (0b0110_00000 << 5) | register, 14);
    for (let turn = 0; turn < 2; turn++) {
      write(PHY, 0x11);
      write(PHY, 0x01);
    }
    let value = 0;
    for (let bit = 0; bit < 16; bit++) {
      value = (value << 1) | ((read(PHY) >>> 1) & 1);
      write(PHY, 0x11);
      write(PHY, 0x01);
    }
    return value;
  };
  t.equal(readRegister(1) & 4, 4);
  t.equal(readRegister(4), 0x01e1);
  shiftOut(write, 0xffffffff, 32);
  shiftOut(write, 0x50020000 | (4 << 18) | 0x0101, 32);
  t.equal(readRegister(4), 0x0101);
  shiftOut(write, 0xffffffff, 32);
  shiftOut(write, 0x50020000 | (1 << 18) | 0xffff, 32);
  t.equal(readRegister(1) & 4, 4, 'the status cannot be written');
  write(PHY, 0);
  write(PHY, 1);
  t.equal(readRegister(4), 0x01e1);
});

t.test('a serial ROM is read and written bit by bit over the pins', async (t) => {
  const { chip, read, write } = hardware();
  const rom = new SerialRom(3, Uint8Array.of(192, 168, 240, 1));
  chip.connectSerialRom(rom);
  const [set, clear] = [SYSTEM_CONTROLLER + 0x48, SYSTEM_CONTROLLER + 0x4c];
  const [input, clock, select] = [1 << 3, 1 << 4, 1 << 5];
  t.equal((read(set) >>> 6) & 1, 1, 'strapped');
  write(SYSTEM_CONTROLLER + 0x44, ~(input | clock | select));
  const tick = () => {
    write(set, clock);
    write(clear, clock);
  };
  const send = (bytes: readonly number[]) => {
    for (const byte of bytes) {
      for (let bit = 7; bit >= 0; bit--) {
        write(((byte >>> bit) & 1) === 1 ? set : clear, input);
        tick();
      }
    }
  };
  const receive = (length: number) =>
    Array.from({ length }, () => {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) {
        byte = (byte << 1) | ((read(set) >>> 2) & 1);
        tick();
      }
      return byte;
    });
  const command = (bytes: readonly number[], length = 0) => {
    write(clear, select);
    send(bytes);
    const received = receive(length);
    write(set, select);
    return received;
  };
  write(set, select);
  t.same(command([3, 0, 0, 0], 8), [0x55, 0x3a, 0x00, 0x08, 0xf5, 0x00, 0x7f, 0xe0]);
  t.same(command([3, 0, 1, 0], 2), [0xff, 0xff]);
  command([6]);
  t.same(command([5], 1), [2], 'writes are enabled');
  command([2, 0, 1, 0, 0xca, 0xfe]);
  t.same(command([3, 0, 1, 0], 3), [0xca, 0xfe, 0xff]);
  command([2, 0, 1, 0, 0, 0]);
  t.same(command([3, 0, 1, 0], 2), [0xca, 0xfe], 'writes were not enabled');
});
