/** `spin-tools read`: numbers or text in the memory of a chip. */
import { Argument, Command } from 'commander';
import { checkRange, type MemoryPlace, memoryPlace, PLACE_HELP } from '../machine/memory-place.js';
import {
  bytesOf,
  kindOfSize,
  numbersIn,
  textIn,
  type ValueKind,
  valueLine,
  withValueKind,
} from '../machine/memory-values.js';
import {
  type AddressOptions,
  type ChipOptions,
  withAddress,
  withChip,
} from '../machine/options.js';
import { withMachine } from '../machine/reach.js';
import { plain } from '../terminal/plain.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, wholeNumber, withExamples } from './command.js';

interface ReadOptions extends AddressOptions, ChipOptions {
  readonly as?: ValueKind;
}

/** Most values that are worth a line each. */
const MOST_VALUES = 65_536;
/** Bytes in which text ends that has no end of its own. */
const TEXT_BYTES = 256;

/** Makes the command. */
export function readCommand(io: Io): Command {
  const command = new Command('read')
    .description(
      'Each value has a line with its address, and the value in base 16 and base 10. Text ends at the first byte of 0.',
    )
    .addArgument(new Argument('<where>', PLACE_HELP).argParser(memoryPlace))
    .addArgument(
      new Argument('[count]', 'how many values (default: 1)').argParser(
        wholeNumber(1, MOST_VALUES),
      ),
    );
  withChip(withValueKind(command, 'word, or what a variable is'));
  withExamples(
    command,
    [
      ['read sv.clockMs', 'shows for how long chip (0, 0) has been up, in two words.'],
      ['read 0x60000000 4 --chip 1,1', 'shows four words of the SDRAM of chip (1, 1).'],
      ['read vcpu1.appName --as text', 'shows the name of the program on core 1.'],
    ],
    '{ x, y, address, as, values }, or { x, y, address, as, text }',
  );
  return runs<ReadOptions, [MemoryPlace, number?]>(
    withAddress(command, true),
    io,
    (options, terminal, ...args) => runRead(command, options, terminal, ...args),
  );
}

async function runRead(
  command: Command,
  options: ReadOptions,
  terminal: Terminal,
  { address, size }: MemoryPlace,
  count?: number,
): Promise<void> {
  const { chip } = options;
  const kind = options.as ?? kindOfSize(size);
  const length = lengthOf(kind, size, count);
  checkRange(command, address, length);
  const bytes = await withMachine(options, terminal, (controller) =>
    controller.read(chip, address, length),
  );
  if (kind === 'text') {
    const text = textIn(bytes);
    terminal.say(plain(text));
    terminal.result({ ...chip, address, as: kind, text });
    return;
  }
  const values = numbersIn(bytes, kind);
  values.forEach((value, index) => {
    terminal.say(valueLine(address + index * bytesOf(kind), value, kind));
  });
  terminal.result({ ...chip, address, as: kind, values });
}

function lengthOf(kind: ValueKind, size: number | undefined, count: number | undefined): number {
  if (count !== undefined) return count * bytesOf(kind);
  const usual = kind === 'text' ? TEXT_BYTES : bytesOf(kind);
  return size === undefined ? usual : Math.max(size, bytesOf(kind));
}
