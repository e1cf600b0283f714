/**
 * Decoded instructions, by pages of 1 KB of instruction memory, shared by all cores whose page has the
 * same bytes.
 *
 * Thousands of cores run the same image, so a page is looked up by its content, and again when it was written to. A
 * core that goes on writing to a page in use gets a copy of its own, where only what was written is decoded again.
 * Instructions are decoded when first executed. All pages lie in one block of words, a constant of the program (see
 * state.ts for why); when it is full, everything is forgotten and decoded anew.
 */
import { decodeArm } from './decode-arm.js';
import { decodeThumb } from './decode-thumb.js';
import { type EntryTable, entryTableOf } from './entry-tables.js';
import { fusionOf, LONGEST_FUSION } from './fusion.js';
import { coolDown } from './heat.js';
import { dropMarks, forgetMarks, unmark } from './marks.js';
import { ITCM_BYTES } from './memory.js';
import { ALWAYS, ENTRY_WORDS, encodeEntry, type Instruction, MOST_ENTRIES, Op } from './opcodes.js';
import { activeState, KEPT_WORDS, Kept, Slot } from './state.js';

/** Bytes of code per page. */
export const PAGE_BYTES = 1024;
const PAGES = ITCM_BYTES / PAGE_BYTES;
const PAGE_CODE_WORDS = PAGE_BYTES / 4;
/**
 * How often a page that is changed after it was executed from is looked up anew, as cores that start alike change it
 * alike, say a vector. After that the core gets a page of its own.
 */
const SHARED_CHANGES = 4;

/** Words of decoded code in all. Untouched parts of it cost no memory. 64 MB: some 5,000 pairs of pages. */
const STORE_WORDS = MOST_ENTRIES * ENTRY_WORDS;

/** Entries for single instructions outside the instruction memory, each followed by a page end. */
const SINGLE_ENTRIES = 4096;
const SINGLE_WORDS = 2 * ENTRY_WORDS;
/** The same for instructions that are followed one by one, see single-step.ts. */
export const STEP_ENTRIES = 4096;
export const STEP_WORDS = SINGLE_WORDS;
export const FIRST_STEP = SINGLE_ENTRIES * SINGLE_WORDS;
const FIRST_PAGE = FIRST_STEP + STEP_ENTRIES * STEP_WORDS;

/** Space kept for the running core to own all its pages, so that nothing is forgotten while it is inside one. */
const RESERVED_WORDS = PAGES * 4 * PAGE_CODE_WORDS * ENTRY_WORDS;

/** Most entries in front of a written one that take it into account: by fusion, and by an interlock behind it. */
const LOOK_AHEAD = LONGEST_FUSION;

/** The decoded instructions. An entry of zeros is undecoded. */
export const codeStore = new Int32Array(STORE_WORDS);

/** Length of a decoded page in words, with its page end. */
const pageWords = (thumb: number): number => ((PAGE_CODE_WORDS << thumb) + 1) * ENTRY_WORDS;

/** Where the decoded pages of one core are: the index in {@link codeStore}, or 0. Thumb pages follow ARM pages. */
export class PageTable {
  readonly starts = new Int32Array(2 * PAGES);
  /** Pages that are this core's own, one bit each. */
  private owned = [0, 0];
  /** How often pages were changed since they were looked up first. */
  private readonly changes = new Uint8Array(2 * PAGES);
  private generation = 0;
  private table: EntryTable | undefined;

  /** @param kept what the core keeps, see {@link Kept} */
  constructor(
    private readonly itcm: Int32Array,
    private readonly kept: Int32Array = new Int32Array(KEPT_WORDS),
  ) {}

  /** Where translated code is entered on cores with these pages; undefined when there is no room for that. */
  get entries(): EntryTable | undefined {
    this.refresh();
    if (this.table?.isCurrent !== true) {
      this.table = entryTableOf(this.starts);
      this.kept[Kept.Entries] = this.table?.address ?? 0;
      this.kept[Kept.EntriesMade] = activeState[Slot.EntriesMade] as number;
    }
    return this.table;
  }

  private setStart(place: number, start: number): void {
    this.starts[place] = start;
    this.forgetEntries();
  }

  /** If the core is running, the loop over translated code stops at the next piece. */
  private forgetEntries(): void {
    this.table = undefined;
    this.kept[Kept.Entries] = 0;
    activeState[Slot.Entries] = 0;
  }

  /** Where the decoded page of an address starts. */
  find(address: number, thumb: number): number {
    const page = address >>> 10;
    const known = this.starts[page + thumb * PAGES] as number;
    if (known !== 0) return known;
    const from = page * PAGE_CODE_WORDS;
    const start = sharedPage(this.itcm.subarray(from, from + PAGE_CODE_WORDS), page, thumb);
    this.refresh();
    this.setStart(page + thumb * PAGES, start);
    return start;
  }

  /** Forgets pages that have been dropped from the store since the table was last used. */
  refresh(): void {
    if (this.generation !== generation) this.forget();
  }

  /** Drops what was decoded from a word that is written; false when nothing was. */
  written(address: number): boolean {
    this.refresh();
    const arm = this.invalidate(address, 0);
    return this.invalidate(address, 1) || arm;
  }

  /**
   * Forgets the pages of a block that is written, which are then found by their new content: code that comes back, as
   * overlays do, is still decoded. False when none was in use.
   */
  replaced(address: number, length: number): boolean {
    this.refresh();
    let wasUsed = false;
    const last = (address + length - 1) >> 10;
    for (let page = address >> 10; page <= last; page++) {
      for (const thumb of [0, 1]) wasUsed = this.release(page, thumb) || wasUsed;
    }
    return wasUsed;
  }

  /** Forgets a page; false when it was not in use. */
  private release(page: number, thumb: number): boolean {
    const start = this.starts[page + thumb * PAGES] as number;
    if (start === 0) return false;
    if (this.isOwned(page, thumb)) {
      dropMarks(codeStore, start);
      (freePages[thumb] as number[]).push(start);
      this.owned[thumb] = (this.owned[thumb] as number) & ~(1 << page);
    }
    this.setStart(page + thumb * PAGES, 0);
    return true;
  }

  private invalidate(address: number, thumb: number): boolean {
    const page = address >>> 10;
    const shared = this.starts[page + thumb * PAGES] as number;
    if (shared === 0) return false;
    if (this.looksUpAnew(page + thumb * PAGES)) return true;
    if (!this.isOwned(page, thumb) && isFull(thumb)) {
      forgetAll();
      this.forget();
      return true;
    }
    const start = this.own(page, thumb, shared);
    dropMarks(codeStore, start);
    const entry = ((address & (PAGE_BYTES - 1)) >> 2) << thumb;
    for (let index = Math.max(0, entry - LOOK_AHEAD); index < entry + 1 + thumb; index++) {
      codeStore[start + index * ENTRY_WORDS] = Op.Undecoded;
    }
    return true;
  }

  /** Lets a page be looked up by what it then holds when it is executed from again; false when that was done too often. */
  private looksUpAnew(place: number): boolean {
    const changes = this.changes[place] as number;
    if (changes >= SHARED_CHANGES) return false;
    this.changes[place] = changes + 1;
    this.setStart(place, 0);
    return true;
  }

  /** Whether a page is this core's own. */
  isOwned(page: number, thumb: number): boolean {
    return (((this.owned[thumb] as number) >>> page) & 1) === 1;
  }

  /** Makes a page this core's own, by a copy. */
  private own(page: number, thumb: number, shared: number): number {
    const bit = 1 << page;
    if (this.isOwned(page, thumb)) return shared;
    const start = allocate(thumb);
    const words = pageWords(thumb) - ENTRY_WORDS;
    codeStore.copyWithin(start, shared, shared + words);
    unmark(codeStore, start, start + words);
    this.setStart(page + thumb * PAGES, start);
    this.owned[thumb] = (this.owned[thumb] as number) | bit;
    return start;
  }

  /** Forgets everything, after the instruction memory was loaded anew. */
  clear(): void {
    this.replaced(0, ITCM_BYTES);
    this.changes.fill(0);
  }

  private forget(): void {
    this.starts.fill(0);
    this.forgetEntries();
    this.owned = [0, 0];
    this.generation = generation;
  }
}

interface SharedPage {
  readonly bytes: Int32Array;
  readonly start: number;
}

let generation = 0;
let nextFree = FIRST_PAGE;
let sharedPages = new Map<number, SharedPage[]>();
let freePages: [number[], number[]] = [[], []];
const singleTags = new Float64Array(SINGLE_ENTRIES).fill(-1);

/** Space for a page, all undecoded, with its page end. */
function allocate(thumb: number): number {
  const words = pageWords(thumb);
  const recycled = (freePages[thumb] as number[]).pop();
  const start = recycled ?? nextFree;
  if (recycled === undefined) nextFree += words;
  codeStore.fill(0, start, start + words);
  coolDown(start, words);
  codeStore[start + words - ENTRY_WORDS] = Op.PageEnd;
  return start;
}

/** Whether there is no space for another page. */
function isFull(thumb: number): boolean {
  const isRecycled = (freePages[thumb] as number[]).length > 0;
  return !isRecycled && nextFree + pageWords(thumb) > STORE_WORDS;
}

function forgetAll(): void {
  generation++;
  nextFree = FIRST_PAGE;
  sharedPages = new Map();
  freePages = [[], []];
  forgetMarks();
}

/** The page of these code words at this place, decoded at most once for all cores. */
function sharedPage(code: Int32Array, page: number, thumb: number): number {
  const key = hash(code) ^ (page * 2 + thumb);
  const alike = sharedPages.get(key) ?? [];
  const known = alike.find(
    ({ bytes, start }) =>
      start !== 0 && bytes[PAGE_CODE_WORDS] === page * 2 + thumb && isEqual(bytes, code),
  );
  if (known !== undefined) return known.start;
  if (nextFree + pageWords(1) + RESERVED_WORDS > STORE_WORDS) forgetAll();
  const start = allocate(thumb);
  const bytes = new Int32Array(PAGE_CODE_WORDS + 1);
  bytes.set(code);
  bytes[PAGE_CODE_WORDS] = page * 2 + thumb;
  sharedPages.set(key, [...(sharedPages.get(key) ?? []), { bytes, start }]);
  return start;
}

function isEqual(bytes: Int32Array, code: Int32Array): boolean {
  return code.every((word, index) => word === bytes[index]);
}

/** FNV-1a over words. */
function hash(words: Int32Array): number {
  return words.reduce(
    (sum, word) => Math.imul(sum ^ word ^ (word >>> 15), 0x01000193),
    0x811c9dc5 | 0,
  );
}

/** Decodes the instruction of an entry that is executed for the first time, and those it is fused with. */
export function decodeEntry(entry: number, address: number, thumb: number, itcm: Int32Array): void {
  const instructions = decodeAhead(address, thumb, itcm, LONGEST_FUSION + 1);
  const cycles = instructions.map(
    (each, index) => each.cycles + interlock(each, instructions[index + 1]),
  );
  const fusion = fusionOf(instructions);
  const length = fusion?.sequence.length ?? 1;
  for (let index = 0; index < length; index++) {
    encodeEntry(
      codeStore,
      entry + index * ENTRY_WORDS,
      instructions[index] as Instruction,
      cycles[index] as number,
    );
  }
  if (fusion === undefined) return;
  const total = cycles.slice(0, length).reduce((sum, each) => sum + each);
  encodeEntry(codeStore, entry, { ...(instructions[0] as Instruction), op: fusion.op }, total);
}

/** Decodes the instruction at an address alone, with the cycles that it takes in front of the next. */
export function decodeStep(entry: number, address: number, thumb: number, itcm: Int32Array): void {
  const { instruction, cycles } = decodeTimed(address, thumb, itcm);
  encodeEntry(codeStore, entry, instruction, cycles);
  codeStore[entry + ENTRY_WORDS] = Op.PageEnd;
}

/** An instruction of instruction memory, and its cycles with the wait for it of the one behind. */
export function decodeTimed(
  address: number,
  thumb: number,
  itcm: Int32Array,
): { readonly instruction: Instruction; readonly cycles: number } {
  const [instruction, next] = decodeAhead(address, thumb, itcm, 2) as [Instruction, Instruction?];
  return { instruction, cycles: instruction.cycles + interlock(instruction, next) };
}

/** At most `most` instructions from an address on, not beyond its page. */
function decodeAhead(
  address: number,
  thumb: number,
  itcm: Int32Array,
  most: number,
): Instruction[] {
  const size = thumb === 1 ? 2 : 4;
  const left = (PAGE_BYTES - (address & (PAGE_BYTES - 1))) / size;
  const count = Math.min(left, most);
  return Array.from({ length: count }, (_, index) => decodeAt(address + index * size, thumb, itcm));
}

function decodeAt(address: number, thumb: number, itcm: Int32Array): Instruction {
  const word = itcm[address >> 2] as number;
  if (thumb === 0) return decodeArm(word, { address, size: 4, pageBytes: PAGE_BYTES });
  const half = (address & 2) !== 0 ? word >>> 16 : word & 0xffff;
  const isLast = ((address + 2) & (PAGE_BYTES - 1)) === 0;
  const next = isLast ? undefined : halfAt(address + 2, itcm);
  return decodeThumb(half, next, { address, size: 2, pageBytes: PAGE_BYTES });
}

function halfAt(address: number, itcm: Int32Array): number {
  const word = itcm[address >> 2] as number;
  return (address & 2) !== 0 ? word >>> 16 : word & 0xffff;
}

/** Cycles that an instruction waits for the result of the one before. */
function interlock(first: Instruction, second: Instruction | undefined): number {
  const waits = first.condition === ALWAYS && (first.late & (second?.reads ?? 0)) !== 0;
  return waits ? first.latePenalty : 0;
}

/** The entry of one instruction outside the instruction memory, decoded unless it still is. */
export function singleEntry(word: number, address: number, thumb: number): number {
  const index = ((address >>> 1) ^ (word >>> 7)) & (SINGLE_ENTRIES - 1);
  const entry = index * SINGLE_WORDS;
  const tag = (word >>> 0) * 2 + thumb;
  if (singleTags[index] === tag && codeStore[entry + ENTRY_WORDS + 1] === address) return entry;
  const size = thumb === 1 ? 2 : 4;
  const context = { address, size, pageBytes: 0 } as const;
  const decoded = thumb === 1 ? decodeThumb(word, undefined, context) : decodeArm(word, context);
  encodeEntry(codeStore, entry, decoded, decoded.cycles);
  codeStore[entry + ENTRY_WORDS] = Op.PageEnd;
  codeStore[entry + ENTRY_WORDS + 1] = address;
  singleTags[index] = tag;
  return entry;
}
