import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { type Meddler, meddler } from '../test-support/meddler.js';
import { LOG_IN, restStub } from '../test-support/rest-stub.js';
import { servedMachine } from '../test-support/served-boards.js';
import { TestClock } from '../test-support/test-clock.js';
import {
  allocate,
  getJobState,
  type Job,
  listJobs,
  listMachines,
  requestJob,
  SpallocClient,
  SpallocSession,
} from './index.js';
import { serveSpalloc } from './server/serve.js';

/** A server behind a network that can be meddled with. */
async function network(t: Test, serverClock = new TestClock()) {
  const server = await serveSpalloc({ machines: [servedMachine()], port: 0, clock: serverClock });
  const net = await meddler(server.port);
  t.teardown(async () => {
    await net.close();
    await server.close();
  });
  const { host, port } = net;
  return {
    server,
    serverClock,
    net,
    to: { host, port, owner: 'me', configFiles: [], reconnectDelayMs: RECONNECT_DELAY },
  };
}

/** Watches a job's states until the result is called, which gives their phases. */
function watch(job: Job) {
  const phases: string[] = [];
  const done = (async () => {
    for await (const { phase } of job.states()) phases.push(phase);
  })();
  return async () => {
    await done;
    return phases;
  };
}

/** Times that jobs and connections wait for, ms. No sum of some of them is another. */
const KEEPALIVE_PAUSE = 30_000;
const RECONNECT_DELAY = 6007;
const TIMEOUT = 10_000;

/** A turn of the event loop in which sockets are served. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets sockets work until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** Moves a client that waits to reconnect on, so often. */
async function retry(clock: TestClock, net: Meddler, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await clock.waitedFor(RECONNECT_DELAY);
    const attempt = net.nextAttempt();
    clock.advance(RECONNECT_DELAY);
    await attempt;
  }
}

t.test('a network that is cut for 30 s costs nothing but time', async (t) => {
  const clock = new TestClock();
  const { server, net, to } = await network(t);
  const job = await allocate({ ...to, clock, boards: 3 });
  const watched = watch(job);
  const before = await job.machine();
  net.mode = 'cut';
  const asked = job.machine();
  await retry(clock, net, 5);
  net.mode = 'works';
  await retry(clock, net, 1);
  t.strictSame(await asked, before);
  await job.powerOff();
  t.equal(server.liveJobs, 1);
  await job.destroy();
  t.equal(server.liveJobs, 0, 'given back over the new connection');
  await watched();
  await until(() => clock.spans.length === 0);
  t.strictSame(clock.spans, [], 'nothing is waited for any more');
});

t.test('a connection that is half open is noticed by the next sign of life', async (t) => {
  const clock = new TestClock();
  const { server, net, to } = await network(t);
  const job = await allocate({ ...to, clock });
  const watched = watch(job);
  await turn();
  net.mode = 'frozen';
  await clock.waitedFor(KEEPALIVE_PAUSE);
  clock.advance(KEEPALIVE_PAUSE);
  await clock.waitedFor(TIMEOUT);
  clock.advance(TIMEOUT);
  net.mode = 'works';
  await retry(clock, net, 1);
  await clock.waitedFor(KEEPALIVE_PAUSE);
  const client = await SpallocClient.connect({ host: '127.0.0.1', port: server.port });
  t.match(await client.send(getJobState(job.id)), { phase: 'ready' });
  await client.close();
  await job.powerOff();
  await job.destroy();
  const phases = await watched();
  t.equal(phases[0], 'ready');
  t.ok(phases.length > 1, 'changes are heard on the new connection');
});

t.test('replies in pieces of any size, or many in one, are understood', async (t) => {
  const { server, net, to } = await network(t);
  for (const pieces of [1, 2, 3, 7, 40, 0]) {
    net.pieces = pieces;
    await using job = await allocate({ ...to, boards: 3 });
    const all = await Promise.all([
      job.machine(),
      job.state(),
      job.machine(),
      job.whereIs({ x: 0, y: 0 }),
    ]);
    t.match(all, [{ width: 16 }, { phase: 'ready' }, { height: 12 }, { jobId: job.id }]);
  }
  t.equal(server.liveJobs, 0);
});

t.test('garbage on the wire costs a connection, not the job', async (t) => {
  const { server, net, to } = await network(t);
  const job = await allocate({ ...to, reconnectDelayMs: 1 });
  for (const garbage of ['rubbish\n', '{"return": 1}\n', '[1]\n', '\xff\xfe\n', '{"x"', 'null\n']) {
    const attempt = net.nextAttempt();
    net.soil(Buffer.from(garbage, 'latin1'));
    // Half a line is found out when the next reply completes it.
    const [state] = await Promise.all([job.state(), attempt]);
    t.match(state, { phase: 'ready' }, garbage);
  }
  await job.destroy();
  t.equal(server.liveJobs, 0);
});

/** A server that answers as it is told, to tests of lateness. */
async function scripted(t: Test, answer: (command: string, reply: () => void) => void) {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const line of String(bytes).trim().split('\n')) {
        const { command } = JSON.parse(line);
        const values: Record<string, unknown> = {
          version: '6.0.1',
          list_machines: [],
          list_jobs: [],
        };
        answer(command, () =>
          socket.write(`${JSON.stringify({ return: values[command] ?? null })}\n`),
        );
      }
    });
    t.teardown(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  return { host: '127.0.0.1', port };
}

t.test('a late answer is not taken for the answer to another command', async (t) => {
  const clock = new TestClock();
  const late: (() => void)[] = [];
  const to = await scripted(t, (command, reply) => {
    if (command === 'list_jobs' && late.length === 0) late.push(reply);
    else reply();
  });
  const session = await SpallocSession.connect({ ...to, reconnectDelayMs: RECONNECT_DELAY, clock });
  const jobs = session.send(listJobs());
  await until(() => late.length === 1);
  clock.advance(TIMEOUT);
  const machines = session.send(listMachines());
  late[0]?.();
  await clock.waitedFor(RECONNECT_DELAY);
  clock.advance(RECONNECT_DELAY);
  t.strictSame(await Promise.all([jobs, machines]), [[], []]);
  await session.close();
  t.strictSame(clock.spans, []);
});

t.test('a server that never answers is given up in the time that was stated', async (t) => {
  const clock = new TestClock();
  const to = await scripted(t, (command, reply) => {
    if (command === 'version') reply();
  });
  const session = await SpallocSession.connect({
    ...to,
    reconnectDelayMs: RECONNECT_DELAY,
    clock,
    patienceMs: 40_000,
  });
  const refused = session.send(listJobs()).catch((error) => error);
  let waited = 0;
  let isOver = false;
  void refused.then(() => {
    isOver = true;
  });
  while (!isOver && waited < 1e6) {
    const [next = 0] = clock.spans;
    waited += next;
    clock.advance(next);
    for (let turns = 0; turns < 20; turns++) await turn();
  }
  t.match(await refused, { name: 'SpallocTimeoutError', command: 'list_jobs' });
  t.ok(waited <= 40_000 + TIMEOUT, `${waited} ms`);
  await session.close();
  let isAsked = false;
  const deaf = await scripted(t, () => {
    isAsked = true;
  });
  const silent = SpallocClient.connect({ ...deaf, clock }).catch((error) => error);
  await until(() => isAsked);
  clock.advance(TIMEOUT);
  t.match(await silent, { name: 'SpallocTimeoutError', command: 'version' });
  t.strictSame(clock.spans, []);
});

t.test(
  'a computer that slept for an hour takes its job up again, or learns that it is over',
  async (t) => {
    const clock = new TestClock();
    const { server, serverClock, to } = await network(t);
    const job = await allocate({ ...to, clock });
    clock.advance(3_600_000);
    await clock.waitedFor(KEEPALIVE_PAUSE);
    t.match(await job.state(), { phase: 'ready' }, 'the server did not wait that long');
    const watched = watch(job);
    await until(() => clock.spans.length === 1);
    serverClock.advance(3_600_000);
    clock.advance(3_600_000);
    t.equal((await watched()).at(-1), 'destroyed');
    t.match(await job.state(), { reason: 'Job timed out.' });
    await job.destroy();
    t.equal(server.liveJobs, 0);
    t.strictSame(clock.spans, []);
  },
);

t.test(
  'a job whose server stays away is left to its keepalive, and nothing keeps running here',
  async (t) => {
    const clock = new TestClock();
    const { server, serverClock, net, to } = await network(t);
    const job = await allocate({ ...to, clock, patienceMs: 20_000 });
    net.mode = 'cut';
    const ended = job.destroy();
    await retry(clock, net, 3);
    await clock.waitedFor(RECONNECT_DELAY);
    clock.advance(RECONNECT_DELAY);
    await ended;
    await until(() => clock.spans.length === 0);
    serverClock.advance(60_000);
    t.equal(server.liveJobs, 0);
  },
);

/** Runs a program that gets a job, and gives how it ended. */
async function program(t: Test, options: object, ending: string) {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const source = `
    const { allocate, Secret } = await import(${JSON.stringify(index)});
    const options = ${JSON.stringify(options)};
    if (options.credentials) options.credentials.password = new Secret(options.credentials.password);
    const job = await allocate(options);
    console.log('ready');
    ${ending}`;
  // As users run it, without what the test runner adds to programs.
  const bare = ['-i', process.execPath, '--input-type=module', '-e', source];
  const child = spawn('env', bare, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { child, exited: once(child, 'exit') };
}

const WAIT = 'await new Promise((resolve) => setTimeout(resolve, 60000));';

t.test('boards are given back however a program ends', async (t) => {
  const { server, to } = await network(t);
  const endings = [
    [WAIT, 'SIGTERM', [null, 'SIGTERM']],
    [WAIT, 'SIGINT', [null, 'SIGINT']],
    ['throw new Error("oh");', undefined, [1, null]],
    ['process.exit(3);', undefined, [3, null]],
  ] as const;
  await Promise.all(
    endings.map(async ([ending, signal, outcome]) => {
      const { child, exited } = await program(t, to, ending);
      if (signal !== undefined) child.kill(signal);
      t.strictSame((await exited).slice(0, 2), outcome);
    }),
  );
  await until(() => server.liveJobs === 0);
  t.equal(server.liveJobs, 0);
});

t.test('boards of a web service are given back however a program ends', async (t) => {
  const stub = await restStub();
  t.teardown(() => stub.close());
  const credentials = { kind: 'form', user: LOG_IN.user, password: LOG_IN.password };
  const options = { host: stub.url, credentials, configFiles: [] };
  for (const [ending, signal] of [
    [WAIT, 'SIGTERM'],
    ['process.exit(3);', undefined],
  ] as const) {
    const { child, exited } = await program(t, options, ending);
    if (signal !== undefined) child.kill(signal);
    await exited;
    t.equal(stub.alive(), 0, ending);
  }
});

/** Bytes that are in use, after those that are not were freed. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const CLIENTS = 200;

t.test('200 clients keep their jobs for two minutes of a clock that runs fast', async (t) => {
  const [clock, serverClock] = [new TestClock(), new TestClock()];
  const machines = [servedMachine({ width: 17, height: 4 })];
  const server = await serveSpalloc({ machines, port: 0, clock: serverClock });
  const { host, port } = server;
  const options = { host, port, configFiles: [], owner: 'me', keepalive: 10, clock };
  const jobs = await Promise.all(Array.from({ length: CLIENTS }, () => allocate(options)));
  t.equal(server.liveJobs, CLIENTS);
  for (let ms = 0; ms < 120_000; ms += 5000) {
    await clock.waitedFor(5000, CLIENTS);
    clock.advance(5000);
    await clock.waitedFor(5000, CLIENTS);
    serverClock.advance(5000);
  }
  t.equal(server.liveJobs, CLIENTS, 'no keepalive was lost');
  await Promise.all(jobs.map((job) => job.destroy()));
  t.equal(server.liveJobs, 0);
  await server.close();
});

const large = process.env.SPIN_TOOLS_LARGE ? {} : { skip: 'set SPIN_TOOLS_LARGE=1' };

t.test(
  '200 clients come, go and keep jobs for two minutes, in the same memory',
  large,
  async (t) => {
    const server = await serveSpalloc({
      machines: [servedMachine({ width: 17, height: 4 })],
      port: 0,
    });
    const { host, port } = server;
    const options = {
      host,
      port,
      configFiles: [],
      owner: 'me',
      keepalive: 10,
      giveBackAtExit: false,
    };
    const started = performance.now();
    const ms = () => performance.now() - started;
    const bytes: number[] = [];
    let lives = 0;
    let lost = 0;
    const client = async (number: number) => {
      const job = await requestJob(options);
      await job.untilReady();
      const stays = 4000 + (number % 7) * 1000;
      const end = ms() + stays;
      while (ms() < end) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        if ((await job.state()).phase !== 'ready') lost++;
      }
      await job.destroy();
      lives++;
    };
    const clients = Array.from({ length: CLIENTS }, async (_, number) => {
      while (ms() < 120_000) await client(number);
    });
    const sampled = setInterval(() => bytes.push(usedBytes()), 10_000);
    await Promise.all(clients);
    clearInterval(sampled);
    const [early, late] = [bytes[1] ?? 0, bytes.at(-2) ?? 0];
    t.comment(
      `${lives} jobs, ${(early / 1e6).toFixed(1)} MB after 20 s, ${(late / 1e6).toFixed(1)} MB at the end`,
    );
    t.equal(lost, 0);
    t.ok(late < early * 1.25, 'memory is flat');
    t.equal(server.liveJobs, 0);
    await server.close();
  },
);
