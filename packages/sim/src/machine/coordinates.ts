/**
 * How chips find out where they are after a boot, by the rule of SC&MP (`nn_rcv_p2pc_addr_pct` in
 * spinnaker_tools 4.0): the booted chip is at (0, 0), every other takes a neighbour's place plus the link's
 * direction. Of several ways it keeps the smallest coordinates, and rather those that are not negative. At
 * the end all are counted from the smallest. So the booted chip of a torus is (0, 0) whichever it is, while
 * chips of a machine with edges keep their places.
 */
import { LINK_VECTORS, LINKS } from '@spin-tools/machine-model';

/** Where the chips of a booted machine are. */
export interface Coordinates {
  /** Chips in the order in which the boot reaches them, the root first. */
  readonly chips: readonly number[];
  /** How many links the boot takes to a chip, in the order of `chips`. */
  readonly depths: readonly number[];
  /** x << 8 | y of each chip, in the order of `chips`. */
  readonly addresses: readonly number[];
  readonly width: number;
  readonly height: number;
}

/** Coordinates have 8 bits and a sign. */
const FARTHEST = 255;

/**
 * Floods from the root over the links that work.
 *
 * @param behind number of the chip behind a link that is to be booted, or -1
 */
export function findCoordinates(
  root: number,
  behind: (chip: number, link: number) => number,
): Coordinates {
  const { chips, depths } = flood(root, behind);
  const guesses = new Map(chips.map((chip) => [chip, new Guess()]));
  settle(root, guesses, behind);
  const all = chips.map((chip) => guesses.get(chip) as Guess);
  const [left, bottom] = [smallest(all, 'x'), smallest(all, 'y')];
  return {
    chips,
    depths,
    addresses: all.map(({ x, y }) => ((x - left) << 8) | (y - bottom)),
    width: largest(all, 'x') - left + 1,
    height: largest(all, 'y') - bottom + 1,
  };
}

class Guess {
  x = Number.POSITIVE_INFINITY;
  y = Number.POSITIVE_INFINITY;

  /** Takes what is better of a place; says whether anything was. */
  improve(x: number, y: number): boolean {
    if (Math.abs(x) > FARTHEST || Math.abs(y) > FARTHEST) return false;
    const [betterX, betterY] = [isBetter(x, this.x), isBetter(y, this.y)];
    if (betterX) this.x = x;
    if (betterY) this.y = y;
    return betterX || betterY;
  }
}

function isBetter(value: number, before: number): boolean {
  if (before === Number.POSITIVE_INFINITY) return true;
  const sameSign = value < 0 === before < 0;
  return (before < 0 && value >= 0) || (sameSign && Math.abs(value) < Math.abs(before));
}

function flood(root: number, behind: (chip: number, link: number) => number) {
  const depthOf = new Map([[root, 0]]);
  for (const [chip, depth] of depthOf) {
    for (let link = 0; link < LINKS; link++) {
      const next = behind(chip, link);
      if (next >= 0 && !depthOf.has(next)) depthOf.set(next, depth + 1);
    }
  }
  return { chips: [...depthOf.keys()], depths: [...depthOf.values()] };
}

function settle(
  root: number,
  guesses: ReadonlyMap<number, Guess>,
  behind: (chip: number, link: number) => number,
): void {
  guesses.get(root)?.improve(0, 0);
  const news = new Set([root]);
  for (const chip of news) {
    news.delete(chip);
    const { x, y } = guesses.get(chip) as Guess;
    LINK_VECTORS.forEach(({ dx, dy }, link) => {
      const next = behind(chip, link);
      if (guesses.get(next)?.improve(x + dx, y + dy)) news.add(next);
    });
  }
}

function smallest(guesses: readonly Guess[], axis: 'x' | 'y'): number {
  return guesses.reduce((least, guess) => Math.min(least, guess[axis]), 0);
}

function largest(guesses: readonly Guess[], axis: 'x' | 'y'): number {
  return guesses.reduce((most, guess) => Math.max(most, guess[axis]), 0);
}
