/** `spin-tools fill`: sets memory of a chip to one value. */
import { Argument, Command } from 'commander';
import {
  byteCount,
  checkRange,
  type MemoryPlace,
  memoryPlace,
  PLACE_HELP,
} from '../machine/memory-place.js';
import { byteValue } from '../machine/memory-values.js';
import {
  type AddressOptions,
  type ChipOptions,
  withAddress,
  withChip,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { hexadecimal } from '../terminal/hexadecimal.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface FillOptions extends AddressOptions, ChipOptions {}

/** Makes the command. */
export function fillCommand(io: Io): Command {
  const command = new Command('fill')
    .addArgument(new Argument('<where>', PLACE_HELP).argParser(memoryPlace))
    .addArgument(new Argument('<bytes>', 'how many: 100, 0x100, 4k, 2M').argParser(byteCount))
    .addArgument(new Argument('[value]', 'value of each byte').argParser(byteValue).default(0));
  withExamples(
    withChip(command),
    [
      ['fill sdram 1M', 'clears the first megabyte of SDRAM of chip (0, 0).'],
      ['fill 0x60100000 4k 0xff --chip 1,0', 'sets 4 KiB to ones.'],
    ],
    '{ x, y, address, bytes, value }',
  );
  return runs<FillOptions, [MemoryPlace, number, number]>(
    withAddress(command, true),
    io,
    (options, terminal, ...args) => runFill(command, options, terminal, ...args),
  );
}

async function runFill(
  command: Command,
  options: FillOptions,
  terminal: Terminal,
  { address }: MemoryPlace,
  bytes: number,
  value: number,
): Promise<void> {
  const { chip } = options;
  checkRange(command, address, bytes);
  await withMachine(options, terminal, (controller) =>
    controller.fill(chip, address, bytes, value),
  );
  terminal.report(
    `${bytes} bytes from ${hexadecimal(address)} of chip (${chip.x}, ${chip.y}) set to ${hexadecimal(value, 2)}`,
  );
  terminal.result({ ...chip, address, bytes, value });
}
