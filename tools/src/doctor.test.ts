import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MachineController, udpTransport } from '@spin-tools/scp';
import t, { type Test } from 'tap';
import { run, startBooted, startMachine, type TestMachine } from '../test-support/command-line.js';
import { checkVersions, judgeReceiveBuffer } from './doctor/this-computer.js';
import { isPowered, outOfRange } from './machine/board-health.js';

const SPIN3 = { board: 'spin3' } as const;

/** Test programs of the virtual machine. */
const firmware = (name: string) =>
  fileURLToPath(new URL(`../../packages/sim/firmware/images/${name}.aplx`, import.meta.url));

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly what: string;
  readonly advice?: string;
}

/** Lets the doctor look, and gives its faults; each says what to do. */
async function faultsOf(t: Test, options: readonly string[]): Promise<Finding[]> {
  const { code, stdout, stderr } = await run('doctor', ...options, '--json');
  t.equal(stderr, '');
  const { faults, findings } = JSON.parse(stdout) as { faults: number; findings: Finding[] };
  const found = findings.filter(({ level }) => level === 'fault');
  t.equal(faults, found.length);
  t.equal(code, found.length > 0 ? 4 : 0);
  for (const { advice } of found) t.ok(advice);
  return found;
}

/** Does something to a machine, as another program would. */
async function tamper(
  { address }: TestMachine,
  work: (controller: MachineController) => Promise<unknown>,
) {
  const { host, scpPort } = address;
  const controller = new MachineController({ scp: await udpTransport({ host, port: scpPort }) });
  await work(controller);
  await controller.close();
}

t.test('a healthy machine has no faults', async (t) => {
  const machine = await startBooted(t, SPIN3, { bmpHost: '127.0.0.1', bmpPort: 0 });
  t.strictSame(await faultsOf(t, [...machine.options, ...machine.bmpOptions]), []);
  const { code, stdout } = await run('doctor', ...machine.options, ...machine.bmpOptions);
  t.equal(code, 0);
  t.match(stdout, /^ok +monitor +SC&MP\/SpiNNaker 4\.0\.0$/m);
  t.match(stdout, /^ok +parts +4 chips \(2 x 2\), 72 cores, 1 ethernet chip$/m);
  t.match(stdout, /no faults\n$/);
});

t.test('fault: there is no host of that name', async (t) => {
  t.match(await faultsOf(t, ['--host', 'no-such-board.invalid']), [
    { check: 'address', what: 'there is no host called no-such-board.invalid' },
  ]);
});

t.test('fault: a wrong port', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  const address = ['--host', '127.0.0.1', '--scp-port', `${port}`, '--timeout', '0.1'];
  t.match(await faultsOf(t, address), [
    { what: `127.0.0.1 is there, but nothing listens on its UDP port ${port}` },
  ]);
});

t.test('fault: a board that is not booted', async (t) => {
  const { options, virtual } = await startMachine(t, SPIN3);
  let isDone = false;
  const looked = faultsOf(t, [...options, '--timeout', '0.1']).finally(() => {
    isDone = true;
  });
  // Time of an idle machine passes when it is made to; it says hello every four seconds.
  while (!isDone) {
    await virtual.advance(4.1e9);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [found] = await looked;
  t.match(found, { what: '127.0.0.1 is not booted: it waits for an image' });
  t.match(found?.advice, 'spin-tools boot --host 127.0.0.1');
});

t.test('fault: the address of the management processor', async (t) => {
  const { bmpHosts, bmpPort } = await startMachine(t, SPIN3, { bmpHost: '127.0.0.1', bmpPort: 0 });
  const [found] = await faultsOf(t, ['--host', `${bmpHosts[0]}`, '--scp-port', `${bmpPort}`]);
  t.match(found?.what, /^127\.0\.0\.1 is a management processor \(BC&MP/);
});

t.test('fault: an old monitor', async (t) => {
  const machine = await startBooted(t, SPIN3);
  // Monitors say what "softwareVersion" says: 1.33.
  await run('write', 'sv.softwareVersion', '0x00012100', ...machine.options);
  const [found] = await faultsOf(t, machine.options);
  t.match(found, { check: 'monitor', what: 'SC&MP/SpiNNaker 1.33.0 is not SC&MP 3 or later' });
});

t.test('fault: dead chips and links; a core less is worth a note', async (t) => {
  const machine = await startBooted(t, {
    board: 'spin5',
    deadChips: [{ x: 3, y: 3 }],
    deadLinks: [{ x: 0, y: 0, link: 0 }],
    deadCores: [{ x: 1, y: 1, core: 5 }],
  });
  const found = await faultsOf(t, machine.options);
  t.match(found, [
    { check: 'chips', what: 'dead chips: chip (3, 3)' },
    { check: 'links', what: 'dead links: (0, 0) to the east' },
  ]);
  const known = ['--dead-chip', '3,3', '--dead-link', '1,0,3'];
  const { code, stdout } = await run('doctor', ...known, ...machine.options);
  t.equal(code, 0, 'those that are known are none; links have two ends');
  t.match(stdout, /^note +cores +1 chip has less than 18 cores: 1 of chip \(1, 1\)$/m);
});

t.test('fault: a network that loses messages', async (t) => {
  const faults = { seed: 5, datagrams: { lose: 0.1 } };
  const machine = await startBooted(t, { ...SPIN3, faults });
  const found = await faultsOf(t, [...machine.options, '--timeout', '2']);
  t.match(found, [{ check: 'network', what: /^\d+ of 200 messages are lost$/ }]);
});

t.test('fault: a network that takes its time', async (t) => {
  const machine = await startBooted(t, { ...SPIN3, faults: { datagrams: { delayMs: 30 } } });
  machine.virtual.setPace('paced');
  const found = await faultsOf(t, machine.options);
  t.match(found, [{ check: 'network', what: /^answers take \d+\.\d\d ms$/ }]);
});

t.test('fault: packets that routers dropped', async (t) => {
  const machine = await startBooted(t, SPIN3);
  // Counter 8 of a router counts dropped multicast packets.
  await run('write', 'router+0x320', '17', '--chip', '1,0', ...machine.options);
  t.match(await faultsOf(t, machine.options), [
    { check: 'routers', what: 'packets were dropped: 17 by chip (1, 0)' },
  ]);
});

t.test('fault: cores in a run-time error; programs left behind are worth a note', async (t) => {
  const machine = await startBooted(t, SPIN3);
  const errors = ['run', firmware('errors'), '--cores', '0,0:2', '--keep', '--user', '5'];
  await run(...errors, ...machine.options);
  await run('load', firmware('burst'), '--cores', '1,1:1', '--app-id', '30', ...machine.options);
  const [found] = await faultsOf(t, machine.options);
  t.match(found?.what, '1 core failed: 0,0:2 errors, RunTimeError: data abort');
  t.match(found?.advice, 'spin-tools signal stop --app-id 16');
  const { stdout } = await run('doctor', ...machine.options);
  t.match(stdout, /^note +cores +applications are on the machine: 30 \(burst\) on 1 core$/m);
});

t.test('fault: cores that the watchdog caught', async (t) => {
  const machine = await startBooted(t, SPIN3);
  await run('write', 'sv.softwareWatchdog', '3', ...machine.options);
  await run('load', firmware('stuck'), '--cores', '0,0:3', ...machine.options);
  await machine.virtual.advance(2e9);
  const [found] = await faultsOf(t, machine.options);
  t.match(found?.what, /^1 core failed: 0,0:3 stuck, Watchdog: does not answer its monitor, near/);
});

t.test('fault: no memory, no routing entries and no tags left', async (t) => {
  const machine = await startBooted(t, SPIN3);
  const [here, there] = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ];
  await tamper(machine, async (controller) => {
    const { largest } = await controller.sdramSpace(there);
    await controller.allocateSdram(there, largest - 1e6, { appId: 40 });
    await controller.allocateRoutingEntries(here, 1000, { appId: 40 });
    for (let tag = 0; tag < 8; tag++) {
      await controller.setIpTag(here, tag, { ip: '10.0.0.1', udpPort: 5000 });
    }
  });
  t.match(await faultsOf(t, machine.options), [
    { check: 'memory', what: '1 chip has little SDRAM left: chip (1, 1)' },
    { check: 'tables', what: '1 routing table is full: chip (0, 0)' },
    { check: 'tags', what: 'all tags are taken on chip (0, 0)' },
  ]);
});

t.test('fault: a management processor that does not answer', async (t) => {
  const machine = await startBooted(t, SPIN3);
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => silent.close());
  await once(silent, 'listening');
  const bmp = ['--bmp-host', '127.0.0.1', '--bmp-port', `${silent.address().port}`];
  t.match(await faultsOf(t, [...machine.options, ...bmp, '--timeout', '0.2']), [
    { check: 'management', what: 'no management processor answers at 127.0.0.1' },
  ]);
});

t.test('fault: a board that is switched off', async (t) => {
  const machine = await startBooted(t, SPIN3, { bmpHost: '127.0.0.1', bmpPort: 0 });
  await run('power', 'off', ...machine.bmpOptions);
  const host = ['--host', 'no-such-board.invalid'];
  const [found] = await faultsOf(t, [...machine.bmpOptions, ...host]);
  t.match(found, { check: 'boards', what: 'board 0 is switched off' });
});

t.test('volts, temperatures and fans out of their limits are named', async (t) => {
  const well = {
    volts: {
      core1V2A: 1.2,
      core1V2B: 1.2,
      core1V2C: 1.2,
      memory1V8: 1.8,
      io3V3: 3.3,
      input12V: 12,
    },
    celsius: { top: 36, bottom: 35, external: [undefined, 26] },
    fansRpm: [2400, undefined, 2400, 0],
    warnings: 0,
    shutdowns: 0,
  };
  t.strictSame(outOfRange(well), []);
  t.ok(isPowered(well));
  const ill = {
    ...well,
    volts: { ...well.volts, core1V2B: 1.05, input12V: 13.5, io3V3: undefined },
    celsius: { top: 71.5, bottom: undefined, external: [51, 20] },
    fansRpm: [2400, 300, 2400, 0],
  };
  t.strictSame(
    outOfRange(ill).map(({ what, value }) => `${what} ${value}`),
    [
      '1.2 V supply B 1.05 V',
      '12 V input 13.50 V',
      'temperature of the top 71.5 °C',
      'temperature 0 of the backplane 51.0 °C',
      'fan 1 300 rpm',
    ],
  );
});

t.test('fault: a Node.js that is too old', async (t) => {
  t.match(checkVersions('18.20.4'), { level: 'fault', advice: 'install Node.js 20.19 or later' });
  t.match(checkVersions('20.18.1'), { level: 'fault' });
  t.match(checkVersions('20.19.0'), { level: 'ok' });
  t.match(checkVersions('24.1.0'), { level: 'ok' });
});

t.test('little room for replies is worth a note', async (t) => {
  t.match(judgeReceiveBuffer(212_992), { level: 'note', advice: /net\.core\.rmem_max=2097152/ });
  t.match(judgeReceiveBuffer(1 << 21), { level: 'ok' });
});
