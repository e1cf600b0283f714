/**
 * Geometry of the hexagonal mesh: each chip has six neighbours, and a machine may wrap around in x,
 * in y, or both. Source of directions: SpiNNaker data sheet, section 10.
 */
import type { ChipAddress } from '@spin-tools/scp';

/** Size of a machine in chips and whether its opposite edges are joined. */
export interface Torus {
  readonly width: number;
  readonly height: number;
  readonly wrapX: boolean;
  readonly wrapY: boolean;
}

/** A way from one chip to another: steps in x and in y. */
export interface HexVector {
  readonly dx: number;
  readonly dy: number;
}

/** Links of a chip. */
export const Link = { East: 0, NorthEast: 1, North: 2, West: 3, SouthWest: 4, South: 5 } as const;

/** A {@link Link}, 0 to 5. */
export type Link = number;

/** Number of links of a chip. */
export const LINKS = 6;

/** Step of each link. */
export const LINK_VECTORS: readonly HexVector[] = [
  { dx: 1, dy: 0 },
  { dx: 1, dy: 1 },
  { dx: 0, dy: 1 },
  { dx: -1, dy: 0 },
  { dx: -1, dy: -1 },
  { dx: 0, dy: -1 },
];

/** The link by which the neighbour behind a link leads back. */
export function oppositeLink(link: Link): Link {
  return (link + 3) % LINKS;
}

/** The link of a single step, or undefined when it is none. */
export function linkOfStep(dx: number, dy: number): Link | undefined {
  const link = LINK_VECTORS.findIndex((step) => step.dx === dx && step.dy === dy);
  return link < 0 ? undefined : link;
}

/**
 * Hops that a vector takes. Steps in x and y of the same sign share the diagonal links; those of
 * different sign do not.
 */
export function hexLength(dx: number, dy: number): number {
  return Math.max(Math.abs(dx), Math.abs(dy), Math.abs(dx - dy));
}

/** The place behind a link, whether or not there is a chip; undefined beyond an edge. */
export function neighbour(torus: Torus, chip: ChipAddress, link: Link): ChipAddress | undefined {
  const step = LINK_VECTORS[link];
  if (!step) throw new RangeError(`links are numbered 0 to 5: ${link}`);
  const x = onAxis(chip.x + step.dx, torus.width, torus.wrapX);
  const y = onAxis(chip.y + step.dy, torus.height, torus.wrapY);
  return x === undefined || y === undefined ? undefined : { x, y };
}

/** A shortest way between two chips; of several, the one with the least |dx|, then the least dx. */
export function shortestVector(torus: Torus, from: ChipAddress, to: ChipAddress): HexVector {
  return shortestVectors(torus, from, to)[0] as HexVector;
}

/**
 * All shortest ways between two chips that go around each side at most once, by |dx|, dx, |dy|, dy:
 * one, or several where a torus ties.
 */
export function shortestVectors(torus: Torus, from: ChipAddress, to: ChipAddress): HexVector[] {
  let least = Number.POSITIVE_INFINITY;
  let found: HexVector[] = [];
  for (const dx of waysAround(to.x - from.x, torus.width, torus.wrapX)) {
    for (const dy of waysAround(to.y - from.y, torus.height, torus.wrapY)) {
      const length = hexLength(dx, dy);
      if (length > least) continue;
      if (length < least) found = [];
      least = length;
      found.push({ dx, dy });
    }
  }
  return found;
}

/** Hops between two chips on a machine without dead parts. */
export function distance(torus: Torus, from: ChipAddress, to: ChipAddress): number {
  const { dx, dy } = shortestVector(torus, from, to);
  return hexLength(dx, dy);
}

/** The steps along one axis that lead from 0 to `difference`, shortest first, negative first. */
function waysAround(difference: number, size: number, wraps: boolean): number[] {
  if (!wraps) return [difference];
  const up = ((difference % size) + size) % size;
  const ways = up === 0 ? [0, -size, size] : [up - size, up];
  return ways.sort((a, b) => Math.abs(a) - Math.abs(b) || a - b);
}

function onAxis(value: number, size: number, wraps: boolean): number | undefined {
  if (value >= 0 && value < size) return value;
  return wraps ? (value + size) % size : undefined;
}
