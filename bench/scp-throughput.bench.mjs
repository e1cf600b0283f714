/**
 * Writing and reading 10 MiB of SDRAM over UDP on loopback, against one request at a time. The virtual
 * machine runs in a process of its own, as a board is a computer of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MachineController, udpTransport } from '@spin-tools/scp';

const BYTES = 10 * 1024 * 1024;
const CHIP = { x: 0, y: 0 };
const COMMAND = fileURLToPath(new URL('../tools/dist/cli.js', import.meta.url));
const PORTS = ['--scp-port', '0', '--boot-port', '0'];

/** Megabytes (10^6 bytes) per second. */
export default async function measure() {
  const sim = spawn(process.execPath, [COMMAND, 'sim', '--board', 'spin3', ...PORTS, '--json']);
  try {
    const [line] = await once(sim.stdout, 'data');
    const machine = JSON.parse(line);
    await boot(machine);
    await throughput(machine, {});
    const plain = await throughput(machine, { window: 1 });
    const windowed = await throughput(machine, {});
    return ['write', 'read'].map((name) => ({
      name: `SCP ${name}, 10 MiB over UDP on loopback`,
      value: windowed[name],
      unit: 'MB/s',
      baseline: plain[name],
      against: 'a window of one request',
    }));
  } finally {
    sim.kill();
  }
}

async function boot({ hosts: [host], scpPort, bootPort }) {
  const controller = new MachineController({
    scp: await udpTransport({ host, port: scpPort }),
    boot: await udpTransport({ host, port: bootPort }),
  });
  await controller.boot();
  await controller.close();
}

async function throughput({ hosts: [host], scpPort }, options) {
  const scp = await udpTransport({ host, port: scpPort });
  const controller = new MachineController({ scp, ...options });
  const address = await controller.allocateSdram(CHIP, BYTES, { appId: 99 });
  const sent = Uint8Array.from({ length: BYTES }, (_, index) => (index * 7919) >>> 8);
  let received;
  const write = await rate(() => controller.write(CHIP, address, sent));
  const read = await rate(async () => {
    received = await controller.read(CHIP, address, BYTES);
  });
  if (Buffer.compare(sent, received) !== 0) throw new Error('read something else than was written');
  await controller.freeSdram(CHIP, address);
  await controller.close();
  return { write, read };
}

async function rate(transfer) {
  const start = performance.now();
  await transfer();
  return BYTES / 1000 / (performance.now() - start);
}
