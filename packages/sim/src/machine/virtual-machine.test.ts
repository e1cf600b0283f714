import { readFileSync } from 'node:fs';
import {
  BootOperation,
  builtInBootImage,
  type ChipAddress,
  Connection,
  CoreState,
  encodeBootFrame,
  encodeSdp,
  information,
  LedAction,
  MachineController,
  NearestNeighbourPacket,
  ReturnCode,
  readWord,
  ScpError,
  ScpTimeoutError,
  Signal,
  systemVariables,
  type Transport,
  vcpuField,
  version,
  Write,
} from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import type { CoreProgram } from '../core/program-core.js';
import { type MachineOptions, NoEthernetError, VirtualMachine } from './virtual-machine.js';

/** See relay.S beside it. */
const RELAY = new Uint8Array(readFileSync(new URL('./fixtures/relay.aplx', import.meta.url)));
const APP = 20;
const ORIGIN = { x: 0, y: 0 };
const EAST = { x: 1, y: 0 };

async function booted(options: MachineOptions, image = builtInBootImage()) {
  const machine = new VirtualMachine(options);
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot({ image, pauseMs: 0, force: true });
  return { machine, controller };
}

const core = (id: number): number => 1 << (6 + id);
const bytesOf = (...words: number[]): Uint8Array => new Uint8Array(new Uint32Array(words).buffer);

/** Sets and gets the user words of a core's block. */
function userWords(controller: MachineController, chip: ChipAddress, id: number) {
  const { address } = vcpuField(id, 'user0');
  return {
    set: (words: number[]) => controller.write(chip, address, bytesOf(...words)),
    get: async () => [
      ...new Uint32Array(Uint8Array.from(await controller.read(chip, address, 16)).buffer),
    ],
  };
}

/** Two relays that answer each other across a link; returns the machine after `rounds` packets. */
async function pingPong(
  rounds: number,
  pause: (machine: VirtualMachine) => Promise<void> = (machine) => machine.whenIdle(),
) {
  const { machine, controller } = await booted({ board: 'spin3' });
  const exact = 0xffffffff;
  await controller.loadRoutingTable(
    ORIGIN,
    [
      { key: 0x100, mask: exact, route: 1 },
      { key: 0x200, mask: exact, route: core(1) },
    ],
    APP,
  );
  await controller.loadRoutingTable(
    EAST,
    [
      { key: 0x100, mask: exact, route: core(2) },
      { key: 0x200, mask: exact, route: 1 << 3 },
    ],
    APP,
  );
  const targets = [
    { chip: ORIGIN, cores: [1] },
    { chip: EAST, cores: [2] },
  ];
  await userWords(controller, ORIGIN, 1).set([rounds, 0, 0, 0x100]);
  await userWords(controller, EAST, 2).set([0, 0, 0, 0x200]);
  await controller.loadApplication(RELAY, targets, APP, { wait: true });
  await pause(machine);
  const waiting = await controller.coreState({ ...ORIGIN, core: 1 });
  await controller.signal(Signal.Start, APP);
  await pause(machine);
  await controller.signal(Signal.User0, APP);
  await pause(machine);
  return { machine, controller, waiting };
}

t.test('a machine is silent until it is booted', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const scp = new Connection(machine.scpTransport(), { timeoutMs: 20, tries: 1 });
  await t.rejects(scp.send(ORIGIN, version()), ScpTimeoutError);
  t.equal(machine.isBooted, false);
  await scp.close();
});

t.test(
  'frames of the boot protocol start it, in any order of the blocks, twice each',
  async (t) => {
    const machine = new VirtualMachine({ board: 'spin3' });
    const wire = machine.bootTransport();
    const image = builtInBootImage('3.4.1');
    const block = (number: number) => ({
      operation: BootOperation.Block,
      arguments: [(255 << 8) | number, 0, 0] as const,
      data: image.subarray(number * 1024, (number + 1) * 1024),
    });
    const count = Math.ceil(image.length / 1024);
    const order = Array.from({ length: count }, (_, number) => count - 1 - number);
    const send = (frame: Parameters<typeof encodeBootFrame>[0]) =>
      wire.send(encodeBootFrame(frame));
    const none = new Uint8Array(0);
    send({ operation: BootOperation.Control, arguments: [1, 0, 0], data: none });
    send({ operation: BootOperation.Start, arguments: [0, 0, count - 1], data: none });
    for (const number of order.slice(1)) send(block(number));
    send({ operation: BootOperation.Control, arguments: [1, 0, 0], data: none });
    await new Promise(setImmediate);
    t.equal(machine.isBooted, false, 'a block is missing');
    for (const number of [...order, ...order]) send(block(number));
    send({ operation: BootOperation.Control, arguments: [1, 0, 0], data: none });
    await new Promise(setImmediate);
    t.equal(machine.isBooted, true);
    const scp = new Connection(machine.scpTransport());
    const answer = await scp.send({ x: 1, y: 1 }, version());
    t.match(answer, { chip: { x: 1, y: 1 }, name: 'SC&MP/SpiNNaker', version: '3.4.1' });
    await scp.close();
  },
);

t.test('every chip tells what it has; dead parts are missing', async (t) => {
  const { controller } = await booted({
    board: 'spin5',
    deadChips: [{ x: 2, y: 2 }],
    deadCores: [{ x: 1, y: 1, core: 3 }],
    deadLinks: [{ x: 0, y: 0, link: 0 }],
  });
  t.equal((await controller.chipInformation(EAST)).coreCount, 18);
  const oneLess = await controller.chipInformation({ x: 1, y: 1 });
  t.equal(oneLess.coreCount, 17);
  t.equal(oneLess.coreStates[17], CoreState.Dead);
  t.equal((await controller.chipInformation(ORIGIN)).links & 1, 0);
  const root = await controller.chipInformation(ORIGIN);
  t.match(root, { ethernetUp: true, freeRoutingEntries: 1023, freeSdram: 0x71c0000 - 32 });
  await t.rejects(controller.read({ x: 2, y: 2 }, 0x60000000, 4), { code: ReturnCode.Route });
  await controller.close();
});

t.test('memory holds what was written, at any address and length', async (t) => {
  const { controller } = await booted({ board: 'spin3' });
  const chip = { x: 1, y: 1 };
  const property = fc.asyncProperty(
    fc.integer({ min: 0x60640000, max: 0x60660000 }),
    fc.uint8Array({ minLength: 1, maxLength: 2000 }),
    async (address, bytes) => {
      await controller.write(chip, address, bytes);
      const read = await controller.read(chip, address, bytes.length);
      return Buffer.compare(read, bytes) === 0;
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 50 }));
  await controller.fill(chip, 0x62000000, 100_000, 0x5a);
  const filled = await controller.read(chip, 0x62000000 + 99_996, 8);
  t.same([...filled], [0x5a, 0x5a, 0x5a, 0x5a, 0, 0, 0, 0]);
  t.same([...(await controller.read(chip, 0x6a000000, 4))], [0x5a, 0x5a, 0x5a, 0x5a]);
  await controller.close();
});

t.test('a refused request says why', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' }, builtInBootImage('3.4.1'));
  const scp = new Connection(machine.scpTransport());
  const code = (expected: number) => ({ name: 'ScpError', code: expected });
  const command = { ...information(), repeatable: false };
  await t.rejects(scp.send(ORIGIN, { ...command, code: 99 }), code(ReturnCode.Command));
  await t.rejects(scp.send({ ...ORIGIN, core: 18 }, command), code(ReturnCode.Core));
  await t.rejects(scp.send({ x: 9, y: 9 }, command), code(ReturnCode.Route));
  const tooLong = { ...readWord(0x60000000), arguments: [0x60000000, 257, 2] as const };
  await t.rejects(scp.send(ORIGIN, tooLong), code(ReturnCode.Argument));
  await scp.close();
  await controller.close();
});

t.test(
  'SDRAM is allocated, found by its tag and freed; blocks of an application together',
  async (t) => {
    const { controller } = await booted({ board: 'spin3' });
    const before = await controller.sdramSpace(ORIGIN);
    const first = await controller.allocateSdram(ORIGIN, 1000, { appId: APP, tag: 7 });
    const second = await controller.allocateSdram(ORIGIN, 5000, { appId: APP });
    const other = await controller.allocateSdram(ORIGIN, 16, { appId: 21 });
    t.equal(second, first + 1008);
    t.equal(other, second + 5008);
    await controller.freeSdram(ORIGIN, first);
    t.equal(await controller.allocateSdram(ORIGIN, 992, { appId: APP }), first, 'first fit');
    t.equal(await controller.freeSdramOfApp(ORIGIN, APP), 2);
    t.equal(await controller.freeSdramOfApp(ORIGIN, 21), 1);
    const { free, largest } = await controller.sdramSpace(ORIGIN);
    t.equal(largest, before.largest);
    t.equal(free, before.free + 8, 'what is left over of a block that is not split counts twice');
    await controller.close();
  },
);

t.test('heaps survive any order of allocating and freeing', async (t) => {
  const { controller } = await booted({ board: 'spin3' });
  const before = await controller.sdramSpace(EAST);
  const steps = fc.array(fc.record({ size: fc.integer({ min: 1, max: 500 }), free: fc.nat(9) }), {
    maxLength: 20,
  });
  const property = fc.asyncProperty(steps, async (script) => {
    const held: { address: number; size: number }[] = [];
    for (const { size, free } of script) {
      const victim = held[free];
      if (victim === undefined) {
        held.push({ address: await controller.allocateSdram(EAST, size, { appId: APP }), size });
      } else {
        await controller.freeSdram(EAST, victim.address);
        held.splice(free, 1);
      }
    }
    const sorted = [...held].sort((a, b) => a.address - b.address);
    const apart = sorted.every(({ address }, index) => {
      const previous = sorted[index - 1];
      return previous === undefined || address >= previous.address + previous.size + 8;
    });
    await controller.freeSdramOfApp(EAST, APP);
    // The free bytes also count what was left over of blocks; the largest is the whole heap again.
    const { largest } = await controller.sdramSpace(EAST);
    return apart && largest === before.largest;
  });
  await t.resolves(fc.assert(property, { numRuns: 20 }));
  await controller.close();
});

t.test(
  'an ARM program is loaded, waits, starts, exchanges packets, prints and is stopped',
  async (t) => {
    const { machine, controller, waiting } = await pingPong(100);
    t.equal(waiting, CoreState.Wait);
    t.equal(await controller.coreState({ ...ORIGIN, core: 1 }), CoreState.Run);
    t.equal(await controller.iobuf({ ...EAST, core: 2 }), 'relay\n');
    t.same(await userWords(controller, EAST, 2).get(), [0, 2550, 51, 0x200], '100 + 98 + ... + 0');
    t.same(await userWords(controller, ORIGIN, 1).get(), [100, 2500, 51, 0x100]);
    const statistics = machine.statistics();
    t.match(statistics, { cores: 2, packetsDropped: 0, packetsUnrouted: 0, packetsUnclaimed: 0 });
    t.equal(statistics.packetsDelivered, statistics.packetsSent);
    t.same(
      statistics.links.map(({ x, y, link }) => ({ x, y, link })),
      [
        { x: 0, y: 0, link: 0 },
        { x: 1, y: 0, link: 3 },
      ],
    );
    t.match(await controller.routerDiagnostics(EAST), {
      externalMulticast: 51 + 2,
      localMulticast: 51,
    });
    await controller.signal(Signal.Exit, APP);
    await machine.whenIdle();
    t.equal(await controller.countCores(APP, CoreState.Exit), 2);
    await controller.signal(Signal.Stop, APP);
    await machine.whenIdle();
    t.equal(await controller.coreState({ ...EAST, core: 2 }), CoreState.Idle);
    t.same(await controller.readRoutingTable(EAST), []);
    t.equal((await controller.chipInformation(EAST)).freeRoutingEntries, 1023);
    await controller.close();
  },
);

t.test(
  'the same run gives the same statistics, beside another machine in the process',
  async (t) => {
    const [one, two] = await Promise.all([pingPong(60), pingPong(60)]);
    t.same({ ...one.machine.statistics() }, { ...two.machine.statistics() });
    await one.controller.signal(Signal.Stop, APP);
    t.equal(await two.controller.coreState({ ...ORIGIN, core: 1 }), CoreState.Run);
    t.ok(one.machine.time > 60 * 1000, 'a hop and the way to the core take a microsecond');
    await Promise.all([one.controller.close(), two.controller.close()]);
  },
);

t.test('when a host asks changes nothing', async (t) => {
  const impatient = async (seed: number) => {
    const turns = fc.sample(fc.nat(6), { numRuns: 50, seed });
    const { machine, controller } = await pingPong(8_000, async () => {
      for (let turn = turns.pop() ?? 0; turn > 0; turn--) await new Promise(setImmediate);
    });
    for (let look = 0; look < 2; look++) {
      await controller.chipInformation(EAST);
      await controller.read(ORIGIN, 0xe5000000, 2000);
    }
    await controller.signal(Signal.User0, APP);
    await machine.whenIdle();
    const words = await userWords(controller, EAST, 2).get();
    await controller.close();
    return { words, ...machine.statistics() };
  };
  const first = await impatient(1);
  t.ok(first.packetsDelivered > 16_000);
  for (const seed of [2, 3, 4]) t.same(await impatient(seed), first);
});

for (const pace of ['fast', 'paced'] as const) {
  t.test(`a host sees what its last signal did, ${pace} and busy`, async (t) => {
    const { machine, controller } = await booted({ board: 'spin5' });
    machine.setPace(pace);
    const busy: CoreProgram = {
      start: (context) => {
        context.wakeAt(context.time + 1000);
        return 1000;
      },
      timer: (context) => {
        context.wakeAt(context.time + 1000);
        return 1000;
      },
    };
    for (const { x, y } of machine.machine.chips) machine.runProgram({ x, y, core: 5 }, busy, APP);
    t.equal(await controller.countCores(APP, CoreState.Run), 48);
    await controller.signal(Signal.Stop, APP);
    t.equal(await controller.countCores(APP, CoreState.Run), 0);
    await controller.close();
    await machine.close();
  });
}

t.test('a slow monitor of a paced machine is no later for having had nothing to do', async (t) => {
  const faults = { monitors: [{ serviceMicroseconds: 50 }] };
  const { machine, controller } = await booted({ board: 'spin3', faults });
  const clock = new VirtualMachine({ board: 'spin3', pace: 'paced' });
  machine.setPace('paced');
  const start = machine.time;
  await clock.advance(300e6);
  await controller.chipInformation(ORIGIN);
  t.ok(machine.time - start > 250e6, 'the machine keeps the time of the wall clock');
  await Promise.all([controller.close(), machine.close(), clock.close()]);
});

t.test('a machine at a tenth of the pace of the wall clock takes ten times as long', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3', pace: 0.1 });
  const start = performance.now();
  await machine.advance(10e6);
  t.ok(performance.now() - start > 99, 'at least 100 ms for 10 simulated');
  for (const pace of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => machine.setPace(pace), { name: 'RangeError', message: /"pace"/ });
  }
  await machine.close();
});

t.test('requests to a machine that never sleeps wait only once', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  const restless: CoreProgram = {
    start: (context) => {
      context.wakeAt(context.time + 1000);
      return 1000;
    },
    timer: (context) => {
      context.wakeAt(context.time + 1000);
      return 1000;
    },
  };
  machine.runProgram({ ...ORIGIN, core: 1 }, restless, APP);
  await controller.write(EAST, 0x61000000, bytesOf(1));
  const waited = machine.time;
  t.ok(waited >= 20e6, 'the first');
  for (let word = 0; word < 20; word++) await controller.write(EAST, 0x61000000, bytesOf(word));
  t.ok(machine.time - waited < 200e6, 'not the twenty after it');
  await controller.signal(Signal.Stop, APP);
  await machine.whenIdle();
  t.ok(machine.isIdle);
  await controller.close();
});

t.test('each of many requests that wait is answered', async (t) => {
  const { machine, controller } = await pingPong(8_000, async () => undefined);
  const transport = machine.scpTransport();
  let answers = 0;
  transport.onDatagram(() => answers++);
  t.notOk(machine.isIdle);
  const writeWord = [0, 0, 0, 0x61, 4, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4];
  for (let request = 0; request < 32; request++) {
    transport.send(requestOf(Write.code, Uint8Array.from(writeWord)));
  }
  await machine.whenIdle();
  await new Promise(setImmediate);
  t.equal(answers, 32);
  await transport.close();
  await controller.close();
});

t.test('a flood fill reaches every chip and starts what core-select names', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  const all = machine.machine.chips.map(({ x, y }) => ({ chip: { x, y }, cores: [3, 4] }));
  await controller.loadApplication(RELAY, all, APP, { by: 'flood' });
  await machine.whenIdle();
  t.equal(await controller.countCores(APP, CoreState.Run), 8);
  const scp = new Connection(machine.scpTransport());
  const packet = (key: number, payload: number) => {
    const assignId = key >>> 24 === 6;
    const request = { key, payload, assignId, forward: 0x3f, retry: 0x18 };
    const { arguments: words, data } = NearestNeighbourPacket.encodeRequest(request);
    return { ...version(), ...NearestNeighbourPacket, arguments: words, data, repeatable: false };
  };
  const nothing = { parse: () => undefined };
  await scp.send(ORIGIN, { ...packet((6 << 24) | (9 << 17), 0), ...nothing });
  await scp.send(ORIGIN, { ...packet((7 << 24) | (1 << 5), 0), ...nothing });
  await scp.send(ORIGIN, { ...packet((15 << 24) | (9 << 1), 21 << 24), ...nothing });
  await machine.whenIdle();
  t.equal(await controller.countCores(21, CoreState.Run), 4);
  await scp.close();
  await controller.close();
});

t.test(
  'a monitor of version 3 counts cores by a point-to-point signal, later ones do not',
  async (t) => {
    const counting = (state: number, appId: number) => ({
      ...{ name: 'CMD_SIG', code: 22, repeatable: true, data: new Uint8Array(0) },
      arguments: [1, (6 << 20) | (state << 16) | 0xff00 | appId, 0xffff] as const,
      parse: (payload: Uint8Array) => [...payload],
    });
    const counts = async (release: string, state: number, appId: number) => {
      const { machine, controller } = await booted({ board: 'spin3' }, builtInBootImage(release));
      await controller.loadApplication(RELAY, [{ chip: EAST, cores: [3, 4] }], APP, { wait: true });
      await machine.whenIdle();
      const scp = new Connection(machine.scpTransport());
      return scp.send(ORIGIN, counting(state, appId)).finally(async () => {
        await scp.close();
        await controller.close();
      });
    };
    t.same(await counts('3.1.0', CoreState.Wait, APP), [2, 0, 0, 0]);
    t.same(await counts('3.1.0', CoreState.Idle, 0), [66, 0, 0, 0]);
    t.same(await counts('3.1.0', CoreState.Wait, APP + 1), [0, 0, 0, 0]);
    t.same(await counts('4.0.0', CoreState.Wait, APP), [], 'SC&MP 4.0 says RC_OK all the same');
  },
);

t.test('a flood fill starts only the chips of its regions under version 3', async (t) => {
  const runningUnder = async (release: string) => {
    const { machine, controller } = await booted({ board: 'spin5' }, builtInBootImage(release));
    const scp = new Connection(machine.scpTransport());
    const send = (key: number, payload: number) => {
      const assignId = key >>> 24 === 6;
      const request = { key, payload, assignId, forward: 0x3f, retry: 0x18 };
      const { arguments: words, data } = NearestNeighbourPacket.encodeRequest(request);
      const packet = { ...NearestNeighbourPacket, arguments: words, data, repeatable: false };
      return scp.send(ORIGIN, { ...packet, parse: () => undefined });
    };
    const all = machine.machine.chips.map(({ x, y }) => ({ chip: { x, y }, cores: [1] }));
    await controller.loadApplication(RELAY, all, APP, { by: 'flood' });
    await send((6 << 24) | (9 << 17), 0);
    await send((7 << 24) | (1 << 5), 0x00030002);
    await send((7 << 24) | (3 << 6), 0x04070008);
    await send((15 << 24) | (9 << 1), 21 << 24);
    await machine.whenIdle();
    const count = await controller.countCores(21, CoreState.Run);
    await scp.close();
    await controller.close();
    return count;
  };
  t.equal(await runningUnder('3.1.0'), 3, 'core 5 of (1, 0), cores 6 and 7 of (7, 4)');
  t.equal(await runningUnder('4.0.0'), 48 * 3);
});

t.test('a message leaves through an IPTag, stripped or not', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  await controller.setIpTag(ORIGIN, 3, { useSender: true, strip: true });
  t.match(await controller.getIpTag(ORIGIN, 3), { flags: 0x8500 });
  const transport: Transport = machine.scpTransport();
  const out: Uint8Array[] = [];
  transport.onDatagram((datagram) => out.push(datagram));
  const host = { ...ORIGIN, core: 31, port: 7 };
  const message = (tag: number, flags: number) =>
    encodeSdp({ flags, tag, destination: host, source: host, data: Uint8Array.of(1, 2, 3) });
  transport.send(message(5, 0x07));
  transport.send(message(255, 0x87));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.equal(out.length, 1, 'tag 5 is not set; 255 asks for one of its own');
  t.same([...(out[0] as Uint8Array).subarray(10)], [1, 2, 3]);
  await transport.close();
  await controller.close();
});

t.test('LEDs hang on the pins that the boot image says', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  const pins = async () =>
    new DataView((await controller.read(ORIGIN, 0xf2000048, 4)).slice().buffer).getUint32(0, true);
  await controller.setLed(ORIGIN, 0, LedAction.Off);
  t.equal((await pins()) & 1, 1);
  await controller.setLed(ORIGIN, 0, LedAction.On);
  t.equal((await pins()) & 1, 0);
  t.equal(machine.isIdle, true);
  await controller.close();
});

t.test('an ethernet is only where there is one, and each leads into the machine', async (t) => {
  const options = { triads: { width: 1, height: 1 }, wrap: false };
  const { machine, controller } = await booted(options);
  t.equal(machine.ethernetChips.length, 3);
  t.throws(() => machine.scpTransport({ x: 1, y: 1 }), NoEthernetError);
  for (const chip of machine.ethernetChips) {
    const connection = new Connection(machine.scpTransport(chip));
    const neighbour = { x: chip.x + 1, y: chip.y };
    t.match((await connection.send(neighbour, version())).chip, neighbour);
    await connection.close();
  }
  await controller.close();
});

t.test('thousands of chips boot in little memory', async (t) => {
  const { machine, controller } = await booted({ triads: { width: 4, height: 4 }, wrap: true });
  t.equal(machine.machine.chips.length, 2304);
  const far = { x: 47, y: 47 };
  await controller.write(far, 0x67000000, bytesOf(1, 2, 3));
  t.same([...(await controller.read(far, 0x67000000, 4))], [1, 0, 0, 0]);
  await t.rejects(controller.read({ x: 48, y: 0 }, 0x60000000, 4), ScpError);
  t.ok(process.memoryUsage().rss < 1.5e9, 'less than 1.5 GB');
  await controller.close();
});

/** Sends `count` packets with payloads 0, 1, ... every `gap` ns. */
function sender(key: number, count: number, gap: number): CoreProgram {
  let sent = 0;
  return {
    start: (context) => {
      context.wakeAt(context.time + gap);
      return 0;
    },
    timer: (context) => {
      context.send({ control: 0x02, key, payload: sent });
      sent += 1;
      if (sent < count) context.wakeAt(context.time + gap);
      return 0;
    },
  };
}

/** Notes what it receives; each packet keeps it busy for `cost` ns. */
function receiver(cost: number) {
  const taken: { payload: number; at: number }[] = [];
  const program: CoreProgram = {
    packet: ({ payload }, _route, { time }) => {
      taken.push({ payload: payload ?? -1, at: time });
      return cost;
    },
  };
  return { taken, program };
}

t.test('a packet takes half a microsecond on a chip and as much more for every hop', async (t) => {
  const { machine, controller } = await booted({ board: 'spin5' });
  const everywhere = { key: 5, mask: 0xffffffff };
  await controller.loadRoutingTable(ORIGIN, [{ ...everywhere, route: core(2) | 1 }], APP);
  await controller.loadRoutingTable({ x: 3, y: 0 }, [{ ...everywhere, route: core(2) }], APP);
  const near = receiver(0);
  const far = receiver(0);
  machine.runProgram({ ...ORIGIN, core: 2 }, near.program, APP);
  machine.runProgram({ x: 3, y: 0, core: 2 }, far.program, APP);
  const start = machine.time;
  machine.runProgram({ ...ORIGIN, core: 1 }, sender(5, 1, 1000), APP);
  await machine.whenIdle();
  t.same(near.taken, [{ payload: 0, at: start + 1500 }]);
  t.same(far.taken, [{ payload: 0, at: start + 3000 }], 'default routed twice on the way');
  await controller.close();
});

t.test(
  'a receiver keeps its pace, and only what blocks for longer than the time-out is dropped',
  async (t) => {
    const run = async (gap: number, cost: number) => {
      const { machine, controller } = await booted({ board: 'spin3' });
      await controller.loadRoutingTable(
        ORIGIN,
        [{ key: 5, mask: 0xffffffff, route: core(2) }],
        APP,
      );
      const slow = receiver(cost);
      machine.runProgram({ ...ORIGIN, core: 2 }, slow.program, APP);
      machine.runProgram({ ...ORIGIN, core: 1 }, sender(5, 40, gap), APP);
      await machine.whenIdle();
      await controller.close();
      return {
        payloads: slow.taken.map(({ payload }) => payload),
        statistics: machine.statistics(),
      };
    };
    const all = Array.from({ length: 40 }, (_, payload) => payload);
    t.same((await run(300, 300)).payloads, all, 'at the same pace');
    t.same((await run(100, 1500)).payloads, all, 'held back, but within the time-out');
    const lossy = await run(100, 4000);
    t.equal(lossy.payloads.length + lossy.statistics.packetsDropped, 40);
    t.ok(lossy.statistics.packetsDropped > 0);
    t.match(lossy.statistics.droppedPackets, [{ x: 0, y: 0, link: undefined }]);
  },
);

t.test('a core sends messages to hosts through the mailbox and takes them there', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  await controller.loadApplication(RELAY, [{ chip: ORIGIN, cores: [1] }], APP);
  await controller.setIpTag(ORIGIN, 1, { useSender: true });
  const transport = machine.scpTransport();
  const out: Uint8Array[] = [];
  transport.onDatagram((datagram) => out.push(datagram));
  const write = (address: number, bytes: Uint8Array) => controller.write(ORIGIN, address, bytes);
  const word = async (address: number) =>
    new DataView((await controller.read(ORIGIN, address, 4)).slice().buffer).getUint32(0, true);

  const host = { ...ORIGIN, core: 31, port: 7 };
  const self = { ...ORIGIN, core: 1, port: 1 };
  const request = {
    flags: 0x87,
    tag: 255,
    destination: self,
    source: host,
    data: RELAY.subarray(0, 20),
  };
  transport.send(encodeSdp(request));
  await machine.whenIdle();
  const buffer = await word(vcpuField(1, 'mailboxCoreMessage').address);
  t.equal((await word(vcpuField(1, 'mailboxCoreCommand').address)) & 0xff, 1, 'a message');
  t.equal((await word(buffer + 4)) & 0xffff, 28, 'of 8 + 20 bytes');
  transport.send(encodeSdp(request));
  await new Promise(setImmediate);
  await machine.whenIdle();
  await new Promise(setImmediate);
  t.equal(out[0]?.[10], ReturnCode.Timeout, 'relay.S never empties its mailbox');

  const message = encodeSdp({ ...request, flags: 7, tag: 1, destination: host, source: self });
  const tagSetter = out.length;
  await write(buffer + 4, Uint8Array.of(message.length - 2, 0));
  await write(buffer + 8, message.subarray(2));
  await write(vcpuField(1, 'mailboxMonitorMessage').address, bytesOf(buffer));
  await write(vcpuField(1, 'mailboxMonitorCommand').address, Uint8Array.of(1));
  await write(systemVariables.mailboxFlags.address, bytesOf(1 << 1));
  await write(0xf2000008, bytesOf(0x5ec00001));
  await machine.whenIdle();
  t.equal((await word(vcpuField(1, 'mailboxMonitorCommand').address)) & 0xff, 0, 'taken');
  t.equal((await controller.getIpTag(ORIGIN, 1)).count, 1, 'left by the tag');
  t.equal(out.length, tagSetter, 'to the host that set the tag, not to this one');
  await transport.close();
  await controller.close();
});

t.test('signals have a routing entry that reaches every monitor once', async (t) => {
  const { machine } = await booted({ board: 'spin5', deadLinks: [{ x: 0, y: 0, link: 1 }] });
  const controller = new MachineController({ scp: machine.scpTransport() });
  const branches = await Promise.all(
    machine.machine.chips.map(async ({ x, y }) => {
      const bytes = await controller.read({ x, y }, 0xf1004000, 4);
      return (bytes[0] as number) & 0x3f;
    }),
  );
  const links = branches.reduce(
    (sum, mask) => sum + mask.toString(2).replaceAll('0', '').length,
    0,
  );
  t.equal(links, 47, 'a tree');
  await controller.close();
});

/** Commands that change what other requests find: writes, starts, signals and the like. */
const CHANGING = new Set([3, 5, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);

/** A request with a plausible header and arguments and data as they come. */
function requestOf(code: number, rest: Uint8Array): Uint8Array {
  const header = [0, 0, 0x87, 0xff, 0, 0xff, 0, 0, 0, 0];
  return Uint8Array.of(...header, code, 0, 0, 0, ...rest);
}

t.test('random datagrams neither crash the machine nor disturb a transfer', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  const { receiver } = machine.ethernet();
  const from = { ip: '10.9.8.7', port: 6 };
  const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 31) >>> 3);
  const transfer = controller.write({ x: 1, y: 1 }, 0x61000000, bytes);
  const random = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: 2000, seed: 1 });
  for (let round = 0; round < 25; round++) {
    for (const [index, datagram] of random.entries()) {
      const mixed = datagram.map((octet) => octet ^ (round * 7));
      receiver.receiveMessage(mixed, from);
      receiver.receiveBoot(mixed);
      receiver.receiveRaw(mixed, index, from);
      if (!CHANGING.has(index & 0x3f)) {
        receiver.receiveMessage(requestOf(index & 0x3f, mixed), from);
      }
    }
    await new Promise(setImmediate);
  }
  await transfer;
  const read = await controller.read({ x: 1, y: 1 }, 0x61000000, bytes.length);
  t.equal(Buffer.compare(read, bytes), 0);
  await controller.close();
});

t.test('requests that ruin the memory of a machine do not crash it', async (t) => {
  const { machine, controller } = await booted({ board: 'spin3' });
  const { receiver } = machine.ethernet();
  const from = { ip: '10.9.8.7', port: 6 };
  const structures = [0xf5007f00, 0xe5007000, 0x60640000, 0x67840000, 0x67880020, 0xe5001100];
  const random = fc.sample(fc.uint8Array({ minLength: 12, maxLength: 60 }), {
    numRuns: 3000,
    seed: 2,
  });
  for (const [index, rest] of random.entries()) {
    const aimed = Uint8Array.from(rest);
    const code = [...CHANGING][index % CHANGING.size] as number;
    const target = ((structures[index % structures.length] as number) + (aimed[0] as number)) >>> 0;
    new DataView(aimed.buffer).setUint32(0, target, true);
    new DataView(aimed.buffer).setUint32(4, 1 + (index % 40), true);
    receiver.receiveMessage(requestOf(code, index % 3 === 0 ? aimed : rest), from);
    if (index % 100 === 0) await new Promise(setImmediate);
  }
  const answer = await controller.version({ x: 1, y: 1 });
  t.equal(answer.name, 'SC&MP/SpiNNaker');
  await machine.close();
  await controller.close();
});
