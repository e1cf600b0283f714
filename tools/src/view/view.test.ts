import { once } from 'node:events';
import { request } from 'node:http';
import { MachineController, type Transport } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import t, { type Test } from 'tap';
import { Journal, mergeFrames } from './journal.js';
import {
  decodeMessage,
  encodeMessage,
  type FrameMessage,
  type Message,
  type Question,
} from './messages.js';
import { savedPage } from './page-file.js';
import { serveViewer } from './server.js';
import { Watching } from './viewing.js';

/** A frame about some chips in which all values of chip c at time `at` are c + at. */
function frame(at: number, ...chips: number[]): FrameMessage {
  const column = (width: number) => chips.flatMap((chip) => new Array(width).fill(chip + at));
  return {
    ...{ type: 'frame', at, from: 0, to: 100 },
    chips: Uint32Array.from(chips),
    states: Uint8Array.from(column(18)),
    router: Uint32Array.from(column(3)),
    entries: Uint16Array.from(column(1)),
    linkPackets: Uint32Array.from(column(6)),
    linkDrops: Uint32Array.from(column(6)),
  };
}

t.test('messages come out of JSON as they went in, columns and all', async (t) => {
  const messages: Message[] = [
    frame(7, 1, 2, 99),
    { type: 'table', chip: 3, entries: Uint32Array.of(0xffffffff, 0x80000000, 0) },
    { type: 'iobuf', chip: 1, core: 2, text: '</script>\n"u8" ä' },
    { type: 'epoch', epoch: 0, logs: { loss: 0.5 } },
  ];
  for (const message of messages) {
    const json = encodeMessage(message);
    t.notMatch(json, '\n');
    t.strictSame(decodeMessage(json), message);
  }
});

t.test('a column of a large machine is encoded in pieces', async (t) => {
  const entries = Uint32Array.from({ length: 200_000 }, (_, index) => index * 7919);
  t.strictSame(decodeMessage(encodeMessage({ type: 'table', chip: 0, entries })), {
    ...{ type: 'table', chip: 0, entries },
  });
});

t.test('two frames made one say of each chip what was said last', async (t) => {
  const merged = mergeFrames(frame(10, 1, 2), frame(20, 2, 30));
  t.strictSame([...merged.chips], [1, 2, 30]);
  t.strictSame([...merged.entries], [11, 22, 50]);
  t.strictSame([...merged.states.subarray(18, 36)], new Array(18).fill(22));
  t.strictSame([...(merged.linkPackets?.subarray(0, 6) ?? [])], new Array(6).fill(11));
  t.equal(merged.at, 20);
});

t.test('a journal forgets how things came about, not how they are', async (t) => {
  const journal = new Journal(3000);
  journal.add({ type: 'iobuf', chip: 1, core: 1, text: 'old' });
  for (let at = 0; at < 100; at++) journal.add(frame(at, at % 5));
  journal.add({ type: 'iobuf', chip: 1, core: 1, text: 'new' });
  const messages = journal.messages();
  const frames = messages.filter((message): message is FrameMessage => message.type === 'frame');
  t.ok(frames.length < 50, `${frames.length} frames are left of 100`);
  const all = frames.reduce(mergeFrames);
  t.strictSame(
    [...all.entries],
    [0, 1, 2, 3, 4].map((chip) => 95 + 2 * chip),
  );
  t.strictSame(
    messages.filter(({ type }) => type === 'iobuf').map((each) => 'text' in each && each.text),
    ['new'],
  );
});

t.test('a journal of a machine on which nothing happens does not grow for ever', async (t) => {
  const journal = new Journal(3000, 20);
  journal.add(frame(0, 1, 2));
  for (let at = 1; at < 100; at++) journal.add(frame(at));
  const frames = journal
    .messages()
    .filter((message): message is FrameMessage => message.type === 'frame');
  t.equal(frames.length, 20);
  t.strictSame([...(frames[0]?.entries ?? [])], [1, 2]);
});

t.test(
  'a saved page holds its messages, and none can end the script that they are in',
  async (t) => {
    const text = '</script><script>alert(1)</script><!--';
    const page = await savedPage([{ type: 'iobuf', chip: 0, core: 1, text }]);
    t.notMatch(page, 'alert(1)</script>');
    const [, json = ''] = /id="recording">(.*?)<\/script>/s.exec(page) ?? [];
    t.match(JSON.parse(json), [{ text }]);
  },
);

/** What a server says to a request with any headers. */
async function ask(url: string, path: string, method = 'GET', host?: string) {
  const sent = request(new URL(path, url), { method, headers: host ? { host } : {} });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const piece of response) body += piece;
  return { status: response.statusCode, headers: response.headers, body };
}

t.test(
  'the server gives the page and takes questions, of nobody else and nothing else',
  async (t) => {
    const asked: Question[] = [];
    await using server = await serveViewer({
      journal: new Journal(),
      ask: async (question) => {
        asked.push(question);
      },
    });
    const page = await ask(server.url, '/');
    t.equal(page.status, 200);
    t.match(page.headers['content-security-policy'], "default-src 'none'");
    t.notMatch(page.body, /(src|href)="?https?:/, 'nothing from elsewhere');
    for (const [path, method, host, status] of [
      ['/ask?about=chip&chip=3', 'POST', undefined, 204],
      ['/ask?about=iobuf&chip=3&core=17', 'POST', undefined, 204],
      ['/ask?about=iobuf&chip=3', 'POST', undefined, 400],
      ['/ask?about=power&chip=3', 'POST', undefined, 400],
      ['/ask?about=chip&chip=-1', 'POST', undefined, 400],
      ['/ask?about=chip&chip=3', 'GET', undefined, 404],
      ['/../package.json', 'GET', undefined, 404],
      ['/', 'GET', 'localhost:80', 200],
      ['/', 'GET', 'evil.example', 403],
      ['/messages', 'GET', '127.0.0.1.evil.example', 403],
    ] as const) {
      t.equal((await ask(server.url, path, method, host)).status, status, `${method} ${path}`);
    }
    t.strictSame(asked, [
      { about: 'chip', chip: 3 },
      { about: 'iobuf', chip: 3, core: 17 },
    ]);
  },
);

/** A virtual machine behind a wire that can be cut, watched. */
function watched(t: Test) {
  const virtual = new VirtualMachine({ board: 'spin3' });
  const journal = new Journal();
  const wire = { isCut: false };
  const cuttable = (transport: Transport): Transport => ({
    ...{ onDatagram: (listener) => transport.onDatagram(listener), close: () => transport.close() },
    send: (datagram) => {
      if (!wire.isCut) transport.send(datagram);
    },
  });
  const watching = new Watching(
    {
      name: 'the board',
      connect: async () =>
        new MachineController({ scp: cuttable(virtual.scpTransport()), timeoutMs: 100, tries: 2 }),
      intervalMs: 10,
    },
    journal,
  );
  const controller = new MachineController({
    scp: virtual.scpTransport(),
    boot: virtual.bootTransport(),
  });
  t.teardown(async () => {
    await watching[Symbol.asyncDispose]();
    await controller.close();
    await virtual.close();
  });
  /** Settles with the next message of which something holds. */
  const until = <Found extends Message>(holds: (message: Message) => message is Found) =>
    new Promise<Found>((resolve) => {
      const stop = journal.listen((message) => {
        if (!holds(message)) return;
        stop();
        resolve(message);
      });
    });
  const status = (wanted: string) =>
    until(
      (message): message is Extract<Message, { type: 'status' }> =>
        message.type === 'status' && message.status === wanted,
    );
  return { controller, watching, wire, until, status };
}

const isFrame = (message: Message): message is FrameMessage => message.type === 'frame';

t.test(
  'a machine is waited for, told whole once, then by what changed, and found again',
  async (t) => {
    const { controller, wire, until, status } = watched(t);
    const machine = until(
      (message): message is Extract<Message, { type: 'machine' }> => message.type === 'machine',
    );
    const first = until(isFrame);
    await controller.boot({ pauseMs: 0, hardwareVersion: 3 });
    t.match(await machine, { width: 2, height: 2, boards: [{ x: 0, y: 0 }], tellsAll: true });
    t.equal((await first).chips.length, 4);
    t.equal((await until(isFrame)).chips.length, 0, 'nothing changed');
    const table = until(
      (message): message is Extract<Message, { type: 'table' }> => message.type === 'table',
    );
    await controller.loadRoutingTable({ x: 1, y: 0 }, [{ key: 5, mask: 0xff, route: 64 }], 30);
    t.strictSame(await table, { type: 'table', chip: 1, entries: Uint32Array.of(5, 0xff, 64) });
    const lost = status('lost');
    wire.isCut = true;
    await lost;
    wire.isCut = false;
    t.match((await status('watching')).text, '4 chips');
  },
);

t.test('what a page asks for that is not there is left untold', async (t) => {
  const { controller, watching, until } = watched(t);
  await watching.ask({ about: 'chip', chip: 0 });
  const first = until(isFrame);
  await controller.boot({ pauseMs: 0, hardwareVersion: 3 });
  await first;
  const told = until(
    (message): message is Extract<Message, { type: 'iobuf' }> => message.type === 'iobuf',
  );
  await watching.ask({ about: 'iobuf', chip: 4, core: 1 });
  await watching.ask({ about: 'iobuf', chip: 0, core: 18 });
  await watching.ask({ about: 'iobuf', chip: 2, core: 3 });
  t.strictSame(await told, { type: 'iobuf', chip: 2, core: 3, text: '' });
});
