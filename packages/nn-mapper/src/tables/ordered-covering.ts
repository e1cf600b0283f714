/**
 * Ordered covering: entries of one route are joined, the largest joins first, in a table that is kept in
 * the order of how much its entries match. A join may neither hide one of its entries behind another one
 * nor catch keys that an entry below it stands for. Mundy, Heathcote and Garside, "On-chip order-exploiting
 * routing table minimization for a multicast supercomputer network" (HPSR 2016).
 */
import { countOnes, KEY_BITS } from './bits.js';
import {
  blankCovering,
  type CoveredTable,
  type Covering,
  carryOut,
  isHidden,
  type Join,
  startCovering,
  withoutDefaults,
} from './covering.js';
import { type ChipTable, type RouteClasses, routeClasses } from './tables.js';

/** Memory for ordered covering, reused from table to table. */
export interface CoveringMemory {
  covering: Covering;
  spare: Covering;
  groups: Groups;
}

/** Memory for tables of so many rows; larger ones get more. */
export const coveringMemory = (rows: number): CoveringMemory => ({
  covering: blankCovering(rows),
  spare: blankCovering(rows),
  groups: idleGroups(rows),
});

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete without overlap, default routes included
 * @param classes its routes by number
 */
export function coverInOrder(
  complete: ChipTable,
  classes: RouteClasses = routeClasses(complete),
  memory: CoveringMemory = coveringMemory(complete.key.length),
): CoveredTable {
  const rows = complete.key.length;
  if (rows > memory.covering.key.length) Object.assign(memory, coveringMemory(2 * rows));
  const { groups } = memory;
  const hopeless: Hopeless = new Map();
  startCovering(memory.covering, complete, classes);
  for (;;) {
    const { covering, spare } = memory;
    const join = bestJoin(covering, groups, hopeless);
    if (!join) return withoutDefaults(covering, classes);
    reconsider(covering, join, hopeless);
    carryOut(covering, join, spare);
    memory.covering = spare;
    memory.spare = covering;
  }
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

function group({ count, classOf, rowStart }: Covering, { first, last, next, size }: Groups): void {
  const mostClasses = rowStart[count] as number;
  first.fill(NOWHERE, 0, mostClasses);
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

/**
 * Classes of which no join is possible, and the joins that were tried, the last with one entry less than two:
 * all of them catch rows of entries below. That stays so until another of them catches rows that came below.
 */
type Hopeless = Map<number, readonly Join[]>;

/** Takes the classes off the list that find other rows below them once a join is carried out. */
function reconsider(covering: Covering, join: Join, hopeless: Hopeless): void {
  for (const [own, tried] of hopeless) {
    if (
      tried.some(({ key, mask, free }) => free <= join.free && isMet(covering, join, key, mask))
    ) {
      hopeless.delete(own);
    }
  }
}

/** Whether a key and mask catch a row of the members of a join. */
function isMet(covering: Covering, { members }: Join, key: number, mask: number): boolean {
  const { rowStart, rowKey, rowMask } = covering;
  for (const member of members) {
    const end = rowStart[member + 1] as number;
    for (let row = rowStart[member] as number; row < end; row++) {
      if ((((rowKey[row] as number) ^ key) & (rowMask[row] as number) & mask) === 0) return true;
    }
  }
  return false;
}

/** The possible join of the most entries; of equal ones that whose first entry comes first. */
function bestJoin(covering: Covering, groups: Groups, hopeless: Hopeless): Join | undefined {
  const { size, next } = groups;
  group(covering, groups);
  let best: Join | undefined;
  let most = 1;
  for (let first = 0; first < covering.count; first++) {
    const count = size[first] as number;
    if (count <= most || hopeless.has(covering.classOf[first] as number)) continue;
    const members: number[] = [];
    for (let place = first; members.length < count; place = next[place] as number) {
      members.push(place);
    }
    const join = reduce(covering, members, most, hopeless);
    if (!join) continue;
    best = join;
    most = join.members.length;
  }
  return best;
}

/** Leaves entries out of a join until it is possible; undefined when `least` or fewer would stay. */
function reduce(
  covering: Covering,
  members: readonly number[],
  least: number,
  hopeless: Hopeless,
): Join | undefined {
  const tried: Join[] = [];
  const free = catchNothing(covering, joinOf(covering, members), 1, tried);
  if (!free) hopeless.set(covering.classOf[members[0] as number] as number, tried);
  if (!free || free.members.length <= least) return undefined;
  const visible = hideNothing(covering, free, least);
  if (!visible || visible === free) return visible;
  return catchNothing(covering, visible, least, tried);
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

/**
 * Leaves members out, as few as possible each time, until the join catches no row of an entry below.
 * @param tried gets the joins that do catch some
 */
function catchNothing(
  covering: Covering,
  join: Join,
  least: number,
  tried: Join[],
): Join | undefined {
  let reduced = join;
  while (reduced.members.length > least) {
    const ways = waysOut(covering, reduced);
    if (ways === undefined) return reduced;
    tried.push(reduced);
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
  const lastRow = rowStart[covering.count] as number;
  let fewest = KEY_BITS + 1;
  let [zeros, ones] = [0, 0];
  for (let row = rowStart[place] as number; row < lastRow; row++) {
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
  const mostPossible = members.length - 1;
  for (let bits = ways.zeros | ways.ones; bits !== 0 && most < mostPossible; ) {
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
