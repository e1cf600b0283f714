/**
 * Minimises all tables of one netlist in a process of its own, as short as can be found, and prints the CPU
 * seconds of that and the entries of each table as JSON. Arguments: the netlist, the options of `map`, and a
 * file to write the tables to as they were, for other tools.
 */
import { writeFileSync } from 'node:fs';
import { argv, cpuUsage } from 'node:process';
import { chipTable, fitTables, map } from '@spin-tools/nn-mapper';
import { graphOf, torusOf } from './map-netlists.mjs';

const [, , name, options, file] = argv;
const { stages } = map(graphOf(name), torusOf(name), JSON.parse(options));
const { complete, topology } = stages;
const tables = Array.from({ length: topology.chips }, (_, chip) => chipTable(complete, chip));
const rowsOf = ({ key, mask, route, arrival }) =>
  Array.from(key, (first, row) => [first, mask[row], route[row], arrival[row]]);
writeFileSync(file, JSON.stringify(tables.map(rowsOf)));

const before = cpuUsage();
const { start } = fitTables(complete, topology, { minimise: 'smallest' });
const { user, system } = cpuUsage(before);
const lengths = Array.from(tables, (_, chip) => start[chip + 1] - start[chip]);
console.log(JSON.stringify({ seconds: (user + system) / 1e6, lengths }));
