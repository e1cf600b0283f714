import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../test-support/manual-clock.js';
import { LedAction } from '../commands/board.js';
import type { Command, CommandKind } from '../commands/command.js';
import { commandOf } from '../commands/command.js';
import { MalformedMessageError, ScpTimeoutError } from '../errors.js';
import { decodeScpRequest, replyDatagram } from '../messages/scp.js';
import { decodeSdp, replyHeader } from '../messages/sdp.js';
import { transportPair } from '../transport/pair.js';
import { FanPwm, I2c } from './backplane.js';
import { boardStatusLayout } from './board-status.js';
import { boardMask, boardsOfMask } from './boards.js';
import { BmpController } from './controller.js';
import {
  FpgaRead,
  FpgaRegister,
  FpgaWrite,
  readFpgaRegister,
  writeFpgaRegister,
  Xilinx,
} from './fpga.js';
import {
  BmpInformation,
  boardAddresses,
  boardStatus,
  canAddresses,
  eepromLayout,
  ipBlockLayout,
} from './information.js';
import { BmpLed, boardLeds } from './leds.js';
import { BoardPower, BoardReset, powerBoards, ResetAction, resetBoards } from './power.js';
import { Eeprom, FlashCopy, FlashErase, FlashWrite, SerialFlash } from './storage.js';
import { BmpIpTagCommand, bmpIpTagLayout } from './tags.js';
import { BmpVersion, bmpVersion } from './version.js';

/** Any kind, for what does not depend on its types. */
type AnyKind = CommandKind<never, unknown>;
const KINDS = [
  BmpVersion,
  FpgaRead,
  FpgaWrite,
  BmpLed,
  BmpIpTagCommand,
  BmpInformation,
  FlashCopy,
  FlashErase,
  FlashWrite,
  SerialFlash,
  Eeprom,
  BoardReset,
  Xilinx,
  BoardPower,
  I2c,
  FanPwm,
] as unknown as readonly AnyKind[];

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const asHex = ({ code, arguments: given }: Command<unknown>): string =>
  [code, ...given].map((word) => word.toString(16)).join(' ');

t.test('commands of boards are numbered as in the firmware', async (t) => {
  t.same(
    KINDS.map(({ code }) => code),
    [0, 17, 18, 25, 26, 48, 49, 50, 51, 53, 54, 55, 56, 57, 61, 62],
  );
});

t.test('arguments of commands to boards are packed as the reference says', async (t) => {
  // code, argument 1, 2, 3 in hex
  t.equal(asHex(powerBoards([0], true)), '39 1 1 0');
  t.equal(asHex(powerBoards([0, 2, 23], false, 250)), '39 fa0000 800005 0');
  t.equal(asHex(resetBoards([1])), '37 2 2 0', 'a pulse');
  t.equal(asHex(resetBoards([1], ResetAction.Hold, { fpgas: true, delayMs: 1 })), '37 10005 2 0');
  t.equal(asHex(boardLeds(3, [LedAction.Invert, LedAction.Off, LedAction.On])), '19 39 8 0');
  t.equal(asHex(readFpgaRegister(2, FpgaRegister.Flags)), '11 40004 4 2');
  const written = writeFpgaRegister(1, 0x5c, 1);
  t.equal(asHex(written), '12 5c 4 1');
  t.same(written.data, hex('01000000'));
  t.equal(asHex(boardStatus()), '30 3 0 0');
  t.equal(asHex(commandOf(FlashErase, { start: 0x1000, end: 0x2000 })), '32 1000 2000 0');
  const flash = commandOf(FlashWrite, { address: 0x1000, length: 4096, erase: true });
  t.equal(asHex(flash), '33 1000 1000 1');
  t.equal(
    asHex(commandOf(SerialFlash, { operation: 'checksum', address: 0x200000, length: 5000 })),
    '35 200000 1388 2',
  );
  t.equal(asHex(commandOf(Eeprom, { operation: 'read', address: 0, length: 256 })), '36 0 100 0');
  t.equal(asHex(commandOf(Xilinx, { operation: 'reset', line: 'pulse' })), '38 2 2 0');
  t.equal(asHex(commandOf(I2c, { operation: 'poll', device: 0xa0 })), '3d 1a0 0 0');
  const settings = { ip: '10.0.0.7', udpPort: 17895, timeout: 3 };
  t.equal(
    asHex(commandOf(BmpIpTagCommand, { operation: 'set', tag: 3, settings })),
    '1a 10003 345e7 700000a',
  );
});

t.test(
  'numbers of boards, FPGAs, delays and registers out of range are refused by name',
  async (t) => {
    t.throws(() => boardMask([24]), /"board" must be an integer from 0 to 23: 24/);
    t.throws(() => powerBoards([-1], true), /"board".*: -1/);
    t.throws(() => powerBoards([0], true, 65536), /"delayMs".*65535: 65536/);
    t.throws(() => resetBoards([0], ResetAction.Pulse, { delayMs: 0.5 }), /"delayMs".*: 0.5/);
    t.throws(() => readFpgaRegister(3, 0x40000), /"fpga".*0 to 2: 3/);
    t.throws(() => readFpgaRegister(0, 0x40002), /"address" must be a multiple of 4: 262146/);
    t.throws(() => writeFpgaRegister(0, 0x40008, 2 ** 32), /"value".*: 4294967296/);
    t.throws(() => boardLeds(0, new Array(9).fill(LedAction.On)), /8 LEDs, not 9/);
    t.same(boardsOfMask(boardMask([0, 5, 23])), [0, 5, 23]);
  },
);

t.test('a version says where a board is', async (t) => {
  const reply = {
    codeBlock: 1,
    frame: 240,
    canId: 9,
    board: 7,
    dataBytes: 256,
    buildTime: 1_458_139_358,
    name: 'BC&MP/Spin5-BMP',
    version: '2.1.2',
  };
  const payload = BmpVersion.encodeReply(reply);
  // board, CAN, frame, block; 256 bytes; version in the text; build time; texts
  t.same(
    payload,
    Buffer.concat([hex('0709f001 0001ffff de70e956'), Buffer.from('BC&MP/Spin5-BMP\x002.1.2\0')]),
  );
  t.same(bmpVersion().parse(payload), reply);
});

t.test('a status names its voltages, temperatures and fans', async (t) => {
  // as in a reply: adc 0 to 7, four inside, four outside, four fans, warnings, shutdowns
  const payload = hex(
    'ffff ae07 ae07 ae07 850b ffff 140e cd0c 001e 801f 0080 0080 0080 8019 0080 0080' +
      '6009 ffff ffff ffff 00010000 00000000',
  );
  t.equal(payload.length, boardStatusLayout.size);
  const status = boardStatus().parse(payload);
  t.match(status, {
    celsius: { top: 30, bottom: 31.5, external: [undefined, 25.5] },
    fansRpm: [2400, undefined, undefined, undefined],
    warnings: 0x100,
    shutdowns: 0,
  });
  const { volts } = status;
  const rounded = Object.values(volts).map((volt) => volt?.toFixed(2));
  t.same(rounded, ['1.20', '1.20', '1.20', '1.80', '3.30', '12.00']);
  const cold = boardStatusLayout.encode({ internal0: 0xff80, adc7: 0xffff }, payload.slice());
  t.equal(boardStatus().parse(cold).celsius.top, -0.5);
  t.throws(() => boardStatus().parse(payload.subarray(1)), MalformedMessageError);
});

t.test('structures of boards have the sizes and places of the firmware', async (t) => {
  t.same([boardStatusLayout.size, ipBlockLayout.size, eepromLayout.size], [48, 32, 256]);
  t.equal(bmpIpTagLayout.size, 24);
  t.equal(eepromLayout.places.limits.offset, 32);
  t.equal(eepromLayout.places.checksum.offset, 252);
  const blocks = new Uint8Array(64);
  ipBlockLayout.encode({ ip: Uint8Array.of(10, 0, 0, 1) }, blocks);
  ipBlockLayout.encode({ ip: Uint8Array.of(10, 0, 0, 2) }, blocks, 32);
  t.same(boardAddresses().parse(blocks), { bmp: '10.0.0.1', spinnaker: '10.0.0.2' });
  t.same(canAddresses().parse(Uint8Array.of(1, 0, 5)), [0, 2]);
});

t.test('a board reads what a host asked, for every kind of command', async (t) => {
  const word = fc.nat(0xffffffff);
  const data = fc.uint8Array({ maxLength: 256 });
  const length = fc.nat(256);
  const is = <T extends string>(operation: T) => fc.constant(operation);
  const settings = fc.record({ ip: fc.ipV4(), udpPort: fc.nat(0xffff), timeout: fc.nat(15) });
  const stored = [
    fc.record({ operation: is('read'), address: word, length }),
    fc.record({ operation: is('write'), address: word, data }),
  ];
  const device = fc.nat(127).map((half) => 2 * half);
  const cases: [AnyKind, fc.Arbitrary<unknown>][] = [
    [FpgaRead as AnyKind, fc.record({ fpga: fc.nat(2), address: word, length })],
    [FpgaWrite as AnyKind, fc.record({ fpga: fc.nat(2), address: word, data })],
    [
      BmpLed as AnyKind,
      fc.record({ actions: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }), boards: word }),
    ],
    [
      BmpIpTagCommand as AnyKind,
      fc.oneof(
        fc.record({ operation: is('new'), settings }),
        fc.record({ operation: is('set'), tag: fc.nat(15), settings }),
        fc.record({ operation: is('get'), tag: fc.nat(15), count: fc.nat(10) }),
        fc.record({ operation: is('clear'), tag: fc.nat(15) }),
        fc.record({ operation: is('timeout'), timeout: word }),
      ),
    ],
    [BmpInformation as AnyKind, fc.record({ type: fc.nat(5) })],
    [FlashCopy as AnyKind, fc.record({ to: word, from: word, length: word })],
    [FlashErase as AnyKind, fc.record({ start: word, end: word })],
    [FlashWrite as AnyKind, fc.record({ address: word, length: word, erase: fc.boolean() })],
    [
      SerialFlash as AnyKind,
      fc.oneof(...stored, fc.record({ operation: is('checksum'), address: word, length: word })),
    ],
    [Eeprom as AnyKind, fc.oneof(...stored)],
    [
      BoardReset as AnyKind,
      fc.record({
        action: fc.nat(2),
        fpgas: fc.boolean(),
        delayMs: fc.nat(0xffff),
        boards: word,
      }),
    ],
    [
      Xilinx as AnyKind,
      fc.oneof(
        fc.record({ operation: is('load'), data }),
        fc.record({ operation: is('clear'), fpgas: word }),
        fc.record({ operation: is('reset'), line: fc.constantFrom('low', 'high', 'pulse') }),
      ),
    ],
    [BoardPower as AnyKind, fc.record({ on: fc.boolean(), delayMs: fc.nat(0xffff), boards: word })],
    [
      I2c as AnyKind,
      fc.oneof(
        fc.record({ operation: is('read'), device, length }),
        fc.record({ operation: is('write'), device, address: word, data }),
        fc.record({ operation: is('poll'), device: device.filter((address) => address > 0) }),
      ),
    ],
    [FanPwm as AnyKind, fc.record({ period: word, width: word })],
  ];
  for (const [kind, requests] of cases) {
    const property = fc.property(requests, (request) => {
      const back = kind.decodeRequest(kind.encodeRequest(request as never));
      return isDeepStrictEqual(structuredClone(back), structuredClone(request));
    });
    t.doesNotThrow(() => fc.assert(property), kind.name);
  }
});

t.test(
  'requests and replies of boards that make no sense are refused, never misread',
  async (t) => {
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(64));
    const property = fc.property(
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
    );
    t.doesNotThrow(() => fc.assert(property, { numRuns: 5000 }));
  },
);

t.test('board 0 switches all boards, is given 10 s, and the others are waited for', async (t) => {
  const [near, far] = transportPair();
  const asked: string[] = [];
  far.onDatagram((datagram) => {
    const message = decodeSdp(datagram);
    const { command, sequence, arguments: given } = decodeScpRequest(message.data);
    asked.push([message.destination.core, command, ...given].join(' '));
    const payload = BmpVersion.encodeReply({
      codeBlock: 1,
      frame: 0,
      canId: 0,
      board: 0,
      dataBytes: 256,
      buildTime: 0,
      name: 'BC&MP/Spin5-BMP',
      version: '2.1.2',
    });
    far.send(replyDatagram(replyHeader(message), { code: 0x80, sequence, payload }));
  });
  const controller = new BmpController({ scp: near });
  await controller.power([0, 1, 3], true, { delayMs: 20 });
  t.same(asked, ['0 57 1310721 11 0', '1 0 0 0 0', '3 0 0 0 0']);
  await t.rejects(controller.power([24], true), RangeError);
  await t.rejects(controller.version(24), RangeError);
  await controller.close();
});

t.test('power-on is asked for once and not repeated', async (t) => {
  const [near, far] = transportPair();
  const clock = new ManualClock();
  let sent = 0;
  far.onDatagram(() => sent++);
  const controller = new BmpController({ scp: near, clock });
  const outcome = t.rejects(controller.power([0], true), ScpTimeoutError);
  const elsewhere = new Promise((resolve) => far.onDatagram(resolve));
  await elsewhere;
  clock.advance(9_999);
  t.equal(controller.statistics.failed, 0);
  clock.advance(2);
  await outcome;
  t.equal(sent, 1);
  await controller.close();
});
