/**
 * Writing and reading 16 MiB of SDRAM over UDP on loopback: the ethernet chip and the farthest one, at once
 * and with 1 ms of latency. Against one request at a time, and against the peers that `peers.mjs` finds.
 * Every figure is the median of three rounds in which all take turns, as a computer that does other things
 * too is not equally fast all the time. Who has few requests on the way moves less data when there is
 * latency, so that it comes to an end; the rate does not depend on it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BOOT_PORT, MachineController, SCP_PORT, udpTransport } from '@spin-tools/scp';
import { peers } from './peers.mjs';

const MEBIBYTE = 1 << 20;
const BYTES = 16 * MEBIBYTE;
const ROUNDS = 3;
/** Peers know only the ports of boards; SpiNNMan takes 127.0.0.1 for something else. */
const HOST = '127.0.0.2';
const ADDRESS = 0x61000000;
const LATENCIES_MS = [0, 1];
const CHIPS = [
  { name: 'ethernet chip', x: 0, y: 0 },
  { name: 'far chip', x: 7, y: 7 },
];

const OURS = { name: 'ours', atOnce: Number.POSITIVE_INFINITY, measure: transfer };
const RIVALS = [
  {
    name: 'one request at a time',
    atOnce: 1,
    measure: (host, chip, bytes) => transfer(host, chip, bytes, { window: 1 }),
  },
  ...peers,
];

/** Megabytes (10^6 bytes) per second. */
export default async function measure() {
  const figures = [];
  for (const latency of LATENCIES_MS) {
    const board = await startBoard(latency);
    try {
      await transfer(HOST, CHIPS[0], BYTES);
      for (const chip of CHIPS) figures.push(...(await compare(chip, latency)));
    } finally {
      board.kill();
      await once(board, 'exit');
    }
  }
  return figures;
}

async function startBoard(latency) {
  const program = fileURLToPath(new URL('board.mjs', import.meta.url));
  const board = spawn(process.execPath, [program, HOST, String(latency)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(board, 'exit').then(([code]) => {
    throw new Error(`the virtual board on ${HOST} stopped with code ${code}`);
  });
  await Promise.race([once(board.stdout, 'data'), exited]);
  exited.catch(() => undefined);
  const controller = await connect(HOST, {});
  await controller.boot();
  await controller.close();
  return board;
}

/** All take turns at one chip; a figure for us against each of the others and each direction. */
async function compare(chip, latency) {
  const contestants = [OURS, ...RIVALS];
  const results = contestants.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { atOnce, measure }] of contestants.entries()) {
      const bytes = latency === 0 ? BYTES : Math.min(BYTES, atOnce * MEBIBYTE);
      const rates = await measure(HOST, chip, bytes);
      if (rates) results[index].push(rates);
    }
  }
  const [ours, ...others] = results;
  return others.flatMap((rates, index) =>
    ['write', 'read'].flatMap((direction) =>
      rates.length === 0
        ? []
        : {
            name: `SCP ${direction}, ${chip.name}, ${latency} ms of latency`,
            value: median(ours, direction),
            unit: 'MB/s',
            baseline: median(rates, direction),
            against: RIVALS[index].name,
          },
    ),
  );
}

async function transfer(host, chip, bytes, options = {}) {
  const controller = await connect(host, options);
  const sent = Uint8Array.from({ length: bytes }, (_, index) => (index * 7919) >>> 8);
  let received;
  const write = await rate(bytes, () => controller.write(chip, ADDRESS, sent));
  const read = await rate(bytes, async () => {
    received = await controller.read(chip, ADDRESS, bytes);
  });
  await controller.close();
  if (Buffer.compare(sent, received) !== 0) throw new Error('read something else than was written');
  return { write, read };
}

async function connect(host, options) {
  const scp = await udpTransport({ host, port: SCP_PORT });
  const boot = await udpTransport({ host, port: BOOT_PORT });
  return new MachineController({ scp, boot, ...options });
}

async function rate(bytes, transferAll) {
  const start = performance.now();
  await transferAll();
  return bytes / 1000 / (performance.now() - start);
}

function median(rates, direction) {
  const sorted = rates.map((each) => each[direction]).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
