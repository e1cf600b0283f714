/**
 * Where translated code is entered, for the loop in WebAssembly that goes from one piece to the next: for cores whose
 * decoded pages start at the same places a table in the arena, by address. It holds the numbers of functions, 0 where
 * none is known: it is filled by who finds a translation by its mark, which takes longer.
 */
import { arena, takeArenaBlock } from './arena.js';
import { ITCM_BYTES } from './memory.js';
import { activeState, Slot } from './state.js';

/** Offset of the part for Thumb state: in front of it two bytes for each ARM instruction. */
export const THUMB_ENTRIES = ITCM_BYTES / 2;
const TABLE_BYTES = THUMB_ENTRIES + ITCM_BYTES;
const HALF_BYTES = Uint16Array.BYTES_PER_ELEMENT;
/** With more, all are forgotten. */
const MOST_TABLES = 1024;

/** Owns the tables' memory, for ever. */
const owner = {};
const halves = new Uint16Array(arena.buffer);
/** Addresses of tables that were made; those in use come first. */
const places: number[] = [];

/** A table and for whom it is. */
export interface EntryTable {
  /** In the arena. */
  readonly address: number;
  /** Where the pages start, by their place in a core's table of pages. */
  readonly starts: Int32Array;
  /** Is no more when it was forgotten. */
  isCurrent: boolean;
}

let tables: EntryTable[] = [];
let byHash = new Map<number, EntryTable[]>();

/** The table of cores with these pages; undefined when there is no room for one. */
export function entryTableOf(starts: Int32Array): EntryTable | undefined {
  const hash = hashOf(starts);
  const alike = byHash.get(hash);
  const known = alike?.find((table) => isEqual(table.starts, starts));
  return known ?? newTable(starts, hash);
}

/** Notes the function for an address. */
export function setEntry({ address }: EntryTable, at: number, thumb: 0 | 1, number: number): void {
  const offset = thumb === 1 ? THUMB_ENTRIES + at : at >>> 1;
  halves[(address + offset) / HALF_BYTES] = number;
}

/** Empties the tables of all cores with a page. */
export function forgetEntriesOf(pageStart: number): void {
  for (const { starts, address } of tables) if (starts.includes(pageStart)) empty(address);
}

/** Forgets all tables. */
export function forgetEntryTables(): void {
  activeState[Slot.EntriesMade] = (activeState[Slot.EntriesMade] as number) + 1;
  for (const table of tables) {
    table.isCurrent = false;
    empty(table.address);
  }
  tables = [];
  byHash = new Map();
}

function newTable(starts: Int32Array, hash: number): EntryTable | undefined {
  if (tables.length === MOST_TABLES) forgetEntryTables();
  const address = places[tables.length] ?? takeArenaBlock(owner, TABLE_BYTES)?.address;
  if (address === undefined) return undefined;
  places[tables.length] = address;
  const table = { address, starts: starts.slice(), isCurrent: true };
  tables.push(table);
  byHash.set(hash, [...(byHash.get(hash) ?? []), table]);
  return table;
}

function empty(address: number): void {
  halves.fill(0, address / HALF_BYTES, (address + TABLE_BYTES) / HALF_BYTES);
}

function isEqual(one: Int32Array, other: Int32Array): boolean {
  return one.every((start, place) => start === other[place]);
}

function hashOf(starts: Int32Array): number {
  return starts.reduce((sum, start) => Math.imul(sum ^ start ^ (start >>> 15), 0x01000193), 0);
}
