/** `spin-tools write`: values, text or a file into the memory of a chip. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Argument, Command } from 'commander';
import { checkRange, type MemoryPlace, memoryPlace, PLACE_HELP } from '../machine/memory-place.js';
import {
  encodeValues,
  kindOfSize,
  type ValueKind,
  withValueKind,
} from '../machine/memory-values.js';
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
import { usageError } from './end.js';

interface WriteOptions extends AddressOptions, ChipOptions {
  readonly as?: ValueKind;
  readonly file?: string;
  readonly verify?: boolean;
}

/** Memory that does not hold what was written into it. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';

  constructor(
    readonly address: number,
    readonly wanted: number,
    readonly found: number,
  ) {
    super(
      `${hexadecimal(address)} holds ${hexadecimal(found, 2)}, not ${hexadecimal(wanted, 2)} as written. ` +
        'Is there memory at this address, and does no program write there?',
    );
  }
}

/** Makes the command. */
export function writeCommand(io: Io): Command {
  const command = new Command('write')
    .addArgument(new Argument('<where>', PLACE_HELP).argParser(memoryPlace))
    .addArgument(new Argument('[values...]', 'numbers in base 10 or 16, or words of text'))
    .option('--file <file>', 'write the bytes of a file; - is standard input')
    .option('--verify', 'read it back and compare');
  withChip(withValueKind(command, 'word, or what a variable is'));
  withExamples(
    command,
    [
      ['write 0x60000000 1 2 0xffffffff', 'writes three words.'],
      ['write vcpu1.user0 100', 'hands a number to the program on core 1.'],
      [
        'write sdram --file weights.bin --verify --chip 1,1',
        'writes a file, and checks that it is there.',
      ],
    ],
    '{ x, y, address, bytes, verified }',
  );
  return runs<WriteOptions, [MemoryPlace, string[]]>(
    withAddress(command, true),
    io,
    (options, terminal, ...args) => runWrite(command, options, terminal, ...args),
  );
}

async function runWrite(
  command: Command,
  options: WriteOptions,
  terminal: Terminal,
  place: MemoryPlace,
  values: string[],
): Promise<void> {
  const { chip, verify = false } = options;
  const { address } = place;
  const bytes = await bytesToWrite(command, options, place, values);
  checkRange(command, address, bytes.length);
  await withMachine(options, terminal, async (controller) => {
    await controller.write(chip, address, bytes);
    if (verify) compare(address, bytes, await controller.read(chip, address, bytes.length));
  });
  terminal.report(
    `${bytes.length} bytes written to ${hexadecimal(address)} of chip (${chip.x}, ${chip.y})`,
  );
  terminal.result({ ...chip, address, bytes: bytes.length, verified: verify });
}

async function bytesToWrite(
  command: Command,
  { file, as }: WriteOptions,
  { size }: MemoryPlace,
  values: readonly string[],
): Promise<Uint8Array> {
  if ((file === undefined) === (values.length === 0)) {
    usageError(command, "give either values or '--file <file>'.");
  }
  if (file === undefined) return encodeValues(command, values, as ?? kindOfSize(size));
  return file === '-' ? await buffer(process.stdin) : await readFile(file);
}

function compare(address: number, wanted: Uint8Array, found: Uint8Array): void {
  const wrong = wanted.findIndex((byte, index) => byte !== found[index]);
  if (wrong < 0) return;
  throw new VerificationError(address + wrong, wanted[wrong] as number, found[wrong] as number);
}
