/** Faults on request: what goes wrong, when, and how it is counted. */
import {
  BootError,
  builtInBootImage,
  type ChipAddress,
  linkRead,
  ReturnCode,
  requestDatagram,
  ScpTimeoutError,
  version,
} from '@spin-tools/scp';
import t from 'tap';
import { codeOf, NOTHING } from '../../test-support/conformance/subject.js';
import { reach } from '../../test-support/reach.js';
import { TurnClock } from '../../test-support/turn-clock.js';
import type { ProgramContext } from '../core/program-core.js';
import { VirtualMachine } from '../machine/virtual-machine.js';
import { type FaultPlan, FaultPlanError, parseFaultPlan } from './plan.js';

const MS = 1e6;
const ORIGIN = { x: 0, y: 0 };
const EAST = { x: 1, y: 0 };
const APP = 7;
const ROUTE_TO_CORE_2 = 1 << 8;

async function booted(faults: FaultPlan, board: 'spin3' | 'spin5' = 'spin3') {
  const connection = { timeoutMs: 10, tries: 40, clock: new TurnClock() };
  const reached = await reach({ board, faults }, { by: 'process', connection });
  t.teardown(() => reached.close());
  await reached.controller.boot({ image: builtInBootImage(), pauseMs: 0, force: true });
  return reached;
}

/** Sends requests for the version of a chip all at once; gives the return codes of the answers. */
function sendAtOnce(machine: VirtualMachine, chip: ChipAddress, count: number): number[] {
  const host = { ip: '10.1.1.1', port: 4000 };
  const ethernet = machine.ethernet();
  const codes: number[] = [];
  ethernet.addHost(host, (datagram) => codes.push(datagram[10]!));
  const { code, arguments: words, data } = version();
  const source = { ...ORIGIN, core: 31, port: 7 };
  const header = { flags: 0x87, tag: 255, destination: { ...chip, core: 0, port: 0 }, source };
  for (let sequence = 0; sequence < count; sequence++) {
    const request = { command: code, sequence, arguments: words, data };
    ethernet.receiver.receiveMessage(requestDatagram(header, request), host);
  }
  return codes;
}

t.test('a plan that cannot be is refused by the field that is wrong', async (t) => {
  const death = { x: 0, y: 0, afterMs: 1 };
  const wrong: readonly (readonly [field: string, plan: unknown])[] = [
    ['plan', 5],
    ['plan', null],
    ['plan', { datagram: {} }],
    ['seed', { seed: 1.5 }],
    ['seed', { seed: -1 }],
    ['datagrams', { datagrams: [] }],
    ['datagrams', { datagrams: { loose: 1 } }],
    ['datagrams.lose', { datagrams: { lose: 1.1 } }],
    ['datagrams.duplicate', { datagrams: { duplicate: -0.1 } }],
    ['datagrams.reorder', { datagrams: { reorder: Number.NaN } }],
    ['datagrams.delayMs', { datagrams: { delayMs: Number.POSITIVE_INFINITY } }],
    ['datagrams.kinds[1]', { datagrams: { kinds: ['scp', 'udp'] } }],
    ['packets', { packets: { drop: 1 } }],
    ['packets.lose', { packets: { lose: 2 } }],
    ['deaths', { deaths: {} }],
    ['deaths[1]', { deaths: [death, { x: 0, y: 0 }] }],
    ['deaths[0]', { deaths: [{ ...death, afterMessages: 1 }] }],
    ['deaths[0]', { deaths: [{ ...death, link: 1, core: 1 }] }],
    ['deaths[0].afterMs', { deaths: [{ ...death, afterMs: '1' }] }],
    ['deaths[0].x', { deaths: [{ ...death, x: 256 }] }],
    ['deaths[0].link', { deaths: [{ ...death, link: 6 }] }],
    ['deaths[0].core', { deaths: [{ ...death, core: 18 }] }],
    ['bootFailures[0].board', { bootFailures: [{ times: 1 }] }],
    ['bootFailures[0].times', { bootFailures: [{ board: 0, times: 0 }] }],
    ['monitors[0].chip.y', { monitors: [{ chip: { x: 0 } }] }],
    ['monitors[0].serviceMicroseconds', { monitors: [{ serviceMicroseconds: -1 }] }],
    ['monitors[0].busy', { monitors: [{ busy: 2 }] }],
  ];
  for (const [field, plan] of wrong) {
    t.throws(() => parseFaultPlan(plan), { name: 'FaultPlanError', field }, JSON.stringify(plan));
  }
  const machine = (faults: FaultPlan) => () => new VirtualMachine({ board: 'spin3', faults });
  t.throws(machine({ deaths: [{ ...death, x: 2 }] }), {
    name: 'FaultPlanError',
    field: 'deaths[0]',
  });
  t.throws(machine({ bootFailures: [{ board: 1, times: 1 }] }), {
    ...{ name: 'FaultPlanError', field: 'bootFailures[0].board' },
  });
  t.ok(new FaultPlanError('a', 1, 'b').message.includes('"a" must be b: 1'));
});

t.test('a chip that dies in mid-run is not reached any more, by any way', async (t) => {
  const faults = { deaths: [{ ...EAST, afterMs: 60_000 }] };
  const { virtual, controller } = await booted(faults);
  await controller.write(EAST, 0x61000000, Uint8Array.of(1, 2, 3, 4));
  await virtual.advance(60_000 * MS);
  t.equal(await codeOf(controller.scp, EAST, version()), ReturnCode.P2pNoReply);
  t.equal(await codeOf(controller.scp, ORIGIN, linkRead(0, 0x61000000, 4)), NOTHING);
  t.match(await controller.version({ x: 1, y: 1 }), { chip: { x: 1, y: 1 } });
});

t.test('a death comes after so many messages, and that of the root leaves silence', async (t) => {
  const { virtual, controller } = await booted({ deaths: [{ ...ORIGIN, afterMessages: 500 }] });
  const before = virtual.hostStatistics().received;
  t.ok(before < 400);
  t.equal(sendAtOnce(virtual, ORIGIN, 600).length, 499 - before);
  const impatient = controller.scp.send(ORIGIN, version(), { tries: 2 });
  await t.rejects(impatient, ScpTimeoutError);
  t.ok(virtual.hostStatistics().unexpected > 0);
});

t.test('a link dies both ways, and messages that would take it are lost', async (t) => {
  const { virtual, controller } = await booted({
    deaths: [{ ...ORIGIN, link: 0, afterMs: 60_000 }],
  });
  const { scp } = controller;
  await virtual.advance(60_000 * MS);
  t.equal(await codeOf(scp, ORIGIN, linkRead(0, 0xf5007f00, 4)), NOTHING);
  t.equal(await codeOf(scp, EAST, version()), ReturnCode.P2pNoReply, 'the tables knew one way');
  t.equal(await codeOf(scp, ORIGIN, linkRead(2, 0xf5007f00, 4)), ReturnCode.Ok);
});

t.test('packets for a core that died block its router and are dropped', async (t) => {
  const faults = { deaths: [{ ...ORIGIN, core: 2, afterMs: 60_000 }] };
  const { virtual, controller } = await booted(faults);
  const route = { key: 5, mask: 0xffffffff, route: ROUTE_TO_CORE_2 };
  await controller.loadRoutingTable(ORIGIN, [route], APP);
  let taken = 0;
  const run = async (core: number, count: number) => {
    virtual.runProgram({ ...ORIGIN, core }, sender(count), APP);
    await virtual.whenIdle();
  };
  const takes = {
    packet: () => {
      taken++;
      return 0;
    },
  };
  virtual.runProgram({ ...ORIGIN, core: 2 }, takes, APP);
  await run(1, 10);
  t.equal(taken, 10);
  await virtual.advance(60_000 * MS);
  await run(3, 20);
  t.equal(taken, 10);
  t.ok(virtual.statistics().packetsDropped > 0);
  t.equal(
    (await controller.routerDiagnostics(ORIGIN)).droppedMulticast,
    virtual.statistics().packetsDropped,
  );
});

t.test('routers lose multicast packets by chance, and count them', async (t) => {
  const { virtual, controller } = await booted({ seed: 5, packets: { lose: 0.25 } });
  const route = { key: 5, mask: 0xffffffff, route: ROUTE_TO_CORE_2 };
  await controller.loadRoutingTable(ORIGIN, [route], APP);
  let taken = 0;
  const takes = {
    packet: () => {
      taken++;
      return 0;
    },
  };
  virtual.runProgram({ ...ORIGIN, core: 2 }, takes, APP);
  virtual.runProgram({ ...ORIGIN, core: 1 }, sender(400), APP);
  await virtual.whenIdle();
  t.ok(taken > 270 && taken < 330, `${taken} of 400`);
  t.equal((await controller.routerDiagnostics(ORIGIN)).droppedMulticast, 400 - taken);
});

t.test('a chip whose monitor core died answers no more', async (t) => {
  const { virtual, controller } = await booted({ deaths: [{ ...EAST, core: 0, afterMs: 60_000 }] });
  await virtual.advance(60_000 * MS);
  t.equal(await codeOf(controller.scp, EAST, version()), ReturnCode.P2pNoReply);
});

t.test('a slow monitor has 32 message buffers, and what finds none free is lost', async (t) => {
  const { virtual } = await booted({ monitors: [{ serviceMicroseconds: 100 }] });
  const before = virtual.hostStatistics();
  const start = virtual.time;
  const codes = sendAtOnce(virtual, ORIGIN, 40);
  t.equal(codes.length, 0, 'each takes its time');
  await virtual.whenIdle();
  const { received, overrun } = virtual.hostStatistics();
  t.equal(codes.length, 32);
  t.equal(received - before.received, 32);
  t.equal(overrun - before.overrun, 8);
  t.equal(Math.floor((virtual.time - start) / 1000), 3200);
});

t.test('only the monitor that is named is slow', async (t) => {
  const monitors = [{ chip: { x: 4, y: 8 }, serviceMicroseconds: 100 }];
  const options = { triads: { width: 1, height: 1 }, faults: { monitors } };
  const { virtual, controller } = await reach(options, { by: 'process' });
  await controller.boot({ pauseMs: 0, force: true });
  sendAtOnce(virtual, ORIGIN, 100);
  t.equal(virtual.hostStatistics().overrun, 0);
  await controller.close();
  await virtual.close();
});

t.test('a busy monitor says so, and does nothing', async (t) => {
  const { virtual, controller } = await booted({ seed: 3, monitors: [{ busy: 0.5 }] });
  const codes = sendAtOnce(virtual, ORIGIN, 400);
  const busy = codes.filter((code) => code === ReturnCode.P2pBusy).length;
  t.equal(codes.length, 400);
  t.ok(busy > 150 && busy < 250, `${busy} of 400`);
  await controller.write(EAST, 0x61000000, Uint8Array.of(1, 2, 3, 4));
  t.same([...(await controller.read(EAST, 0x61000000, 4))], [1, 2, 3, 4]);
  t.ok(controller.statistics()[0]!.busy > 0);

  const faults = { monitors: [{ busy: 1 }] };
  const connection = { clock: new TurnClock(), tries: 3 };
  const always = await reach({ board: 'spin3', faults }, { by: 'process', connection });
  const boot = always.controller.boot({ pauseMs: 0, attempts: 2, timeoutMs: 300 });
  await t.rejects(boot, BootError);
  await t.rejects(always.controller.version(), { name: 'ScpError', code: ReturnCode.P2pBusy });
  await always.close();
});

t.test('the same plan and the same requests give the same faults and the same time', async (t) => {
  const run = async (seed: number) => {
    const datagrams = { lose: 0.1, duplicate: 0.1, reorder: 0.2, delayMs: 0.1 };
    const monitors = [{ serviceMicroseconds: 10, busy: 0.1 }];
    const { virtual } = await booted({ seed, datagrams, monitors });
    const codes: number[] = [];
    for (let round = 0; round < 20; round++) {
      codes.push(...sendAtOnce(virtual, EAST, 20));
      await virtual.whenIdle();
    }
    return { codes, ...virtual.hostStatistics(), ...virtual.statistics() };
  };
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  t.same(again, first);
  t.notSame(other, first);
  t.ok(first.lost > 0 && first.duplicated > 0 && first.reordered > 0 && first.received > 0);
});

t.test(
  'a paced machine is never ahead of the wall clock, and comes to what it is asked for',
  async (t) => {
    const start = performance.now();
    const machine = new VirtualMachine({ board: 'spin3', pace: 'paced' });
    await machine.advance(5 * MS);
    t.ok(machine.time >= 5 * MS);
    t.ok(machine.time <= (performance.now() - start) * MS);
    machine.setPace('fast');
    await machine.advance(1000 * MS);
    t.ok(machine.time >= 1005 * MS, 'and at once when it may be fast');
    await machine.close();
  },
);

/** Sends packets with key 5, one each microsecond. */
function sender(count: number) {
  let sent = 0;
  return {
    start: (context: ProgramContext) => {
      context.wakeAt(context.time + 1000);
      return 0;
    },
    timer: (context: ProgramContext) => {
      context.send({ control: 0x02, key: 5, payload: sent });
      sent += 1;
      if (sent < count) context.wakeAt(context.time + 1000);
      return 0;
    },
  };
}
