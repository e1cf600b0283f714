/** Writing and reading 10 MiB of SDRAM over UDP on loopback, against one request at a time. */
import { MachineController, udpTransport } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';
import { serveUdp } from '@spin-tools/sim/udp';

const BYTES = 10 * 1024 * 1024;
const CHIP = { x: 0, y: 0 };

/** Megabytes (10^6 bytes) per second. */
export default async function measure() {
  const virtual = new VirtualMachine({ board: 'spin3' });
  const served = await serveUdp(virtual, { scpPort: 0, bootPort: 0 });
  try {
    await boot(served);
    const plain = await throughput(served, { window: 1 });
    const windowed = await throughput(served, {});
    return ['write', 'read'].map((name) => ({
      name: `SCP ${name}, 10 MiB over UDP on loopback`,
      value: windowed[name],
      unit: 'MB/s',
      baseline: plain[name],
    }));
  } finally {
    await served.close();
    await virtual.close();
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
  const write = await rate(() => controller.write(CHIP, address, sent));
  let received;
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
