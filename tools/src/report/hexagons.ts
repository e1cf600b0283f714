/**
 * Where a chip is drawn. A chip's six links leave at 0, 60, ... 300 degrees (east, north-east, north,
 * west, south-west, south), so that chips are hexagons side by side and x and y axes 120 degrees apart.
 */

/** Pixels between the centres of neighbouring chips. */
export const SPACING = 60;

const ROW_HEIGHT = (SPACING * Math.sqrt(3)) / 2;
const RADIUS = SPACING / Math.sqrt(3);

/** A place in a picture, pixels, y downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The centre of chip (x, y). */
export function centre({ x, y }: Point): Point {
  return { x: SPACING * (x - y / 2), y: -ROW_HEIGHT * y };
}

/** The corners of a hexagon around `middle`, as an SVG points attribute. */
export function hexagon(middle: Point): string {
  return Array.from({ length: 6 }, (_, corner) => {
    const angle = Math.PI / 6 + (corner * Math.PI) / 3;
    const x = middle.x + (RADIUS - 1) * Math.cos(angle);
    const y = middle.y + (RADIUS - 1) * Math.sin(angle);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  }).join(' ');
}

/** A viewBox around all chips. */
export function viewBox(chips: readonly Point[]): string {
  const centres = chips.map(centre);
  const left = Math.min(...centres.map(({ x }) => x)) - SPACING;
  const right = Math.max(...centres.map(({ x }) => x)) + SPACING;
  const top = Math.min(...centres.map(({ y }) => y)) - SPACING;
  const bottom = Math.max(...centres.map(({ y }) => y)) + SPACING;
  return [left, top, right - left, bottom - top].map(Math.round).join(' ');
}
