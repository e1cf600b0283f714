/** Reads programs for cores: ELF files with names for addresses, and APLX images. */
import { readFile } from 'node:fs/promises';
import { type AplxStep, decodeAplx, MalformedMessageError } from '@spin-tools/scp';
import { aplxOfElf, ElfError, type ElfFile, readElf, SymbolTable } from '@spin-tools/sim/debug';
import { FileError } from '../data/file-error.js';

/** A program. */
export interface ProgramFile {
  /** What is loaded. */
  readonly image: Uint8Array;
  /** Address of its first instruction; bit 0 for Thumb code. */
  readonly entry: number;
  readonly steps: readonly AplxStep[];
  /** Where the file is an ELF file. */
  readonly elf?: ElfFile;
  readonly symbols?: SymbolTable;
}

/**
 * Reads a program. Names come from it where it is an ELF file, else from the one in `namesFrom`.
 *
 * @throws FileError for files that are neither, or damaged; the system's error for those that cannot be read
 */
export async function readProgramFile(path: string, namesFrom?: string): Promise<ProgramFile> {
  const bytes = await readFile(path);
  const elf = isElf(bytes) ? parsed(path, () => readElf(bytes)) : undefined;
  const image = elf === undefined ? bytes : parsed(path, () => aplxOfElf(elf));
  const steps = parsed(path, () => decodeAplx(image));
  const execute = steps.find(({ operation }) => operation === 'execute');
  if (execute?.operation !== 'execute') {
    throw new FileError(
      path,
      'is neither an ELF file nor an APLX image: it has nothing to execute',
    );
  }
  const symbols =
    namesFrom === undefined ? elf && new SymbolTable(elf) : await readSymbols(namesFrom);
  return {
    ...{ image, entry: execute.address, steps },
    ...(elf && { elf }),
    ...(symbols && { symbols }),
  };
}

/** The names in an ELF file. Throws FileError, and the system's error. */
export async function readSymbols(path: string): Promise<SymbolTable> {
  const bytes = await readFile(path);
  return parsed(path, () => new SymbolTable(readElf(bytes)));
}

function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof ElfError || cause instanceof MalformedMessageError) {
      throw new FileError(path, cause.message, { cause });
    }
    throw cause;
  }
}
