import { env } from 'node:process';
import { LINKS, neighbour, oppositeLink, spin5, triads } from '@spin-tools/machine-model';
import fc from 'fast-check';
import t from 'tap';
import {
  allocateKeys,
  type Graph,
  graphBuilder,
  graphFromColumns,
  ImpossiblePlacementError,
  MachineTooSmallError,
  type MapOptions,
  type Mapping,
  map,
  type Placer,
  type Router,
  UnreachableSinkError,
  verify,
} from './index.js';
import type { MappableMachine } from './machine/topology.js';
import { type Random, randomIndex, seededRandom } from './random.js';

const MEBIBYTE = 2 ** 20;

interface Torus {
  readonly width: number;
  readonly height: number;
  readonly wrap?: boolean;
  readonly deadChips?: readonly number[];
  readonly deadLinks?: readonly number[];
  readonly cores?: number;
  readonly sdramBytes?: number;
}

/** A rectangle of chips; dead chips and (one-way) links by index, modulo their number. */
function rectangle({
  width,
  height,
  wrap = true,
  deadChips = [],
  deadLinks = [],
  cores = 18,
  sdramBytes = 117 * MEBIBYTE,
}: Torus): MappableMachine {
  const count = width * height;
  const isDeadChip = (chip: number) => deadChips.some((dead) => dead % count === chip);
  const isDeadLink = (link: number) => deadLinks.some((dead) => dead % (count * LINKS) === link);
  const chips = [...Array(count).keys()]
    .filter((chip) => !isDeadChip(chip))
    .map((chip) => ({
      x: chip % width,
      y: Math.floor(chip / width),
      links: [0, 1, 2, 3, 4, 5].filter((link) => !isDeadLink(chip * LINKS + link)),
      cores,
      sdramBytes,
    }));
  return { width, height, wrapX: wrap, wrapY: wrap, chips };
}

/** Vertices, and for each net its source and sinks; every net has its own 4 keys. */
function netlist(vertices: number, nets: readonly (readonly [number, readonly number[]])[]): Graph {
  const graph = graphBuilder();
  for (let vertex = 0; vertex < vertices; vertex++) {
    graph.addVertex({ name: `v${vertex}`, sdramBytes: MEBIBYTE });
  }
  graph.addKeyPartition({ name: 'all', bits: 24 });
  nets.forEach(([source, sinks], net) => {
    const keys = { partition: 'all', offset: net * 4, bits: 2 };
    graph.addNet({ name: `n${net}`, source, sinks, keys });
  });
  return graph.build();
}

/** One net from every vertex to `fanOut` others. */
function randomNets(vertices: number, fanOut: number, seed: number): Graph {
  const random = seededRandom(seed);
  const sinks = () => [...Array(fanOut)].map(() => randomIndex(random, vertices));
  return netlist(
    vertices,
    [...Array(vertices).keys()].map((source) => [source, sinks()] as const),
  );
}

/** A mapping, or nothing when the machine is too small for it. */
function mapOrRefuse(
  graph: Graph,
  machine: MappableMachine,
  options: MapOptions,
): Mapping | undefined {
  try {
    return map(graph, machine, options);
  } catch (error) {
    if (error instanceof MachineTooSmallError) return undefined;
    if (error instanceof ImpossiblePlacementError) return undefined;
    throw error;
  }
}

const randomNetlist = fc.integer({ min: 1, max: 120 }).chain((vertices) => {
  const vertex = fc.nat({ max: vertices - 1 });
  const net = fc.tuple(vertex, fc.array(vertex, { minLength: 1, maxLength: 40 }));
  return fc.record({ vertices: fc.constant(vertices), nets: fc.array(net, { maxLength: 60 }) });
});

const randomMachine = fc.record({
  width: fc.integer({ min: 4, max: 8 }),
  height: fc.integer({ min: 4, max: 8 }),
  wrap: fc.boolean(),
  deadChips: fc.array(fc.nat({ max: 63 }), { maxLength: 5 }),
  deadLinks: fc.array(fc.nat({ max: 383 }), { maxLength: 20 }),
});

const PLACERS: readonly Placer[] = [
  'sequential',
  'hilbert',
  'breadth-first',
  'bisection',
  'annealing',
];

const ROUTERS: readonly Router[] = ['exploring', 'balanced'];

t.test('random graphs on random machines with dead parts reach exactly their sinks', async (t) => {
  let mapped = 0;
  fc.assert(
    fc.property(
      randomNetlist,
      randomMachine,
      fc.constantFrom(...PLACERS),
      fc.constantFrom(...ROUTERS),
      fc.constantFrom('always' as const, 'never' as const),
      ({ vertices, nets }, shape, placer, router, minimise) => {
        const options = { placer, router, minimise, effort: 0.1, verify: true };
        try {
          map(netlist(vertices, nets), rectangle(shape), options);
          mapped++;
        } catch (error) {
          if (!(error instanceof UnreachableSinkError)) throw error;
        }
      },
    ),
    { numRuns: 100 },
  );
  t.ok(mapped > 80, `${mapped} of 100 machines were connected`);
});

/** Up to a tenth of all chips, links (both ways) and cores of a machine, dead. */
function wornMachine(random: Random): MappableMachine {
  const [width, height] = [4 + randomIndex(random, 13), 4 + randomIndex(random, 13)];
  const wrap = random() < 0.5;
  const share = random() / 10;
  const count = width * height;
  const isDead = Array.from({ length: count }, () => random() < share);
  const links = Array.from({ length: count }, () => 0b111111);
  const torus = { width, height, wrapX: wrap, wrapY: wrap };
  for (let chip = 0; chip < count; chip++) {
    for (let link = 0; link < LINKS / 2; link++) {
      if (random() >= share) continue;
      const at = { x: chip % width, y: Math.floor(chip / width) };
      const next = neighbour(torus, at, link);
      links[chip] = links[chip]! & ~(1 << link);
      if (next) links[next.x + next.y * width]! &= ~(1 << oppositeLink(link));
    }
  }
  const chips = [...Array(count).keys()]
    .filter((chip) => !isDead[chip])
    .map((chip) => ({
      x: chip % width,
      y: Math.floor(chip / width),
      links: [0, 1, 2, 3, 4, 5].filter((link) => links[chip]! & (1 << link)),
      cores: 18 - [...Array(17)].filter(() => random() < share).length,
      sdramBytes: 117 * MEBIBYTE,
    }));
  return { ...torus, chips };
}

/** Chips that packets can get to from a chip, by place. */
function reachableFrom(machine: MappableMachine, start: { x: number; y: number }): Set<string> {
  const byPlace = new Map(machine.chips.map((chip) => [`${chip.x},${chip.y}`, chip]));
  const seen = new Set([`${start.x},${start.y}`]);
  for (const place of seen) {
    const chip = byPlace.get(place)!;
    for (const link of chip.links) {
      const next = neighbour(machine, chip, link);
      if (next && byPlace.has(`${next.x},${next.y}`)) seen.add(`${next.x},${next.y}`);
    }
  }
  return seen;
}

const WORN_MACHINES = env.SPIN_TOOLS_LARGE === '1' ? 1000 : 25;

t.test(
  `graphs on ${WORN_MACHINES} worn machines verify, or are refused for the right reason`,
  async (t) => {
    const random = seededRandom(20_26);
    const outcomes = { mapped: 0, tooSmall: 0, cutOff: 0 };
    for (let trial = 0; trial < WORN_MACHINES; trial++) {
      const machine = wornMachine(random);
      const cores = machine.chips.reduce((sum, chip) => sum + chip.cores - 1, 0);
      const vertices = 1 + randomIndex(random, Math.ceil(1.1 * cores));
      const graph = randomNets(vertices, 1 + randomIndex(random, 8), trial);
      const options = {
        placer: PLACERS[trial % 4]!,
        router: ROUTERS[trial % 2]!,
        minimise: trial % 3 === 0 ? ('always' as const) : ('when-needed' as const),
        verify: true,
      };
      try {
        map(graph, machine, options);
        outcomes.mapped++;
        t.ok(vertices <= cores, `trial ${trial}`);
      } catch (error) {
        if (error instanceof MachineTooSmallError) {
          t.ok(vertices > cores, `trial ${trial}: ${vertices} vertices, ${cores} cores`);
          t.same([error.coresNeeded, error.coresAvailable], [vertices, cores], `trial ${trial}`);
          outcomes.tooSmall++;
        } else if (error instanceof UnreachableSinkError) {
          const { from, to } = error;
          t.notOk(reachableFrom(machine, from).has(`${to.x},${to.y}`), `trial ${trial}`);
          outcomes.cutOff++;
        } else throw error;
      }
    }
    t.comment(outcomes);
    t.ok(outcomes.mapped > 0.7 * WORN_MACHINES);
  },
);

t.test('boards and triads with dead parts are mapped onto', async (t) => {
  const dead = {
    deadChips: [{ x: 3, y: 3 }],
    deadLinks: [{ x: 0, y: 0, link: 0 }],
    deadCores: [{ x: 1, y: 1, core: 5 }],
  };
  const graph = randomNets(700, 5, 4);
  for (const machine of [spin5(dead), triads({ width: 1, height: 1, ...dead })]) {
    const { statistics } = map(graph, machine, { verify: true });
    t.equal(statistics.coresUsed, 700);
  }
});

t.test('every vertex has cores and SDRAM of its own, where it asked for them', async (t) => {
  const demand = fc.record({
    cores: fc.integer({ min: 1, max: 3 }),
    sdramBytes: fc.integer({ min: 0, max: 30 * MEBIBYTE }),
    fixed: fc.option(fc.record({ x: fc.nat({ max: 3 }), y: fc.nat({ max: 3 }) })),
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(demand, { maxLength: 30 }),
        fc.constantFrom(...PLACERS),
        (demands, placer) => {
          const graph = graphBuilder();
          demands.forEach(({ cores, sdramBytes, fixed }, index) => {
            graph.addVertex({
              name: `v${index}`,
              cores,
              sdramBytes,
              ...(fixed && { chip: fixed }),
            });
          });
          const mapping = mapOrRefuse(graph.build(), rectangle({ width: 4, height: 4 }), {
            placer,
          });
          if (mapping === undefined) return true;
          const cores = new Set<string>();
          const sdramBytes = new Map<string, number>();
          let allWhereFixed = true;
          demands.forEach((wanted, vertex) => {
            const { x, y, cores: own } = mapping.placement(vertex);
            for (const core of own) cores.add(`${x},${y},${core}`);
            const at = `${x},${y}`;
            sdramBytes.set(at, (sdramBytes.get(at) ?? 0) + wanted.sdramBytes);
            const { fixed } = wanted;
            if (fixed && (x !== fixed.x || y !== fixed.y)) allWhereFixed = false;
          });
          const needed = demands.reduce((total, { cores }) => total + cores, 0);
          const most = Math.max(0, ...sdramBytes.values());
          return allWhereFixed && cores.size === needed && most <= 117 * MEBIBYTE;
        },
      ),
    ),
  );
});

t.test('vertices of one chip share it, and one near another is on it or next to it', async (t) => {
  const graph = graphBuilder();
  const vertices = [...Array(60).keys()].map((index) => graph.addVertex({ name: `v${index}` }));
  const together = [vertices[3]!, vertices[30]!, vertices[59]!];
  graph.sameChip(together);
  const follower = graph.addVertex({ name: 'follower', near: vertices[40]! });
  const mapping = map(graph.build(), rectangle({ width: 4, height: 4, cores: 11 }));
  const chips = together.map((vertex) => mapping.placement(vertex)).map(({ x, y }) => `${x},${y}`);
  t.equal(new Set(chips).size, 1);
  const [leader, near] = [mapping.placement(vertices[40]!), mapping.placement(follower)];
  t.same([near.x, near.y], [leader.x, leader.y]);
});

t.test('a vertex on a fixed core gets it, and the others go round it', async (t) => {
  const graph = graphBuilder();
  const ordinary = graph.addVertex({ name: 'ordinary', chip: { x: 0, y: 0 } });
  const fixed = graph.addVertex({ name: 'fixed', chip: { x: 0, y: 0 }, core: 1 });
  const mapping = map(graph.build(), rectangle({ width: 4, height: 4 }));
  t.equal(mapping.placement(fixed).core, 1);
  t.equal(mapping.placement(ordinary).core, 2);
});

t.test('the same seed gives the same mapping, and another seed another one', async (t) => {
  const graph = randomNets(200, 4, 7);
  const machine = rectangle({ width: 6, height: 6 });
  const explained = (seed: number) => {
    const mapping = map(graph, machine, { placer: 'annealing', effort: 0.1, seed });
    return JSON.stringify(mapping.explain());
  };
  t.equal(explained(5), explained(5));
  t.not(explained(5), explained(6));
});

t.test('routes go round a dead chip with the least hops', async (t) => {
  const graph = graphBuilder();
  const west = graph.addVertex({ name: 'west', chip: { x: 0, y: 1 } });
  const east = graph.addVertex({ name: 'east', chip: { x: 2, y: 1 } });
  const net = graph.addNet({ name: 'net', source: west, sinks: [east] });
  const built = graph.build();
  const whole = { width: 5, height: 5, wrap: false };
  t.equal(map(built, rectangle(whole)).hops(net), 2);
  t.equal(map(built, rectangle({ ...whole, deadChips: [6] })).hops(net), 3);
});

t.test('a torus is crossed the short way round', async (t) => {
  const graph = graphBuilder();
  const source = graph.addVertex({ name: 'source', chip: { x: 0, y: 0 } });
  const sink = graph.addVertex({ name: 'sink', chip: { x: 11, y: 11 } });
  const net = graph.addNet({ name: 'net', source, sinks: [sink] });
  t.equal(map(graph.build(), rectangle({ width: 12, height: 12 })).hops(net), 1);
});

t.test('random nets take no more hops than the loved mapper needs', async (t) => {
  // 1,000 vertices of 8 random sinks each on 12 x 12 chips, the shape of the netlist on which rig's
  // breadth-first placer and neighbour exploring router measured 13,842 hops and 103.1 entries.
  const machine = rectangle({ width: 12, height: 12 });
  const { statistics } = map(randomNets(1000, 8, 1), machine, { placer: 'breadth-first' });
  t.ok(statistics.hops <= 13_842, `${statistics.hops} hops`);
  t.ok(statistics.entries.mean < 103.1, `${statistics.entries.mean} entries`);
});

t.test('annealing shortens the traffic', async (t) => {
  const graph = randomNets(200, 3, 2);
  const machine = rectangle({ width: 6, height: 6 });
  const trafficHops = (placer: Placer) =>
    map(graph, machine, { placer, effort: 0.2 }).statistics.trafficHops;
  t.ok(trafficHops('annealing') < 0.9 * trafficHops('hilbert'));
});

t.test('annealing ends when no net is left to shorten', async (t) => {
  const nets = [
    [0, [17]],
    [17, [0]],
  ] as const;
  const mapping = map(netlist(18, nets), rectangle({ width: 4, height: 4 }), {
    placer: 'annealing',
  });
  t.equal(mapping.statistics.hops, 0);
});

t.test('a budget of seconds is work, so that every host gives the same places', async (t) => {
  const graph = randomNets(200, 3, 2);
  const machine = rectangle({ width: 6, height: 6 });
  const places = (budgetSeconds: number) => {
    const { stages, statistics } = map(graph, machine, { placer: 'annealing', budgetSeconds });
    return { chipOf: [...stages.placement.chipOf], hops: statistics.hops };
  };
  t.same(places(0.05), places(0.05));
  t.ok(places(0.2).hops < places(0.001).hops, 'more of it gives fewer hops');
});

t.test('dividing the machine keeps neighbours of a grid together', async (t) => {
  const side = 40;
  const nets = [...Array(side * side).keys()].map((source) => {
    const [x, y] = [source % side, Math.floor(source / side)];
    const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [x + dx, y + dy] as const));
    const inside = around.filter(([a, b]) => a >= 0 && b >= 0 && a < side && b < side);
    return [source, inside.map(([a, b]) => b * side + a)] as const;
  });
  const graph = netlist(side * side, nets);
  const machine = rectangle({ width: 12, height: 12 });
  const hops = (placer: Placer) => map(graph, machine, { placer }).statistics.hops;
  t.ok(hops('bisection') < 0.7 * hops('hilbert'));
});

t.test('layers that talk all to all share trees and fit the routers many times', async (t) => {
  const nets = [...Array(600).keys()].map((source) => {
    const layer = Math.floor(source / 200) + 1;
    return [source, [...Array(200).keys()].map((sink) => layer * 200 + sink)] as const;
  });
  const { statistics } = map(netlist(800, nets), rectangle({ width: 12, height: 12 }), {
    minimise: 'always',
  });
  t.ok(statistics.completeEntries.most > 200);
  t.ok(statistics.entries.most < 16, `${statistics.entries.most} entries`);
});

t.test('thousands of senders to one sink fit its router', async (t) => {
  const graph = graphBuilder();
  const tiles = [...Array(2000).keys()].map((index) => graph.addVertex({ name: `tile ${index}` }));
  const sequencer = graph.addVertex({ name: 'sequencer' });
  graph.addKeyPartition({ name: 'done', bits: 16 });
  for (const tile of tiles) {
    const keys = { partition: 'done', offset: tile };
    graph.addNet({ name: `done ${tile}`, source: tile, sinks: [sequencer], keys });
  }
  graph.addNet({ name: 'control', source: sequencer, sinks: tiles });
  const { statistics } = map(graph.build(), rectangle({ width: 12, height: 12 }));
  t.ok(statistics.completeEntries.most > 1023);
  t.ok(statistics.entries.most <= 1023);
});

t.test('a table with a fault in any row is caught', async (t) => {
  const { stages } = map(randomNets(50, 3, 3), rectangle({ width: 4, height: 4, cores: 5 }));
  const { graph, topology, placement, keys, complete } = stages;
  const isFaulty = (change: Partial<typeof complete>) =>
    verify(graph, topology, placement, keys, { ...complete, ...change }).length > 0;
  const withRow = (column: Uint32Array, row: number, value: number) =>
    column.map((old, index) => (index === row ? value : old));
  t.notOk(isFaulty({}), 'none when left alone');
  t.ok(isFaulty({ mask: withRow(complete.mask, 0, 0) }), 'an entry that takes everything');
  const missed = [...complete.route].filter((route, row) => {
    const changed = route ^ (1 << (row % 24));
    return !isFaulty({ route: withRow(complete.route, row, changed) });
  });
  t.same(missed, [], 'changed routes that passed');
});

t.test('keys of all nets are disjoint, aligned and inside their partitions', async (t) => {
  const partitions = fc.array(
    fc.record({ bits: fc.nat({ max: 10 }), extra: fc.nat({ max: 10 }) }),
    { minLength: 1, maxLength: 30 },
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(partitions, fc.nat({ max: 200 }), (wanted, fixed) => {
        const graph = graphBuilder();
        graph.addVertex({ name: 'v' });
        graph.addKeyPartition({ name: 'fixed', bits: 12, fixedKey: fixed * 2 ** 12 });
        wanted.forEach(({ bits, extra }, index) => {
          const name = `p${index}`;
          graph.addKeyPartition({ name, bits, alignBits: bits + extra });
          graph.addNet({ name, source: 0, sinks: [0], keys: { partition: name, bits } });
        });
        const mapping = map(graph.build(), rectangle({ width: 4, height: 4 }));
        const ranges = [...wanted.keys()].map((net) => mapping.key(net));
        ranges.push(mapping.partitionKey('fixed'));
        ranges.sort((a, b) => a.key - b.key);
        const disjoint = ranges.every(({ key }, index) => {
          const before = ranges[index - 1];
          return before === undefined || (before.key | ~before.mask) >>> 0 < key;
        });
        const aligned = wanted.every(
          ({ bits, extra }, net) => mapping.key(net).key % 2 ** (bits + extra) === 0,
        );
        return disjoint && aligned && mapping.partitionKey('fixed').key === fixed * 2 ** 12;
      }),
    ),
  );
});

/** Layers that talk all to all, without keys; the nets of each start at one layer and end at the next. */
function layers(count: number, width: number, keyBits?: number): Graph {
  const graph = graphBuilder();
  for (let unit = 0; unit < count * width; unit++) graph.addVertex({ name: `v${unit}` });
  for (let unit = 0; unit < (count - 1) * width; unit++) {
    const above = (Math.floor(unit / width) + 1) * width;
    const sinks = [...Array(width).keys()].map((index) => above + index);
    const name = `n${unit}`;
    if (keyBits !== undefined) graph.addKeyPartition({ name, bits: keyBits });
    const keys = keyBits === undefined ? {} : { keys: { partition: name, bits: keyBits } };
    graph.addNet({ name, source: unit, sinks, ...keys });
  }
  return graph.build();
}

t.test(
  'keys of nets with the same sinks are one aligned range, where there are enough',
  async (t) => {
    const keysOfLayers = (count: number, keyBits?: number) => {
      const { keys } = map(layers(count, 40, keyBits), rectangle({ width: 6, height: 6 })).stages;
      const firsts = [...Array(count - 1).keys()].map((layer) => layer * 40);
      return firsts.map((first) => [...keys.netKey.subarray(first, first + 40)]);
    };
    const range = (start: number, step: number) =>
      [...Array(40).keys()].map((n) => start + n * step);
    t.same(keysOfLayers(3), [range(0, 1), range(64, 1)]);
    t.same(keysOfLayers(3, 4), [range(0, 16), range(1024, 16)]);
    const scarce = [...Array(120).keys()].map((n) => n * 2 ** 25);
    t.same(keysOfLayers(4, 25).flat(), scarce, 'side by side where they are scarce');
  },
);

t.test(
  'a layer begins on a chip of its own where there is room, and needs few entries',
  async (t) => {
    const graph = layers(4, 40);
    const chipsOf = (mapping: Mapping) =>
      [0, 1, 2, 3].map((layer) => {
        const { chipOf } = mapping.stages.placement;
        return new Set(chipOf.subarray(layer * 40, layer * 40 + 40));
      });
    const roomy = map(graph, rectangle({ width: 6, height: 6 }), { minimise: 'always' });
    const distinct = new Set(chipsOf(roomy).flatMap((chips) => [...chips]));
    t.equal(distinct.size, 12);
    t.ok(roomy.statistics.entries.most <= 2, `${roomy.statistics.entries.most} entries`);
    const full = map(graph, rectangle({ width: 5, height: 2 }), { minimise: 'always' });
    t.equal(new Set(chipsOf(full).flatMap((chips) => [...chips])).size, 10);
  },
);

t.test('keys of columns are those that are given, or the mapper chooses them', async (t) => {
  const columns = {
    vertices: 3,
    source: Int32Array.of(0, 1),
    sinkStart: Int32Array.of(0, 1, 2),
    sinks: Int32Array.of(2, 2),
    netBits: 3,
  };
  const keysOf = (graph: Graph) => [...allocateKeys(graph).netKey];
  t.same(keysOf(graphFromColumns(columns)), [0, 8]);
  const offset = Uint32Array.of(16, 64);
  t.same(keysOf(graphFromColumns({ ...columns, offset })), [16, 64]);
  t.same(keysOf(graphFromColumns({ ...columns, offset, keyBits: 8, fixedKey: 256 })), [272, 320]);
  t.throws(() => graphFromColumns({ ...columns, offset: Uint32Array.of(1, 64) }), /key offset 1/);
});

t.test('a machine too small is refused with what is needed and what there is', async (t) => {
  const machine = rectangle({ width: 2, height: 2, cores: 5 });
  t.throws(() => map(netlist(20, []), machine), {
    name: 'MachineTooSmallError',
    coresNeeded: 20,
    coresAvailable: 16,
    chipsNeeded: 5,
    chipsAvailable: 4,
    message: /20 cores .* 16 application cores/,
  });
  t.throws(
    () => map(netlist(16, []), machine, { reservedCores: 1 }),
    /16 cores .* 12 application cores/,
  );
  const small = rectangle({ width: 2, height: 2, sdramBytes: 3 * MEBIBYTE });
  t.throws(() => map(netlist(13, []), small), /too little SDRAM/);
});

t.test('places that cannot be are refused by name', async (t) => {
  const machine = rectangle({ width: 4, height: 4, deadChips: [5], cores: 3 });
  const mapFixed = (...chips: { x: number; y: number }[]) => {
    const graph = graphBuilder();
    chips.forEach((chip, index) => void graph.addVertex({ name: `v${index}`, chip }));
    return map(graph.build(), machine);
  };
  const { x, y } = { x: 1, y: 1 };
  t.throws(
    () => mapFixed({ x, y }),
    /vertex "v0" is fixed to chip \(1, 1\), which is absent or dead/,
  );
  const crowd = [0, 1, 2].map(() => ({ x: 0, y: 0 }));
  t.throws(() => mapFixed(...crowd), /vertex "v2" is fixed to chip \(0, 0\), which has 0 cores/);
});

t.test('a sink that dead links cut off is named', async (t) => {
  const graph = graphBuilder();
  const source = graph.addVertex({ name: 'source', chip: { x: 0, y: 0 } });
  const sink = graph.addVertex({ name: 'sink', chip: { x: 2, y: 2 } });
  graph.addNet({ name: 'lost', source, sinks: [sink] });
  const island = rectangle({ width: 4, height: 4, deadLinks: [0, 1, 2, 3, 4, 5] });
  t.throws(() => map(graph.build(), island), {
    name: 'UnreachableSinkError',
    net: 'lost',
    from: { x: 0, y: 0 },
    to: { x: 2, y: 2 },
  });
});

t.test('mistakes in a graph are refused where they are made', async (t) => {
  const graph = graphBuilder();
  const vertex = graph.addVertex({ name: 'v' });
  graph.addKeyPartition({ name: 'p', bits: 4 });
  const net = { source: vertex, sinks: [vertex] };
  t.throws(() => graph.addVertex({ name: 'v' }), /vertex "v" was added before/);
  t.throws(() => graph.addVertex({ name: 'w', cores: 18 }), /has cores 18/);
  t.throws(() => graph.addVertex({ name: 'x', sdramBytes: Number.NaN }), /sdramBytes NaN/);
  t.throws(() => graph.addVertex({ name: 'y', near: 99 }), /near vertex 99/);
  t.throws(() => graph.sameChip([vertex, 99]), /vertex 99 is not part/);
  t.throws(() => graph.addNet({ name: 'a', source: vertex, sinks: [] }), /has no sinks/);
  t.throws(() => graph.addNet({ name: 'b', source: 99, sinks: [vertex] }), /uses vertex 99/);
  t.throws(
    () => graph.addNet({ name: 'c', ...net, keys: { partition: 'q' } }),
    /partition "q", which was not added/,
  );
  t.throws(
    () => graph.addNet({ name: 'd', ...net, keys: { partition: 'p', offset: 2, bits: 2 } }),
    /key offset 2; give a multiple of 4 from 0 to 12/,
  );
  graph.addNet({ name: 'e', ...net, keys: { partition: 'p', offset: 4, bits: 2 } });
  graph.addNet({ name: 'f', ...net, keys: { partition: 'p', offset: 6 } });
  t.throws(() => graph.build(), /net "f" shares keys of partition "p" with net "e"/);
});

t.test('key partitions that cannot fit are refused by name', async (t) => {
  const graph = graphBuilder();
  graph.addKeyPartition({ name: 'all', bits: 32 });
  graph.addKeyPartition({ name: 'more', bits: 0 });
  t.throws(() => map(graph.build(), rectangle({ width: 2, height: 2 })), {
    name: 'KeySpaceError',
    partition: 'more',
  });
});
