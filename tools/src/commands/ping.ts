/** `spin-tools ping`: how long a chip takes to answer, and how many answers are lost. */
import { setTimeout } from 'node:timers/promises';
import { type ChipAddress, CONNECTED_CHIP } from '@spin-tools/scp';
import { Command } from 'commander';
import { type AddressOptions, chip, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { describeRoundTrips, type RoundTrip, roundTrip } from '../machine/round-trips.js';
import { ExitCode } from '../terminal/exit-code.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, positiveNumber, runs, wholeNumber, withExamples } from './command.js';
import { CommandExit } from './end.js';

interface PingOptions extends AddressOptions {
  readonly chip?: ChipAddress;
  readonly count: number;
  readonly interval: number;
}

/** How long an answer is waited for, s. */
const USUAL_TIMEOUT = 1;
const MS_PER_SECOND = 1000;

/** Makes the command. */
export function pingCommand(io: Io): Command {
  const command = new Command('ping')
    .description(
      'Nothing is sent again, so that the share of answers tells how good the network is. Exits with 3 when there is no answer at all.',
    )
    .option('--chip <x,y>', 'which chip (default: the one with the ethernet)', chip)
    .option('-c, --count <number>', 'how often', wholeNumber(1, 1_000_000), 10)
    .option('-i, --interval <seconds>', 'pause between two', positiveNumber, 0.1);
  withExamples(
    command,
    [
      ['ping', 'asks the chip with the ethernet ten times.'],
      [
        'ping --chip 7,7 --count 1000 --interval 0.001',
        'asks a chip far from it a thousand times.',
      ],
    ],
    '{ sent, answered, leastMs, medianMs, mostMs }',
  );
  return runs<PingOptions, []>(withAddress(command, true), io, runPing);
}

async function runPing(options: PingOptions, terminal: Terminal): Promise<void> {
  const { chip: to = CONNECTED_CHIP, count, interval, timeout = USUAL_TIMEOUT } = options;
  const trips = await withMachine(options, terminal, async (controller, host) => {
    const found: RoundTrip[] = [];
    for (let number = 1; number <= count; number++) {
      const trip = await roundTrip(controller, to, timeout * MS_PER_SECOND);
      found.push(trip);
      terminal.report(
        trip === undefined
          ? `no answer, number ${number}`
          : `answer of ${host}, number ${number}: ${trip.toFixed(3)} ms`,
      );
      if (number < count) await setTimeout(interval * MS_PER_SECOND);
    }
    return found;
  });
  const result = describeRoundTrips(trips);
  const { sent, answered, leastMs, medianMs, mostMs } = result;
  terminal.say(`${sent} sent, ${answered} answered, ${sent - answered} lost`);
  if (answered > 0) {
    const [least, median, most] = [leastMs, medianMs, mostMs].map((ms) => ms?.toFixed(3));
    terminal.say(`${least} ms least, ${median} ms median, ${most} ms most`);
  }
  terminal.result(result);
  if (answered === 0) throw new CommandExit(ExitCode.NoAnswer);
}
