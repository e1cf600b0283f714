/**
 * Shortest vectors between chips on the hexagonal mesh or torus, as one table by coordinate
 * difference: annealing asks for millions of them. Dead parts are not considered.
 */
import { hexLength, shortestVector } from '@spin-tools/machine-model';
import type { Topology } from './topology.js';

/** Shortest vectors by the difference of coordinates. */
export interface VectorTable {
  readonly columns: number;
  /** Components at (dx + width - 1) + (dy + height - 1) * columns. */
  readonly dx: Int16Array;
  readonly dy: Int16Array;
  /** Hops of the same vectors. */
  readonly hops: Int16Array;
}

/** All shortest vectors of a machine; what wraps is the same as a side further. */
function vectorTable(topology: Topology): VectorTable {
  const { width, height } = topology;
  const columns = 2 * width - 1;
  const rows = 2 * height - 1;
  const table = {
    columns,
    dx: new Int16Array(columns * rows),
    dy: new Int16Array(columns * rows),
    hops: new Int16Array(columns * rows),
  };
  for (let index = columns * rows - 1; index >= 0; index--) {
    const across = (index % columns) - (width - 1);
    const up = Math.floor(index / columns) - (height - 1);
    const same =
      index +
      (topology.wrapX && across < 0 ? width : 0) +
      (topology.wrapY && up < 0 ? height * columns : 0);
    if (same !== index) {
      table.dx[index] = table.dx[same] as number;
      table.dy[index] = table.dy[same] as number;
      table.hops[index] = table.hops[same] as number;
      continue;
    }
    const from = { x: Math.max(0, -across), y: Math.max(0, -up) };
    const vector = shortestVector(topology, from, { x: from.x + across, y: from.y + up });
    table.dx[index] = vector.dx;
    table.dy[index] = vector.dy;
    table.hops[index] = hexLength(vector.dx, vector.dy);
  }
  return table;
}

/** A {@link VectorTable} with a number for every chip: numbers subtract to a place in the table. */
export interface ChipPlaces extends VectorTable {
  /** The vector from chip a to chip b is at `place[b] - place[a] + origin`. */
  readonly place: Int32Array;
  readonly origin: number;
  /** Both components of each vector in one word: dx in the upper half, dy in the lower. */
  readonly both: Int32Array;
}

/** All shortest vectors of a machine, by chip. */
export function chipPlaces(topology: Topology): ChipPlaces {
  const table = vectorTable(topology);
  return {
    ...table,
    place: topology.x.map((x, chip) => x + (topology.y[chip] as number) * table.columns),
    both: Int32Array.from(
      table.dx,
      (dx, index) => (dx << 16) | ((table.dy[index] as number) & 0xffff),
    ),
    origin: topology.width - 1 + (topology.height - 1) * table.columns,
  };
}
