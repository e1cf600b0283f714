/**
 * The multicast table of one router: 1,024 entries of key, mask and route, of which the first that
 * matches counts. SpiNN-2 data sheet, chapter on the router.
 */

/** Entries of a table. */
export const TABLE_ENTRIES = 1024;
/** What {@link RoutingTable.route} says of a key that no entry matches. */
export const NO_MATCH = -1;

const UNUSED_KEY = 0xffffffff;
/** Keys whose route is remembered; a power of two. */
const CACHE_SLOTS = 1024;
const EMPTY_SLOT = -2;
/** Knuth's multiplicative hash, 2^32 / golden ratio. */
const HASH_FACTOR = 0x9e3779b1;
const HASH_SHIFT = 22;

/** Key, mask and route of every entry, and the routes of keys seen lately. */
export class RoutingTable {
  /** Links in bits 5:0, physical cores in 23:6, by entry. */
  readonly routes = new Uint32Array(TABLE_ENTRIES);
  private readonly keys = new Uint32Array(TABLE_ENTRIES).fill(UNUSED_KEY);
  private readonly masks = new Uint32Array(TABLE_ENTRIES);
  /** Entries that can match, in order. */
  private used = new Uint16Array(0);
  private isCurrent = true;
  private readonly cachedKeys = new Uint32Array(CACHE_SLOTS);
  private readonly cachedRoutes = new Int32Array(CACHE_SLOTS).fill(EMPTY_SLOT);

  setRoute(entry: number, route: number): void {
    this.routes[entry] = route & 0xffffff;
    this.isCurrent = false;
  }

  setKey(entry: number, key: number): void {
    this.keys[entry] = key;
    this.isCurrent = false;
  }

  setMask(entry: number, mask: number): void {
    this.masks[entry] = mask;
    this.isCurrent = false;
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
    const slot = Math.imul(key, HASH_FACTOR) >>> HASH_SHIFT;
    const cached = this.cachedRoutes[slot] as number;
    if (cached !== EMPTY_SLOT && this.cachedKeys[slot] === key) return cached;
    const entry = this.match(key);
    const route = entry < 0 ? NO_MATCH : (this.routes[entry] as number);
    this.cachedKeys[slot] = key;
    this.cachedRoutes[slot] = route;
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

  private refresh(): void {
    const { keys, masks } = this;
    this.used = Uint16Array.from(keys.keys()).filter(
      (entry) => ((keys[entry] as number) & ~(masks[entry] as number)) === 0,
    );
    this.cachedRoutes.fill(EMPTY_SLOT);
    this.isCurrent = true;
  }
}
