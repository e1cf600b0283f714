/** Places a ring of 100 vertices on a SpiNN-5 and routes it. Run: node examples/map-a-graph.mjs */
import { spin5 } from '@spin-tools/machine-model';
import { graphBuilder, map } from '@spin-tools/nn-mapper';

const ring = graphBuilder();
const vertices = Array.from({ length: 100 }, (_, index) =>
  ring.addVertex({ name: `v${index}`, sdramBytes: 1024 }),
);
for (const vertex of vertices) {
  ring.addNet({ name: `n${vertex}`, source: vertex, sinks: [(vertex + 1) % vertices.length] });
}

const mapping = map(ring.build(), spin5());
const { chipsUsed, hops, entries } = mapping.statistics;
console.log(`${chipsUsed} chips, ${hops} hops, at most ${entries.most} routing entries on a chip`);
const { x, y, core } = mapping.placement(vertices[42]);
const key = mapping.key(42).key.toString(16);
console.log(`v42 is on chip (${x}, ${y}) core ${core} and sends key 0x${key}`);
