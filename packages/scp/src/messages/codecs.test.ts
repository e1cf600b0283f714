import fc from 'fast-check';
import t from 'tap';
import { decodeAplx, encodeAplx } from '../boot/aplx.js';
import { bootFrames, decodeBootFrame, encodeBootFrame } from '../boot/frames.js';
import { builtInBootImage, describeBootImage, withVariables } from '../boot/image.js';
import { MalformedMessageError } from '../errors.js';
import { iobufHeaderLayout, ipTagLayout, routingRecordLayout } from '../memory/records.js';
import {
  serialRomLayout,
  systemVariables,
  systemVariablesLayout,
} from '../memory/system-variables.js';
import { vcpuField, vcpuLayout } from '../memory/vcpu.js';
import {
  decodeScpReply,
  decodeScpRequest,
  replyDatagram,
  requestDatagram,
  scpReplyLayout,
  scpRequestLayout,
} from './scp.js';
import { decodeSdp, encodeSdp, replyHeader, sdpHeaderLayout } from './sdp.js';

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const endpoint = fc.record({
  x: fc.nat(255),
  y: fc.nat(255),
  port: fc.nat(7),
  core: fc.nat(31),
});
const header = fc.record({
  flags: fc.nat(255),
  tag: fc.nat(255),
  destination: endpoint,
  source: endpoint,
});
const words = fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(0xffffffff));

/** A read of 256 bytes by words, as it goes over the wire. */
const READ_HEADER = {
  flags: 0x87,
  tag: 0xff,
  destination: { x: 3, y: 4, port: 0, core: 0 },
  source: { x: 0, y: 0, port: 7, core: 31 },
};
const READ_BYTES = hex(
  '0000' + // padding
    '87 ff' + // flags, tag
    '00 ff' + // destination and source port << 5 | core
    '0403 0000' + // destination y, x; source y, x
    '0200 3412' + // CMD_READ, sequence 0x1234
    '00000060 00010000 02000000', // address, length, words
);

t.test('a request is the bytes that the reference says', async (t) => {
  const request = {
    command: 2,
    sequence: 0x1234,
    arguments: [0x60000000, 256, 2] as const,
    data: new Uint8Array(0),
  };
  t.same(requestDatagram(READ_HEADER, request), READ_BYTES);
  const message = decodeSdp(READ_BYTES);
  t.match(message, READ_HEADER);
  t.same(decodeScpRequest(message.data), request);
});

t.test('a reply is the bytes that the reference says', async (t) => {
  const bytes = hex(
    '0000' + // padding
      '07 ff' + // flags without "reply expected", tag
      'ff 00' + // ports swapped
      '0000 0403' + // addresses swapped
      '8000 3412' + // RC_OK, sequence
      '01020304', // payload
  );
  const reply = { code: 0x80, sequence: 0x1234, payload: Uint8Array.of(1, 2, 3, 4) };
  t.same(replyDatagram(replyHeader(decodeSdp(READ_BYTES)), reply), bytes);
  t.same(decodeScpReply(decodeSdp(bytes).data), reply);
});

t.test('the reply to the connected chip comes from its real address', async (t) => {
  const request = { ...READ_HEADER, destination: { x: 255, y: 255, port: 0, core: 0 } };
  t.same(replyHeader(request, { x: 4, y: 8 }).source, { x: 4, y: 8, port: 0, core: 0 });
});

t.test('hand-written messages equal the declared layouts, byte for byte', async (t) => {
  const declared = (of: typeof READ_HEADER, size: number) => {
    const { flags, tag, destination: to, source: from } = of;
    const fields = {
      flags,
      tag,
      destinationPort: (to.port << 5) | to.core,
      sourcePort: (from.port << 5) | from.core,
      destinationAddress: (to.x << 8) | to.y,
      sourceAddress: (from.x << 8) | from.y,
    };
    return sdpHeaderLayout.encode(fields, new Uint8Array(size));
  };
  fc.assert(
    fc.property(
      header,
      fc.nat(0xffff),
      fc.nat(0xffff),
      words,
      fc.uint8Array({ maxLength: 256 }),
      (of, command, sequence, given, data) => {
        const [argument1, argument2, argument3] = given;
        const expected = declared(of, 26 + data.length);
        const fields = { command, sequence, argument1, argument2, argument3 };
        scpRequestLayout.encode(fields, expected, 10);
        expected.set(data, 26);
        const request = { command, sequence, arguments: given, data };
        t.same(requestDatagram(of, request), expected);
        t.same(
          { ...decodeSdp(expected), data: decodeScpRequest(expected.subarray(10)) },
          {
            ...of,
            data: request,
          },
        );
        const reply = declared(of, 14 + data.length);
        scpReplyLayout.encode({ code: command, sequence }, reply, 10);
        reply.set(data, 14);
        t.same(replyDatagram(of, { code: command, sequence, payload: data }), reply);
        reply.set([0x80 + (command & 0xf), 0], 10);
        t.same(decodeScpReply(reply, 10), decodeScpReply(reply.subarray(10)));
        t.match(decodeScpReply(reply, 10), { code: reply[10]!, sequence, payload: data });
      },
    ),
    { numRuns: 50 },
  );
});

t.test('any SDP message survives both directions', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 272 }), (of, data) => {
        const back = decodeSdp(encodeSdp({ ...of, data }));
        return (
          JSON.stringify({ ...back, data: [...back.data] }) ===
          JSON.stringify({ ...of, data: [...data] })
        );
      }),
    ),
  );
});

t.test('system variables lie where the monitor has them', async (t) => {
  const expected: Partial<Record<keyof typeof systemVariables, number>> = {
    p2pAddress: 0x00,
    p2pDimensions: 0x02,
    ethernetAddress: 0x08,
    hardwareVersion: 0x0a,
    clockMs: 0x10,
    timeMs: 0x18,
    unixTime: 0x1c,
    coreClockMHz: 0x24,
    ledPeriod: 0x2b,
    networkPhase: 0x2d,
    p2pRoot: 0x2e,
    led0: 0x30,
    clockDrift: 0x38,
    rootChip: 0x40,
    softwareWatchdog: 0x43,
    systemRamHeap: 0x48,
    sdramHeap: 0x4c,
    iobufBytes: 0x50,
    bootSignature: 0x5c,
    linksEnabled: 0x65,
    sharedBuffersFree: 0x68,
    user0: 0x70,
    statusMap: 0x80,
    physicalToVirtual: 0x94,
    virtualToPhysical: 0xa8,
    coreCount: 0xbc,
    boardAddress: 0xbe,
    sdramBase: 0xc0,
    sdramSystem: 0xc8,
    vcpuBase: 0xcc,
    routerCopy: 0xd4,
    allocationTags: 0xdc,
    routerFree: 0xe0,
    applicationData: 0xe4,
    mailboxFlags: 0xec,
    ipAddress: 0xf0,
    boardInformation: 0xf8,
    softwareVersion: 0xfc,
  };
  for (const [name, offset] of Object.entries(expected)) {
    t.equal(systemVariables[name as keyof typeof systemVariables].offset, offset, name);
  }
  t.equal(systemVariablesLayout.size, 256);
  t.equal(systemVariables.softwareVersion.address, 0xf5007ffc);
});

t.test('the other structures have the sizes and places of the reference', async (t) => {
  t.equal(vcpuLayout.size, 128);
  t.equal(vcpuLayout.places.psr.offset, 0x20);
  t.equal(vcpuLayout.places.linkRegister.offset, 0x28);
  t.equal(vcpuLayout.places.runTimeError.offset, 0x2c);
  t.equal(vcpuLayout.places.state.offset, 0x2e);
  t.equal(vcpuLayout.places.mailboxCoreCommand.offset, 0x38);
  t.equal(vcpuLayout.places.appName.offset, 0x48);
  t.equal(vcpuLayout.places.iobuf.offset, 0x58);
  t.equal(vcpuField(2, 'user3').address, 0xe500717c);
  t.equal(routingRecordLayout.size, 16);
  t.equal(iobufHeaderLayout.size, 16);
  t.equal(ipTagLayout.size, 32);
  t.equal(ipTagLayout.places.receivePort.offset, 20);
  t.equal(ipTagLayout.places.destinationPort.offset, 24);
  t.equal(serialRomLayout.size, 32);
});

t.test('structures keep every kind of field, and text', async (t) => {
  const values = { registers: [1, 2, 3, 4, 5, 6, 7, 0xffffffff], state: 7, appName: 'heat' };
  t.match(vcpuLayout.decode(vcpuLayout.encode(values)), values);
  const variables = { clockMs: 2 ** 40 + 5, clockDrift: -7, ipAddress: Uint8Array.of(1, 2, 3, 4) };
  t.match(systemVariablesLayout.decode(systemVariablesLayout.encode(variables)), variables);
  t.throws(
    () => systemVariablesLayout.encode({ lock: 256 }),
    /256 is not an integer from 0 to 255/,
  );
  t.throws(() => systemVariablesLayout.encode({ ipAddress: new Uint8Array(3) }), RangeError);
  t.throws(() => vcpuLayout.decode(new Uint8Array(127)), MalformedMessageError);
});

t.test('boot frames are big-endian, their words reversed', async (t) => {
  const frames = bootFrames(Uint8Array.from({ length: 1028 }, (_, at) => at)).map(encodeBootFrame);
  t.same(frames[0], hex('0001 00000001 00000000 00000000 00000001'), 'start: blocks - 1');
  t.same(
    frames[1]!.subarray(0, 26),
    hex('0001 00000003 0000ff00 00000000 00000000 03020100 07060504'),
  );
  t.same(frames[2], hex('0001 00000003 0000ff01 00000000 00000000 03020100'), 'a short last block');
  t.same(frames[3], hex('0001 00000005 00000001 00000000 00000000'), 'execute at 0');
  t.same(decodeBootFrame(frames[2]!).data, Uint8Array.of(0, 1, 2, 3));
  for (const length of [0, 5, 32772])
    t.throws(() => bootFrames(new Uint8Array(length)), RangeError);
});

t.test('an image keeps the system variables that it is given', async (t) => {
  const image = withVariables(builtInBootImage('4.1.2'), { hardwareVersion: 3, led0: 0x502 });
  t.match(describeBootImage(image), {
    version: '4.1.2',
    variables: { hardwareVersion: 3, led0: 0x502 },
  });
  t.equal(image[0x180 + 0x0a], 3);
  t.throws(() => withVariables(image, { softwareVersion: 1 }), /"softwareVersion"/);
  t.throws(() => describeBootImage(new Uint8Array(8192)), MalformedMessageError);
  t.throws(() => describeBootImage(new Uint8Array(100)), MalformedMessageError);
});

t.test('APLX images are tables of copies, fills and calls', async (t) => {
  const image = encodeAplx([
    { operation: 'place', destination: 0, data: Uint8Array.of(1, 2, 3, 4) },
    { operation: 'fill', destination: 0x400000, length: 64, value: 0 },
    { operation: 'execute', address: 0 },
  ]);
  t.same(
    image.subarray(0, 64),
    hex(
      '02000000 00000000 40000000 04000000' + // RCOPY to 0 from offset 0x40, 4 bytes
        '03000000 00004000 40000000 00000000' + // FILL 64 bytes of DTCM
        '04000000 00000000 00000000 00000000' + // EXEC 0
        '00000000 00000000 00000000 00000000', // end
    ),
  );
  t.same(image.subarray(64, 68), Uint8Array.of(1, 2, 3, 4));
  t.equal(image.length, 96, 'the loader moves 32 bytes at a time');
  t.throws(() => decodeAplx(image.subarray(0, 66)), /entry 0 copies 4 bytes from 64 of only 66/);
  t.throws(() => decodeAplx(new Uint8Array(10)), MalformedMessageError);
});

t.test('any APLX image survives both directions', async (t) => {
  const word = fc.nat(0xffffffff);
  const step = fc.oneof(
    fc.record({
      operation: fc.constant('copy' as const),
      destination: word,
      source: word,
      length: word,
    }),
    fc.record({
      operation: fc.constant('place' as const),
      destination: word,
      data: fc.uint8Array({ maxLength: 99 }),
    }),
    fc.record({
      operation: fc.constant('fill' as const),
      destination: word,
      length: word,
      value: word,
    }),
    fc.record({ operation: fc.constant('execute' as const), address: word }),
  );
  const plain = (value: unknown) => JSON.stringify(value);
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        (steps) => plain(decodeAplx(encodeAplx(steps))) === plain(steps),
      ),
    ),
  );
});

t.test('decoders refuse what they cannot read, and never fail otherwise', async (t) => {
  const decoders: ((bytes: Uint8Array) => unknown)[] = [
    decodeSdp,
    decodeScpRequest,
    decodeScpReply,
    decodeBootFrame,
    decodeAplx,
    describeBootImage,
    (bytes) => decodeScpRequest(decodeSdp(bytes).data),
    (bytes) => vcpuLayout.decode(bytes),
    (bytes) => systemVariablesLayout.decode(bytes),
  ];
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.nat(decoders.length - 1),
        (bytes, which) => {
          try {
            decoders[which]!(bytes);
          } catch (error) {
            if (!(error instanceof MalformedMessageError)) throw error;
          }
        },
      ),
      { numRuns: 5000 },
    ),
  );
});

t.test('structures work without the Buffer of Node.js, as in a browser', async (t) => {
  const { Buffer: saved } = globalThis;
  let found: unknown;
  try {
    Reflect.deleteProperty(globalThis, 'Buffer');
    found = vcpuLayout.decode(vcpuLayout.encode({ state: 7, appName: 'heat', user3: 0xffffffff }));
  } finally {
    globalThis.Buffer = saved;
  }
  t.match(found, { state: 7, appName: 'heat', user3: 0xffffffff });
});
