/** `spin-tools disassemble`: machine code in words. */
import {
  type DisassembledInstruction,
  type DisassemblyOptions,
  disassemble,
} from '@spin-tools/sim/debug';
import { Argument, Command } from 'commander';
import { codeLines } from '../firmware/listings.js';
import { type ProgramFile, readProgramFile } from '../firmware/program-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Io, runs, withExamples } from './command.js';

interface DisassembleOptions {
  readonly thumb?: boolean;
  readonly elf?: string;
}

/** Makes the command. */
export function disassembleCommand(io: Io): Command {
  const command = new Command('disassemble')
    .addArgument(new Argument('<file>', 'ELF file, or program image (APLX)'))
    .option('--thumb', 'Thumb code, where no ELF file says which it is')
    .option('--elf <file>', 'ELF file with names for the addresses of an APLX image');
  withExamples(
    command,
    [['disassemble hello.aplx --elf hello.elf', 'shows code, with names.']],
    '{ instructions }',
  );
  return runs(command, io, runDisassemble);
}

interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

async function runDisassemble(
  { thumb = false, elf }: DisassembleOptions,
  terminal: Terminal,
  file: string,
): Promise<void> {
  const program = await readProgramFile(file, elf);
  const { symbols } = program;
  const options: DisassemblyOptions = { isThumb: thumb, ...(symbols && { symbols }) };
  const found: DisassembledInstruction[] = [];
  for (const { address, bytes } of codeOf(program)) {
    const instructions = disassemble(bytes, address, options);
    for (const line of codeLines(instructions, bytes, symbols)) terminal.say(line);
    found.push(...instructions);
  }
  terminal.result({ instructions: found });
}

/** Flag of sections that hold code. */
const EXECUTABLE = 4;
/** From here on lie data, not code. */
const CODE_END = 0x8000;

/** Sections with code; of an image what is loaded into the instruction memory. */
function codeOf({ elf, steps }: ProgramFile): Piece[] {
  if (elf !== undefined) {
    return elf.sections.filter(
      ({ flags, bytes }) => (flags & EXECUTABLE) !== 0 && bytes.length > 0,
    );
  }
  return steps.flatMap((step) =>
    step.operation === 'place' && step.destination < CODE_END
      ? [{ address: step.destination, bytes: step.data }]
      : [],
  );
}
