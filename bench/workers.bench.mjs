/**
 * A machine of six boards, all of whose cores compute and now and then send a packet to the chip on their right,
 * run by two threads, each with three boards. The baseline is one thread.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { MachineController, Signal, vcpuField } from '@spin-tools/scp';
import { VirtualMachine } from '@spin-tools/sim';

const APP = 30;
const CORES = Array.from({ length: 16 }, (_, core) => core + 1);
const RIGHT = 1 << 0;
const TO_CORE_1 = 1 << 7;
/** Steps that a core computes for each packet, about 0.3 ms. */
const STEPS = 10_000;
const MILLISECOND = 1_000_000;
/** Until then all code was translated, and every core has sent, ms. */
const WARM_UP_MS = 3;
/** Simulated time that is measured, ms. */
const MEASURED_MS = 2;
/** Computes and sends, see its source. */
const PROGRAM = readFileSync(new URL('../packages/sim/firmware/images/busy.aplx', import.meta.url));
/** Linux tells here how long each thread of this process ran. */
const TASKS = '/proc/self/task';

/**
 * Simulated milliseconds a second with two threads and one; and the same for each second of the thread that computes
 * longest, which is what there would be on a computer that has nothing else to do.
 */
export default async function measure() {
  const alone = await run(1);
  const shared = await run(2);
  const name = 'six boards of busy cores, 2 workers';
  const times = shared.threads.map((seconds) => seconds.toFixed(2)).join(' s and ');
  return [
    {
      name,
      value: MEASURED_MS / shared.seconds,
      unit: 'simulated ms/s',
      baseline: MEASURED_MS / alone.seconds,
      against: 'one worker',
    },
    ...(alone.threads.length > 0
      ? [
          {
            name: `${name}, whose threads ran for ${times}`,
            value: MEASURED_MS / shared.threads[0],
            unit: "simulated ms/s of the busiest thread's time",
            baseline: MEASURED_MS / alone.threads[0],
            against: 'one worker',
          },
        ]
      : []),
  ];
}

async function run(workers) {
  const machine = new VirtualMachine({ triads: { width: 2, height: 1 }, workers });
  const controller = new MachineController({
    scp: machine.scpTransport(),
    boot: machine.bootTransport(),
    timeoutMs: 60_000,
  });
  await controller.boot({ pauseMs: 0 });
  const { chips, width } = machine.machine;
  const keyOf = (x, y) => (x << 16) | (y << 8);
  for (const { x, y } of chips) {
    const left = keyOf((x + width - 1) % width, y);
    await controller.loadRoutingTable(
      { x, y },
      [
        { key: keyOf(x, y), mask: 0xffffff00, route: RIGHT },
        { key: left, mask: 0xffffff00, route: TO_CORE_1 },
      ],
      APP,
    );
    for (const core of CORES) {
      const words = new Uint8Array(Uint32Array.of(keyOf(x, y), STEPS + 97 * core).buffer);
      await controller.write({ x, y, core: 0 }, vcpuField(core, 'user0').address, words);
    }
  }
  const targets = chips.map(({ x, y }) => ({ chip: { x, y }, cores: CORES }));
  await controller.loadApplication(PROGRAM, targets, APP, { by: 'flood', wait: true });
  await controller.signal(Signal.Start, APP);
  await machine.advance(WARM_UP_MS * MILLISECOND);
  const before = threadTimes();
  const start = performance.now();
  await machine.advance(MEASURED_MS * MILLISECOND);
  const seconds = (performance.now() - start) / 1000;
  const threads = [...threadTimes()].map(([thread, time]) => time - (before.get(thread) ?? 0));
  await controller.close();
  await machine.close();
  return { seconds, threads: threads.sort((a, b) => b - a).slice(0, workers) };
}

/** How long each thread of this process ran, s; nothing where the system does not tell. */
function threadTimes() {
  if (!existsSync(TASKS)) return new Map();
  return new Map(
    readdirSync(TASKS).map((thread) => {
      const [ns] = readFileSync(`${TASKS}/${thread}/schedstat`, 'utf8').split(' ');
      return [thread, Number(ns) / 1e9];
    }),
  );
}
