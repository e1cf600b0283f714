/**
 * Place and route, from a graph to minimised tables, each netlist in a process of its own. Seconds are CPU
 * seconds of the process, so that other work on the computer does not count, but for the figure that says
 * otherwise. Tables are always verified; against other tools, which do not verify theirs, that is not part
 * of the time, against limits it is. Other tools run in the same run where they are installed (map-peers.mjs);
 * `SPIN_TOOLS_LARGE=1` adds a million vertices.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { coveringOn, pacmanOn, rigOn, withFolder, writePublishedTables } from './map-peers.mjs';

/** How each netlist is mapped best. */
const OPTIONS = {
  rand1k: { placer: 'annealing', effort: 0.5, minimise: 'smallest', verify: false },
  conv10k: { placer: 'annealing', effort: 0.1, density: 0.66, minimise: 'always', verify: false },
  layers5k: { placer: 'hilbert', minimise: 'always', verify: false },
  big100k: { placer: 'bisection', minimise: 'always' },
};

/**
 * PACMAN's aims are speed, not short trees: against it, so are ours. It chooses keys, and so do we. The
 * tables of rand1k and conv10k are shorter than its compressor makes them once default routes are left out.
 */
const FAST = {
  rand1k: { placer: 'hilbert', choosesKeys: true, verify: false },
  conv10k: { placer: 'bisection', density: 0.5, choosesKeys: true, verify: false },
  layers5k: { placer: 'hilbert', minimise: 'always', choosesKeys: true, verify: false },
};

/** Limits that were set for the largest two. */
const LIMITS = { big100k: { seconds: 10 }, torus1m: { seconds: 120, gibibytes: 4 } };

/** Seconds, hops, entries and GiB, each as soon as it is known. */
export default function* measure() {
  yield* large();
  const netlists = Object.keys(FAST);
  for (const name of netlists) {
    const ours = medianOf(() => run('map-probe.mjs', name, FAST));
    yield* compare(
      name,
      ours,
      medianOf(() => pacmanOn(name)),
    );
  }
  for (const name of netlists) yield* minimisation(name);
  yield* minimisationOfPublished();
  for (const name of netlists) {
    yield* compare(name, run('map-probe.mjs', name, OPTIONS), rigOn(name));
  }
}

/** The tables of a netlist, ours as short as can be found. */
function minimisation(name) {
  return withFolder((folder) => {
    const file = join(folder, 'tables.json');
    const ours = run('map-tables.mjs', name, { [name]: { placer: 'hilbert' } }, file);
    return compareTables(name, ours, coveringOn(name, file));
  });
}

/** Tables that PACMAN is tested with, where it is installed; the program has no time to warm up there either. */
function minimisationOfPublished() {
  return withFolder((folder) => {
    const file = join(folder, 'tables.json');
    if (!env.SPIN_TOOLS_RIG || !writePublishedTables(file)) return [];
    const ours = medianOf(() => run('map-tables.mjs', 'tables', {}, file));
    return compareTables('published tables', ours, coveringOn('published tables', file));
  });
}

function compareTables(name, ours, { seconds, lengths, against }) {
  const figures = [figure(`${name} minimising`, ours.seconds, 's', seconds, against)];
  if (!lengths) return figures;
  const sum = (list) => list.reduce((total, length) => total + length, 0);
  const longer = ours.lengths.filter((length, table) => length > lengths[table]);
  const tables = lengths.filter((length) => length > 0).length;
  return [
    ...figures,
    figure(`${name} all entries`, sum(ours.lengths), 'entries', sum(lengths), against),
    figure(`${name} longer tables`, longer.length, 'tables', tables, 'all tables of the set'),
  ];
}

function* large() {
  const big = run('map-probe.mjs', 'big100k', OPTIONS);
  const limit = 'the limit set for it';
  yield figure('big100k total', big.seconds, 's', LIMITS.big100k.seconds, limit);
  yield figure('big100k by the clock', big.wallSeconds, 's', LIMITS.big100k.seconds, limit);
  yield* compare('big100k', big, rigOn('big100k'));
  const sizes = ['torus1k', 'torus10k', ...(env.SPIN_TOOLS_LARGE === '1' ? ['torus1m'] : [])];
  for (const name of sizes) {
    const { seconds, gibibytes, hops } = run('map-probe.mjs', name, { [name]: OPTIONS.big100k });
    const perHop = (1e6 * seconds) / hops;
    const perHopOfBig = (1e6 * big.seconds) / big.hops;
    yield figure(`${name}, microseconds a hop`, perHop, 'us', perHopOfBig, 'big100k');
    const limits = LIMITS[name];
    if (!limits) continue;
    yield figure(`${name} total`, seconds, 's', limits.seconds, limit);
    yield figure(`${name} memory`, gibibytes, 'GiB', limits.gibibytes, limit);
  }
}

function compare(name, ours, { seconds, hops, largest, against }) {
  return [
    figure(`${name} time`, ours.seconds, 's', seconds, against),
    figure(`${name} wire length`, ours.hops, 'hops', hops, against),
    figure(`${name} largest table`, ours.largest, 'entries', largest, against),
  ];
}

const figure = (name, value, unit, baseline, against) => ({ name, value, unit, baseline, against });

/** What takes a second or less differs by a third from run to run. */
function medianOf(measureOnce) {
  const runs = [measureOnce(), measureOnce(), measureOnce()];
  return runs.sort((a, b) => a.seconds - b.seconds)[1];
}

function run(program, name, options, ...more) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const programArguments = [path, name, JSON.stringify(options[name] ?? {}), ...more];
  return JSON.parse(execFileSync(process.execPath, programArguments, { encoding: 'utf8' }));
}
