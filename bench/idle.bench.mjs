/**
 * What a SpiNN-5 that has nothing to do costs: simulated seconds for each second of processor time, with the monitor
 * that is built in, and with SC&MP from its image on all 48 chips, whose clock ticks a thousand times a second. The
 * baseline is real time. Images are not in the repository: the first that SPIN_TOOLS_BOOT_IMAGES names is booted.
 */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { MachineController } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';

const NS_PER_SECOND = 1e9;
/** Simulated, ns: until the monitors have found each other, and in each of some spans, of which the fastest counts. */
const SETTLING_NS = 2 * NS_PER_SECOND;
const SPAN_NS = { 'built-in': 1000 * NS_PER_SECOND, image: 0.2 * NS_PER_SECOND };
const SPANS = 10;
/** Of waiting for a reply, on a computer that may be busy. */
const TIMEOUT_MS = 300_000;

/** Simulated seconds per second of processor time. */
async function idleRate(monitor, image) {
  const machine = new VirtualMachine({ board: 'spin5', monitor });
  const transports = { scp: machine.scpTransport(), boot: machine.bootTransport() };
  const controller = new MachineController({ ...transports, timeoutMs: TIMEOUT_MS });
  await controller.boot({ image, pauseMs: 0, timeoutMs: TIMEOUT_MS });
  await machine.advance(SETTLING_NS);
  const rates = [];
  for (let span = 0; span < SPANS; span++) {
    const [time, before] = [machine.time, process.cpuUsage()];
    await machine.advance(SPAN_NS[monitor]);
    const { user, system } = process.cpuUsage(before);
    rates.push(((machine.time - time) / NS_PER_SECOND / (user + system)) * 1e6);
  }
  await controller.close();
  await machine.close();
  return Math.max(...rates);
}

/** Simulated seconds per second. */
export default async function measure() {
  const [file] = (process.env.SPIN_TOOLS_BOOT_IMAGES ?? '').split(delimiter).filter(Boolean);
  const idle = [['built-in monitor', await idleRate('built-in')]];
  if (file === undefined) {
    console.error('  SPIN_TOOLS_BOOT_IMAGES names no boot image: no machine that runs one');
  } else {
    const image = new Uint8Array(readFileSync(file));
    idle.push(["SC&MP's image", await idleRate('image', image)]);
  }
  return idle.map(([monitor, value]) => ({
    name: `idle SpiNN-5, ${monitor}`,
    value,
    unit: 'simulated s/s',
    baseline: 1,
    against: 'real time',
  }));
}
