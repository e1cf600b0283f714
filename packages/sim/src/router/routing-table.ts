/**
 * The multicast table of one router: 1,024 entries of key, mask and route, of which the first that
 * matches counts. SpiNN-2 data sheet, chapter on the router.
 */

/** Entries of a table. */
export const TABLE_ENTRIES = 1024;
/** What {@link RoutingTable.route} says of a key that no entry matches. */
export const NO_MATCH = -1;

const UNUSED_KEY = 0xffffffff;
/** Fewest entries that memory is taken for. */
const LEAST_ROOM = 4;
/** A place of the index has the key, the mask and the entry. */
const PLACE_WORDS = 3;
/** Places of the index for each entry, at least. */
const PLACES_EACH = 2;
const NO_ENTRY = -1;
/** Knuth's multiplicative hash, 2^32 / golden ratio. */
const HASH_FACTOR = 0x9e3779b1;
/** Of all tables that were not written or not asked yet. */
const NO_WORDS = new Uint32Array(0);
const NO_PLACES = new Int32Array(0);

/**
 * Key, mask and route of every entry, and an index of them: all entries of one mask are found by what it leaves of a key.
 * Takes memory up to the last entry written, and for the index once it is asked for a key.
 */
export class RoutingTable {
  /** Links in bits 5:0, physical cores in 23:6, by entry. */
  private routes: Uint32Array = NO_WORDS;
  private keys: Uint32Array = NO_WORDS;
  private masks: Uint32Array = NO_WORDS;
  private isCurrent = false;
  /** Masks of entries that can match, in the order of the first entry with each, and those entries. */
  private lookedAt = NO_WORDS;
  private firstEntries = NO_WORDS;
  /** The entries that can match, by hash: {@link PLACE_WORDS} each, as many places as a power of two. */
  private index = NO_PLACES;

  /** Links in bits 5:0, physical cores in 23:6. */
  routeOf(entry: number): number {
    return this.routes[entry] ?? 0;
  }

  setRoute(entry: number, route: number): void {
    this.prepare(entry);
    this.routes[entry] = route & 0xffffff;
  }

  setKey(entry: number, key: number): void {
    this.prepare(entry);
    this.keys[entry] = key;
  }

  setMask(entry: number, mask: number): void {
    this.prepare(entry);
    this.masks[entry] = mask;
  }

  /** Makes entries from `first` on unused. */
  clearFrom(first: number): void {
    this.routes.fill(0, first);
    this.keys.fill(UNUSED_KEY, first);
    this.masks.fill(0, first);
    this.isCurrent = false;
  }

  /** Where a key goes, or {@link NO_MATCH}. */
  route(key: number): number {
    const entry = this.match(key);
    return entry < 0 ? NO_MATCH : (this.routes[entry] as number);
  }

  /** The first entry that matches a key, or -1. */
  match(key: number): number {
    if (!this.isCurrent) this.refresh();
    const { lookedAt, firstEntries } = this;
    let first = TABLE_ENTRIES;
    for (let group = 0; group < lookedAt.length; group++) {
      if (first < (firstEntries[group] as number)) break;
      const mask = lookedAt[group] as number;
      const entry = this.index[this.place(key & mask, mask) + 2] as number;
      if (entry !== NO_ENTRY && entry < first) first = entry;
    }
    return first === TABLE_ENTRIES ? -1 : first;
  }

  /** Makes room for an entry that is about to change. */
  private prepare(entry: number): void {
    this.isCurrent = false;
    if (entry < this.keys.length) return;
    const room = Math.max(LEAST_ROOM, 2 ** (32 - Math.clz32(entry)));
    const unused = this.keys.length;
    this.routes = longer(this.routes, room);
    this.keys = longer(this.keys, room).fill(UNUSED_KEY, unused);
    this.masks = longer(this.masks, room);
  }

  private refresh(): void {
    const { keys, masks } = this;
    const used = Array.from(keys.keys()).filter(
      (entry) => ((keys[entry] as number) & ~(masks[entry] as number)) === 0,
    );
    const places = 2 ** Math.ceil(Math.log2(PLACES_EACH * used.length + 1));
    this.index = new Int32Array(PLACE_WORDS * places).fill(NO_ENTRY);
    const firsts = new Map<number, number>();
    for (const entry of used) {
      const key = keys[entry] as number;
      const mask = masks[entry] as number;
      if (!firsts.has(mask)) firsts.set(mask, entry);
      const place = this.place(key, mask);
      if (this.index[place + 2] === NO_ENTRY) this.index.set([key, mask, entry], place);
    }
    this.lookedAt = Uint32Array.from(firsts.keys());
    this.firstEntries = Uint32Array.from(firsts.values());
    this.isCurrent = true;
  }

  /** Where the index has the first entry of a key and a mask, or a place without entry. */
  private place(key: number, mask: number): number {
    const { index } = this;
    const last = index.length / PLACE_WORDS - 1;
    const hash = Math.imul(key ^ Math.imul(mask, HASH_FACTOR), HASH_FACTOR);
    for (let at = hash >>> Math.clz32(last); ; at++) {
      const place = PLACE_WORDS * (at & last);
      const isFree = index[place + 2] === NO_ENTRY;
      if (isFree || (index[place] === (key | 0) && index[place + 1] === (mask | 0))) return place;
    }
  }
}

function longer(words: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(length);
  copy.set(words);
  return copy;
}
