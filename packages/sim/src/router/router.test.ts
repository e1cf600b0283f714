import fc from 'fast-check';
import t from 'tap';
import type { Packet } from '../core/core.js';
import { CorePort } from './core-port.js';
import { DEFAULT_FILTERS } from './diagnostics.js';
import { Link } from './link.js';
import { PointToPointTable } from './point-to-point.js';
import { LOCAL_PORT, Router } from './router.js';
import { NO_MATCH, RoutingTable } from './routing-table.js';
import { HOP_NS, LONG_PACKET_NS, ROUTER_TO_CORE_NS, SHORT_PACKET_NS } from './timing.js';
import { waitClocks } from './wait-time.js';

const MULTICAST_WITH_PAYLOAD = 0x02;
const multicast = (key: number, payload?: number): Packet => ({
  control: payload === undefined ? 0 : MULTICAST_WITH_PAYLOAD,
  key,
  payload,
});
const core = (id: number): number => 1 << (6 + id);

/** A core that takes packets only when told to. */
class Receiver {
  time = 0;
  asleep = true;
  nextEvent = Number.POSITIVE_INFINITY;
  takes = true;
  readonly taken: { key: number; route: number; at: number }[] = [];

  constructor(readonly id: number) {}

  run(until: number, _limit?: number): void {
    this.time = until;
  }

  deliver({ key }: Packet, route: number, at: number): boolean {
    if (this.takes) this.taken.push({ key, route, at });
    return this.takes;
  }

  setInterrupt(): void {}
}

const found = (address: number): number => (address === 0x0102 ? 2 : address === 0 ? 7 : 6);

/** A router alone, with what left it. */
function alone(table = new PointToPointTable(found)) {
  const links = Array.from(
    { length: 6 },
    (_, link) => new Link(link === 5 ? -1 : link, link === 4),
  );
  const ports = Array.from({ length: 18 }, () => new CorePort());
  const sent: { link: number; key: number; at: number }[] = [];
  /** Emergency fields of what was sent. */
  const fields: number[] = [];
  const released: number[] = [];
  const retries: number[] = [];
  const router = new Router({
    links,
    ports,
    monitor: () => 0,
    pointToPoint: (address) => table.entry(address),
    sendOn: (link, { key, control }, at) => {
      sent.push({ link, key, at });
      fields.push((control >>> 4) & 3);
    },
    release: (link) => released.push(link),
    wakeCore: () => undefined,
    retryAt: (at) => retries.push(at),
    dropped: () => undefined,
    access: (request) => request,
  });
  DEFAULT_FILTERS.forEach((filter, counter) => {
    router.diagnostics.setFilter(counter, filter);
  });
  router.diagnostics.control = 0xffff;
  const set = (entry: number, key: number, mask: number, route: number): void => {
    router.table.setKey(entry, key);
    router.table.setMask(entry, mask);
    router.table.setRoute(entry, route);
  };
  const from = (port: number, packet: Packet, time: number): void => {
    if (port === LOCAL_PORT) router.inject();
    router.arrive(packet, port, time);
  };
  return { router, links, ports, sent, fields, released, retries, set, from };
}

t.test('the first entry that matches counts, whatever was asked before', async (t) => {
  const entry = fc.record({
    index: fc.nat(1023),
    key: fc.nat(255),
    mask: fc.nat(255),
    route: fc.nat(0xffffff),
  });
  const property = fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
    const table = new RoutingTable();
    const model = new Map<number, { key: number; mask: number; route: number }>();
    for (const { index, key, mask, route } of entries) {
      table.route(key);
      table.setKey(index, key);
      table.setMask(index, mask);
      table.setRoute(index, route);
      model.set(index, { key, mask, route });
    }
    const rows = [...model].sort(([a], [b]) => a - b).map(([, row]) => row);
    for (let key = 0; key < 256; key++) {
      const expected = rows.find((row) => (key & row.mask) === row.key)?.route ?? NO_MATCH;
      if (table.route(key) !== expected || table.route(key) !== expected) return false;
    }
    return true;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 200 }));
});

t.test('an entry with a key bit outside its mask never matches', async (t) => {
  const table = new RoutingTable();
  table.setKey(3, 0x11);
  table.setMask(3, 0x10);
  table.setRoute(3, 1);
  t.equal(table.route(0x11), NO_MATCH);
  t.equal(table.match(0x10), -1);
});

t.test('a packet without an entry goes straight on', async (t) => {
  const { sent, released, from, router } = alone();
  for (const port of [0, 1, 3, 4, 5]) from(port, multicast(7), 1000 * port);
  t.same(
    sent.map(({ link }) => link),
    [3, 4, 0, 1, 2],
  );
  t.same(released, [0, 1, 3, 4, 5]);
  t.equal(router.diagnostics.counters[1], 5, 'counted as external multicast');
});

t.test('a packet of this chip without an entry is dropped and remembered', async (t) => {
  const { router, sent, from } = alone();
  from(LOCAL_PORT, multicast(0xabc, 5), 0);
  t.equal(sent.length, 0);
  t.equal(router.unrouted, 1);
  t.equal(router.drops.key, 0xabc);
  t.equal(router.drops.payload, 5);
  t.equal(router.drops.readStatus(), 0x80000000);
  t.equal(router.drops.readStatus(), 0, 'reading makes room');
  t.equal(router.diagnostics.counters[8], 1, 'counted as dropped multicast');
});

t.test('a packet goes to all links and cores of its entry at once', async (t) => {
  const { ports, sent, set, from } = alone();
  const receiver = new Receiver(4);
  const port = ports[4] as CorePort;
  port.core = receiver;
  set(0, 0x100, 0xffffff00, 0b11 | core(4) | core(9));
  from(LOCAL_PORT, multicast(0x142), 1000);
  port.run(receiver, 5000);
  t.same(sent, [
    { link: 0, key: 0x142, at: 1000 + HOP_NS },
    { link: 1, key: 0x142, at: 1000 + HOP_NS },
  ]);
  t.same(receiver.taken, [{ key: 0x142, route: LOCAL_PORT, at: 1000 + ROUTER_TO_CORE_NS }]);
  t.equal((ports[9] as CorePort).unclaimed, 1);
});

t.test('a link carries one packet after the other, at the speed of their length', async (t) => {
  const link = new Link(0, false);
  t.equal(link.send(multicast(1), 0), HOP_NS);
  t.equal(link.send(multicast(1, 2), 10), SHORT_PACKET_NS + HOP_NS);
  t.equal(link.send(multicast(1, 2), 20), SHORT_PACKET_NS + LONG_PACKET_NS + HOP_NS);
  t.equal(link.freeAt(30), SHORT_PACKET_NS + LONG_PACKET_NS, 'one more waits beside the wire');
  const crossing = new Link(0, true);
  t.equal(crossing.send(multicast(1), 0), HOP_NS + 900);
  t.equal(crossing.send(multicast(1), 0), 2 * SHORT_PACKET_NS + HOP_NS + 900);
});

t.test(
  'a link without a chip at its end blocks, and after the time-out the packet is dropped',
  async (t) => {
    const { router, links, retries, set, from } = alone();
    set(0, 0, 0, 1 << 5);
    from(0, multicast(1), 0);
    for (let look = retries.shift(); look !== undefined; look = retries.shift()) router.retry(look);
    t.equal(router.timedOut, 1);
    t.equal((links[5] as Link).dropped, 1);
    t.equal(router.drops.outputs, 1 << 5);
    t.equal(router.drops.header, 0);
  },
);

t.test('only the packet in front waits for the time-out', async (t) => {
  const { router, ports, retries, set, from, sent } = alone();
  const receiver = new Receiver(2);
  receiver.takes = false;
  const port = ports[2] as CorePort;
  port.core = receiver;
  set(0, 1, 0xffffffff, core(2));
  set(1, 2, 0xffffffff, 1);
  for (let packet = 0; packet < 5; packet++) from(LOCAL_PORT, multicast(1), 0);
  from(LOCAL_PORT, multicast(2), 10);
  t.equal(sent.length, 0, 'the one behind is held up');
  let last = 0;
  for (let look = retries.shift(); look !== undefined; look = retries.shift()) {
    last = look;
    router.retry(look);
  }
  t.equal(router.timedOut, 1);
  t.equal(router.blockedByCores, 1);
  t.ok(last >= 1800 && last < 1900, '240 clocks of 7.5 ns');
  t.equal(sent.length, 1, 'the one behind went on then');
  receiver.takes = true;
  port.run(receiver, 10_000);
  t.equal(receiver.taken.length, 4);
});

t.test('a core that takes no packets blocks the router until it does', async (t) => {
  const { router, ports, retries, set, from } = alone();
  const receiver = new Receiver(2);
  const port = ports[2] as CorePort;
  port.core = receiver;
  set(0, 1, 0xffffffff, core(2));
  for (let packet = 0; packet < 6; packet++) from(LOCAL_PORT, multicast(1), 0);
  port.run(receiver, 500);
  for (let look = retries.shift(); look !== undefined; look = retries.shift()) router.retry(look);
  port.run(receiver, 2000);
  t.equal(receiver.taken.length, 6);
  t.equal(router.timedOut, 0);
});

t.test(
  'a core that computes gets a packet at the end of its window, and others at their times from there',
  async (t) => {
    const receiver = new Receiver(2);
    receiver.asleep = false;
    receiver.run = (until, limit = until) => {
      receiver.time = limit;
    };
    const port = new CorePort();
    port.core = receiver;
    port.push(multicast(1), LOCAL_PORT, 700);
    t.ok(port.run(receiver, 1000, 2000), 'a packet comes later');
    t.same([receiver.time, receiver.taken], [2000, []]);
    for (const at of [1900, 2600, 2700, 2800]) port.push(multicast(2), LOCAL_PORT, at);
    t.ok(port.hasRoom, 'what came while it ran ahead takes no room');
    port.push(multicast(2), LOCAL_PORT, 2900);
    t.notOk(port.hasRoom, 'what comes later does');
    port.run(receiver, 3000, 4000);
    t.same(
      receiver.taken.map(({ at }) => at),
      [2000, 2000, 2600, 2700, 2800, 2900],
    );
    t.equal(receiver.time, 3000, 'it keeps in step');
    port.run(receiver, 4500, 6000);
    t.equal(receiver.time, 6000, 'until the next window');
  },
);

t.test('point-to-point packets follow their table, to the monitor at home', async (t) => {
  const { ports, sent, router, from } = alone();
  const monitor = new Receiver(0);
  (ports[0] as CorePort).core = monitor;
  const packet = (address: number): Packet => ({ control: 0x40, key: address, payload: undefined });
  from(LOCAL_PORT, packet(0x0102), 0);
  from(3, packet(0), 0);
  from(LOCAL_PORT, packet(0x0505), 0);
  (ports[0] as CorePort).run(monitor, 1000);
  t.same(
    sent.map(({ link }) => link),
    [2],
  );
  t.equal(monitor.taken.length, 1);
  t.equal(router.unrouted, 1);
  t.same([...router.diagnostics.counters.subarray(2, 4)], [1, 1]);
});

t.test('a written word of the point-to-point table counts, all others are as found', (t) => {
  const table = new PointToPointTable((address) => (address === 0x0107 ? 7 : address & 1));
  t.equal(table.word(0x20), 0b111_000_001_000_001_000_001_000);
  table.setWord(0x20, 0xff123456);
  t.equal(table.word(0x20), 0x123456);
  t.same(
    [0x100, 0x101, 0x107, 0x108].map((address) => table.entry(address)),
    [6, 2, 0, 0],
  );
  const { router, sent, from } = alone(table);
  from(0, { control: 0x40, key: 0x0101, payload: undefined }, 0);
  t.match(sent, [{ link: 2 }]);
  t.equal(router.unrouted, 0);
  t.end();
});

t.test('wait times are decoded as the data sheet says', async (t) => {
  t.equal(waitClocks(0x00), 0);
  t.equal(waitClocks(0x40), 240, 'what SC&MP sets');
  t.equal(waitClocks(0x2f), 108, 'what the boot ROM sets');
  t.equal(waitClocks(0xff), Number.POSITIVE_INFINITY);
});

t.test('with a second wait a packet goes around a blocked link by the two beside it', (t) => {
  const { router, links, sent, set, from } = alone();
  router.wait2 = 0x40;
  set(0, 7, 0xffffffff, 0b1);
  links[0]!.isDown = true;
  from(LOCAL_PORT, multicast(7), 0);
  router.retry(1000);
  t.same(sent, [], 'it waits first');
  links[5]!.isDown = true;
  router.retry(2000);
  t.equal(router.timedOut, 0, 'link 5 leads nowhere: it goes on waiting');
  const open = alone();
  open.router.wait2 = 0x40;
  open.set(0, 7, 0xffffffff, 0b11);
  open.links[1]!.isDown = true;
  open.from(LOCAL_PORT, multicast(7), 0);
  open.router.retry(2000);
  t.match(open.sent, [{ link: 0, key: 7 }]);
  t.same(open.fields, [1], 'also meant for the chip in between');
  t.end();
});

t.test(
  'a packet that is on its way around a link goes on by the next and ends in its direction',
  (t) => {
    const { sent, fields, set, from } = alone();
    const first = (field: number) => ({ control: field << 4, key: 9, payload: undefined });
    from(3, first(2), 0);
    t.match(sent.at(-1), { link: 2, key: 9 });
    t.same(fields, [3]);
    set(0, 9, 0xffffffff, 0b1);
    from(3, first(1), 1e6);
    t.same(
      sent.slice(1).map(({ link }) => link),
      [0, 2],
      'also routed by the table',
    );
    t.same(fields, [3, 0, 3]);
    from(0, { control: 3 << 4, key: 10, payload: undefined }, 2e6);
    t.match(sent.at(-1), { link: 2, key: 10 }, 'two links on from where it came');
    t.equal(fields.at(-1), 0);
    t.end();
  },
);

t.test('a packet that a core sends as if from a link is routed on from there', (t) => {
  const { router, sent, released, from } = alone();
  from(LOCAL_PORT, { control: 0 | (2 << 8), key: 11, payload: undefined }, 0);
  t.match(sent, [{ link: 4, key: 11 }], 'link 1 leads on to link 4');
  t.same(released, [], 'no room at the link is given back');
  t.ok(router.takesInjection);
  t.end();
});
