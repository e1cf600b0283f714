import fc from 'fast-check';
import t from 'tap';
import { arpAnswer, datagramIn, macOf, udpFrame } from './network-frames.js';

const ip = fc.uint8Array({ minLength: 4, maxLength: 4 });
const port = fc.nat(0xffff);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

t.test('a datagram in a frame, byte by byte', async (t) => {
  const [host, board] = [Uint8Array.of(10, 0, 0, 9), Uint8Array.of(10, 0, 0, 1)];
  const frame = udpFrame(
    { mac: macOf(host), ip: host, port: 50000 },
    { mac: macOf(board), ip: board, port: 17893 },
    Uint8Array.of(0xaa, 0xbb),
  );
  t.equal(
    hex(frame),
    [
      '02000a000001' + '02000a000009' + '0800', // to, from, IPv4
      '4500001e' + '00000000' + '4011' + '66c6', // 30 bytes, UDP, header checksum
      '0a000009' + '0a000001',
      'c350' + '45e5' + '000a' + '0000', // ports, 10 bytes, no checksum
      `aabb${'00'.repeat(16)}`,
    ].join(''),
  );
});

t.test('what is put into a frame comes out of it', async () => {
  fc.assert(
    fc.property(ip, ip, port, port, fc.uint8Array({ maxLength: 1472 }), (a, b, from, to, data) => {
      const frame = udpFrame(
        { mac: macOf(a), ip: a, port: from },
        { mac: macOf(b), ip: b, port: to },
        data,
      );
      const found = datagramIn(frame);
      return (
        found !== undefined &&
        hex(found.source) === hex(a) &&
        hex(found.target) === hex(b) &&
        found.sourcePort === from &&
        found.targetPort === to &&
        hex(found.data) === hex(data)
      );
    }),
  );
});

t.test('random frames are no reason to fail', async () => {
  const starts = [[], [0x08, 0x00, 0x45], [0x08, 0x00, 0x4f], [0x08, 0x06, 0, 1]];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...starts), (bytes, start) => {
      const frame = Uint8Array.of(...new Uint8Array(12), ...start, ...bytes);
      datagramIn(frame);
      arpAnswer(frame);
    }),
  );
});

t.test('whoever is asked for by ARP answers', async (t) => {
  const request = Buffer.from(
    ['ffffffffffff' + '0200c0a8f001' + '0806', '0001' + '0800' + '0604' + '0001']
      .concat(['0200c0a8f001' + 'c0a8f001', '000000000000' + 'c0a8f0fe'])
      .join(''),
    'hex',
  );
  const answer = arpAnswer(request);
  t.equal(
    hex(answer!.subarray(0, 42)),
    ['0200c0a8f001' + '0200c0a8f0fe' + '0806', '0001' + '0800' + '0604' + '0002']
      .concat(['0200c0a8f0fe' + 'c0a8f0fe', '0200c0a8f001' + 'c0a8f001'])
      .join(''),
  );
  t.equal(arpAnswer(answer!), undefined, 'an answer is not answered');
});
