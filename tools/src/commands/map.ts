/** `spin-tools map`: where a graph's vertices and routes go on a machine, without a machine. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type Mapping,
  type Minimisation,
  map,
  type Placer,
  type Router,
} from '@spin-tools/nn-mapper';
import { Argument, Command, Option } from 'commander';
import { readGraph } from '../data/graph-file.js';
import type { MachineShape } from '../machine/options.js';
import { machineOf, plannedMachine } from '../machine/planned.js';
import { mappingPage } from '../report/mapping-page.js';
import { count } from '../terminal/count.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, wholeNumber, withExamples } from './command.js';

interface MapOptions {
  readonly machine: MachineShape;
  readonly explain?: boolean;
  readonly placer: Placer;
  readonly router: Router;
  readonly minimise: Minimisation;
  readonly budget?: number;
  readonly seed: number;
  readonly report?: string;
}

/** Makes the command. */
export function mapCommand(io: Io): Command {
  const command = new Command('map')
    .addArgument(new Argument('<graph>', 'JSON file with vertices and nets'))
    .addOption(plannedMachine())
    .option('--explain', 'show every vertex, net, key and table')
    .addOption(
      new Option('--placer <placer>', 'how to look for places')
        .choices(['sequential', 'hilbert', 'breadth-first', 'bisection', 'annealing'])
        .default('hilbert'),
    )
    .addOption(
      new Option('--router <router>', 'how to grow trees')
        .choices(['exploring', 'balanced'])
        .default('exploring'),
    )
    .addOption(
      new Option('--minimise <when>', 'which tables to minimise')
        .choices(['when-needed', 'always', 'smallest', 'never'])
        .default('when-needed'),
    )
    .option('--budget <seconds>', 'work of the annealing placer, as time', positiveNumber)
    .option('--report <file>', 'write a page that shows chips, trees, link load and tables')
    .option('--seed <number>', 'fixes what is random', wholeNumber(0, 2 ** 32 - 1), 1);
  withExamples(
    command,
    [
      ['map graph.json', 'maps a graph on a SpiNN-5.'],
      [
        'map graph.json --machine 2x1+wrap --placer annealing --report map.html',
        'maps it on six boards, and draws the result.',
      ],
      ['map graph.json --explain --json', 'gives every vertex, net, key and table to a program.'],
    ],
    '{ vertices, nets, sinks, chipsUsed, coresUsed, hops, trafficHops, linksUsed, mostNetsOnLink, mostTrafficOnLink, completeEntries, entries }; with --explain vertices, nets and tables in full',
  );
  return runs(command, io, runMap);
}

async function runMap(options: MapOptions, terminal: Terminal, file: string): Promise<void> {
  const graph = await readGraph(file);
  const { placer, router, minimise, seed, budget, report } = options;
  const start = performance.now();
  const mapping = map(graph, machineOf(options.machine), {
    placer,
    router,
    minimise,
    seed,
    ...(budget !== undefined && { budgetSeconds: budget }),
  });
  const seconds = (performance.now() - start) / 1000;
  sayStatistics(mapping, terminal);
  if (options.explain) sayEverything(mapping, terminal);
  if (report !== undefined) {
    await mkdir(dirname(report), { recursive: true });
    await writeFile(report, mappingPage(basename(file), mapping, seconds));
    terminal.report(`report ${report}`);
  }
  terminal.result(options.explain ? mapping.explain() : mapping.statistics);
}

function sayStatistics({ statistics }: Mapping, terminal: Terminal): void {
  const { entries } = statistics;
  terminal.say(
    `${count(statistics.vertices, 'vertex', 'vertices')} on ${count(statistics.coresUsed, 'core')} of ${count(statistics.chipsUsed, 'chip')}`,
  );
  terminal.say(
    `${count(statistics.nets, 'net')} to ${count(statistics.sinks, 'sink')} over ${count(statistics.hops, 'hop')} on ${count(statistics.linksUsed, 'link')}`,
  );
  terminal.say(
    `${count(entries.total, 'routing entry', 'routing entries')}, at most ${entries.most} on a chip`,
  );
}

function sayEverything(mapping: Mapping, terminal: Terminal): void {
  const { vertices, nets, routingTables } = mapping.explain();
  const say = (lines: readonly string[]) => terminal.say(`\n${lines.join('\n')}`);
  say(
    table(
      ['vertex', 'chip', 'cores'],
      vertices.map(({ name, x, y, cores }) => [name, `${x},${y}`, cores.join(' ')]),
    ),
  );
  say(
    table(
      ['net', 'from', 'sinks', 'key', 'mask', 'hops'],
      nets.map(({ name, source, sinks, key, mask, hops }) => [
        name,
        source,
        sinks,
        key,
        mask,
        hops,
      ]),
    ),
  );
  say(
    table(
      ['chip', 'key', 'mask', 'links', 'cores'],
      routingTables.flatMap(({ x, y, entries }) =>
        entries.map(({ key, mask, links, cores }) => [
          `${x},${y}`,
          key,
          mask,
          links.join(' '),
          cores.join(' '),
        ]),
      ),
    ),
  );
}
