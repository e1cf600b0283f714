import fc from 'fast-check';
import t from 'tap';
import { type Graph, graphBuilder, map, type Placer } from './index.js';
import { LINKS, type MappableMachine } from './machine/topology.js';

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

const PLACERS: readonly Placer[] = ['sequential', 'hilbert', 'breadth-first', 'annealing'];

t.test('random graphs on random machines with dead parts reach exactly their sinks', async (t) => {
  fc.assert(
    fc.property(
      randomNetlist,
      randomMachine,
      fc.constantFrom(...PLACERS),
      fc.constantFrom('always' as const, 'never' as const),
      ({ vertices, nets }, shape, placer, minimise) => {
        try {
          map(netlist(vertices, nets), rectangle(shape), {
            placer,
            minimise,
            effort: 0.1,
            verify: true,
          });
        } catch (error) {
          if ((error as Error).name !== 'UnreachableSinkError') throw error;
        }
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});
