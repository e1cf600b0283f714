import { chmod, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import type { Transport } from '@spin-tools/scp';
import { MachineController } from '@spin-tools/scp';
import { generate } from 'selfsigned';
import t, { type Test } from 'tap';
import { fakeBoard } from '../../test-support/fake-board.js';
import { LOG_IN, restStub, type StubOptions, TOKEN } from '../../test-support/rest-stub.js';
import { TestClock } from '../../test-support/test-clock.js';
import { systemClock } from '../clock.js';
import {
  allocate,
  BoardProxy,
  clearRestRouters,
  connectToServer,
  createRestJob,
  credentialsFromEnvironment,
  credentialsFromFile,
  getRestJob,
  getRestJobMachine,
  JobDestroyedError,
  keepRestJobAlive,
  listRestMachines,
  QueueTimeoutError,
  type RestServer,
  RestSession,
  readRestMemory,
  reportIssue,
  requestJob,
  resumeJob,
  Secret,
  SpallocLogInError,
  SpallocProtocolError,
  SpallocQuotaError,
  setRestJobPower,
  whereIsAddress,
  writeRestMemory,
} from '../index.js';
import { restWish } from './job-service.js';
import {
  decodeProxyMessage,
  encodeClose,
  encodeDatagram,
  encodeDatagramTo,
  encodeOpen,
} from './proxy-messages.js';

const FORM = { kind: 'form', user: LOG_IN.user, password: new Secret(LOG_IN.password) } as const;
const QUICK = { reconnectDelayMs: 5, patienceMs: 10_000, timeoutMs: 5000 };

async function serve(t: Test, options: StubOptions = {}) {
  const stub = await restStub(options);
  t.teardown(() => stub.close());
  return stub;
}

async function sessionTo(t: Test, stub: { url: string }, more: Partial<RestServer> = {}) {
  const session = await RestSession.logIn({ url: stub.url, credentials: FORM, ...QUICK, ...more });
  t.teardown(() => session.close());
  return session;
}

const to = (stub: { url: string }) => ({
  ...{ host: stub.url, credentials: FORM, configFiles: [], ...QUICK },
});

const WISH = { 'keepalive-interval': 'PT60S', tags: ['default'] };

t.test('all three ways to log in lead to all requests', async (t) => {
  const stub = await serve(t);
  for (const credentials of [
    FORM,
    { ...FORM, kind: 'basic' },
    { kind: 'bearer', token: new Secret(TOKEN) },
  ] as const) {
    const session = await sessionTo(t, stub, { credentials });
    const { id } = await session.send(createRestJob(WISH));
    t.match(await session.send(getRestJob(id)), { owner: 'ann', startTime: 1767323045.678 });
    await session.send(keepRestJobAlive(id));
    t.equal(stub.jobs.get(id)?.keepalives, 1);
    stub.setState(id, 'DESTROYED', 'test');
  }
  t.ok(stub.log.every((line) => !line.includes('//', 5) && !line.includes(LOG_IN.password)));
});

t.test('who is not let in is told, once, and no secret is shown', async (t) => {
  const stub = await serve(t);
  const password = new Secret('wrong-password');
  const error = await RestSession.logIn({
    ...{ url: stub.url, credentials: { kind: 'form', user: 'ann', password } },
  }).catch((error) => error);
  t.type(error, SpallocLogInError);
  t.match(error, { status: 401, message: /does not let us in/ });
  t.notMatch(inspect(error, { depth: 9 }), /wrong-password/);
  t.equal(stub.control.failures(), 1, 'accounts are locked after three');
  for (const credentials of [
    { kind: 'basic', user: 'ann', password },
    { kind: 'bearer', token: new Secret('stolen') },
  ] as const) {
    await t.rejects(RestSession.logIn({ url: stub.url, credentials }), SpallocLogInError);
  }
  for (const shown of [inspect(FORM), JSON.stringify(FORM), String(password), `${password}`]) {
    t.notMatch(shown, /wrong-password|se"cret/);
  }
  const withPassword = stub.url.replace('://', '://ann:hidden@');
  await t.rejects(RestSession.logIn({ url: withPassword, credentials: FORM }), {
    ...{ name: 'SpallocRequestError', message: /SPALLOC_PASSWORD/ },
    value: new URL(stub.url).origin,
  });
  await t.rejects(RestSession.logIn({ url: 'spinnaker.example', credentials: FORM }), {
    ...{ name: 'SpallocRequestError', message: /give a URL/ },
  });
  stub.inject(/login.html/, '<html>maintenance</html>');
  await t.rejects(sessionTo(t, stub), SpallocProtocolError);
});

t.test('secrets come from the environment, or from a file that nobody else can read', async (t) => {
  const folder = t.testdir({
    good: '[spalloc]\nuser = ann\npassword = a=b:c\n',
    token: '[spalloc]\ntoken: opaque\n',
    empty: '[spalloc]\nuser = ann\n',
    bad: 'user = ann\n',
  });
  for (const name of ['good', 'token', 'empty', 'bad']) await chmod(`${folder}/${name}`, 0o600);
  const found = await credentialsFromFile(`${folder}/good`);
  t.match(found, { kind: 'form', user: 'ann' });
  t.equal(found.kind === 'form' && found.password.reveal(), 'a=b:c');
  t.match(await credentialsFromFile(`${folder}/token`), { kind: 'bearer' });
  await t.rejects(credentialsFromFile(`${folder}/empty`), /needs "user" and "password"/);
  await t.rejects(credentialsFromFile(`${folder}/bad`), /line 1 is neither/);
  await chmod(`${folder}/good`, 0o640);
  await t.rejects(credentialsFromFile(`${folder}/good`), {
    ...{ name: 'SpallocConfigError', message: /others can read it.*chmod 600/ },
  });
  const environment = { SPALLOC_USER: 'ann', SPALLOC_PASSWORD: 'x', SPALLOC_LOGIN: 'basic' };
  t.match(await credentialsFromEnvironment(environment), { kind: 'basic', user: 'ann' });
  t.match(await credentialsFromEnvironment({ OIDC_BEARER_TOKEN: 'x' }), { kind: 'bearer' });
  const SPALLOC_CREDENTIALS = `${folder}/token`;
  t.match(await credentialsFromEnvironment({ SPALLOC_CREDENTIALS }), { kind: 'bearer' });
  t.equal(await credentialsFromEnvironment({}), undefined);
});

t.test('a session that was forgotten is renewed, by all that notice it at once', async (t) => {
  const stub = await serve(t);
  const session = await sessionTo(t, stub);
  const { id } = await session.send(createRestJob(WISH));
  stub.forget();
  const logIns = () => stub.sent(/perform_login/).length;
  await Promise.all([1, 2, 3].map(() => session.send(getRestJob(id))));
  t.equal(logIns(), 2, 'one log-in at first, and one again');
  stub.forget();
  const other = await session.send(createRestJob(WISH));
  t.equal(other.id, id + 1, 'a request that must not be doubled was refused, and is made once');
  stub.inject(/keepalive/, { status: 403, text: 'stale' });
  await session.send(keepRestJobAlive(id));
  t.equal(stub.jobs.get(id)?.keepalives, 1, 'with a new token');
  stub.inject(/GET .*jobs\/1$/, { status: 401 });
  stub.inject(/GET .*jobs\/1$/, { status: 401 });
  await t.rejects(session.send(getRestJob(id)), SpallocLogInError);
});

t.test('every refusal is an error that says what and why', async (t) => {
  const stub = await serve(t);
  const session = await sessionTo(t, stub);
  stub.control.quota = 0;
  await t.rejects(session.send(createRestJob(WISH)), SpallocQuotaError);
  const { tags: _, ...noTags } = WISH;
  for (const [request, reason] of [
    [createRestJob({ ...WISH, 'keepalive-interval': 'PT5S' }), 'bad keepalive'],
    [createRestJob(noTags), 'must specify machine name or tags'],
    [getRestJobMachine(99), 'no such job'],
  ] as const) {
    await t.rejects(session.send<unknown>(request), {
      name: 'SpallocCommandError',
      exception: reason,
    });
  }
  t.equal(await session.send(getRestJob(99)), null);
  for (const [status, message] of [
    [500, /HTTP status 500/],
    [410, /HTTP status 410/],
    [302, /redirects/],
  ] as const) {
    stub.inject(/GET .*machines/, { status });
    await t.rejects(session.send(listRestMachines()), { message });
  }
  for (const [body, message] of [
    ['not json', /not JSON/],
    ['[]', /the list of machines, where an object belongs/],
    ['{"machines": [{"name": 7}]}', /machines\[0\]\.name, where a string/],
    [
      '{"machines": [{"name": "a", "tags": [], "width": 1, "height": 1, "dead-links": [[]]}]}',
      /no link/,
    ],
  ] as const) {
    stub.inject(/GET .*machines/, body);
    await t.rejects(session.send(listRestMachines()), { name: 'SpallocProtocolError', message });
  }
  stub.inject(/GET .*jobs/, '{"state": "READY", "start-time": "yesterday"}');
  await t.rejects(session.send(getRestJob(1)), /start-time, which is no date/);
});

t.test('lost and slow replies are asked for again, but boards are asked for once', async (t) => {
  const stub = await serve(t);
  const session = await sessionTo(t, stub, { timeoutMs: 500 });
  const impatient = await sessionTo(t, stub, { patienceMs: 300 });
  stub.inject(/machines$/, 'drop');
  stub.inject(/machines$/, 'hang');
  t.equal((await session.send(listRestMachines())).length, 1);
  t.equal(stub.sent(/machines$/).length, 3);
  stub.inject(/POST .*jobs$/, 'drop');
  await t.rejects(session.send(createRestJob(WISH)), { name: 'SpallocConnectionError' });
  stub.inject(/POST .*jobs$/, 'hang');
  await t.rejects(session.send(createRestJob(WISH)), {
    name: 'SpallocTimeoutError',
    waitedMs: 500,
  });
  for (let turn = 0; turn < 100; turn++) stub.inject(/machines$/, 'drop');
  const start = performance.now();
  await t.rejects(impatient.send(listRestMachines()), { name: 'SpallocConnectionError' });
  t.ok(performance.now() - start < 5000, 'patience ends');
});

t.test('machines, jobs, places, memory and reports are asked for and told', async (t) => {
  const stub = await serve(t);
  await using server = await connectToServer(to(stub));
  t.strictSame(await server.machines(), [
    {
      ...{ name: 'room', tags: ['default'], width: 2, height: 1 },
      deadBoards: [{ x: 1, y: 0, z: 2 }],
      deadLinks: [{ x: 0, y: 0, z: 0, link: 2 }],
    },
  ]);
  for (const place of [
    { machine: 'room', x: 1, y: 0, z: 0 },
    { machine: 'room', cabinet: 0, frame: 0, board: 3 },
    { machine: 'room', chip: { x: 12, y: 0 } },
  ]) {
    t.match(await server.whereIs(place), { logical: { x: 1, y: 0, z: 0 }, jobId: null });
  }
  t.equal(await server.whereIs({ machine: 'room', x: 9, y: 0, z: 0 }), null);
  t.equal(await server.whereIs({ machine: 'no where', x: 0, y: 0, z: 0 }), null);
  t.equal(await server.whereIs({ jobId: 5, chip: { x: 0, y: 0 } }), null);
  const session = await sessionTo(t, stub);
  t.match(await session.send(whereIsAddress('room', '127.0.40.2')), { logical: { z: 1 } });
  for (let job = 0; job < 5; job++) await session.send(createRestJob(WISH));
  stub.setState(2, 'DESTROYED', '');
  t.strictSame(
    (await server.jobs()).map(({ jobId }) => jobId),
    [1, 3, 4, 5],
    'from three pages',
  );
  t.match(await server.whereIs({ jobId: 3, chip: { x: 1, y: 1 } }), { jobId: 3 });
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index);
  await session.send(writeRestMemory(3, { x: 1, y: 2 }, 0x60000000, bytes));
  const read = await session.send(readRestMemory(3, { x: 1, y: 2 }, 0x60000000, 4000));
  t.strictSame([...read], [...bytes.subarray(0, 4000)]);
  await session.send(clearRestRouters(3, { 12: -1 }));
  t.equal(stub.sent(/DELETE .*router\?12=-1$/).length, 1);
  await session.send(reportIssue(3, 'it smokes', ['127.0.40.1']));
  t.strictSame(stub.issues, [{ issue: 'it smokes', boards: [{ address: '127.0.40.1' }] }]);
  await session.send(setRestJobPower(3, false));
  t.equal(stub.jobs.get(3)?.power, false);
});

t.test('requests say what the service understands, and others are refused here', (t) => {
  const owner = 'ann';
  const common = { 'keepalive-interval': 'PT60S', tags: ['default'] };
  for (const [options, wish] of [
    [{}, { ...common, 'num-boards': 1 }],
    [{ boards: { width: 2, height: 1 } }, { ...common, dimensions: { width: 2, height: 1 } }],
    [{ boards: { x: 1, y: 2, z: 0 } }, { ...common, board: { x: 1, y: 2, z: 0 } }],
    [
      { boards: { cabinet: 0, frame: 1, board: 2 }, machine: 'room', maxDeadBoards: 2 },
      {
        ...{ 'keepalive-interval': 'PT60S', 'machine-name': 'room', 'max-dead-boards': 2 },
        board: { cabinet: 0, frame: 1, board: 2 },
      },
    ],
    [
      { boards: { address: '10.0.0.1' }, tags: ['a'], keepalive: 120, group: 'g' },
      { 'keepalive-interval': 'PT120S', tags: ['a'], board: { address: '10.0.0.1' }, group: 'g' },
    ],
  ] as const) {
    t.strictSame(restWish({ owner, ...options }), wish);
  }
  for (const [options, field] of [
    [{ keepalive: 20 }, 'keepalive'],
    [{ keepalive: null }, 'keepalive'],
    [{ boards: { width: 1, height: 1 }, requireTorus: true }, 'requireTorus'],
  ] as const) {
    t.throws(() => restWish({ owner, ...options }), { name: 'SpallocRequestError', field });
  }
  t.end();
});

t.test('a job is the same over both generations of servers', async (t) => {
  const stub = await serve(t);
  {
    await using job = await allocate({ ...to(stub), boards: 3 });
    t.match(await job.machine(), { machineName: 'room', width: 16, height: 12 });
    t.match(await job.state(), { phase: 'ready', power: true });
    t.match(await job.whereIs({ x: 1, y: 1 }), { jobId: job.id });
    t.equal(await job.whereIs({ x: 100, y: 1 }), null);
    await job.powerOff();
    t.match(await job.state(), { phase: 'ready', power: false });
    await job.powerOn();
    const again = await resumeJob(job.id, to(stub));
    t.match(await again.state(), { phase: 'ready', power: true });
    await again.release();
    t.equal(stub.alive(), 1);
  }
  t.match(stub.jobs.get(1), { state: 'DESTROYED', reason: 'Finished' });
  t.notOk('owner' in stub.jobs.get(1)!.wish);
});

t.test(
  'changes are heard by long polls, none is missed, and a cut poll is taken up again',
  async (t) => {
    const stub = await serve(t, { full: true });
    const job = await requestJob(to(stub));
    const seen: string[] = [];
    let heard = () => {};
    const watching = (async () => {
      for await (const { phase } of job.states()) {
        seen.push(phase);
        heard();
      }
    })();
    const next = () =>
      new Promise<void>((resolve) => {
        heard = resolve;
      });
    await next();
    let change = next();
    stub.inject(/wait=true/, 'drop');
    stub.start(job.id);
    await change;
    while (seen.at(-1) !== 'ready') await next();
    change = next();
    stub.setState(job.id, 'DESTROYED', 'keepalive expired');
    await change;
    await watching;
    t.strictSame([seen[0], ...seen.slice(-2)], ['queued', 'ready', 'destroyed']);
    await t.rejects(job.untilReady(), new JobDestroyedError(job.id, 'keepalive expired'));
    await job.destroy();
    const patience = { ...to(stub), queueLimitMs: 50 };
    await t.rejects(allocate(patience), QueueTimeoutError);
    t.equal(stub.alive(), 0);
  },
);

t.test(
  'a job is kept alive through network errors, until the service does not know it',
  async (t) => {
    const stub = await serve(t);
    const clock = new TestClock();
    const kept = await requestJob({ ...to(stub), patienceMs: 60_000, clock });
    const sent = () => stub.sent(/PUT .*keepalive/).length;
    await clock.waitedFor(30_000);
    for (const answer of ['drop', { status: 200 }] as const) {
      stub.inject(/keepalive/, answer);
      clock.advance(30_000);
      if (answer === 'drop') {
        await clock.waitedFor(5);
        clock.advance(5);
      }
      await clock.waitedFor(30_000);
    }
    t.equal(sent(), 3, 'a lost one is sent again');
    stub.inject(/keepalive/, { status: 404, text: 'no such job' });
    clock.advance(30_000);
    while (sent() < 4) await new Promise((resolve) => setImmediate(resolve));
    await kept.destroy();
    t.strictSame(clock.spans, [], 'nothing is waited for any more');
  },
);

t.test('messages of the proxy are words, byte by byte', (t) => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
  t.equal(
    hex(encodeOpen(7, { x: 8, y: 4 }, 17893)),
    '00000000 07000000 08000000 04000000 e5450000'.replaceAll(' ', ''),
  );
  t.equal(hex(encodeClose(1, 2)), '010000000100000002000000');
  t.equal(hex(encodeDatagram(3, Uint8Array.of(9, 8))), '02000000030000000908');
  t.equal(
    hex(encodeDatagramTo(3, { x: 1, y: 2 }, 258, Uint8Array.of(9))),
    '040000000300000001000000020000000201000009',
  );
  t.strictSame(decodeProxyMessage(bytes('00000000 01000000 02000000')), {
    ...{ kind: 'opened', correlation: 1, channel: 2 },
  });
  t.strictSame(decodeProxyMessage(bytes('03000000 01000000 02000000 0a0b0c0d e5450000')), {
    ...{ kind: 'opened-unconnected', correlation: 1, channel: 2, ip: '10.11.12.13', port: 17893 },
  });
  t.strictSame(decodeProxyMessage(bytes('05000000 01000000 6261 64')), {
    ...{ kind: 'error', correlation: 1, reason: 'bad' },
  });
  for (const bad of [
    '',
    '00',
    '00000000',
    '0000000001000000',
    '06000000',
    '0300000001000000020000000a0b0c0d',
  ]) {
    t.throws(() => decodeProxyMessage(bytes(bad)), SpallocProtocolError, bad);
  }
  t.end();
});

/** Boards behind a stub with a job of three. */
async function proxied(t: Test, options: StubOptions = {}) {
  const boards = await Promise.all([1, 2, 3].map(() => fakeBoard('127.0.0.1')));
  for (const board of boards) t.teardown(() => board.close());
  const boardPorts = boards.map(({ port }) => ({ scp: port, boot: port }));
  const stub = await serve(t, { boardPorts, ...options });
  const job = await allocate({
    ...to(stub),
    boards: 3,
    ...(options.tls && { certificate: options.tls.cert }),
  });
  t.teardown(() => job.destroy());
  return { boards, stub, job };
}

const answerOf = (transport: Transport) =>
  new Promise<Buffer>((resolve) =>
    transport.onDatagram((datagram) => resolve(Buffer.from(datagram))),
  );

/** A read of 4 bytes. */
const READ = Buffer.from(
  '0000 8701ff00 00000000 0200 0500 00000060 04000000 00000000'.replaceAll(' ', ''),
  'hex',
);

t.test('SCP and boot frames go through the proxy, in bulk and on several channels', async (t) => {
  const { boards, stub, job } = await proxied(t);
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7) >> 3);
  const channels = await Promise.all(
    [
      { x: 0, y: 0 },
      { x: 8, y: 4 },
    ].map((chip) => job.transport('scp', chip)),
  );
  await Promise.all(
    channels.map(async (scp) => {
      const controller = new MachineController({ scp });
      await controller.write({ x: 0, y: 0 }, 0x60000000, bytes);
      const read = await controller.read({ x: 0, y: 0 }, 0x60000000, bytes.length);
      t.equal(Buffer.compare(read, bytes), 0);
      await controller.close();
    }),
  );
  t.ok(boards[0]!.received.length > 700 && boards[2]!.received.length > 700);
  const boot = await job.transport('boot');
  boot.send(Uint8Array.of(0, 1, 0, 0, 0, 5));
  while (boards[0]!.received.at(-1)?.length !== 6) await new Promise((r) => setImmediate(r));
  t.equal(boards[0]!.received.at(-1)?.toString('hex'), '000100000005', 'as it is');
  await boot.close();
  boot.send(Uint8Array.of(1));
  while (stub.proxy.channels() > 0) await new Promise((r) => setImmediate(r));
  await t.rejects(job.transport('scp', { x: 1, y: 1 }), RangeError);
});

t.test('channels come back with a lost connection', async (t) => {
  const { stub, job } = await proxied(t);
  const scp = await job.transport('scp');
  scp.send(READ);
  t.match((await answerOf(scp)).length, 18);
  const before = stub.proxy.control.connections;
  stub.forget();
  stub.proxy.cut();
  const answer = answerOf(scp);
  const again = setInterval(() => scp.send(READ), 5);
  await answer;
  clearInterval(again);
  t.equal(stub.proxy.control.connections, before + 1, 'after a new log-in');
});

t.test('what the proxy refuses, and a proxy that is none, are errors in time', async (t) => {
  const { stub, job } = await proxied(t);
  const session = await sessionTo(t, stub);
  const headers = session.headers();
  const place = async () => ({
    url: new URL(`${stub.url.replace('http', 'ws')}proxy/${job.id}`),
    headers,
  });
  const clock = systemClock;
  const pause = () => session.pause();
  const proxy = new BoardProxy({ place, clock, timeoutMs: 5000, pause });
  const impatient = new BoardProxy({ place, clock, timeoutMs: 150, pause });
  await (await impatient.openUnconnected()).close();
  await t.rejects(proxy.open({ x: 5, y: 5 }, 17893), {
    ...{ name: 'SpallocProxyError', reason: 'unrecognised ethernet chip' },
  });
  const all = await proxy.openUnconnected();
  t.match(all.address, { ip: '127.0.0.1', port: Number });
  const answer = new Promise((resolve) => all.onDatagram(resolve));
  all.sendTo({ x: 4, y: 8 }, 17893, READ);
  await answer;
  await all.close();
  stub.proxy.control.deaf = true;
  await t.rejects(impatient.open({ x: 0, y: 0 }, 17893), {
    name: 'SpallocTimeoutError',
    waitedMs: 150,
  });
  Object.assign(stub.proxy.control, { deaf: false, sendText: true });
  await t.rejects(proxy.open({ x: 0, y: 0 }, 17893), { name: 'SpallocConnectionError' });
  Object.assign(stub.proxy.control, { sendText: false, refuse: true });
  await t.rejects(proxy.open({ x: 0, y: 0 }, 17893), { message: /proxy: .*401/ });
  await Promise.all([proxy.close(), impatient.close()]);
});

t.test('a connection whose other end is dead is noticed', async (t) => {
  const { stub, job } = await proxied(t);
  const session = await sessionTo(t, stub);
  const url = new URL(`${stub.url.replace('http', 'ws')}proxy/${job.id}`);
  const clock = new TestClock();
  const proxy = new BoardProxy({
    ...{ clock, timeoutMs: 1000, pause: () => Promise.resolve() },
    place: async () => ({ url, headers: session.headers() }),
  });
  const scp = await proxy.open({ x: 0, y: 0 }, 17893);
  const before = stub.proxy.control.connections;
  stub.proxy.freeze();
  clock.advance(30_000);
  clock.advance(30_000);
  while (stub.proxy.control.connections === before) await new Promise((r) => setImmediate(r));
  await scp.close();
  await proxy.close();
});

t.test('all of it over TLS, with a certificate of the service own', async (t) => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const { stub, job } = await proxied(t, { tls: { key, cert } });
  t.match(stub.url, /^https/);
  const scp = await job.transport('scp');
  const answer = answerOf(scp);
  scp.send(READ);
  await answer;
  await t.rejects(sessionTo(t, stub), { name: 'SpallocConnectionError', message: /self.signed/ });
});

t.test('options of files and environment lead to the service', async (t) => {
  const stub = await serve(t);
  const file = `${t.testdir({})}/settings`;
  await writeFile(file, `[spalloc]\nhostname = ${stub.url}\nmin_ratio = 0.3\n`);
  await t.rejects(connectToServer({ configFiles: [file] }), {
    ...{ name: 'SpallocRequestError', message: /SPALLOC_PASSWORD/ },
  });
  await using job = await allocate({ configFiles: [file], credentials: FORM });
  t.match(await job.state(), { phase: 'ready' });
});
