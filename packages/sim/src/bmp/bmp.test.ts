import {
  BMP_LEDS,
  BmpController,
  BmpIpTagCommand,
  type Command,
  commandOf,
  Eeprom,
  FanPwm,
  FlashAddress,
  FlashErase,
  FlashWrite,
  FPGA_LINK_STOP,
  FpgaRegister,
  fill,
  I2c,
  LedAction,
  ResetAction,
  ReturnCode,
  read,
  SerialFlash,
  transportPair,
  write,
  Xilinx,
} from '@spin-tools/scp';
import fc from 'fast-check';
import t from 'tap';
import { crc } from './checksum.js';
import { BmpFrame, type BmpFrameOptions } from './frame.js';
import type { BmpClock, BoardSwitches } from './switches.js';

const HOST = { ip: '10.0.0.9', port: 50_000 };
const MS = 1_000_000;
/** Converters, three bit files of 1,492,412 bytes at 560 ns and 12 ms, settings, reset. */
const POWER_ON_NS = 25 * MS + 3 * (1_492_412 * 560 + 12 * MS) + 5 * MS + MS;

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Simulated time in the hands of a test. */
class TestClock implements BmpClock {
  time = 0;
  private readonly actions: { at: number; action: () => void }[] = [];

  after(ns: number, action: () => void): void {
    this.actions.push({ at: this.time + ns, action });
  }

  /** Lets time pass up to `until`. */
  run(until = Number.POSITIVE_INFINITY): void {
    for (;;) {
      this.actions.sort((a, b) => a.at - b.at);
      const next = this.actions[0];
      if (next === undefined || next.at > until) break;
      this.actions.shift();
      this.time = next.at;
      next.action();
    }
    if (until !== Number.POSITIVE_INFINITY) this.time = until;
  }
}

/** Boards that note what is done to them. */
class TestSwitches implements BoardSwitches {
  readonly log: string[] = [];
  readonly on = new Set<number>();

  constructor(
    readonly count: number,
    private readonly clock: BmpClock,
  ) {}

  isOn(board: number): boolean {
    return this.on.has(board);
  }
  powerOn(board: number): void {
    this.on.add(board);
    this.note(`on ${board}`);
  }
  powerOff(board: number): void {
    this.on.delete(board);
    this.note(`off ${board}`);
  }
  holdInReset(board: number, held: boolean): void {
    this.note(`${held ? 'hold' : 'release'} ${board}`);
  }
  ipAddresses(board: number): { bmp: string; spinnaker: string } {
    return { bmp: `10.11.12.${8 * board}`, spinnaker: `10.11.12.${8 * board + 1}` };
  }
  blacklist(board: number): number[] {
    return [0x01020300 + board, 0x80000000];
  }
  setLinkStop(board: number, fpga: number, link: number, stopped: boolean): void {
    this.note(`${stopped ? 'stop' : 'go'} ${board}.${fpga}.${link}`);
  }
  isConnected(_board: number, fpga: number): boolean {
    return fpga === 1;
  }
  packets(_board: number, fpga: number, link: number): { toChip: number; fromChip: number } {
    return { toChip: 100 * fpga + link, fromChip: 1000 + link };
  }

  private note(what: string): void {
    this.log.push(`${(this.clock.time / MS).toFixed(3)} ${what}`);
  }
}

function newFrame(count = 1, options: Partial<BmpFrameOptions> = {}, on: readonly number[] = []) {
  const clock = new TestClock();
  const switches = new TestSwitches(count, clock);
  for (const board of on) switches.on.add(board);
  const sent: Uint8Array[] = [];
  const frame = new BmpFrame({
    switches,
    clock,
    send: (datagram) => sent.push(datagram),
    ...options,
  });
  const ask = (datagram: Uint8Array): void => frame.receive(datagram, HOST);
  return { frame, clock, switches, sent, ask };
}

/** A frame and a controller that is joined to its board 0; all work is done before the next datagram. */
function newController(count = 1, on: readonly number[] = []) {
  const [near, far] = transportPair();
  const made = newFrame(count, { send: (datagram) => far.send(datagram) }, on);
  far.onDatagram((datagram) => {
    made.frame.receive(datagram, HOST);
    made.clock.run();
  });
  const controller = new BmpController({ scp: near });
  t.teardown(() => controller.close());
  return { ...made, controller };
}

/** A request in hex: flags, tag, port and board, command, arguments, data. */
const request = (
  board: number,
  command: number,
  given: readonly number[] = [],
  data = '',
): Uint8Array => {
  const bytes = hex(`0000 87ff 00ff 0000 0000 0000 3412 ${'00000000'.repeat(3)} ${data}`);
  const view = new DataView(bytes.buffer);
  view.setUint8(4, board);
  view.setUint16(10, command, true);
  given.forEach((word, index) => {
    view.setUint32(14 + 4 * index, word, true);
  });
  return bytes;
};
const codeOf = (reply: Uint8Array | undefined): number | undefined => reply?.[10];
const refusal = (code: number) => ({ name: 'ScpError', code });

t.test('a board answers CMD_VER by the tag, from the address that was asked', async (t) => {
  const { frame, sent, ask } = newFrame(1);
  ask(request(0, 0));
  // flags, tag 8, to port 7 of board 0 in frame 240, from port 0 of board 0; OK; board, CAN, frame, block
  t.equal(
    text(sent[0]!),
    `${'0000 07 08 e0 00 f000 0000 8000 3412 0000f001 0001ffff 00000000'.replaceAll(' ', '')}` +
      text(Buffer.from('BC&MP/Spin5-BMP\x002.1.2\0')),
  );
  t.match(frame.statistics, { received: 1, sent: 1, malformed: 0, overrun: 0, untagged: 0 });
});

t.test('messages for other boards of the frame are passed on and come back', async (t) => {
  const { controller } = newController(24);
  for (const board of [0, 7, 23]) {
    t.match(await controller.version(board), { board, canId: board, frame: 240, codeBlock: 1 });
  }
  t.same(await controller.addresses(23), { bmp: '10.11.12.184', spinnaker: '10.11.12.185' });
  t.same(
    await controller.canAddresses(),
    Array.from({ length: 24 }, (_, id) => id),
  );
  const lonely = newController(1);
  await t.rejects(lonely.controller.version(1), refusal(ReturnCode.Route));
  t.throws(() => newFrame(25), RangeError);
});

t.test('what a board does not understand is refused with its reason, and counted', async (t) => {
  const { frame, sent, ask } = newFrame(1);
  const expect = (datagram: Uint8Array, code: number | undefined, why: string): void => {
    sent.length = 0;
    ask(datagram);
    t.equal(codeOf(sent[0]), code, why);
  };
  expect(request(0, 1), ReturnCode.Command, 'CMD_RUN');
  expect(request(0, 31), ReturnCode.Command, 'CMD_INFO of chips');
  expect(request(0, 0).subarray(0, 25), ReturnCode.Length, 'less than 24 bytes of SDP');
  expect(request(0x20, 0), ReturnCode.Port, 'port 1');
  expect(request(9, 0), ReturnCode.Route, 'board 9');
  expect(request(0, 57, [2, 1]), ReturnCode.Argument, 'power state 2');
  expect(request(0, 55, [3, 1]), ReturnCode.Argument, 'reset code 3');
  expect(request(0, 17, [0x40000, 4, 3]), ReturnCode.Argument, 'FPGA 3');
  expect(request(0, 17, [0x40000, 260, 0]), ReturnCode.Argument, '260 bytes');
  expect(request(0, 48, [6]), ReturnCode.Argument, 'information 6');
  expect(request(0, 2, [0x2009c000, 4, 2]), ReturnCode.Argument, 'a register of a device');
  expect(request(0, 26, [5 << 16]), ReturnCode.Argument, 'tag operation 5');
  expect(request(0, 54, [0, 4, 0]), ReturnCode.Argument, 'an EEPROM without a backplane');
  expect(request(0, 61, [0xa1, 0, 4]), ReturnCode.Argument, 'an I2C bus without a backplane');
  t.same(
    [...frame.statistics.refused],
    [
      [ReturnCode.Command, 2],
      [ReturnCode.Length, 1],
      [ReturnCode.Port, 1],
      [ReturnCode.Route, 1],
      [ReturnCode.Argument, 9],
    ],
  );
  expect(new Uint8Array(10), undefined, 'too short');
  expect(new Uint8Array(283), undefined, 'too long');
  expect(hex('0000 8704 00ff 0000 0000 0000 0000 000000000000000000000000'), undefined, 'tag 4');
  t.match(frame.statistics, { malformed: 2, untagged: 1 });
});

t.test('power-on takes as long as FPGAs take to load, and only then is answered', async (t) => {
  const { clock, switches, sent, ask, frame } = newFrame(1);
  ask(request(0, 57, [1, 1]));
  clock.run(POWER_ON_NS - 1);
  t.equal(sent.length, 0);
  t.equal(POWER_ON_NS > 2.56e9, true, 'longer than a tag lives');
  clock.run(POWER_ON_NS);
  t.equal(codeOf(sent[0]), ReturnCode.Ok);
  t.same(switches.log, ['0.000 on 0', `${(POWER_ON_NS / MS).toFixed(3)} release 0`]);
  t.equal(frame.leds(0), 2, 'LED 1');
  ask(request(0, 57, [0, 1]));
  t.match(switches.log.at(-1), /off 0/, 'at once');
  t.equal(frame.leds(0), 0);
});

t.test('other boards are only told, and wait for their number times the delay', async (t) => {
  const { clock, switches, sent, ask } = newFrame(4);
  ask(request(0, 57, [(100 << 16) | 1, 0b1010]));
  t.equal(codeOf(sent[0]), ReturnCode.Ok, 'board 0 is not concerned');
  clock.run();
  const end = (ms: number): string => (ms + POWER_ON_NS / MS).toFixed(3);
  t.same(switches.log, [
    '100.000 on 1',
    '300.000 on 3',
    `${end(100)} release 1`,
    `${end(300)} release 3`,
  ]);
});

t.test('a busy board keeps messages in 8 buffers and answers them when it is done', async (t) => {
  const { clock, sent, ask, frame } = newFrame(2);
  ask(request(0, 57, [1, 1]));
  for (let count = 0; count < 9; count++) ask(request(count % 2, 0));
  t.equal(sent.length, 0);
  t.equal(frame.statistics.overrun, 2, 'one buffer holds the command that is under way');
  clock.run();
  t.same(sent.map(codeOf), new Array(8).fill(ReturnCode.Ok));
  ask(request(0, 57, [1, 2]));
  sent.length = 0;
  for (let count = 0; count < 8; count++) ask(request(1, 0));
  t.equal(sent.length, 0);
  ask(request(1, 0));
  t.equal(frame.statistics.untagged, 1, 'all 8 tags for replies are in use');
  const waiting = request(1, 0);
  waiting[2] = 0;
  ask(waiting);
  t.equal(frame.statistics.refused.get(ReturnCode.P2pNoReply), 1, 'board 1 has no buffer left');
  clock.run();
  t.equal(sent.length, 0);
  t.equal(frame.statistics.untagged, 1 + 8, 'tags of board 0, which was idle, died after 2.56 s');
});

t.test('the controller waits until all boards are on', async (t) => {
  const { controller, switches } = newController(3);
  await controller.power([0, 1, 2], true, { delayMs: 20 });
  t.same([...switches.on], [0, 1, 2]);
  t.equal(switches.log.filter((line) => line.includes('release')).length, 3);
  await controller.power([1], false);
  t.same([...switches.on], [0, 2]);
});

t.test('reset pulses, holds and lets go, FPGAs too if asked', async (t) => {
  const { controller, switches, clock } = newController(2, [0, 1]);
  await controller.reset([0]);
  t.same(switches.log, ['0.000 hold 0', '1.000 release 0']);
  switches.log.length = 0;
  await controller.reset([1], { delayMs: 10 });
  t.same(switches.log, ['11.000 hold 1', '12.000 release 1']);
  await controller.writeFpgaRegister(0, 0, FpgaRegister.PeripheralKey, 7);
  switches.log.length = 0;
  await controller.reset([0], { action: ResetAction.Hold, fpgas: true });
  t.same(switches.log, [`${clock.time / MS}.000 hold 0`]);
  t.equal(await controller.readFpgaRegister(0, 0, FpgaRegister.LinkEnables), 0, 'held in reset');
  await controller.reset([0], { action: ResetAction.Release, fpgas: true });
  t.match(switches.log.at(-1), /release 0/);
  t.equal(await controller.readFpgaRegister(0, 0, FpgaRegister.PeripheralKey), 0xffffffff);
  t.equal(await controller.readFpgaRegister(0, 0, FpgaRegister.LinkEnables), 0, 'as the design is');
  switches.log.length = 0;
  await controller.power([0], false);
  await controller.reset([0]);
  t.equal(switches.log.length, 1, 'chips without power are not reset');
});

t.test('registers belong to one FPGA of one board, and to a time between power-ons', async (t) => {
  const { controller } = newController(2, [0, 1]);
  for (let fpga = 0; fpga < 3; fpga++) {
    t.equal(await controller.readFpgaRegister(0, fpga, FpgaRegister.Flags), fpga);
    t.equal(await controller.readFpgaRegister(0, fpga, FpgaRegister.LinkEnables), 0xffffffff);
    t.equal(await controller.readFpgaRegister(0, fpga, FpgaRegister.LedOverride), 0);
    await controller.writeFpgaRegister(0, fpga, FpgaRegister.PeripheralKey, 0xbeef0000 + fpga);
  }
  for (let fpga = 0; fpga < 3; fpga++) {
    const key = await controller.readFpgaRegister(0, fpga, FpgaRegister.PeripheralKey);
    t.equal(key, 0xbeef0000 + fpga);
    t.equal(await controller.readFpgaRegister(1, fpga, FpgaRegister.PeripheralKey), 0xffffffff);
  }
  await controller.writeFpgaRegister(0, 0, FpgaRegister.Flags, 3);
  t.equal(await controller.readFpgaRegister(0, 0, FpgaRegister.Flags), 0, 'read only');
  await controller.writeFpgaRegister(0, 0, FpgaRegister.Scrambler, 0xffff);
  t.equal(await controller.readFpgaRegister(0, 0, FpgaRegister.Scrambler), 0xf, '4 bits');
  t.equal(await controller.readFpgaRegister(0, 0, 0x40100), 0xffffffff, 'no such register');
  t.equal(await controller.readFpgaRegister(0, 0, 0x12340000), 0xffffffff, 'no such bank');
  t.equal(await controller.readFpgaRegister(0, 2, 0x50000 + 4 * 5), 205, 'packets to chips');
  t.equal(await controller.readFpgaRegister(0, 2, 0x60000 + 4 * 5), 1005, 'packets from chips');
  t.equal(await controller.readFpgaRegister(0, 1, 0x10054), 1, 'the link west is up');
  t.equal(await controller.readFpgaRegister(0, 2, 0x10054), 0);
  await controller.power([0], false);
  t.equal(await controller.readFpgaRegister(0, 1, FpgaRegister.Flags), 0, 'no power');
  await controller.power([0], true);
  t.equal(await controller.readFpgaRegister(0, 2, FpgaRegister.PeripheralKey), 0xffffffff);
});

t.test(
  'STOP cuts one link between boards until it is cleared or the board is switched',
  async (t) => {
    const { controller, switches } = newController(2, [0, 1]);
    const link = 1;
    const stop = link * 0x10000 + FPGA_LINK_STOP;
    await controller.writeFpgaRegister(1, 2, stop, 1);
    await controller.writeFpgaRegister(1, 2, stop, 1);
    t.equal(await controller.readFpgaRegister(1, 2, stop), 1);
    t.same(switches.log, ['0.000 stop 1.2.1']);
    await controller.writeFpgaRegister(1, 2, stop, 0);
    await controller.writeFpgaRegister(1, 0, FPGA_LINK_STOP, 1);
    await controller.power([1], false);
    t.same(switches.log.slice(1, 4), ['0.000 go 1.2.1', '0.000 stop 1.0.0', '0.000 go 1.0.0']);
  },
);

t.test('FPGAs that a host clears need a whole bit file', async (t) => {
  const { controller } = newController(1, [0]);
  const load = commandOf(Xilinx, { operation: 'load', data: new Uint8Array(256) });
  await controller.send(0, commandOf(Xilinx, { operation: 'clear', fpgas: 2 }));
  const flags = () => controller.readFpgaRegister(0, 1, FpgaRegister.Flags);
  for (let bytes = 0; bytes < 1_492_412 - 256; bytes += 256) await controller.send(0, load);
  t.equal(await flags(), 0);
  await controller.send(0, load);
  t.equal(await flags(), 1);
  await controller.send(0, commandOf(Xilinx, { operation: 'reset', line: 'low' }));
  t.equal(await flags(), 0);
  await controller.send(0, commandOf(Xilinx, { operation: 'reset', line: 'pulse' }));
  t.equal(await flags(), 1);
});

t.test('voltages follow the power, but for those that the processor lives on', async (t) => {
  const { controller } = newController(1, [0]);
  const near = (volts: number | undefined, usual: number): void => {
    t.equal(Math.abs((volts ?? Number.NaN) - usual) <= usual * 0.01, true, `${volts} V`);
  };
  const on = await controller.readAdc();
  for (const volts of [on.volts.core1V2A, on.volts.core1V2B, on.volts.core1V2C]) near(volts, 1.2);
  near(on.volts.memory1V8, 1.8);
  near(on.volts.io3V3, 3.3);
  near(on.volts.input12V, 12);
  t.same(on.celsius.external, [undefined, undefined]);
  t.equal(on.fansRpm.length, 4);
  await controller.power([0], false);
  const off = await controller.readAdc();
  t.match(off.volts, { core1V2A: 0, core1V2B: 0, core1V2C: 0, memory1V8: 0 });
  near(off.volts.io3V3, 3.3);
  near(off.volts.input12V, 12);
  t.equal((off.celsius.top ?? 0) < (on.celsius.top ?? 0), true, 'cooler');
  t.same(await controller.readAdc(), off, 'the same again');
  const { boardStatus: address } = await controller.hardware();
  const status = await controller.send(0, read(address, 48));
  t.equal(status[14], (await controller.send(0, read(address + 14, 1)))[0]);
  const frame = newController(9);
  t.same((await frame.controller.readAdc(1)).fansRpm, new Array(4).fill(undefined));
  t.equal((await frame.controller.readAdc(8)).celsius.external.includes(undefined), false);
});

t.test('LEDs of the board that is asked change, and only they', async (t) => {
  const { controller, frame, ask } = newController(2);
  const all = new Array(BMP_LEDS).fill(LedAction.Invert);
  ask(request(0, 25, [0xffff, 3]));
  t.same([frame.leds(0), frame.leds(1)], [0xff, 0], 'all on, board 1 does not know the order');
  await controller.setLeds([0, 1], all);
  t.same([frame.leds(0), frame.leds(1)], [0, 0xff], 'the controller asks each board');
  await controller.setLeds([1], [LedAction.Off, LedAction.Keep, LedAction.Off]);
  t.equal(frame.leds(1), 0xfa);
});

t.test('flash holds addresses and blacklist, and serial flash what is made of them', async (t) => {
  const { controller } = newController(2);
  const at = async (address: number, length: number) =>
    text(await controller.send(1, read(address, length)));
  // flags, MAC, address, gateway, mask, port 17893
  t.equal(await at(FlashAddress.BmpIp, 22), '00c00000a40c00080a0b0c080a0b0cfeffff0000e545');
  t.equal(await at(FlashAddress.SpinnakerIp, 12), '59c00000a40c00090a0b0c09');
  t.equal(await at(FlashAddress.Blacklist, 12), '020000000103020100000080');
  const sector: number[] = [];
  for (let address = 0x1000; address < 0x2000; address += 256)
    sector.push(...(await controller.send(1, read(address, 256))));
  t.equal(crc(Uint8Array.from(sector)), 0, 'sealed');
  const serial = async (address: number, length: number) =>
    text(await controller.send(1, commandOf(SerialFlash, { operation: 'read', address, length })));
  // 8 words to 0xf5007fe0, most significant byte first
  t.equal(await serial(0, 20), '553a0008f5007fe00000c05909000ca4090c0b0a');
  t.equal(await serial(0x100, 12), '020000000103020100000080');
});

t.test(
  'flash is written by sectors from the buffer, and only bits of erased flash can be set',
  async (t) => {
    const { controller } = newController(1);
    const send = <T>(command: Command<T>): Promise<T> => controller.send(0, command);
    const buffer = await send(commandOf(FlashErase, { start: 0x20000, end: 0x20001 }));
    t.equal(buffer, 0x10000000);
    await send(write(0x10000000, hex('0badcafe')));
    await send(commandOf(FlashWrite, { address: 0x20000, length: 256, erase: false }));
    t.same(await send(read(0x20000, 8)), hex('0badcafe ffffffff'));
    t.same(await send(read(0x10000000, 4)), hex('ffffffff'), 'the buffer is empty again');
    await send(write(0x10000000, hex('f0')));
    await send(commandOf(FlashWrite, { address: 0x20000, length: 256, erase: false }));
    t.same(await send(read(0x20000, 1)), hex('00'), 'f0 over 0b');
    await send(write(0x10000000, hex('f0')));
    await send(commandOf(FlashWrite, { address: 0x20000, length: 256, erase: true }));
    t.same(await send(read(0x20000, 1)), hex('f0'));
    for (const [address, length] of [
      [0x20001, 256],
      [0x20000, 300],
      [0x80000, 256],
      [0xfffffff0, 256],
    ] as const) {
      const refused = commandOf(FlashWrite, { address, length, erase: false });
      await t.rejects(send(refused), refusal(ReturnCode.Argument));
    }
    const outside = commandOf(FlashErase, { start: 0x70000, end: 0x80001 });
    await t.rejects(send(outside), refusal(ReturnCode.Argument));
    await t.rejects(send(write(0x20000, hex('00000000'))), refusal(ReturnCode.Argument));
  },
);

t.test('a copy of flash ends in a restart without a reply', async (t) => {
  const { clock, sent, ask, frame, switches } = newFrame(1);
  ask(request(0, 49, [0x30000, 0x1000, 0x1000]));
  clock.run();
  t.equal(sent.length, 0);
  t.equal(frame.leds(0), 0x82, 'LED 7 for the watchdog, LED 1 for power');
  t.match(switches.log[0], /^10000.000 on 0/);
  ask(request(0, 2, [0x30000, 4, 2]));
  t.equal(text(sent[0]!.subarray(14)), '01000000', 'entry 0: type 1, as at 0x1000');
  ask(request(0, 48, [5]));
  t.equal(text(sent[1]!.subarray(14, 22)), '0400000001000000', 'one reset by the watchdog');
});

t.test('serial flash and EEPROM keep what is written', async (t) => {
  const { controller } = newController(2);
  const address = 0x680000;
  const data = Uint8Array.from({ length: 256 }, (_, at) => at);
  await controller.send(1, commandOf(SerialFlash, { operation: 'write', address, data }));
  const { length } = data;
  const back = commandOf(SerialFlash, { operation: 'read', address, length });
  t.same(await controller.send(1, back), data);
  const sum = commandOf(SerialFlash, { operation: 'checksum', address, length });
  t.equal(text(await controller.send(1, sum)), '738c0529', 'CRC-32 29058c73');
  const tooMuch = commandOf(SerialFlash, { operation: 'checksum', address, length: 0x800001 });
  await t.rejects(controller.send(1, tooMuch), refusal(ReturnCode.Argument));
  const page = { address: 0x104, data: hex('01020304') };
  await controller.send(0, commandOf(Eeprom, { operation: 'write', ...page }));
  const kept = commandOf(Eeprom, { operation: 'read', address: 0x100, length: 12 });
  t.same(await controller.send(0, kept), hex('ffffffff 01020304 ffffffff'));
  await t.rejects(controller.send(1, kept), refusal(ReturnCode.Argument));
  t.match(await controller.backplane(), { marker: 0x96, frame: 240, backplaneVersion: 1 });
  const poll = commandOf(I2c, { operation: 'poll', device: 0x40 });
  t.same(await controller.send(0, poll), hex('00000000'), 'nothing there');
  await controller.send(0, commandOf(FanPwm, { period: 1024, width: 512 }));
  await controller.send(0, fill(0x10004000, 0x01020304, 6));
  t.same(await controller.send(0, read(0x10004000, 10)), hex('0403020104030201 0000'));
});

t.test('tags lead out until they are cleared or too old, and transient ones once', async (t) => {
  const { sent, ask, clock, frame } = newFrame(1);
  const last = (): string => text(sent.at(-1)!.subarray(14));
  ask(request(0, 26, [(1 << 16) | 3, (3 << 16) | 17895, 0x0900000a]));
  t.equal(last(), '03000000');
  ask(request(0, 26, [(2 << 16) | 3, 1]));
  t.equal(last(), '0a000009 000000000000 e745 0400 0480 00000000 00000000'.replaceAll(' ', ''));
  const plain = request(0, 0);
  plain[3] = 3;
  ask(plain);
  ask(request(0, 26, [(2 << 16) | 3, 1]));
  t.equal(last().slice(32, 40), '01000000', 'one message');
  clock.time += 40 * MS;
  ask(request(0, 26, [(2 << 16) | 3, 1]));
  t.equal(last(), '00'.repeat(24), 'too old');
  ask(request(0, 26, [0, 17895, 0x0900000a]));
  t.equal(last(), '09000000', 'tag 8 is in use by the request itself');
  ask(request(0, 26, [(3 << 16) | 9]));
  ask(request(0, 26, [4 << 16, 5]));
  t.equal(last(), '09000808', 'time-out as it was, 8 fixed, 8 of the pool');
  ask(request(0, 26, [4 << 16, 99]));
  t.equal(last(), '05000808');
  const { untagged } = frame.statistics;
  ask(plain);
  t.equal(frame.statistics.untagged, untagged + 1);
  t.equal(commandOf(BmpIpTagCommand, { operation: 'clear', tag: 9 }).code, 26);
});

t.test('a seed makes the same boards every time, and others differ', async (t) => {
  const status = (seed: number) => {
    const { ask, sent } = newFrame(1, { seed }, [0]);
    ask(request(0, 48, [3]));
    return text(sent[0]!);
  };
  t.equal(status(1), status(1));
  t.not(status(1), status(2));
});

t.test(
  'nothing that a host sends makes a frame fail, and all of it is accounted for',
  async (t) => {
    const commands = [0, 2, 3, 5, 17, 18, 25, 26, 48, 49, 50, 51, 53, 54, 55, 56, 57, 61, 62, 64];
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(600), fc.constant(0x10000000));
    const likely = fc
      .record({
        flags: fc.constantFrom(0x87, 0x07, 0x80),
        tag: fc.constantFrom(255, 255, 0, 3, 8, 200),
        port: fc.oneof(fc.nat(3), fc.nat(255)),
        code: fc.oneof(fc.constantFrom(...commands), fc.nat(0xffff)),
        given: fc.tuple(word, word, word),
        data: fc.uint8Array({ maxLength: 256 }),
      })
      .map(({ flags, tag, port, code, given, data }) => {
        const bytes = request(port, code, given, text(data));
        bytes[2] = flags;
        bytes[3] = tag;
        return bytes;
      });
    const datagram = fc.oneof(fc.uint8Array({ maxLength: 400 }), likely, likely, likely);
    const time = fc.nat(3_000).map((ms) => ms * MS);
    const property = fc.property(fc.array(fc.tuple(datagram, time), { maxLength: 60 }), (all) => {
      const { frame, clock, sent } = newFrame(3);
      for (const [bytes, ns] of all) {
        frame.receive(bytes, HOST);
        clock.run(clock.time + ns);
      }
      clock.run();
      const { received, malformed, overrun, untagged } = frame.statistics;
      if (received !== all.length || malformed + overrun > received || untagged > 2 * received)
        throw new Error(JSON.stringify(frame.statistics));
      clock.time += 3_000 * MS;
      sent.length = 0;
      frame.receive(request(2, 0), HOST);
      clock.run();
      return codeOf(sent[0]) === ReturnCode.Ok;
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }));
  },
);
