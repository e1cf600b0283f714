/** How often code was entered, by decoded entry: code that is hot is translated. */
import { ENTRY_WORDS, MOST_ENTRIES } from './opcodes.js';

/** Entries after which code is translated. Translating takes as long as interpreting some 100,000 instructions. */
export const HOT_ENTRIES = 1000;

/** Untouched parts of it cost no memory. */
const heat = new Int32Array(MOST_ENTRIES);
const hotness = { entries: HOT_ENTRIES };

/** Changes after how many entries code is translated, for tests that cannot wait; nothing but speed depends on it. */
export function setHotness(entries: number): void {
  hotness.entries = entries;
}

/** Counts that code is entered at a decoded entry; true once, when it is time to translate it. */
export function countEntry(entry: number, weight: number): boolean {
  const counter = entry / ENTRY_WORDS;
  const before = heat[counter] as number;
  if (before >= hotness.entries) return false;
  heat[counter] = before + weight;
  return before + weight >= hotness.entries;
}

/** Forgets all that was counted. */
export function coolEverything(): void {
  heat.fill(0);
}

/** Forgets how often entries were entered, which are to hold other code. */
export function coolDown(start: number, words: number): void {
  heat.fill(0, start / ENTRY_WORDS, (start + words) / ENTRY_WORDS);
}
