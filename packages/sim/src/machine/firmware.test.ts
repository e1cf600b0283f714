/** Machines that run the images they are booted with: small ones of our own, and SC&MP where there is one. */
import { spin3 } from '@spin-tools/machine-model';
import {
  type BootFrame,
  BootOperation,
  bootFrames,
  builtInBootImage,
  encodeBootFrame,
  MachineController,
} from '@spin-tools/scp';
import t from 'tap';
import { crc } from '../bmp/checksum.js';
import { FaultPlanError } from '../faults/plan.js';
import { NeighbourBoot } from '../rom/neighbour-boot.js';
import { VirtualMachine } from './virtual-machine.js';

/**
 * An image of our own: copies a program for another core into System RAM, lets core 1 start there, marks what
 * it found and sleeps.
 */
const STARTS_ANOTHER = [
  0xe3a004e5, // mov   r0, #0xe5000000      System RAM
  0xe28f103c, // add   r1, pc, #0x3c        the program below
  0xe891007c, // ldm   r1, {r2-r6}
  0xe880007c, // stm   r0, {r2-r6}
  0xe3a074e2, // mov   r7, #0xe2000000      system controller
  0xe3a02001, // mov   r2, #1
  0xe5872038, // str   r2, [r7, #0x38]      the boot area shows System RAM
  0xe59f2038, // ldr   r2, [pc, #0x38]
  0xe5872018, // str   r2, [r7, #0x18]      core 1 into reset
  0xe59f2034, // ldr   r2, [pc, #0x34]
  0xe5872018, // str   r2, [r7, #0x18]      and out of it
  0xe59f2030, // ldr   r2, [pc, #0x30]
  0xe3a074e3, // mov   r7, #0xe3000000      watchdog
  0xe5872c00, // str   r2, [r7, #0xc00]     unlocked
  0xe3a02000, // mov   r2, #0
  0xe5872008, // str   r2, [r7, #8]         and off
  0xee070f90, // wait for interrupt
  0xeafffffd, // b     back to that
  // The other core's program, five words:
  0xe3a004e5, // mov   r0, #0xe5000000
  0xe3a0102a, // mov   r1, #42
  0xe5801100, // str   r1, [r0, #0x100]
  0xee070f90, // wait for interrupt
  0xeafffffd, // b     back to that
  0x5ec00002,
  0x5ec00000,
  0x1acce551,
];

/** An image of our own that answers nothing and lets the watchdog go off. */
const SLEEPS = [0xee070f90, 0xeafffffd];

function imageOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** A machine of four chips that is sent an image. */
async function sent(image: Uint8Array) {
  const machine = new VirtualMachine({ board: 'spin3', monitor: 'image' });
  const boot = machine.bootTransport();
  for (const frame of bootFrames(image)) boot.send(encodeBootFrame(frame));
  await new Promise(setImmediate);
  return machine;
}

/** The same, with the image under way in it. */
async function booted(words: readonly number[]) {
  const machine = await sent(imageOf(words));
  await machine.advance(1_000_000);
  return machine;
}

t.test('an image starts the other cores of its chip', async (t) => {
  const machine = await booted(STARTS_ANOTHER);
  t.equal(machine.isBooted, true);
  const { instructions, cores } = machine.statistics();
  t.equal(cores, 2);
  t.equal(instructions, 17 + 4, 'all but the branches behind the waits');
  await machine.close();
});

t.test('without the watchdog fed, the chip is in its boot ROM again after a while', async (t) => {
  const machine = await sent(imageOf(SLEEPS));
  t.equal(machine.isBooted, true);
  await machine.advance(1_600_000_000);
  t.equal(machine.isBooted, false);
  const hello = new Promise((resolve) => machine.bootTransport().onDatagram(resolve));
  await machine.advance(4_200_000_000);
  t.ok(await hello);
  await machine.close();
});

t.test('the image of the built-in monitor is refused', async (t) => {
  const machine = await sent(builtInBootImage());
  t.equal(machine.isBooted, false);
  t.equal(machine.hostStatistics().malformed, 1);
  await machine.close();
});

t.test('faults of the built-in monitor are refused', async (t) => {
  const faults = { monitors: [{ busy: 0.5 }] };
  t.throws(() => new VirtualMachine({ board: 'spin3', monitor: 'image', faults }), FaultPlanError);
});

t.test('programs in TypeScript need a booted machine', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3', monitor: 'image' });
  t.throws(() => machine.runProgram({ x: 0, y: 0, core: 1 }, {}, 1), RangeError);
  await machine.close();
});

/** A key of the protocol between boot ROMs, with its checksum. */
function keyOf(operation: number, fields: number, payload: number): number {
  const key = (operation << 24) | fields | 3;
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 4)
    sum += ((key >>> shift) & 15) + ((payload >>> shift) & 15);
  while (sum > 15) sum = (sum & 15) + (sum >>> 4);
  return ((key | ((15 - sum) << 28)) >>> 0) as number;
}

/** Packets by which a neighbour sends an image of whole blocks of 256 words. */
function* packetsOf(image: Uint8Array): Generator<readonly [key: number, payload: number]> {
  const blocks = image.length / 1024;
  const packet = (operation: number, fields: number, payload: number) =>
    [keyOf(operation, fields, payload), payload >>> 0] as const;
  yield packet(1, 0, (blocks - 1) << 16);
  for (let block = 0; block < blocks; block++) {
    const bytes = image.subarray(1024 * block, 1024 * (block + 1));
    const words = new DataView(bytes.buffer, bytes.byteOffset, 1024);
    yield packet(2, (block << 16) | (255 << 8), 1024 * block);
    for (let word = 0; word < 256; word++) {
      yield packet(3, (block << 16) | (word << 8), words.getUint32(4 * word, true));
    }
    yield packet(4, block << 16, ~crc(bytes) >>> 0);
  }
  yield packet(5, 1 << 8, 0);
}

const pattern = Uint8Array.from({ length: 3072 }, (_, at) => (at * 7 + (at >> 8)) & 255);

/** A chip that takes an image from neighbours, and the images that it has taken. */
function taker() {
  const taken: { image: Uint8Array; entry: number }[] = [];
  const boot = new NeighbourBoot((image, entry) => {
    taken.push({ image: image.slice(), entry });
  });
  return { boot, taken };
}

t.test('an image comes from a neighbour', async (t) => {
  const { boot, taken } = taker();
  for (const [key, payload] of packetsOf(pattern)) boot.receive(key, payload, 4);
  t.equal(taken.length, 1);
  t.equal(taken[0]!.entry, 0);
  t.same(taken[0]!.image.subarray(0, pattern.length), pattern);
});

t.test('neighbours send at the same time, and one of them loses packets', async (t) => {
  const { boot, taken } = taker();
  const [whole, torn] = [[...packetsOf(pattern)], [...packetsOf(pattern)]];
  whole.forEach(([key, payload], at) => {
    const late = torn[at - 5];
    if (late !== undefined && at % 50 !== 0) boot.receive(...late, 1);
    boot.receive(key, payload, 2);
  });
  t.equal(taken.length, 1);
  t.same(taken[0]!.image.subarray(0, pattern.length), pattern);
});

t.test('no image starts that is not whole', async (t) => {
  const { boot, taken } = taker();
  const packets = [...packetsOf(pattern)];
  packets.forEach(([key, payload], at) => {
    if (at !== 300) boot.receive(key, at === 700 ? payload ^ 1 : payload, 0);
  });
  t.same(taken, []);
  for (const [key, payload] of packets) boot.receive(key, payload, 0);
  t.equal(taken.length, 1, 'what was missing is taken when it is sent again');
});

t.test('what is not of the protocol is ignored', async (t) => {
  const { boot, taken } = taker();
  for (const [key, payload] of packetsOf(pattern)) {
    boot.receive(key & ~3, payload, 0);
    boot.receive((key ^ 0x10000000) >>> 0, payload, 0);
  }
  t.same(taken, []);
});

t.test(
  'a boot frame after the boot reaches the image, which may do with it what it likes',
  async (t) => {
    const machine = await sent(imageOf(STARTS_ANOTHER));
    const hello: BootFrame = {
      ...{ operation: BootOperation.Hello, arguments: [0, 0, 0], data: new Uint8Array(0) },
    };
    machine.bootTransport().send(encodeBootFrame(hello));
    await new Promise(setImmediate);
    t.equal(machine.hostStatistics().received, 1);
    await machine.close();
  },
);

t.test('a machine that runs images is described like any other', async (t) => {
  const machine = new VirtualMachine({ machine: spin3(), monitor: 'image' });
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  t.same(machine.reversePorts({ x: 0, y: 0 }), []);
  await controller.close();
  await machine.close();
});
