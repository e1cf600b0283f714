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
/** Keys whose route is remembered; a power of two. */
const CACHE_SLOTS = 1024;
const EMPTY_SLOT = -2;
/** Knuth's multiplicative hash, 2^32 / golden ratio. */
const HASH_FACTOR = 0x9e3779b1;
const HASH_SHIFT = 22;
/** Of all tables that were not written or not asked yet. */
const NO_WORDS = new Uint32Array(0);
const NO_SLOTS = new Int32Array(0);
const NO_ENTRIES = new Uint16Array(0);

/**
 * Key, mask and route of every entry, and the routes of keys seen lately. Takes memory up to the last entry
 * written, and for keys once it is asked for one.
 */
export class RoutingTable {
  /** Links in bits 5:0, physical cores in 23:6, by entry. */
  private routes: Uint32Array = NO_WORDS;
  private keys: Uint32Array = NO_WORDS;
  private masks: Uint32Array = NO_WORDS;
  /** Entries that can match, in order. */
  private used = NO_ENTRIES;
  private isCurrent = false;
  /** Bits of keys that some entry looks at. */
  private significant = 0;
  /** Keys seen lately, without bits that no entry looks at, each followed by its route. */
  private cache = NO_SLOTS;

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
    if (!this.isCurrent) this.refresh();
    const { cache } = this;
    const looked = key & this.significant;
    const slot = 2 * (Math.imul(looked, HASH_FACTOR) >>> HASH_SHIFT);
    const cached = cache[slot + 1] as number;
    if (cached !== EMPTY_SLOT && cache[slot] === looked) return cached;
    const entry = this.match(key);
    const route = entry < 0 ? NO_MATCH : (this.routes[entry] as number);
    cache[slot] = looked;
    cache[slot + 1] = route;
    return route;
  }

  /** The first entry that matches a key, or -1. */
  match(key: number): number {
    if (!this.isCurrent) this.refresh();
    const { keys, masks, used } = this;
    for (let index = 0; index < used.length; index++) {
      const entry = used[index] as number;
      if ((key & (masks[entry] as number)) >>> 0 === keys[entry]) return entry;
    }
    return -1;
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
    this.used = Uint16Array.from(keys.keys()).filter(
      (entry) => ((keys[entry] as number) & ~(masks[entry] as number)) === 0,
    );
    this.significant = this.used.reduce((bits, entry) => bits | (masks[entry] as number), 0);
    if (this.cache.length === 0) this.cache = new Int32Array(2 * CACHE_SLOTS);
    this.cache.fill(EMPTY_SLOT);
    this.isCurrent = true;
  }
}

function longer(words: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(length);
  copy.set(words);
  return copy;
}
