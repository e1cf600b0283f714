/**
 * Reads 32-bit little-endian ELF files for ARM, as linkers write them: sections, segments, symbols, entry.
 * Source: System V Application Binary Interface, chapter 4; ELF for the ARM Architecture (ARM IHI 0044).
 *
 * Everything is checked against the length of the file, so that a damaged one is refused by the name of
 * the field that is wrong.
 */

/** A file is no ELF file, or a damaged one. */
export class ElfError extends Error {
  override readonly name = 'ElfError';

  constructor(
    /** What is wrong, for instance `section 3`. */
    readonly field: string,
    problem: string,
  ) {
    super(`ELF file: ${field} ${problem}`);
  }
}

/** A section. */
export interface ElfSection {
  readonly name: string;
  /** 1 holds bytes, 2 symbols, 3 strings, 8 only takes space, ... */
  readonly type: number;
  /** 1 can be written, 2 takes memory, 4 holds code, ... */
  readonly flags: number;
  readonly address: number;
  /** Bytes in memory. */
  readonly size: number;
  /** What the file holds of it. */
  readonly bytes: Uint8Array;
}

/** What is loaded. */
export interface ElfSegment {
  /** Where it is loaded to. */
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those beyond `bytes` are 0. */
  readonly size: number;
}

/** A symbol. Bit 0 of the address of a function says that it is Thumb code. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  /** 0 has no type, 1 data, 2 a function, 3 a section, 4 a file. */
  readonly type: number;
  /** Number of its section; 0 is undefined, from 0xff00 on are special ones. */
  readonly section: number;
}

/** What there is in an ELF file. */
export interface ElfFile {
  /** Address of the first instruction; bit 0 for Thumb code. */
  readonly entry: number;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  readonly symbols: readonly ElfSymbol[];
}

const MAGIC = 0x464c457f;
const CLASS_32_LITTLE_ENDIAN = 0x0101;
const MACHINE_ARM = 40;
const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const SEGMENT_BYTES = 32;
const SYMBOL_BYTES = 16;

const SectionType = { Null: 0, Symbols: 2, Strings: 3, NoBits: 8 } as const;
const LOADED = 1;

/** Reads a file. Throws ElfError. */
export function readElf(file: Uint8Array): ElfFile {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new ElfError('magic number', 'is not that of an ELF file');
  }
  if (view.getUint16(4, true) !== CLASS_32_LITTLE_ENDIAN) {
    throw new ElfError('class', 'is not 32 bits, little-endian');
  }
  if (view.getUint16(18, true) !== MACHINE_ARM) {
    throw new ElfError('machine', `is ${view.getUint16(18, true)}, not ARM (${MACHINE_ARM})`);
  }
  const sections = readSections(file, view);
  return {
    entry: view.getUint32(24, true),
    sections: sections.map(({ link: _, ...section }) => section),
    segments: readSegments(file, view),
    symbols: sections.flatMap((section, number) =>
      section.type === SectionType.Symbols ? readSymbols(section, sections, number) : [],
    ),
  };
}

interface LinkedSection extends ElfSection {
  /** Number of the section that belongs to it. */
  readonly link: number;
}

function readSections(file: Uint8Array, view: DataView): LinkedSection[] {
  const offset = view.getUint32(32, true);
  const count = offset === 0 ? 0 : view.getUint16(48, true);
  if (count === 0) return [];
  const size = view.getUint16(46, true);
  const names = view.getUint16(50, true);
  requireTable('section headers', { size, least: SECTION_BYTES, offset, count }, file);
  const at = (number: number, field: number) =>
    view.getUint32(offset + number * size + field, true);
  const bytesOf = (number: number): Uint8Array => {
    const type = at(number, 4);
    if (type === SectionType.Null || type === SectionType.NoBits) return new Uint8Array();
    return slice(file, at(number, 16), at(number, 20), `section ${number}`);
  };
  if (names >= count)
    throw new ElfError('number of the section of names', `is ${names} of ${count}`);
  const nameBytes = bytesOf(names);
  return Array.from({ length: count }, (_, number) => ({
    name: textAt(nameBytes, at(number, 0), `name of section ${number}`),
    type: at(number, 4),
    flags: at(number, 8),
    address: at(number, 12),
    size: at(number, 20),
    bytes: bytesOf(number),
    link: at(number, 24),
  }));
}

function readSegments(file: Uint8Array, view: DataView): ElfSegment[] {
  const offset = view.getUint32(28, true);
  const count = offset === 0 ? 0 : view.getUint16(44, true);
  if (count === 0) return [];
  const size = view.getUint16(42, true);
  requireTable('program headers', { size, least: SEGMENT_BYTES, offset, count }, file);
  const segments: ElfSegment[] = [];
  for (let number = 0; number < count; number++) {
    const at = (field: number) => view.getUint32(offset + number * size + field, true);
    if (at(0) !== LOADED) continue;
    const bytes = slice(file, at(4), at(16), `segment ${number}`);
    if (at(20) < bytes.length) {
      throw new ElfError(`segment ${number}`, `has ${bytes.length} bytes for ${at(20)} in memory`);
    }
    segments.push({ address: at(12), bytes, size: at(20) });
  }
  return segments;
}

function readSymbols(
  { bytes, link }: LinkedSection,
  sections: readonly LinkedSection[],
  number: number,
): ElfSymbol[] {
  const strings = sections[link];
  if (strings === undefined || strings.type !== SectionType.Strings) {
    throw new ElfError(
      `section ${number}`,
      `names section ${link} for its strings, which has none`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / SYMBOL_BYTES) }, (_, index) => {
    const at = index * SYMBOL_BYTES;
    return {
      name: textAt(strings.bytes, view.getUint32(at, true), `name of symbol ${index}`),
      address: view.getUint32(at + 4, true),
      size: view.getUint32(at + 8, true),
      type: view.getUint8(at + 12) & 15,
      section: view.getUint16(at + 14, true),
    };
  });
}

interface Table {
  readonly size: number;
  readonly least: number;
  readonly offset: number;
  readonly count: number;
}

function requireTable(name: string, { size, least, offset, count }: Table, file: Uint8Array): void {
  if (size < least) throw new ElfError(`size of ${name}`, `is ${size}, less than ${least} bytes`);
  slice(file, offset, size * count, name);
}

function slice(file: Uint8Array, offset: number, length: number, field: string): Uint8Array {
  if (offset + length > file.length) {
    throw new ElfError(field, `ends at byte ${offset + length} of only ${file.length}`);
  }
  return file.subarray(offset, offset + length);
}

/** Text up to its zero byte. */
function textAt(strings: Uint8Array, offset: number, field: string): string {
  const end = strings.indexOf(0, offset);
  if (offset === 0 && strings.length === 0) return '';
  if (offset >= strings.length || end < 0) {
    throw new ElfError(
      field,
      `begins at ${offset} and does not end within ${strings.length} bytes`,
    );
  }
  return new TextDecoder().decode(strings.subarray(offset, end));
}
