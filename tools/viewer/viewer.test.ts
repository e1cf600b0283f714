import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { CoreState, encodeAplx, MachineController, vcpuField } from '@spin-tools/scp';
import { type MachineOptions, VirtualMachine } from '@spin-tools/sim';
import { serveUdp } from '@spin-tools/sim/udp';
import type { Browser, Page } from 'puppeteer-core';
import t, { type Test } from 'tap';
import { runCommandLine } from '../src/command-line.js';
import {
  findChromium,
  inaccessible,
  launch,
  open,
  pixelsOf,
  textOf,
  untilText,
} from './testing/browser.js';

const chromium = findChromium();
const options = { skip: chromium === undefined && 'there is no Chromium' };

let browser: Browser;
t.before(async () => {
  if (chromium !== undefined) browser = await launch(chromium);
});
t.after(() => browser?.close());

/** Runs a command until the test is over, and gives the first line that it prints that matches. */
async function startCommand(t: Test, wanted: RegExp, ...args: string[]): Promise<RegExpExecArray> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const finished = runCommandLine(args, { stdout, stderr, untilStopped: () => stopped });
  t.teardown(async () => {
    stop();
    if ((await finished) !== 0) throw new Error(`${args[0]} failed: ${stderr.read()}`);
  });
  const failed = finished.then(() => Promise.reject(new Error(String(stderr.read()))));
  failed.catch(() => {});
  for (let said = ''; ; ) {
    const [text] = await Promise.race([once(stdout, 'data'), failed]);
    said += text;
    const found = wanted.exec(said);
    if (found) return found;
  }
}

/** A booted virtual machine on UDP, a controller for it, and the address of a page that shows it. */
async function shownMachine(t: Test, shape: MachineOptions) {
  const virtual = new VirtualMachine(shape);
  const ports = { scpPort: 0, bootPort: 0, pace: 'fast' } as const;
  const served = await serveUdp(virtual, ports);
  const controller = new MachineController({
    scp: virtual.scpTransport(),
    boot: virtual.bootTransport(),
  });
  const hardwareVersion = 'board' in shape && shape.board === 'spin3' ? 3 : 5;
  await controller.boot({ pauseMs: 0, hardwareVersion });
  const address = ['--host', '127.0.0.1', '--scp-port', `${served.scpPort}`];
  const [, url = ''] = await startCommand(
    t,
    /at (http\S+);/,
    'view',
    ...address,
    '--view-port',
    '0',
  );
  t.teardown(async () => {
    await controller.close();
    await served.close();
    await virtual.close();
  });
  return { virtual, controller, url, address };
}

/** A program for core 1 to 17 that says it runs, and does nothing more. */
function idleProgram(core: number): Uint8Array {
  const words = Uint32Array.of(
    0xe59f0008, // ldr r0, [pc, #8]: the last word
    0xe3a01000 | CoreState.Run, // mov r1, #7
    0xe5c01000, // strb r1, [r0]
    0xeafffffe, // b .
    vcpuField(core, 'state').address,
  );
  return encodeAplx([
    { operation: 'place', destination: 0, data: new Uint8Array(words.buffer) },
    { operation: 'execute', address: 0 },
  ]);
}

/** Entries that lead key 1 from chip (0, 0) east to core 3 of chip (1, 0), and north to core 2 of (0, 1). */
async function loadNet(controller: MachineController): Promise<void> {
  const [key, mask] = [1, 0xffffffff];
  await controller.loadRoutingTable({ x: 0, y: 0 }, [{ key, mask, route: 0b101 }], 30);
  await controller.loadRoutingTable({ x: 1, y: 0 }, [{ key, mask, route: 1 << (6 + 3) }], 30);
  await controller.loadRoutingTable({ x: 0, y: 1 }, [{ key, mask, route: 1 << (6 + 2) }], 30);
}

/** Opens an address until the test is over. */
async function openPage(t: Test, url: string, scheme?: 'light' | 'dark') {
  const opened = await open(browser, url, scheme);
  t.teardown(() => opened.page.close());
  return opened;
}

const click = (page: Page, selector: string) =>
  page.$eval(selector, (element) => (element as HTMLElement).click());

t.test(
  'cores that start are seen, as figures, on the canvas and in the list of cores',
  options,
  async (t) => {
    const { controller, url } = await shownMachine(t, { board: 'spin3' });
    const { page, troubles } = await openPage(t, url);
    await untilText(page, '#figure-chips', /^4$/);
    t.equal(await textOf(page, '#figure-running'), '0');
    const before = await pixelsOf(page, 'kind-run');
    await controller.loadApplication(idleProgram(1), [{ chip: { x: 1, y: 1 }, cores: [1] }], 30);
    await untilText(page, '#figure-running', /^1$/);
    t.ok(
      (await pixelsOf(page, 'kind-run')) > before + 20,
      'one more core has the colour of those that run',
    );
    await page.focus('#machine');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowUp'] as const)
      await page.keyboard.press(key);
    await untilText(page, '#panel-chip h2', /^Chip 1, 1$/);
    await untilText(page, '.cores tbody tr:nth-child(2)', /Run.*app 30/);
    await click(page, '.cores tbody tr:nth-child(2) button');
    await untilText(page, '#panel-chip pre', /nothing so far/);
    await controller.signal(2, 30);
    await untilText(page, '#figure-running', /^0$/);
    t.strictSame(troubles, []);
  },
);

t.test('the tree of a selected net is drawn, and told in words', options, async (t) => {
  const { controller, url } = await shownMachine(t, { board: 'spin3' });
  await loadNet(controller);
  const { page, troubles } = await openPage(t, url);
  await click(page, '#tab-nets');
  await page.waitForSelector('.nets button');
  t.equal(await textOf(page, '.nets'), '0x00000001 from 0,0', 'one net, at its source');
  t.equal(await pixelsOf(page, 'net'), 0);
  await click(page, '.nets button');
  await untilText(page, '.about', /2 hops to 2 cores on 2 chips/);
  t.ok((await pixelsOf(page, 'net')) > 500, 'the tree is on the canvas');
  await click(page, '.nets button');
  t.equal(await pixelsOf(page, 'net'), 0, 'and goes when it is chosen no more');
  t.strictSame(troubles, []);
});

t.test(
  'packets that a dead core blocks are dropped loudly until they are noted',
  options,
  async (t) => {
    const { virtual, controller, url } = await shownMachine(t, {
      board: 'spin3',
      faults: { deaths: [{ x: 1, y: 0, link: 3, afterMs: 20_000 }] },
    });
    await loadNet(controller);
    const { page, troubles } = await openPage(t, url);
    await untilText(page, '#status', /4 chips/);
    t.equal(await page.$eval('#drops', (element) => (element as HTMLElement).hidden), true);
    await virtual.advance(20e9);
    virtual.runProgram(
      { x: 0, y: 0, core: 1 },
      {
        start: (core) => {
          for (let sent = 0; sent < 3; sent++)
            core.send({ control: 0, key: 1, payload: undefined });
          return 0;
        },
      },
      30,
    );
    await virtual.advance(1e9);
    await untilText(page, '#drops', /Packets dropped3: 3 by chip \(0, 0\)/);
    t.ok((await pixelsOf(page, 'alarm')) > 100);
    t.strictSame(await inaccessible(page), [], 'with the alarm');
    await click(page, '#drops button');
    await untilText(page, '#panel-chip h2', /^Chip 0, 0$/);
    await click(page, '#drops button:last-child');
    t.equal(await page.$eval('#drops', (element) => (element as HTMLElement).hidden), true);
    t.strictSame(troubles, []);
  },
);

t.test(
  'curves grow while a network is trained, and its layers are told apart',
  options,
  async (t) => {
    const folder = t.testdir({
      'xor.json': JSON.stringify({
        name: 'xor',
        layers: [
          { className: 'InputLayer', shape: [2] },
          { className: 'Dense', name: 'hidden', units: 8, activation: 'tanh' },
          { className: 'Dense', name: 'output', units: 1, activation: 'sigmoid' },
        ],
      }),
      'data.csv': '0,0,0\n0,1,1\n1,0,1\n1,1,0\n',
    });
    const [, url = ''] = await startCommand(
      t,
      /at (http\S+)/,
      ...['train', '--board', 'spin3', '--view', '0', '--epochs', '20', '--batch-size', '4'],
      ...['--model', `${folder}/xor.json`, '--data', `${folder}/data.csv`],
      ...['--output', `${folder}/out/model.json`, '--report', `${folder}/out/report.html`],
    );
    const { page, troubles } = await openPage(t, url, 'dark');
    const points = () =>
      page.$eval('[data-curve=loss]', (figure) => Number((figure as HTMLElement).dataset.points));
    await page.waitForSelector('[data-curve=loss]');
    const first = await points();
    await untilText(page, '#panel-training', /20 epochs done/);
    t.ok(first < 20, `the curve had ${first} points when it was seen first`);
    t.equal(await points(), 20);
    t.match(await textOf(page, '.layers tbody'), /hidden\d.*ms.*%.*output\d/);
    await page.keyboard.press('2');
    await untilText(page, '#legend', /hidden.*output.*sequencer/);
    t.strictSame(await inaccessible(page), [], 'in the dark, with curves');
    t.strictSame(troubles, []);
  },
);

t.test('a saved page opens alone, and shows what was there', options, async (t) => {
  const { controller, address } = await shownMachine(t, { board: 'spin3' });
  await loadNet(controller);
  await controller.loadApplication(idleProgram(1), [{ chip: { x: 1, y: 1 }, cores: [1] }], 30);
  const file = `${t.testdir()}/board.html`;
  await startCommand(t, /4 chips in/, 'view', ...address, '--export', file, '--for', '0.1');
  const { page, troubles } = await openPage(t, pathToFileURL(file).href);
  await untilText(page, '#figure-chips', /^4$/);
  t.equal(await textOf(page, '#figure-running'), '1');
  t.match(await textOf(page, '#status'), /^as it was at 20/);
  for (const tab of ['nets', 'training', 'chip']) {
    await click(page, `#tab-${tab}`);
    t.strictSame(await inaccessible(page), [], `panel ${tab}`);
  }
  await click(page, '#tab-nets');
  await click(page, '.nets button');
  await untilText(page, '.about', /2 hops to 2 cores on 2 chips/);
  t.ok((await pixelsOf(page, 'net')) > 500);
  t.strictSame(troubles, [], 'and asks for nothing');
});

t.test('squares, colours and zoom are a key or a click away', options, async (t) => {
  const { url } = await shownMachine(t, { board: 'spin5' });
  const { page, troubles } = await openPage(t, url);
  await untilText(page, '#figure-chips', /^48$/);
  for (const [key, legend] of [
    ['2', /no application runs/],
    ['3', /no packets now|packets\/s/],
    ['4', /1,023 routing entries/],
    ['5', /1 boards/],
    ['1', /waits for sync/],
  ] as const) {
    await page.keyboard.press(key);
    await untilText(page, '#legend', legend);
  }
  await click(page, '#shape-squares');
  await page.focus('#machine');
  for (const key of ['+', '+', '-', '0', 'ArrowUp', 'PageUp', 'Escape'] as const) {
    await page.keyboard.press(key);
  }
  await untilText(page, '#panel-chip h2', /^Chip$/);
  await page.keyboard.press('?');
  t.equal(await page.$eval('dialog', (dialog) => dialog.open), true);
  t.strictSame(await inaccessible(page), [], 'with the list of keys');
  t.strictSame(troubles, []);
});

/** A file server for one file. */
async function fileServer(t: Test, file: URL): Promise<string> {
  const page = await readFile(file);
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo.html`;
}

t.test('the demo trains on a machine of its own, and reads what is drawn', options, async (t) => {
  const url = await fileServer(t, new URL('../dist/viewer/demo.html', import.meta.url));
  const { page, troubles } = await openPage(t, url);
  await page.waitForSelector('[data-curve=loss][data-points="1"]');
  await untilText(page, '#figure-chips', /^48$/);
  await untilText(page, '#figure-running', /^[1-9]\d+$/);
  t.strictSame(await inaccessible(page), []);
  await click(page, '#demo-stop');
  const square = await (await page.$('#demo-canvas'))?.boundingBox();
  const { x, y, width, height } = square!;
  await page.mouse.move(x + width / 2, y + height / 4);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + (height * 3) / 4);
  await page.mouse.up();
  await untilText(page, '#demo-said', /It looks like a \d\./);
  await click(page, '#demo-labels button:nth-child(2)');
  await untilText(page, '#demo-own', /1 of your own/);
  t.strictSame(troubles, []);
});

const isLarge = process.env.SPIN_TOOLS_LARGE === '1';

t.test(
  'on a machine of 144 boards tables are read along the tree of the chosen net only',
  { skip: options.skip || (!isLarge && 'set SPIN_TOOLS_LARGE=1') },
  async (t) => {
    const { controller, url } = await shownMachine(t, {
      triads: { width: 7, height: 7 },
      wrap: true,
    });
    const chips = Array.from({ length: 80 }, (_, x) => ({ x, y: 0 }));
    const entry = (route: number) => [{ key: 1, mask: 0xffffffff, route }];
    for (const chip of chips) await controller.loadRoutingTable(chip, entry(1), 30);
    await controller.loadRoutingTable({ x: 80, y: 0 }, entry(1 << (6 + 4)), 30);
    const { page, troubles } = await openPage(t, url);
    await untilText(page, '#figure-chips', /^7,056$/);
    await page.focus('#machine');
    await page.keyboard.press('ArrowRight');
    await click(page, '#tab-nets');
    await page.waitForSelector('.nets button');
    await click(page, '.nets button');
    await untilText(page, '.about', /80 hops to 1 cores on 1 chips\.$/);
    t.strictSame(troubles, []);
  },
);

// Without this, tap waits until nothing is open any more, and the browser waits for the end of the tests.
t.end();
