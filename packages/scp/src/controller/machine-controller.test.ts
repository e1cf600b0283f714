import fc from 'fast-check';
import t from 'tap';
import { FakeMachine } from '../../test-support/fake-machine.js';
import { ManualClock } from '../../test-support/manual-clock.js';
import { encodeAplx } from '../boot/aplx.js';
import { BootOperation, decodeBootFrame } from '../boot/frames.js';
import { builtInBootImage, describeBootImage } from '../boot/image.js';
import { FloodFillData, NearestNeighbourPacket, Signal } from '../commands/application.js';
import { LedAction } from '../commands/board.js';
import { Information, Version } from '../commands/information.js';
import { Read } from '../commands/memory.js';
import type { Clock } from '../connection/clock.js';
import { MalformedMessageError, ScpTimeoutError } from '../errors.js';
import { iobufHeaderLayout } from '../memory/records.js';
import { CoreState, vcpuField } from '../memory/vcpu.js';
import { decodeScpRequest, replyDatagram } from '../messages/scp.js';
import { decodeSdp, replyHeader } from '../messages/sdp.js';
import { transportPair } from '../transport/pair.js';
import type { Transport } from '../transport/transport.js';
import { AllocationError, CorruptMemoryError } from './errors.js';
import { MachineController } from './machine-controller.js';
import { chunks } from './memory.js';

const ORIGIN = { x: 0, y: 0 };
const RAM = 0x60700000;
const PROGRAM = encodeAplx([
  { operation: 'place', destination: 0, data: Uint8Array.from({ length: 1500 }, (_, at) => at) },
  { operation: 'execute', address: 0 },
]);

const ANY_VERSION = {
  physicalCore: 1,
  virtualCore: 0,
  dataBytes: 256,
  buildTime: 0,
  name: 'SC&MP/SpiNNaker',
  version: '4.0.0',
};
const ANY_CHIP = {
  coreCount: 18,
  links: 0x3f,
  freeRoutingEntries: 1023,
  ethernetUp: true,
  freeSdram: 0,
  freeSystemRam: 0,
  coreStates: [],
  parentLink: 7,
};

/** Lets time pass until a promise is settled, far slower than messages travel. */
async function drive<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let turn = 1; !settled; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn % 10 === 0) clock.advance(100);
  }
  return promise;
}

/** A machine that is up or not, and that needs some time of its clock to come up. */
interface Controlled {
  readonly booted?: boolean;
  readonly clock?: Clock;
  readonly networkMs?: number;
}

function controlled(options: Controlled = {}) {
  const [near, far] = transportPair();
  const [bootNear, bootFar] = transportPair();
  const machine = new FakeMachine(far);
  machine.booted = options.booted ?? true;
  const frames: Uint8Array[] = [];
  bootFar.onDatagram((datagram) => {
    frames.push(datagram);
    if (decodeBootFrame(datagram).operation !== BootOperation.Control) return;
    const comeUp = () => {
      machine.booted = true;
    };
    if (options.networkMs === undefined) comeUp();
    else options.clock?.after(options.networkMs, comeUp);
  });
  const controller = new MachineController({
    scp: near,
    boot: bootNear,
    timeoutMs: 200,
    ...(options.clock ? { clock: options.clock } : {}),
  });
  t.teardown(() => controller.close());
  return { machine, controller, frames };
}

t.test(
  'reads and writes of any length and alignment touch exactly the bytes asked for',
  async (t) => {
    const { machine, controller } = controlled();
    const { memory } = machine.chip(1, 0);
    const property = fc.asyncProperty(
      fc.nat(9),
      fc.uint8Array({ maxLength: 1100 }),
      async (offset, bytes) => {
        const frame = new Uint8Array(bytes.length + 24).fill(0xaa);
        memory.write(RAM, frame);
        await controller.write({ x: 1, y: 0 }, RAM + 10 + offset - 2, bytes);
        frame.set(bytes, 10 + offset - 2);
        const whole = memory.read(RAM, frame.length);
        const back = await controller.read({ x: 1, y: 0 }, RAM + 8 + offset, bytes.length);
        return Buffer.compare(whole, frame) === 0 && Buffer.compare(back, bytes) === 0;
      },
    );
    await t.resolves(fc.assert(property, { numRuns: 60 }));
  },
);

t.test('a long range is cut so that all messages but the first start at a word', async (t) => {
  fc.assert(
    fc.property(fc.nat(8), fc.nat(5000), (address, length) => {
      const pieces = [...chunks(address, length)];
      const total = pieces.reduce((sum, { size }) => sum + size, 0);
      return (
        total === length &&
        pieces.every(({ size }) => size > 0 && size <= 256) &&
        pieces.slice(1).every(({ offset }) => (address + offset) % 4 === 0) &&
        pieces.length <= Math.ceil((length + 3) / 256)
      );
    }),
  );
  t.same(
    [...chunks(1, 600)],
    [
      { offset: 0, size: 255 },
      { offset: 255, size: 256 },
      { offset: 511, size: 89 },
    ],
  );
});

t.test('a fill sets exactly the bytes asked for, ends and all', async (t) => {
  const property = fc.asyncProperty(fc.nat(5), fc.nat(40), async (offset, length) => {
    // A machine of its own: on a slow computer a repeated request of the run before may still be under way.
    const { machine, controller } = controlled();
    const { memory } = machine.chip(0, 0);
    memory.write(RAM, new Uint8Array(64));
    await controller.fill(ORIGIN, RAM + offset, length, 0xc3);
    const expected = new Uint8Array(64).fill(0xc3, offset, offset + length);
    return Buffer.compare(memory.read(RAM, 64), expected) === 0;
  });
  await t.resolves(fc.assert(property, { numRuns: 60 }));
});

t.test('a range outside the memory is refused before anything is sent', async (t) => {
  const { machine, controller } = controlled();
  await t.rejects(controller.read(ORIGIN, 0xfffffff0, 17), RangeError);
  await t.rejects(controller.read(ORIGIN, -4, 4), RangeError);
  await t.rejects(controller.fill(ORIGIN, RAM, 4, 256), RangeError);
  t.same(machine.carriedOut, []);
});

t.test('a machine in its boot ROM is sent the image and waited for', async (t) => {
  const { controller, frames } = controlled({ booted: false });
  const found = await controller.boot({ pauseMs: 0, hardwareVersion: 3 });
  t.equal(found.version, '4.0.0');
  const blocks = frames.map(decodeBootFrame).filter(({ operation }) => operation === 3);
  const image = Uint8Array.from(blocks.flatMap(({ data }) => [...data]));
  t.match(describeBootImage(image), {
    builtIn: true,
    version: '4.0.0',
    variables: { hardwareVersion: 3, rootChip: 1, unixTime: 0, coreClockMHz: 200 },
  });
});

t.test('a machine that is up is not booted again unless forced', async (t) => {
  const { controller, frames } = controlled();
  await controller.boot();
  t.equal(frames.length, 0);
  await controller.boot({ force: true, pauseMs: 0 });
  t.not(frames.length, 0);
});

t.test('a monitor whose network is not ready is waited for instead of booted again', async (t) => {
  const clock = new ManualClock();
  const { controller, frames } = controlled({ booted: false, clock, networkMs: 60_000 });
  const booting = controller.boot({ timeoutMs: 3000, force: true });
  t.equal((await drive(clock, booting)).version, '4.0.0');
  t.ok(clock.now() >= 60_000);
  const starts = frames.map(decodeBootFrame).filter(({ operation }) => operation === 1);
  t.equal(starts.length, 1, 'the image was sent once');
});

t.test('a machine that never comes up is an error that counts the attempts', async (t) => {
  const [near] = transportPair();
  const [boot] = transportPair();
  const clock = new ManualClock();
  const controller = new MachineController({ scp: near, boot, clock });
  const booting = controller.boot({ attempts: 2, timeoutMs: 3000 });
  await t.rejects(drive(clock, booting), { name: 'BootError', attempts: 2, waitedMs: 3000 });
  await t.rejects(controller.boot({ image: new Uint8Array(5000) }), MalformedMessageError);
  await controller.close();
});

t.test('SDRAM that is not there is an error with chip, size and application', async (t) => {
  const { controller } = controlled();
  t.equal(await controller.allocateSdram(ORIGIN, 1000, { appId: 30 }), 0x60640000);
  await t.rejects(controller.allocateSdram({ x: 1, y: 1 }, 0x7fffffff, { appId: 30, tag: 3 }), {
    name: 'AllocationError',
    chip: { x: 1, y: 1 },
    message:
      'chip (1, 1) has no room for 2147483647 bytes of SDRAM for application 30. Stop applications that are no longer needed, or use more chips',
  });
});

t.test('routing tables are read back as they were loaded, in order', async (t) => {
  const { controller } = controlled();
  const chip = { x: 1, y: 1 };
  const entry = fc.record({
    key: fc.nat(0xffffffff),
    mask: fc.nat(0xffffffff),
    route: fc.nat(0xffffff),
  });
  const tables = fc.sample(fc.array(entry, { maxLength: 100 }), { numRuns: 5, seed: 1 });
  for (const table of tables) await controller.loadRoutingTable(chip, table, 30);
  const found = await controller.readRoutingTable(chip);
  t.same(
    found.map(({ key, mask, route }) => ({ key, mask, route })),
    tables.flat(),
  );
  t.ok(found.every(({ appId, index }, at) => appId === 30 && index === at + 1));
  await t.rejects(
    controller.loadRoutingTable(chip, Array(1024).fill({ key: 0, mask: 0, route: 1 }), 30),
    AllocationError,
  );
  await controller.clearRoutingTable(chip);
  t.same(await controller.readRoutingTable(chip), []);
});

t.test('programs start on the cores of each chip, by writes or by flood', async (t) => {
  for (const by of ['write', 'flood'] as const) {
    const { machine, controller } = controlled();
    if (by === 'flood') machine.unreached.add(machine.chip(1, 1));
    const targets = [
      { chip: ORIGIN, cores: [1, 2, 3] },
      { chip: { x: 1, y: 1 }, cores: [17] },
      { chip: { x: 1, y: 0 }, cores: [] },
    ];
    await controller.loadApplication(PROGRAM, targets, 30, { by, wait: true });
    t.equal(await controller.countCores(30, CoreState.Wait), 4);
    t.same(machine.chip(0, 0).startedImage, PROGRAM.subarray(0, 256));
    t.same(machine.chip(1, 1).startedImage, PROGRAM.subarray(0, 256), 'missed blocks are written');
    t.equal(machine.chip(1, 0).startedImage, undefined);
    await controller.signal(Signal.Start, 30);
    await controller.waitForState(targets, CoreState.Run);
    await controller.signal(Signal.Stop, 30);
    t.equal(await controller.coreState({ x: 1, y: 1, core: 17 }), CoreState.Idle);
    t.same(machine.signals, [
      { signal: 3, appId: 30, route: 0 },
      { signal: 2, appId: 30, route: 2 },
    ]);
  }
});

t.test('a flood fill is the packets that monitors know', async (t) => {
  const { machine, controller } = controlled();
  await controller.loadApplication(PROGRAM, [{ chip: ORIGIN, cores: [1] }], 30, { by: 'flood' });
  t.same(
    machine.packets.map((packet) => packet.map((word) => word.toString(16))),
    [
      ['6020700', '0'], // FFS: op 6, id 1 in 23:17, 7 blocks in 15:8
      ['f000002', '1e000000'], // FFE: op 15, id 1 in 7:1; application 30, no cores
    ],
  );
});

/** Flood packets that a machine gets which does not hear one request, of a command and bits 27:24 of its key. */
async function floodWithout(command: number, operation: number): Promise<string[]> {
  const clock = new ManualClock();
  const { machine, controller } = controlled({ clock });
  let isLost = false;
  machine.isLost = (code, key) => {
    if (isLost || code !== command || ((key >>> 24) & 0xf) !== operation) return false;
    isLost = true;
    return true;
  };
  const loading = controller.loadApplication(PROGRAM, [{ chip: ORIGIN, cores: [1] }], 30, {
    by: 'flood',
  });
  await drive(clock, loading);
  t.ok(isLost);
  return machine.packets.map(([key]) => key.toString(16));
}

t.test('a block of a flood that was lost is sent again', async (t) => {
  const forwardByAllLinks = 0xf;
  t.same(await floodWithout(FloodFillData.code, forwardByAllLinks), ['6020700', 'f000002']);
});

t.test(
  'a flood of which start or end was lost is sent again, whole, under a new number',
  async (t) => {
    const { code } = NearestNeighbourPacket;
    t.same(await floodWithout(code, 6), ['6040700', 'f000004']);
    t.same(await floodWithout(code, 15), ['6020700', '6040700', 'f000004']);
  },
);

t.test('a program that is none, or cores that are none, are refused', async (t) => {
  const { machine, controller } = controlled();
  await t.rejects(
    controller.loadApplication(new Uint8Array(8), [{ chip: ORIGIN, cores: [1] }], 30),
    MalformedMessageError,
  );
  for (const core of [0, 18, 1.5]) {
    await t.rejects(controller.loadApplication(PROGRAM, [{ chip: ORIGIN, cores: [core] }], 30), {
      name: 'RangeError',
      message: `"loadApplication" takes cores 1 to 17, not ${core}`,
    });
  }
  t.same(machine.carriedOut, []);
});

t.test('no core is waited for that there is not, however its chip is given', async (t) => {
  const { machine, controller } = controlled();
  await t.rejects(controller.waitForState([{ chip: ORIGIN, cores: [18] }], CoreState.Run), {
    name: 'RangeError',
    message: '"waitForState" takes cores 0 to 17, not 18',
  });
  const chip = { x: 1, y: 1, core: 3 };
  await t.rejects(controller.waitForState([{ chip, cores: [3] }], CoreState.Run), {
    name: 'NotAChipError',
    at: chip,
  });
  t.same(machine.carriedOut, []);
});

t.test('cores to load may come from a generator', async (t) => {
  const { controller } = controlled();
  const cores = new Set([1, 2]).values();
  await controller.loadApplication(PROGRAM, [{ chip: ORIGIN, cores }], 30);
  for (const core of [1, 2]) {
    t.equal(await controller.coreState({ ...ORIGIN, core }), CoreState.Run);
  }
});

t.test('cores that end in an error are named at once, laggards when time is up', async (t) => {
  const { machine, controller } = controlled();
  machine.chip(1, 1).startState = CoreState.RunTimeError;
  const targets = [
    { chip: ORIGIN, cores: [1] },
    { chip: { x: 1, y: 1 }, cores: [2] },
  ];
  await t.rejects(controller.loadApplication(PROGRAM, targets, 30), {
    name: 'CoreStateError',
    laggards: [{ x: 1, y: 1, core: 2, state: CoreState.RunTimeError }],
  });
  const waiting = controller.waitForState([targets[0]!], [CoreState.Exit, CoreState.Pause], {
    timeoutMs: 5,
  });
  await t.rejects(
    waiting,
    /1 cores are not in Exit or Pause after .*: chip \(0, 0\) core 1 in Run/,
  );
});

t.test('IOBUF text is gathered along its chain', async (t) => {
  const { machine, controller } = controlled();
  const { memory } = machine.chip(0, 0);
  const block = (at: number, next: number, text: string) => {
    const bytes = Buffer.from(text);
    memory.write(at, iobufHeaderLayout.encode({ next, length: bytes.length }));
    memory.write(at + 16, bytes);
  };
  const long = 'x'.repeat(1000);
  block(0x67900000, 0x67a00000, `hello${long}`);
  block(0x67a00000, 0, ' world\n');
  memory.writeWord(vcpuField(3, 'iobuf').address, 0x67900000);
  t.equal(await controller.iobuf({ ...ORIGIN, core: 3 }), `hello${long} world\n`);
  t.equal(await controller.iobuf({ ...ORIGIN, core: 4 }), '');
  block(0x67a00000, 0x67900000, '');
  await t.rejects(controller.iobuf({ ...ORIGIN, core: 3 }), CorruptMemoryError);
  memory.write(0x67900000, iobufHeaderLayout.encode({ length: 1e9 }));
  await t.rejects(controller.iobuf({ ...ORIGIN, core: 3 }), CorruptMemoryError);
});

t.test('tags, LEDs and counters reach the chip', async (t) => {
  const { machine, controller } = controlled();
  await controller.setIpTag(ORIGIN, 3, { ip: '10.0.0.7', udpPort: 17895, strip: true });
  t.match(await controller.getIpTag(ORIGIN, 3), { flags: 0x8000, transmitPort: 17895 });
  await controller.clearIpTag(ORIGIN, 3);
  t.equal((await controller.getIpTag(ORIGIN, 3)).flags, 0);
  await controller.setLed(ORIGIN, 2, LedAction.Off);
  t.same(machine.chip(0, 0).leds[0]?.slice(0, 4), [0, 0, 2, 0]);
  machine.chip(0, 1).memory.writeWord(0xe1000300 + 4 * 8, 5);
  t.equal((await controller.routerDiagnostics({ x: 0, y: 1 })).droppedMulticast, 5);
  await controller.clearRouterDiagnostics({ x: 0, y: 1 });
  t.same(machine.chip(0, 1).memory.read(0xf100002c, 4), new Uint8Array(4).fill(0xff));
  t.throws(() => controller.setLed(ORIGIN, 16), RangeError);
});

t.test('each chip is reached through the ethernet of its own board', async (t) => {
  const [root] = transportPair();
  const [other] = transportPair();
  const sentTo: string[] = [];
  root.send = () => sentTo.push('root');
  other.send = () => sentTo.push('other');
  const controller = new MachineController({
    scp: root,
    boards: [{ chip: { x: 4, y: 8 }, scp: other }],
    timeoutMs: 1,
    tries: 1,
  });
  for (const chip of [
    ORIGIN,
    { x: 4, y: 8 },
    { x: 11, y: 11 },
    { x: 3, y: 8 },
    { x: 255, y: 255 },
  ]) {
    await t.rejects(controller.version(chip), ScpTimeoutError);
  }
  t.same(sentTo, ['root', 'other', 'other', 'root', 'root']);
  await controller.close();
});

t.test('all boards of a machine are connected by the addresses that they report', async (t) => {
  const monitor = (datagram: Uint8Array): Uint8Array => {
    const message = decodeSdp(datagram);
    const { command, sequence } = decodeScpRequest(message.data);
    const { x, y } = message.destination;
    const chip = x === 255 ? ORIGIN : { x, y };
    const ip = `127.0.${chip.x}.${chip.y + 1}`;
    const payloads = new Map([
      [Read.code, Uint8Array.of(12, 12)],
      [Version.code, Version.encodeReply({ ...ANY_VERSION, chip })],
      [Information.code, Information.encodeReply({ ...ANY_CHIP, ethernetChip: chip, ip })],
    ]);
    const payload = payloads.get(command) ?? new Uint8Array(0);
    return replyDatagram(replyHeader(message, chip), { code: 0x80, sequence, payload });
  };
  const board = (): Transport => {
    const [near, far] = transportPair();
    far.onDatagram((datagram) => far.send(monitor(datagram)));
    return near;
  };
  const controller = new MachineController({ scp: board() });
  const opened: string[] = [];
  const count = await controller.connectBoards(async (ip) => {
    opened.push(ip);
    return board();
  });
  t.equal(count, 2);
  t.same(opened.sort(), ['127.0.4.9', '127.0.8.5']);
  await controller.version({ x: 11, y: 11 });
  t.match(
    controller
      .statistics()
      .slice(1)
      .map(({ requests }) => requests)
      .sort(),
    [0, 1],
  );
  await controller.close();
});

t.test(
  'methods for chips refuse cores, which would answer in place of their monitors',
  async (t) => {
    const { controller, machine } = controlled();
    const core = { x: 1, y: 1, core: 3 };
    const refused = { name: 'NotAChipError', at: core };
    const message =
      '"sdramSpace" is for chips, not for chip (1, 1) core 3: leave "core" away, as in { x: 1, y: 1 }';
    t.throws(() => controller.sdramSpace(core), { ...refused, message });
    t.throws(() => controller.chipInformation(core), { ...refused, method: 'chipInformation' });
    t.throws(() => controller.allocateSdram(core, 4, { appId: 30 }), refused);
    t.throws(() => controller.setIpTag(core, 1, {}), refused);
    t.throws(() => controller.readRoutingTable(core), refused);
    t.throws(() => controller.readNeighbour(core, 0, 0x60000000, 4), refused);
    t.same(machine.carriedOut, [], 'nothing was asked');
  },
);

t.test('the built-in image has the layout of a real one', async (t) => {
  const image = builtInBootImage();
  t.same([...image.subarray(0, 4)], [0xfe, 0xff, 0xff, 0xea], 'ARM: b .');
  t.equal(image[0x180 + 0x0c], 4, 'sv.p2pb_repeats');
  t.equal(image[0x180 + 0x24], 200, 'sv.cpu_clk');
  t.equal(Buffer.from(image.subarray(0x1000, 0x1016)).toString(), 'SC&MP/SpiNNaker\0' + '4.0.0\0');
});
