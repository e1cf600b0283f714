/** What `spin-tools selftest` finds on a machine, and how it says so. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { discoverMachine } from '@spin-tools/machine-model';
import { MachineController } from '@spin-tools/scp';
import { type FaultPlan, VirtualMachine } from '@spin-tools/sim';
import t, { type Test } from 'tap';
import { runCommandLine } from '../command-line.js';
import { serve } from '../machine/serve.js';
import { checkLinks } from './links.js';
import { checkMemory } from './memory.js';

async function selftest(t: Test, faults: FaultPlan) {
  await using served = await serve({ board: 'spin3', faults });
  const { host, scpPort, bootPort } = served.address;
  const file = join(t.testdir(), 'report.json');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const ports = ['--scp-port', `${scpPort}`, '--boot-port', `${bootPort}`];
  const code = await runCommandLine(
    ['selftest', host, '--board', 'spin3', ...ports, '--sdram', '1', '--output', file],
    { stdout, stderr, untilStopped: async () => {} },
  );
  const report = JSON.parse(await readFile(file, 'utf8'));
  return { code, report, said: `${stdout.read()}${stderr.read() ?? ''}` };
}

t.test('a machine without faults passes, and the report says where time went', async (t) => {
  const { code, report, said } = await selftest(t, {});
  t.equal(code, 0);
  t.match(report, {
    passed: true,
    format: 'spin-tools selftest 1',
    machine: { chips: 4, cores: 72 },
    links: { tried: 22, faults: [] },
    memory: { bytesPerChip: 1024, faults: [] },
  });
  t.equal(report.exercises.length, 3);
  for (const exercise of report.exercises) {
    t.match(exercise, { same: true, differing: 0, packetsDropped: 0, batchesRepeated: 0 });
    for (const core of exercise.provenance) t.equal(core.packetsLate + core.packetsUnexpected, 0);
    for (const { compute, packets, dma, wait, barrier } of exercise.layers) {
      t.ok(Math.abs(compute + packets + dma + wait + barrier - 1) < 1e-9);
    }
  }
  t.match(said, /784-128-10, fast, \d+ cores of \d chips: the same bits as the functional engine/);
  t.match(said, /all is as it should be/);
});

t.test('a machine that loses every packet fails, and says what cores wait for', async (t) => {
  const { code, report, said } = await selftest(t, { packets: { lose: 1 } });
  t.equal(code, 4);
  t.match(report, { passed: false, links: { faults: [] } });
  t.match(report.exercises[0], { name: 'three layers', error: /packets were dropped/ });
  t.match(said, /something is not as it should be/);
});

t.test('links that lead elsewhere and memory that forgets are named', async (t) => {
  await using virtual = {
    machine: new VirtualMachine({ board: 'spin3' }),
    [Symbol.asyncDispose]: () => virtual.machine.close(),
  };
  const { machine: board } = virtual;
  const controller = new MachineController({
    scp: board.scpTransport(),
    boot: board.bootTransport(),
  });
  await controller.boot({ hardwareVersion: 3, pauseMs: 0 });
  const machine = await discoverMachine(controller);
  const read = controller.read.bind(controller);
  const readNeighbour = controller.readNeighbour.bind(controller);
  controller.readNeighbour = async (from, link, address, length) =>
    link === 0 && from.x === 0 && from.y === 1
      ? Uint8Array.of(7, 6, 0, 0)
      : readNeighbour(from, link, address, length);
  controller.read = async (at, address, length) => {
    const bytes = await read(at, address, length);
    if ('x' in at && at.x === 1 && at.y === 1 && length === 256) bytes[9] = ~(bytes[9] as number);
    return bytes;
  };
  const links = await checkLinks(controller, machine);
  t.same(links.faults, [{ x: 0, y: 1, link: 0, found: '6,7' }]);
  const memory = await checkMemory(controller, machine, 256, () => {});
  t.equal(memory.faults.length, 1);
  t.match(memory.faults[0], { x: 1, y: 1, what: 'does not keep it' });
  t.equal((memory.faults[0]?.address ?? 0) % 4, 1);
  await controller.close();
});
