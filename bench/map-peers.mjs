/**
 * What other place-and-route tools take. They take part, unmodified, in the same run when the environment
 * says where they are; elsewhere stand figures that were measured once, in CPU seconds of the same kind of
 * computer (AMD EPYC, 2 shared virtual cores).
 *
 * | variable | holds |
 * | --- | --- |
 * | `SPIN_TOOLS_RIG` | folders for PYTHONPATH: rig, what it needs, and rig_c_sa for its annealing |
 * | `SPIN_TOOLS_PACMAN` | the same for PACMAN, SpiNNUtils and SpiNNMachine |
 * | `SPIN_TOOLS_PYTHON` | the interpreter, by default `python3` |
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { CHIP_SDRAM, NET_BITS, NETLISTS, VERTEX_SDRAM } from './netlists.mjs';

/** rig 2.4.0: annealing by its C kernel (layers5k, big100k: Hilbert curve), then ordered covering. */
const RIG_MEASURED = {
  rand1k: { seconds: 17.6, hops: 11_745, largest: 239 },
  conv10k: { seconds: 91.4, hops: 27_900, largest: 66 },
  layers5k: { seconds: 189, hops: 211_627, largest: 194 },
  big100k: { seconds: 359, hops: 8_533_128, largest: 1022 },
};

/** PACMAN of August 2026: vertices one by one, its best compressor; layers5k whole layers as groups. */
const PACMAN_MEASURED = {
  rand1k: { seconds: 1.7, hops: 19_400, largest: 220 },
  conv10k: { seconds: 10.4, hops: 117_982, largest: 68 },
  layers5k: { seconds: 1.65, hops: 222_267, largest: 3 },
};

/** Ordered covering of rig for all tables of a netlist, CPU seconds: placed by its Hilbert curve. */
const COVERING_MEASURED = { rand1k: 17.1, conv10k: 13, layers5k: 63.3 };

/** Where PACMAN has the tables that it tests its compressors with. */
const PUBLISHED = 'unittests/operations_tests/router_compressor_tests/many_to_one.json.gz';

/** How rig maps a netlist best; big100k needs 12.6 GiB and is not run here. */
const RIG_PLACERS = { rand1k: 'sa', conv10k: 'sa', layers5k: 'hilbert' };

/** How PACMAN maps a netlist best: vertices of an application vertex, and its compressor. */
const PACMAN_WAYS = {
  rand1k: ['1', 'pair'],
  conv10k: ['1', 'pair'],
  layers5k: ['800', 'ordered covering'],
};

/** rig on a netlist, in this run or as measured once: `seconds`, `hops`, `largest` and `against`. */
export function rigOn(name) {
  const placer = RIG_PLACERS[name];
  if (!env.SPIN_TOOLS_RIG || !placer) {
    return { ...RIG_MEASURED[name], against: 'rig as measured once' };
  }
  const found = withNetlist(name, (file) =>
    python('map-rig.py', [file, placer], env.SPIN_TOOLS_RIG),
  );
  return { ...found, against: 'rig in this run' };
}

/** The same for PACMAN. */
export function pacmanOn(name) {
  if (!env.SPIN_TOOLS_PACMAN) {
    return { ...PACMAN_MEASURED[name], against: 'PACMAN as measured once' };
  }
  const found = withNetlist(name, (file) =>
    python('map-pacman.py', [file, ...PACMAN_WAYS[name]], env.SPIN_TOOLS_PACMAN),
  );
  return { ...found, against: 'PACMAN in this run' };
}

/**
 * rig's ordered covering on the tables in a file: `seconds` and `against`, and `lengths` of the tables when
 * it ran in this run.
 */
export function coveringOn(name, file) {
  if (!env.SPIN_TOOLS_RIG) {
    return {
      seconds: COVERING_MEASURED[name],
      against: 'ordered covering of rig as measured once',
    };
  }
  const found = python('map-rig-tables.py', [file], env.SPIN_TOOLS_RIG);
  return { ...found, against: 'ordered covering of rig in this run' };
}

/**
 * Writes the 576 tables that PACMAN tests its compressors with to a file, as map-rig-tables.py reads them; false
 * where PACMAN is not installed with its tests.
 */
export function writePublishedTables(file) {
  const folders = (env.SPIN_TOOLS_PACMAN ?? '').split(delimiter);
  const folder = folders.find((each) => each !== '' && existsSync(join(each, PUBLISHED)));
  if (folder === undefined) return false;
  const tables = JSON.parse(gunzipSync(readFileSync(join(folder, PUBLISHED))));
  const opposite = (route) => (Math.log2(route) + 3) % 6;
  const rowOf = ({ key, mask, spinnaker_route: route, defaultable }) => [
    key,
    mask,
    route,
    defaultable ? opposite(route) : -1,
  ];
  const rows = tables.map(({ entries }) => entries.map(rowOf).sort((a, b) => a[0] - b[0]));
  writeFileSync(file, JSON.stringify(rows));
  return true;
}

/** Runs something with a folder that is removed afterwards. */
export function withFolder(run) {
  const folder = mkdtempSync(join(tmpdir(), 'spin-tools-map-'));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withNetlist(name, run) {
  const { vertices, width, height, draw } = NETLISTS[name];
  const sizes = { netBits: NET_BITS, sdram: VERTEX_SDRAM, chipSdram: CHIP_SDRAM };
  return withFolder((folder) => {
    const file = join(folder, 'netlist.json');
    writeFileSync(file, JSON.stringify({ vertices, width, height, nets: draw(), ...sizes }));
    return run(file);
  });
}

function python(program, programArguments, folders) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const output = execFileSync(env.SPIN_TOOLS_PYTHON ?? 'python3', [path, ...programArguments], {
    env: { ...env, PYTHONPATH: folders, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(output.trim().split('\n').at(-1));
}
