/** `spin-tools bench`: how fast messages and memory go to a machine and back. */
import { type MachineController, version } from '@spin-tools/scp';
import { Command, Option } from 'commander';
import { byteCount } from '../machine/memory-place.js';
import {
  type AddressOptions,
  type ChipOptions,
  withAddress,
  withChip,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { describeRoundTrips, roundTrip } from '../machine/round-trips.js';
import { columns } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface BenchOptions extends AddressOptions, ChipOptions {
  readonly size: number;
}

/** Owner and tag of the memory that is written. */
const OWNER = { appId: 255, tag: 255 };
const ROUND_TRIPS = 200;
const MESSAGES = 2000;
const TRY_MS = 500;
const MS_PER_SECOND = 1000;
const BYTES_PER_MEGABYTE = 1e6;

/** Makes the command. */
export function benchCommand(io: Io): Command {
  const command = new Command('bench')
    .description(
      'Messages are timed one by one, and many at a time. Memory is written and read in a block of SDRAM that is allocated for it and given back. The machine must be booted.',
    )
    .addOption(
      new Option('--size <bytes>', 'memory to move: 100, 4k, 2M')
        .argParser(byteCount)
        .default(byteCount('2M'), '2M'),
    );
  withExamples(
    withChip(command),
    [
      ['bench', 'measures the way to chip (0, 0).'],
      [
        'bench --chip 7,7 --size 8M --json',
        'measures the way to a chip that is far, for a program.',
      ],
    ],
    '{ roundTripMs, messagesPerSecond, writeMegabytesPerSecond, readMegabytesPerSecond, requests, repeats }',
  );
  return runs<BenchOptions, []>(withAddress(command, true), io, runBench);
}

async function runBench(options: BenchOptions, terminal: Terminal): Promise<void> {
  const result = await withMachine(options, terminal, (controller) =>
    measure(controller, options, terminal),
  );
  terminal.sayAll(
    columns([
      ['one message and its answer', `${result.roundTripMs?.toFixed(3) ?? '-'} ms`],
      ['messages at once', `${Math.round(result.messagesPerSecond).toLocaleString('en')} /s`],
      ['writing memory', `${result.writeMegabytesPerSecond.toFixed(2)} MB/s`],
      ['reading memory', `${result.readMegabytesPerSecond.toFixed(2)} MB/s`],
      ['sent again', `${result.repeats} of ${result.requests}`],
    ]),
  );
  terminal.result(result);
}

async function measure(
  controller: MachineController,
  { chip, size }: BenchOptions,
  terminal: Terminal,
) {
  const progress = terminal.progress('measuring', 4);
  try {
    const trips = [];
    for (let trip = 0; trip < ROUND_TRIPS; trip++) {
      trips.push(await roundTrip(controller, chip, TRY_MS));
    }
    progress.update(1);
    const messages = Array.from({ length: MESSAGES }, () => ({ to: chip, command: version() }));
    const messageSeconds = await secondsOf(() => controller.scp.all(messages));
    progress.update(2);
    const address = await controller.allocateSdram(chip, size, OWNER);
    const bytes = Uint8Array.from({ length: size }, (_, index) => index);
    const writeSeconds = await secondsOf(() => controller.write(chip, address, bytes));
    progress.update(3);
    const readSeconds = await secondsOf(() => controller.read(chip, address, size));
    await controller.freeSdram(chip, address);
    const counts = controller.statistics();
    return {
      roundTripMs: describeRoundTrips(trips).medianMs,
      messagesPerSecond: MESSAGES / messageSeconds,
      writeMegabytesPerSecond: size / BYTES_PER_MEGABYTE / writeSeconds,
      readMegabytesPerSecond: size / BYTES_PER_MEGABYTE / readSeconds,
      requests: counts.reduce((sum, { requests }) => sum + requests, 0),
      repeats: counts.reduce((sum, { repeats }) => sum + repeats, 0),
    };
  } finally {
    progress.stop();
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / MS_PER_SECOND;
}
