/** `spin-tools table`: routing tables of chips. */
import { discoverMachine } from '@spin-tools/machine-model';
import {
  type ChipAddress,
  type LoadedRoutingEntry,
  type MachineController,
  ROUTER_ENTRIES,
} from '@spin-tools/scp';
import { Command } from 'commander';
import { formatRanges } from '../machine/core-selection.js';
import { onEach } from '../machine/on-chips.js';
import { type AddressOptions, chip, withAddress } from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { count } from '../terminal/count.js';
import { hexadecimal } from '../terminal/hexadecimal.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';
import { usageError } from './end.js';

interface TableOptions extends AddressOptions {
  readonly chip?: ChipAddress;
  readonly clear?: boolean;
}

/** Entries that programs may have: the monitor keeps the first. */
const ENTRIES = ROUTER_ENTRIES - 1;
/** Links 0 to 5 as `map --explain` has them. */
const LINKS = ['E', 'NE', 'N', 'W', 'SW', 'S'];
const CORES = 18;

/** Makes the command. */
export function tableCommand(io: Io): Command {
  const command = new Command('table')
    .description(
      'A packet takes the first entry whose key it has in the bits of the mask, to links (E, NE, N, W, SW, S) and cores. With no entry it goes straight on.',
    )
    .option('--chip <x,y>', 'the entries of this chip (default: how full all tables are)', chip)
    .option('--clear', 'clear the entries of the chip, whoever owns them');
  withExamples(
    command,
    [
      ['table', 'shows how many entries each chip uses, and for which applications.'],
      ['table --chip 0,0', 'shows the entries of chip (0, 0).'],
      ['table --chip 0,0 --clear', 'clears them.'],
    ],
    '{ most, chips: [{ x, y, entries, appIds }] }; of one chip { x, y, entries: [{ index, key, mask, route, appId }] }, or { x, y, cleared }',
  );
  return runs<TableOptions, []>(withAddress(command, true), io, (options, terminal) =>
    runTable(command, options, terminal),
  );
}

async function runTable(
  command: Command,
  options: TableOptions,
  terminal: Terminal,
): Promise<void> {
  const { chip: only, clear = false } = options;
  if (clear && only === undefined) {
    usageError(command, "option '--clear' needs '--chip': it says whose entries are to go.");
  }
  await withMachine(options, terminal, async (controller) => {
    if (only === undefined) return showUse(controller, terminal);
    const entries = await controller.readRoutingTable(only);
    if (!clear) return showEntries(only, entries, terminal);
    await controller.clearRoutingTable(only);
    terminal.report(
      `${count(entries.length, 'entry', 'entries')} of chip (${only.x}, ${only.y}) cleared`,
    );
    terminal.result({ ...only, cleared: entries.length });
  });
}

async function showUse(controller: MachineController, terminal: Terminal): Promise<void> {
  const { chips } = await discoverMachine(controller);
  const used = await onEach([...chips], async ({ x, y }) => {
    // Reading a table takes 64 messages: chips whose largest free block is the whole table have none.
    const { freeRoutingEntries: free } = await controller.chipInformation({ x, y });
    const entries = free >= ENTRIES ? [] : await controller.readRoutingTable({ x, y });
    const appIds = [...new Set(entries.map(({ appId }) => appId))].sort((a, b) => a - b);
    return { x, y, entries: entries.length, appIds };
  });
  const rows = used
    .filter(({ entries }) => entries > 0)
    .map(({ x, y, entries, appIds }) => [`${x},${y}`, appIds.join(','), entries] as const);
  const most = Math.max(0, ...used.map(({ entries }) => entries));
  if (rows.length === 0) terminal.say('all routing tables are empty');
  else terminal.sayAll(table(['chip', 'applications', 'entries'], rows));
  if (most > 0) terminal.report(`at most ${most} of ${ENTRIES} entries on a chip`);
  terminal.result({ most, chips: used });
}

function showEntries(
  { x, y }: ChipAddress,
  entries: readonly LoadedRoutingEntry[],
  terminal: Terminal,
): void {
  const rows = entries.map(({ index, key, mask, route, appId }) => [
    ...[String(index), hexadecimal(key), hexadecimal(mask), describeRoute(route)],
    appId,
  ]);
  if (rows.length === 0) terminal.say(`the routing table of chip (${x}, ${y}) is empty`);
  else terminal.sayAll(table(['entry', 'key', 'mask', 'route', 'app'], rows));
  terminal.result({ x, y, entries });
}

/** Links and cores of a route: `E NE cores 1-3,7`. */
function describeRoute(route: number): string {
  const links = LINKS.filter((_, link) => ((route >>> link) & 1) === 1);
  const cores = Array.from({ length: CORES }, (_, core) => core).filter(
    (core) => ((route >>> (LINKS.length + core)) & 1) === 1,
  );
  const words = [...links, ...(cores.length > 0 ? [`cores ${formatRanges(cores)}`] : [])];
  return words.length === 0 ? 'nowhere' : words.join(' ');
}
