import t from 'tap';
import { BusError, type Packet, PacketKind } from '../core/core.js';
import { CommunicationsController } from './communications.js';
import { DmaController } from './dma.js';
import { Timer } from './timer.js';
import { InterruptController, Source } from './vic.js';

/** Notes the levels of interrupt lines. */
function noteLines(lines: Map<number, boolean>) {
  return (mask: number, levels: number) => {
    for (let source = 0; source < 32; source++) {
      if ((mask >>> source) & 1) lines.set(source, ((levels >>> source) & 1) === 1);
    }
  };
}

const ENABLE = 0x10;
const SOFT = 0x18;
const SOFT_CLEAR = 0x1c;
const VECTOR = 0x30;

/** A controller with sources 1, 2, 3 in slots 1, 2, 3 and vectors 0x10, 0x20, 0x30; default vector 0xd0. */
function controller(): InterruptController {
  const vic = new InterruptController();
  for (const slot of [1, 2, 3]) {
    vic.write(0x100 + 4 * slot, 16 * slot);
    vic.write(0x200 + 4 * slot, 0x20 | slot);
  }
  vic.write(0x34, 0xd0);
  vic.write(ENABLE, 0x1e);
  return vic;
}

t.test('the highest slot is answered first and masks lower ones until its end', async (t) => {
  const vic = controller();
  vic.setLine(3, true);
  vic.setLine(2, true);
  t.equal(vic.read(VECTOR), 0x20);
  t.notOk(vic.interrupt, 'slot 3 waits');
  vic.setLine(1, true);
  t.ok(vic.interrupt, 'slot 1 nests');
  t.equal(vic.read(VECTOR), 0x10);
  vic.setLine(1, false);
  vic.write(VECTOR, 0);
  t.notOk(vic.interrupt, 'slot 2 is still in service');
  vic.setLine(2, false);
  vic.write(VECTOR, 0);
  t.equal(vic.read(VECTOR), 0x30);
});

t.test('a source without a slot has the default vector and the lowest priority', async (t) => {
  const vic = controller();
  vic.setLine(4, true);
  t.equal(vic.read(VECTOR), 0xd0);
  t.notOk(vic.interrupt);
  vic.setLine(3, true);
  t.equal(vic.read(VECTOR), 0x30);
});

t.test('a read without a request answers the default vector and enters nothing', async (t) => {
  const vic = controller();
  t.equal(vic.read(VECTOR), 0xd0);
  vic.setLine(3, true);
  t.ok(vic.interrupt);
});

t.test('selected sources are fast interrupts, software bits request like lines', async (t) => {
  const vic = controller();
  vic.write(0x0c, 1 << 2);
  vic.write(SOFT, 1 << 2);
  t.ok(vic.fastInterrupt);
  t.notOk(vic.interrupt);
  t.equal(vic.read(0x04), 4);
  vic.write(SOFT_CLEAR, 1 << 2);
  t.notOk(vic.fastInterrupt);
  vic.write(0x14, 1 << 3);
  vic.setLine(3, true);
  t.notOk(vic.interrupt, 'disabled');
  t.equal(vic.read(0x08), 8, 'raw');
  t.throws(() => vic.read(0x40), BusError);
});

function timer() {
  const clock = { now: 0, line: false };
  const device = new Timer(
    () => clock.now,
    (level) => {
      clock.line = level;
    },
  );
  const at = (now: number) => {
    clock.now = now;
    device.settle();
    return device;
  };
  return { clock, device, at };
}

t.test('a periodic timer interrupts every load cycles, and reads the present count', async (t) => {
  const { clock, device, at } = timer();
  device.write(0x00, 100);
  device.write(0x08, 0xe2);
  t.equal(device.nextEvent, 100);
  t.equal(at(30).read(0x04), 70);
  at(100);
  t.ok(clock.line);
  t.equal(device.nextEvent, Number.POSITIVE_INFINITY, 'nothing new until it is cleared');
  at(130).write(0x0c, 1);
  t.notOk(clock.line);
  t.equal(device.nextEvent, 200);
  t.equal(at(730).read(0x04), 70);
});

t.test(
  'a one-shot timer stops at zero, a prescaler slows, a background load waits for the reload',
  async (t) => {
    const once = timer();
    once.device.write(0x08, 0xe3);
    once.device.write(0x00, 10);
    t.equal(once.at(10).read(0x04), 0);
    t.ok(once.clock.line);
    t.equal(once.at(500).read(0x04), 0);
    const slow = timer();
    slow.device.write(0x08, 0xe2 | (1 << 2));
    slow.device.write(0x00, 10);
    t.equal(slow.device.nextEvent, 160);
    slow.at(16).write(0x18, 3);
    t.equal(slow.device.read(0x04), 9);
    slow.at(160).write(0x0c, 0);
    t.equal(slow.device.nextEvent, 208);
  },
);

t.test('a load of more than 16 bits is kept when the size is only set behind it', async (t) => {
  const { device } = timer();
  device.write(0x00, 50_000_000);
  t.equal(device.read(0x04), 50_000_000 % 65_536, 'still 16 bits');
  device.write(0x08, 0xe3);
  t.equal(device.nextEvent, 50_000_000);
});

t.test('a free-running timer of 16 bits wraps to all ones', async (t) => {
  const { device, at } = timer();
  device.write(0x00, 5);
  device.write(0x08, 0xa0);
  t.equal(at(6).read(0x04), 0xfffe);
  t.equal(device.read(0x10), 1);
});

function dma() {
  const tcm = new Uint8Array(256);
  const system = Uint8Array.from({ length: 256 }, (_, index) => index);
  const lines = new Map<number, boolean>();
  const clock = { now: 0 };
  const within = (address: number, length: number) => {
    if (address + length > 256) throw new BusError(address);
  };
  const device = new DmaController(
    7,
    {
      tcm(address, length) {
        within(address, length);
        return tcm.subarray(address, address + length);
      },
      tcmWritten() {},
      readBlock(address, target) {
        within(address, target.length);
        target.set(system.subarray(address, address + target.length));
      },
      writeBlock(address, source) {
        within(address, source.length);
        system.set(source, address);
      },
    },
    () => clock.now,
    noteLines(lines),
  );
  const transfer = (from: number, to: number, description: number) => {
    device.write(0x04, from);
    device.write(0x08, to);
    device.write(0x0c, description);
  };
  const at = (now: number) => {
    clock.now = now;
    device.settle();
  };
  device.write(0x18, 0x100c00 | (1 << 15));
  return { tcm, system, lines, device, transfer, at };
}

const TO_SYSTEM = 1 << 19;

t.test('two transfers queue, end one after the other, and are counted', async (t) => {
  const { tcm, system, lines, device, transfer, at } = dma();
  transfer(16, 0, 8);
  const end = device.nextEvent;
  t.equal(end, 20 + 2 * 3, 'start-up and 15 ns a word');
  transfer(128, 0, 4 | TO_SYSTEM);
  t.equal(device.read(0x14), (7 << 24) | 0b101);
  t.throws(() => device.write(0x04, 0), BusError, 'full');
  at(end - 1);
  t.equal(tcm[0], 0);
  at(end);
  t.same([...tcm.subarray(0, 9)], [16, 17, 18, 19, 20, 21, 22, 23, 0]);
  t.ok(lines.get(Source.DmaDone));
  at(1000);
  t.same([...system.subarray(128, 133)], [16, 17, 18, 19, 132]);
  t.equal(device.read(0x14), (7 << 24) | 0xc00);
  device.write(0x10, 8);
  t.equal(device.read(0x14), (7 << 24) | 0x400);
  device.write(0x10, 8);
  t.notOk(lines.get(Source.DmaDone));
});

t.test(
  'a failed transfer pauses with its error until restarted; the queued one then runs',
  async (t) => {
    const { lines, device, transfer, at } = dma();
    transfer(252, 0, 8);
    transfer(0, 0, 4);
    at(100);
    t.equal(device.read(0x14) & 0xffffff, (1 << 15) | 0b110);
    t.ok(lines.get(Source.DmaError));
    device.write(0x10, 4);
    at(200);
    t.equal(device.read(0x14) & 0xffffff, 1 << 10);
    transfer(0, 252, 8);
    at(300);
    t.equal(device.read(0x14) & (1 << 14), 1 << 14, 'error of the tightly coupled memory');
  },
);

t.test('an aborted transfer moves nothing', async (t) => {
  const { tcm, device, transfer, at } = dma();
  transfer(16, 0, 8);
  device.write(0x10, 2);
  at(1000);
  t.equal(tcm[0], 0);
  t.equal(device.read(0x14) & 0xffffff, (1 << 16) | 0b10);
});

const WITH_CRC = 1 << 20;
const CRC_ERROR = 1 << 13;

t.test('words are written with a CRC behind them, which is checked on the way back', async (t) => {
  const { tcm, system, lines, device, transfer, at } = dma();
  t.equal(device.read(0x180) >>> 0, 0xfb808b20, 'the matrix of ethernet');
  t.equal(device.read(0x1fc) >>> 0, 0xf7011641);
  tcm.set([1, 2, 3, 4, 5, 6, 7, 8]);
  transfer(64, 0, 8 | TO_SYSTEM | WITH_CRC);
  t.equal(device.nextEvent, 20 + 3 * 3, 'a word more');
  at(100);
  t.same([...system.subarray(64, 72)], [1, 2, 3, 4, 5, 6, 7, 8]);
  const crc = new DataView(system.buffer).getUint32(72, true);
  t.equal(device.read(0x1c) >>> 0, crc, 'as calculated');
  transfer(64, 32, 8 | WITH_CRC);
  at(200);
  t.same([...tcm.subarray(32, 41)], [1, 2, 3, 4, 5, 6, 7, 8, 0], 'the CRC stays behind');
  t.equal(device.read(0x14) & CRC_ERROR, 0);
  system[65] = 3;
  transfer(64, 32, 8 | WITH_CRC);
  at(300);
  t.equal(device.read(0x14) & (CRC_ERROR | 2), CRC_ERROR | 2, 'wrong, and paused');
  t.equal(device.read(0x20) >>> 0, crc, 'as received');
  t.not(device.read(0x1c) >>> 0, crc);
  t.notOk(lines.get(Source.DmaError), 'it was not asked for');
  device.write(0x10, 4);
  t.equal(device.read(0x14) & CRC_ERROR, 0);
});

t.test(
  'the CRC is that of the polynomial, bit by bit, and of whatever matrix is set',
  async (t) => {
    const { tcm, device, transfer, at } = dma();
    tcm.set([0xde, 0xad, 0xbe, 0xef]);
    let register = 0xffffffff ^ 0xefbeadde;
    for (let bit = 0; bit < 32; bit++) register = (register << 1) ^ (register < 0 ? 0x04c11db7 : 0);
    transfer(64, 0, 4 | TO_SYSTEM | WITH_CRC);
    at(100);
    t.equal(device.read(0x1c) >>> 0, register >>> 0);
    for (let row = 0; row < 32; row++) device.write(0x180 + 4 * row, 1 << (31 - row));
    transfer(64, 0, 4 | TO_SYSTEM | WITH_CRC);
    at(200);
    t.equal(device.read(0x1c) >>> 0, ~0xefbeadde >>> 0, 'rows are for bits 31 to 0');
  },
);

t.test('the slow clock sets its bit 32,000 times a second until it is cleared', async (t) => {
  const { device, at } = dma();
  const bit = () => device.read(0x18) >>> 31;
  at(6249);
  t.equal(bit(), 0);
  at(6250);
  t.equal(bit(), 1);
  device.write(0x18, -0x80000000);
  t.equal(bit(), 1, 'writing a 1 does not clear it');
  device.write(0x18, 0);
  t.equal(bit(), 0);
  at(12_500);
  t.equal(bit(), 1);
});

function communications() {
  const sent: Packet[] = [];
  const lines = new Map<number, boolean>();
  const state = { takes: true, now: 0 };
  const send = (packet: Packet) => {
    if (state.takes) sent.push(packet);
    return state.takes;
  };
  const device = new CommunicationsController(send, () => state.now, noteLines(lines));
  return { sent, lines, state, device };
}

const ones = (value: number) => value.toString(2).replaceAll('0', '').length;

t.test('writing the payload first makes a long packet, parity is odd over all of it', async (t) => {
  const { sent, device } = communications();
  device.write(0x00, 0x00020000);
  device.write(0x08, 0xdeadbeef | 0);
  device.write(0x04, -1);
  device.write(0x08, 0x123);
  t.match(sent, [
    { key: 0xdeadbeef, payload: undefined },
    { key: 0x123, payload: 0xffffffff },
  ]);
  for (const { control, key, payload } of sent) {
    t.equal((control >> 1) & 1, payload === undefined ? 0 : 1);
    t.equal((ones(control) + ones(key) + ones(payload ?? 0)) & 1, 1);
  }
});

t.test(
  'a point-to-point packet carries source and destination, its receiver reads source and sequence',
  async (t) => {
    const { sent, device } = communications();
    device.write(0x18, 0x07000203);
    device.write(0x00, 0x00400000);
    device.write(0x08, 0x00030405);
    t.equal(sent[0]!.key, 0x02030405);
    t.equal(sent[0]!.control & 0xf0, 0x70);
    t.ok(device.deliver(sent[0]!, 7));
    t.equal(device.read(0x14), 0x00030203);
  },
);

t.test(
  'a received packet raises its own and the common interrupt and shows kind and route until its key is read',
  async (t) => {
    for (const [kind, order] of [
      [PacketKind.Multicast, 0],
      [PacketKind.PointToPoint, 1],
      [PacketKind.NearestNeighbour, 2],
      [PacketKind.FixedRoute, 3],
    ] as const) {
      const { lines, device } = communications();
      t.ok(device.deliver({ control: kind << 6, key: 5, payload: 9 }, 4));
      t.notOk(device.deliver({ control: 0, key: 6, payload: 9 }, 4));
      t.ok(lines.get(Source.PacketReceived));
      t.ok(lines.get(24 + order));
      t.equal(device.read(0x0c) >>> 0, (0x94000000 | (kind << 22) | (1 << order)) >>> 0);
      t.equal(device.read(0x10), 9);
      device.read(0x14);
      t.equal(device.read(0x0c), 0);
      t.notOk(lines.get(Source.PacketReceived));
      t.notOk(lines.get(24 + order));
    }
  },
);

t.test('while the router is full the register stays full, a second packet overruns', async (t) => {
  const { sent, lines, state, device } = communications();
  t.equal(device.read(0x00) >>> 0, 0x90000000);
  state.takes = false;
  device.write(0x08, 1);
  t.ok(lines.get(Source.TransmitFull));
  t.notOk(lines.get(Source.TransmitEmpty));
  device.write(0x08, 2);
  t.equal(device.read(0x00) >>> 0, 0x60000000);
  state.takes = true;
  state.now = device.nextEvent;
  device.settle();
  t.match(sent, [{ key: 1 }]);
  device.write(0x00, 0);
  t.equal(device.read(0x00) >>> 0, 0x90000000);
});
