/**
 * Maps one netlist in a process of its own and prints what it took and what came of it as JSON.
 * Arguments: the netlist, and the options of `map` as JSON.
 */
import { argv, cpuUsage, resourceUsage } from 'node:process';
import { graphFromColumns, map } from '@spin-tools/nn-mapper';
import { CHIP_SDRAM, NET_BITS, NETLISTS, VERTEX_SDRAM } from './netlists.mjs';

const { vertices, width, height, draw } = NETLISTS[argv[2]];
const options = JSON.parse(argv[3]);
const graph = graphOf(vertices, draw());
const machine = torusOf(width, height);

const before = cpuUsage();
const start = performance.now();
const { statistics } = map(graph, machine, { ...options, verify: true });
const { user, system } = cpuUsage(before);
const { hops, entries, completeEntries } = statistics;
console.log(
  JSON.stringify({
    seconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - start) / 1000,
    hops,
    largest: entries.most,
    entries: entries.total,
    complete: completeEntries.total,
    gibibytes: resourceUsage().maxRSS / 2 ** 20,
  }),
);

function graphOf(count, nets) {
  const sinkStart = new Int32Array(nets.length + 1);
  nets.forEach((sinks, net) => {
    sinkStart[net + 1] = sinkStart[net] + sinks.length;
  });
  const sinks = new Int32Array(sinkStart.at(-1));
  nets.forEach((list, net) => {
    sinks.set(list, sinkStart[net]);
  });
  return graphFromColumns({
    vertices: count,
    sdramBytes: new Float64Array(count).fill(VERTEX_SDRAM),
    source: Int32Array.from(nets.keys()),
    sinkStart,
    sinks,
    keyBits: 32,
    netBits: NET_BITS,
    offset: Uint32Array.from(nets.keys(), (net) => net * 2 ** NET_BITS),
  });
}

function torusOf(columns, rows) {
  const chips = Array.from({ length: columns * rows }, (_, place) => ({
    x: place % columns,
    y: Math.floor(place / columns),
    links: [0, 1, 2, 3, 4, 5],
    cores: 18,
    sdramBytes: CHIP_SDRAM,
  }));
  return { width: columns, height: rows, wrapX: true, wrapY: true, chips };
}
