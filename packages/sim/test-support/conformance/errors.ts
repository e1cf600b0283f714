/** Conformance: how requests are refused. */
import {
  encodeSdp,
  information,
  ReturnCode,
  read,
  readWord,
  ScpError,
  type SdpMessage,
} from '@spin-tools/scp';
import type { Test } from 'tap';
import { answerTo, codeOf, ethernetChips, farChip, refusal, type Subject } from './subject.js';

const SDRAM = 0x60000000;
/** Offset of the return code in a datagram. */
const CODE = 10;
const HOST = { x: 0, y: 0, core: 31, port: 7 };

export function testErrors(t: Test, subject: Subject): void {
  const { machine } = subject;
  const { scp } = subject.controller;
  const [root = { x: 0, y: 0 }] = ethernetChips(subject);
  const far = farChip(subject);

  t.test('a refused request says why', async (t) => {
    for (const chip of [root, far]) {
      const unknown = await codeOf(scp, chip, { ...information(), code: 99 });
      t.equal(unknown, refusal(subject, ReturnCode.Command));
      t.equal(await codeOf(scp, { ...chip, core: 18 }, information()), ReturnCode.Core);
      const tooLong = { ...readWord(SDRAM), arguments: [SDRAM, 257, 2] as const };
      t.equal(await codeOf(scp, chip, tooLong), refusal(subject, ReturnCode.Argument));
      t.equal(await codeOf(scp, chip, read(SDRAM, 4)), ReturnCode.Ok);
    }
  });

  t.test('there is no way to chips that do not exist', async (t) => {
    const missing = [
      { x: machine.width, y: 0 },
      { x: 0, y: machine.height },
    ];
    for (let place = 0; place < machine.width * machine.height; place++) {
      const chip = { x: place % machine.width, y: Math.floor(place / machine.width) };
      if (machine.chipAt(chip.x, chip.y) === undefined) missing.push(chip);
    }
    for (const chip of missing) t.equal(await codeOf(scp, chip, information()), ReturnCode.Route);
  });

  t.test('an error names chip, command and code', async (t) => {
    const nobody = { x: far.x, y: far.y, core: 18 };
    const error: unknown = await scp.send(nobody, readWord(SDRAM)).catch((thrown) => thrown);
    t.ok(error instanceof ScpError);
    t.match(error, { code: ReturnCode.Core, command: 'CMD_READ', chip: nobody });
    t.match((error as Error).message, `chip (${far.x}, ${far.y}) core 18`);
  });

  t.test('a port that nobody listens to and a message that is too short are refused', async (t) => {
    const transport = await subject.openScp(root);
    const to = (port: number, length: number, sequence: number): SdpMessage => ({
      flags: 0x87,
      tag: 255,
      destination: { x: root.x, y: root.y, core: 0, port },
      source: HOST,
      data: Uint8Array.from({ length }, (_, at) => (at === 2 ? sequence : 0)),
    });
    const code = async (message: SdpMessage) => {
      const isWanted = (answer: Uint8Array) =>
        answer[CODE] !== ReturnCode.P2pBusy && answer[CODE + 2] === message.data[2];
      return (await answerTo(transport, encodeSdp(message), isWanted))[CODE];
    };
    t.equal(await code(to(1, 16, 5)), ReturnCode.Port);
    const tooShort = subject.hidesRefusals ? ReturnCode.Ok : ReturnCode.Length;
    t.equal(await code(to(0, 12, 6)), tooShort);
    await transport.close();
  });

  t.test('what asks for no answer, or gives no way for one, gets none', async (t) => {
    const transport = await subject.openScp(root);
    const version = (flags: number, tag: number, sequence: number) => {
      const data = new Uint8Array(16);
      data[2] = sequence;
      const destination = { x: root.x, y: root.y, core: 0, port: 0 };
      return encodeSdp({ flags, tag, destination, source: HOST, data });
    };
    const others: Uint8Array[] = [];
    transport.send(version(0x07, 255, 1));
    transport.send(version(0x87, 6, 2));
    transport.send(version(0x87, 200, 3));
    await answerTo(transport, version(0x87, 255, 4), (answer) => answer[CODE + 2] === 4, others);
    t.same(others, []);
    await transport.close();
  });
}
