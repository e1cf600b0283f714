import { spin5 } from '@spin-tools/machine-model';
import { graphBuilder, map } from '@spin-tools/nn-mapper';
import t from 'tap';
import { machineMessage } from '../../src/view/machine-message.js';
import { Nets } from './nets.js';

const about = { name: 'a board', software: '', tellsAll: true };
const ALL = 0xffffffff;

/** Index of a chip of a SpiNN-5. */
const chipOf = (machine: ReturnType<typeof spin5>, x: number, y: number): number =>
  machine.chips.findIndex((chip) => chip.x === x && chip.y === y);

t.test('the nets of tables are those that were mapped, with all their sinks', async (t) => {
  const machine = spin5();
  const graph = graphBuilder();
  const vertices = Array.from({ length: 300 }, (_, index) =>
    graph.addVertex({ name: `v${index}` }),
  );
  const sinksOf = (net: number) => [
    ...new Set([1, 7, 61, 113].map((step) => (net * 17 + step * 31) % vertices.length)),
  ];
  for (let net = 0; net < 40; net++) {
    graph.addNet({ name: `n${net}`, source: net * 7, sinks: sinksOf(net) });
  }
  const mapping = map(graph.build(), machine);
  const tables = new Map(
    mapping
      .tables()
      .map(({ x, y, entries }) => [
        chipOf(machine, x, y),
        Uint32Array.from(entries.flatMap(({ key, mask, route }) => [key, mask, route])),
      ]),
  );
  machine.chips.forEach((_, chip) => {
    if (!tables.has(chip)) tables.set(chip, new Uint32Array(0));
  });
  const nets = new Nets(machineMessage(machine, about), tables);
  for (let net = 0; net < 40; net++) {
    const { x, y } = mapping.placement(net * 7);
    const { sinks, broken, unknown } = nets.trace(chipOf(machine, x, y), mapping.key(net).key);
    const reached = sinks.flatMap(({ chip, cores }) =>
      Array.from({ length: 18 }, (_, core) => core)
        .filter((core) => (cores >>> core) & 1)
        .map((core) => `${machine.chips[chip]!.x},${machine.chips[chip]!.y},${core}`),
    );
    const wanted = sinksOf(net).map((vertex) => {
      const place = mapping.placement(vertex);
      return `${place.x},${place.y},${place.core}`;
    });
    t.strictSame(reached.sort(), wanted.sort(), `net ${net}`);
    t.strictSame([broken, unknown], [[], []]);
  }
  t.equal(nets.startingOn(tables.keys()).length, 40, 'each begins once');
});

t.test('packets without an entry go straight on, and end at a dead link', async (t) => {
  const machine = spin5({ deadLinks: [{ x: 3, y: 0, link: 0 }] });
  const at = (x: number) => chipOf(machine, x, 0);
  const tables = new Map(machine.chips.map((_, chip) => [chip, new Uint32Array(0)]));
  tables.set(at(0), Uint32Array.of(1, ALL, 1));
  const nets = new Nets(machineMessage(machine, about), tables);
  const { hops, sinks, broken } = nets.trace(at(0), 1);
  t.strictSame(
    hops.map(({ next }) => next),
    [at(1), at(2), at(3)],
  );
  t.strictSame(sinks, []);
  t.strictSame(broken, [{ chip: at(3), link: 0 }]);
});

t.test(
  'tables that send packets in a circle are followed once, unknown ones end the way',
  async (t) => {
    const machine = spin5();
    const at = (x: number, y: number) => chipOf(machine, x, y);
    const tables = new Map([
      [at(0, 0), Uint32Array.of(1, ALL, 0b100)],
      [at(0, 1), Uint32Array.of(1, ALL, 0b100001)],
    ]);
    const { hops, unknown } = new Nets(machineMessage(machine, about), tables).trace(at(0, 0), 1);
    t.equal(hops.length, 3);
    t.strictSame(unknown, [at(1, 1)]);
  },
);
