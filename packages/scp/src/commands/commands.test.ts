import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { MalformedMessageError } from '../errors.js';
import { ipTagLayout } from '../memory/records.js';
import { CoreState } from '../memory/vcpu.js';
import {
  Allocate,
  allocateRoutingEntries,
  allocateSdram,
  freeSdram,
  freeSdramOfApp,
  sdramOfTag,
  sdramSpace,
} from './allocation.js';
import {
  ApplicationCopyRun,
  ApplicationRun,
  ApplicationStart,
  FloodFillData,
  NearestNeighbourPacket,
  runStaged,
  SendSignal,
  Signal,
  signalByMulticast,
} from './application.js';
import { ClockSync, Led, LedAction, led, Remap, SerialRom } from './board.js';
import { type Command, type CommandKind, commandOf } from './command.js';
import { Count, countCores, Information, information, Version, version } from './information.js';
import {
  Fill,
  fill,
  LinkRead,
  LinkWrite,
  Read,
  read,
  readHalf,
  readWord,
  Write,
  write,
} from './memory.js';
import { clearRoutes, getFixedRoute, loadRoutes, Router, setFixedRoute } from './routing.js';
import { getIpTag, IpTagCommand, PLAIN_TAG, setIpTag } from './tags.js';

/** Any kind, for what does not depend on its types. */
type AnyKind = CommandKind<never, unknown>;
const KINDS = [
  Version,
  Read,
  Write,
  Fill,
  Count,
  Remap,
  LinkRead,
  LinkWrite,
  ApplicationRun,
  NearestNeighbourPacket,
  ApplicationCopyRun,
  SendSignal,
  FloodFillData,
  ApplicationStart,
  Led,
  IpTagCommand,
  SerialRom,
  Allocate,
  Router,
  Information,
  ClockSync,
] as unknown as readonly AnyKind[];

const asHex = ({ code, arguments: given }: Command<unknown>): string =>
  [code, ...given].map((word) => word.toString(16)).join(' ');

t.test('commands are numbered as in the table of the monitor', async (t) => {
  t.same(
    KINDS.map(({ code }) => code),
    [0, 2, 3, 5, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 32],
  );
});

t.test('arguments are packed as the reference says', async (t) => {
  // code, argument 1, 2, 3 in hex
  t.equal(asHex(read(0x60000000, 256)), '2 60000000 100 2');
  t.equal(asHex(read(0x60000002, 6)), '2 60000002 6 1');
  t.equal(asHex(write(0x60000001, new Uint8Array(4))), '3 60000001 4 0');
  t.equal(asHex(fill(0x60000000, 0xdeadbeef, 64)), '5 60000000 deadbeef 40');
  t.equal(asHex(allocateSdram(0x1e, 0x400, 7)), '1c 41e00 400 7', 'tag-retry flag 4');
  t.equal(asHex(allocateSdram(0x1e, 0x400)), '1c 1e00 400 0');
  t.equal(asHex(freeSdram(0x60640000)), '1c 1 60640000 0');
  t.equal(asHex(freeSdramOfApp(0x1e)), '1c 1e02 0 0');
  t.equal(asHex(allocateRoutingEntries(0x1e, 12)), '1c 1e03 c 0');
  t.equal(asHex(sdramSpace()), '1c 6 0 0');
  t.equal(asHex(sdramOfTag(0x1e, 7)), '1c 1e07 7 0');
  t.equal(asHex(clearRoutes()), '1d 0 0 0');
  t.equal(asHex(loadRoutes(0x1e, 12, 0x67800000, 5)), '1d c1e02 67800000 5');
  t.equal(asHex(setFixedRoute(0x41)), '1d 3 41 0');
  t.equal(asHex(getFixedRoute()), '1d 3 80000000 0');
  t.equal(asHex(signalByMulticast(Signal.Start, 0x1e)), '16 0 3ff1e ffff');
  t.equal(asHex(runStaged({ appId: 0x1e, wait: true, cores: 0x2 })), '13 1e040002 0 0');
  t.equal(asHex(countCores(0x1e, CoreState.Run)), 'f 1e 7 0');
  t.equal(asHex(led([LedAction.Keep, LedAction.On, LedAction.Invert])), '19 1c 0 0');
  const tag = setIpTag(3, { strip: true, udpPort: 17895, ip: '10.0.0.7' });
  t.equal(asHex(tag), '1a 10010003 45e7 700000a');
  const destination = { x: 1, y: 2, port: 3, core: 4 };
  const reverse = setIpTag(3, { reverse: true, udpPort: 17895, destination });
  t.equal(asHex(reverse), '1a 20016403 10245e7 0');
});

t.test('only what may happen twice may be repeated', async (t) => {
  const repeatable = [
    version(),
    information(),
    read(0, 4),
    write(0, new Uint8Array(4)),
    fill(0, 0, 4),
    allocateSdram(1, 1, 1),
    loadRoutes(1, 1, 1, 1),
    getIpTag(1),
    led([LedAction.On]),
    signalByMulticast(Signal.Start, 1),
    commandOf(ApplicationCopyRun, {
      link: 0,
      length: 4,
      checksum: 0,
      appId: 1,
      wait: false,
      cores: 0,
    }),
  ];
  const once = [
    allocateSdram(1, 1),
    freeSdram(1),
    allocateRoutingEntries(1, 1),
    led([LedAction.Invert]),
    signalByMulticast(Signal.Sync0, 1),
    signalByMulticast(Signal.User0, 1),
    runStaged({ appId: 1, wait: false, cores: 2 }),
    commandOf(IpTagCommand, { operation: 'new', settings: PLAIN_TAG }),
  ];
  for (const each of repeatable) t.equal(each.repeatable, true, asHex(each));
  for (const each of once) t.equal(each.repeatable, false, asHex(each));
});

t.test('a monitor reads what a host asked, for every kind', async (t) => {
  const word = fc.nat(0xffffffff);
  const octet = fc.nat(255);
  const bytes = fc.uint8Array({ maxLength: 256 });
  const start = { appId: octet, wait: fc.boolean(), cores: fc.nat(0x3ffff) };
  const blocks = fc
    .integer({ min: 1, max: 64 })
    .chain((count) => fc.uint8Array({ minLength: count * 4, maxLength: count * 4 }));
  const settings = fc.record({
    strip: fc.boolean(),
    reverse: fc.constant(true),
    useSender: fc.boolean(),
    timeout: fc.nat(15),
    udpPort: fc.nat(0xffff),
    ip: fc.ipV4(),
    destination: fc.record({ x: octet, y: octet, port: fc.nat(7), core: fc.nat(31) }),
  });
  const is = <T extends string>(operation: T) => fc.constant(operation);
  const cases: [AnyKind, fc.Arbitrary<unknown>][] = [
    [Read as AnyKind, fc.record({ address: word, length: fc.nat(256), unit: fc.nat(2) })],
    [Write as AnyKind, fc.record({ address: word, unit: fc.nat(2), data: bytes })],
    [Fill as AnyKind, fc.record({ address: word, value: word, length: word })],
    [LinkRead as AnyKind, fc.record({ address: word, length: fc.nat(256), link: fc.nat(5) })],
    [LinkWrite as AnyKind, fc.record({ address: word, link: fc.nat(5), data: bytes })],
    [Count as AnyKind, fc.record({ appId: octet, state: fc.nat(15) })],
    [Remap as AnyKind, fc.record({ core: fc.nat(17), physical: fc.boolean() })],
    [ApplicationRun as AnyKind, fc.record(start)],
    [ApplicationStart as AnyKind, fc.record({ address: word, ...start })],
    [
      ApplicationCopyRun as AnyKind,
      fc.record({ checksum: fc.nat(2 ** 29 - 1), link: fc.nat(5), length: word, ...start }),
    ],
    [
      NearestNeighbourPacket as AnyKind,
      fc.record({ key: word, payload: word, assignId: fc.boolean(), forward: octet, retry: octet }),
    ],
    [
      FloodFillData as AnyKind,
      fc.record({
        forward: octet,
        retry: octet,
        id: octet,
        block: octet,
        address: word,
        data: blocks,
      }),
    ],
    [
      SendSignal as AnyKind,
      fc.record({ route: fc.nat(2), signal: octet, appMask: octet, appId: octet }),
    ],
    [ClockSync as AnyKind, fc.record({ enabled: fc.boolean() })],
    [
      Allocate as AnyKind,
      fc.oneof(
        fc.record({
          operation: is('allocateSdram'),
          appId: octet,
          size: word,
          tag: octet,
          retry: fc.boolean(),
        }),
        fc.record({ operation: is('freeSdram'), address: word }),
        fc.record({ operation: is('freeSdramOfApp'), appId: octet }),
        fc.record({ operation: is('allocateRoutingEntries'), appId: octet, count: word }),
        fc.record({ operation: is('freeRoutingEntries'), entry: word, clear: fc.boolean() }),
        fc.record({ operation: is('freeRoutingEntriesOfApp'), appId: octet, clear: fc.boolean() }),
        fc.record({ operation: is('sdramSpace') }),
        fc.record({ operation: is('tagAddress'), appId: octet, tag: octet }),
      ),
    ],
    [
      Router as AnyKind,
      fc.oneof(
        fc.record({ operation: is('clearAll') }),
        fc.record({ operation: is('clear'), first: fc.nat(500), count: fc.nat(500) }),
        fc.record({
          operation: is('load'),
          appId: octet,
          count: fc.nat(1024),
          address: word,
          offset: word,
        }),
        fc.record({ operation: is('setFixedRoute'), route: fc.nat(0xffffff) }),
        fc.record({ operation: is('getFixedRoute') }),
      ),
    ],
    [
      IpTagCommand as AnyKind,
      fc.oneof(
        fc.record({ operation: is('new'), settings }),
        fc.record({ operation: is('set'), tag: fc.nat(15), settings }),
        fc.record({ operation: is('get'), tag: fc.nat(15), count: fc.nat(8) }),
        fc.record({ operation: is('clear'), tag: fc.nat(15) }),
        fc.record({ operation: is('timeout'), timeout: word }),
      ),
    ],
    [
      SerialRom as AnyKind,
      fc.record({
        write: fc.constant(false),
        writeEnable: fc.boolean(),
        waitReady: fc.boolean(),
        commandBits: fc.nat(63),
        command: word,
        length: fc.nat(256),
        data: fc.constant(new Uint8Array(0)),
      }),
    ],
  ];
  for (const [kind, requests] of cases) {
    const property = fc.property(requests, (request) => {
      const back = kind.decodeRequest(kind.encodeRequest(request as never));
      return isDeepStrictEqual(structuredClone(back), structuredClone(request));
    });
    t.doesNotThrow(() => fc.assert(property), kind.name);
  }
});

t.test('a host reads what a monitor answered', async (t) => {
  const reply = {
    chip: { x: 3, y: 4 },
    physicalCore: 5,
    virtualCore: 0,
    dataBytes: 256,
    buildTime: 1_700_000_000,
    name: 'SC&MP/SpiNNaker',
    version: '4.0.0',
  };
  const payload = Version.encodeReply(reply);
  t.same([...payload.subarray(0, 8)], [0, 5, 4, 3, 0, 1, 0xff, 0xff], 'cores, y, x, 256, 0xffff');
  t.equal(payload.length, 12 + 'SC&MP/SpiNNaker'.length + 1 + '4.0.0'.length + 1);
  t.same(version().parse(payload), reply);
  const chip = {
    coreCount: 17,
    links: 0x2a,
    freeRoutingEntries: 1023,
    ethernetUp: true,
    freeSdram: 119_000_000,
    freeSystemRam: 20_000,
    coreStates: Array.from({ length: 18 }, (_, core) => core % 12),
    ethernetChip: { x: 4, y: 8 },
    ip: '192.168.240.1',
    parentLink: 4,
  };
  t.equal(Information.encodeReply(chip).length, 12 + 26);
  t.same(information().parse(Information.encodeReply(chip)), chip);
  const old = { ...chip, ip: undefined, parentLink: undefined };
  t.same(information().parse(Information.encodeReply(old)), old);
  t.equal(readWord(0).parse(Uint8Array.of(0xef, 0xbe, 0xad, 0xde)), 0xdeadbeef);
  t.equal(readHalf(0).parse(Uint8Array.of(0xad, 0xde)), 0xdead);
  const tag = { ...ipTagLayout.decode(new Uint8Array(32)), flags: 0x8000, count: 7 };
  const tags = IpTagCommand.encodeReply({ operation: 'get', tags: [tag] });
  t.same(getIpTag(2).parse(tags), tag);
});

t.test('a version of an old monitor is a number', async (t) => {
  const payload = Uint8Array.from([
    0,
    0,
    0,
    0,
    0,
    1,
    133,
    0,
    0,
    0,
    0,
    0,
    ...Buffer.from('SC&MP/Spin3\0'),
  ]);
  t.match(version().parse(payload), { version: '1.33.0', name: 'SC&MP/Spin3' });
});

t.test(
  'requests and replies of the wrong length or content are refused, never misread',
  async (t) => {
    t.throws(() => readWord(0).parse(new Uint8Array(3)), /3 bytes instead of 4/);
    t.throws(() => read(0, 257), RangeError);
    t.throws(() => countCores(1, 1).parse(new Uint8Array(3)), MalformedMessageError);
    t.throws(() => setIpTag(16, {}), RangeError);
    t.throws(() => setIpTag(1, { ip: 'ten' }), /"ten" is no IPv4 address/);
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(64));
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.tuple(word, word, word),
        fc.uint8Array({ maxLength: 272 }),
        (kind, given, data) => {
          try {
            const request = kind.decodeRequest({ arguments: given, data });
            kind.decodeReply(data, request);
          } catch (error) {
            if (!(error instanceof MalformedMessageError)) throw error;
          }
        },
      ),
      { numRuns: 5000 },
    );
  },
);
