import { createSocket } from 'node:dgram';
import { encodeSdp, MachineController } from '@spin-tools/scp';
import { udpTransport } from '@spin-tools/scp/udp';
import fc from 'fast-check';
import t from 'tap';
import { VirtualMachine } from '../machine/virtual-machine.js';
import { type ServedMachine, serveUdp } from './serve.js';

const ANY_PORTS = { scpPort: 0, bootPort: 0, pace: 'fast' } as const;
const ORIGIN = { x: 0, y: 0 };

async function controllerOf({ hosts, scpPort, bootPort }: ServedMachine) {
  const host = hosts[0] as string;
  return new MachineController({
    scp: await udpTransport({ host, port: scpPort }),
    boot: await udpTransport({ host, port: bootPort }),
  });
}

t.test('a machine boots and moves data over UDP while random datagrams come in', async (t) => {
  const machine = new VirtualMachine({ board: 'spin5' });
  const served = await serveUdp(machine, ANY_PORTS);
  const controller = await controllerOf(served);
  t.match(await controller.boot({ pauseMs: 0, force: true }), { version: '4.0.0', chip: ORIGIN });
  const noise = createSocket('udp4');
  for (const datagram of fc.sample(fc.uint8Array({ maxLength: 600 }), { numRuns: 3000, seed: 3 })) {
    noise.send(datagram, served.scpPort, served.hosts[0]);
    noise.send(datagram, served.bootPort, served.hosts[0]);
  }
  const bytes = Uint8Array.from({ length: 50_001 }, (_, index) => index * 7);
  await controller.write({ x: 7, y: 7 }, 0x61000001, bytes);
  const read = await controller.read({ x: 7, y: 7 }, 0x61000001, bytes.length);
  t.equal(Buffer.compare(read, bytes), 0);
  noise.close();
  await controller.close();
  await served.close();
  await machine.close();
});

t.test('time passes like the wall clock, which a boot and hello frames show', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const start = performance.now();
  const served = await serveUdp(machine, { scpPort: 0, bootPort: 0 });
  const listener = createSocket({ type: 'udp4', reuseAddr: true });
  await new Promise<void>((resolve) => listener.bind(served.bootPort, '127.255.255.255', resolve));
  const hello = new Promise<Buffer>((resolve) => listener.once('message', resolve));
  t.equal(
    (await hello).toString('hex'),
    '0001 00000041 02010000 00000000 43505453'.replaceAll(' ', ''),
  );
  t.ok(performance.now() - start > 4000, 'the first comes after 4.096 s');
  listener.close();
  const controller = await controllerOf(served);
  await controller.boot({ pauseMs: 0, force: true });
  t.ok(performance.now() - start > 7000, 'network initialisation takes more than 3 s');
  t.ok(machine.time < (performance.now() - start) * 1e6);
  await controller.close();
  await served.close();
  await machine.close();
});

t.test(
  'others may listen for hello frames on the port of a board that is up, and nobody else may take it',
  async (t) => {
    const machine = new VirtualMachine({ board: 'spin3' });
    const served = await serveUdp(machine, { scpPort: 0, bootPort: 0 });
    const own = { scpPort: 0, bootPort: served.bootPort };
    const listener = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve) => listener.bind(served.bootPort, '0.0.0.0', resolve));
    listener.close();
    await t.rejects(serveUdp(machine, own), { code: 'EADDRINUSE' });
    await served.close();
    await machine.close();
  },
);

t.test('every board of a machine has an address of its own, and says so', async (t) => {
  const machine = new VirtualMachine({ triads: { width: 1, height: 1 } });
  const served = await serveUdp(machine, ANY_PORTS);
  t.same(served.hosts, ['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  const controller = await controllerOf(served);
  await controller.boot({ pauseMs: 0, force: true });
  for (const [index, chip] of machine.ethernetChips.entries()) {
    t.equal((await controller.chipInformation(chip)).ip, served.hosts[index]);
  }
  await controller.close();
  await served.close();
});

t.test('messages leave to any port by an IPTag', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const served = await serveUdp(machine, ANY_PORTS);
  const controller = await controllerOf(served);
  await controller.boot({ pauseMs: 0, force: true });
  const host = createSocket('udp4');
  await new Promise<void>((resolve) => host.bind(0, '127.0.0.1', resolve));
  const received: Promise<Buffer> = new Promise((resolve) => host.once('message', resolve));
  await controller.setIpTag(ORIGIN, 2, {
    strip: true,
    ip: '127.0.0.1',
    udpPort: host.address().port,
  });
  const end = { ...ORIGIN, core: 31, port: 7 };
  const message = encodeSdp({
    ...{ flags: 7, tag: 2, destination: end, source: end },
    data: Uint8Array.of(9, 8, 7),
  });
  host.send(message, served.scpPort, served.hosts[0]);
  t.same([...(await received)], [9, 8, 7]);
  host.close();
  await controller.close();
  await served.close();
});

t.test(
  'a reverse tag of one board, set through another, listens once it is answered',
  async (t) => {
    const machine = new VirtualMachine({ triads: { width: 1, height: 1 } });
    const served = await serveUdp(machine, ANY_PORTS);
    const controller = await controllerOf(served);
    await controller.boot({ pauseMs: 0, force: true });
    const spare = createSocket('udp4');
    await new Promise<void>((resolve) => spare.bind(0, served.hosts[1], resolve));
    const { port } = spare.address();
    await new Promise<void>((resolve) => spare.close(() => resolve()));
    const chip = machine.ethernetChips[1]!;
    const destination = { ...chip, core: 0, port: 0 };
    await controller.setIpTag(chip, 3, { reverse: true, udpPort: port, destination });
    const before = machine.hostStatistics().received;
    const host = createSocket('udp4');
    host.send(new Uint8Array(20), port, served.hosts[1]);
    for (let turn = 0; turn < 10_000 && machine.hostStatistics().received === before; turn++) {
      await new Promise(setImmediate);
    }
    t.equal(machine.hostStatistics().received, before + 1);
    host.close();
    await controller.close();
    await served.close();
    await machine.close();
  },
);

t.test('ports that are taken are refused, and nothing stays open', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  const served = await serveUdp(machine, ANY_PORTS);
  const again = { scpPort: 0, bootPort: served.bootPort };
  await t.rejects(serveUdp(machine, again), { code: 'EADDRINUSE' });
  await t.rejects(serveUdp(machine, { host: 'localhost' }), RangeError);
  await served.close();
});
