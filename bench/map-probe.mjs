/**
 * Maps one netlist in a process of its own and prints what it took and what came of it as JSON.
 * Arguments: the netlist, and the options of `map` as JSON; with `choosesKeys` besides, keys are not those
 * of the netlist but the mapper's own.
 */
import { argv, cpuUsage, resourceUsage } from 'node:process';
import { map } from '@spin-tools/nn-mapper';
import { graphOf, torusOf } from './map-netlists.mjs';

const { choosesKeys, ...options } = JSON.parse(argv[3]);
const graph = graphOf(argv[2], choosesKeys);
const machine = torusOf(argv[2]);

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
