/**
 * The programs of ../firmware on a virtual machine, loaded and read as on a board. SPIN_TOOLS_MONITOR_IMAGE names a
 * boot image to run them under instead of the built-in one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  builtInBootImage,
  type ChipAddress,
  type CoreAddress,
  CoreState,
  decodeSdp,
  encodeSdp,
  HOST_CORE,
  HOST_PORT,
  MachineController,
  type SdpMessage,
  Signal,
  systemVariables,
  vcpuField,
  withVariables,
} from '@spin-tools/scp';
import t, { type Test } from 'tap';
import { TurnClock } from '../test-support/turn-clock.js';
import { VirtualMachine } from './machine/virtual-machine.js';

const FOLDER = fileURLToPath(new URL('../firmware/', import.meta.url).href);
const IMAGES = join(FOLDER, 'images');
/** The compiler whose images these are. */
const COMPILER = '12.2.1';
const MONITOR_IMAGE = process.env.SPIN_TOOLS_MONITOR_IMAGE;
/** Makes the machine run the boot image itself. */
const MONITOR = MONITOR_IMAGE === undefined ? {} : ({ monitor: 'image' } as const);
/** In turns of the event loop: a computer that is busy makes nothing fail. */
const PATIENCE = { timeoutMs: 1000, tries: 10 };
const APP = 30;
const ORIGIN = { x: 0, y: 0 };
const MS = 1_000_000;

const image = (name: string) => new Uint8Array(readFileSync(join(IMAGES, `${name}.aplx`)));

interface Booted {
  readonly machine: VirtualMachine;
  readonly controller: MachineController;
}

/** A SpiNN-3 that is up, with some system variables as a host can set them at boot. */
async function booted(
  t: Test,
  variables: Parameters<typeof withVariables>[1] = {},
): Promise<Booted> {
  const machine = new VirtualMachine({ board: 'spin3', ...MONITOR });
  const controller = new MachineController({
    ...{ scp: machine.scpTransport(), boot: machine.bootTransport() },
    ...PATIENCE,
    clock: new TurnClock(),
  });
  t.teardown(async () => {
    await controller.close();
    await machine.close();
  });
  const monitor = MONITOR_IMAGE === undefined ? builtInBootImage() : readFileSync(MONITOR_IMAGE);
  const bootImage = withVariables(monitor, variables);
  await controller.boot({ pauseMs: 0, image: bootImage, timeoutMs: 100_000 });
  return { machine, controller };
}

const USERS = ['user0', 'user1', 'user2', 'user3'] as const;

async function setUser({ controller }: Booted, at: CoreAddress, ...words: number[]) {
  for (const [index, word] of words.entries()) {
    const { address } = vcpuField(at.core, USERS[index]!);
    await controller.write(at, address, new Uint8Array(Uint32Array.of(word).buffer));
  }
}

async function users({ controller }: Booted, at: CoreAddress): Promise<number[]> {
  const block = await controller.vcpu(at);
  return USERS.map((name) => block[name]);
}

const targetsOf = (cores: readonly CoreAddress[]) =>
  cores.map(({ x, y, core }) => ({ chip: { x, y }, cores: [core] }));

/** Loads a program on some cores by flood fill, starts them together, and waits until all are in a state. */
async function run(
  { machine, controller }: Booted,
  name: string,
  cores: readonly CoreAddress[],
  state: CoreState,
  ms = 20,
) {
  const targets = targetsOf(cores);
  await controller.loadApplication(image(name), targets, APP, { by: 'flood', wait: true });
  await controller.signal(Signal.Start, APP);
  await machine.advance(ms * MS);
  await controller.waitForState(targets, state);
}

const near = (t: Test, found: number, expected: number, tolerance: number, name: string) =>
  t.ok(
    Math.abs(found - expected) <= tolerance,
    `${name}: ${found}, expected ${expected} +- ${tolerance}`,
  );

t.test('the images are what the compiler makes of their sources', async (t) => {
  const version = spawnSync('arm-none-eabi-gcc', ['-dumpversion'], { encoding: 'utf8' });
  if (version.error !== undefined || version.stdout.trim() !== COMPILER) {
    t.pass('compared', { skip: `needs Debian 12's package gcc-arm-none-eabi (${COMPILER})` });
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'spin-tools-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const built = spawnSync('sh', [join(FOLDER, 'build.sh'), folder], { encoding: 'utf8' });
  t.equal(built.status, 0, built.stderr);
  t.same(readdirSync(folder).sort(), readdirSync(IMAGES).sort());
  for (const name of readdirSync(IMAGES)) {
    t.ok(readFileSync(join(folder, name)).equals(readFileSync(join(IMAGES, name))), name);
  }
});

t.test('timers tick, wrap, stop and prescale by the clock', async (t) => {
  const machine = await booted(t);
  const at = { ...ORIGIN, core: 1 };
  await run(machine, 'timers', [at], CoreState.Exit);
  const [ticks, cycles, stops, slow] = await users(machine, at);
  t.equal(ticks, 10);
  near(t, cycles!, 9 * 200_000, 20, 'cycles of nine periods');
  t.equal(stops, 1, 'a timer that stops interrupts once');
  near(t, slow!, 100 * 16, 60, 'cycles of 100 counts by 16');
});

t.test('DMA moves what it should, both ways, queued, and reports what it cannot', async (t) => {
  const machine = await booted(t);
  const cores = [1, 2].map((core) => ({ x: 1, y: 1, core }));
  await run(machine, 'dma', cores, CoreState.Exit);
  for (const at of cores) {
    const [different, out, back, counts] = await users(machine, at);
    t.equal(different, 0);
    t.equal(counts! & 0xffff, 4, 'four transfers done');
    t.equal(counts! >>> 16, 1, 'one error');
    // 15 ns a word: Temple, slides of 2015. Cycles of 5 ns.
    near(t, out!, (1024 * 15) / 5, 0.2 * ((1024 * 15) / 5), 'cycles to SDRAM');
    near(t, back!, (1024 * 15) / 5, 0.2 * ((1024 * 15) / 5), 'cycles from SDRAM');
  }
});

/** Routes of a ring through cores 1 and 2 of all four chips, and the cores in its order. */
const PLACES: readonly ChipAddress[] = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
];
const LINKS: readonly number[] = [0, 2, 3, 5];
const toCore = (core: number) => 1 << (core + 6);
const keyOf = (place: number, core: number) => 0x1000 + 16 * place + core;

t.test('a packet goes around a ring of cores on four chips', async (t) => {
  const machine = await booted(t);
  const { controller } = machine;
  const cores = PLACES.flatMap((chip) => [1, 2].map((core) => ({ ...chip, core })));
  for (const [place, chip] of PLACES.entries()) {
    const before = (place + 3) % 4;
    await controller.loadRoutingTable(
      chip,
      [
        { key: keyOf(place, 1), mask: 0xffffffff, route: toCore(2) },
        { key: keyOf(place, 2), mask: 0xffffffff, route: 1 << LINKS[place]! },
        { key: keyOf(before, 2), mask: 0xffffffff, route: toCore(1) },
      ],
      APP,
    );
  }
  const HOPS = 800;
  for (const [index, at] of cores.entries()) {
    const place = index >> 1;
    await setUser(machine, at, keyOf(place, at.core), index === 0 ? HOPS : 0, 0, 0);
  }
  await run(machine, 'ring', cores, CoreState.Run);
  const droppedBefore = machine.machine.statistics().packetsDropped;
  await controller.signal(Signal.User0, APP);
  await machine.machine.advance(20 * MS);
  const found = await Promise.all(cores.map((at) => users(machine, at)));
  for (const [index, [, , received]] of found.entries()) {
    t.equal(received, HOPS / cores.length, `core ${index}`);
  }
  // 500 ns from core to core, as much again from chip to chip, which is every other time; and the core's part:
  // 200 to 1,000 ns. Sources: constants of SC&MP 4.0; Temple, slides of 2015.
  const perPacket = (found[0]![3]! * 5) / HOPS - 750;
  t.ok(perPacket >= 200 && perPacket <= 1000, `a core passes a packet on in ${perPacket} ns`);
  const { packetsDropped, links } = machine.machine.statistics();
  t.equal(packetsDropped, droppedBefore);
  for (const [place, { x, y }] of PLACES.entries()) {
    const link = links.find((each) => each.x === x && each.y === y && each.link === LINKS[place]);
    t.ok(link !== undefined && link.packets >= HOPS / cores.length, `link of place ${place}`);
  }
  await controller.signal(Signal.Exit, APP);
  await machine.machine.advance(5 * MS);
  await controller.waitForState(targetsOf(cores), CoreState.Exit);
});

/** Published packets a second on a link: Temple, slides of 2015. */
const PUBLISHED_PACKETS = [
  { name: '72 bits', withPayload: 1, perSecond: 3_470_000 },
  { name: '40 bits', withPayload: 0, perSecond: 6_250_000 },
] as const;

t.test('a link carries as many packets in a second as published', async (t) => {
  const machine = await booted(t);
  const { controller } = machine;
  const sender = { x: 0, y: 0, core: 3 };
  // Two, because one that takes an interrupt for each packet is slower than a link.
  const receivers = [4, 5].map((core) => ({ x: 0, y: 1, core }));
  const cores = [sender, ...receivers];
  const KEY = 0x2000;
  const PACKETS = 20_000;
  for (const { name, withPayload, perSecond } of PUBLISHED_PACKETS) {
    const toNorth = [{ key: KEY, mask: 0xfffffffe, route: 1 << 2 }];
    await controller.loadRoutingTable(ORIGIN, toNorth, APP);
    const toCores = receivers.map(({ core }, index) => ({
      ...{ key: KEY + index, mask: 0xffffffff },
      route: toCore(core),
    }));
    await controller.loadRoutingTable({ x: 0, y: 1 }, toCores, APP);
    await setUser(machine, sender, KEY, PACKETS, withPayload, 0);
    for (const at of receivers) await setUser(machine, at, KEY, 0, 0, 0);
    await run(machine, 'burst', cores, CoreState.Run);
    await controller.signal(Signal.User0, APP);
    await machine.machine.advance(10 * MS);
    await controller.signal(Signal.Exit, APP);
    await machine.machine.advance(5 * MS);
    await controller.waitForState(targetsOf(cores), CoreState.Exit);
    const received = await Promise.all(receivers.map(async (at) => (await users(machine, at))[2]));
    t.same(received, [PACKETS / 2, PACKETS / 2], `${name}: none is lost`);
    const [, , , cycles] = await users(machine, sender);
    const found = (PACKETS * 200_000_000) / cycles!;
    near(t, Math.round(found), perSecond, 0.2 * perSecond, `packets of ${name} a second`);
    await controller.signal(Signal.Stop, APP);
    await controller.waitForState(targetsOf(cores), CoreState.Idle);
  }
});

t.test('messages to a core come back through mailboxes and the network', async (t) => {
  const machine = await booted(t);
  const at = { x: 1, y: 1, core: 5 };
  await run(machine, 'echo', [at], CoreState.Run);
  const transport = machine.machine.scpTransport();
  t.teardown(() => transport.close());
  const answers: SdpMessage[] = [];
  const host = { ...ORIGIN, core: HOST_CORE, port: HOST_PORT };
  let heard = () => {};
  transport.onDatagram((datagram) => {
    const message = decodeSdp(datagram);
    answers.push({ ...message, data: message.data.slice() });
    heard();
  });
  const send = async (port: number, data: Uint8Array) => {
    const answered = new Promise<void>((resolve) => {
      heard = resolve;
    });
    transport.send(
      encodeSdp({ flags: 0x87, tag: 255, destination: { ...at, port }, source: host, data }),
    );
    await machine.machine.advance(10 * MS);
    if (port === 1) await answered;
  };
  for (const length of [1, 16, 100, 272]) {
    const data = Uint8Array.from({ length }, (_, index) => index ^ length);
    await send(1, data);
    const last = answers.at(-1)!;
    t.same([...last.data.subarray(0, length)], [...data], `${length} bytes`);
    t.match(last, { source: { ...at, port: 1 } });
  }
  await send(7, new Uint8Array(16));
  await machine.controller.waitForState(targetsOf([at]), CoreState.Exit);
  t.equal(answers.length, 4);
  t.equal((await users(machine, at))[0], 5);
  const chip = { x: at.x, y: at.y };
  const used = await machine.controller.read(chip, systemVariables.sharedBuffersUsed.address, 2);
  t.same([...used], [0, 0], 'all shared buffers are free again');
});

t.test('text that cores print is read from all of its blocks', async (t) => {
  const machine = await booted(t);
  const LINES = 1500;
  const cores = [1, 9, 17].map((core) => ({ x: 0, y: 1, core }));
  for (const at of cores) await setUser(machine, at, LINES);
  await run(machine, 'print', cores, CoreState.Exit, 100);
  for (const at of cores) {
    const lines = (await machine.controller.iobuf(at)).split('\n');
    t.equal(lines.length, LINES + 1);
    t.equal(lines[0], `line 1 of core ${at.core}`);
    t.equal(lines[1234], `line 1235 of core ${at.core}`);
    t.equal(lines[LINES - 1], `line ${LINES} of core ${at.core}`);
  }
});

/** By user0: what it shows, its code, and the link register relative to the failing instruction. */
const ERRORS = [
  ['a jump to 0', 1],
  ['an undefined instruction', 2],
  ['SVC', 3],
  ['a fetch from nowhere', 4],
  ['a load from nowhere', 5],
  ['a store to the boot ROM', 5],
  ['an unaligned load', 5],
  ['a load of several words from nowhere', 5],
  ['an undefined instruction in Thumb state', 2],
] as const;

t.test('exceptions leave cores with the right run-time error and registers', async (t) => {
  const machine = await booted(t);
  const cores = ERRORS.map((_, index) => ({ ...ORIGIN, core: index + 1 }));
  for (const [index, at] of cores.entries()) await setUser(machine, at, index);
  await run(machine, 'errors', cores, CoreState.RunTimeError);
  const blocks = await Promise.all(cores.map((at) => machine.controller.vcpu(at)));
  for (const [index, block] of blocks.entries()) {
    const [name, code] = ERRORS[index]!;
    t.equal(block.runTimeError, code, name);
    t.same(block.registers, [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77], name);
    t.ok(block.stackPointer > 0x0040f000 && block.stackPointer < 0x00410000, 'stack pointer');
    t.equal(block.psr & 0x20, index === 8 ? 0x20 : 0, 'state');
  }
  const [, undefined_, software, fetch, load, store, unaligned] = blocks.map(
    (block) => block.linkRegister,
  );
  const first = undefined_! - 4;
  t.equal(software, first + 8 + 4);
  t.equal(fetch, 0x50000000 + 4);
  t.equal(load, first + 24 + 8);
  t.equal(store, first + 32 + 8);
  t.equal(unaligned, first + 40 + 8);
  const led = await machine.controller.read(ORIGIN, systemVariables.ledPeriod.address, 1);
  t.ok(led[0]! > 0);
});

t.test(
  'the watchdog of the monitor finds a core that does not answer, and only that',
  async (t) => {
    const machine = await booted(t, { softwareWatchdog: 3 });
    const { controller } = machine;
    const at = { x: 1, y: 0, core: 4 };
    const well = { x: 1, y: 0, core: 6 };
    await run(machine, 'echo', [well], CoreState.Run);
    const stuck = targetsOf([at]);
    await controller.loadApplication(image('stuck'), stuck, APP + 1, { by: 'flood', wait: true });
    await controller.signal(Signal.Start, APP + 1);
    // Each of 17 cores is looked at every 170 ms; three silences are enough.
    await machine.machine.advance(600 * MS);
    await controller.waitForState(stuck, CoreState.Watchdog);
    t.equal(await controller.coreState(well), CoreState.Run);
    const { linkRegister } = await controller.vcpu(well);
    t.ok(linkRegister > 0 && linkRegister < 0x8000, 'the address where the ping found the other');
  },
);

t.test('cores wait at barriers until all may pass', async (t) => {
  const machine = await booted(t);
  const { controller } = machine;
  const cores = PLACES.flatMap((chip) => [1, 8, 16].map((core) => ({ ...chip, core })));
  const BARRIERS = 4;
  for (const at of cores) await setUser(machine, at, BARRIERS, 0);
  await run(machine, 'barrier', cores, CoreState.Sync0);
  for (let barrier = 0; barrier < BARRIERS; barrier++) {
    const isSecond = barrier % 2 === 1;
    await controller.waitForState(targetsOf(cores), isSecond ? CoreState.Sync1 : CoreState.Sync0);
    const counts = await Promise.all(cores.map(async (at) => (await users(machine, at))[1]));
    t.same(new Set(counts), new Set([barrier]), `none has passed barrier ${barrier}`);
    await controller.signal(isSecond ? Signal.Sync1 : Signal.Sync0, APP);
    await machine.machine.advance(20 * MS);
  }
  await controller.waitForState(targetsOf(cores), CoreState.Exit);
  t.equal(await controller.countCores(APP, CoreState.Exit), cores.length);
});
