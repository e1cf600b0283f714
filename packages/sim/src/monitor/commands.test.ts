/** Commands at the wire, in hexadecimal: what SC&MP of two releases answers, byte by byte. */
import { readFileSync } from 'node:fs';
import {
  builtInBootImage,
  type ChipAddress,
  encodeSdp,
  MachineController,
  SerialRom,
  systemVariables,
  vcpuField,
  withVariables,
} from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import { VirtualMachine } from '../machine/virtual-machine.js';

const ORIGIN = { x: 0, y: 0 };
const RELAY = new Uint8Array(
  readFileSync(new URL('../machine/fixtures/relay.aplx', import.meta.url)),
);
const EAST = { x: 1, y: 0 };
const SDRAM = 0x60640100;

interface Question {
  readonly to?: ChipAddress;
  readonly core?: number;
  readonly port?: number;
  readonly flags?: number;
  readonly tag?: number;
  readonly data?: string;
}

type MachineOptions = ConstructorParameters<typeof VirtualMachine>[0];

/** A booted machine, and one host's wire into it. */
async function booted(release = '4.0.0', options: MachineOptions = { board: 'spin3' }) {
  const machine = new VirtualMachine(options);
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
  });
  await controller.boot({ image: builtInBootImage(release), pauseMs: 0, force: true });
  const wire = machine.scpTransport();
  const replies: Uint8Array[] = [];
  wire.onDatagram((datagram) => replies.push(datagram));
  const settle = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await machine.whenIdle();
      await new Promise(setImmediate);
    }
  };
  /** The reply from its return code on, `-` for none. */
  const ask = async (code: number, args: readonly number[], question: Question = {}) => {
    const { to = ORIGIN, core = 0, port = 0, flags = 0x87, tag = 255, data = '' } = question;
    const head = new DataView(new ArrayBuffer(4 + 4 * args.length));
    head.setUint16(0, code, true);
    args.forEach((word, index) => {
      head.setUint32(4 + 4 * index, word >>> 0, true);
    });
    const body = Buffer.concat([new Uint8Array(head.buffer), Buffer.from(data, 'hex')]);
    const message = { flags, tag, destination: { ...to, core, port }, data: body };
    replies.length = 0;
    wire.send(encodeSdp({ ...message, source: { ...ORIGIN, core: 31, port: 7 } }));
    await settle();
    const reply = replies[0];
    return reply === undefined ? '-' : Buffer.from(reply.subarray(10)).toString('hex');
  };
  const headOfReply = () => Buffer.from((replies[0] as Uint8Array).subarray(0, 10)).toString('hex');
  const close = async () => {
    await wire.close();
    await controller.close();
    await machine.close();
  };
  return { machine, controller, ask, headOfReply, settle, close, replies, wire };
}

const READ = 2;
const WRITE = 3;
const FILL = 5;

t.test('4.0 says RC_OK whatever was refused, 3.x says why', async (t) => {
  const refused: [name: string, code: number, args: number[], question: Question, rc: string][] = [
    ['unknown command', 99, [0, 0, 0], {}, '8300'],
    ['two arguments', READ, [SDRAM, 4], {}, '8100'],
    ['257 bytes', READ, [SDRAM, 257, 0], {}, '8400'],
    ['type 3', WRITE, [SDRAM, 4, 3], { data: '01020304' }, '8400'],
    ['link 6', 17, [SDRAM, 4, 6], {}, '8400'],
    ['a dead link', 17, [SDRAM, 4, 0], { to: EAST }, '8600'],
    ['the monitor to be started', 19, [1, 0, 0], {}, '8400'],
    ['multicast signal elsewhere', 22, [0, 0x20000, 0], { to: EAST }, '8400'],
    ['signal by way 3', 22, [3, 0, 0], {}, '8400'],
    ['signal to no blocks', 22, [1, 0, 0], {}, '8400'],
    ['IPTag 16', 26, [0x10010, 0, 0], {}, '8400'],
    ['IPTag operation 5', 26, [0x50000, 0, 0], {}, '8400'],
    ['9 IPTags', 26, [0x20000, 9, 0], {}, '8400'],
    ['ALLOC operation 8', 28, [8, 0, 0], {}, '8400'],
    ['RTR operation 4', 29, [4, 0, 0], {}, '8400'],
    ['more than 1024 entries', 29, [0x00020001, 1023, 0], {}, '8400'],
    ['core 19', 16, [19, 0, 0], {}, '8400'],
    ['the monitor out of use', 16, [0, 0, 0], {}, '8400'],
  ];
  const deadLinks = [{ x: 1, y: 0, link: 0 }];
  const [old, recent] = [
    await booted('3.4.1', { board: 'spin3', deadLinks }),
    await booted('4.0.0', { board: 'spin3', deadLinks }),
  ];
  for (const [name, code, args, question, rc] of refused) {
    const isOnlyOld = code === 22 && args[0] === 1;
    t.equal(await old.ask(code, args, question), `${rc}0000`, name);
    if (!isOnlyOld) t.equal(await recent.ask(code, args, question), '80000000', `${name}, 4.0`);
  }
  for (const { ask } of [old, recent]) {
    t.equal(await ask(0, [0, 0, 0], { port: 1 }), '85000000', 'port 1 of the monitor');
    t.equal(await ask(0, [0, 0, 0], { core: 18 }), '88000000', 'core 18');
    t.equal(await ask(0, [0, 0, 0], { to: { x: 9, y: 9 } }), '87000000', 'chip (9, 9)');
  }
  for (const [name, code] of [
    ['COUNT', 15],
    ['APP_COPY_RUN', 21],
    ['SYNC', 32],
  ] as const) {
    t.equal(await old.ask(code, [0, 0, 0]), '83000000', `${name} is later than 3.4`);
  }
  await old.close();
  await recent.close();
});

t.test('reads and writes go by whole units, and the buffer shows through', async (t) => {
  const { ask, close } = await booted();
  t.equal(await ask(WRITE, [SDRAM, 8, 0], { data: '0102030405060708' }), '80000000');
  t.equal(await ask(READ, [SDRAM, 8, 0]), '800000000102030405060708');
  t.equal(await ask(READ, [SDRAM, 3, 1]), '80000000010264', 'the third byte of the address');
  t.equal(await ask(READ, [SDRAM, 7, 2]), '8000000001020304070000', 'then bytes of the length');
  for (const [distance, unit] of [
    [1, 1],
    [1, 2],
    [2, 2],
  ]) {
    t.equal(await ask(READ, [SDRAM + distance!, 4, unit!]), '-', 'stops a monitor');
    t.equal(await ask(WRITE, [SDRAM + distance!, 4, unit!], { data: '00000000' }), '-');
  }
  t.equal(await ask(READ, [SDRAM + 1, 0, 2]), '80000000', 'nothing is read');
  t.equal(await ask(WRITE, [SDRAM, 6, 2], { data: 'aabbccddeeff' }), '80000000');
  t.equal(await ask(READ, [SDRAM, 8, 0]), '80000000aabbccdd05060708', 'one word');
  t.equal(await ask(WRITE, [SDRAM, 4, 0], { data: '11' }), '80000000', 'less data than named');
  t.equal(await ask(READ, [SDRAM, 4, 0]), '8000000011000000');
  t.equal(await ask(FILL, [SDRAM + 3, 0x5a5a5a5a, 7]), '-');
  t.equal(await ask(FILL, [SDRAM, 0x5a5a5a5a, 7]), '80000000');
  t.equal(await ask(READ, [SDRAM, 8, 0]), '800000005a5a5a5a05060708', 'no low bits in fills');
  t.equal(await ask(READ, [SDRAM, 0, 0]), '80000000');
  t.equal(await ask(READ, [0x50000000, 4, 2]), '-', 'a data abort has no answer');
  t.equal(await ask(FILL, [0xf5007ff0, 0, 64]), '-');
  t.equal(await ask(WRITE, [0x400, 4, 2], { data: '01020304' }), '80000000', 'own memory');
  t.equal(await ask(READ, [0x400, 4, 2]), '8000000001020304');
  t.equal(await ask(READ, [0x40fffc, 4, 2]), '8000000000000000');
  t.equal(await ask(READ, [0x11000000, 4, 2]), '8000000000000000', 'a timer');
  await close();
});

t.test('links are read by words; what answers wrongly counts as silent', async (t) => {
  const { ask, close } = await booted('3.4.1');
  await ask(WRITE, [SDRAM, 8, 0], { to: EAST, data: '0102030405060708' });
  t.equal(await ask(17, [SDRAM, 8, 0]), '800000000102030405060708');
  t.equal(await ask(17, [SDRAM, 6, 0]), '80000000010203040600', 'the rest is from the buffer');
  t.equal(await ask(17, [0x50000000, 4, 0]), '86000000');
  t.equal(await ask(17, [0x400, 4, 0]), '86000000', 'private memory is out of reach');
  t.equal(await ask(18, [SDRAM, 4, 0], { data: 'ffeeddcc' }), '80000000');
  t.equal(await ask(READ, [SDRAM, 4, 0], { to: EAST }), '80000000ffeeddcc');
  t.equal(await ask(18, [0x50000000, 4, 0], { data: 'ffeeddcc' }), '80000000', 'acknowledged');
  await close();
});

t.test('idle cores answer as SARK does, from memory of their own', async (t) => {
  const { ask, headOfReply, controller, close } = await booted();
  const at = { core: 3 };
  const name = Buffer.from('SARK/SpiNNaker\u00004.0.0\0').toString('hex');
  t.equal(await ask(0, [0, 0, 0], at), `80000000${'03030000'}0001ffff00000000${name}`);
  t.equal(
    headOfReply(),
    `0000870fff03000000 00`.replace(' ', '').replace('870f', '8708'),
    'flags stay',
  );
  t.equal(await ask(31, [0, 0, 0], at), '83000000', 'its refusals show');
  t.equal(await ask(READ, [SDRAM, 300, 0], at), '84000000');
  t.equal(await ask(READ, [SDRAM], at), '81000000');
  await ask(WRITE, [0x400000, 4, 2], { ...at, data: 'a1a2a3a4' });
  t.equal(await ask(READ, [0x400000, 4, 2], at), '80000000a1a2a3a4');
  t.equal(
    await ask(READ, [0x400000, 4, 2], { core: 4 }),
    '8000000000000000',
    'not of its neighbour',
  );
  t.equal(await ask(0, [0, 0, 0], { ...at, port: 1 }), '-', 'nothing listens on port 1');
  t.equal(await ask(READ, [0x50000000, 4, 2], at), '-');
  t.equal((await controller.chipInformation(ORIGIN)).coreStates[3], 2, 'a run-time error');
  const code = vcpuField(3, 'runTimeError').address;
  t.equal(await ask(READ, [code, 1, 0]), '8000000005', 'a data abort');
  t.equal(await ask(0, [0, 0, 0], at), '-', 'its mailbox takes one message');
  t.equal(await ask(0, [0, 0, 0], at), '86000000', 'and is never emptied');
  await close();
});

t.test('two idle cores that are told to answer each other do not do so for ever', async (t) => {
  const { machine, settle, wire, close } = await booted();
  const core = (id: number) => ({ ...ORIGIN, core: id, port: 0 });
  const data = new Uint8Array(16);
  wire.send(encodeSdp({ flags: 7, tag: 255, destination: core(1), source: core(2), data }));
  await settle();
  t.equal(machine.isIdle, true);
  await close();
});

t.test('ALLOC answers 0 rather than refuse', async (t) => {
  const { ask, close } = await booted();
  const alloc = (operation: number, second = 0, third = 0, flags = 0) =>
    ask(28, [(flags << 16) | (30 << 8) | operation, second, third]);
  const first = await alloc(0, 100, 7);
  t.match(first, /^80000000[0-9a-f]{8}$/);
  t.not(first, '8000000000000000');
  t.equal(await alloc(0, 100, 7), '8000000000000000', 'the tag is taken');
  t.equal(await alloc(0, 100, 7, 4), first, 'the same again on request');
  t.equal(await alloc(0, 99, 7, 4), '8000000000000000', 'not with another size');
  t.equal(await alloc(0, 100, 256), '8000000000000000', 'no such tag');
  t.equal(await alloc(0, 0), '8000000000000000', 'no bytes');
  t.equal(await alloc(7, 7), first);
  t.equal(await alloc(7, 0x107), first, 'tags have eight bits here');
  t.equal(await alloc(1, 0x61234568), '80000000', 'no block');
  t.equal(await alloc(1, 0), '-', 'a run-time error');
  t.equal(await alloc(2), '8000000001000000');
  t.equal(await alloc(7, 7), '8000000000000000');
  t.equal(await alloc(3, 10), '8000000001000000', 'entries from 1 on');
  t.equal(await alloc(3, 2000), '8000000000000000');
  t.equal(await alloc(4, 5), '80000000', 'no block of entries');
  t.equal(await alloc(5, 1), '8000000001000000');
  t.match(await alloc(6), /^80000000(.{8})\1$/, 'free bytes and the largest block');
  await close();
});

t.test('structures in memory are what SC&MP leaves behind', async (t) => {
  const { ask, controller, close } = await booted();
  const word = async (address: number) =>
    Buffer.from(await controller.read(ORIGIN, address, 4)).readUInt32LE(0);
  const table = await word(systemVariables.applicationData.address);
  t.equal(await ask(READ, [table, 8, 2]), '80000000' + '11000001' + 'feff0300', 'application 0');
  const copy = await word(systemVariables.routerCopy.address);
  const unused = '000000ff' + 'ffffffff' + '00000000';
  t.equal(await ask(READ, [copy + 16 * 2, 16, 2]), `8000000000000080${unused}`, 'links checked');
  t.equal(await ask(READ, [copy + 16 * 12, 16, 2]), `8000000000000000${unused}`);
  t.equal(await ask(28, [(66 << 8) | 3, 5, 0]), '8000000001000000');
  t.equal(await ask(28, [(66 << 8) | 5, 1, 0]), '8000000001000000', 'freed and cleared');
  const records = `01000000${'41000000'}${'34120000'}${'ffffffff'}`;
  await ask(WRITE, [0x67820000, 16, 2], { data: records });
  t.equal(await ask(29, [(1 << 16) | (66 << 8) | 2, 0x67820000, 99]), '80000000');
  t.equal(await ask(29, [0, 0, 0]), '80000000');
  t.equal(
    await ask(READ, [copy + 16 * 100, 16, 2]),
    `8000000000004280${unused}`,
    'the owner stays',
  );
  const free = async () => Number.parseInt((await ask(28, [6, 0, 0])).slice(8, 16), 16);
  const [before, first] = [await free(), await ask(28, [0x100, 24, 1])];
  await ask(28, [0x100, 8, 2]);
  await ask(28, [
    1,
    Number(`0x${Buffer.from(first.slice(8), 'hex').reverse().toString('hex')}`),
    0,
  ]);
  t.equal(await ask(28, [0x100, 16, 3]), first, 'where 24 bytes were');
  t.equal(await ask(28, [0x102, 0, 0]), '8000000002000000');
  t.equal(await free(), before + (8 << 24), 'the 8 bytes left over count twice');
  await close();
});

t.test('messages beyond the network of the board go to its gateway', async (t) => {
  const { ask, close } = await booted();
  const macOf = async (ip: number) => {
    await ask(26, [0x10003, 5000, ip]);
    return (await ask(26, [0x20003, 1, 0])).slice(16, 28);
  };
  t.equal(await macOf(0x0510a8c0), '0200c0a81005', '192.168.16.5');
  t.equal(await macOf(0x0500000a), '0200c0a8f0fe', '10.0.0.5');
  await close();
});

t.test('IPTags hold what a request says, down to its quirks', async (t) => {
  const { ask, close } = await booted();
  const tag = (first: number, second = 0, third = 0, question: Question = {}) =>
    ask(26, [first, second, third], question);
  const get = async (number: number) => (await tag(0x20000 | number, 1)).slice(8);
  t.equal(
    await tag(0x10000001, 0x1234, 0x0100a8c0),
    '8000000009000000',
    'NEW: from the pool, where 8 is for this reply',
  );
  t.equal(
    (await get(9)).slice(0, 36),
    'c0a80001' + '0200c0a80001' + '3412' + '0000' + '0081' + '0000',
  );
  t.equal(await tag(0x13010002, 5000, 0x0100a8c0), '8000000002000000', 'SET with a time-out');
  t.equal(
    (await get(2)).slice(20, 40),
    '8813' + '0400' + '0481' + '00000000',
    '4 ticks, in the flags too',
  );
  t.equal(await tag(0x09010003, 5000, 0x0100a8c0), '8000000003000000');
  t.equal((await get(3)).slice(28, 32), '0081', 'code 9 strips');
  t.equal(await tag(0x20012204, (0x0100 << 16) | 5001), '8000000004000000', 'reverse');
  t.equal(
    await get(4),
    `${'00'.repeat(10)}00000000${'0082'}00000000${'8913'}${'0001'}22${'00'.repeat(7)}`,
  );
  t.equal((await tag(0x20002, 2)).length, 8 + 128, 'two at once');
  t.equal(await tag(0x2000f, 2), `80000000${'00'.repeat(64)}`, 'zeros past the last');
  t.equal(await tag(0x40000, 16), '8000000009200808', 'TTO: asked');
  t.equal(await tag(0x40000, 3), '8000000009200808', 'the code before');
  t.equal(await tag(0x40000, 99), '8000000003200808');
  t.equal(await tag(0x30002), '80000000', 'CLR');
  t.equal((await get(2)).slice(28, 32), '0000');
  t.equal(await tag(0x10005, 7000), '8000000005000000');
  t.equal((await get(5)).slice(0, 8), '0affff01', 'the sender');
  t.equal(await tag(0x10005, 7000, 0, { to: EAST }), '8000000005000000');
  const far = (await ask(26, [0x20005, 1, 0], { to: EAST })).slice(8);
  t.equal(far.slice(0, 8) + far.slice(28, 32), '00000000' + '0080', 'as if 0.0.0.0 were known');
  await close();
});

t.test('an IPTag lives its time from when it was set, in simulated time', async (t) => {
  const { ask, machine, close } = await booted();
  const flags = async () => (await ask(26, [0x20001, 1, 0])).slice(8 + 28, 8 + 32);
  await ask(26, [0x03010001, 5000, 0x0100a8c0]);
  await machine.advance(39e6);
  t.equal(await flags(), '0480');
  await machine.advance(2e6);
  t.equal(await flags(), '0000', 'after 40 ms');
  await close();
});

t.test(
  'requests that wait for cores use up the tags for replies, unless time stands still',
  async (t) => {
    const { machine, wire, replies, settle, close } = await booted();
    const host = { ...ORIGIN, core: 31, port: 7 };
    const silent = { ...ORIGIN, core: 1, port: 1 };
    const data = new Uint8Array(16);
    const send = (destination: typeof host) =>
      wire.send(encodeSdp({ flags: 0x87, tag: 255, destination, source: host, data }));
    for (let request = 0; request < 9; request++) send(silent);
    await settle();
    send({ ...ORIGIN, core: 0, port: 0 });
    await settle();
    t.equal(replies.length, 1, 'the oldest made room');
    t.equal(machine.isIdle, true);
    await close();
  },
);

t.test('the serial ROM holds the settings of the network', async (t) => {
  const { ask, close } = await booted();
  const rom = (length: number, flags: number, bits: number, command: number, data = '') =>
    ask(27, [(length << 16) | flags | bits, command, 0], { data });
  const settings = await rom(44, 0, 32, 0x03000000);
  t.equal(settings.slice(8, 24), '553a0008f5007fe0', 'load 8 words to there');
  t.equal(settings.slice(24, 32), '00028051', 'flags and the first bytes of the MAC');
  t.equal(settings.slice(40, 48), '01f0a8c0', '192.168.240.1');
  t.equal(settings.slice(-8), 'aaaaaaaa');
  t.equal(await rom(4, 0, 32, 0x03000100), '80000000ffffffff', 'nothing is blacklisted');
  t.equal(await rom(4, 0x100, 32, 0x02000100, '01020304'), '80000000', 'not enabled');
  t.equal(await rom(4, 0, 32, 0x03000100), '80000000ffffffff');
  t.equal(await rom(4, 0x1c0, 32, 0x020001fe, '01020304'), '80000000');
  t.equal(await rom(4, 0, 32, 0x030001fc), '80000000ffff0102');
  t.equal(await rom(2, 0, 32, 0x03000100), '800000000304', 'a page wraps around');
  t.equal(await rom(1, 0, 8, 0x05000000), '8000000000', 'ready, not writable');
  t.equal(await rom(0, 0xc0, 8, 0xc7000000), '80000000', 'erased');
  t.equal(await rom(4, 0, 32, 0x03000000), '80000000ffffffff');
  t.equal(
    await ask(27, [(4 << 16) | 32, 0x03000000, 0], { to: EAST }),
    '8000000000000000',
    'no ROM there',
  );
  t.equal(SerialRom.code, 27);
  await close();
});

t.test('a core that is taken out of use leaves the map, and the others start again', async (t) => {
  const { ask, controller, close } = await booted();
  t.equal(await ask(16, [3, 0, 0]), '80000000');
  const { coreCount, coreStates } = await controller.chipInformation(ORIGIN);
  t.equal(coreCount, 17);
  t.same(coreStates, [7, ...new Array(16).fill(15), 0]);
  const map = await controller.read(ORIGIN, systemVariables.virtualToPhysical.address, 20);
  t.same([...map], [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255, 255, 255]);
  t.equal((await ask(0, [0, 0, 0], { core: 3 })).slice(8, 16), '03040000', 'virtual 3, physical 4');
  t.equal(await ask(0, [0, 0, 0], { core: 17 }), '88000000');
  t.equal(await ask(16, [3, 1, 0]), '80000000', 'refused: physical 3 is gone');
  t.equal((await controller.chipInformation(ORIGIN)).coreCount, 17);
  await close();
});

t.test('COUNT is for a board, and says when chips do not answer', async (t) => {
  const { ask, machine, close } = await booted('4.0.0', {
    board: 'spin5',
    faults: { deaths: [{ x: 7, y: 7, afterMs: 20_000 }] },
  });
  t.equal(await ask(15, [0, 15, 9]), '80000000300300000f00000009000000', '48 x 17 idle cores');
  t.equal(await ask(15, [0, 7, 0], { data: 'abcd' }), '80000000000000000700000000000000abcd');
  t.equal(
    await ask(15, [0, 15, 0], { to: { x: 7, y: 7 } }),
    '80000000110000000f00000000000000',
    'from there on',
  );
  await machine.advance(20e9);
  t.equal(await ask(15, [0, 15, 0]), '8b0000001f030000', 'the count without it');
  await close();
});

t.test('chips of 4.0 know the way to ethernet chips, those of 3 to all', async (t) => {
  for (const [release, isKnown] of [
    ['4.0.0', false],
    ['3.4.1', true],
  ] as const) {
    const { controller, close } = await booted(release, { board: 'spin5' });
    const table = async (x: number, y: number, address: number) => {
      const word = await controller.read({ x, y }, 0xe1010000 + (address >> 3) * 4, 4);
      return (Buffer.from(word).readUInt32LE(0) >>> (3 * (address & 7))) & 7;
    };
    t.equal(await table(1, 1, 0x0000), 4, 'the ethernet chip');
    t.equal(await table(1, 1, 0x0101), 7, 'itself');
    t.equal(await table(0, 0, 0x0707), 1, 'the ethernet chip knows all');
    t.equal(await table(4, 4, 0x0707), 1, 'what lies behind');
    t.equal((await table(7, 7, 0x0404)) < 6, isKnown, 'what lies on the way');
    t.equal((await table(1, 0, 0x0001)) < 6, isKnown, 'what lies beside it');
    await close();
  }
});

t.test('SC&MP 3 counts by region, in three ways', async (t) => {
  const { ask, close } = await booted('3.4.1', { board: 'spin5' });
  const count = (level: number, mode: number, state: number, blocks: number, to = ORIGIN) =>
    ask(22, [1, (level << 26) | (1 << 22) | (mode << 20) | (state << 16) | 0xff00, blocks], { to });
  t.equal(await count(0, 2, 15, 0xffff), '8000000030030000');
  t.equal(await count(0, 2, 15, 1), '8000000030030000', 'all in the block of 64 x 64');
  t.equal(
    await count(2, 2, 15, 1),
    '8000000000010000'.replace('00010000', '10010000'),
    '4 x 4 chips',
  );
  t.equal(await count(3, 2, 15, 0x0003), '8000000022000000', 'two chips of them');
  t.equal(await count(0, 0, 15, 0xffff), '8000000030000100', 'any of 48 chips');
  t.equal(await count(0, 0, 7, 0xffff), '8000000030000000');
  t.equal(await count(0, 1, 15, 0xffff), '8000000030000100', 'all');
  t.equal(await count(0, 1, 7, 0xffff), '8000000030000000');
  t.equal(await count(3, 2, 15, 0x8000, { x: 4, y: 0 }), '8000000011000000', 'chip (7, 3)');
  t.equal(await count(3, 2, 15, 0x0008, { x: 4, y: 0 }), '87000000', 'no chip (7, 0)');
  await close();
});

t.test('releases differ in what INFO says', async (t) => {
  for (const [release, bytes] of [
    ['3.1.0', 36],
    ['3.4.0', 36],
    ['3.4.1', 38],
    ['4.0.0', 38],
  ] as const) {
    const { ask, close } = await booted(release);
    t.equal((await ask(31, [0, 0, 0])).length / 2 - 4, 12 + bytes - 12, release);
    await close();
  }
});

t.test('messages between chips show in the routers that they pass', async (t) => {
  const { ask, controller, close } = await booted('4.0.0', { board: 'spin5' });
  const counters = async (to: ChipAddress) => {
    const bytes = await controller.read(to, 0xf1000300, 32);
    return [...new Uint32Array(bytes.slice().buffer)];
  };
  const near = { x: 1, y: 1 };
  const before = await counters(near);
  await ask(READ, [SDRAM, 4, 2], { to: { x: 2, y: 2 } });
  const after = await counters(near);
  const reply = 2 + Math.ceil((2 + 12 + 32) / 3);
  t.equal(after[2]! - before[2]!, reply + 2, 'the reply before, and answers to this request');
  t.ok(after[3]! > before[3]!, 'from others');
  await close();
});

t.test('a chip by itself never hears its own flood fill', async (t) => {
  const deadChips = [
    { x: 1, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 1 },
  ];
  const led = async (options: MachineOptions) => {
    const { ask, close } = await booted('4.0.0', options);
    const before = await ask(READ, [0xf2000040, 4, 2]);
    t.equal(await ask(20, [0x003f0000, 0x10000001, 0x80003f00]), '80000000');
    const after = await ask(READ, [0xf2000040, 4, 2]);
    await close();
    return before !== after;
  };
  t.equal(await led({ board: 'spin3' }), true);
  t.equal(await led({ board: 'spin3', deadChips }), false);
});

t.test('the watchdog stops cores that do not empty their mailbox', async (t) => {
  const stateUnder = async (softwareWatchdog: number) => {
    const machine = new VirtualMachine({ board: 'spin3' });
    const [scp, boot] = [machine.scpTransport(), machine.bootTransport()];
    const controller = new MachineController({ scp, boot });
    const image = withVariables(builtInBootImage(), { softwareWatchdog });
    await controller.boot({ image, pauseMs: 0, force: true });
    await controller.loadApplication(RELAY, [{ chip: EAST, cores: [2] }], 30);
    await machine.advance(400e6); // pings at 20, 190 and 360 ms
    const state = await controller.coreState({ ...EAST, core: 2 });
    await controller.close();
    await machine.close();
    return state;
  };
  t.equal(await stateUnder(3), 3, 'relay.S never looks');
  t.equal(await stateUnder(0), 7);
  t.equal(await stateUnder(4), 7, 'three times in vain so far');
});

t.test('the root sends a beacon every two seconds, unless told not to', async (t) => {
  const { ask, machine, controller, close } = await booted();
  const beacons = async () => (await controller.routerDiagnostics(EAST)).externalMulticast;
  await machine.advance(4.1e9);
  t.equal(await beacons(), 2);
  t.equal(await ask(32, [0, 0, 0]), '80000000');
  await machine.advance(4e9);
  t.equal(await beacons(), 2);
  await close();
});

t.test('no bytes of a request bring a monitor down', async (t) => {
  const { ask, controller, close } = await booted('3.4.1');
  const word = fc.oneof(fc.nat(64), fc.integer(), fc.constantFrom(SDRAM, 0xf5007f00, 0xe5007000));
  const property = fc.asyncProperty(
    fc.nat(33),
    fc.array(word, { maxLength: 3 }),
    fc.uint8Array({ maxLength: 256 }),
    fc.nat(17),
    async (code, args, data, core) => {
      await ask(code, args, { core, data: Buffer.from(data).toString('hex') });
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 300 }));
  t.equal((await controller.version(EAST)).name, 'SC&MP/SpiNNaker');
  await close();
});
