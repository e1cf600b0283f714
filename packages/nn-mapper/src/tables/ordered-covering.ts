/**
 * Ordered covering: entries of one route are joined, the largest joins first, in a table that is kept in
 * the order of how much its entries match. A join may neither hide one of its entries behind another one
 * nor catch keys that an entry below it stands for. Mundy, Heathcote and Garside, "On-chip order-exploiting
 * routing table minimization for a multicast supercomputer network" (HPSR 2016).
 */
import { countOnes, KEY_BITS } from './bits.js';
import {
  type Covering,
  carryOut,
  type Entry,
  isHidden,
  type Join,
  startCovering,
  withoutDefaults,
} from './covering.js';
import { type ChipTable, type CoveredTable, type RouteClasses, routeClasses } from './tables.js';

/**
 * An equivalent table for the packets that visit the chip.
 * @param complete without overlap, default routes included
 * @param classes its routes by number
 */
export function coverInOrder(
  complete: ChipTable,
  classes: RouteClasses = routeClasses(complete),
): CoveredTable {
  const covering = startCovering(complete, classes);
  const hopeless: Hopeless = new Map();
  for (;;) {
    const join = bestJoin(covering, hopeless);
    if (!join) return withoutDefaults(covering, classes);
    reconsider(covering, join, hopeless);
    carryOut(covering, join);
  }
}

/**
 * Classes of which no join is possible, and the joins that were tried, the last with one entry less than two:
 * all of them catch rows of entries below. That stays so until another of them catches rows that came below.
 */
type Hopeless = Map<number, readonly Join[]>;

/** Takes the classes off the list that find other rows below them once a join is carried out. */
function reconsider({ complete }: Covering, join: Join, hopeless: Hopeless): void {
  for (const [own, tried] of hopeless) {
    if (tried.some((other) => other.free <= join.free && catchesAny(complete, other, join))) {
      hopeless.delete(own);
    }
  }
}

/** Whether a join catches a row of the members of another one. */
function catchesAny({ key, mask }: ChipTable, join: Join, { members }: Join): boolean {
  return members.some(({ rows }) =>
    rows.some(
      (row) => (((key[row] as number) ^ join.key) & (mask[row] as number) & join.mask) === 0,
    ),
  );
}

/** The possible join of the most entries; of equal ones that whose first entry comes first. */
function bestJoin(covering: Covering, hopeless: Hopeless): Join | undefined {
  const { entries, groups } = covering;
  let best: Join | undefined;
  let most = 1;
  for (let place = 0; place < entries.length; place++) {
    const entry = entries[place] as Entry;
    const group = groups[entry.routeClass] as readonly Entry[];
    if (group[0] !== entry || group.length <= most || hopeless.has(entry.routeClass)) continue;
    const join = reduce(covering, group, most, hopeless);
    if (!join) continue;
    best = join;
    most = join.members.length;
  }
  return best;
}

/** Leaves entries out of a join until it is possible; undefined when `least` or fewer would stay. */
function reduce(
  covering: Covering,
  members: readonly Entry[],
  least: number,
  hopeless: Hopeless,
): Join | undefined {
  const tried: Join[] = [];
  const free = catchNothing(covering, joinOf(covering, members), 1, tried);
  if (!free) hopeless.set((members[0] as Entry).routeClass, tried);
  if (!free || free.members.length <= least) return undefined;
  const visible = hideNothing(covering, free, least);
  if (!visible || visible === free) return visible;
  return catchNothing(covering, visible, least, tried);
}

function joinOf(covering: Covering, members: readonly Entry[]): Join {
  let [anyOnes, allOnes, mask] = [0, -1, -1];
  for (const member of members) {
    anyOnes |= member.key;
    allOnes &= member.key;
    mask &= member.mask;
  }
  mask &= ~(anyOnes ^ allOnes);
  const free = countOnes(~mask);
  return { members, key: allOnes & mask, mask, free, place: placeOf(covering, free) };
}

/** The place above all entries that match as many keys or more. */
function placeOf({ entries }: Covering, free: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).free < free) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Leaves out the members that an entry between them and the place of the join would hide. */
function hideNothing(covering: Covering, join: Join, least: number): Join | undefined {
  let reduced = join;
  for (let index = join.members.length - 1; index >= 0; index--) {
    const member = join.members[index] as Entry;
    if (!isHidden(covering, member, reduced.place)) continue;
    if (reduced.members.length <= least + 1) return undefined;
    const rest = reduced.members.filter((other) => other !== member);
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
    const kept = membersLeft(reduced, ways);
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
function waysOut({ complete, entries }: Covering, join: Join): WaysOut | undefined {
  const { key, mask } = join;
  let fewest = KEY_BITS + 1;
  let [zeros, ones] = [0, 0];
  for (let place = join.place; place < entries.length; place++) {
    const entry = entries[place] as Entry;
    if (((entry.key ^ key) & entry.mask & mask) !== 0) continue;
    for (let index = 0; index < entry.rows.length; index++) {
      const row = entry.rows[index] as number;
      const rowKey = complete.key[row] as number;
      const rowMask = complete.mask[row] as number;
      if (((rowKey ^ key) & rowMask & mask) !== 0) continue;
      const bits = rowMask & ~mask;
      const count = countOnes(bits);
      if (count > fewest) continue;
      if (count < fewest) {
        zeros = 0;
        ones = 0;
      }
      fewest = count;
      zeros |= bits & rowKey;
      ones |= bits & ~rowKey;
    }
  }
  return fewest > KEY_BITS ? undefined : { zeros, ones };
}

/** The members that stay when the fewest go, high bits first; undefined when there is no way out. */
function membersLeft({ members }: Join, ways: WaysOut): Entry[] | undefined {
  let [most, bestBit, bestValue] = [-1, 0, 0];
  const mostPossible = members.length - 1;
  for (let bits = ways.zeros | ways.ones; bits !== 0 && most < mostPossible; ) {
    const bit = 1 << (KEY_BITS - 1 - Math.clz32(bits));
    bits &= ~bit;
    let [zeros, ones] = [0, 0];
    for (let index = 0; index < members.length; index++) {
      const { key, mask } = members[index] as Entry;
      if ((mask & bit) === 0) continue;
      if ((key & bit) === 0) zeros++;
      else ones++;
    }
    if ((ways.ones & bit) !== 0 && ones > most) [most, bestBit, bestValue] = [ones, bit, bit];
    if ((ways.zeros & bit) !== 0 && zeros > most) [most, bestBit, bestValue] = [zeros, bit, 0];
  }
  if (most < 0) return undefined;
  return members.filter(({ key, mask }) => (mask & bestBit) !== 0 && (key & bestBit) === bestValue);
}
