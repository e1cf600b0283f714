import { BmpController, MachineController, ReturnCode } from '@spin-tools/scp';
import { udpTransport } from '@spin-tools/scp/udp';
import t from 'tap';
import { serveUdp } from '../udp/serve.js';
import { linksThrough } from './board-links.js';
import { type MachineOptions, VirtualMachine } from './virtual-machine.js';

const ORIGIN = { x: 0, y: 0 };
const RAM = 0x61000000;
const MARK = Uint8Array.of(1, 2, 3, 4);

function managed(options: MachineOptions) {
  const machine = new VirtualMachine(options);
  const bmp = new BmpController({ scp: machine.bmpTransport() });
  const controller = (place = ORIGIN) =>
    new MachineController({
      scp: machine.scpTransport(place),
      boot: machine.bootTransport(place),
      timeoutMs: 50,
      tries: 2,
    });
  return { machine, bmp, controller };
}

t.test(
  'a board without power is silent, and has forgotten everything when it comes back',
  async (t) => {
    const { machine, bmp, controller } = managed({ board: 'spin5' });
    const scp = controller();
    await scp.boot({ pauseMs: 0 });
    await scp.write({ x: 3, y: 3 }, RAM, MARK);
    await bmp.power([0], false);
    t.notOk(machine.isBooted);
    await t.rejects(scp.read(ORIGIN, RAM, 4), { name: 'ScpTimeoutError' });
    t.ok(((await bmp.readAdc(0)).volts.core1V2A ?? 9) < 0.2);
    const before = machine.time;
    await bmp.power([0], true);
    t.ok(machine.time - before > 2e9, 'FPGAs take seconds to load');
    await t.rejects(scp.read(ORIGIN, RAM, 4), { name: 'ScpTimeoutError' });
    await scp.boot({ pauseMs: 0 });
    t.same([...(await scp.read({ x: 3, y: 3 }, RAM, 4))], [0, 0, 0, 0]);
    await scp.write({ x: 3, y: 3 }, RAM, MARK);
    await bmp.reset([0]);
    await machine.advance(10e6);
    t.notOk(machine.isBooted);
    await scp.close();
    await bmp.close();
  },
);

t.test(
  'a chip in its boot ROM says hello until it is booted, and again after a reset',
  async (t) => {
    const { machine, bmp, controller } = managed({ board: 'spin3' });
    const boot = machine.bootTransport();
    let hellos = 0;
    boot.onDatagram(() => {
      hellos++;
    });
    const pass = async (seconds: number) => {
      await machine.advance(seconds * 1e9);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await pass(13);
    t.equal(hellos, 3, 'every 4.096 s');
    const scp = controller();
    await scp.boot({ pauseMs: 0 });
    await pass(20);
    t.equal(hellos, 3);
    await bmp.reset([0]);
    await pass(9);
    t.equal(hellos, 5);
    await scp.close();
  },
);

t.test('boards without power take no part in a boot', async (t) => {
  const { machine, bmp, controller } = managed({ triads: { width: 1, height: 1 }, wrap: false });
  await bmp.power([1, 2], false);
  const scp = controller();
  await scp.boot({ pauseMs: 0 });
  t.same(await scp.dimensions(), { width: 8, height: 8 });
  await t.rejects(scp.read({ x: 8, y: 4 }, RAM, 4), { code: ReturnCode.Route });
  await bmp.power([0, 1, 2], false);
  await bmp.power([0, 1, 2], true);
  await scp.boot({ pauseMs: 0 });
  t.same(await scp.dimensions(), { width: 16, height: 16 });
  t.ok(machine.isBooted);
  await scp.close();
});

t.test(
  'links that FPGAs stop part a machine, whose boards are then booted one by one',
  async (t) => {
    const { machine, bmp, controller } = managed({ triads: { width: 1, height: 1 } });
    for (let board = 0; board < 3; board++) {
      for (let fpga = 0; fpga < 3; fpga++) {
        for (const bank of [0x0000005c, 0x0001005c]) {
          await bmp.writeFpgaRegister(board, fpga, bank, 1);
        }
      }
    }
    const places = machine.ethernetChips;
    for (const place of places) {
      const scp = controller(place);
      await scp.boot({ pauseMs: 0 });
      t.same(await scp.dimensions(), { width: 8, height: 8 });
      await scp.write(ORIGIN, RAM, Uint8Array.of(place.x, place.y, 0, 0));
      await scp.close();
    }
    for (const place of places) {
      const scp = controller(place);
      t.same([...(await scp.read(ORIGIN, RAM, 2))], [place.x, place.y]);
      await scp.close();
    }
  },
);

t.test('each FPGA carries eight links of chips over each of its serial links', (t) => {
  const places = Array.from({ length: 64 }, (_, at) => ({ x: at % 8, y: at >> 3 })).filter(
    ({ x, y }) => x - y < 5 && y - x < 4,
  );
  t.equal(places.length, 48);
  const named = (fpga: number, serialLink: number) =>
    linksThrough(places, fpga, serialLink).map(
      ({ index, link }) => `${places[index]?.x},${places[index]?.y}:${link}`,
    );
  t.same(named(1, 0).sort(), [
    ...['0,0:3', '0,0:4', '0,1:3', '0,1:4', '0,2:3', '0,2:4', '0,3:3', '0,3:4'],
  ]);
  const all = [0, 1, 2].flatMap((fpga) => [...named(fpga, 0), ...named(fpga, 1)]);
  t.equal(all.length, 48);
  t.equal(new Set(all).size, 48);
  t.end();
});

t.test('management is reached over UDP, one address for each frame', async (t) => {
  const machine = new VirtualMachine({ triads: { width: 3, height: 3 } });
  const ports = { scpPort: 0, bootPort: 0, bmpPort: 0 };
  const served = await serveUdp(machine, { ...ports, bmpHost: '127.0.0.1', pace: 'fast' });
  t.same(served.bmpHosts, ['127.0.0.1', '127.0.0.2'], '27 boards in two frames');
  const [, second = ''] = served.bmpHosts;
  const bmp = new BmpController({
    scp: await udpTransport({ host: second, port: served.bmpPort }),
  });
  t.match(await bmp.version(2), { version: '2.1.2' });
  await t.rejects(bmp.version(3), { code: ReturnCode.Route }, 'the second frame has three boards');
  await bmp.close();
  await served.close();
  t.throws(() => machine.bmpTransport(2), /"frame" must be from 0 to 1: 2/);
});
