/**
 * Ordered covering: entries of one route are joined, the largest joins first, in a table that is kept in
 * the order of how much its entries match. A join may neither hide one of its entries behind another one
 * nor catch keys that an entry below it stands for. Mundy, Heathcote and Garside, "On-chip order-exploiting
 * routing table minimization for a multicast supercomputer network" (HPSR 2016).
 */
import { countOnes, KEY_BITS } from './bits.js';
import {
  type ChipTable,
  filterTable,
  isDefaultRoute,
  type RouteClasses,
  routeClasses,
  SEVERAL,
} from './tables.js';

/** A table while its entries are joined: columns by place, entries that match the fewest keys first. */
interface Covering {
  count: number;
  readonly key: Int32Array;
  readonly mask: Int32Array;
  /** Entries of one route have the same class. */
  readonly classOf: Int32Array;
  readonly arrival: Int8Array;
  /** Bits that the entry does not test. */
  readonly free: Uint8Array;
  /** Keys and masks of the complete table that it stands for: from `rowStart[place]` on. */
  readonly rowStart: Int32Array;
  readonly rowKey: Int32Array;
  readonly rowMask: Int32Array;
}

/** Entries that may become one. */
interface Join {
  /** Their places in the table, ascending. */
  readonly members: readonly number[];
  readonly key: number;
  readonly mask: number;
  readonly free: number;
  /** Where the entry that they become belongs. */
  readonly place: number;
}

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete without overlap, default routes included
 * @param classes its routes by number
 */
export function coverInOrder(
  complete: ChipTable,
  classes: RouteClasses = routeClasses(complete),
): ChipTable {
  let covering = startCovering(complete, classes);
  let spare = blankCovering(complete.key.length);
  const groups = idleGroups(complete.key.length);
  for (;;) {
    const join = bestJoin(covering, groups);
    if (!join) return withoutDefaults(covering, classes);
    carryOut(covering, join, spare);
    [covering, spare] = [spare, covering];
  }
}

function blankCovering(rows: number): Covering {
  return {
    count: 0,
    key: new Int32Array(rows),
    mask: new Int32Array(rows),
    classOf: new Int32Array(rows),
    arrival: new Int8Array(rows),
    free: new Uint8Array(rows),
    rowStart: new Int32Array(rows + 1),
    rowKey: new Int32Array(rows),
    rowMask: new Int32Array(rows),
  };
}

function startCovering({ key, mask, arrival }: ChipTable, { classOf }: RouteClasses): Covering {
  const count = key.length;
  const covering = { ...blankCovering(count), count };
  const freeOf = Uint8Array.from(mask, (bits) => countOnes(~bits));
  const order = Uint32Array.from(key.keys());
  if (freeOf.some((free) => free !== freeOf[0])) {
    order.sort((a, b) => (freeOf[a] as number) - (freeOf[b] as number) || a - b);
  }
  for (let place = 0; place < count; place++) {
    const row = order[place] as number;
    covering.key[place] = key[row] as number;
    covering.mask[place] = mask[row] as number;
    covering.classOf[place] = classOf[row] as number;
    covering.arrival[place] = arrival[row] as number;
    covering.free[place] = freeOf[row] as number;
    covering.rowKey[place] = key[row] as number;
    covering.rowMask[place] = mask[row] as number;
    covering.rowStart[place + 1] = place + 1;
  }
  return covering;
}

/** The places of each route as lists. */
interface Groups {
  /** First and last place by class. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** By place: the next one of the route, and how many there are if it is the first, else 0. */
  readonly next: Int32Array;
  readonly size: Int32Array;
}

const idleGroups = (rows: number): Groups => ({
  first: new Int32Array(rows),
  last: new Int32Array(rows),
  next: new Int32Array(rows),
  size: new Int32Array(rows),
});

function group({ count, classOf }: Covering, { first, last, next, size }: Groups): void {
  first.fill(NOWHERE);
  for (let place = 0; place < count; place++) {
    const own = classOf[place] as number;
    const head = first[own] as number;
    if (head === NOWHERE) first[own] = place;
    else {
      next[last[own] as number] = place;
      size[head] = (size[head] as number) + 1;
    }
    size[place] = head === NOWHERE ? 1 : 0;
    last[own] = place;
  }
}

const NOWHERE = -1;

/** The possible join of the most entries; of equal ones that whose first entry comes first. */
function bestJoin(covering: Covering, groups: Groups): Join | undefined {
  const { size, next } = groups;
  group(covering, groups);
  let best: Join | undefined;
  let most = 1;
  for (let first = 0; first < covering.count; first++) {
    const count = size[first] as number;
    if (count <= most) continue;
    const members: number[] = [];
    for (let place = first; members.length < count; place = next[place] as number) {
      members.push(place);
    }
    const join = reduce(covering, members, most);
    if (!join) continue;
    best = join;
    most = join.members.length;
  }
  return best;
}

/** Leaves entries out of a join until it is possible; undefined when `least` or fewer would stay. */
function reduce(covering: Covering, members: readonly number[], least: number): Join | undefined {
  const free = catchNothing(covering, joinOf(covering, members), least);
  const visible = free && hideNothing(covering, free, least);
  if (!visible || visible === free) return visible;
  return catchNothing(covering, visible, least);
}

function joinOf(covering: Covering, members: readonly number[]): Join {
  let [anyOnes, allOnes, mask] = [0, -1, -1];
  for (const place of members) {
    const key = covering.key[place] as number;
    anyOnes |= key;
    allOnes &= key;
    mask &= covering.mask[place] as number;
  }
  mask &= ~(anyOnes ^ allOnes);
  const free = countOnes(~mask);
  return { members, key: allOnes & mask, mask, free, place: placeOf(covering, free) };
}

/** The place above all entries that match as many keys or more. */
function placeOf({ count, free: freeBits }: Covering, free: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((freeBits[middle] as number) < free) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Leaves out the members that an entry between them and the place of the join would hide. */
function hideNothing(covering: Covering, join: Join, least: number): Join | undefined {
  let reduced = join;
  for (let index = join.members.length - 1; index >= 0; index--) {
    const place = join.members[index] as number;
    if (!isHidden(covering, place, reduced.place)) continue;
    if (reduced.members.length <= least + 1) return undefined;
    const rest = reduced.members.filter((member) => member !== place);
    reduced = joinOf(covering, rest);
  }
  return reduced;
}

/** Whether an entry below a place and above another one matches any key of it. */
function isHidden({ key, mask }: Covering, place: number, until: number): boolean {
  const own = key[place] as number;
  const ownMask = mask[place] as number;
  for (let below = place + 1; below < until; below++) {
    if (((own ^ (key[below] as number)) & ownMask & (mask[below] as number)) === 0) return true;
  }
  return false;
}

/** Leaves members out, as few as possible each time, until the join catches no row of an entry below. */
function catchNothing(covering: Covering, join: Join, least: number): Join | undefined {
  let reduced = join;
  while (reduced.members.length > least) {
    const ways = waysOut(covering, reduced);
    if (ways === undefined) return reduced;
    const kept = membersLeft(covering, reduced, ways);
    if (kept === undefined) return undefined;
    reduced = joinOf(covering, kept);
  }
  return undefined;
}

/** Bits that the join would have to test, for a 0 or for a 1, to miss a row that it catches. */
interface WaysOut {
  readonly zeros: number;
  readonly ones: number;
}

/** Those of the rows that leave the least choice; undefined when the join catches none. */
function waysOut(covering: Covering, { key, mask, place }: Join): WaysOut | undefined {
  const { rowKey, rowMask, rowStart } = covering;
  let fewest = KEY_BITS + 1;
  let [zeros, ones] = [0, 0];
  for (let row = rowStart[place] as number; row < rowKey.length; row++) {
    const ownKey = rowKey[row] as number;
    const ownMask = rowMask[row] as number;
    if (((ownKey ^ key) & ownMask & mask) !== 0) continue;
    const bits = ownMask & ~mask;
    const count = countOnes(bits);
    if (count > fewest) continue;
    if (count < fewest) {
      zeros = 0;
      ones = 0;
    }
    fewest = count;
    zeros |= bits & ownKey;
    ones |= bits & ~ownKey;
  }
  return fewest > KEY_BITS ? undefined : { zeros, ones };
}

/** The members that stay when the fewest go, high bits first; undefined when there is no way out. */
function membersLeft(covering: Covering, join: Join, ways: WaysOut): number[] | undefined {
  const { key, mask } = covering;
  const { members } = join;
  let [most, bestBit, bestValue] = [-1, 0, 0];
  for (let bits = ways.zeros | ways.ones; bits !== 0; ) {
    const bit = 1 << (KEY_BITS - 1 - Math.clz32(bits));
    bits &= ~bit;
    let [zeros, ones] = [0, 0];
    for (let index = 0; index < members.length; index++) {
      const place = members[index] as number;
      if (((mask[place] as number) & bit) === 0) continue;
      if (((key[place] as number) & bit) === 0) zeros++;
      else ones++;
    }
    if ((ways.ones & bit) !== 0 && ones > most) [most, bestBit, bestValue] = [ones, bit, bit];
    if ((ways.zeros & bit) !== 0 && zeros > most) [most, bestBit, bestValue] = [zeros, bit, 0];
  }
  if (most < 0) return undefined;
  return members.filter(
    (place) =>
      ((mask[place] as number) & bestBit) !== 0 && ((key[place] as number) & bestBit) === bestValue,
  );
}

/** Writes the table down with a join carried out. */
function carryOut(from: Covering, join: Join, to: Covering): void {
  const { members, place } = join;
  let rows = 0;
  to.count = 0;
  const addRows = (entry: number) => {
    const end = from.rowStart[entry + 1] as number;
    for (let row = from.rowStart[entry] as number; row < end; row++) {
      to.rowKey[rows] = from.rowKey[row] as number;
      to.rowMask[rows++] = from.rowMask[row] as number;
    }
  };
  const addEntry = (entry: number, key: number, mask: number, free: number, arrival: number) => {
    to.key[to.count] = key;
    to.mask[to.count] = mask;
    to.free[to.count] = free;
    to.arrival[to.count] = arrival;
    to.classOf[to.count] = from.classOf[entry] as number;
    to.rowStart[++to.count] = rows;
  };
  const addJoined = () => {
    for (const member of members) addRows(member);
    addEntry(members[0] as number, join.key, join.mask, join.free, arrivalOf(from, members));
  };
  for (let entry = 0, joined = 0; entry < from.count; entry++) {
    if (entry === place) addJoined();
    if (entry === members[joined]) {
      joined++;
      continue;
    }
    addRows(entry);
    const { key, mask, free, arrival } = from;
    addEntry(
      entry,
      key[entry] as number,
      mask[entry] as number,
      free[entry] as number,
      arrival[entry] as number,
    );
  }
  if (place === from.count) addJoined();
}

function arrivalOf({ arrival }: Covering, members: readonly number[]): number {
  const first = arrival[members[0] as number] as number;
  return members.every((member) => arrival[member] === first) ? first : SEVERAL;
}

/** Leaves out the entries that only send straight on what no entry below them would catch. */
function withoutDefaults(covering: Covering, { routes }: RouteClasses): ChipTable {
  const { count, key, mask, arrival } = covering;
  const route = Uint32Array.from(covering.classOf, (own) => routes[own] as number);
  const table: ChipTable = {
    key: Uint32Array.from(key.subarray(0, count)),
    mask: Uint32Array.from(mask.subarray(0, count)),
    route: route.subarray(0, count),
    arrival: arrival.subarray(0, count),
  };
  return filterTable(
    table,
    (place) =>
      !isDefaultRoute(arrival[place] as number, route[place] as number) ||
      isHidden(covering, place, count),
  );
}
