/** Names of addresses, from the symbols of an ELF file. ELF for the ARM Architecture (ARM IHI 0044), mapping symbols. */
import type { ElfFile, ElfSymbol } from './elf.js';

/** A named piece of code or data. */
export interface NamedRange {
  readonly name: string;
  /** First address; bit 0 is clear. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly isFunction: boolean;
}

/** How bytes of code are meant. */
export type CodeKind = 'arm' | 'thumb' | 'data';

const Type = { None: 0, Data: 1, Function: 2 } as const;
const FIRST_SPECIAL_SECTION = 0xff00;
/** `$a`, `$t` and `$d` say that from here on there is ARM code, Thumb code, data. */
const MAPPING = /^\$([atd])(\..*)?$/;
const KINDS: Readonly<Record<string, CodeKind>> = { a: 'arm', t: 'thumb', d: 'data' };

/** Symbols by address and by name. */
export class SymbolTable {
  /** By address. */
  readonly ranges: readonly NamedRange[];
  private readonly byName = new Map<string, NamedRange>();
  private readonly mapping: readonly { readonly address: number; readonly kind: CodeKind }[];

  constructor(file: ElfFile) {
    this.mapping = file.symbols
      .flatMap(({ name, address }) => {
        const kind = KINDS[MAPPING.exec(name)?.[1] ?? ''];
        return kind === undefined ? [] : [{ address, kind }];
      })
      .sort((a, b) => a.address - b.address);
    this.ranges = rangesOf(file);
    for (const range of this.ranges) this.byName.set(range.name, range);
  }

  /** What has a name. */
  find(name: string): NamedRange | undefined {
    return this.byName.get(name);
  }

  /** What an address lies in. */
  at(address: number): NamedRange | undefined {
    const range = this.ranges[lastAtOrBelow(this.ranges, address)];
    return range !== undefined && address < range.address + range.size ? range : undefined;
  }

  /** An address as `name+0x10`, `name` at its beginning; undefined where nothing has a name. */
  describe(address: number): string | undefined {
    const range = this.at(address);
    if (range === undefined) return undefined;
    const offset = address - range.address;
    return offset === 0 ? range.name : `${range.name}+0x${offset.toString(16)}`;
  }

  /** How bytes at an address are meant, as far as the file says. */
  kindAt(address: number): CodeKind | undefined {
    return this.mapping[lastAtOrBelow(this.mapping, address)]?.kind;
  }
}

/** Named ranges that do not overlap in their beginnings: of symbols with one address the first function counts. */
function rangesOf({ symbols, sections }: ElfFile): NamedRange[] {
  const named = symbols
    .filter(isName)
    .map(({ name, address, size, type, section }) => ({
      name,
      address: type === Type.Function ? address - (address % 2) : address,
      size,
      isFunction: type === Type.Function,
      section,
    }))
    .sort(
      (a, b) =>
        a.address - b.address || Number(b.isFunction) - Number(a.isFunction) || b.size - a.size,
    );
  const first = named.filter(({ address }, index) => named[index - 1]?.address !== address);
  return first.map(({ section, ...range }, index) => {
    if (range.size > 0) return range;
    // Labels of assembly code have no size: they reach to the next symbol or the end of their section.
    const within = sections[section];
    // Those that linkers define may lie outside of it: they name no range.
    const isOutside = within === undefined || range.address < within.address;
    const end = isOutside ? range.address : within.address + within.size;
    const next = first[index + 1]?.address ?? end;
    return { ...range, size: Math.max(0, Math.min(next, end) - range.address) };
  });
}

function isName({ name, type, section }: ElfSymbol): boolean {
  const isKnownType = type === Type.None || type === Type.Data || type === Type.Function;
  const isPlaced = section > 0 && section < FIRST_SPECIAL_SECTION;
  return isKnownType && isPlaced && name !== '' && !name.startsWith('$');
}

/** Index of the last entry at or below an address, -1 for none. */
function lastAtOrBelow(sorted: readonly { readonly address: number }[], address: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.address ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
