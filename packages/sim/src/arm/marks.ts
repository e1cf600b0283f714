/**
 * Marks in decoded code: at an entry that is marked, a translation of the code from there on may be run
 * in its place. A mark stands for the operation below it, which is executed where that may not be.
 *
 * Decoded pages are shared by all cores with the same bytes, and so are their marks. A page that is changed
 * or given to other code loses the marks of all translations that took its code into account.
 */
import { forgetEntriesOf, forgetEntryTables } from './entry-tables.js';
import { ENTRY_WORDS, Op } from './opcodes.js';

/** Marks are this and more: the number of the mark is added. */
export const FIRST_MARK = 0x10000;

/** Code translated together. */
export interface Translation {
  /** Runs from an address; tells how it was left. */
  readonly run: (address: number) => number;
  /** Number of that function. */
  readonly number: number;
  /** Where the decoded pages of its code start, by their place in a core's table. */
  readonly pages: readonly { readonly place: number; readonly start: number }[];
  /** The same as numbers in a row: place, start, place, start, ... */
  readonly placesAndStarts: Int32Array;
}

interface Mark {
  readonly entry: number;
  /** What stood there. */
  readonly original: number;
  readonly translation: Translation;
}

let marks: (Mark | undefined)[] = [];
/** Their translations once more, for who has to be quick. */
let translations: (Translation | undefined)[] = [];
let unused: number[] = [];
/** Marks of translations with code in a page, by where it starts. */
let marksOfPages = new Map<number, Set<number>>();

/** What a mark stands for. */
export function originalOf(mark: number): number {
  return marks[mark - FIRST_MARK]?.original ?? Op.Undecoded;
}

/** The translation to run at a mark. */
export function translationOf(mark: number): Translation | undefined {
  return translations[mark - FIRST_MARK];
}

/** Marks a decoded entry, unless it is marked already. */
export function setMark(store: Int32Array, entry: number, translation: Translation): void {
  const original = store[entry] as number;
  if (original >= FIRST_MARK) return;
  const number = unused.pop() ?? marks.length;
  marks[number] = { entry, original, translation };
  translations[number] = translation;
  store[entry] = FIRST_MARK + number;
  for (const { start } of translation.pages) {
    const known = marksOfPages.get(start);
    if (known === undefined) marksOfPages.set(start, new Set([number]));
    else known.add(number);
  }
}

/** Takes the marks of all translations away that have code in a page. */
export function dropMarks(store: Int32Array, pageStart: number): void {
  const numbers = marksOfPages.get(pageStart);
  if (numbers === undefined) return;
  forgetEntriesOf(pageStart);
  for (const number of numbers) {
    const mark = marks[number];
    if (mark === undefined) continue;
    if (store[mark.entry] === FIRST_MARK + number) store[mark.entry] = mark.original;
    for (const { start } of mark.translation.pages) {
      if (start !== pageStart) marksOfPages.get(start)?.delete(number);
    }
    marks[number] = undefined;
    translations[number] = undefined;
    unused.push(number);
  }
  marksOfPages.delete(pageStart);
}

/** Takes all marks away. */
export function dropAllMarks(store: Int32Array): void {
  for (const pageStart of [...marksOfPages.keys()]) dropMarks(store, pageStart);
}

/** Puts the operations in place of the marks in a copy of entries. */
export function unmark(store: Int32Array, from: number, to: number): void {
  for (let entry = from; entry < to; entry += ENTRY_WORDS) {
    const op = store[entry] as number;
    if (op >= FIRST_MARK) store[entry] = originalOf(op);
  }
}

/** Forgets all marks, after everything decoded was forgotten. */
export function forgetMarks(): void {
  forgetEntryTables();
  marks = [];
  translations = [];
  unused = [];
  marksOfPages = new Map();
}
