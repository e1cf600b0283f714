import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  allocate,
  getBoardAtPosition,
  getBoardPosition,
  getJobMachineInfo,
  getJobState,
  JobDestroyedError,
  jobRequest,
  listJobs,
  listMachines,
  requestJob,
  SpallocClient,
  SpallocCommandError,
  SpallocConnectionError,
  SpallocProtocolError,
  SpallocRequestError,
  SpallocTimeoutError,
  SpallocVersionError,
  whereIs,
} from './index.js';
import { JsonLines } from './v1/json-lines.js';

interface Request {
  command: string;
  args: unknown[];
  kwargs: Record<string, unknown>;
}

type Reply = (request: Request, socket: Socket) => unknown;

/** What the computer's own configuration files say must not matter. */
const NO_FILES = { configFiles: [] };

/** An answer that is no reply at all. */
const SILENCE = Symbol('silence');

/** A server on loopback: `answers` maps commands to a value, or to a function of the request. */
async function serve(t: Test, answers: Record<string, unknown>) {
  const all: Record<string, unknown> = { version: '6.0.1', ...answers };
  const requests: Request[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    createInterface(socket).on('line', (line) => {
      const request: Request = JSON.parse(line);
      requests.push(request);
      const answer = all[request.command];
      const value = typeof answer === 'function' ? (answer as Reply)(request, socket) : answer;
      if (value === SILENCE) return;
      const reply =
        value instanceof Error ? { exception: value.message } : { return: value ?? null };
      socket.write(`${JSON.stringify(reply)}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sent = (command: string) => requests.filter((request) => request.command === command);
  return { ...NO_FILES, host: '127.0.0.1', port, requests, sent, sockets };
}

const state = (number: number, more = {}) => ({
  state: number,
  power: number === 3 ? true : null,
  keepalive: 60,
  reason: null,
  start_time: 1.5,
  keepalivehost: '127.0.0.1',
  ...more,
});

const threeBoards = {
  width: 16,
  height: 16,
  machine_name: 'room',
  connections: [
    [[8, 4], '10.0.0.2'],
    [[0, 0], '10.0.0.1'],
    [[4, 8], '10.0.0.3'],
  ],
  boards: [
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 2],
  ],
};

t.test('allocate waits for power, tells the boards, and gives them back at the end', async (t) => {
  const phases = [state(1), state(2), state(3)];
  const server = await serve(t, {
    create_job: 7,
    get_job_machine_info: threeBoards,
    get_job_state: (_: Request, socket: Socket) => {
      if (phases.length > 1) socket.write('{"jobs_changed": [7]}\n');
      return phases.length > 1 ? phases.shift() : phases[0];
    },
  });
  {
    await using job = await allocate({ ...server, owner: 'me', boards: 3, tags: ['fast'] });
    t.equal(job.id, 7);
    const machine = await job.machine();
    t.strictSame(machine.connections, [
      { chip: { x: 0, y: 0 }, host: '10.0.0.1' },
      { chip: { x: 4, y: 8 }, host: '10.0.0.3' },
      { chip: { x: 8, y: 4 }, host: '10.0.0.2' },
    ]);
    t.match(machine, { width: 16, height: 16, machineName: 'room' });
    t.strictSame(machine.boards[2], { x: 0, y: 0, z: 2 });
  }
  t.strictSame(server.sent('create_job')[0], {
    command: 'create_job',
    args: [3],
    kwargs: { owner: 'me', keepalive: 60, tags: ['fast'] },
  });
  t.strictSame(server.sent('destroy_job')[0]?.args, [7]);
});

t.test('states yields each change once and ends with the job', async (t) => {
  const phases = [1, 1, 2, 3, 4].map((number) => state(number));
  const server = await serve(t, {
    create_job: 1,
    get_job_state: (_: Request, socket: Socket) => {
      socket.write('{"jobs_changed": [1]}\n');
      return phases.shift();
    },
  });
  await using job = await requestJob({ ...server, owner: 'me' });
  const seen: string[] = [];
  for await (const { phase } of job.states()) seen.push(phase);
  t.strictSame(seen, ['queued', 'power', 'ready', 'destroyed']);
});

t.test('a request that no machine can fulfil is an error with the reason', async (t) => {
  const reason = 'Cancelled: No suitable machines available.';
  const server = await serve(t, {
    create_job: 9,
    get_job_state: state(4, { reason, keepalive: null, start_time: null }),
  });
  await t.rejects(
    allocate({ ...server, owner: 'me', boards: 999 }),
    new JobDestroyedError(9, reason),
  );
});

t.test('the job is kept alive at half its interval', async (t) => {
  let second = () => {};
  const twice = new Promise<void>((resolve) => {
    second = resolve;
  });
  const server = await serve(t, {
    create_job: 2,
    get_job_state: state(3),
    job_keepalive: () => {
      if (server.sent('job_keepalive').length === 2) second();
    },
  });
  await using _job = await allocate({ ...server, owner: 'me', keepalive: 0.02 });
  await twice;
  t.strictSame(server.sent('job_keepalive')[0]?.args, [2]);
});

t.test('aborting the wait destroys the queued job', async (t) => {
  const stop = new AbortController();
  const server = await serve(t, {
    create_job: 3,
    get_job_state: () => {
      setImmediate(() => stop.abort(new Error('enough')));
      return state(1);
    },
  });
  await t.rejects(allocate({ ...server, owner: 'me', signal: stop.signal }), { message: 'enough' });
  t.equal(server.sent('destroy_job').length, 1);
});

t.test('a lost connection ends waiting with an error that names the server', async (t) => {
  const server = await serve(t, {
    create_job: 3,
    get_job_state: (_: Request, socket: Socket) => {
      socket.destroy();
      return SILENCE;
    },
  });
  const patience = { reconnectDelayMs: 5, patienceMs: 500 };
  const error = await allocate({ ...server, ...patience, owner: 'me' }).catch((error) => error);
  t.type(error, SpallocConnectionError);
  t.match(error, { message: /127\.0\.0\.1:\d+: it closed the connection/ });
  t.ok(server.sent('get_job_state').length > 1, 'it was tried again');
});

t.test('no server at all is an error that names host and port', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await t.rejects(SpallocClient.connect({ host: '127.0.0.1', port }), {
    name: 'SpallocConnectionError',
    message: new RegExp(`127.0.0.1:${port}.*ECONNREFUSED.*running`),
  });
});

t.test('an unanswered command times out and closes the connection', async (t) => {
  const server = await serve(t, { list_jobs: SILENCE });
  const client = await SpallocClient.connect({ ...server, timeoutMs: 300 });
  await t.rejects(client.send(listJobs()), SpallocTimeoutError);
  await t.rejects(client.send(listMachines()), { message: /did not answer list_jobs in 300 ms/ });
});

t.test('power on resets the boards and waits until they are ready again', async (t) => {
  const phases = [state(3), state(2), state(3)];
  const server = await serve(t, {
    create_job: 4,
    get_job_state: (_: Request, socket: Socket) => {
      if (phases.length > 0) socket.write('{"jobs_changed": [4]}\n');
      return phases.shift() ?? state(3);
    },
  });
  await using job = await allocate({ ...server, owner: 'me' });
  await job.powerOn();
  await job.powerOff();
  t.strictSame(
    server.requests.map(({ command }) => command).filter((command) => command.startsWith('power')),
    ['power_on_job_boards', 'power_off_job_boards'],
  );
  t.equal(phases.length, 0);
});

t.test('versions with an epoch are understood and foreign ones refused', async (t) => {
  for (const good of ['0.1.0', '1!6.0.1', '5.0.0', '6.99.0rc1', '1!7.1.0']) {
    const client = await SpallocClient.connect(await serve(t, { version: good }));
    await client.close();
  }
  for (const bad of ['8.0.0', '0.0.9', 'new', '']) {
    const server = await serve(t, { version: bad });
    await t.rejects(SpallocClient.connect(server), new SpallocVersionError(bad));
    await (await SpallocClient.connect({ ...server, ignoreVersion: true })).close();
  }
});

t.test('answers reach their questions in order, with notifications in between', async (t) => {
  const server = await serve(t, {
    list_machines: (_: Request, socket: Socket) => {
      socket.write('{"machines_changed": ["room"]}\r\n\r\n');
      return [
        {
          name: 'room',
          tags: ['default'],
          width: 2,
          height: 1,
          dead_boards: [[0, 0, 1]],
          dead_links: [[1, 0, 2, 5]],
        },
      ];
    },
    list_jobs: [
      { job_id: 5, owner: 'you', state: 1, allocated_machine_name: null, boards: null },
      { job_id: 6, owner: 'me', state: 3, allocated_machine_name: 'room', boards: [[1, 0, 2]] },
    ],
    get_job_machine_info: { width: null, height: null, connections: null, boards: null },
    get_job_state: new Error('no such job'),
  });
  await using client = await SpallocClient.connect(server);
  const [machines, jobs, machine, refused] = await Promise.all([
    client.send(listMachines()),
    client.send(listJobs()),
    client.send(getJobMachineInfo(5)),
    client.send(getJobState(5)).catch((error) => error),
  ]);
  t.strictSame(machines, [
    {
      name: 'room',
      tags: ['default'],
      width: 2,
      height: 1,
      deadBoards: [{ x: 0, y: 0, z: 1 }],
      deadLinks: [{ x: 1, y: 0, z: 2, link: 5 }],
    },
  ]);
  t.match(jobs, [
    { jobId: 5, phase: 'queued', machineName: null, boards: [] },
    { jobId: 6, phase: 'ready', machineName: 'room', boards: [{ x: 1, y: 0, z: 2 }] },
  ]);
  t.equal(machine, null);
  t.strictSame(refused, new SpallocCommandError('get_job_state', 'no such job'));
});

t.test('places are asked for and told in all four ways', async (t) => {
  const server = await serve(t, {
    get_board_position: [1, 2, 3],
    get_board_at_position: null,
    where_is: {
      machine: 'room',
      logical: [1, 0, 2],
      physical: [1, 2, 3],
      chip: [16, 8],
      board_chip: [0, 0],
      job_id: null,
      job_chip: null,
    },
  });
  await using client = await SpallocClient.connect(server);
  t.strictSame(await client.send(getBoardPosition('room', { x: 1, y: 0, z: 2 })), {
    cabinet: 1,
    frame: 2,
    board: 3,
  });
  t.equal(await client.send(getBoardAtPosition('room', { cabinet: 0, frame: 0, board: 9 })), null);
  const location = await client.send(whereIs({ machine: 'room', chip: { x: 16, y: 8 } }));
  t.match(location, { logical: { z: 2 }, chip: { x: 16, y: 8 }, jobId: null, jobChip: null });
  await client.send(whereIs({ machine: 'room', x: 1, y: 0, z: 2 }));
  await client.send(whereIs({ machine: 'room', cabinet: 1, frame: 2, board: 3 }));
  await client.send(whereIs({ jobId: 6, chip: { x: 0, y: 0 } }));
  t.strictSame(
    server.sent('where_is').map(({ args, kwargs }) => ({ args, ...kwargs })),
    [
      { args: [], machine: 'room', chip_x: 16, chip_y: 8 },
      { args: [], machine: 'room', x: 1, y: 0, z: 2 },
      { args: [], machine: 'room', cabinet: 1, frame: 2, board: 3 },
      { args: [], job_id: 6, chip_x: 0, chip_y: 0 },
    ],
  );
});

t.test('a reply that makes no sense is refused by the name of its field', async (t) => {
  const bad: [unknown, RegExp][] = [
    [7, /sent 7 as get_job_state, where an object belongs/],
    [state(1.5), /sent 1\.5 as get_job_state\.state, where an integer belongs/],
    [state(3, { power: 'on' }), /sent "on" as get_job_state\.power, where true or false/],
    [{}, /sent missing as get_job_state\.state/],
  ];
  for (const [value, message] of bad) {
    await using client = await SpallocClient.connect(await serve(t, { get_job_state: value }));
    await t.rejects(client.send(getJobState(1)), { name: 'SpallocProtocolError', message });
  }
});

t.test('garbage on the wire fails what is under way instead of crashing', async (t) => {
  for (const garbage of ['{"return": 1', '[]', '\xff\xfe', '{"return": 1}\n{"return": 2}']) {
    const server = await serve(t, {
      list_jobs: (_: Request, socket: Socket) => {
        socket.write(Buffer.from(`${garbage}\n`, 'latin1'));
        return SILENCE;
      },
    });
    await using client = await SpallocClient.connect(server);
    await t.rejects(client.send(listJobs()), SpallocProtocolError);
  }
});

t.test('options that no server should see are refused by name', async (t) => {
  const owner = 'me';
  const bad = [
    [{ owner: ' ' }, 'owner'],
    [{ owner, machine: 'room', tags: ['fast'] }, 'tags'],
    [{ owner, boards: 0 }, 'boards'],
    [{ owner, boards: { width: 1, height: 1.5 } }, 'boards.height'],
    [{ owner, boards: { x: 0, y: -1, z: 0 } }, 'boards.y'],
    [{ owner, keepalive: 0 }, 'keepalive'],
    [{ owner, requireTorus: true }, 'requireTorus'],
  ] as const;
  for (const [options, field] of bad) {
    t.throws(() => jobRequest(options), { name: SpallocRequestError.name, field });
  }
  t.strictSame(jobRequest({ owner, boards: { x: 1, y: 0, z: 2 } }).args, [1, 0, 2]);
  t.strictSame(jobRequest({ owner, boards: { width: 2, height: 1 }, requireTorus: true }), {
    args: [2, 1],
    kwargs: { owner, keepalive: 60, require_torus: true },
  });
});

t.test('lines come out whole however the stream is cut', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat({ max: 9 })), (values, cuts) => {
        const stream = Buffer.from(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
        const lines = new JsonLines();
        const out: unknown[] = [];
        let start = 0;
        for (const cut of cuts) {
          out.push(...lines.push(stream.subarray(start, start + cut)));
          start += cut;
        }
        out.push(...lines.push(stream.subarray(start)));
        return JSON.stringify(out) === JSON.stringify(values);
      }),
    ),
  );
});
