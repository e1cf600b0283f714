import { type Command, clearIpTag, encodeSdp, requestDatagram, setIpTag } from '@spin-tools/scp';
import t from 'tap';
import { ReversePorts } from './reverse-ports.js';

/** The datagram of a command to the monitor at a place. */
function datagram<T>(command: Command<T>, x: number, y: number): Uint8Array {
  const header = {
    ...{ flags: 0x87, tag: 0xff, destination: { x, y, core: 0, port: 0 } },
    source: { x: 0, y: 0, core: 31, port: 7 },
  };
  const { arguments: words, data } = command;
  const request = { command: command.code, sequence: 1, arguments: words, data };
  return requestDatagram(header, request);
}

const reverse = (udpPort: number) => ({ reverse: true, udpPort });

t.test('ports follow the tags that hosts set and clear', async (t) => {
  const changed: number[] = [];
  const ports = new ReversePorts(
    (address) => (address === 0x0408 ? 7 : undefined),
    (chip) => changed.push(chip),
  );
  ports.observe(datagram(setIpTag(3, reverse(50_001)), 255, 255), 2);
  ports.observe(datagram(setIpTag(4, reverse(50_002)), 4, 8), 2);
  ports.observe(datagram(setIpTag(9, reverse(50_003)), 4, 8), 2);
  t.same(ports.of(2), [50_001], 'the root is the chip itself');
  t.same(ports.of(7), [50_002], 'tags of the pool do not listen');
  ports.observe(datagram(setIpTag(4, { udpPort: 50_004 }), 4, 8), 2);
  t.same(ports.of(7), [], 'it has become one for replies');
  ports.observe(datagram(clearIpTag(3), 255, 255), 2);
  t.same(ports.of(2), []);
  t.same(changed, [2, 7, 7, 2]);
});

t.test('what is no such request is left alone', async (t) => {
  const ports = new ReversePorts(
    () => 1,
    () => t.fail('nothing has changed'),
  );
  ports.observe(new Uint8Array(3), 0);
  ports.observe(datagram(setIpTag(3, reverse(50_001)), 0, 0).subarray(0, 14), 0);
  const elsewhere = { x: 0, y: 0, core: 3, port: 1 };
  const data = Uint8Array.of(26, 0);
  ports.observe(
    encodeSdp({ flags: 7, tag: 0, destination: elsewhere, source: elsewhere, data }),
    0,
  );
  t.same(ports.of(1), []);
});
