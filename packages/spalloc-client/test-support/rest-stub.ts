/**
 * A service with a web interface, written from its description, that forgets, drops and refuses on command.
 * One machine of 2 x 1 triads; jobs get boards from its start.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { proxyStub } from './proxy-stub.js';

/** A job of the stub. */
export interface StubJob {
  readonly id: number;
  readonly owner: string;
  readonly wish: Record<string, unknown>;
  state: 'QUEUED' | 'POWER' | 'READY' | 'DESTROYED';
  power: boolean;
  reason?: string;
  keepalives: number;
  boards: number;
}

export interface StubOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** UDP ports of fake boards, by which board. */
  readonly boardPorts?: readonly { readonly scp: number; readonly boot: number }[];
  /** Whether jobs stay in the queue. */
  readonly full?: boolean;
}

const USER = 'ann';
const PASSWORD = 'se"cret';
export const TOKEN = 'opaque-token';
export const LOG_IN = { user: USER, password: PASSWORD };
const CHIPS = [
  [0, 0],
  [4, 8],
  [8, 4],
];

interface Context {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly user: string;
}

/** Text with a status; anything else is JSON with 200. */
class Refusal {
  constructor(
    readonly status: number,
    readonly text: string,
    readonly headers: Record<string, string> = {},
  ) {}
}

/** Starts a stub on loopback. */
export async function restStub(options: StubOptions = {}) {
  const sessions = new Map<string, { user: string | undefined; token: string }>();
  const jobs = new Map<number, StubJob>();
  const log: string[] = [];
  const memory = new Map<string, Buffer>();
  const issues: unknown[] = [];
  const waiting = new Set<() => void>();
  const injected: { pattern: RegExp; answer: Refusal | 'drop' | 'hang' | string }[] = [];
  let failures = 0;
  const control = {
    full: options.full ?? false,
    quota: Infinity,
    longPollMs: 2000,
    failures: () => failures,
  };

  const changed = () => {
    for (const wake of [...waiting]) wake();
  };
  const set = (job: StubJob, state: StubJob['state'], reason?: string) => {
    job.state = state;
    if (reason !== undefined) job.reason = reason;
    changed();
  };
  const start = (job: StubJob) => {
    set(job, 'POWER');
    setTimeout(() => job.state === 'POWER' && set(job, 'READY'), 10);
  };

  const server = options.tls ? createHttps(options.tls) : createHttp();
  const scheme = options.tls ? 'https' : 'http';
  const base = () => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/spalloc/`;
  const link = (path: string) => `${base()}srv/spalloc/${path}`;
  const proxy = proxyStub(server, {
    isLoggedIn: (request) => userOf(request) !== undefined,
    portsOf: (id, x, y) => {
      const index = CHIPS.findIndex(([cx, cy]) => cx === x && cy === y);
      const job = jobs.get(id);
      return job && index < job.boards ? options.boardPorts?.[index] : undefined;
    },
    exists: (id) => jobs.get(id)?.state === 'READY',
  });

  function sessionOf(request: IncomingMessage) {
    const id = /JSESSIONID=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    return id === undefined ? undefined : sessions.get(id);
  }
  function userOf(request: IncomingMessage): string | undefined {
    const { authorization = '' } = request.headers;
    if (authorization === `Bearer ${TOKEN}`) return USER;
    const basic = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    return authorization === `Basic ${basic}` ? USER : sessionOf(request)?.user;
  }
  function newSession(user?: string) {
    const id = randomBytes(8).toString('hex');
    sessions.set(id, { user, token: randomBytes(9).toString('base64url') });
    return { id, cookie: { 'set-cookie': `JSESSIONID=${id}; Path=/spalloc; HttpOnly` } };
  }

  async function logIn({ request, url, body }: Context): Promise<Refusal> {
    if (url.pathname.endsWith('login.html')) {
      const { authorization = '' } = request.headers;
      const { id, cookie } = newSession(authorization === `Bearer ${TOKEN}` ? USER : undefined);
      const token = sessions.get(id)!.token;
      return new Refusal(
        200,
        `<html><form method="post"><input type="hidden"\n name="_csrf" value="${token}"/></form>`,
        cookie,
      );
    }
    const form = new URLSearchParams(body.toString());
    if (form.get('_csrf') !== sessionOf(request)?.token) return new Refusal(403, 'csrf');
    if (form.get('username') !== USER || form.get('password') !== PASSWORD) {
      failures++;
      return new Refusal(401, '{"message": "bad credentials", "timestamp": "now"}');
    }
    return new Refusal(302, '', { ...newSession(USER).cookie, location: `${base()}system/` });
  }

  const stateOf = (job: StubJob) => ({
    state: job.state,
    owner: job.owner,
    'start-time': '2026-01-02T03:04:05.678Z',
    ...(job.state === 'DESTROYED'
      ? { reason: job.reason, 'finish-time': '2026-01-02T03:05:05Z' }
      : { 'keepalive-host': '127.0.0.1' }),
    'keepalive-ref': link(`jobs/${job.id}/keepalive`),
    ...((job.state === 'POWER' || job.state === 'READY') && {
      'proxy-ref': `${base().replace('http', 'ws')}proxy/${job.id}`,
    }),
    'original-request': null,
  });

  const whereIs = (x: number, y: number, z: number, job?: StubJob) => ({
    machine: 'room',
    'machine-ref': link('machines/room'),
    chip: [12 * x, 12 * y],
    'board-chip': [0, 0],
    'logical-board-coordinates': [x, y, z],
    'physical-board-coordinates': [0, 0, 3 * x + z],
    ...(job && { 'job-id': job.id, 'job-chip': [0, 0], 'job-ref': link(`jobs/${job.id}`) }),
  });

  const number = (url: URL, name: string) => Number(url.searchParams.get(name));

  function create({ body, user }: Context): unknown {
    const wish = JSON.parse(body.toString());
    const seconds = Number(/^PT([\d.]+)S$/.exec(wish['keepalive-interval'])?.[1] ?? Number.NaN);
    if (!(seconds >= 30 && seconds <= 300)) return new Refusal(400, 'bad keepalive');
    if ((wish['machine-name'] === undefined) === (wish.tags === undefined)) {
      return new Refusal(400, 'must specify machine name or tags');
    }
    if (![undefined, 'room'].includes(wish['machine-name'])) return new Refusal(400, 'no machine');
    const given = ['num-boards', 'dimensions', 'board'].filter((name) => name in wish);
    if (given.length > 1) return new Refusal(400, 'too much');
    if (jobs.size >= control.quota) return new Refusal(400, 'quota exceeded in group');
    const boards = wish.dimensions ? 3 : Math.min(3, wish['num-boards'] ?? 1);
    const job: StubJob = {
      ...{ id: jobs.size + 1, owner: user, wish, boards },
      ...{ state: 'QUEUED', power: true, keepalives: 0 },
    };
    jobs.set(job.id, job);
    if (!control.full) start(job);
    const ref = link(`jobs/${job.id}`);
    return new Refusal(201, JSON.stringify({ 'job-id': job.id, 'job-ref': ref }), {
      location: ref,
    });
  }

  async function ofJob(job: StubJob, rest: string, context: Context): Promise<unknown> {
    const { request, url, body } = context;
    const what = `${request.method} ${rest}`;
    const hasBoards = job.state === 'POWER' || job.state === 'READY';
    switch (what) {
      case 'GET ':
        if (url.searchParams.get('wait') === 'true') {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, control.longPollMs);
            waiting.add(function wake() {
              clearTimeout(timer);
              waiting.delete(wake);
              resolve();
            });
          });
        }
        return stateOf(job);
      case 'DELETE ':
        if (job.state !== 'DESTROYED') set(job, 'DESTROYED', url.searchParams.get('reason') ?? '');
        return new Refusal(204, '');
      case 'PUT keepalive':
        if (request.headers['content-type'] !== 'text/plain') return new Refusal(415, '');
        job.keepalives++;
        return new Refusal(200, 'ok');
      case 'GET machine':
        if (!hasBoards) return new Refusal(204, '');
        return {
          ...(job.boards === 1
            ? { width: 1, height: 1, depth: 1 }
            : { width: 1, height: 1, depth: 3 }),
          'machine-name': 'room',
          connections: CHIPS.slice(0, job.boards).map((chip, index) => [
            chip,
            `127.0.40.${index + 1}`,
          ]),
          boards: Array.from({ length: job.boards }, (_, z) => [0, 0, z]),
          power: 'ON',
        };
      case 'GET machine/power':
        return hasBoards ? { power: job.power ? 'ON' : 'OFF' } : new Refusal(204, '');
      case 'POST machine/power':
        job.power = JSON.parse(body.toString()).power === 'ON';
        start(job);
        return new Refusal(202, '');
      case 'GET chip': {
        const [x, y] = [number(url, 'x'), number(url, 'y')];
        return hasBoards && x < 8 && y < 8 ? whereIs(0, 0, 0, job) : new Refusal(204, '');
      }
      case 'POST report-issue':
        issues.push(JSON.parse(body.toString()));
        return { action: 'noted' };
      case 'POST memory':
        if (request.headers['content-type'] !== 'application/octet-stream')
          return new Refusal(415, '');
        memory.set(`${number(url, 'x')},${number(url, 'y')},${number(url, 'address')}`, body);
        return new Refusal(202, '');
      case 'GET memory': {
        const key = `${number(url, 'x')},${number(url, 'y')},${number(url, 'address')}`;
        return (memory.get(key) ?? Buffer.alloc(0)).subarray(0, number(url, 'size'));
      }
      case 'DELETE router':
        return new Refusal(202, '');
      default:
        return new Refusal(404, `no ${what}`);
    }
  }

  function ofMachine(rest: string, url: URL): unknown {
    const board = (x: number, y: number, z: number) =>
      x < 2 && y < 1 && z < 3 ? whereIs(x, y, z) : new Refusal(404, 'no such board');
    switch (rest) {
      case '':
        return { name: 'room', tags: ['default'], width: 2, height: 1, 'down-boards': [] };
      case 'logical-board':
        return board(number(url, 'x'), number(url, 'y'), number(url, 'z'));
      case 'physical-board': {
        const at = number(url, 'board');
        return board(Math.floor(at / 3), number(url, 'frame'), at % 3);
      }
      case 'chip':
        return board(Math.floor(number(url, 'x') / 12), Math.floor(number(url, 'y') / 12), 0);
      case 'board-ip': {
        const at = Number(url.searchParams.get('address')?.split('.')[3]) - 1;
        return board(Math.floor(at / 3), 0, at % 3);
      }
      default:
        return new Refusal(404, rest);
    }
  }

  async function answer(context: Context): Promise<unknown> {
    const { url, request, user } = context;
    const path = url.pathname.replace(/\/$/, '').replace('/spalloc/srv/spalloc', '').slice(1);
    const [kind, name = '', ...rest] = path.split('/').map(decodeURIComponent);
    if (path === '') {
      return {
        version: { 'major-version': 1, 'minor-version': 0, revision: 0 },
        'jobs-ref': link('jobs'),
        'csrf-header': 'X-CSRF-TOKEN',
        'csrf-token': sessionOf(request)?.token ?? 'none',
      };
    }
    if (path === 'machines') {
      const end = (x: number, direction: string) => ({ board: { x, y: 0, z: 0 }, direction });
      return {
        machines: [
          {
            ...{ name: 'room', tags: ['default'], width: 2, height: 1, uri: link('machines/room') },
            'dead-boards': [{ x: 1, y: 0, z: 2, cabinet: 0, frame: 0, board: null, address: null }],
            'dead-links': [[end(0, 'SE'), end(1, 'NW')]],
          },
        ],
      };
    }
    if (kind === 'machines' && name === 'room') return ofMachine(rest.join('/'), url);
    if (path === 'jobs' && request.method === 'POST') return create(context);
    if (path === 'jobs') {
      const start = number(url, 'start');
      const ids = [...jobs.keys()].reverse();
      const page = ids.slice(start, start + 2);
      return {
        jobs: page.map((id) => link(`jobs/${id}`)),
        ...(start + 2 < ids.length && { next: link(`jobs?start=${start + 2}`) }),
      };
    }
    const job = kind === 'jobs' ? jobs.get(Number(name)) : undefined;
    if (job === undefined || job.owner !== user) return new Refusal(404, 'no such job');
    return ofJob(job, rest.join('/'), context);
  }

  async function handle(request: IncomingMessage): Promise<unknown> {
    const url = new URL(request.url ?? '/', base());
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const what = `${request.method} ${url.pathname}${url.search}`;
    log.push(what);
    const at = injected.findIndex(({ pattern }) => pattern.test(what));
    if (at >= 0) return injected.splice(at, 1)[0]!.answer;
    const user = userOf(request);
    const context = { request, url, body: Buffer.concat(parts), user: user ?? '' };
    if (url.pathname.startsWith('/spalloc/system/')) return logIn(context);
    if (user === undefined) {
      return new Refusal(401, 'log in', { 'www-authenticate': 'Basic realm="x"' });
    }
    const isBearer = request.headers.authorization?.startsWith('Bearer');
    const token = request.headers['x-csrf-token'];
    if (request.method !== 'GET' && !isBearer && token !== (sessionOf(request)?.token ?? 'none')) {
      return new Refusal(403, 'stale token');
    }
    return answer(context);
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const value = await handle(request).catch((error) => new Refusal(500, String(error)));
    if (value === 'hang') return;
    if (value === 'drop') {
      request.socket.destroy();
    } else if (value instanceof Refusal) {
      response.writeHead(value.status, value.headers).end(value.text);
    } else if (value instanceof Buffer) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(value);
    } else {
      response.writeHead(200).end(typeof value === 'string' ? value : JSON.stringify(value));
    }
  }

  server.on('request', (request, response) => void respond(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...{ jobs, log, issues, control, proxy },
    url: base(),
    /** Forgets all log-ins. */
    forget: () => sessions.clear(),
    /** The next request that fits is answered so. */
    inject: (
      pattern: RegExp,
      answer: 'drop' | 'hang' | string | { status: number; text?: string },
    ) =>
      injected.push({
        pattern,
        answer: typeof answer === 'string' ? answer : new Refusal(answer.status, answer.text ?? ''),
      }),
    setState: (id: number, state: StubJob['state'], reason?: string) =>
      set(jobs.get(id)!, state, reason),
    start: (id: number) => start(jobs.get(id)!),
    alive: () => [...jobs.values()].filter(({ state }) => state !== 'DESTROYED').length,
    sent: (pattern: RegExp) => log.filter((line) => pattern.test(line)),
    async close() {
      changed();
      proxy.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
