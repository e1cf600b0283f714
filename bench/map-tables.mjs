/**
 * Minimises routing tables in a process of its own, as short as can be found, and prints the CPU seconds of
 * that and the entries of each table as JSON. Arguments: a netlist, whose tables are made and written to the file
 * as they were, for other tools, or `tables` for those that the file has; the options of `map`; and the file:
 * lists of [key, mask, route, arrival] sorted by key, arrivals as in map-rig-tables.py.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, cpuUsage } from 'node:process';
import { chipTable, fitTables, map } from '@spin-tools/nn-mapper';
import { graphOf, torusOf } from './map-netlists.mjs';

const [, , name, options, file] = argv;
const complete = name === 'tables' ? readTables() : mappedTables();
const chips = complete.start.length - 1;

const before = cpuUsage();
const coordinates = { x: new Int32Array(chips), y: new Int32Array(chips) };
const { start } = fitTables(complete, coordinates, { minimise: 'smallest' });
const { user, system } = cpuUsage(before);
const lengths = Array.from({ length: chips }, (_, chip) => start[chip + 1] - start[chip]);
console.log(JSON.stringify({ seconds: (user + system) / 1e6, lengths }));

function mappedTables() {
  const { stages } = map(graphOf(name), torusOf(name), JSON.parse(options));
  const rowsOf = ({ key, mask, route, arrival }) =>
    Array.from(key, (first, row) => [first, mask[row], route[row], arrival[row]]);
  const tables = Array.from({ length: stages.topology.chips }, (_, chip) =>
    rowsOf(chipTable(stages.complete, chip)),
  );
  writeFileSync(file, JSON.stringify(tables));
  return stages.complete;
}

function readTables() {
  const tables = JSON.parse(readFileSync(file, 'utf8'));
  const ends = [0];
  for (const rows of tables) ends.push(ends.at(-1) + rows.length);
  const rows = tables.flat();
  return {
    start: Int32Array.from(ends),
    key: Uint32Array.from(rows, ([key]) => key),
    mask: Uint32Array.from(rows, ([, mask]) => mask),
    route: Uint32Array.from(rows, ([, , route]) => route),
    arrival: Int8Array.from(rows, ([, , , arrival]) => arrival),
  };
}
