/**
 * Maps one netlist in a process of its own and prints what it took and what came of it as JSON; tables are
 * verified, whether `seconds` counts that or not. Arguments: the netlist, and the options of `map` as JSON;
 * with `choosesKeys` besides, keys are not those of the netlist but the mapper's own.
 */
import { argv, cpuUsage, resourceUsage } from 'node:process';
import { MappingVerificationError, map, verify } from '@spin-tools/nn-mapper';
import { graphOf, torusOf } from './map-netlists.mjs';

const { choosesKeys, ...options } = JSON.parse(argv[3]);
const graph = graphOf(argv[2], choosesKeys);
const machine = torusOf(argv[2]);

const before = cpuUsage();
const start = performance.now();
const { statistics, stages } = map(graph, machine, { verify: true, ...options });
const wallSeconds = (performance.now() - start) / 1000;
const { user, system } = cpuUsage(before);
if (options.verify === false) {
  const { topology, placement, keys, tables } = stages;
  const faults = verify(graph, topology, placement, keys, tables);
  if (faults.length > 0) throw new MappingVerificationError(faults);
}
const { hops, entries, completeEntries } = statistics;
console.log(
  JSON.stringify({
    seconds: (user + system) / 1e6,
    wallSeconds,
    hops,
    largest: entries.most,
    entries: entries.total,
    complete: completeEntries.total,
    gibibytes: resourceUsage().maxRSS / 2 ** 20,
  }),
);
