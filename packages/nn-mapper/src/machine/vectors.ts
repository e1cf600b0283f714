/**
 * Shortest vectors between chips on the hexagonal mesh or torus, as one table by coordinate
 * difference: annealing asks for millions of them. Dead parts are not considered.
 */
import type { Topology } from './topology.js';

/** Shortest vectors by the difference of coordinates. */
export interface VectorTable {
  readonly columns: number;
  /** Components at (dx + width - 1) + (dy + height - 1) * columns. */
  readonly dx: Int16Array;
  readonly dy: Int16Array;
}

/** Hops of a vector: NE and SW links move both coordinates at once. */
export const vectorLength = (dx: number, dy: number): number =>
  dx >= 0 === dy >= 0 ? Math.max(Math.abs(dx), Math.abs(dy)) : Math.abs(dx) + Math.abs(dy);

/** All shortest vectors of a machine. */
export function vectorTable({ width, height, wrapX, wrapY }: Topology): VectorTable {
  const columns = 2 * width - 1;
  const rows = 2 * height - 1;
  const table = {
    columns,
    dx: new Int16Array(columns * rows),
    dy: new Int16Array(columns * rows),
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const xs = equivalents(column - (width - 1), width, wrapX);
      const ys = equivalents(row - (height - 1), height, wrapY);
      const [dx, dy] = shortest(xs, ys);
      table.dx[column + row * columns] = dx;
      table.dy[column + row * columns] = dy;
    }
  }
  return table;
}

/** Where the vector between two chips is in a {@link VectorTable}. */
export const vectorIndex = (table: VectorTable, topology: Topology, from: number, to: number) =>
  (topology.x[to] as number) -
  (topology.x[from] as number) +
  topology.width -
  1 +
  ((topology.y[to] as number) - (topology.y[from] as number) + topology.height - 1) * table.columns;

function equivalents(difference: number, size: number, wraps: boolean): number[] {
  return wraps ? [difference, difference - size, difference + size] : [difference];
}

function shortest(xs: readonly number[], ys: readonly number[]): [number, number] {
  let best: [number, number] = [xs[0] as number, ys[0] as number];
  for (const dx of xs) {
    for (const dy of ys) {
      if (vectorLength(dx, dy) < vectorLength(...best)) best = [dx, dy];
    }
  }
  return best;
}
