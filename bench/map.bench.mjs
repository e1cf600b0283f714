/**
 * Place and route, from a graph to verified, minimised tables, each netlist in a process of its own.
 * Seconds are CPU seconds of the process, so that other work on the computer does not count. Against rig
 * where it is installed, else against what it and PACMAN took once; `SPIN_TOOLS_LARGE=1` adds a million
 * vertices.
 */
import { execFileSync } from 'node:child_process';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { PACMAN_MEASURED, RIG_MEASURED, runRig } from './map-peers.mjs';

const PROBE = fileURLToPath(new URL('./map-probe.mjs', import.meta.url));

/** How each netlist is mapped best. */
const OPTIONS = {
  rand1k: { placer: 'annealing', effort: 0.5, minimise: 'always' },
  conv10k: { placer: 'annealing', effort: 0.1, density: 0.66, minimise: 'smallest' },
  layers5k: { placer: 'hilbert', minimise: 'always' },
  big100k: { placer: 'bisection', minimise: 'always' },
};

/** PACMAN's aims are speed, not short trees: against it, so are ours. */
const FAST = {
  rand1k: { placer: 'hilbert', minimise: 'always' },
  conv10k: { placer: 'bisection', density: 0.7, minimise: 'always' },
  layers5k: OPTIONS.layers5k,
};

/** Limits that were set for the largest two. */
const LIMITS = { big100k: { seconds: 10 }, torus1m: { seconds: 120, gibibytes: 4 } };

/** Seconds, hops, entries and GiB. */
export default function measure() {
  return [...againstRig(), ...againstPacman(), ...large()];
}

function againstRig() {
  return ['rand1k', 'conv10k', 'layers5k'].flatMap((name) => {
    const ours = probe(name, OPTIONS[name]);
    const live = name === 'layers5k' ? undefined : runRig(name);
    return compare(
      name,
      ours,
      live ?? RIG_MEASURED[name],
      live ? 'rig here' : 'rig as measured once',
    );
  });
}

function againstPacman() {
  return Object.keys(FAST).flatMap((name) =>
    compare(name, probe(name, FAST[name]), PACMAN_MEASURED[name], 'PACMAN as measured once'),
  );
}

function large() {
  const big = probe('big100k', OPTIONS.big100k);
  const figures = [
    figure('big100k total', big.seconds, 's', LIMITS.big100k.seconds, 'the limit set for it'),
    ...compare('big100k', big, RIG_MEASURED.big100k, 'rig by its Hilbert curve, as measured once'),
  ];
  const sizes = ['torus1k', 'torus10k', ...(env.SPIN_TOOLS_LARGE === '1' ? ['torus1m'] : [])];
  for (const name of sizes) {
    const { seconds, gibibytes, hops } = probe(name, OPTIONS.big100k);
    figures.push(
      figure(
        `${name}, microseconds a hop`,
        (1e6 * seconds) / hops,
        'us',
        (1e6 * big.seconds) / big.hops,
        'big100k',
      ),
    );
    const limit = LIMITS[name];
    if (!limit) continue;
    figures.push(
      figure(`${name} total`, seconds, 's', limit.seconds, 'the limit set for it'),
      figure(`${name} memory`, gibibytes, 'GiB', limit.gibibytes, 'the limit set for it'),
    );
  }
  return figures;
}

function compare(name, ours, theirs, against) {
  return [
    figure(`${name} time`, ours.seconds, 's', theirs.seconds, against),
    figure(`${name} wire length`, ours.hops, 'hops', theirs.hops, against),
    figure(`${name} largest table`, ours.largest, 'entries', theirs.largest, against),
  ];
}

const figure = (name, value, unit, baseline, against) => ({ name, value, unit, baseline, against });

function probe(name, options) {
  const output = execFileSync(process.execPath, [PROBE, name, JSON.stringify(options)], {
    encoding: 'utf8',
  });
  return JSON.parse(output);
}
