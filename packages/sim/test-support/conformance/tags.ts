/** Conformance: IPTags, and messages to and from hosts. */
import { Connection, encodeSdp, setIpTag } from '@spin-tools/scp';
import type { Test } from 'tap';
import { answerTo, carefully, ethernetChips, pattern, type Subject } from './subject.js';

const VALID = 0x8000;
const HOST = { core: 31, port: 7 };
/**
 * UDP ports for reverse tags: above those that systems give away by themselves, others for each process and
 * for each run of the suite in it.
 */
const FIRST_REVERSE_PORT = 61_000;
const REVERSE_PORTS = 4500;
let reversePort = process.pid * 31;

export function testTags(t: Test, subject: Subject): void {
  const { controller } = subject;

  t.test('tags are set, read and cleared on every board', async (t) => {
    for (const chip of ethernetChips(subject)) {
      await controller.setIpTag(chip, 4, { ip: '10.1.2.3', udpPort: 50_007, strip: true });
      const tag = await controller.getIpTag(chip, 4);
      t.match(tag, { transmitPort: 50_007, count: 0 });
      t.same([...tag.ip], [10, 1, 2, 3]);
      t.equal(tag.flags & VALID, VALID);
      await controller.clearIpTag(chip, 4);
      t.equal((await controller.getIpTag(chip, 4)).flags & VALID, 0);
    }
  });

  for (const strip of [false, true]) {
    t.test(`a message leaves by a tag ${strip ? 'without' : 'with'} its header`, async (t) => {
      for (const chip of ethernetChips(subject)) {
        const transport = await subject.openScp(chip);
        const connection = new Connection(transport, subject.connection);
        await carefully(() => connection.send(chip, setIpTag(3, { useSender: true, strip })));
        const data = pattern(100, chip.x);
        const end = { x: chip.x, y: chip.y, ...HOST };
        const message = { flags: 7, tag: 3, destination: end, source: end, data };
        const expected = strip ? data : encodeSdp(message).subarray(2);
        const found = await answerTo(transport, encodeSdp(message), (answer) =>
          Buffer.from(answer).includes(Buffer.from(data)),
        );
        t.equal(Buffer.compare(strip ? found : found.subarray(2), expected), 0);
        t.ok((await controller.getIpTag(chip, 3)).count > 0);
        await controller.clearIpTag(chip, 3);
        await connection.close();
      }
    });
  }

  t.test('a plain datagram becomes a message by a reverse tag', async (t) => {
    const [chip] = ethernetChips(subject);
    if (chip === undefined) return;
    const udpPort = FIRST_REVERSE_PORT + (reversePort++ % REVERSE_PORTS);
    const transport = await subject.openPort(chip, udpPort);
    const destination = { x: chip.x, y: chip.y, ...HOST };
    await controller.setIpTag(chip, 5, { reverse: true, udpPort, destination });
    const data = pattern(60, 9);
    const found = await answerTo(transport, data, () => true);
    t.equal(found[3], 5, 'it left by the same tag');
    t.equal(Buffer.compare(found.subarray(10), data), 0);
    await controller.clearIpTag(chip, 5);
    await transport.close();
  });
}
