import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { recordedPower, servedMachine } from '../../test-support/served-boards.js';
import { TestClock } from '../../test-support/test-clock.js';
import {
  allocate,
  destroyJob,
  getBoardAtPosition,
  getBoardPosition,
  getJobState,
  JobDestroyedError,
  jobKeepalive,
  listJobs,
  listMachines,
  noNotifyJob,
  noNotifyMachine,
  notifyJob,
  notifyMachine,
  QueueTimeoutError,
  requestJob,
  resumeJob,
  SpallocClient,
  whereIs,
} from '../index.js';
import { type ServedMachine, type ServeSpallocOptions, serveSpalloc } from './serve.js';

async function serve(
  t: Test,
  machines: ServedMachine[],
  options: Partial<ServeSpallocOptions> = {},
) {
  const server = await serveSpalloc({ machines, port: 0, ...options });
  t.teardown(() => server.close());
  const { host, port } = server;
  return { server, to: { host, port, owner: 'me', configFiles: [] } };
}

async function clientOf(t: Test, to: { host: string; port: number }) {
  const client = await SpallocClient.connect(to);
  t.teardown(() => client.close());
  return client;
}

t.test('boards are given, switched, found and taken back', async (t) => {
  const power = recordedPower();
  const { server, to } = await serve(t, [servedMachine({ power })]);
  const client = await clientOf(t, to);
  {
    await using job = await allocate({ ...to, boards: 2 });
    const machine = await job.machine();
    t.match(machine, { machineName: 'room', width: 16, height: 12 });
    t.strictSame(machine.connections, [
      { chip: { x: 0, y: 0 }, host: '10.0.0.1' },
      { chip: { x: 4, y: 8 }, host: '10.0.0.3' },
      { chip: { x: 8, y: 4 }, host: '10.0.0.2' },
    ]);
    t.match(await job.state(), { phase: 'ready', power: true, keepalive: 60 });
    await job.powerOff();
    t.match(await job.state(), { phase: 'ready', power: false });
    await job.powerOn();
    t.match(await job.whereIs({ x: 9, y: 4 }), {
      logical: { x: 0, y: 0, z: 1 },
      chip: { x: 9, y: 4 },
      boardChip: { x: 1, y: 0 },
      jobId: job.id,
      jobChip: { x: 9, y: 4 },
    });
    const [listed] = await client.send(listJobs());
    t.match(listed, { jobId: job.id, owner: 'me', power: true, keepalive: 60, host: '127.0.0.1' });
  }
  t.equal(server.liveJobs, 0);
  const three = '10.0.0.1 10.0.0.2 10.0.0.3';
  t.strictSame(power.done, [`on ${three}`, `off ${three}`, `on ${three}`, `off ${three}`]);
  t.match(await client.send(getJobState(1)), { phase: 'destroyed', reason: 'Finished' });
});

t.test('requests get what fits, and those that never will are over at once', async (t) => {
  const whole = servedMachine({ width: 2, height: 2 });
  const broken = servedMachine(
    { name: 'broken', tags: ['old'], width: 1, height: 1, wraps: false },
    ({ logical }) => logical.z !== 2,
  );
  const { to } = await serve(t, [whole, broken]);
  const shape = async (options: object) => {
    await using job = await allocate({ ...to, ...options });
    const { width, height, boards, machineName } = await job.machine();
    return [machineName, width, height, boards.length];
  };
  t.strictSame(await shape({}), ['room', 8, 8, 1]);
  t.strictSame(await shape({ boards: { x: 1, y: 1, z: 2 } }), ['room', 8, 8, 1]);
  t.strictSame(await shape({ boards: { cabinet: 0, frame: 0, board: 4 }, machine: 'room' }), [
    ...['room', 8, 8, 1],
  ]);
  t.strictSame(await shape({ boards: 4 }), ['room', 24, 16, 6]);
  t.strictSame(await shape({ boards: { width: 1, height: 2 } }), ['room', 16, 24, 6]);
  t.strictSame(await shape({ boards: 12 }), ['room', 24, 24, 12]);
  t.strictSame(await shape({ boards: { width: 2, height: 2 }, requireTorus: true }), [
    ...['room', 24, 24, 12],
  ]);
  t.strictSame(await shape({ boards: 2, tags: ['old'], maxDeadBoards: 0 }), ['broken', 16, 16, 2]);
  for (const options of [
    { boards: 3, tags: ['old'], maxDeadBoards: 0 },
    { boards: { x: 0, y: 0, z: 2 }, machine: 'broken' },
    { boards: 13 },
    { machine: 'nowhere' },
    { tags: ['new'] },
    { boards: { width: 1, height: 2 }, requireTorus: true },
    { boards: 7, minRatio: 1, machine: 'broken' },
  ]) {
    const reason = 'Cancelled: No suitable machines available.';
    await t.rejects(allocate({ ...to, ...options }), { name: JobDestroyedError.name, reason });
  }
});

t.test('a full machine queues jobs, serves them in order, and never two at once', async (t) => {
  const { server, to } = await serve(t, [servedMachine({ width: 1, height: 1 })]);
  const first = await allocate({ ...to, boards: 3 });
  const second = await requestJob({ ...to, boards: 3 });
  t.equal((await second.state()).phase, 'queued');
  await t.rejects(allocate({ ...to, boards: 1, queueLimitMs: 20 }), QueueTimeoutError);
  t.equal(server.liveJobs, 2, 'the one that waited too long is gone');
  await Promise.all([second.untilReady(), first.destroy()]);
  const other = await requestJob(to);
  await other.destroy('changed my mind');
  await t.rejects(other.untilReady(), JobDestroyedError);
  const client = await clientOf(t, to);
  t.match(await client.send(getJobState(other.id)), { reason: 'Cancelled: changed my mind' });
  await second.destroy();
});

t.test('a job that nobody keeps alive is over, and its boards are free', async (t) => {
  const clock = new TestClock();
  const { server, to } = await serve(t, [servedMachine()], { clock });
  const client = await clientOf(t, to);
  const job = await requestJob({ ...to, boards: 6, keepalive: 20, clock: new TestClock() });
  clock.advance(19_000);
  await client.send(jobKeepalive(job.id));
  clock.advance(19_000);
  await client.send(listJobs());
  t.equal(server.liveJobs, 1, 'kept alive by anybody');
  clock.advance(2000);
  t.match(await client.send(getJobState(job.id)), { phase: 'destroyed', reason: 'Job timed out.' });
  const forever = await requestJob({ ...to, boards: 6, keepalive: null, clock: new TestClock() });
  await forever.untilReady();
  clock.advance(1e9);
  t.match(await forever.state(), { phase: 'ready', keepalive: null });
  await forever.release();
  t.equal(server.liveJobs, 1, 'left to others');
  await using again = await resumeJob(forever.id, to);
  t.match(await again.state(), { phase: 'ready' });
  await job.release();
});

t.test('boards that cannot be switched end the job with the reason', async (t) => {
  const power = {
    switchOn: () => Promise.reject(new Error('board 3 is silent')),
    switchOff: () => Promise.resolve(),
  };
  const { to } = await serve(t, [servedMachine({ power })]);
  await t.rejects(allocate(to), { name: JobDestroyedError.name, reason: /board 3 is silent/ });
});

t.test(
  'boards that are to be avoided are replaced, and too many of them are an error',
  async (t) => {
    const { server, to } = await serve(t, [servedMachine()]);
    const replaced: string[] = [];
    const onReplaced = (boards: readonly { host: string }[]) =>
      replaced.push(...boards.map(({ host }) => host));
    const avoid = ['10.0.0.1', '10.0.0.2'];
    {
      await using job = await allocate({ ...to, avoid, onReplaced });
      t.match((await job.machine()).connections, [{ host: '10.0.0.3' }]);
      t.strictSame(replaced, avoid);
      t.equal(server.liveJobs, 1, 'the others were given back');
    }
    await t.rejects(allocate({ ...to, avoid, replacements: 1 }), {
      name: 'BadBoardsError',
      boards: ['10.0.0.2'],
      message: /10\.0\.0\.2: it is to be avoided/,
    });
    t.equal(server.liveJobs, 0);
  },
);

t.test('places are told in all four ways, around edges as the machine has them', async (t) => {
  const { to } = await serve(t, [
    servedMachine(),
    servedMachine({ name: 'open', width: 1, wraps: false, tags: ['open'] }),
  ]);
  const client = await clientOf(t, to);
  t.strictSame(await client.send(getBoardPosition('room', { x: 1, y: 0, z: 2 })), {
    ...{ cabinet: 0, frame: 0, board: 5 },
  });
  const board = { cabinet: 0, frame: 0, board: 4 };
  t.strictSame(await client.send(getBoardAtPosition('room', board)), { x: 1, y: 0, z: 1 });
  t.equal(await client.send(getBoardAtPosition('nowhere', board)), null);
  t.equal(await client.send(getBoardPosition('room', { x: 2, y: 0, z: 0 })), null);
  const found = { logical: { x: 1, y: 0, z: 1 }, physical: board, chip: { x: 20, y: 4 } };
  t.match(await client.send(whereIs({ machine: 'room', ...board })), found);
  t.match(await client.send(whereIs({ machine: 'room', x: 1, y: 0, z: 1 })), found);
  t.match(await client.send(whereIs({ machine: 'room', chip: { x: 1, y: 6 } })), {
    ...{ logical: { x: 1, y: 0, z: 1 }, boardChip: { x: 5, y: 2 } },
  });
  t.match(await client.send(whereIs({ machine: 'open', chip: { x: 13, y: 6 } })), {
    ...{ logical: { x: 0, y: 0, z: 1 }, boardChip: { x: 5, y: 2 } },
  });
  t.equal(await client.send(whereIs({ machine: 'open', chip: { x: 0, y: 6 } })), null);
  t.equal(await client.send(whereIs({ jobId: 9, chip: { x: 0, y: 0 } })), null);
  await using job = await allocate({ ...to, boards: { x: 1, y: 0, z: 1 } });
  t.match(await job.whereIs({ x: 7, y: 7 }), {
    boardChip: { x: 7, y: 7 },
    jobChip: { x: 7, y: 7 },
  });
  t.equal(await job.whereIs({ x: 0, y: 7 }), null, 'not a chip of the board');
});

t.test('machines are listed with their dead parts', async (t) => {
  const { to } = await serve(t, [
    servedMachine({ deadLinks: [{ x: 0, y: 0, z: 0, link: 2 }] }, ({ logical }) => logical.x > 0),
  ]);
  const client = await clientOf(t, to);
  t.match(await client.send(listMachines()), [
    {
      ...{ name: 'room', tags: ['default'], width: 2, height: 1 },
      deadBoards: [0, 1, 2].map((z) => ({ x: 0, y: 0, z })),
      deadLinks: [{ x: 0, y: 0, z: 0, link: 2 }],
    },
  ]);
});

/** Speaks lines to the server, and gives what comes back. */
async function talk(t: Test, to: { host: string; port: number }) {
  const socket = connect(to);
  t.teardown(() => socket.destroy());
  const lines = createInterface(socket);
  const reader = lines[Symbol.asyncIterator]();
  await once(socket, 'connect');
  return {
    socket,
    say: (line: string) => socket.write(`${line}\n`),
    hear: async () => (await reader.next()).value as string | undefined,
  };
}

t.test('the wire is that of the Python server, byte by byte', async (t) => {
  const { to } = await serve(t, [servedMachine()]);
  const { say, hear } = await talk(t, to);
  for (const [request, reply] of [
    ['{"command": "version"}', '{"return":"6.0.1"}'],
    ['\r', undefined],
    [
      '{"command": "get_job_state", "args": [4]}',
      '{"return":{"power":null,"keepalive":null,"reason":null,"start_time":null,"keepalivehost":null,"state":0}}',
    ],
    ['{"command": "create_job", "args": [1], "kwargs": {"owner": 7}}', '{"return":1}'],
    [
      '{"command": "get_job_machine_info", "args": [1]}',
      '{"return":{"width":8,"height":8,"machine_name":"room","connections":[[[0,0],"10.0.0.1"]],"boards":[[0,0,0]]}}',
    ],
    ['{"command": "destroy_job", "args": [1], "kwargs": {"reason": "x"}}', '{"return":null}'],
    ['{"command": "job_keepalive", "args": [1]}', '{"return":null}'],
    ['{"command": "power_on_job_boards", "args": [1]}', '{"return":null}'],
    ['{"command": "create_job", "args": [0], "kwargs": {"owner": "a"}}', '{"return":2}'],
    ['{"command": "create_job"}', '{"exception":"\\"owner\\" must be given"}'],
    [
      '{"command": "create_job", "kwargs": {"owner": "a", "tags": ["a"], "machine": "b"}}',
      '{"exception":"give \\"machine\\" or \\"tags\\", not both"}',
    ],
    ['{"command": "where_is", "kwargs": {"x": 1}}', '{"exception":"Invalid arguments: x"}'],
    ['{"command": "list_jobs"}', '{"return":[]}'],
  ] as const) {
    say(request);
    if (reply !== undefined) t.equal(await hear(), reply, request);
  }
});

t.test('what is no request ends the connection without a word', async (t) => {
  const { to, server } = await serve(t, [servedMachine()]);
  for (const line of [
    ...['not json', '[]', '{}', '{"command": 1}', '{"command": "version", "args": {}}'],
    ...['{"command": "fly"}', '{"command": "toString"}', '{"command": "version", "kwargs": []}'],
    `"${'x'.repeat(70_000)}"`,
  ]) {
    const { say, hear } = await talk(t, to);
    say(line);
    t.equal(await hear(), undefined, line.slice(0, 40));
  }
  const { say, hear } = await talk(t, to);
  say('{"command": "version"}');
  t.equal(await hear(), '{"return":"6.0.1"}', 'others are served on');
  t.equal(server.connections, 1);
});

t.test('random requests get one reply each, and the server lives on', async (t) => {
  const { to } = await serve(t, [servedMachine()]);
  const { say, hear } = await talk(t, to);
  const commands = [
    ...['create_job', 'get_job_state', 'get_job_machine_info', 'power_on_job_boards', 'where_is'],
    ...['destroy_job', 'job_keepalive', 'get_board_position', 'list_machines', 'version'],
  ];
  const value = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.jsonValue());
  const names = fc.constantFrom('owner', 'tags', 'machine', 'min_ratio', 'job_id', 'x', 'chip_x');
  await t.resolves(
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...commands),
        fc.array(value, { maxLength: 4 }),
        fc.dictionary(names, value, { maxKeys: 4 }),
        async (command, args, kwargs) => {
          say(JSON.stringify({ command, args, kwargs }));
          const reply = JSON.parse(String(await hear()));
          return 'return' in reply || typeof reply.exception === 'string';
        },
      ),
      { numRuns: 300 },
    ),
  );
});

t.test(
  'changes are told after the reply that caused them, merged, and only to who asked',
  async (t) => {
    const { to } = await serve(t, [servedMachine()]);
    const { say, hear } = await talk(t, to);
    const client = await clientOf(t, to);
    say('{"command": "notify_job"}');
    say('{"command": "notify_machine", "args": ["room"]}');
    t.strictSame([await hear(), await hear()], ['{"return":null}', '{"return":null}']);
    say('{"command": "create_job", "kwargs": {"owner": "a"}}');
    t.equal(await hear(), '{"return":1}');
    t.equal(await hear(), '{"jobs_changed":[1]}');
    t.equal(await hear(), '{"machines_changed":["room"]}');
    say('{"command": "no_notify_job"}');
    t.equal(await hear(), '{"return":null}');
    say('{"command": "destroy_job", "args": [1]}');
    t.equal(await hear(), '{"return":null}');
    t.equal(await hear(), '{"machines_changed":["room"]}');
    let heard = 0;
    client.onChange(() => heard++);
    for (const command of [
      notifyJob(),
      notifyJob(5),
      noNotifyJob(5),
      noNotifyJob(),
      notifyMachine(),
    ])
      await client.send(command);
    await client.send(noNotifyMachine());
    await using job = await allocate(to);
    await client.send(destroyJob(job.id, 'done'));
    t.equal(heard, 0);
  },
);
