import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { run, runJson, startBooted, startMachine } from '../test-support/command-line.js';
import { runCommandLine } from './command-line.js';

/** Test programs of the virtual machine. */
const firmware = (name: string) =>
  fileURLToPath(new URL(`../../packages/sim/firmware/images/${name}.aplx`, import.meta.url));

const SPIN3 = { board: 'spin3' } as const;

t.test('memory is written, read, filled and dumped', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const at = ['--chip', '1,1', ...options];
  const written = await runJson(
    t,
    'write',
    '0x60000000',
    '1',
    '0xffffffff',
    '-2',
    '--verify',
    ...at,
  );
  t.match(written, { x: 1, y: 1, address: 0x60000000, bytes: 12, verified: true });
  t.equal(
    (await run('read', 'sdram', '3', ...at)).stdout,
    '0x60000000  0x00000001  1\n' +
      '0x60000004  0xffffffff  4294967295\n' +
      '0x60000008  0xfffffffe  4294967294\n',
  );
  t.match(await runJson(t, 'read', 'sdram+4', '2', '--as', 'half', ...at), {
    as: 'half',
    values: [0xffff, 0xffff],
  });
  t.match((await run('read', 'sdram', ...options)).stdout, '0x00000000', 'of that chip only');
  t.match(await run('fill', 'sdram+1', '6', '0xaa', ...at), {
    stdout: '6 bytes from 0x60000001 of chip (1, 1) set to 0xaa\n',
  });
  t.equal(
    (await run('dump', 'sdram', '18', ...at)).stdout,
    '60000000  aaaaaa01 ffaaaaaa fffffffe 00000000  ................\n' +
      '60000010  0000                                 ..\n',
  );
  t.match(await runJson(t, 'dump', 'sdram', '8', ...at), { bytes: '01aaaaaaaaaaaaff' });
});

t.test('text, files and pipes go in and out of memory', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const file = (name: string) => `${folder}/${name}`;
  const folder = t.testdir({});
  const bytes = Uint8Array.from({ length: 3000 }, (_, index) => index * 7);
  await writeFile(file('in.bin'), bytes);
  const { code, stdout } = await run('write', 'sdram', '--file', file('in.bin'), ...options);
  t.strictSame([code, stdout], [0, '3000 bytes written to 0x60000000 of chip (0, 0)\n']);
  const saved = await runJson(t, 'dump', 'sdram', '3000', '--output', file('out.bin'), ...options);
  t.match(saved, { length: 3000, file: file('out.bin') });
  t.equal(Buffer.compare(await readFile(file('out.bin')), bytes), 0);
  const piped = new PassThrough();
  await runCommandLine(['dump', 'sdram', '3000', '--output', '-', ...options], {
    stdout: piped,
    stderr: new PassThrough(),
    untilStopped: async () => {},
  });
  t.equal(Buffer.compare(piped.read(), bytes), 0, 'the bytes and nothing else');
  await run('write', 'sdram', 'two words', '--as', 'text', ...options);
  t.equal((await run('read', 'sdram', '9', '--as', 'text', ...options)).stdout, 'two words\n');
});

t.test('variables of the monitor and of cores have names', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  t.match(await runJson(t, 'read', 'sv.p2pDimensions', ...options), {
    as: 'half',
    values: [0x0202],
  });
  t.match(await runJson(t, 'read', 'sv.rootChip', ...options), { as: 'byte', values: [1] });
  await run('write', 'vcpu3.user1', '0x1234', ...options);
  t.match(await runJson(t, 'read', 'vcpu3.user1', ...options), { as: 'word', values: [0x1234] });
  t.match(await runJson(t, 'read', 'sv+0x26', '--as', 'half', ...options), { values: [130] });
});

t.test('places, values and ranges that make no sense are named, and exit with 2', async (t) => {
  const address = ['--host', '127.0.0.1'];
  for (const [args, message] of [
    [['read', 'sv.nothing'], "'sv.nothing' is invalid for argument 'where'"],
    [['read', 'vcpu18.state'], "'vcpu18.state' is invalid"],
    [['read', '0x100000000'], "'0x100000000' is invalid"],
    [['read', '0xfffffffc', '2'], '8 bytes at 0xfffffffc leave the 4 GB of memory'],
    [['read', 'sdram', '0'], "'0' is invalid for argument 'count'"],
    [['read', 'sdram', '--as', 'float'], 'Allowed choices are word, half, byte, text'],
    [['read', 'sdram', '--chip', '300,0'], "argument '300,0' is invalid"],
    [['write', 'sdram'], "give either values or '--file <file>'"],
    [['write', 'sdram', '256', '--as', 'byte'], '"256" is no byte'],
    [['write', 'sdram', 'one'], '"one" is no word'],
    [['fill', 'sdram', '5G'], "'5G' is invalid for argument 'bytes'"],
    [['fill', 'sdram', '4', '256'], 'Give a byte from 0 to 255'],
    [['dump', 'sdram', '--output', '-', '--json'], "'--json' and '--output -' exclude each other"],
    [['signal', 'jump', '--app-id', '16'], 'Allowed choices are init, power-down, stop, start'],
    [['signal', 'stop'], "required option '--app-id <number>'"],
    [['table', '--clear'], "'--clear' needs '--chip'"],
    [['tags', 'set'], '"tags set" needs the number of a tag'],
    [['tags', 'set', '1'], "give either '--to', or both '--listen' and '--deliver'"],
    [['tags', 'set', '16', '--to', 'here:1'], "'16' is invalid for argument 'tag'"],
    [['tags', 'set', '1', '--to', 'here'], 'Give ADDRESS:PORT'],
    [['tags', 'set', '1', '--listen', '5000', '--deliver', '0,0:18:1'], 'Give X,Y:CORE:PORT'],
    [['led', 'blink'], 'Allowed choices are on, off, toggle'],
    [['led', 'on', '16'], '"16" is not a LED or range of LEDs from 0 to 15'],
    [['ping', '--count', '0'], 'Give a whole number from 1'],
    [['run', 'a.aplx', '--cores', 'all', '--user', '1', '2', '3', '4', '5'], 'at most four words'],
  ] as const) {
    const { code, stdout, stderr } = await run(...args, ...address);
    t.strictSame([code, stdout], [2, ''], args.join(' '));
    t.match(stderr, message);
  }
  for (const [args, message] of [
    [['power'], "required option '--bmp-host <address>' not specified"],
    [
      ['reset', '--hold', '--release', '--bmp-host', 'x'],
      "'--hold' cannot be used with option '--rel",
    ],
    [
      ['power', 'on', '24', '--bmp-host', 'x'],
      '"24" is not a board or range of boards from 0 to 23',
    ],
    [['discover', '10.0.0.0/8'], 'of 20 bits or more'],
    [['completion', 'csh'], 'Allowed choices are bash, zsh, fish'],
  ] as const) {
    const { code, stdout, stderr } = await run(...args);
    t.strictSame([code, stdout], [2, ''], args.join(' '));
    t.match(stderr, message);
  }
});

t.test('memory that does not keep what is written into it fails a verification', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  // The clock of the monitor goes on; a counter of the router is a plain register.
  const { code, stderr } = await run('write', '0xf100002c', '0xffff0000', '--verify', ...options);
  t.equal(code, 1);
  t.match(stderr, /^spin-tools: 0xf100002e holds 0x00, not 0xff as written\..*\n$/);
});

t.test('a program runs to its end and what it put out is shown', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const program = ['run', firmware('print'), '--cores', '0,0:1-2', '1,1:5', '--user', '2'];
  const { code, stdout } = await run(...program, ...options);
  t.equal(code, 0);
  t.equal(
    stdout,
    '0,0:1 | line 1 of core 1\n0,0:1 | line 2 of core 1\n' +
      '0,0:2 | line 1 of core 2\n0,0:2 | line 2 of core 2\n' +
      '1,1:5 | line 1 of core 5\n1,1:5 | line 2 of core 5\n' +
      `3 cores of 2 chips ran ${firmware('print')}, none failed\n`,
  );
  t.match(await runJson(t, 'ps', ...options), { cores: [] }, 'it was stopped');
  const result = await runJson(t, ...program, '--keep', ...options);
  t.match(result, { appId: 16, failed: 0 });
  t.match(result.cores[2], { x: 1, y: 1, core: 5, state: 'Exit', output: /^line 1 of core 5\n/ });
  t.match((await runJson(t, 'ps', ...options)).cores, { length: 3 }, '--keep left it');
  const shown = await run('iobuf', '1,1:5', ...options);
  t.equal(shown.stdout, '1,1:5 | line 1 of core 5\n1,1:5 | line 2 of core 5\n');
  t.match(await runJson(t, 'iobuf', '--app-id', '16', ...options), { cores: { length: 3 } });
  t.match(await runJson(t, 'iobuf', '--app-id', '17', ...options), { cores: [] });
  t.match(await run('iobuf', '--follow', '0,0:1', ...options), { stdout: /core 1\n$/ });
});

t.test('run tells run-time errors, and exits with 4', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const program = ['run', firmware('errors'), '--cores', '0,0:1-2', '--user', '1', ...options];
  const { code, stdout } = await run(...program);
  t.equal(code, 4);
  t.match(stdout, /^0,0:1 RunTimeError: undefined instruction\n0,0:2 /);
  t.match(stdout, /2 cores of 1 chip ran .*, 2 failed\n$/);
  const json = await run(...program, '--json');
  t.equal(json.code, 4);
  t.match(JSON.parse(json.stdout), { failed: 2, cores: { length: 2 } });
  t.match(await run('run', 'nothing.aplx', '--cores', '0,0:1', ...options), {
    code: 1,
    stderr: 'spin-tools: there is no file nothing.aplx\n',
  });
});

t.test('run lets cores that wait for each other go on, and stops what does not end', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const barrier = await runJson(t, 'run', firmware('barrier'), '--cores', '0,0:1-4', ...options);
  t.strictSame(
    barrier.cores.map(({ state }: { state: string }) => state),
    ['Exit', 'Exit', 'Exit', 'Exit'],
  );
  const burst = ['run', firmware('burst'), '--cores', '0,0:1', ...options];
  const stopped = await runJson(t, ...burst, '--for', '0.05', '--follow');
  t.match(stopped, { failed: 0, cores: [{ state: 'Run' }] });
  t.match(await runJson(t, 'ps', ...options), { cores: [] });
  await run('load', firmware('burst'), '--cores', '0,0:2', ...options);
  const refused = await run(...burst);
  t.match(refused, {
    code: 1,
    stderr: /^spin-tools: application 16 has 1 cores? that run already/,
  });
  t.match(await runJson(t, 'ps', ...options), { cores: { length: 1 } }, 'and left alone');
  t.match(await run('signal', 'stop', '--app-id', '16', ...options), {
    code: 0,
    stdout: 'stop sent to application 16\n',
  });
  t.match(await runJson(t, 'ps', ...options), { cores: [] });
});

t.test('Ctrl-C ends a run and shows what there is; text is followed until then', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const stopping = new AbortController();
  const stdout = new PassThrough();
  const io = { stdout, stderr: new PassThrough(), untilStopped: async () => {} };
  const running = runCommandLine(['run', firmware('burst'), '--cores', '0,0:1', ...options], {
    ...io,
    stopSignal: () => stopping.signal,
  });
  while ((await runJson(t, 'ps', ...options)).cores[0]?.state !== 'Run');
  stopping.abort();
  t.equal(await running, 0);
  t.match(String(stdout.read()), /1 core of 1 chip ran .*, none failed\n$/);
  t.match(await runJson(t, 'ps', ...options), { cores: [] });

  await run('load', firmware('print'), '--cores', '0,0:1', '--wait', ...options);
  await run('write', 'vcpu1.user0', '1', ...options);
  let stop = () => {};
  const untilStopped = () =>
    new Promise<void>((resolve) => {
      stop = resolve;
    });
  const followed = new PassThrough();
  const following = runCommandLine(['iobuf', '0,0:1', '--follow', ...options], {
    ...io,
    stdout: followed,
    untilStopped,
  });
  const line = once(followed, 'data');
  await run('signal', 'start', '--app-id', '16', ...options);
  t.equal(String((await line)[0]), '0,0:1 | line 1 of core 1\n');
  stop();
  t.equal(await following, 0);
});

t.test('a program that waits is started by a signal', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  await run('load', firmware('burst'), '--cores', '0,0:1', '--wait', ...options);
  t.match(await runJson(t, 'ps', ...options), { cores: [{ state: 'Wait' }] });
  t.match(await runJson(t, 'signal', 'start', '--app-id', '16', ...options), { signal: 'start' });
  t.match(await runJson(t, 'ps', ...options), { cores: [{ state: 'Run' }] });
});

t.test('counters tell what routers passed on and dropped, and are cleared', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  // Counter 8 of a router counts dropped multicast packets.
  await run('write', 'router+0x320', '5', '--chip', '1,0', ...options);
  const { stdout } = await run('counters', ...options);
  t.match(stdout, /^packets +from here +from others +dropped\nmulticast +0 +0 +5\n/);
  t.match(stdout, /\n1,0 +0 +5 +0 +0 +0\n$/);
  const json = await runJson(t, 'counters', '--chip', '1,0', ...options);
  t.match(json, { dropped: 5, chips: [{ x: 1, y: 0, droppedMulticast: 5 }] });
  t.match(await run('counters', '--clear', '--quiet', ...options), { code: 0 });
  t.match(await runJson(t, 'counters', ...options), { dropped: 0 });
  t.equal(
    (await run('counters', '--all', ...options)).stdout.trim().split('\n').length,
    5 + 1 + 1 + 4,
  );
});

t.test('routing tables are shown, counted and cleared', async (t) => {
  const { options, ...machine } = await startBooted(t, SPIN3);
  t.equal((await run('table', ...options)).stdout, 'all routing tables are empty\n');
  await loadTwoRoutes(machine.address);
  const { stdout } = await run('table', ...options);
  t.match(
    stdout,
    /^chip +applications +entries\n1,1 +30 +2\nat most 2 of 1023 entries on a chip\n$/,
  );
  const entries = await run('table', '--chip', '1,1', ...options);
  t.match(entries.stdout, /^ *1 +0x00000100 +0xffffff00 +E N cores 1-2 +30$/m);
  t.match(entries.stdout, /^ *2 +0x00000200 +0xffffff00 +nowhere +30$/m);
  t.match(await runJson(t, 'table', '--chip', '1,1', ...options), {
    entries: [{ index: 1, key: 0x100, appId: 30 }, { index: 2 }],
  });
  t.match(await run('table', '--chip', '1,1', '--clear', ...options), {
    stdout: '2 entries of chip (1, 1) cleared\n',
  });
  t.match(await run('table', '--chip', '1,1', ...options), { stdout: /is empty\n$/ });
});

async function loadTwoRoutes({ host, scpPort }: { host: string; scpPort: number }) {
  const { MachineController, udpTransport } = await import('@spin-tools/scp');
  const controller = new MachineController({ scp: await udpTransport({ host, port: scpPort }) });
  const mask = 0xffffff00;
  const routes = [
    { key: 0x100, mask, route: 0b101 | (0b110 << 6) },
    { key: 0x200, mask, route: 0 },
  ];
  await controller.loadRoutingTable({ x: 1, y: 1 }, routes, 30);
  await controller.close();
}

t.test('tags are set, listed and cleared', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  await run('tags', 'set', '1', '--to', '10.0.0.2:17894', '--strip', ...options);
  await run('tags', 'set', '2', '--to', 'here:5000', ...options);
  const reverse = ['--listen', '5001', '--deliver', '1,0:3:2'];
  t.match(await run('tags', 'set', '3', ...reverse, ...options), {
    stdout: 'tag 3 of chip (0, 0) set\n',
  });
  const { tags } = await runJson(t, 'tags', ...options);
  t.match(tags, [
    { x: 0, y: 0, tag: 1, kind: 'plain', to: '10.0.0.2:17894, stripped', listen: null },
    { tag: 2, to: '127.0.0.1:5000' },
    { tag: 3, kind: 'reverse', to: null, listen: 5001, deliver: '1,0:3:2' },
    { kind: 'reply' },
  ]);
  const { stdout } = await run('tags', '--chip', '0,0', ...options);
  t.match(stdout, /^0,0 +3 +reverse +port 5001 to 1,0:3:2 +0$/m);
  t.match(await run('tags', 'clear', '3', ...options), { stdout: /cleared\n$/ });
  t.notMatch((await run('tags', ...options)).stdout, 'reverse');
  const elsewhere = await run('tags', 'set', '1', '--to', 'here:1', '--chip', '1,1', ...options);
  t.match(elsewhere, {
    code: 1,
    stderr: 'spin-tools: chip (1, 1) has no ethernet: give chip (0, 0)\n',
  });
});

t.test('LEDs are switched and pings answered', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  t.match(await run('led', 'on', ...options), {
    stdout: '1 LED of chip (0, 0): 0 switched on\n',
  });
  t.match(await runJson(t, 'led', 'toggle', '1-3', ...options), { leds: [1, 2, 3] });
  const pinged = await runJson(t, 'ping', '--count', '3', '--interval', '0.001', ...options);
  t.match(pinged, { sent: 3, answered: 3 });
  t.ok(pinged.leastMs > 0 && pinged.leastMs <= pinged.medianMs && pinged.medianMs <= pinged.mostMs);
  const { stdout } = await run('ping', '-c', '2', '-i', '0.001', '--quiet', ...options);
  t.match(stdout, /^2 sent, 2 answered, 0 lost\n[\d.]+ ms least, .*\n$/);
  t.match(await run('ping', '-c', '1', '--chip', '1,1', ...options), { code: 0 });
});

t.test(
  'who does not answer is waited for as long as --timeout says, and exits with 3',
  async (t) => {
    const { options } = await startMachine(t, SPIN3);
    const pinged = await run('ping', '-c', '2', '-i', '0.001', '--timeout', '0.05', ...options);
    t.match(pinged, { code: 3, stdout: /no answer, number 2\n2 sent, 0 answered, 2 lost\n$/ });
    const { code, stderr } = await run('info', '--timeout', '0.1', ...options);
    t.equal(code, 3);
    t.match(stderr, /did not answer .*: 1 try, 0\.1 s/);
    const patient = await run('info', '--timeout', '1', ...options);
    t.match(patient.stderr, /: 2 tries, 1\.0 s/);
  },
);

t.test('the way to a machine is measured', async (t) => {
  const { options } = await startBooted(t, SPIN3);
  const result = await runJson(t, 'bench', '--size', '64k', '--chip', '1,0', ...options);
  for (const key of ['messagesPerSecond', 'writeMegabytesPerSecond', 'readMegabytesPerSecond']) {
    t.ok(result[key] > 0, key);
  }
  t.match(await run('bench', '--size', '4k', ...options), {
    stdout: /^reading memory +[\d.]+ MB\/s$/m,
  });
});

t.test('boards are switched, reset and measured by their management processor', async (t) => {
  const machine = { triads: { width: 1, height: 1 } };
  const { options, bmpOptions } = await startBooted(t, machine, {
    bmpHost: '127.0.0.1',
    bmpPort: 0,
  });
  const status = await runJson(t, 'power', 'status', '0-2', ...bmpOptions);
  t.match(status.boards, [
    { board: 0, on: true },
    { board: 1, on: true },
    { board: 2, on: true },
  ]);
  t.match(await run('power', 'off', '1', ...bmpOptions), { stdout: '1 board switched off: 1\n' });
  const { stdout } = await run('power', 'status', '0', '1', ...bmpOptions);
  t.match(stdout, /^board +0 +1\npower +on +off\n1\.2 V A +1\.\d\d V +0\.00 V\n/);
  t.match(stdout, /^board 1: 1\.2 V supply A is 0\.00 V, should be 1\.11 to 1\.37 V$/m);
  t.match(await runJson(t, 'power', 'on', '1', ...bmpOptions), { boards: [1], power: 'on' });
  t.match(await run('reset', '0-2', ...bmpOptions), { stdout: '3 boards reset: 0, 1, 2\n' });
  t.match(await run('ping', '-c', '1', '--timeout', '0.05', ...options), { code: 3 }, 'not booted');
  t.match(await runJson(t, 'reset', '--hold', ...bmpOptions), { boards: [0], action: 'hold' });
  t.match(await runJson(t, 'reset', '--release', ...bmpOptions), { action: 'release' });
  const absent = await run('power', 'status', '7', ...bmpOptions);
  t.match(absent, { code: 1, stderr: /^spin-tools: .*\n$/ });
});

t.test('discover finds boards that are booted, wait for it, or manage others', async (t) => {
  const booted = await startBooted(t, SPIN3, { bmpHost: '127.0.0.5' });
  const { scpPort } = booted.address;
  const waiting = await startMachine(t, SPIN3, { host: '127.0.0.9', scpPort });
  const { bootPort } = waiting.address;
  const frame = await startMachine(t, SPIN3, { bmpHost: '127.0.0.5', bmpPort: scpPort });
  t.equal(frame.bmpPort, scpPort);
  const ports = ['--scp-port', `${scpPort}`, '--boot-port', `${bootPort}`, '--wait', '0.5'];
  let isDone = false;
  const discovered = run('discover', '127.0.0.0/28', ...ports, '--json').finally(() => {
    isDone = true;
  });
  // Time of an idle machine passes when it is made to; boards say hello every four seconds.
  while (!isDone) {
    await waiting.virtual.advance(4.1e9);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, stdout } = await discovered;
  t.equal(code, 0);
  t.match(JSON.parse(stdout).found, [
    { address: '127.0.0.1', kind: 'booted', software: 'SC&MP/SpiNNaker 4.0.0' },
    { address: '127.0.0.5', kind: 'management processor', software: /^BC&MP/ },
    { address: '127.0.0.9', kind: 'not booted', software: null },
  ]);
  const nobody = await run('discover', '127.0.0.200', ...ports.slice(0, 2), '--wait', '0.05');
  t.match(nobody, { code: 0, stdout: 'no board was found\n' });
});
