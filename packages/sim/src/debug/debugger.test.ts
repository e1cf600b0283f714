import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { MachineController } from '@spin-tools/scp';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { VirtualMachine } from '../machine/virtual-machine.js';
import { MachineDebugger } from './debugger.js';
import { readElf } from './elf.js';
import { aplxOfElf } from './elf-image.js';
import { framed, type Incoming, PacketReader } from './gdb/framing.js';
import { serveGdb } from './gdb/serve.js';
import { GdbSession } from './gdb/session.js';
import { SymbolTable } from './symbols.js';

const ELF = fileURLToPath(new URL('./fixtures/counter.elf', import.meta.url));
const file = readElf(readFileSync(ELF));
const symbols = new SymbolTable(file);
const address = (name: string): number => symbols.find(name)!.address;
const chip = { x: 0, y: 0 };

/** A booted board whose time stands still, with the counting program on some cores of chip (0, 0). */
async function counting(t: Test, cores: readonly number[]) {
  const machine = new VirtualMachine({ board: 'spin3' });
  t.teardown(() => machine.close());
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot();
  const debug = new MachineDebugger(machine);
  await controller.loadApplication(aplxOfElf(file), [{ chip, cores }], 30);
  debug.hold();
  return { machine, controller, debug };
}

const wordAt = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(0, true);

t.test('cores stop at breakpoints, each in its turn, and nobody sees them in memory', async (t) => {
  const { debug, controller } = await counting(t, [1, 2]);
  const at = address('round_of_four');
  const code = await controller.read(chip, 0, 4).catch(() => undefined);
  const before = debug.core({ ...chip, core: 1 }).readMemory(at, 4);
  debug.addBreakpoint(at);
  const stops: string[] = [];
  for (let count = 0; count < 6; count++) {
    const { core, kind } = await debug.run();
    stops.push(`${kind} ${core.virtual}`);
    t.equal(core.register('pc'), at);
  }
  t.same(
    stops,
    Array.from({ length: 6 }, (_, index) => `breakpoint ${1 + (index % 2)}`),
  );
  t.same(debug.core({ ...chip, core: 1 }).readMemory(at, 4), before);
  t.same(await controller.read(chip, 0, 4).catch(() => undefined), code);
  debug.removeBreakpoint(at);
  debug.close();
  t.notOk(debug.isStopped);
});

t.test('only chosen cores are stopped', async (t) => {
  const { machine } = await counting(t, [1, 2, 3]);
  const debug = new MachineDebugger(machine, [{ ...chip, core: 2 }]);
  t.same(
    debug.cores().map(({ name }) => name),
    ['core 2 of chip (0, 0)'],
  );
  debug.addBreakpoint(address('add'));
  for (let count = 0; count < 3; count++) t.match(await debug.run(), { core: { virtual: 2 } });
});

t.test('time stands still while a core is stopped, and hosts are answered', async (t) => {
  const { debug, controller, machine } = await counting(t, [1]);
  debug.addBreakpoint(address('add'));
  await debug.run();
  const { time } = machine;
  const core = debug.core({ ...chip, core: 1 });
  core.writeMemory(0x60001000, Uint8Array.of(1, 2, 3, 4));
  t.same(await controller.read(chip, 0x60001000, 4), Uint8Array.of(1, 2, 3, 4));
  await controller.write(chip, 0x60001000, Uint8Array.of(5, 6, 7, 8));
  t.same(core.readMemory(0x60001000, 4), Uint8Array.of(5, 6, 7, 8));
  t.equal(machine.time, time);
  // Nor does the wall clock make time pass.
  machine.setPace('paced');
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  await controller.read(chip, 0x60001000, 4);
  t.equal(machine.time, time);
  debug.removeBreakpoint(address('add'));
  debug.resume();
  await machine.advance(1_000_000);
  t.ok(machine.time >= time + 1_000_000 && machine.time < time + 2e9);
});

t.test('a single step executes one instruction, of other cores none', async (t) => {
  const { debug } = await counting(t, [1, 2]);
  debug.addBreakpoint(address('add'));
  const { core } = await debug.run();
  debug.removeBreakpoint(address('add'));
  const other = debug.core({ ...chip, core: 2 });
  const still = other.registers(['pc', 'r0', 'sp']);
  const places: number[] = [];
  for (let step = 0; step < 6; step++) {
    t.ok(debug.stepAlone(core));
    places.push(core.register('pc') - address('add'));
  }
  // push, mov, bl to the veneer, ldr, bx, and one Thumb instruction
  const veneer = address('__scaled_from_arm') - address('add');
  const scaled = address('scaled') - address('add');
  t.same(places, [4, 8, veneer, veneer + 4, scaled, scaled + 2]);
  t.same(other.registers(['pc', 'r0', 'sp']), still);
  t.ok((core.register('cpsr') & 0x20) !== 0, 'in Thumb state');
  const { kind } = await debug.run(core);
  t.equal(kind, 'step');
  t.equal(core.register('pc') - address('add'), scaled + 4);
});

t.test('watchpoints stop in front of the access', async (t) => {
  const { debug } = await counting(t, [1]);
  const core = debug.core({ ...chip, core: 1 });
  const total = address('total');
  debug.addWatchpoint({ kind: 'write', address: total, length: 4 });
  const stop = await debug.run();
  t.match(stop, { kind: 'watchpoint', address: total });
  const before = wordAt(core.readMemory(total, 4));
  const stored = core.register('r3');
  t.ok(debug.stepAlone(core));
  t.equal(wordAt(core.readMemory(total, 4)), stored);
  t.not(stored, before);
  debug.removeWatchpoint({ kind: 'write', address: total, length: 4 });
  debug.addWatchpoint({ kind: 'read', address: address('rounds') + 1, length: 1 });
  t.match(await debug.run(), { kind: 'watchpoint', address: address('rounds') + 1 });
  debug.removeWatchpoint({ kind: 'read', address: address('rounds') + 1, length: 1 });
  const bytes = address('bytes');
  debug.addWatchpoint({ kind: 'access', address: bytes, length: 8 });
  const { address: hit } = (await debug.run()) as { address: number };
  t.ok(hit >= bytes && hit < bytes + 8);
});

t.test('a breakpoint catches the first instruction of a program that starts later', async (t) => {
  const { debug, controller } = await counting(t, [1]);
  debug.addBreakpoint(address('_start'));
  debug.resume();
  const stopped = new Promise((resolve) => debug.onStop(resolve));
  const loaded = controller.loadApplication(aplxOfElf(file), [{ chip, cores: [5] }], 31);
  t.match(await stopped, { kind: 'breakpoint', pc: 0, core: { virtual: 5 } });
  debug.removeBreakpoint(address('_start'));
  debug.resume();
  await loaded;
});

t.test('registers of all modes can be read and set', async (t) => {
  const { debug } = await counting(t, [1]);
  const core = debug.core({ ...chip, core: 1 });
  t.equal(core.register('cpsr') & 0x1f, 0x13);
  t.equal(core.register('sp'), core.register('sp_svc'));
  core.setRegister('sp_irq', 0x1234);
  core.setRegister('spsr_fiq', 0xd3);
  core.setRegister('r8_fiq', 88);
  core.setRegister('r8', 8);
  t.same(
    core.registers(['sp_irq', 'spsr_fiq', 'r8_fiq', 'r8', 'r8_usr']),
    [0x1234, 0xd3, 88, 8, 8],
  );
  core.setRegister('cpsr', 0xd1);
  t.equal(core.register('r8'), 88, 'FIQ mode has its own r8');
  core.setRegister('cpsr', 0xd3);
  t.throws(() => core.setRegister('cpsr', 0xd4), { name: 'RegisterError', register: 'cpsr' });
  t.throws(() => core.register('r16'), { name: 'RegisterError', register: 'r16' });
  t.throws(() => debug.core({ ...chip, core: 3 }).register('pc'), { name: 'NoProgramError' });
  t.throws(() => debug.core({ x: 9, y: 9, core: 3 }), RangeError);
});

t.test("memory is the core's own view, and looking changes nothing", async (t) => {
  const { debug } = await counting(t, [1]);
  const core = debug.core({ ...chip, core: 1 });
  t.same(core.readMemory(0, 4), file.segments[0]!.bytes.subarray(0, 4));
  t.equal(core.readMemory(0x7ffc, 64).length, 4, 'the end of the instruction memory');
  for (const [unreadable, what] of [
    [0x1f000030, 'vector address'],
    [0x2f000030, 'vector address, unbuffered'],
    [0xfffff030, 'vector address, high'],
    [0x10000014, 'received key'],
    [0xe2000100, 'lock'],
    [0xf2000104, 'lock, unbuffered'],
    [0xe1000028, 'drop status'],
    [0x50000000, 'nothing'],
  ] as const) {
    t.throws(
      () => core.readMemory(unreadable, 4),
      { name: 'MemoryError', address: unreadable },
      what,
    );
  }
  t.equal(wordAt(core.readMemory(0x11000000, 4)), 0, 'a timer');
  t.same(core.readMemory(0x11000001, 2), Uint8Array.of(0, 0), 'in the middle of a word');
  core.writeMemory(0x11000000, Uint8Array.of(9, 0, 0, 0));
  t.equal(wordAt(core.readMemory(0x11000000, 4)), 9);
  t.throws(() => core.writeMemory(0x11000000, Uint8Array.of(9)), { name: 'MemoryError' });
  t.throws(() => core.writeMemory(0xfffffffc, new Uint8Array(8)), { name: 'MemoryError' });
  core.writeMemory(0x7ffe, Uint8Array.of(1, 2));
  t.same(core.readMemory(0x7ffe, 2), Uint8Array.of(1, 2));
  t.throws(() => core.writeMemory(0x7ffe, Uint8Array.of(1, 2, 3)), {
    name: 'MemoryError',
    address: 0x8000,
  });
});

/** Someone who talks to a session as GDB does. */
class Client {
  private readonly reader = new PacketReader();
  private readonly replies: string[] = [];
  private readonly waiting: ((reply: string) => void)[] = [];
  readonly raw: Incoming['kind'][] = [];
  send: (bytes: Uint8Array) => void = () => undefined;

  receive(bytes: Uint8Array): void {
    for (const incoming of this.reader.read(bytes)) {
      this.raw.push(incoming.kind);
      if (incoming.kind !== 'packet') continue;
      const reply = Buffer.from(incoming.body).toString('latin1');
      const next = this.waiting.shift();
      if (next === undefined) this.replies.push(reply);
      else next(reply);
    }
  }

  reply(): Promise<string> {
    const reply = this.replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  ask(packet: string): Promise<string> {
    this.send(framed(packet));
    return this.reply();
  }

  interrupt(): void {
    this.send(Uint8Array.of(3));
  }
}

function clientOf(debug: MachineDebugger): Client {
  const client = new Client();
  const session = new GdbSession(debug, (bytes) => client.receive(bytes));
  client.send = (bytes) => session.receive(bytes);
  return client;
}

const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const unhex = (digits: string) => Buffer.from(digits, 'hex').toString('latin1');

t.test('the conversation that a debugger has over TCP', async (t) => {
  const { machine } = await counting(t, [1, 2]);
  const served = await serveGdb(machine);
  t.teardown(() => served.close());
  const socket = createConnection(served.port, served.host);
  const client = new Client();
  socket.on('data', (bytes) => client.receive(bytes));
  client.send = (bytes) => void socket.write(bytes);
  t.match(await client.ask('qSupported:multiprocess+;swbreak+'), /PacketSize=4000;.*swbreak\+/);
  t.equal(await client.ask('QStartNoAckMode'), 'OK');
  t.equal(await client.ask('vMustReplyEmpty'), '');
  t.match(
    await client.ask('qXfer:features:read:target.xml:0,3fff'),
    /^l.*org\.gnu\.gdb\.arm\.core/s,
  );
  t.equal(await client.ask('qXfer:features:read:target.xml:2,3'), 'mxml');
  t.match(await client.ask('qXfer:memory-map:read::0,3fff'), /start="0x400000" length="0x10000"/);
  t.equal(await client.ask('qfThreadInfo'), 'm2,3');
  t.equal(await client.ask('qsThreadInfo'), 'l');
  t.match(unhex(await client.ask('qThreadExtraInfo,3')), /^core 2 of chip \(0, 0\), awake$/);
  t.match(await client.ask('qXfer:threads:read::0,fff'), /name="core 1 of chip \(0, 0\)"/);
  t.equal(await client.ask('T3'), 'OK');
  t.equal(await client.ask('T9'), 'E02');
  t.equal(await client.ask('Hg3'), 'OK');
  t.equal(await client.ask('Hgfff'), 'E02');
  t.equal(await client.ask('qC'), 'QC3');
  t.match(await client.ask('?'), /^T05thread:3;0d:[\da-f]{8};0e:/);
  t.equal((await client.ask('g')).length, 17 * 8);
  t.equal(await client.ask('P0=78563412'), 'OK');
  t.equal(await client.ask('p0'), '78563412');
  t.match(await client.ask('g'), /^78563412/);
  t.equal(await client.ask('P21=01000000'), 'OK', 'r8 of FIQ mode');
  t.equal(await client.ask('p21'), '01000000');
  t.equal(await client.ask('p10'), 'E16');
  t.equal(await client.ask('M60000100,4:01020304'), 'OK');
  t.equal(await client.ask('X60000104,3:ab'), 'E16', 'a byte is missing');
  t.equal(await client.ask('X60000104,0:'), 'OK');
  t.equal(await client.ask('X60000104,3:#$}'), 'OK');
  t.equal(await client.ask('m60000100,7'), '0102030423247d');
  t.equal(await client.ask('m1f000030,4'), 'E0e');
  t.equal(await client.ask(`Z0,${address('add').toString(16)},4`), 'OK');
  t.match(await client.ask('vCont?'), /^vCont;c;C;s;S$/);
  t.match(await client.ask('vCont;c'), /^T05swbreak:;thread:[23];/);
  t.equal(await client.ask(`z0,${address('add').toString(16)},4`), 'OK');
  t.match(await client.ask('vCont;s:2'), /^T05thread:2;/);
  t.match(await client.ask('s'), /^T05thread:2;/);
  t.equal(await client.ask(`Z2,${address('total').toString(16)},4`), 'OK');
  t.match(await client.ask('c'), /^T05watch:400000;thread:/);
  t.equal(await client.ask(`z2,${address('total').toString(16)},4`), 'OK');
  client.send(framed('vCont;c'));
  client.interrupt();
  t.match(await client.reply(), /^T02thread:/);
  t.match(unhex(await client.ask(`qRcmd,${hex('help')}`)), /reset +starts the program/);
  t.match(unhex(await client.ask(`qRcmd,${hex('cores')}`)), /core 1 of chip \(0, 0\): pc 0x/);
  t.match(unhex(await client.ask(`qRcmd,${hex('registers')}`)), /spsr_irq +00000000/);
  t.match(unhex(await client.ask(`qRcmd,${hex('time')}`)), /^[\d.]+ us$/m);
  t.match(unhex(await client.ask(`qRcmd,${hex('rest')}`)), /there is no command "rest"/);
  t.equal(await client.ask('Hg2'), 'OK');
  t.match(unhex(await client.ask(`qRcmd,${hex('reset')}`)), /is at its entry again/);
  t.match(await client.ask('g'), /^1e000000.*00000000d3000000$/, 'its argument, pc and cpsr');
  // A second debugger is hung up on, the first is not disturbed.
  const other = createConnection(served.port, served.host);
  await once(other, 'close');
  t.equal(await client.ask('D'), 'OK');
  socket.end();
  await once(socket, 'close');
  t.notOk(machine.isIdle);
  const { time } = machine;
  await machine.advance(10_000);
  t.ok(machine.time > time, 'the machine runs on');
});

t.test('before anything runs there is a core to look at, and breakpoints can be set', async (t) => {
  const machine = new VirtualMachine({ board: 'spin3' });
  t.teardown(() => machine.close());
  const client = clientOf(new MachineDebugger(machine));
  t.equal(await client.ask('qfThreadInfo'), 'm2');
  t.equal(await client.ask('?'), 'T05thread:2;');
  t.equal(await client.ask('g'), '0'.repeat(17 * 8));
  t.equal(await client.ask('p19'), '00000000');
  t.equal(await client.ask('P0=00000000'), 'E02');
  t.equal(await client.ask('m0,4'), '00000000');
  t.equal(await client.ask('M0,1:00'), 'E0e');
  t.equal(await client.ask('Z0,0,4'), 'OK');
  t.equal(await client.ask('vCont;s:2'), 'T05thread:2;');
});

t.test('damaged packets are asked for again, and so are replies', async (t) => {
  const { debug } = await counting(t, [1]);
  const client = clientOf(debug);
  client.send(Buffer.from('$g#00', 'latin1'));
  t.same(client.raw, ['again'], 'a minus');
  client.send(Buffer.from('$qC$qC#b4', 'latin1'));
  t.equal(await client.reply(), 'QC2', 'a packet that was broken off is forgotten');
  client.send(Buffer.from('-', 'latin1'));
  t.equal(await client.reply(), 'QC2');
  client.send(framed(`M0,1:${'0'.repeat(0x5000)}`));
  t.equal(client.raw.at(-1), 'again', 'too long');
  for (const malformed of [
    'm',
    'm0',
    'mx,1',
    'm0,123456789',
    'M0,2:00',
    'M0,1:0',
    'X0,1',
    'pzz',
    'P0',
    'G00',
  ])
    t.equal(await client.ask(malformed), 'E16', malformed);
  for (const malformed of [
    'Z0,',
    'Z2,0',
    'z0,1',
    'qRcmd,0',
    'qThreadExtraInfo,0',
    'Hgx',
    'vCont;x',
    'vCont;s:x',
    'cx',
  ])
    t.equal(await client.ask(malformed), 'E16', malformed);
  for (const unknown of [
    '',
    'Z9,0,4',
    'z9,0,4',
    'vFlashErase:0,1',
    'qXfer:auxv:read::0,1',
    '!',
    'R00',
  ])
    t.equal(await client.ask(unknown), '', unknown);
});

/** Whether a packet leaves the conversation open. */
const goesOn = (packet: string) => !/^(D|k|vKill)/.test(packet);

t.test('random packets never crash or hang a session', async (t) => {
  const { debug } = await counting(t, [1, 2]);
  const client = clientOf(debug);
  const number = fc.oneof(
    fc.nat(0x100).map((value) => value.toString(16)),
    fc.constantFrom(
      '0',
      '2c',
      '400000',
      '60000000',
      '10000014',
      '1f000000',
      'ffffffff',
      'e1000000',
    ),
    fc.string({ maxLength: 9 }),
  );
  const start = fc.constantFrom(
    ...[
      '?',
      'g',
      'G',
      'p',
      'P',
      'm',
      'M',
      'X',
      'Z0,',
      'Z1,',
      'Z2,',
      'Z3,',
      'Z4,',
      'z0,',
      'z2,',
      'Hg',
      'Hc',
    ],
    ...[
      'T',
      'c',
      's',
      'C05',
      'S05',
      'vCont;',
      'vCont;s:',
      'vCont;c:',
      'vCont;C05;s:',
      'qRcmd,',
      'qXfer:',
    ],
    ...[
      'qXfer:features:read:target.xml:',
      'qfThreadInfo',
      'qsThreadInfo',
      'qThreadExtraInfo,',
      'qSupported',
    ],
  );
  const body = fc
    .tuple(start, fc.array(number, { maxLength: 4 }), fc.constantFrom(',', ':', ';', '='))
    .map(([head, numbers, separator]) => head + numbers.join(separator));
  const bytes = fc.oneof(
    { weight: 6, arbitrary: body.map(framed) },
    { weight: 1, arbitrary: fc.string().filter(goesOn).map(framed) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 1, arbitrary: fc.constant(Uint8Array.of(3)) },
  );
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 20 }), async (all) => {
      for (const each of all) client.send(each);
      await new Promise((resolve) => setImmediate(resolve));
      // Ends a packet that was begun, and whatever runs.
      client.send(Buffer.from('#00\x03', 'latin1'));
      const marker = `qXfer:features:read:target.xml:0,1`;
      client.send(framed(marker));
      let reply = await client.reply();
      while (reply !== 'm<') reply = await client.reply();
      answered++;
    }),
    { numRuns: 100 },
  );
  t.equal(answered, 100, 'each sequence is followed by an answer to a packet that is sound');
});

const hasGdb = spawnSync('gdb-multiarch', ['--version']).status === 0;

/** Runs GDB with commands; gives what it prints. */
async function gdb(port: number, commands: readonly string[]): Promise<string> {
  const all = [
    'set confirm off',
    'set remotetimeout 10',
    `target remote 127.0.0.1:${port}`,
    ...commands,
  ];
  const child = spawn('gdb-multiarch', [
    '-nx',
    '-batch',
    ...all.flatMap((each) => ['-ex', each]),
    ELF,
  ]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data;
    });
  }
  await once(child, 'close');
  return text;
}

t.test(
  'gdb-multiarch debugs cores',
  { skip: hasGdb ? false : 'needs gdb-multiarch, the Debian package' },
  async (t) => {
    const { machine } = await counting(t, [1, 2]);
    const served = await serveGdb(machine);
    t.teardown(() => served.close());
    const text = await gdb(served.port, [
      'info threads',
      ...['break add', 'continue', 'backtrace 3', 'continue', 'delete'],
      ...['print total = 1000', 'watch total', 'continue', 'delete'],
      ...['tbreak scaled', 'continue', 'info registers cpsr', 'stepi', 'finish', 'next', 'step'],
      ...['info registers banked', 'x/2i &main', 'monitor time', 'detach'],
    ]);
    t.match(text, /Thread 2 "core 1 of chip \(0, 0\)"/);
    t.match(text, /Thread 3 "core 2 of chip \(0, 0\)"/);
    t.match(text, /"core 1 of chip \(0, 0\)" hit Breakpoint 1, add/);
    t.match(text, /"core 2 of chip \(0, 0\)" hit Breakpoint 1, add/);
    // gdb says on standard error, whenever it gets to it, that it has not the source.
    t.match(text, /#1 .* round_of_four \(\).*\n(?:.*No such file.*\n)?#2 .* main/);
    t.match(text, /hit Hardware watchpoint 2: total\n\nOld value = \d+\nNew value = \d+/);
    t.match(text, /hit Temporary breakpoint 3, scaled/);
    t.match(text, /Run till exit|round_of_four \(\) at counter.c/);
    t.match(text, /spsr_irq +0x0/);
    t.match(text, /<main>:\s+push/);
    t.match(text, /\d\.\d{3} us/);
    t.match(text, /detached/);
    t.notMatch(text, /error|cannot|timeout/i);
  },
);
