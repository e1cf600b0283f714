import { readFile } from 'node:fs/promises';
import { CONNECTED_CHIP, version } from '@spin-tools/scp';
import type { FaultPlan, MachineOptions } from '@spin-tools/sim';
import { allocate, connectToServer } from '@spin-tools/spalloc-client';
import t, { type Test } from 'tap';
import { run, runJson, startSim as startServed } from '../../test-support/command-line.js';
import { serve } from '../machine/serve.js';
import { serveAllocation } from './serve.js';

/** Starts `spin-tools sim --spalloc` on free ports. */
async function startSim(t: Test, ...args: string[]) {
  const { spallocPort, scpPort, bootPort } = await startServed(t, ...args, '--spalloc', '0');
  const server = ['--host', '127.0.0.1', '--port', `${spallocPort}`];
  const boards = ['--scp-port', `${scpPort}`, '--boot-port', `${bootPort}`];
  const place = ['--spalloc-host', '127.0.0.1', '--spalloc-port', `${spallocPort}`];
  return { server, machine: ['--machine', 'spalloc', ...place, '--owner', 'me', ...boards] };
}

/** A virtual machine behind an allocation server, without the command line. */
async function serveMachine(t: Test, machine: MachineOptions) {
  const served = await serve(machine);
  const at = { host: '127.0.0.1', port: 0 };
  const allocation = await serveAllocation(served.virtual, served.hosts, at);
  t.teardown(async () => {
    await allocation[Symbol.asyncDispose]();
    await served[Symbol.asyncDispose]();
  });
  const { scpPort, bootPort } = served.address;
  const { host } = at;
  return { host, port: allocation.port, scpPort, bootPort, owner: 'me', configFiles: [] };
}

/** As quick as a virtual machine allows. */
const BOOT = { pauseMs: 0, attempts: 1, timeoutMs: 300 };

t.test('boards are switched by the allocation server, and see no others', async (t) => {
  const to = await serveMachine(t, { triads: { width: 1, height: 1 }, wrap: false });
  await using one = await allocate({ ...to, boards: { x: 0, y: 0, z: 1 }, boot: BOOT });
  await using other = await allocate({ ...to, boards: { x: 0, y: 0, z: 0 }, boot: BOOT });
  for (const job of [one, other]) {
    const controller = await job.controller();
    t.strictSame(await controller.dimensions(), { width: 8, height: 8 });
    t.equal((await controller.ethernetChips()).length, 1);
    await controller.close();
  }
  await one.powerOn();
  const reset = await one.controller();
  const patience = { tries: 1, timeoutMs: 100 };
  const asked = reset.scp.send(CONNECTED_CHIP, version(), patience);
  await t.rejects(asked, { name: 'ScpTimeoutError' }, 'the boards were reset');
  await reset.close();
  const still = await other.controller();
  t.match(await still.version(), { chip: { x: 0, y: 0 } }, 'those of others were not');
  await still.close();
});

t.test('three boards are one machine, with a way in by each of them', async (t) => {
  const to = await serveMachine(t, { triads: { width: 2, height: 1 }, wrap: true });
  await using job = await allocate({ ...to, boards: 3, boot: BOOT });
  const { width, height, connections } = await job.machine();
  t.strictSame([width, height, connections.length], [16, 12, 3]);
  const controller = await job.controller();
  t.equal((await controller.ethernetChips()).length, 3);
  const data = Uint8Array.from({ length: 3000 }, (_, index) => index);
  await controller.write({ x: 9, y: 5 }, 0x60000000, data);
  t.equal(Buffer.compare(await controller.read({ x: 9, y: 5 }, 0x60000000, 3000), data), 0);
  t.ok(
    controller.statistics().every(({ requests }) => requests > 0),
    'each way was used',
  );
  await controller.close();
});

t.test('boards that do not boot are replaced', async (t) => {
  const failing = (...boards: number[]): { faults: FaultPlan } => ({
    faults: { bootFailures: boards.map((board) => ({ board, times: 99 })) },
  });
  const triads = { width: 2, height: 1 };
  const single = await serveMachine(t, { triads, ...failing(0) });
  const replaced: string[] = [];
  const onReplaced = (boards: readonly { host: string }[]) =>
    replaced.push(...boards.map(({ host }) => host));
  {
    await using job = await allocate({ ...single, boot: BOOT, onReplaced });
    t.match((await job.machine()).connections, [{ host: '127.0.0.3' }]);
    await using server = await connectToServer(single);
    t.equal((await server.jobs()).length, 1, 'the bad board was given back');
  }
  t.strictSame(replaced, ['127.0.0.1']);
  replaced.length = 0;
  const triad = await serveMachine(t, { triads, ...failing(2) });
  await using job = await allocate({ ...triad, boards: 3, boot: BOOT, onReplaced });
  t.strictSame(replaced, ['127.0.0.3'], 'the one of three that does not come up is named');
  t.equal((await job.machine()).connections.length, 3);
});

t.test('a command is given boards, learns which, and its exit code is ours', async (t) => {
  const { server, machine } = await startSim(t, '--triads', '1x1');
  const file = `${t.testdir({})}/environment`;
  const script = `env > ${file}; exit 7`;
  const words = ['alloc', ...server, '--owner', 'me', '--boards', '2'];
  t.equal((await run(...words, '--', 'sh', '-c', script)).code, 7);
  const environment = await readFile(file, 'utf8');
  for (const line of [
    ...['SPALLOC_JOB_ID=1', 'SPALLOC_MACHINE=virtual', 'SPALLOC_HOSTNAME=127.0.0.1'],
    ...['SPALLOC_WIDTH=16', 'SPALLOC_HEIGHT=16', 'SPALLOC_BOARDS=3'],
    'SPALLOC_CONNECTIONS=0,0=127.0.0.1 4,8=127.0.0.3 8,4=127.0.0.2',
    ...['SPALLOC_SERVER_HOST=127.0.0.1', `SPALLOC_SERVER_PORT=${server[3]}`],
  ]) {
    t.ok(environment.split('\n').includes(line), line);
  }
  t.strictSame(await runJson(t, 'alloc', 'ps', ...server), { jobs: [] });
  t.equal((await run(...words, '--', 'sh', '-c', 'kill -9 $$')).code, 137);
  const missing = await run(...words, '--', '/no/such/program');
  t.strictSame([missing.code, missing.stdout], [1, '']);
  t.strictSame(await runJson(t, 'alloc', 'ps', ...server), { jobs: [] });
  t.match(await runJson(t, 'info', ...machine), { chips: 48, width: 8 });
});

t.test('jobs are left, shown, switched, taken over and ended', async (t) => {
  const { server, machine } = await startSim(t, '--triads', '1x1');
  const words = ['alloc', ...server, '--owner', 'me', '--no-destroy', '--triad', '0,0,2'];
  t.match(await runJson(t, ...words), { job: 1, width: 8, connections: [{ host: '127.0.0.3' }] });
  const jobs = [{ jobId: 1, owner: 'me', phase: 'ready', boards: [{ x: 0, y: 0, z: 2 }] }];
  t.match(await runJson(t, 'alloc', 'ps', ...server, '--owner', 'me'), { jobs });
  t.strictSame(await runJson(t, 'alloc', 'ps', ...server, '--owner', 'you'), { jobs: [] });
  t.match((await run('alloc', 'ps', ...server)).stdout, /\n1 +ready +on +1 +virtual .* me \(127/);
  t.match(await runJson(t, 'alloc', 'machines', ...server), {
    machines: [{ name: 'virtual', boards: 3, inUse: 1, jobs: 1 }],
  });
  t.match((await run('alloc', 'machines', ...server)).stdout, /virtual +1x1 +3 +1 +1 +default/);
  t.match(await runJson(t, 'alloc', 'job', ...server, '1', '--power-off'), { power: false });
  t.match(await runJson(t, 'alloc', 'job', ...server, '1', '--power-on'), { power: true });
  t.match(await runJson(t, 'boot', ...machine, '--job', '1'), { host: '127.0.0.3', width: 8 });
  t.match(await runJson(t, 'alloc', ...server, '--owner', 'me', '-D', '--resume', '1'), { job: 1 });
  const where = async (...form: string[]) =>
    (await runJson(t, 'alloc', 'where-is', ...server, ...form)).found;
  const there = { logical: { x: 0, y: 0, z: 2 }, chip: { x: 4, y: 8 }, jobId: 1 };
  t.match(await where('--board', 'virtual', '0', '0', '2'), there);
  t.match(await where('--physical', 'virtual', '0', '0', '2'), there);
  t.match(await where('--chip', 'virtual', '4', '8'), there);
  t.match(await where('--job-chip', '1', '0', '0'), { ...there, jobChip: { x: 0, y: 0 } });
  const nothing = await run('alloc', 'where-is', ...server, '--chip', 'virtual', '15', '0');
  t.strictSame([nothing.code, nothing.stderr], [4, 'spin-tools: nothing is there\n']);
  await run('alloc', 'job', ...server, '1', '--destroy', 'no longer needed');
  const ended = await run('alloc', 'job', ...server, '1');
  t.match(ended.stdout, /state +destroyed\nreason +no longer needed/);
});

t.test('a network is trained on allocated boards', async (t) => {
  const { server, machine } = await startSim(t);
  const folder = t.testdir({
    'xor.json': JSON.stringify({
      layers: [
        { className: 'InputLayer', shape: [2] },
        { className: 'Dense', units: 1, activation: 'sigmoid' },
      ],
    }),
    'data.json': '{"inputs": [[0, 0], [1, 1]], "labels": [0, 1]}',
  });
  const files = ['--model', `${folder}/xor.json`, '--data', `${folder}/data.json`];
  const outputs = ['--output', `${folder}/out.json`, '--report', `${folder}/out.html`];
  const trained = await runJson(t, 'train', ...machine, ...files, ...outputs, '--epochs', '2');
  t.match(trained, { packetsDropped: 0, predictedSeconds: Number });
  t.strictSame(await runJson(t, 'alloc', 'ps', ...server), { jobs: [] });
});

t.test('what makes no sense is refused with one line', async (t) => {
  const { server } = await startSim(t);
  const owner = ['--owner', 'me'];
  const machine = ['--machine', 'spalloc', '--owner', 'me'];
  for (const [args, code, message] of [
    [['alloc', ...server, ...owner, '--boards', '4'], 1, /job 1 was destroyed.*No suitable/],
    [
      ['alloc', ...server, ...owner, '--boards', '1', '--triad', '0,0,0'],
      2,
      /give one of '--boards'/,
    ],
    [['alloc', ...server, ...owner, '--triad', '0,0'], 2, /three whole numbers/],
    [['alloc', ...server, ...owner, '--name', 'a', '--tags', 'b'], 1, /"tags".*not both/],
    [['alloc', ...server, ...owner, '--address', '10.0.0.1'], 1, /protocol version 1/],
    [['alloc', ...server, ...owner, '--position', '0,0,0'], 1, /"machine" as well/],
    [['alloc', ...server, '--owner', ' '], 1, /"owner".*who asks/],
    [['alloc', ...server, '--resume', '99'], 1, /job 99 was destroyed/],
    [['alloc', 'where-is', ...server], 2, /give one of '--board'/],
    [['alloc', 'where-is', ...server, '--chip', 'virtual', 'x', '1'], 2, /is no place/],
    [['alloc', 'job', ...server, '1', '--power-on', '--power-off'], 2, /give one of/],
    [['alloc', 'ps', '--host', '127.0.0.1', '--port', '1'], 3, /127\.0\.0\.1:1: .*ECONNREFUSED/],
    [['info', ...machine, '--host', '127.0.0.1'], 2, /exclude each other/],
    [['info'], 2, /required option '--host <address>'/],
    [
      ['sim', '--board', 'spin3', '--spalloc', '0', '--scp-port', '0', '--boot-port', '0'],
      2,
      /48 chips/,
    ],
  ] as const) {
    const refused = await run(...args);
    t.equal(refused.code, code, args.join(' '));
    t.match(refused.stderr, message);
    t.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
  }
});
