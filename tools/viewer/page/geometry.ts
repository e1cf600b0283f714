/**
 * Where chips are drawn, in units of the distance between neighbours. As hexagons, links leave at 0, 60, ... 300
 * degrees; as squares, north is up and the diagonal link is a diagonal. Boards are drawn whole, also where a torus
 * cuts them, and moved apart a little.
 */
import type { MachineMessage } from '../../src/view/messages.js';

/** How chips are drawn. */
export type Shape = 'hexagons' | 'squares';

/** Height of a row of hexagons whose centres are 1 apart. */
const ROW = Math.sqrt(3) / 2;
/** By how much the places of boards are stretched, so that there is a gap between them. */
const SPREAD = { hexagons: 1.05, squares: 1.06 } as const;

/** Places of all chips. */
export interface Layout {
  readonly shape: Shape;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A place, y downwards. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where a step of that many chips in x and y leads to. */
export function placeOf(shape: Shape, x: number, y: number): Place {
  return shape === 'hexagons' ? { x: x - y / 2, y: -ROW * y } : { x, y: -y };
}

/** Lays a machine out. */
export function layoutOf(machine: MachineMessage, shape: Shape): Layout {
  const { boards, width, height } = machine;
  const count = machine.x.length;
  const stretch = boards.length > 1 ? SPREAD[shape] : 1;
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let chip = 0; chip < count; chip++) {
    const home = boards[machine.board[chip] as number] ?? { x: 0, y: 0 };
    const columns = ((machine.x[chip] as number) - home.x + width) % width;
    const rows = ((machine.y[chip] as number) - home.y + height) % height;
    const board = placeOf(shape, home.x, home.y);
    const inside = placeOf(shape, columns, rows);
    x[chip] = board.x * stretch + inside.x;
    y[chip] = board.y * stretch + inside.y;
  }
  const least = (values: Float32Array) => values.reduce((low, value) => Math.min(low, value), 0);
  const most = (values: Float32Array) => values.reduce((high, value) => Math.max(high, value), 0);
  return { shape, x, y, left: least(x), right: most(x), top: least(y), bottom: most(y) };
}

/** Corners of the shape of a chip around its centre, as pairs. */
export function cornersOf(shape: Shape, scale: number): readonly Place[] {
  if (shape === 'squares') {
    const half = scale * 0.47;
    return [
      { x: -half, y: -half },
      { x: half, y: -half },
      { x: half, y: half },
      { x: -half, y: half },
    ];
  }
  const radius = (scale / Math.sqrt(3)) * 0.965;
  return Array.from({ length: 6 }, (_, corner) => {
    const angle = Math.PI / 6 + (corner * Math.PI) / 3;
    return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
  });
}

/** Cores in a row inside a chip, from the top: 18 in all. */
const CORE_ROWS = { hexagons: [3, 4, 4, 4, 3], squares: [4, 5, 5, 4] } as const;

/** Places of the cores inside a chip around its centre, from the top left. */
export function corePlaces(shape: Shape): readonly Place[] {
  const rows = CORE_ROWS[shape];
  const gap = shape === 'hexagons' ? 0.172 : 0.178;
  return rows.flatMap((count, row) =>
    Array.from({ length: count }, (_, column) => ({
      x: (column - (count - 1) / 2) * gap,
      y: (row - (rows.length - 1) / 2) * gap * (shape === 'hexagons' ? ROW : 1),
    })),
  );
}

/** Finds the chip nearest to a place quickly. */
export class NearestChip {
  private readonly cells = new Map<number, number[]>();

  constructor(private readonly layout: Layout) {
    layout.x.forEach((x, chip) => {
      const key = keyOf(Math.round(x), Math.round(layout.y[chip] as number));
      const cell = this.cells.get(key);
      if (cell) cell.push(chip);
      else this.cells.set(key, [chip]);
    });
  }

  /** The chip at a place, or -1. */
  at(x: number, y: number): number {
    let best = -1;
    let least = 0.33;
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const chip of this.cells.get(keyOf(Math.round(x) + dx, Math.round(y) + dy)) ?? []) {
          const distance =
            ((this.layout.x[chip] as number) - x) ** 2 + ((this.layout.y[chip] as number) - y) ** 2;
          if (distance < least) {
            least = distance;
            best = chip;
          }
        }
      }
    }
    return best;
  }
}

const keyOf = (x: number, y: number): number => (x + 2048) * 4096 + (y + 2048);
