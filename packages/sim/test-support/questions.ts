/** Random requests that two monitors should answer alike, and what of their answers may differ all the same. */
import {
  Allocate,
  type ChipAddress,
  ClockSync,
  Count,
  Fill,
  Information,
  IpTagCommand,
  Led,
  LinkRead,
  LinkWrite,
  Read,
  Router,
  requestDatagram,
  routingRecordLayout,
  SendSignal,
  SerialRom,
  Version,
  vcpuAddress,
  Write,
} from '@spin-tools/scp';
import { randomFrom } from '../src/faults/random.js';

/** A request, and its name for messages. */
export interface Question {
  readonly name: string;
  readonly datagram: Uint8Array;
}

const CHIPS: readonly ChipAddress[] = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
];
const CONNECTED = { x: 255, y: 255 };
/** Memory of users: start and bytes. The last is System RAM in its other place. */
const REGIONS = [
  [0x61000000, 0x4000],
  [0x62640000, 0x1000],
  [0x71000000, 0x1000],
  [0xe5000200, 0x800],
  [0xf5000400, 0x400],
] as const;
/** In the staging area, behind the idle program that SC&MP keeps there. */
const STAGING = 0x67820000;
const APPS = [1, 16, 30, 66, 255];
const MOST = 256;
const UNKNOWN = [1, 4, 6, 10, 14, 30, 33, 63, 99, 0xffff];
/** Bytes of a datagram before the return code: padding and the SDP header. */
const HEADER = 10;
const TAG_AT = 3;
const PAYLOAD_AT = HEADER + 4;
const TAG_BYTES = 32;
const TAG_TIME_AT = 12;

/** Draws requests; the same seed draws the same. */
export class Questions {
  private readonly random: () => number;
  private readonly kinds: readonly (() => Question)[];

  /** @param routerCopy address of the copy of the routing table */
  constructor(
    seed: number,
    private readonly routerCopy: number,
  ) {
    this.random = randomFrom(seed);
    this.kinds = [
      () => this.version(),
      () => this.memory(),
      () => this.memory(),
      () => this.fill(),
      () => this.link(),
      () => this.allocation(),
      () => this.allocation(),
      () => this.records(),
      () => this.routing(),
      () => this.routing(),
      () => this.structures(),
      () => this.tags(),
      () => this.board(),
      () => this.refused(),
    ];
  }

  next(): Question {
    return this.pick(this.kinds)();
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  private word(): number {
    return Math.floor(this.random() * 2 ** 32);
  }

  private bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  private chip(): ChipAddress {
    return this.below(12) === 0 ? CONNECTED : this.pick(CHIPS);
  }

  /** An address of users' memory, a multiple of `size`. */
  private place(size: number): number {
    const [start, length] = this.pick(REGIONS);
    return start + size * this.below(length / size);
  }

  private ask(
    name: string,
    code: number,
    words: readonly number[],
    data: Uint8Array = new Uint8Array(0),
    to: { chip?: ChipAddress; core?: number; port?: number; flags?: number } = {},
  ): Question {
    const { chip = this.chip(), core = 0, port = 0, flags = 0x87 } = to;
    const [first = 0, second = 0, third = 0] = words.map((word) => word >>> 0);
    const header = {
      ...{ flags, tag: 255, source: { x: 0, y: 0, core: 31, port: 7 } },
      destination: { ...chip, core, port },
    };
    const request = { command: code, sequence: this.below(65536), data };
    const datagram = requestDatagram(header, { ...request, arguments: [first, second, third] });
    return {
      name: `${name} ${words.map((word) => (word >>> 0).toString(16)).join(' ')}`,
      datagram,
    };
  }

  private version(): Question {
    const core = this.pick([0, 0, 1, 5, 17, 18, 31]);
    const port = this.below(4) === 0 && (core === 0 || core > 17) ? this.below(8) : 0;
    const flags = this.pick([0x87, 0x87, 0xa7, 0xc7, 0xff]);
    return this.ask('VER', Version.code, [], this.bytes(this.below(20)), { core, port, flags });
  }

  private memory(): Question {
    const unit = this.below(3);
    const core = this.pick([0, 0, 0, 1, 9]);
    const length = this.below(MOST / 2 ** unit + 1) * 2 ** unit;
    const words = [this.place(2 ** unit), length, this.below(16) === 0 ? 3 : unit];
    if (this.below(2) === 0) return this.ask('READ', Read.code, words, undefined, { core });
    return this.ask('WRITE', Write.code, words, this.bytes(length), { core });
  }

  private fill(): Question {
    const words = [this.place(4), this.word(), this.below(1024)];
    return this.ask('FILL', Fill.code, words, undefined, { core: this.pick([0, 0, 1]) });
  }

  private link(): Question {
    const length = 4 * this.below(MOST / 4 + 2);
    const words = [this.place(4), length, this.below(8)];
    if (this.below(2) === 0) return this.ask('LINK_READ', LinkRead.code, words);
    return this.ask('LINK_WRITE', LinkWrite.code, words, this.bytes(Math.min(MOST, length)));
  }

  private allocation(): Question {
    const app = this.pick(APPS) << 8;
    const size = this.pick([0, 1, 4, 1000, 100_000, 4_000_000, 120 << 20, 2 ** 31]);
    const count = this.pick([0, 1, 2, 10, 100, 1000, 1023, 1024, 2000]);
    const retry = this.below(4) === 0 ? 4 << 16 : 0;
    const words = this.pick([
      [app | retry, size, this.below(5) === 0 ? this.below(300) : this.below(4)],
      [app | retry, this.below(500), this.below(4)],
      [app | 2],
      [app | 3, count],
      [app | 5, this.below(2)],
      [6],
      [app | 7, this.below(5)],
      [8 + this.below(200)],
    ]);
    return this.ask('ALLOC', Allocate.code, words, undefined, { chip: this.pick(CHIPS) });
  }

  private records(): Question {
    const count = 1 + this.below(MOST / routingRecordLayout.size);
    const data = new Uint8Array(count * routingRecordLayout.size);
    for (let next = 0; next < count; next++) {
      const [route, key, mask] = [this.below(2 ** 24), this.word(), this.word()];
      const record = { next, free: count, route, key, mask };
      routingRecordLayout.encode(record, data, next * routingRecordLayout.size);
    }
    return this.ask('WRITE records', Write.code, [STAGING, data.length, 2], data);
  }

  private routing(): Question {
    const load = (this.below(12) << 16) | (this.pick(APPS) << 8) | 2;
    const words = this.pick([
      [0],
      [(this.below(20) << 16) | 1, 2 + this.below(1030)],
      [load, STAGING, 2 + this.below(1010)],
      [3, this.below(2 ** 24)],
      [3, 0x80000000],
      [4 + this.below(200)],
    ]);
    return this.ask('RTR', Router.code, words);
  }

  /** What monitors keep in memory for everyone to see. */
  private structures(): Question {
    const chip = this.pick(CHIPS);
    const record = this.routerCopy + routingRecordLayout.size * this.below(1010);
    const [address, length] = this.pick([
      [record, 15 * routingRecordLayout.size],
      [vcpuAddress(this.below(18)), 128],
      [0xe1004000 + 4 * this.below(900), 256],
    ]) as [number, number];
    return this.ask('READ structure', Read.code, [address, length, 2], undefined, { chip });
  }

  private tags(): Question {
    const tag = this.below(8);
    const settings = (this.below(16) << 28) | (this.below(9) << 24) | (this.below(256) << 8);
    const words = this.pick([
      [settings | (1 << 16) | tag, this.word(), this.below(4) === 0 ? 0 : this.word()],
      [(2 << 16) | tag, 1 + this.below(8 - tag)],
      [(2 << 16) | tag, 1 + this.below(8 - tag)],
      [(3 << 16) | tag],
      [4 << 16, 16 + this.below(16)],
      [(this.below(256) << 16) | (16 + this.below(240))],
      [((5 + this.below(250)) << 16) | tag],
    ]);
    return this.ask('IPTAG', IpTagCommand.code, words, undefined, { chip: this.pick(CHIPS) });
  }

  private board(): Question {
    const length = this.below(MOST + 1);
    const place = this.below(0x200);
    return this.pick([
      () => this.ask('INFO', Information.code, [this.word()]),
      () => this.ask('LED', Led.code, [this.below(256)]),
      () => this.ask('SROM', SerialRom.code, [(length << 16) | 32, 0x03000000 + place]),
      () => this.ask('COUNT', Count.code, [this.pick(APPS), this.below(16), this.word()]),
      () => this.ask('SIG', SendSignal.code, [this.pick([1, 3, 7]), this.below(16) << 16]),
      () => this.ask('SYNC', ClockSync.code, [this.below(2)]),
    ])();
  }

  /** Requests that there are not, and some that are cut off. */
  private refused(): Question {
    const core = this.pick([0, 0, 1]);
    const question = this.ask('?', this.pick(UNKNOWN), [this.word()], this.bytes(8), { core });
    const cut = this.below(2) === 0 ? PAYLOAD_AT + this.below(12) : question.datagram.length;
    return { name: question.name, datagram: question.datagram.subarray(0, cut) };
  }
}

/**
 * A reply as far as it is defined: its padding is what the sender's stack held, its tag depends on what was
 * answered when, the ticks that an IPTag has left on the moment; SC&MP 4.0 leaves links of boards unused, and of
 * several shortest ways to the root takes that by which it heard first.
 */
export function defined(name: string, reply: Uint8Array): string {
  const bytes = Uint8Array.from(reply);
  bytes.fill(0, 0, 2);
  bytes[TAG_AT] = 0;
  if (name.startsWith('IPTAG')) {
    for (let at = PAYLOAD_AT + TAG_TIME_AT; at < bytes.length; at += TAG_BYTES) {
      bytes.fill(0, at, at + 2);
    }
  }
  if (name.startsWith('INFO') && bytes.length > PAYLOAD_AT) {
    bytes[PAYLOAD_AT + 1] = (bytes[PAYLOAD_AT + 1] as number) & 0xc0;
    bytes[bytes.length - 2] = 0;
  }
  return Buffer.from(bytes).toString('hex');
}
