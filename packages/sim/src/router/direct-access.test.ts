import { spin3 } from '@spin-tools/machine-model';
import t from 'tap';
import { type Chip, MONITOR_ACCESS } from '../chip/chip.js';
import type { Packet } from '../core/core.js';
import { ProgramCore } from '../core/program-core.js';
import { Network } from '../machine/network.js';

const MONITOR = 0;
const LINK = 2;

/** Two neighbours; the first one's monitor sends a packet and notes what comes back. */
function neighbours() {
  const network = new Network(spin3());
  const [near, far] = [network.chips[0]!, network.chips[network.chips[0]!.links[LINK]!.target]!];
  const answers: { packet: Packet; route: number }[] = [];
  near.setMonitor(MONITOR);
  far.setMonitor(MONITOR);
  let outgoing: Packet | undefined;
  const core = new ProgramCore(MONITOR, near, {
    interrupt: (_, context) => {
      context.send(outgoing as Packet);
      return 100;
    },
    packet: (packet, route) => {
      answers.push({ packet, route });
      return 100;
    },
  });
  near.setCore(MONITOR, core);
  const ask = (packet: Packet) => {
    outgoing = packet;
    near.systemController.setInterrupts(1, true);
    near.systemController.setInterrupts(1, false);
    const until = network.scheduler.time + 20_000;
    while (network.scheduler.nextTime < until) network.scheduler.runQuantum();
    network.scheduler.skipTo(until);
    return answers.splice(0);
  };
  return { near, far, ask };
}

const peek = (key: number): Packet => ({ control: 0xa0 | (LINK << 2), key, payload: undefined });
const poke = (key: number, payload: number): Packet => ({
  ...{ control: 0xa2 | (LINK << 2), key, payload },
});
const odd = ({ control, key, payload = 0 }: Packet) =>
  [control, key, payload].reduce(
    (sum, word) => sum + word.toString(2).replaceAll('0', '').length,
    0,
  ) %
    2 ===
  1;

t.test('a word of a neighbour is read without any core', async (t) => {
  const { far, ask } = neighbours();
  far.write(MONITOR_ACCESS, 0x60000100, 0xcafebabe, 4);
  const [answer, ...more] = ask(peek(0x60000100));
  t.same(more, []);
  t.equal(answer?.route, LINK);
  t.equal(answer?.packet.key, 0x60000101);
  t.equal(answer?.packet.payload, 0xcafebabe);
  t.equal(answer && odd(answer.packet), true);
});

t.test('a word of a neighbour is written, and that is acknowledged', async (t) => {
  const { far, ask } = neighbours();
  const [answer] = ask(poke(0xf5000200, 0x12345678));
  t.equal(answer?.packet.key, 0xf5000201);
  t.equal(answer?.packet.payload, undefined);
  t.equal(far.read(MONITOR_ACCESS, 0xf5000200, 4), 0x12345678);
});

t.test(
  'devices answer too, and System RAM shows where cores have their own memories',
  async (t) => {
    const { far, ask } = neighbours();
    t.equal(ask(peek(0xf2000000))[0]?.packet.payload, 0x59111012);
    far.write(MONITOR_ACCESS, 0xf5000040, 7, 4);
    t.equal(ask(peek(0x00008040))[0]?.packet.payload, 7);
  },
);

t.test('a failed access is answered as failed', async (t) => {
  const { ask } = neighbours();
  t.equal(ask(peek(0x50000000))[0]?.packet.key, 0x50000003);
  t.equal(ask(peek(0xf1008000))[0]?.packet.key, 0xf1008003, 'keys of the router cannot be read');
  const [answer] = ask(poke(0xf6000000, 1));
  t.equal(answer?.packet.key, 0xf6000003);
  t.equal(answer?.packet.payload, undefined);
});

t.test(
  'without a link, packets for neighbours take those of the fixed-route register',
  async (t) => {
    const { near, ask } = neighbours();
    const broadcast = { control: 0x80 | (6 << 2), key: 0, payload: undefined };
    const sent = () => near.links.map(({ packets }) => packets);
    const before = sent();
    near.write(MONITOR_ACCESS, 0xf1000084, (0b000101 << 26) >>> 0, 4);
    ask(broadcast);
    t.same(
      sent().map((count, link) => count - (before[link] as number)),
      [1, 0, 1, 0, 0, 0],
    );
  },
);

t.test(
  'packets that no entry matches go to the monitor, or nowhere, when the router says so',
  async (t) => {
    const multicast = { control: 0, key: 0x77, payload: undefined };
    const entry = (chip: Chip, route: number) => {
      chip.router.table.setKey(0, 0x77);
      chip.router.table.setMask(0, 0xffffffff);
      chip.router.table.setRoute(0, route);
    };
    const { near, far, ask } = neighbours();
    entry(near, 1 << LINK);
    const arrival = (LINK + 3) % 6;
    const taken = () => far.ports[MONITOR]!.unclaimed;
    far.write(MONITOR_ACCESS, 0xf1000080, 1 << (2 * arrival), 4);
    ask(multicast);
    t.equal(taken(), 1);
    far.write(MONITOR_ACCESS, 0xf1000080, 2 << (2 * arrival), 4);
    ask(multicast);
    t.equal(taken(), 1);
    t.equal(far.router.unrouted, 1);
  },
);
