/** `spin-tools dump`: memory of a chip byte by byte, or into a file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Argument, Command } from 'commander';
import {
  byteCount,
  checkRange,
  type MemoryPlace,
  memoryPlace,
  PLACE_HELP,
} from '../machine/memory-place.js';
import {
  type AddressOptions,
  type ChipOptions,
  withAddress,
  withChip,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { memoryLines } from '../terminal/hexadecimal.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';
import { usageError } from './end.js';

interface DumpOptions extends AddressOptions, ChipOptions {
  readonly output?: string;
  readonly json?: boolean;
}

const USUAL_BYTES = 256;

/** Makes the command. */
export function dumpCommand(io: Io): Command {
  const command = new Command('dump')
    .description(
      'Rows have the address, sixteen bytes as four words, and the same bytes as characters. Under --json the bytes are in base 16, in the order of their addresses.',
    )
    .addArgument(new Argument('<where>', PLACE_HELP).argParser(memoryPlace))
    .addArgument(
      new Argument('[bytes]', 'how many: 100, 0x100, 4k, 2M')
        .argParser(byteCount)
        .default(USUAL_BYTES),
    )
    .option('--output <file>', 'save them as they are; - is standard output');
  withExamples(
    withChip(command),
    [
      ['dump sdram 64', 'shows the first 64 bytes of SDRAM of chip (0, 0).'],
      ['dump 0x60100000 1M --chip 3,4 --output layer.bin', 'saves a megabyte.'],
      ['dump sv --output - | xxd', 'hands the system variables to another program.'],
    ],
    '{ x, y, address, bytes }, or { x, y, address, length, file } with --output',
  );
  return runs<DumpOptions, [MemoryPlace, number]>(
    withAddress(command, true),
    io,
    (options, terminal, ...args) => runDump(command, options, terminal, ...args),
  );
}

async function runDump(
  command: Command,
  options: DumpOptions,
  terminal: Terminal,
  { address }: MemoryPlace,
  length: number,
): Promise<void> {
  const { chip, output } = options;
  if (output === '-' && options.json) {
    usageError(command, "options '--json' and '--output -' exclude each other.");
  }
  checkRange(command, address, length);
  const bytes = await withMachine(options, terminal, (controller) =>
    controller.read(chip, address, length),
  );
  if (output === '-') {
    terminal.bytes(bytes);
  } else if (output === undefined) {
    terminal.sayAll(memoryLines(address, bytes));
    terminal.result({ ...chip, address, bytes: Buffer.from(bytes).toString('hex') });
  } else {
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, bytes);
    terminal.report(`${length} bytes saved in ${output}`);
    terminal.result({ ...chip, address, length, file: output });
  }
}
