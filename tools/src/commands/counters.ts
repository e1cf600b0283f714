/** `spin-tools counters`: packets that routers passed on and dropped. */
import type { ChipAddress } from '@spin-tools/scp';
import { Command } from 'commander';
import { onEach } from '../machine/on-chips.js';
import { type AddressOptions, chip, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import {
  type ChipCounters,
  droppedBy,
  PACKET_KINDS,
  readCounters,
} from '../machine/router-counts.js';
import { type Row, table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface CountersOptions extends AddressOptions {
  readonly chip?: ChipAddress;
  readonly all?: boolean;
  readonly clear?: boolean;
}

/** Makes the command. */
export function countersCommand(io: Io): Command {
  const command = new Command('counters')
    .description(
      'Counts are since the boot, or since they were cleared last, and begin anew at 2^32. A packet counts on every chip that it comes to. Chips that dropped packets are named.',
    )
    .option('--chip <x,y>', 'the router of this chip only', chip)
    .option('--all', 'a line for each chip')
    .option('--clear', 'set the counters to 0 after they were read');
  withExamples(
    command,
    [
      ['counters', 'shows sums over the machine, and the chips that dropped packets.'],
      ['counters --clear --quiet', 'begins anew before a run.'],
      ['counters --chip 3,3 --json', 'gives all counters of one chip to a program.'],
    ],
    '{ dropped, chips: [{ x, y, localMulticast, externalMulticast, droppedMulticast, ... }] } with all counters',
  );
  return runs<CountersOptions, []>(withAddress(command, true), io, runCounters);
}

async function runCounters(options: CountersOptions, terminal: Terminal): Promise<void> {
  const { chip: only, all = false, clear = false } = options;
  const chips = await withMachine(options, terminal, async (controller) => {
    const found = await readCounters(controller, only);
    if (clear) await onEach(found, ({ x, y }) => controller.clearRouterDiagnostics({ x, y }));
    return found;
  });
  terminal.sayAll(table(['packets', 'from here', 'from others', 'dropped'], sums(chips)));
  const shown = all ? chips : chips.filter((counters) => droppedBy(counters) > 0);
  if (shown.length > 0) {
    terminal.say();
    terminal.sayAll(chipLines(shown));
  }
  if (clear) terminal.report('counters set to 0');
  terminal.result({ dropped: chips.reduce((sum, each) => sum + droppedBy(each), 0), chips });
}

function sums(chips: readonly ChipCounters[]): Row[] {
  return PACKET_KINDS.map(([kind, ...counters]) => [
    kind,
    ...counters.map((name) => chips.reduce((sum, chipCounters) => sum + chipCounters[name], 0)),
  ]);
}

function chipLines(chips: readonly ChipCounters[]): string[] {
  const heads = PACKET_KINDS.map(([kind]) => `${kind} dropped`);
  const rows = chips.map((counters): Row => {
    const { x, y, localMulticast, externalMulticast } = counters;
    const dropped = PACKET_KINDS.map(([, , , name]) => counters[name]);
    return [`${x},${y}`, localMulticast + externalMulticast, ...dropped];
  });
  return table(['chip', 'multicast', ...heads], rows);
}
