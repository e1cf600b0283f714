/** Coming up: coordinates, phases, power, and boards that do not come up. */
import { discoverMachine, LINK_VECTORS, machineToJson } from '@spin-tools/machine-model';
import {
  BootError,
  bootFrames,
  builtInBootImage,
  type ChipAddress,
  describeBootImage,
  encodeBootFrame,
  ReturnCode,
  readHalf,
  requestDatagram,
  ScpTimeoutError,
  systemVariables,
  version,
} from '@spin-tools/scp';
import t from 'tap';
import { reach } from '../../test-support/reach.js';
import { TurnClock } from '../../test-support/turn-clock.js';
import type { FaultPlan } from '../faults/plan.js';
import type { Boards } from './boards.js';
import { bootPhases } from './boot-times.js';
import type { MachineShapeOptions } from './layout.js';
import { type MachineOptions, VirtualMachine } from './virtual-machine.js';

const MS = 1e6;
const TORUS = { triads: { width: 1, height: 1 } } as const;
const EDGES = { triads: { width: 1, height: 1 }, wrap: false } as const;
const ORIGIN = { x: 0, y: 0 };
/** Whichever chip the ethernet is on. */
const ANY = { x: 255, y: 255 };
/** Of hosts whose milliseconds are turns of the event loop. */
const PATIENCE = { timeoutMs: 20, tries: 8 };

/** A machine that was booted from one of its boards, with hosts that wait without sleeping. */
async function bootedFrom(options: MachineOptions, root?: ChipAddress, release = '4.0.0') {
  const connection = { ...PATIENCE, clock: new TurnClock() };
  const reached = await reach(options, { by: 'process', connection, ...(root && { root }) });
  await reached.controller.boot({ image: builtInBootImage(release), pauseMs: 0, force: true });
  return reached;
}

/** Sends an image without any time passing. */
function sendImage(machine: VirtualMachine, image = builtInBootImage()): void {
  const { receiver } = machine.ethernet();
  for (const frame of bootFrames(image)) receiver.receiveBoot(encodeBootFrame(frame));
}

t.test('the board that is booted is at (0, 0) of a machine joined around', async (t) => {
  for (const root of new VirtualMachine(TORUS).ethernetChips) {
    const { controller, close } = await bootedFrom(TORUS, root);
    t.same((await controller.version()).chip, ORIGIN);
    t.same(await controller.dimensions(), { width: 12, height: 12 });
    const found = await discoverMachine(controller);
    const chips = found.chips.map(({ ip: _, ...chip }) => chip);
    t.same(chips, new VirtualMachine(TORUS).machine.chips, `from (${root.x}, ${root.y})`);
    const places = await Promise.all(found.chips.map((chip) => controller.version(chip)));
    t.equal(new Set(places.map(({ chip }) => `${chip.x},${chip.y}`)).size, 144);
    await close();
  }
});

t.test('chips of a machine with edges keep their places whichever is booted', async (t) => {
  for (const root of new VirtualMachine(EDGES).ethernetChips) {
    // Those of 4.0 know all other chips at (0, 0) only.
    const { virtual, controller, close } = await bootedFrom(EDGES, root, '3.4.1');
    t.same((await controller.version()).chip, root);
    const address = await controller.scp.send(root, readHalf(systemVariables.p2pRoot.address));
    t.equal(address, (root.x << 8) | root.y);
    const { chips } = await discoverMachine(controller);
    t.same(
      chips.map(({ ip: _, ...chip }) => chip),
      virtual.machine.chips,
    );
    await close();
  }
});

t.test('links lead to neighbours from whichever board the machine was booted', async (t) => {
  const root = { x: 4, y: 8 };
  const { controller, close } = await bootedFrom(TORUS, root);
  const place = systemVariables.p2pAddress.address;
  for (const chip of [ORIGIN, { x: 11, y: 11 }, { x: 3, y: 7 }]) {
    for (const [link, { dx, dy }] of LINK_VECTORS.entries()) {
      const [y, x] = await controller.readNeighbour(chip, link, place, 4);
      t.same([x, y], [(chip.x + dx + 12) % 12, (chip.y + dy + 12) % 12]);
    }
  }
  await close();
});

t.test('dead chips have no place, and the others find theirs around them', async (t) => {
  const deadChips = [
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 5, y: 5 },
  ];
  const { virtual, controller, close } = await bootedFrom({ ...TORUS, deadChips });
  const found = await discoverMachine(controller);
  const chips = found.chips.map(({ ip: _, ...chip }) => chip);
  t.same({ ...machineToJson(found), chips: [] }, { ...machineToJson(virtual.machine), chips: [] });
  t.same(chips, virtual.machine.chips);
  for (const chip of deadChips) {
    await t.rejects(controller.version(chip), { code: ReturnCode.Route });
  }
  await close();
});

/** What a chip answers at once, without any time passing: the return code and the rest. */
function answerNow(machine: VirtualMachine, chip: ChipAddress, core = 0): Uint8Array {
  const host = { ip: '10.1.1.1', port: 4000 };
  const ethernet = machine.ethernet();
  let answer = new Uint8Array(0);
  ethernet.addHost(host, (datagram) => {
    answer = Uint8Array.from(datagram.subarray(10));
  });
  const { code, arguments: words, data } = version();
  const request = { command: code, sequence: 1, arguments: words, data };
  const source = { ...ORIGIN, core: 31, port: 7 };
  const header = { flags: 0x87, tag: 255, destination: { ...chip, core, port: 0 }, source };
  ethernet.receiver.receiveMessage(requestDatagram(header, request), host);
  ethernet.removeHost(host);
  return answer;
}

t.test('a boot takes the time of a board, and hosts see that it is not over', async (t) => {
  const upAfterMs = async (release: string, options: MachineShapeOptions) => {
    const machine = new VirtualMachine(options);
    t.equal(answerNow(machine, ANY).length, 0, 'silence');
    sendImage(machine, builtInBootImage(release));
    t.same([...answerNow(machine, ANY).subarray(6, 8)], [255, 255], 'it does not know its place');
    t.equal(answerNow(machine, { x: 1, y: 1 })[0], ReturnCode.Route, 'nor any other chip');
    await machine.whenIdle();
    t.same([...answerNow(machine, ANY).subarray(6, 8)], [0, 0]);
    t.equal(answerNow(machine, { x: 1, y: 1 })[0], ReturnCode.Ok);
    await machine.close();
    // Time passes in quanta of 500 ns.
    return Math.floor(machine.time / 1000) / 1000;
  };
  t.equal(await upAfterMs('4.0.0', { board: 'spin3' }), 3485.12);
  t.equal(await upAfterMs('3.1.0', { board: 'spin3' }), 1365.12);
  t.equal(await upAfterMs('4.0.0', { board: 'spin5' }), 4475.84);
});

t.test('the phases follow each other as network initialisation has them', async (t) => {
  const { variables } = describeBootImage(builtInBootImage());
  const size = { depth: 1, width: 2, height: 2 };
  const phases = (major: number) =>
    bootPhases(variables, { version: major, ...size }).map(({ phase, at }) => [phase, at / MS]);
  t.same(phases(4), [
    [0, 0],
    [1, 675.12],
    [2, 1185.12],
    [3, 3185.12],
    [4, 3335.12],
    [255, 3485.12],
  ]);
  t.same(phases(3), [
    [0, 0],
    [1, 675.12],
    [2, 1185.12],
    [3, 1215.12],
    [255, 1365.12],
  ]);
});

t.test('chips in their boot ROM say hello every 4.096 s, and no longer once booted', async (t) => {
  const machine = new VirtualMachine(TORUS);
  const hellos: string[] = [];
  for (const chip of machine.ethernetChips) {
    machine
      .bootTransport(chip)
      .onDatagram((frame) => hellos.push(Buffer.from(frame).toString('hex')));
  }
  await machine.advance(3 * 4096 * MS + 1000);
  await new Promise(setImmediate);
  t.equal(hellos.length, 9);
  t.equal(new Set(hellos).size, 1);
  t.equal(hellos[0], '0001 00000041 02010000 00000000 43505453'.replaceAll(' ', ''));
  sendImage(machine);
  await machine.whenIdle();
  await machine.advance(20_000 * MS);
  await new Promise(setImmediate);
  t.equal(hellos.length, 9);
  await machine.close();
});

t.test('a boot reaches the boards that have power, and power loses all that was', async (t) => {
  const options = { by: 'process', connection: { ...PATIENCE, clock: new TurnClock() } } as const;
  const { virtual, controller, close } = await reach(TORUS, options);
  const { boards } = virtual as unknown as { readonly boards: Boards };
  const dark = boards.boards[2]!.ethernet;
  boards.switchOff(2);
  await controller.boot({ pauseMs: 0, force: true });
  const { chips } = await discoverMachine(controller);
  t.equal(chips.length, 96);
  t.notOk(chips.some(({ ethernet }) => ethernet.x === dark.x && ethernet.y === dark.y));
  t.equal((await controller.chipInformation(ORIGIN)).coreCount, 18);
  await t.rejects(controller.version(dark), { code: ReturnCode.Route });

  await controller.write(ORIGIN, 0x61000000, Uint8Array.of(1, 2, 3, 4));
  const reset = (board: number) => {
    boards.holdInReset(board, true);
    boards.holdInReset(board, false);
  };
  boards.switchOn(2);
  boards.holdInReset(2, false);
  reset(0);
  await t.rejects(controller.version(), ScpTimeoutError);
  reset(1);
  await controller.boot({ pauseMs: 0 });
  t.equal((await discoverMachine(controller)).chips.length, 144);
  t.same([...(await controller.read(ORIGIN, 0x61000000, 4))], [0, 0, 0, 0]);
  await close();
});

t.test('a board that does not come up is booted again', async (t) => {
  const boot = async (faults: FaultPlan, attempts: number) => {
    const options = { by: 'process', connection: { ...PATIENCE, clock: new TurnClock() } } as const;
    const reached = await reach({ ...TORUS, faults }, options);
    t.teardown(() => reached.close());
    await reached.controller.boot({ pauseMs: 0, timeoutMs: 300, attempts });
    return reached;
  };
  const failing = (board: number, times: number) => ({ bootFailures: [{ board, times }] });
  t.equal((await boot(failing(0, 2), 3)).virtual.isBooted, true);
  await t.rejects(boot(failing(0, 2), 2), BootError);
  const { controller } = await boot(failing(1, 1), 1);
  t.equal((await discoverMachine(controller)).chips.length, 96, 'the other boards are up');
});

t.test('a boot of which frames are lost is tried again', async (t) => {
  const faults: FaultPlan = { seed: 4, datagrams: { lose: 0.2, kinds: ['boot'] } };
  const options = { by: 'process', connection: { ...PATIENCE, clock: new TurnClock() } } as const;
  const { virtual, controller, close } = await reach({ board: 'spin3', faults }, options);
  await controller.boot({ pauseMs: 0, timeoutMs: 300, attempts: 60 });
  t.match(await controller.version({ x: 1, y: 1 }), { chip: { x: 1, y: 1 } });
  t.ok(virtual.hostStatistics().lost > 0);
  await close();
});
