/** A million datagrams that nobody meant, to every port: no crash, no memory, and all of them counted. */
import { createSocket } from 'node:dgram';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BmpController, MachineController } from '@spin-tools/scp';
import t from 'tap';
import { HARMLESS, Mutations } from '../test-support/mutations.js';
import { type HostStatistics, VirtualMachine } from './machine/virtual-machine.js';
import { serveUdp } from './udp/serve.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const FROM = { ip: '10.9.8.7', port: 4321 };
const CHIPS = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
  { x: 255, y: 255 },
];
const ORIGIN = CHIPS[0]!;
const FAR = CHIPS[3]!;
const TURN = 500;
const REVERSE_PORT = 50_007;
/** Growth between the two halves of a test that counts as a leak: memory of chips is used up by the first. */
const MOST_GROWTH_BYTES = 24e6;

/** All that the four chips of a machine may fill with what is written to them. */
const MOST_MACHINE_BYTES = 4 * 160e6;
/** Seeds of datagrams that ruin a machine; with 23 a list of free routing entries led back into itself. */
const RUINOUS = [10, 11, 12, 13, 20, 21, 22, 23];

/** All commands that management processors may have. */
const BMP_COMMANDS = Array.from({ length: 64 }, (_, code) => code);

/** Every datagram is counted once, in exactly one of these. */
function countOf(statistics: HostStatistics): number {
  const { received, bootFrames, malformed, unexpected, overrun, unclaimed } = statistics;
  return received + bootFrames + malformed + unexpected + overrun + unclaimed;
}

interface Fuzzed {
  readonly machine: VirtualMachine;
  readonly controller: MachineController;
  /** Counts before the first datagram. */
  readonly before: number;
}

async function boot(machine: VirtualMachine): Promise<MachineController> {
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot({ pauseMs: 0, force: true });
  return controller;
}

async function booted(): Promise<Fuzzed> {
  const machine = new VirtualMachine({ board: 'spin3' });
  const controller = await boot(machine);
  return { machine, controller, before: countOf(machine.hostStatistics()) };
}

/** Sends `count` datagrams, letting the machine work now and then; gives how much memory the second half took. */
async function bombard(count: number, send: (index: number) => void): Promise<number> {
  let half = 0;
  for (let index = 0; index < count; index++) {
    if (index === count >> 1) half = usedMemory();
    send(index);
    if (index % TURN === 0) await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  return usedMemory() - half;
}

function usedMemory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function stillWorks(controller: MachineController): Promise<boolean> {
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index * 31);
  await controller.write(FAR, 0x61000001, bytes);
  const found = await controller.read(FAR, 0x61000001, bytes.length);
  return Buffer.compare(bytes, found) === 0;
}

t.test('a machine that was not booted takes no messages, and counts them', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const { receiver } = machine.ethernet();
  const draw = new Mutations(1);
  t.comment('seed 1');
  const growth = await bombard(100_000, (index) => {
    if (index % 2 === 0) receiver.receiveMessage(draw.noise(), FROM);
    else receiver.receiveMessage(draw.request(CHIPS), FROM);
  });
  t.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes`);
  t.match(machine.hostStatistics(), { unexpected: 100_000, received: 0 });
  await machine.close();
});

t.test('frames of a boot that is none do not boot, and the next boot does', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const { receiver } = machine.ethernet();
  const draw = new Mutations(2);
  t.comment('seed 2');
  const growth = await bombard(150_000, (index) => {
    receiver.receiveBoot(index % 4 === 0 ? draw.noise(1100) : draw.bootFrame());
  });
  t.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes`);
  t.equal(countOf(machine.hostStatistics()), 150_000);
  const controller = await boot(machine);
  t.ok(await stillWorks(controller));
  await controller.close();
  await machine.close();
});

t.test('noise and damaged requests that only look leave a machine as it was', async (t) => {
  const { machine, controller, before } = await booted();
  const { receiver } = machine.ethernet();
  const draw = new Mutations(3);
  t.comment('seed 3');
  const growth = await bombard(250_000, (index) => {
    if (index % 5 === 0) receiver.receiveMessage(draw.noise(24), FROM);
    else if (index % 5 === 1) receiver.receiveBoot(draw.bootFrame());
    else receiver.receiveMessage(draw.request(CHIPS, HARMLESS), FROM);
  });
  t.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes`);
  t.equal(countOf(machine.hostStatistics()) - before, 250_000);
  t.ok(await stillWorks(controller));
  t.same(await controller.readRoutingTable(FAR), []);
  t.match(await controller.chipInformation(FAR), { coreCount: 18, freeRoutingEntries: 1023 });
  await controller.close();
  await machine.close();
});

t.test(
  'requests of every kind with any arguments ruin memory, but not the simulator',
  async (t) => {
    let sent = 0;
    let growth = 0;
    for (const seed of RUINOUS) {
      const { machine, controller, before } = await booted();
      const { receiver } = machine.ethernet();
      const draw = new Mutations(seed);
      t.comment(`seed ${seed}`);
      growth = await bombard(27_000, (index) => {
        if (index % 4 === 0) receiver.receiveMessage(draw.damaged(CHIPS), FROM);
        else receiver.receiveMessage(draw.request(CHIPS), FROM);
      });
      sent += countOf(machine.hostStatistics()) - before;
      await controller.close();
      await machine.close();
    }
    t.equal(sent, 216_000);
    t.ok(growth < MOST_MACHINE_BYTES, `${growth} bytes`);
    const { machine, controller } = await booted();
    t.ok(await stillWorks(controller), 'and the next machine is a new one');
    await controller.close();
    await machine.close();
  },
);

t.test('messages and plain datagrams go where tags and ports say, or nowhere', async (t) => {
  const { machine, controller, before } = await booted();
  const { receiver } = machine.ethernet();
  const draw = new Mutations(4);
  t.comment('seed 4');
  const destination = { ...FAR, core: 31, port: 7 };
  await controller.setIpTag(ORIGIN, 2, { reverse: true, udpPort: REVERSE_PORT, destination });
  const settled = countOf(machine.hostStatistics());
  const growth = await bombard(150_000, (index) => {
    if (index % 3 === 0) receiver.receiveMessage(draw.message(CHIPS), FROM);
    else receiver.receiveRaw(draw.noise(), draw.pick([REVERSE_PORT, 0, 1, 65_535]), FROM);
  });
  t.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes`);
  t.equal(countOf(machine.hostStatistics()) - settled, 150_000);
  t.ok(settled > before);
  t.ok(machine.hostStatistics().unclaimed > 0);
  t.ok(await stillWorks(controller));
  await controller.close();
  await machine.close();
});

t.test('management processors stay what they are, whatever they are sent', async (t) => {
  const machine = new VirtualMachine({ triads: { width: 1, height: 1 } });
  const { receiver } = machine.bmpEthernet();
  const bmp = new BmpController({ scp: machine.bmpTransport() });
  const [before, draw] = [await bmp.version(), new Mutations(6)];
  t.comment('seed 6');
  const growth = await bombard(100_000, (index) => {
    if (index % 4 === 0) receiver.receiveMessage(draw.noise(), FROM);
    else if (index % 4 === 1) receiver.receiveMessage(draw.damaged([ORIGIN], BMP_COMMANDS), FROM);
    else receiver.receiveMessage(draw.request([ORIGIN], BMP_COMMANDS), FROM);
  });
  t.ok(growth < MOST_GROWTH_BYTES, `${growth} bytes`);
  await machine.whenIdle();
  const { received, refused, malformed } = machine.bmpStatistics();
  t.equal(received, 100_001, 'with the version');
  const refusals = [...refused.values()].reduce((sum, count) => sum + count, 0);
  t.ok(malformed > 0 && refusals > 0 && malformed + refusals < received);
  t.ok(
    [...refused.keys()].every((code) => code > 0x80 && code < 0x90),
    'by return code',
  );
  t.same(await bmp.version(), before);
  await bmp.power([0, 1, 2], true);
  const controller = await boot(machine);
  t.ok(await stillWorks(controller));
  await controller.close();
  await bmp.close();
  await machine.close();
});

t.test('sockets take whatever comes, before a boot and after', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const served = await serveUdp(machine, { scpPort: 0, bootPort: 0, pace: 'fast' });
  const [host] = served.hosts;
  const socket = createSocket('udp4');
  const draw = new Mutations(5);
  t.comment('seed 5');
  const flood = async (count: number, next: () => Uint8Array, port: number) => {
    const goal = countOf(machine.hostStatistics()) + count;
    for (let sent = 0; sent < count; sent += 20) {
      for (let index = 0; index < 20; index++) socket.send(next(), port, host);
      await new Promise(setImmediate);
    }
    const isThere = () => countOf(machine.hostStatistics()) >= goal;
    for (let turn = 0; turn < 10_000 && !isThere(); turn++) await new Promise(setImmediate);
    t.equal(countOf(machine.hostStatistics()), goal);
  };
  await flood(5000, () => draw.noise(), served.scpPort);
  await flood(5000, () => draw.bootFrame(), served.bootPort);
  const controller = await boot(machine);
  await flood(15_000, () => draw.request(CHIPS, HARMLESS), served.scpPort);
  await flood(5000, () => draw.message(CHIPS), served.scpPort);
  await flood(5000, () => draw.bootFrame(), served.bootPort);
  t.ok(await stillWorks(controller));
  socket.close();
  await controller.close();
  await served.close();
  await machine.close();
});
