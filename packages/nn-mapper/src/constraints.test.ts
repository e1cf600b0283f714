import { spin5, triads } from '@spin-tools/machine-model';
import t from 'tap';
import {
  allocateTags,
  bitFields,
  graphBuilder,
  graphFromJson,
  graphToJson,
  map,
  type Placer,
  type TagRequest,
} from './index.js';

const PLACERS: readonly Placer[] = ['sequential', 'hilbert', 'bisection', 'annealing'];

t.test('reserved cores and SDRAM stay free, on one chip or on all', async (t) => {
  const graph = graphBuilder();
  for (let index = 0; index < 200; index++)
    graph.addVertex({ name: `v${index}`, sdramBytes: 2 ** 20 });
  const built = graph.build();
  const reserved = [
    { cores: [1] },
    { chip: { x: 0, y: 0 }, cores: [2, 3] },
    { chip: { x: 1, y: 0 }, sdramBytes: 117 * 2 ** 20 - 2 ** 21 },
  ];
  for (const placer of PLACERS) {
    const mapping = map(built, spin5(), { placer, effort: 0.1, reserved });
    const places = [...Array(200).keys()].map((vertex) => mapping.placement(vertex));
    t.notOk(
      places.some(({ core }) => core === 1),
      placer,
    );
    t.notOk(places.some(({ x, y, core }) => x === 0 && y === 0 && core < 4));
    t.ok(places.filter(({ x, y }) => x === 1 && y === 0).length <= 2);
  }
  const refused = (reservation: object) => () => map(built, spin5(), { reserved: [reservation] });
  t.throws(refused({ chip: { x: 7, y: 0 } }), {
    name: 'InvalidReservationError',
    message: /absent/,
  });
  t.throws(refused({ cores: [0] }), /a core that is not from 1 to 17/);
  t.throws(refused({ sdramBytes: -1 }), /sdramBytes of 0 or more/);
});

t.test('a vertex near ethernet gets an ethernet chip, or the closest with room', async (t) => {
  const graph = graphBuilder();
  for (let index = 0; index < 400; index++) graph.addVertex({ name: `v${index}` });
  const gateways = [...Array(60).keys()].map((index) =>
    graph.addVertex({ name: `gateway ${index}`, nearEthernet: true }),
  );
  const machine = triads({ width: 1, height: 1 });
  for (const placer of PLACERS) {
    const mapping = map(graph.build(), machine, { placer, effort: 0.05 });
    const chips = gateways
      .map((vertex) => mapping.placement(vertex))
      .map(({ x, y }) => `${x},${y}`);
    t.ok(
      ['0,0', '4,8', '8,4'].every((chip) => chips.includes(chip)),
      placer,
    );
    t.ok(new Set(chips).size <= 4);
  }
});

t.test('all constraints survive JSON of the version that is read', async (t) => {
  const graph = graphBuilder();
  const one = graph.addVertex({ name: 'one', nearEthernet: true });
  const two = graph.addVertex({ name: 'two', near: one, cores: 2 });
  graph.addVertex({ name: 'three', chip: { x: 1, y: 1 }, core: 4 });
  graph.sameChip([one, two]);
  graph.addNet({ name: 'net', source: one, sinks: [two] });
  const built = graph.build();
  const json = JSON.parse(JSON.stringify(graphToJson(built)));
  t.equal(json.version, 1);
  t.same(graphFromJson(json), built);
  t.throws(() => graphFromJson({ ...json, version: 2 }), /has version 2; .* reads version 1/);
});

t.test('keys of nets are made of the fields that a user names', async (t) => {
  const fields = bitFields({ population: 4, slice: 3, neuron: 8 });
  t.equal(fields.bits, 15);
  t.same(fields.keys({ population: 5 }), { offset: 5 << 11, bits: 11 });
  t.same(fields.keys({ population: 5, slice: 6 }), { offset: (5 << 11) | (6 << 8), bits: 8 });
  t.same(fields.values((5 << 11) | (6 << 8) | 200), { population: 5, slice: 6, neuron: 200 });
  t.throws(() => fields.keys({ slice: 1 }), /key field "slice" is given, but one before it is not/);
  t.throws(() => fields.keys({ population: 16 }), /key field "population" is 16; .* 0 to 15/);
  t.throws(() => bitFields({ a: 20, b: 13 }), /have 33 bits/);

  const graph = graphBuilder();
  const vertex = graph.addVertex({ name: 'v' });
  graph.addKeyPartition({ name: 'spikes', bits: fields.bits, fixedKey: 0x40000 });
  const net = graph.addNet({
    name: 'n',
    source: vertex,
    sinks: [vertex],
    keys: { partition: 'spikes', ...fields.keys({ population: 2, slice: 1 }) },
  });
  const { key, mask } = map(graph.build(), spin5()).key(net);
  t.equal(key, 0x40000 | (2 << 11) | (1 << 8));
  t.equal(mask, 0xffffff00);
});

/** Vertices fixed to the origins of the three boards of a triad. */
function tagsOf(requests: (vertices: readonly number[]) => readonly TagRequest[]) {
  const graph = graphBuilder();
  const chips = [
    { x: 0, y: 0 },
    { x: 8, y: 4 },
    { x: 4, y: 8 },
  ];
  const vertices = chips.map((chip, index) => graph.addVertex({ name: `v${index}`, chip }));
  const built = graph.build();
  const { topology, placement } = map(built, triads({ width: 1, height: 1 })).stages;
  return allocateTags(built, topology, placement, requests(vertices)).map(({ x, y, tag }) => [
    x,
    y,
    tag,
  ]);
}

t.test('tags are those of the board, shared where they lead to one place', async (t) => {
  const tags = tagsOf(([a, b]) => [
    { kind: 'ip', vertex: a!, host: 'here', port: 5000 },
    { kind: 'ip', vertex: a!, host: 'here', port: 5000 },
    { kind: 'ip', vertex: a!, host: 'here', port: 5000, strip: true },
    { kind: 'ip', vertex: b!, host: 'here', port: 5000 },
    { kind: 'reverse', vertex: a!, port: 6000 },
    { kind: 'reverse', vertex: a!, port: 6000, sdpPort: 2 },
  ]);
  t.same(tags, [
    [0, 0, 1],
    [0, 0, 1],
    [0, 0, 2],
    [8, 4, 1],
    [0, 0, 3],
    [4, 8, 1],
  ]);
});

t.test('a full board borrows tags of others, and a full machine says so', async (t) => {
  const toPorts =
    (count: number) =>
    ([a]: readonly number[]) =>
      [...Array(count).keys()].map((index) => ({
        kind: 'ip' as const,
        vertex: a!,
        host: 'here',
        port: 5000 + index,
      }));
  const boards = tagsOf(toPorts(21)).map(([x, y]) => `${x},${y}`);
  t.same([...new Set(boards)].length, 3);
  t.same(boards.slice(0, 7), Array(7).fill('0,0'));
  t.throws(() => tagsOf(toPorts(22)), {
    name: 'TagShortageError',
    vertex: 'v0',
    boards: 3,
    message: /A board has 7/,
  });
  t.throws(() => tagsOf(([a]) => [{ kind: 'reverse', vertex: a!, port: 0 }]), /port 0; give 1/);
});
