/** When code is translated, and how a core goes over to the translation. */
import { takeAbort } from '../abort.js';
import { codeStore, decodeEntry, PAGE_BYTES, type PageTable } from '../code-cache.js';
import type { Cpu } from '../cpu.js';
import { setEntry } from '../entry-tables.js';
import { coolEverything, countEntry } from '../heat.js';
import { interpret } from '../interpreter.js';
import { dropAllMarks, FIRST_MARK, setMark, type Translation, translationOf } from '../marks.js';
import { type CoreMemory, ITCM_BYTES } from '../memory.js';
import { Op } from '../opcodes.js';
import { runs } from '../running-core.js';
import { activeState, Slot } from '../state.js';
import { type Block, findRegion, type Region } from './blocks.js';
import { coreLoop, MOST_REGIONS } from './core-loop.js';
import { Leaving } from './exits.js';
import { executeAlone, isGeneral } from './general-step.js';
import { encodeRegion, isTranslatable, REGION_FUNCTION } from './region.js';
import { takeFailure } from './slow-access.js';

/** Told in place of a way of leaving when the translation is not for this core. */
export const NOT_ENTERED = -1;

/** A slice counts as an entry, and as one more for each so many cycles, as a power of two. */
const SLICE_SHIFT = 6;
const PAGES = ITCM_BYTES / PAGE_BYTES;
const PAGE_SHIFT = Math.log2(PAGE_BYTES);

/** Functions of translated regions, by address and code: cores whose pages are their own share them too. */
const functions = new Map<string, RegionFunction>();

/** Whether translated code may be used on a core. */
export function mayTranslate(cpu: Cpu): boolean {
  return cpu.mayTranslate;
}

/** Makes translated code work on a core's memories. */
export function prepareTranslations(cpu: Cpu): void {
  const { memory, registersAddress } = cpu;
  activeState[Slot.Registers] = registersAddress;
  activeState[Slot.Kept] = cpu.savedAddress;
  activeState[Slot.Memories] = memory.arenaAddress ?? 0;
  activeState[Slot.SdramTable] = memory.sdramTable;
  activeState[Slot.SystemRam] = memory.outer.directSystemRam?.address ?? 0;
  activeState[Slot.Entries] = cpu.translates ? (cpu.pages.entries?.address ?? 0) : 0;
  runs(cpu);
}

/** What the beginning of a slice counts. */
export function weightOfSlice(): number {
  return 1 + ((activeState[Slot.Limit] as number) >> SLICE_SHIFT);
}

/** Told by {@link elsewhere} when the slice is over. */
const SLICE_IS_OVER = -1;

/**
 * Goes on where the loop of wasm/core.c knows no translation: runs what is at the program counter, or interprets the rest
 * of the slice.
 *
 * @param how in which way translated code was left before
 * @returns how the loop is to go on
 */
export function elsewhere(cpu: Cpu, how: Leaving): Leaving | typeof SLICE_IS_OVER {
  cpu.pages.refresh();
  const entered = enter(cpu);
  if (entered === Leaving.Fault) return SLICE_IS_OVER;
  if (entered !== NOT_ENTERED) return entered;
  cpu.resumeInSlice();
  interpret(cpu, how !== Leaving.Continue);
  return SLICE_IS_OVER;
}

/** Runs what is at the program counter. */
function enter(cpu: Cpu): Leaving | typeof NOT_ENTERED {
  const { pages, thumb } = cpu;
  const address = cpu.programCounter;
  if (address >>> 0 >= ITCM_BYTES) return NOT_ENTERED;
  const start = pages.starts[(address >>> PAGE_SHIFT) + thumb * PAGES] as number;
  if (start === 0) return NOT_ENTERED;
  return runEntry(cpu, start + ((address & (PAGE_BYTES - 1)) << thumb), address);
}

/** Runs what is at a decoded entry; after a fault the exception was taken. */
function runEntry(cpu: Cpu, entry: number, address: number): Leaving | typeof NOT_ENTERED {
  let mark = codeStore[entry] as number;
  if (mark < FIRST_MARK) {
    if (!isGeneral(entry)) return NOT_ENTERED;
    if (!countEntry(entry, 1)) return executeAlone(cpu, entry, address);
    translate(cpu, address, cpu.thumb);
    mark = codeStore[entry] as number;
    if (mark < FIRST_MARK) return executeAlone(cpu, entry, address);
  }
  const left = runTranslation(mark, address, cpu);
  return left === NOT_ENTERED ? NOT_ENTERED : takeOver(cpu, left);
}

/** Brings a core up to date after a region was left; after a fault the exception is taken. */
function takeOver(cpu: Cpu, left: number): Leaving {
  cpu.thumb = ((left >> Leaving.ThumbShift) & 1) as 0 | 1;
  const how = (left & Leaving.Mask) as Leaving;
  if (how === Leaving.Fault) takeFault(cpu);
  return how;
}

/** Takes the exception for the memory access of translated code that failed. */
export function takeFault(cpu: Cpu): void {
  cpu.resumeInSlice();
  takeAbort(cpu, takeFailure(), cpu.programCounter);
}

/**
 * Runs the translation at a mark from an address; tells how it was left, or {@link NOT_ENTERED}. From then on it is
 * entered there by the loop of wasm/core.c.
 */
export function runTranslation(
  mark: number,
  address: number,
  { pages: table, thumb }: Cpu,
): number {
  const translation = translationOf(mark);
  if (translation === undefined) return NOT_ENTERED;
  const { placesAndStarts } = translation;
  const { starts } = table;
  for (let index = 0; index < placesAndStarts.length; index += 2) {
    const place = placesAndStarts[index] as number;
    const start = placesAndStarts[index + 1] as number;
    if (starts[place] !== start && !becomesKnown(table, place, start)) return NOT_ENTERED;
  }
  const { entries } = table;
  if (entries !== undefined) {
    setEntry(entries, address, thumb, translation.number);
    activeState[Slot.Entries] = entries.address;
  }
  return translation.run(address);
}

/** Looks a page up that the core has not executed from yet; tells whether it is the one that starts there. */
function becomesKnown(table: PageTable, place: number, start: number): boolean {
  if (table.starts[place] !== 0) return false;
  return table.find((place % PAGES) * PAGE_BYTES, place < PAGES ? 0 : 1) === start;
}

/** Translates the code at an address of the running core, if it can be. */
export function translate({ pages: table, memory }: Cpu, address: number, thumb: 0 | 1): void {
  // What shared pages hold must not depend on a page that each core has its own of: only one core could use it.
  const isOwn = table.isOwned(address >> PAGE_SHIFT, thumb);
  const isWithin = (other: number) => isOwn || !table.isOwned(other >> PAGE_SHIFT, thumb);
  const region = findRegion(address, thumb, memory.itcm32, isTranslatable, isWithin);
  if (!region.blocks.some(({ start }) => start === address)) return;
  const numbers = new Set(region.blocks.flatMap((block) => pagesOf(block)));
  for (const page of numbers) table.find(page * PAGE_BYTES, thumb);
  const pages = [...numbers].map((page) => {
    const place = page + thumb * PAGES;
    return { place, start: table.starts[place] as number };
  });
  if (pages.some(({ start }) => start === 0)) return;
  const regionFunction = functionOf(region, memory);
  if (regionFunction === undefined) return;
  const placesAndStarts = Int32Array.from(pages.flatMap(({ place, start }) => [place, start]));
  const translation = { ...regionFunction, pages, placesAndStarts };
  for (const { start } of region.blocks) {
    const entry = table.find(start, thumb) + ((start & (PAGE_BYTES - 1)) << thumb);
    if (codeStore[entry] === Op.Undecoded) decodeEntry(entry, start, thumb, memory.itcm32);
    setMark(codeStore, entry, translation);
  }
}

type RegionFunction = Pick<Translation, 'run' | 'number'>;

function functionOf(region: Region, { itcm16 }: CoreMemory): RegionFunction | undefined {
  const key = keyOf(region, itcm16);
  const known = functions.get(key);
  const loop = coreLoop();
  if (known !== undefined || loop === undefined) return known;
  if (functions.size >= MOST_REGIONS) forgetRegions();
  const module = new WebAssembly.Module(encodeRegion(region));
  const { exports } = new WebAssembly.Instance(module, loop.regionImports);
  const run = exports[REGION_FUNCTION] as Translation['run'];
  const regionFunction = { run, number: functions.size + 1 };
  loop.functions.set(regionFunction.number, run);
  functions.set(key, regionFunction);
  return regionFunction;
}

function forgetRegions(): void {
  functions.clear();
  dropAllMarks(codeStore);
  coolEverything();
}

/** What the function of a region depends on: its state, and the code of its blocks with the instruction behind. */
function keyOf({ thumb, blocks }: Region, code: Uint16Array): string {
  const halves = blocks.map(({ start, steps }) => {
    const end = start + (steps.length + 1) * (4 >> thumb);
    return `${start}:${code.subarray(start >> 1, (end >> 1) + 1).join()}`;
  });
  return `${thumb};${halves.join(';')}`;
}

/** Numbers of the pages in which a block has instructions. */
function pagesOf({ steps }: Block): readonly number[] {
  return steps.map(({ address }) => Math.floor(address / PAGE_BYTES));
}
