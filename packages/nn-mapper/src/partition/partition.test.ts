import fc from 'fast-check';
import t from 'tap';
import {
  type ApplicationGraph,
  allocateKeys,
  graphFromJson,
  graphToJson,
  partition,
} from '../index.js';

const sinksOf = (graph: ReturnType<typeof partition>['graph'], net: number) =>
  [...graph.nets.sinks.subarray(graph.nets.sinkStart[net], graph.nets.sinkStart[net + 1])].map(
    (sink) => graph.vertices.names[sink],
  );

t.test('a vertex is cut into the fewest slices that fit, of nearly equal size', async (t) => {
  const vertex = {
    name: 'layer',
    atoms: 100,
    resources: { dtcmBytes: { perAtom: 100, perSlice: 1000 } },
    sdramBytes: { perAtom: 8, perSlice: 16 },
  };
  const { graph, slices } = partition({ vertices: [vertex], edges: [] }, { dtcmBytes: 5000 });
  t.same(slices, [
    { vertex: 'layer', from: 0, to: 33 },
    { vertex: 'layer', from: 33, to: 67 },
    { vertex: 'layer', from: 67, to: 100 },
  ]);
  t.same([...graph.vertices.sdramBytes], [280, 288, 280]);
  t.same(graph.vertices.names, ['layer[0:33]', 'layer[33:67]', 'layer[67:100]']);
});

const twoLayers: ApplicationGraph = {
  vertices: [
    { name: 'a', atoms: 8, mostAtoms: 4 },
    { name: 'b', atoms: 8, mostAtoms: 3 },
  ],
  edges: [
    { source: 'a', sink: 'b', connector: 'one-to-one', kind: 'spikes', trafficPerAtom: 2 },
    { source: 'b', sink: 'a', connector: 'all-to-all' },
  ],
};

t.test('edges become nets between the slices that talk', async (t) => {
  const { graph } = partition(twoLayers, {});
  t.same(graph.nets.names, [
    'a[0:4]/spikes',
    'a[4:8]/spikes',
    'b[0:3]/packets',
    'b[3:5]/packets',
    'b[5:8]/packets',
  ]);
  t.same(sinksOf(graph, 0), ['b[0:3]', 'b[3:5]']);
  t.same(sinksOf(graph, 1), ['b[3:5]', 'b[5:8]']);
  t.same(sinksOf(graph, 2), ['a[0:4]', 'a[4:8]']);
  t.same([...graph.nets.traffic], [8, 8, 3, 2, 3]);
});

t.test('every atom of a slice has a key of its own', async (t) => {
  const { graph } = partition(twoLayers, {});
  t.same([...graph.nets.bits], [2, 2, 2, 2, 2]);
  t.same([...graph.nets.offset], [0, 4, 0, 4, 8]);
  t.same(graph.partitions.names, ['a/spikes', 'b/packets']);
  t.same([...graph.partitions.bits], [3, 4]);
});

t.test('no slice exceeds a limit and none is lost, whatever the vertex', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 50 }),
        (atoms, perAtom, perSlice) => {
          const vertex = { name: 'v', atoms, resources: { cycles: { perAtom, perSlice } } };
          const { slices } = partition({ vertices: [vertex], edges: [] }, { cycles: 150 });
          const fit = slices.every(({ from, to }) => perSlice + perAtom * (to - from) <= 150);
          const joined = slices.every(
            ({ from, to }, i) => from === (slices[i - 1]?.to ?? 0) && to > from,
          );
          return fit && joined && slices.at(-1)?.to === atoms;
        },
      ),
    ),
  );
});

t.test('an atom too big for a core is refused with what it needs', async (t) => {
  const vertex = { name: 'huge', atoms: 2, resources: { dtcmBytes: { perAtom: 70_000 } } };
  t.throws(() => partition({ vertices: [vertex], edges: [] }, { dtcmBytes: 65_536 }), {
    name: 'UnsplittableVertexError',
    vertex: 'huge',
    resource: 'dtcmBytes',
    needed: 70_000,
    limit: 65_536,
  });
});

t.test('impossible application graphs are refused by name', async (t) => {
  const vertices = [{ name: 'a', atoms: 1 }];
  const edge = { source: 'a', sink: 'nowhere', connector: 'all-to-all' as const };
  t.throws(() => partition({ vertices, edges: [edge] }, {}), /"nowhere" is used by an edge/);
  t.throws(
    () => partition({ vertices: [...vertices, ...vertices], edges: [] }, {}),
    /added before/,
  );
  t.throws(() => partition({ vertices: [{ name: 'a', atoms: 0 }], edges: [] }, {}), /has 0 atoms/);
});

t.test('a graph survives JSON', async (t) => {
  const { graph } = partition(twoLayers, {});
  const description = JSON.parse(JSON.stringify(graphToJson(graph)));
  t.same(graphFromJson(description), graph);
  t.same(allocateKeys(graphFromJson(description)), allocateKeys(graph));
});
