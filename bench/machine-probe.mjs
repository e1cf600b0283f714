/**
 * Creates, boots and discovers the virtual machine of the JSON in its argument, runs a program on some of its
 * chips, and prints what that took: seconds, and bytes of this process. Needs `node --expose-gc`.
 */
import { readFileSync } from 'node:fs';
import { discoverMachine } from '@spin-tools/machine-model';
import { MachineController, Signal } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';

/** Chips that a program is loaded on; beyond 48 it travels as a flood fill. */
const LOADED_CHIPS = 200;
const APP = 30;
/** A program that only waits for packets. */
const PROGRAM = new URL('../packages/sim/src/machine/fixtures/relay.aplx', import.meta.url);

const before = bytesHeld();
let lap = performance.now();
const virtual = new VirtualMachine(JSON.parse(process.argv[2]));
const create = seconds();
const controller = new MachineController({
  scp: virtual.scpTransport(),
  boot: virtual.bootTransport(),
});
await controller.boot({ pauseMs: 0 });
const boot = seconds();
const bytesPerChip = (bytesHeld() - before) / virtual.machine.chipCount;
lap = performance.now();
const { chips, chipCount } = await discoverMachine(controller);
const discover = seconds();
if (chipCount !== virtual.machine.chipCount) throw new Error(`only ${chipCount} chips found`);
const mostResident = process.resourceUsage().maxRSS * 1024;
const step = Math.ceil(chipCount / LOADED_CHIPS);
const loaded = chips.filter((_, index) => index % step === 0);
await controller.loadApplication(
  new Uint8Array(readFileSync(PROGRAM)),
  loaded.map(({ x, y }) => ({ chip: { x, y }, cores: [1] })),
  APP,
);
await controller.signal(Signal.Stop, APP);
await virtual.whenIdle();
const run = seconds();
const { cores } = virtual.statistics();
const statistics = seconds();
if (cores !== loaded.length) throw new Error(`${cores} cores ran, not ${loaded.length}`);
console.log(
  JSON.stringify({ create, boot, discover, run, statistics, mostResident, bytesPerChip }),
);
await controller.close();

/** Seconds since it was called last. */
function seconds() {
  const start = lap;
  lap = performance.now();
  return (lap - start) / 1000;
}

function bytesHeld() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
