/**
 * A machine of 1,036,800 cores, 240 x 240 chips: created, booted in process, discovered, and stopped once
 * programs ran on 200 of its chips. It runs in a process of its own, so that the memory is its own.
 * Baselines are the limits set for it, 60 s and 4 GiB in all, and for the memory of a chip a machine of
 * one board in a process of the same kind.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROBE = fileURLToPath(new URL('./machine-probe.mjs', import.meta.url));
const LIMIT_SECONDS = 60;
const LIMIT_GIB = 4;
const GIB = 2 ** 30;

/** Seconds, GiB and bytes per chip. */
export default function measure() {
  const big = probe({ triads: { width: 20, height: 20 } });
  const board = probe({ board: 'spin5' });
  const limit = 'the limit for creating, booting and discovering';
  const seconds = (name, value, against = limit) => ({
    name: `1,036,800 cores, ${name}`,
    value,
    unit: 's',
    baseline: LIMIT_SECONDS,
    against,
  });
  return [
    seconds('created', big.create),
    seconds('booted in process', big.boot),
    seconds('discovered', big.discover),
    seconds('created, booted and discovered', big.create + big.boot + big.discover),
    seconds('program loaded on 200 chips, then all stopped', big.run, 'the same limit'),
    seconds('statistics', big.statistics, 'the same limit'),
    {
      name: '1,036,800 cores, resident memory at most',
      value: big.mostResident / GIB,
      unit: 'GiB',
      baseline: LIMIT_GIB,
      against: 'the limit',
    },
    {
      name: 'memory that a booted chip holds, of 57,600',
      value: big.bytesPerChip,
      unit: 'bytes',
      baseline: board.bytesPerChip,
      against: 'that of a chip of one board',
    },
  ];
}

function probe(shape) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    '--expose-gc',
    PROBE,
    JSON.stringify(shape),
  ]);
  if (status !== 0) throw new Error(`the machine failed: ${stderr}`);
  return JSON.parse(stdout);
}
